"""What call scripts may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agi import lookup
from config.models import Lookup, Site
from store import Store

Ask = Callable[[Lookup, str | None, str, str], Awaitable[dict[str, Any]]]
"""`agi.lookup.ask`, or what stands for it on paper."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A caller's place in the line of a group, from 1, and since when they have it."""

    group: str
    since: float
    place: int


@dataclass(frozen=True, slots=True)
class Desk:
    """The daemon's side of a call script. `clock` gives epoch seconds."""

    site: Site
    store: Store
    clock: Callable[[], float]
    ask: Ask = lookup.ask
    turn: Callable[[str], Turn | None] = lambda _channel: None
    """The turn of a caller, by channel, who waits or was led out of the queue a moment ago."""
