"""A lead: its states and the moves between them, and how an attempt on it may end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class IllegalMove(ValueError):
    """A state machine was asked for a move that its table does not have."""

    def __init__(self, what: str, old: str, new: str) -> None:
        super().__init__(f"{what}: no move from {old} to {new}")
        self.old = old
        self.new = new


class LeadState(StrEnum):
    """Every lead is in exactly one of these, so none is lost."""

    READY = "ready"
    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    FINAL = "final"


MOVES: Mapping[LeadState, frozenset[LeadState]] = {
    LeadState.READY: frozenset({LeadState.CLAIMED, LeadState.SCHEDULED, LeadState.FINAL}),
    LeadState.SCHEDULED: frozenset({LeadState.CLAIMED, LeadState.SCHEDULED, LeadState.FINAL}),
    LeadState.CLAIMED: frozenset({LeadState.READY, LeadState.SCHEDULED, LeadState.FINAL}),
    LeadState.FINAL: frozenset({LeadState.SCHEDULED}),
}
"""From a claim back to `ready` only where the attempt was proven never sent. Without a claim a lead becomes
final when a call is no longer wanted, and scheduled when one is owed (a call-back, an order) or put off."""


class Outcome(StrEnum):
    """How an attempt ended, as the network and the engine saw it."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    MACHINE = "machine"
    FAX = "fax"
    HUNG_UP_BEFORE_TALK = "hung_up_before_talk"
    ABANDONED = "abandoned"
    TALKED = "talked"
    INTERRUPTED = "interrupted"
    IN_DOUBT = "in_doubt"


LIVE = frozenset({Outcome.HUNG_UP_BEFORE_TALK, Outcome.ABANDONED, Outcome.TALKED, Outcome.INTERRUPTED})
"""Outcomes of attempts that a person answered: what an abandonment rate is measured against."""


@dataclass(frozen=True, slots=True)
class NewLead:
    """A lead as a file or a program brings it; the phone is E.164."""

    phone: str
    name: str = ""
    company: str = ""
    timezone: str | None = None
    priority: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as the store holds it.

    `attempts`, `outcomes` and `last_outcome` speak of the attempts that have ended: neither an open nor
    a released one counts, nor one from before the lead was last opened anew. Times are epoch seconds; higher
    `priority` is called first.
    """

    id: int
    list: str
    phone: str
    name: str
    company: str
    timezone: str | None
    priority: int
    state: LeadState
    due_at: float | None
    attempts: int
    outcomes: Mapping[Outcome, int]
    last_outcome: Outcome | None
    extra: Mapping[str, str]

    def before(self, outcome: Outcome) -> Lead:
        """As it was before its last attempt, which ended so."""
        past = Counter(self.outcomes) - Counter([outcome])
        return replace(self, attempts=past.total(), outcomes=past)
