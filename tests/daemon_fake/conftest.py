"""Logs of these tests are kept, not printed."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

Logs = list[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    """Warnings and errors that were logged."""
    kept: Logs = []

    def keep(_: object, method: str, event: MutableMapping[str, Any]) -> Any:
        kept.append({"level": method, **event})
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(30))
    yield kept
    structlog.configure(**before)
