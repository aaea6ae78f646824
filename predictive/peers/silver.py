"""Silver (asterisk-predictive-dialer): some calls for each agent who becomes free."""

from __future__ import annotations

from predictive.contract import Event, Floor
from predictive.peers.peer import Peer
from predictive.settings import Number

SILENCE = 10.0
"""Seconds without any event after which it asks the queue by itself."""


class Silver(Peer):
    """Places `aggressiveness` calls whenever an agent becomes ready while more agents wait than callers.

    The first time it places as many for each agent who waits. A call that nobody answers is replaced by
    one, whatever the agents do; a machine or a failure counts as such here. It does not predict, and
    nothing limits it.
    """

    settings = (Number("aggressiveness", 1, 20, 1, search=(1, 2, 3, 4, 6), whole=True),)

    def __init__(self, aggressiveness: int) -> None:
        self.aggressiveness = aggressiveness
        self._first = True
        self._became_ready = 0
        self._unanswered = 0
        self._quiet_since: float | None = None

    def on_event(self, now: float, event: Event) -> None:
        self._quiet_since = now
        self._became_ready += event.kind == "ready"
        self._unanswered += event.kind in ("busy", "no_answer", "failed", "machine")

    def calls_to_place(self, now: float, floor: Floor) -> int:
        if self._quiet_since is None or now < self._quiet_since:
            self._quiet_since = now
        if now - self._quiet_since >= SILENCE:
            self._became_ready += 1
            self._quiet_since = now
        self.wake_at = self._quiet_since + SILENCE
        calls, self._unanswered = self._unanswered, 0
        became_ready, self._became_ready = self._became_ready, 0
        spare = len(floor.ready) - len(floor.waiting) - floor.inbound_waiting
        if spare > 0:
            calls += self.aggressiveness * (spare if self._first else became_ready)
            self._first = False
        return calls
