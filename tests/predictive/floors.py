"""A floor for tests of pacers, said in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class SmallFloor:
    ready: dict[str, float] = field(default_factory=dict)
    talking: dict[str, float] = field(default_factory=dict)
    wrapping: dict[str, float] = field(default_factory=dict)
    not_ready: dict[str, float] = field(default_factory=dict)
    ringing: dict[str, float] = field(default_factory=dict)
    screening: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)
    inbound_waiting: int = 0
    free_lines: int = 1000
    allowance: int = 1000


def small_floor(inbound_waiting: int = 0, **counts: int | list[float]) -> SmallFloor:
    """So many agents and calls in each place, since 0; or a list of their start times.

    Agents are called `talking0`, `talking1` and so on after their place.
    """
    places: dict[str, Any] = {}
    for place, starts in counts.items():
        since = [0.0] * starts if isinstance(starts, int) else starts
        places[place] = {f"{place}{number}": at for number, at in enumerate(since)}
    return SmallFloor(**places, inbound_waiting=inbound_waiting)
