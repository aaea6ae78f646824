"""US patents 5,640,445 and 5,926,528 (EIS, 1995, expired): a weight for each busy agent."""

from __future__ import annotations

import math

from predictive.contract import Event, Floor
from predictive.peers.measures import Answers, Every, Handling, Share
from predictive.peers.peer import Peer
from predictive.settings import Number

STEP = 30.0
LONGEST = 600.0


class Us5640445(Peer):
    """Dials for the agents who are free and those expected free within a window that adjusts itself.

    A busy agent weighs P(talk and wrap-up end within the window | time spent so far). Calls are those
    agents less the persons waiting, by the share of calls that become a person, less the calls under way.
    The window is lengthened while the abandonment of the day is below the target and shortened above.
    Ours, as the text has no numbers: the window's start, and `step` seconds every 30 s; `share` scales
    the calls for each expected agent (1 is theirs; below it, progressive's number is kept at least).
    """

    takes = ("target", "day_length")
    settings = (
        Number("window", 0.0, LONGEST, 10.0),
        Number("step", 0.0, 60.0, 1.0, search=(0.2, 1.0, 5.0)),
        Number("share", 0.05, 2.0, 1.0, search=(0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)),
    )

    def __init__(self, target: float, day_length: float, window: float, step: float, share: float) -> None:
        self.target = target
        self.window = window
        self.step = step
        self.share = share
        self._today = Answers(day_length)
        self._adjust = Every(STEP, at_once=False)
        self._handling = Handling()
        self._persons = Share()

    def on_event(self, now: float, event: Event) -> None:
        self._today.on_event(now, event)
        self._handling.on_event(event)
        if event.kind in ("live", "machine", "busy", "no_answer", "failed"):
            self._persons.add(event.kind == "live")

    def calls_to_place(self, now: float, floor: Floor) -> int:
        if self._adjust.due(now) and self._today.live and self._today.rate != self.target:
            step = self.step if self._today.rate < self.target else -self.step
            self.window = max(0.0, min(LONGEST, self.window + step))
        agents = len(floor.ready) + self._handling.soon_free(now, floor, self.window)
        expected = agents - len(floor.waiting) - floor.inbound_waiting
        calls = math.floor(self.share * expected / max(self._persons.value, 0.01) + 1e-9)
        progressive = len(floor.ready) - len(floor.waiting) - floor.inbound_waiting
        return max(0, max(calls, progressive) - len(floor.ringing) - len(floor.screening))
