"""What is said of a look-up's answer, as it is written in a site: `Your balance is {balance:money}.`"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from config.problems import did_you_mean


class FieldKind(StrEnum):
    """How a field of the answer is read."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DIGITS = "digits"


class Field(NamedTuple):
    """A field of the answer, and how it is said."""

    name: str
    kind: FieldKind


class BadTemplate(ValueError):
    """A text that is no template; `hint` says how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def parts(template: str) -> list[str | Field]:
    """A template's texts and fields in order; no text is empty. Raises `BadTemplate`."""
    found: list[str | Field] = []
    for i, part in enumerate(re.split(r"\{([^{}]*)\}", template)):
        if i % 2:
            found.append(_field(part))
        elif "{" in part or "}" in part:
            raise BadTemplate("a brace without its other half", "write {name} or {name:kind}")
        elif part:
            found.append(part)
    return found


def _field(text: str) -> Field:
    name, _, kind = text.partition(":")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
        raise BadTemplate(f"`{{{text}}}` names no field of an answer", "write {name} or {name:kind}")
    try:
        return Field(name, FieldKind(kind or FieldKind.TEXT))
    except ValueError:
        raise BadTemplate(f"`{kind}` is no kind of field", did_you_mean(kind, list(FieldKind))) from None
