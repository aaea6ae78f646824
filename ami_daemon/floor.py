"""What a pacer may see of the floor, and what it hears. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import UNANSWERED, Call, CallState
from ami_daemon.changes import AgentMoved, CallEnded, CallMoved, Change, Inbound
from leads.lead import Outcome
from predictive import Event

ON_THE_WAY = UNANSWERED | {CallState.ANSWERED, CallState.WAITING}
"""States of a call that will want an agent, or is waiting for one."""


@dataclass(frozen=True, slots=True)
class FloorNow:
    """One campaign's view of the floor at one moment (`predictive.Floor`)."""

    ready: dict[str, float]
    talking: dict[str, float]
    wrapping: dict[str, float]
    not_ready: dict[str, float]
    ringing: dict[str, float]
    screening: dict[str, float]
    waiting: dict[str, float]
    inbound_waiting: int
    free_lines: int
    allowance: int


def floor_of(
    board: Board,
    campaign: str,
    group: str,
    members: Mapping[str, frozenset[str]],
    free_lines: int,
    allowance: int,
    shift: float,
) -> FloorNow:
    """The floor of a campaign that is served by `group`; `members` has every group's agents.

    `shift` takes the board's epoch seconds to the pacer's clock.

    Agents who will be taken by calls of other campaigns on their way to the same agents are left
    out of `ready`, so that campaigns that share agents do not dial twice for one.
    """
    by_state: dict[AgentState, dict[str, float]] = {state: {} for state in AgentState}
    for name in members[group]:
        agent = board.agents[name]
        by_state[agent.state][name] = agent.since + shift
    taken = {agent.call for agent in board.agents.values() if agent.state is AgentState.RINGING}
    own = [call for call in board.calls.values() if call.campaign == campaign]
    others = sum(1 for _ in _competing(board, campaign, group, members))
    ready = by_state[AgentState.READY]
    keep = sorted(ready, key=lambda name: ready[name])[: max(0, len(ready) - others)]
    return FloorNow(
        ready={name: ready[name] for name in keep},
        talking=by_state[AgentState.TALKING] | by_state[AgentState.RINGING],
        wrapping=by_state[AgentState.WRAP_UP],
        not_ready=by_state[AgentState.NOT_READY],
        ringing={call.attempt: call.placed_at + shift for call in own if call.state in UNANSWERED},
        screening={},
        waiting={
            call.attempt: call.since() + shift
            for call in own
            if call.state in ON_THE_WAY - UNANSWERED and board.prefix + call.attempt not in taken
        },
        inbound_waiting=sum(1 for queue, _ in board.inbound.values() if queue == group),
        free_lines=free_lines,
        allowance=allowance,
    )


def _competing(
    board: Board, campaign: str, group: str, members: Mapping[str, frozenset[str]]
) -> Iterable[Call]:
    for call in board.calls.values():
        under_way = call.campaign != campaign and not call.preview and call.state in ON_THE_WAY
        if under_way and members[group] & members[call.group]:
            yield call


_ENDED_UNANSWERED = {Outcome.BUSY: "busy", Outcome.NO_ANSWER: "no_answer"}


def pacing_events(change: Change) -> Iterable[Event]:
    """A change of the board in the words of the pacer's contract."""
    match change:
        case CallMoved(call, _, CallState.ANSWERED, at):
            yield Event("answer", call.attempt, None, at - call.placed_at)
            yield Event("live", call.attempt, None, 0.0)
        case CallMoved(call, _, CallState.TALKING, at):
            yield Event("connect", call.attempt, call.agent, at - (call.answered_at or at))
        case CallMoved(call, _, CallState.MESSAGE, at):
            yield Event("abandon", call.attempt, None, at - (call.answered_at or at))
        case CallEnded(call, last, outcome, at) if last in UNANSWERED:
            kind = _ENDED_UNANSWERED.get(outcome, "failed")
            yield Event(kind, call.attempt, None, at - call.placed_at)  # type: ignore[arg-type]
        case CallEnded(call, last, _, at) if last in (CallState.ANSWERED, CallState.WAITING):
            yield Event("abandon", call.attempt, None, at - (call.answered_at or at))
        case AgentMoved(agent, old, _, new, _, _, seconds):
            if old is AgentState.TALKING:
                yield Event("talk_end", None, agent, seconds)
            if old is AgentState.WRAP_UP:
                yield Event("wrap_end", None, agent, seconds)
            if old is AgentState.OFFLINE:
                yield Event("login", None, agent)
            if new is AgentState.READY:
                yield Event("ready", None, agent)
            elif new is AgentState.NOT_READY:
                yield Event("not_ready", None, agent)
            elif new is AgentState.OFFLINE:
                yield Event("logout", None, agent)
        case Inbound(kind, _, channel, seconds, _):
            yield Event(kind, channel, None, seconds)  # type: ignore[arg-type]
        case _:
            return
