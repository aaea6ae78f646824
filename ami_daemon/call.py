"""One call attempt as Asterisk tells it: a table of moves, and the outcome when it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from config.laws import Law
from leads.lead import IllegalMove, Outcome
from sounds.screening import Heard

NORMAL_CLEARING, BUSY, NO_USER_RESPONSE, NO_ANSWER = 16, 17, 18, 19  # Q.850
ANSWERED_ELSEWHERE = 26
NORMAL = frozenset({None, 0, NORMAL_CLEARING, ANSWERED_ELSEWHERE})
"""Causes of a talk's ordinary end: `app_queue` gives 26 when the agent hung up."""


class CallState(StrEnum):
    """Where an attempt is, from the journal to the hang-up."""

    PLACED = "placed"
    RINGING = "ringing"
    ANSWERED = "answered"
    """Where answers are screened: nobody knows yet who it is."""
    NO_PERSON = "no_person"
    """The screen heard none: a machine, which may be left a message, a fax, a tone of the network."""
    SCRIPT = "script"
    """A robot's call: its script speaks with the person."""
    WAITING = "waiting"
    TALKING = "talking"
    MESSAGE = "message"
    ENDED = "ended"


_S = CallState
MOVES: dict[CallState, frozenset[CallState]] = {
    _S.PLACED: frozenset({_S.RINGING, _S.ANSWERED, _S.ENDED}),
    _S.RINGING: frozenset({_S.ANSWERED, _S.ENDED}),
    _S.ANSWERED: frozenset({_S.NO_PERSON, _S.SCRIPT, _S.WAITING, _S.TALKING, _S.MESSAGE, _S.ENDED}),
    _S.NO_PERSON: frozenset({_S.ENDED}),
    _S.SCRIPT: frozenset({_S.WAITING, _S.TALKING, _S.ENDED}),
    _S.WAITING: frozenset({_S.TALKING, _S.MESSAGE, _S.ENDED}),
    _S.TALKING: frozenset({_S.ENDED}),
    _S.MESSAGE: frozenset({_S.ENDED}),
    _S.ENDED: frozenset(),
}
UNANSWERED = frozenset({_S.PLACED, _S.RINGING})
"""States in which the subscriber has not picked up."""
EARLY = frozenset({Heard.BUSY, Heard.SIT, Heard.MACHINE})
"""What may be heard before an answer that then never comes; `machine` is an announcement."""
PASSED = frozenset({Heard.PERSON, Heard.SILENCE})
"""Who goes on to an agent, or to the robot's script: silence may be a person's."""


@dataclass(slots=True)
class Call:
    """An attempt under way. Times are epoch seconds, `None` while it has not happened."""

    attempt: str
    lead: int
    campaign: str
    group: str
    trunk: str
    phone: str
    placed_at: float
    state: CallState = CallState.PLACED
    ringing_at: float | None = None
    answered_at: float | None = None
    script_at: float | None = None
    waiting_at: float | None = None
    connected_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None
    cause: int | None = None
    channel: str | None = None
    preview: bool = False
    robot: bool = False
    screened: bool = False
    """Whether it is to be found out who answered."""
    heard: Heard | None = None
    heard_at: float | None = None
    greeted_at: float | None = None
    """When the person's greeting ended, where a screen knows."""
    script_failed: bool = False
    early: Heard | None = None
    """What was heard before the answer: one of `EARLY`."""
    message_left: bool = False
    """On a machine."""

    def move(self, state: CallState, at: float) -> CallState:
        """Go to `state`, stamp the time (an answer's and a talk's may be known), and return the old state;
        IllegalMove if the table says no."""
        if state not in MOVES[self.state]:
            raise IllegalMove(f"call {self.attempt}", self.state, state)
        old, self.state = self.state, state
        if state is _S.RINGING:
            self.ringing_at = at
        elif state is _S.ANSWERED and self.answered_at is None:
            self.answered_at = at
        elif state is _S.NO_PERSON:
            self.heard_at = at
        elif state is _S.SCRIPT:
            self.script_at = at
        elif state is _S.WAITING:
            self.waiting_at = at
        elif state is _S.TALKING and self.connected_at is None:
            self.connected_at = at
        elif state is _S.ENDED:
            self.ended_at = at
        return old

    @property
    def paced(self) -> bool:
        """Whether a pacer placed it, to find an agent for: the robot needs none, a preview has one."""
        return not self.preview and not self.robot

    @property
    def live_at(self) -> float | None:
        """When a person was known to be there: with the answer, where answers are not screened."""
        if not self.screened:
            return self.answered_at
        return self.heard_at if self.heard in PASSED else None

    def counted_from(self, law: Law) -> float | None:
        """Where the seconds begin in which the law wants an agent."""
        return law.begins(self.answered_at, self.greeted_at)

    def since(self) -> float:
        """When the present state began."""
        if self.state is _S.NO_PERSON and self.heard_at is not None:
            return self.heard_at
        reached = (
            self.ended_at, self.connected_at, self.waiting_at, self.script_at, self.answered_at,
            self.ringing_at,
        )  # fmt: skip
        return next((at for at in reached if at is not None), self.placed_at)


def outcome(last: CallState, cause: int | None, heard: Heard | None = None) -> Outcome:
    """What an attempt that ended in state `last` with that Q.850 cause came to, and what its screen `heard`.

    Cause 16 without an answer is our own cancel.
    """
    if last is CallState.NO_PERSON:
        return Outcome(heard) if heard in (Heard.MACHINE, Heard.FAX) else Outcome.FAILED
    if last is CallState.MESSAGE:
        return Outcome.ABANDONED
    if last is CallState.TALKING:
        return Outcome.TALKED if cause in NORMAL else Outcome.INTERRUPTED
    if last not in UNANSWERED:
        return Outcome.HUNG_UP_BEFORE_TALK
    if cause == BUSY:
        return Outcome.BUSY
    if cause in (NORMAL_CLEARING, NO_USER_RESPONSE, NO_ANSWER):
        return Outcome.NO_ANSWER
    if cause in NORMAL and last is CallState.RINGING:
        return Outcome.NO_ANSWER
    return Outcome.FAILED
