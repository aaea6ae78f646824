"""What a pacer may see of the floor, and what it hears. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import PASSED, UNANSWERED, Call, CallState
from ami_daemon.changes import AgentMoved, CallEnded, CallHeard, CallMoved, Change, Inbound
from leads.lead import LIVE, Outcome
from predictive import Event

ON_THE_WAY = UNANSWERED | {CallState.ANSWERED, CallState.WAITING}
"""States of a call that will want an agent, or is waiting for one."""


@dataclass(frozen=True, slots=True)
class FloorNow:
    """One campaign's view of the floor at one moment (`predictive.Floor`).

    An agent whose phone rings for a caller counts as talking, and the caller no longer as waiting.
    """

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

    @property
    def free(self) -> int:
        """Agents whom neither a called person nor an inbound caller waits for."""
        return max(0, len(self.ready) - len(self.waiting) - self.inbound_waiting)

    @property
    def under_way(self) -> int:
        """Calls that may yet turn out to be a person who wants an agent."""
        return len(self.ringing) + len(self.screening)


def floor_of(
    board: Board,
    campaign: str,
    agents: Iterable[str],
    inbound_waiting: int,
    free_lines: int,
    allowance: int,
    shift: float,
) -> FloorNow:
    """The floor of a campaign with the agents that are its own now.

    `shift` takes the board's epoch seconds to the pacer's clock.
    """
    by_state: dict[AgentState, dict[str, float]] = {state: {} for state in AgentState}
    for name in agents:
        agent = board.agents[name]
        kept = agent.state in (AgentState.READY, AgentState.WRAP_UP) and agent.preview is not None
        by_state[AgentState.NOT_READY if kept else agent.state][name] = agent.since + shift
    served = rung_for(board)
    own = [call for call in board.calls.values() if call.campaign == campaign and not call.preview]
    answered = [
        call
        for call in own
        if call.state in ON_THE_WAY - UNANSWERED and board.prefix + call.attempt not in served
    ]
    return FloorNow(
        ready=by_state[AgentState.READY],
        talking=by_state[AgentState.TALKING] | by_state[AgentState.RINGING],
        wrapping=by_state[AgentState.WRAP_UP],
        not_ready=by_state[AgentState.NOT_READY],
        ringing={call.attempt: call.placed_at + shift for call in own if call.state in UNANSWERED},
        screening={
            call.attempt: (call.answered_at or call.placed_at) + shift
            for call in answered
            if call.live_at is None
        },
        waiting={call.attempt: call.live_at + shift for call in answered if call.live_at is not None},
        inbound_waiting=inbound_waiting,
        free_lines=free_lines,
        allowance=allowance,
    )


def rung_for(board: Board) -> set[str | None]:
    """Channels of callers for whom an agent's phone rings."""
    return {agent.call for agent in board.agents.values() if agent.state is AgentState.RINGING}


def soonest_free(board: Board) -> tuple[list[str], list[str]]:
    """Agents at work, those first who will be free first as far as states tell; and those not ready."""
    found: dict[AgentState, list[str]] = {state: [] for state in AgentState}
    for name in sorted(board.agents, key=lambda one: (board.agents[one].since, one)):
        found[board.agents[name].state].append(name)
    at_work = [name for state in _SOONEST for name in found[state]]
    return at_work, found[AgentState.NOT_READY]


_SOONEST = (AgentState.READY, AgentState.WRAP_UP, AgentState.TALKING, AgentState.RINGING)


def under_way(board: Board, campaign: str) -> int:
    """The campaign's calls that will want an agent, or wait for one, while no phone rings for them."""
    served = rung_for(board)
    return sum(
        call.campaign == campaign
        and not call.preview
        and call.state in ON_THE_WAY
        and board.prefix + call.attempt not in served
        for call in board.calls.values()
    )


_ENDED_UNANSWERED = {Outcome.BUSY: "busy", Outcome.NO_ANSWER: "no_answer"}


def pacing_events(change: Change) -> Iterable[Event]:
    """A change of the board in the words of the pacer's contract."""
    match change:
        case CallMoved(call=call) | CallHeard(call=call) | CallEnded(call=call) if not call.paced:
            return
        case CallHeard(call, heard, at):
            yield _screened(call, "live" if heard in PASSED else "machine", at)
        case CallMoved(call, _, CallState.ANSWERED, at):
            yield from _answered(call, at)
        case CallMoved(call, _, CallState.TALKING, at):
            yield Event("connect", call.attempt, call.agent, _waited(call, at))
        case CallMoved(call, _, CallState.MESSAGE, at):
            yield Event("abandon", call.attempt, None, _waited(call, at))
        case CallEnded(call, last, outcome, at) if last in UNANSWERED:
            yield _unanswered(call, outcome, at)
        case CallEnded(call, last, _, at) if last in (CallState.ANSWERED, CallState.WAITING):
            if call.screened and call.heard is None:
                yield _screened(call, "live", at)  # who hangs up that soon is no machine
            yield Event("abandon", call.attempt, None, _waited(call, at))
        case AgentMoved(agent, old, _, new, _, _, seconds) if old is not new:
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


def settled_events(call: Call, seen: Call, outcome: Outcome | None, at: float) -> Iterable[Event]:
    """For a call that ended unseen: what the pacer missed. `seen` is the call as far as it was seen.

    `outcome` is `None` where the call was never placed.
    """
    if not call.paced or seen.state in (CallState.NO_PERSON, CallState.TALKING, CallState.MESSAGE):
        return
    no_person = call.heard is not None and call.heard not in PASSED
    if outcome not in LIVE and seen.state in UNANSWERED and not no_person:
        yield _unanswered(call, outcome, at)
        return
    if seen.state in UNANSWERED:
        yield from _answered(call, call.answered_at or at)
    if call.screened and seen.heard is None:
        yield _screened(call, "machine" if no_person else "live", call.heard_at or at)
    if no_person:
        return
    if call.connected_at is not None:
        yield Event("connect", call.attempt, call.agent, _waited(call, call.connected_at))
    else:
        yield Event("abandon", call.attempt, None, _waited(call, at))


def _answered(call: Call, at: float) -> Iterable[Event]:
    yield Event("answer", call.attempt, None, max(0.0, at - call.placed_at))
    if not call.screened:
        yield Event("live", call.attempt)


def _screened(call: Call, kind: Literal["live", "machine"], at: float) -> Event:
    return Event(kind, call.attempt, None, max(0.0, at - (call.answered_at or at)))


def _unanswered(call: Call, outcome: Outcome | None, at: float) -> Event:
    kind = _ENDED_UNANSWERED.get(outcome, "failed") if outcome else "failed"
    return Event(kind, call.attempt, None, max(0.0, at - call.placed_at))  # type: ignore[arg-type]


def _waited(call: Call, at: float) -> float:
    return max(0.0, at - (call.live_at or at))
