"""A static look-ahead rule of our own: the bound of what fixed constants reach."""

from __future__ import annotations

import math

from predictive.contract import Event, Floor
from predictive.peers.measures import Handling, Share
from predictive.peers.peer import Peer
from predictive.settings import Number


class Lookahead(Peer):
    """Keeps `beta / p x (free + c x soon - waiting)` calls ringing, and progressive's number at least.

    `p` is the learnt share of calls that become a person; `soon` the expected number of agents freed
    within `window` seconds, from how long talk and wrap-up took so far; `waiting` includes the persons
    expected from the calls that are being screened.
    """

    settings = (
        Number("beta", 0.0, 3.0, 0.5, search=(0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        Number("c", 0.0, 2.0, 0.25, search=(0.0, 0.25, 0.5, 0.75)),
        Number("window", 1.0, 120.0, 12.0),
    )

    def __init__(self, beta: float, c: float, window: float) -> None:
        self.beta = beta
        self.c = c
        self.window = window
        self._handling = Handling()
        self._persons = Share()
        self._of_answered = Share()

    def on_event(self, now: float, event: Event) -> None:
        self._handling.on_event(event)
        if event.kind in ("live", "machine", "busy", "no_answer", "failed"):
            self._persons.add(event.kind == "live")
        if event.kind in ("live", "machine"):
            self._of_answered.add(event.kind == "live")

    def calls_to_place(self, now: float, floor: Floor) -> int:
        free = len(floor.ready) - len(floor.waiting) - floor.inbound_waiting
        expected = free - self._of_answered.value * len(floor.screening)
        if self.c:
            expected += self.c * self._handling.soon_free(now, floor, self.window)
        ringing = math.floor(self.beta / max(self._persons.value, 0.01) * expected + 1e-9)
        progressive = free - len(floor.screening)
        return max(0, max(ringing, progressive) - len(floor.ringing))
