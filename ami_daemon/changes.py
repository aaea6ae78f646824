"""What can change on the board: the values that the board hands out. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ami_daemon.agent import AgentState
from ami_daemon.call import Call, CallState
from ami_daemon.caller import Caller, CallerState, Ring
from leads.lead import Outcome
from sounds.screening import Heard


@dataclass(frozen=True, slots=True)
class CallMoved:
    """An attempt went from `old` to `new`; by now `call` itself may be further."""

    call: Call
    old: CallState
    new: CallState
    at: float


@dataclass(frozen=True, slots=True)
class CallHeard:
    """It is known who answered an attempt: the first word on it is the last."""

    call: Call
    heard: Heard
    at: float


@dataclass(frozen=True, slots=True)
class CallEnded:
    """An attempt is over; `last` is the state it ended in."""

    call: Call
    last: CallState
    outcome: Outcome
    at: float


@dataclass(frozen=True, slots=True)
class EarlyHeard:
    """Before the answer something was heard that is no person, nor waits for one."""

    call: Call
    heard: Heard
    at: float


@dataclass(frozen=True, slots=True)
class AgentMoved:
    """An agent's state or reason changed; `seconds` is how long the old state lasted."""

    agent: str
    old: AgentState
    old_reason: str
    new: AgentState
    reason: str
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class PreviewAnswered:
    """The agent picked up the phone for a preview call: the subscriber may be dialed."""

    attempt: str
    at: float


@dataclass(frozen=True, slots=True)
class PreviewMissed:
    """The agent did not pick up the phone for a preview call: the subscriber was never dialed.

    `reason` is `no_answer`, `rejected` or `phone_unreachable`.
    """

    attempt: str
    agent: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class PreviewLeft:
    """The agent hung up before the subscriber of the preview call was with them."""

    call: Call
    at: float


@dataclass(frozen=True, slots=True)
class WrapUpDeclined:
    """The agent dialed the end-wrap-up code: what wrap-up runs, or would follow the talk, is not wanted."""

    agent: str
    at: float


@dataclass(frozen=True, slots=True)
class CallerMoved:
    """A call that came in arrived or went on to `new`; by now `caller` may be further. Who waits and is sent
    to another group goes from waiting to waiting."""

    caller: Caller
    new: CallerState
    at: float


@dataclass(frozen=True, slots=True)
class CallerEnded:
    """A call that came in is over."""

    caller: Caller
    at: float


@dataclass(frozen=True, slots=True)
class RingMissed:
    """An agent's phone rang for the channel `call` and was not answered."""

    call: str
    ring: Ring


@dataclass(frozen=True, slots=True)
class Inbound:
    """For pacers, an inbound caller who waits, or waited so long: `kind` is `inbound`, `inbound_connect` or
    `inbound_quit`."""

    kind: str
    group: str
    channel: str
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Illegal:
    """Asterisk reported something that the tables forbid: the picture wants a new snapshot."""

    text: str


Change = (
    CallMoved
    | CallHeard
    | CallEnded
    | EarlyHeard
    | AgentMoved
    | PreviewAnswered
    | PreviewMissed
    | PreviewLeft
    | WrapUpDeclined
    | CallerMoved
    | CallerEnded
    | RingMissed
    | Inbound
    | Illegal
)


def subject(change: Change) -> dict[str, str]:
    """Whom a change's log lines are about."""
    match change:
        case CallMoved(call=call) | CallHeard(call=call) | CallEnded(call=call):
            return {"attempt": call.attempt}
        case EarlyHeard(call=call) | PreviewLeft(call=call):
            return {"attempt": call.attempt}
        case PreviewAnswered(attempt=attempt) | PreviewMissed(attempt=attempt):
            return {"attempt": attempt}
        case AgentMoved(agent=agent):
            return {"agent": agent}
        case _:
            return {}
