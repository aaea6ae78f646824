"""A call that came in as Asterisk tells it, by its events or by CEL: a table of moves. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ami_daemon.cel import CelRecord
from leads.inbound import RingReason
from leads.lead import IllegalMove

IN_CONTEXT, LINE_CONTEXT, GROUP_CONTEXT = "perezvon-in-", "perezvon-line", "perezvon-group"
_AGENT_CHANNEL = "PJSIP/agent-"


class CallerState(StrEnum):
    """Where a caller is."""

    ARRIVED = "arrived"
    """At the greeting, in a menu or a call script."""
    WAITING = "waiting"
    """Asked for an agent: in a queue, or out of it for a moment to hear something."""
    TALKING = "talking"
    AFTER_TALK = "after_talk"
    """The agent is gone, the caller is not: a survey."""
    ENDED = "ended"


_S = CallerState
MOVES: dict[CallerState, frozenset[CallerState]] = {
    _S.ARRIVED: frozenset({_S.WAITING, _S.TALKING, _S.ENDED}),
    _S.WAITING: frozenset({_S.TALKING, _S.ENDED}),
    _S.TALKING: frozenset({_S.AFTER_TALK, _S.ENDED}),
    _S.AFTER_TALK: frozenset({_S.ENDED}),
    _S.ENDED: frozenset(),
}
_RANK = {state: rank for rank, state in enumerate(CallerState)}


@dataclass(slots=True)
class Caller:
    """A caller on the line. `channel` is the unique id, `number` as the carrier presents it; times are epoch
    seconds. The wait begins when an agent is asked for first, whatever the caller hears meanwhile."""

    channel: str
    line: str
    number: str
    arrived_at: float
    caller_class: str = "client"
    state: CallerState = CallerState.ARRIVED
    group: str | None = None
    waiting_at: float | None = None
    connected_at: float | None = None
    talk_ended_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None

    def reaches(self, state: CallerState) -> bool:
        """Whether that is further than the caller is: what is told twice is no move."""
        return _RANK[state] > _RANK[self.state]

    def move(self, state: CallerState, at: float) -> CallerState:
        """Go to `state`, stamp the time, and return the old state; IllegalMove if the table says no."""
        if state not in MOVES[self.state]:
            raise IllegalMove(f"caller {self.channel}", self.state, state)
        old, self.state = self.state, state
        if state is _S.WAITING:
            self.waiting_at = at
        elif state is _S.TALKING:
            self.connected_at = at
        elif state is _S.AFTER_TALK:
            self.talk_ended_at = at
        else:
            self.ended_at = at
        return old

    def since(self) -> float:
        """When the present state began."""
        reached = (self.ended_at, self.talk_ended_at, self.connected_at, self.waiting_at)
        return next((at for at in reached if at is not None), self.arrived_at)


@dataclass(frozen=True, slots=True)
class Ring:
    """An agent's phone that rang in vain for a caller, `seconds` long, until `at`."""

    agent: str
    group: str
    at: float
    seconds: float
    reason: RingReason


_REASONS = {17: RingReason.BUSY, 21: RingReason.REJECTED} | dict.fromkeys(
    (1, 3, 20, 27, 38, 102), RingReason.PHONE_UNREACHABLE
)
"""By the Q.850 cause of the phone's leg."""


def ring_reason(cause: int | None, *, refused: bool, rang: bool) -> RingReason:
    """Why a phone was not answered: `refused` at once, or given up after it `rang` (or never did)."""
    if cause in _REASONS:
        return _REASONS[cause]
    if refused:
        return RingReason.REJECTED
    return RingReason.NO_ANSWER if rang else RingReason.PHONE_UNREACHABLE


def follow(records: Sequence[CelRecord], line_of: Callable[[str, str], str | None]) -> Caller | None:
    """What CEL proves of one call, whose channels' records these are; None: none that came in on a line.

    `line_of` tells the line by the trunk's context and the number dialed there.
    """
    start = next((r for r in records if r.kind == "CHAN_START" and r.uniqueid == r.linkedid), None)
    if start is None or start.caller is None or not start.context.startswith(IN_CONTEXT):
        return None
    own = [record for record in records if record.uniqueid == start.uniqueid]
    at_line = next((record.exten for record in own if record.context == LINE_CONTEXT), None)
    line = at_line or line_of(start.context, start.exten)
    if line is None:
        return None
    caller = Caller(start.uniqueid, line, start.caller, start.at)
    for record in own:
        match record.kind, record.application:
            case "APP_START", "queue":
                caller.group = record.data.partition(",")[0]
                _step(caller, _S.WAITING, record.at)
            case "BRIDGE_ENTER", _ if (agent := _agent_of(records, record)) is not None:
                caller.agent = caller.agent or agent
                _step(caller, _S.TALKING, record.at)
            case "BRIDGE_EXIT", _ if caller.state is _S.TALKING:
                _step(caller, _S.AFTER_TALK, record.at)
            case "HANGUP", _:
                _step(caller, _S.ENDED, record.at)
    return caller


def _step(caller: Caller, state: CallerState, at: float) -> None:
    if caller.reaches(state):
        caller.move(state, at)


def _agent_of(records: Iterable[CelRecord], entered: CelRecord) -> str | None:
    """Who met the caller: named as the peer, or the one who came into the bridge first."""
    if (peer := _agent(entered.peer)) is not None:
        return peer
    return next(
        (
            agent
            for record in records
            if record.kind == "BRIDGE_ENTER"
            and record.at <= entered.at
            and (agent := _agent(record.channel)) is not None
        ),
        None,
    )


def rings_of(records: Sequence[CelRecord], caller: Caller) -> Iterator[Ring]:
    """Phones that rang in vain for a call that is over, as CEL proves it."""
    legs: dict[str, list[CelRecord]] = {}
    for record in records:
        if record.uniqueid != caller.channel and _agent(record.channel) is not None:
            legs.setdefault(record.uniqueid, []).append(record)
    for leg in legs.values():
        by_kind = {record.kind: record for record in leg}
        start, end, agent = by_kind.get("CHAN_START"), by_kind.get("HANGUP"), _agent(leg[0].channel)
        if start is None or end is None or agent is None or "ANSWER" in by_kind:
            continue
        taken = caller.connected_at is not None and end.at >= caller.connected_at
        if taken:
            continue  # answered elsewhere: all phones of the group rang
        reason = ring_reason(end.cause, refused=False, rang=True)
        left = caller.ended_at is not None and end.at > caller.ended_at - LEFT_WITHIN
        if left and reason is RingReason.NO_ANSWER:
            reason = RingReason.CALLER_LEFT
        yield Ring(agent, caller.group or "", end.at, end.at - start.at, reason)


LEFT_WITHIN = 1.0
"""Seconds before the end of a call in which a phone stops ringing because the caller leaves."""


def _agent(channel: str) -> str | None:
    name = channel.removeprefix(_AGENT_CHANNEL).rpartition("-")[0]
    return name if channel.startswith(_AGENT_CHANNEL) else None
