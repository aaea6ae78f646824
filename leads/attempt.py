"""An attempt: one placing of one call to one phone of one lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leads.lead import Outcome


class AttemptState(StrEnum):
    """Where an attempt stands in the journal."""

    INTENT = "intent"
    SENT = "sent"
    ENDED = "ended"
    RELEASED = "released"


MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.INTENT: frozenset({AttemptState.SENT, AttemptState.ENDED, AttemptState.RELEASED}),
    AttemptState.SENT: frozenset({AttemptState.ENDED, AttemptState.RELEASED}),
    AttemptState.ENDED: frozenset(),
    AttemptState.RELEASED: frozenset(),
}

OPEN = (AttemptState.INTENT, AttemptState.SENT)
"""States of an attempt whose fate is not yet known."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the journal. `number` counts per lead from 1; times are epoch seconds."""

    id: str
    lead_id: int
    campaign: str
    trunk: str
    number: int
    phone: str
    epoch: int
    state: AttemptState
    claimed_at: float
    sent_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    connected_at: float | None = None
    taken_at: float | None = None
    """When an agent had them; `connected_at` is when anybody spoke with them, if only the robot."""
    ended_at: float | None = None
    agent: str | None = None
    disposition: str | None = None
    """What came of the talk: one of the site's or `MISSED_MACHINE`; the robot's, where no agent says so."""
    disposition_by: str | None = None
    """The agent who says so."""
    outcome: Outcome | None = None
    cause: str | None = None
    note: str = ""
    heard: str | None = None
    """Who answered, by the screen: `sounds.screening.Heard`."""
    greeted_at: float | None = None
    """When the person's greeting ended, where the screen knows."""
