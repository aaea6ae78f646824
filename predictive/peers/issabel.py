"""Issabel's (Elastix's) call centre: free agents and those who should be free soon."""

from __future__ import annotations

import math
from collections import deque

from predictive.contract import Event, Floor
from predictive.peers.measures import Every, Recent
from predictive.peers.peer import Peer
from predictive.settings import Choice, Number

STEP = 5.0
RING_TIMES = 20
RING_TIME_AT_FIRST = 8.0
ENOUGH = 10
HALF_HOUR = 1800.0
LEAST_ANSWER_RATIO = 0.20

_UNANSWERED = ("busy", "no_answer", "failed")


class Issabel(Peer):
    """Every 5 s: ready agents, and those soon free, less waiting and ringing calls.

    A busy agent counts as soon free once an exponential conversation of the mean length would be over,
    with probability `qos`, by the time that the next call is answered. `forced_extra` calls come on top;
    `overcommit` divides by the share of calls answered in the last half hour, taken as 0.20 at least.
    Nothing limits abandoned calls.
    """

    settings = (
        Choice("predictive", (False, True), True),
        Number("qos", 0.01, 1.0, 0.97, search=(0.97, 0.8, 0.6)),
        Choice("overcommit", (False, True), False, search=(False, True)),
        Number("forced_extra", 0, 100, 0, search=(0, 1, 2), whole=True),
    )

    def __init__(self, predictive: bool, qos: float, overcommit: bool, forced_extra: int) -> None:
        self.predictive = predictive
        self.qos = qos
        self.overcommit = overcommit
        self.forced_extra = forced_extra
        self._step = Every(STEP)
        self._ring_times = deque([RING_TIME_AT_FIRST] * RING_TIMES, maxlen=RING_TIMES)
        self._talks = 0
        self._mean_talk = 0.0
        self._ended = Recent(HALF_HOUR)
        self._answered = Recent(HALF_HOUR)

    def on_event(self, now: float, event: Event) -> None:
        if event.kind == "answer":
            self._ring_times.append(event.seconds)
            self._answered.add(now)
            self._ended.add(now)
        elif event.kind in _UNANSWERED:
            self._ended.add(now)
        elif event.kind == "talk_end":
            self._talks += 1
            self._mean_talk += (event.seconds - self._mean_talk) / self._talks

    def calls_to_place(self, now: float, floor: Floor) -> int:
        due = self._step.due(now)
        self.wake_at = self._step.at
        if not due:
            return 0
        waiting = len(floor.waiting) + floor.inbound_waiting
        calls = max(0, len(floor.ready) + self._soon_free(now, floor) - waiting)
        if calls:
            calls += self.forced_extra
        calls = max(0, calls - len(floor.ringing) - len(floor.screening))
        ended = self._ended.total(now)
        if self.overcommit and ended >= ENOUGH:
            calls = round(calls / max(LEAST_ANSWER_RATIO, self._answered.total(now) / ended))
        return calls

    def _soon_free(self, now: float, floor: Floor) -> int:
        if not self.predictive or self._talks < ENOUGH or self._mean_talk <= 0:
            return 0
        answer = sum(self._ring_times) / RING_TIMES
        ages = (max(0.0, now - start) for start in floor.talking.values())
        return sum(1 - math.exp(-(age + answer) / self._mean_talk) >= self.qos for age in ages)
