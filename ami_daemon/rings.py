"""Agents' phones that ring for a caller: which were not answered, and why. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ami_daemon.caller import LEFT_WITHIN, Ring, ring_reason
from leads.inbound import RingReason


@dataclass(slots=True)
class _Ringing:
    call: str
    agent: str
    group: str
    since: float
    rang: bool = False
    missed_after: float | None = None
    """Seconds; 0 where the phone refused."""
    over_at: float = 0.0


class Rings:
    """One leg to one phone at a time, by the leg's unique id.

    A queue tells of a phone that was not answered before the leg's hang-up, which has the cause; of one that
    it stops ringing because the caller left it tells nothing.
    """

    def __init__(self) -> None:
        self._legs: dict[str, _Ringing] = {}
        self._stopped: dict[str, list[_Ringing]] = {}
        self._early: set[str] = set()
        """Legs that ring already: a phone can be quicker than the queue's word that it dials it."""

    def keep(self, alive: Collection[str]) -> None:
        """After a snapshot: what is gone ended while nobody looked."""
        self._legs = {leg: ring for leg, ring in self._legs.items() if leg in alive}
        self._stopped = {call: rings for call, rings in self._stopped.items() if call in alive}
        self._early.intersection_update(alive)

    def called(self, leg: str, call: str, agent: str, group: str, at: float) -> None:
        """A queue dials the agent's phone for the call."""
        self._legs[leg] = _Ringing(call, agent, group, at, rang=leg in self._early)

    def rang(self, leg: str) -> None:
        """The phone says that it rings."""
        self._early.add(leg)
        if leg in self._legs:
            self._legs[leg].rang = True

    def not_answered(self, leg: str, seconds: float) -> None:
        """The queue gave up on the phone; 0 seconds: it refused."""
        if leg in self._legs:
            self._legs[leg].missed_after = seconds

    def answered(self, call: str) -> None:
        """Somebody has the caller: whoever's phone stops now did not miss anything."""
        self._legs = {
            leg: ring
            for leg, ring in self._legs.items()
            if ring.call != call or ring.missed_after is not None
        }
        self._stopped.pop(call, None)

    def leg_over(self, leg: str, cause: int | None, at: float) -> tuple[str, Ring] | None:
        """The leg is gone: the call and the ring, where it was missed."""
        self._early.discard(leg)
        if (ring := self._legs.pop(leg, None)) is None:
            return None
        if ring.missed_after is None:
            ring.over_at = at
            self._stopped.setdefault(ring.call, []).append(ring)
            return None
        refused = ring.missed_after == 0
        seconds = at - ring.since if refused else ring.missed_after
        reason = ring_reason(cause, refused=refused, rang=ring.rang)
        return ring.call, Ring(ring.agent, ring.group, at, max(0.0, seconds), reason)

    def caller_over(self, call: str, at: float) -> list[Ring]:
        """The caller is gone: phones that rang until then, and those whose leg is told of a moment later."""
        for leg, ring in list(self._legs.items()):
            if ring.call == call and ring.missed_after is None:
                self.leg_over(leg, None, at)
        return [
            Ring(ring.agent, ring.group, ring.over_at, ring.over_at - ring.since, RingReason.CALLER_LEFT)
            for ring in self._stopped.pop(call, [])
            if ring.over_at > at - LEFT_WITHIN
        ]
