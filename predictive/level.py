"""The simple pacers: a fixed number of calls per ready agent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from predictive.contract import Event, Floor, Reasons, Spent


class LevelPacer:
    """Keeps `level` calls under way for each ready agent that nobody waits for.

    Level 1 is progressive dialing: a call is placed only when an agent is ready for it. Nothing is
    learnt; a level above 1 trades abandoned calls for shorter waits and is the admin's own risk.
    """

    wake_at: float | None = None
    reasons: Reasons | None = None
    spent: Spent | None = None
    oddities: Mapping[str, int] = MappingProxyType({})

    def __init__(self, level: float = 1.0) -> None:
        if not 1 <= level <= 10:
            raise ValueError(f"level must be from 1 to 10, not {level}")
        self.level = level

    def on_event(self, now: float, event: Event) -> None:
        """Nothing to learn."""

    def calls_to_place(self, now: float, floor: Floor) -> int:
        """Level times the agents free for our calls, less the calls already on their way to them."""
        free = len(floor.ready) - len(floor.waiting) - floor.inbound_waiting
        wanted = math.floor(self.level * max(0, free) + 1e-9)
        return max(0, wanted - len(floor.ringing) - len(floor.screening))
