"""How often a lead will be called, by the campaign's rules and the chances of each outcome. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from config.models import Attempts
from leads.lead import Lead, LeadState, Outcome
from leads.rules import after_outcome


def expected_attempts(
    rules: Attempts, chances: Mapping[Outcome, float], so_far: Mapping[Outcome, int] | None = None
) -> float:
    """Mean number of attempts to come on a lead, if each ends as `chances` say, whatever came before.

    `so_far` are the attempts that it has behind it. Chances are of outcomes and sum to 1 at most; what is
    missing to 1 ends the lead.
    """
    outcomes = [outcome for outcome in Outcome if chances.get(outcome, 0.0) > 0]

    @cache
    def to_come(counts: tuple[tuple[Outcome, int], ...]) -> float:
        behind = dict(counts)
        lead = _lead(behind)
        mean = 1.0
        for outcome in outcomes:
            if after_outcome(lead, outcome, rules, 0.0).state is not LeadState.FINAL:
                following = behind | {outcome: behind.get(outcome, 0) + 1}
                mean += chances[outcome] * to_come(tuple(sorted(following.items())))
        return mean

    return to_come(tuple(sorted((so_far or {}).items())))


def _lead(outcomes: Mapping[Outcome, int]) -> Lead:
    """Somebody with these attempts."""
    return Lead(
        id=0, list="", phone="", name="", company="", timezone=None, priority=0, state=LeadState.CLAIMED,
        due_at=None, attempts=sum(outcomes.values()), outcomes=outcomes, last_outcome=None, extra={},
    )  # fmt: skip
