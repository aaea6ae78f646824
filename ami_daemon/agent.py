"""One agent as Asterisk tells it: facts in, a state out, and the table of legal moves. Pure.

The truth is in Asterisk's queues and device states; this mirrors it and never decides by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

IDLE = 1  # AST_DEVICE_NOT_INUSE
UNAVAILABLE = frozenset({4, 5})  # AST_DEVICE_INVALID, AST_DEVICE_UNAVAILABLE
IN_USE = frozenset({2, 3, 8})  # in use, busy, on hold
DEVICE_RINGING = frozenset({6, 7})

SIGNED_IN, NO_ANSWER, REJECTED, PREVIEW = "signed_in", "no_answer", "rejected", "preview"
AUTO_PAUSE = "Auto-Pause"
"""Asterisk's own reason for a member who did not take a call."""
PHONE_UNREACHABLE, ON_PHONE = "phone_unreachable", "on_phone"


class AgentState(StrEnum):
    """What an agent is doing."""

    OFFLINE = "offline"
    NOT_READY = "not_ready"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


_S = AgentState
MOVES: dict[AgentState, frozenset[AgentState]] = {
    # A queue may ring in the very moment in which the agent signs out.
    _S.OFFLINE: frozenset({_S.NOT_READY, _S.READY, _S.RINGING}),
    _S.NOT_READY: frozenset({_S.NOT_READY, _S.READY, _S.OFFLINE, _S.RINGING, _S.TALKING}),
    _S.READY: frozenset({_S.NOT_READY, _S.OFFLINE, _S.RINGING, _S.TALKING}),
    # Back to the wrap-up where a queue whose wrap-up is shorter has rung.
    _S.RINGING: frozenset({_S.TALKING, _S.READY, _S.NOT_READY, _S.OFFLINE, _S.WRAP_UP}),
    _S.TALKING: frozenset({_S.WRAP_UP, _S.READY, _S.NOT_READY, _S.OFFLINE}),
    # app_queue stamps a call's end a moment before it tells of it: its second may be the one before ours.
    _S.WRAP_UP: frozenset({_S.READY, _S.NOT_READY, _S.OFFLINE, _S.RINGING}),
}


@dataclass(slots=True)
class Membership:
    """What one queue says of the agent."""

    paused: bool = False
    reason: str = ""
    wrap_up: int = 0
    """Seconds after a call in which this queue leaves the agent alone."""


@dataclass(slots=True)
class Agent:
    """An agent's facts and the state that follows from them. Times are epoch seconds."""

    name: str
    queues: dict[str, Membership] = field(default_factory=dict)
    device: int = 0
    ringing_leg: str | None = None
    talking_leg: str | None = None
    call: str | None = None
    """Unique id of the caller's channel while ringing or talking."""
    wrap_until: float = 0.0
    missed: str = NO_ANSWER
    """Why the last call that the agent did not take was not taken."""
    preview: str | None = None
    """Attempt that the agent is reserved for. Paused for a preview without one is wrap-up."""
    state: AgentState = AgentState.OFFLINE
    reason: str = ""
    since: float = 0.0

    def standing(self) -> tuple[AgentState, str]:
        """State and reason as the queues alone have it: what is pending while the agent talks."""
        if not self.queues:
            return _S.OFFLINE, ""
        paused = [m for m in self.queues.values() if m.paused]
        if paused and len(paused) == len(self.queues):
            reason = paused[0].reason
            return _S.NOT_READY, self.missed if reason == AUTO_PAUSE else reason
        return _S.READY, ""

    def derive(self, now: float) -> tuple[AgentState, str]:
        """The state that the facts amount to."""
        if self.talking_leg is not None:
            return _S.TALKING, ""
        if self.ringing_leg is not None:
            return _S.RINGING, ""
        state, reason = self.standing()
        if state is _S.OFFLINE:
            return state, reason
        if self.wrap_until > now or (reason == PREVIEW and self.preview is None):
            return _S.WRAP_UP, ""
        if state is _S.NOT_READY:
            return state, reason
        if self.device in UNAVAILABLE:
            return _S.NOT_READY, PHONE_UNREACHABLE
        if self.device in DEVICE_RINGING or self.device in IN_USE:
            return _S.NOT_READY, ON_PHONE
        return state, reason

    def pending(self) -> str | None:
        """The state that takes effect when the call (or wrap-up) is over, where it is not `ready`."""
        if self.state not in (_S.RINGING, _S.TALKING, _S.WRAP_UP):
            return None
        state, reason = self.standing()
        if state is _S.READY or reason == PREVIEW:
            return None
        return f"{state}({reason})" if reason else str(state)
