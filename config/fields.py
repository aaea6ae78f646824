"""The base of all models, and how a field is described in two languages."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def describe(en: str, ru: str, **extra: Any) -> Any:
    """A `Field` with its description in both languages (the Russian one travels as `x-ru`)."""
    return Field(description=en, json_schema_extra={"x-ru": ru}, **extra)


class Model(BaseModel):
    """Strict: a wrong type or an unknown key is an error, never a guess."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
