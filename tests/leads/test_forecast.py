"""How often a lead will be called: by hand, and by playing the rules out."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from config.models import Attempts
from leads.forecast import expected_attempts
from leads.lead import Lead, LeadState, Outcome
from leads.rules import after_outcome


def rules(most: int, **times: int) -> Attempts:
    retry = {outcome: {"after": "1h", "times": count} for outcome, count in times.items()}
    return Attempts.model_validate({"max": most, "retry": retry})


def test_by_hand() -> None:
    no_answer = {Outcome.NO_ANSWER: 0.75}
    assert expected_attempts(rules(3, no_answer=9), no_answer) == 1 + 0.75 + 0.75**2
    assert expected_attempts(rules(9, no_answer=1), no_answer) == 1 + 0.75
    assert expected_attempts(rules(9, busy=9), no_answer) == 1
    assert expected_attempts(rules(3, no_answer=9), no_answer, {Outcome.NO_ANSWER: 1}) == 1 + 0.75
    assert expected_attempts(rules(3, no_answer=9), {Outcome.TALKED: 1.0}) == 1


def test_it_is_the_mean_of_leads_that_live_by_the_rules() -> None:
    campaign = rules(5, busy=2, no_answer=3, abandoned=1)
    chances = {Outcome.BUSY: 0.2, Outcome.NO_ANSWER: 0.5, Outcome.ABANDONED: 0.05, Outcome.TALKED: 0.25}
    draw = random.Random(8)
    played = fmean(_play(campaign, chances, draw) for _ in range(5000))
    assert expected_attempts(campaign, chances) == pytest.approx(played, rel=0.03)


def _play(campaign: Attempts, chances: dict[Outcome, float], draw: random.Random) -> int:
    outcomes: dict[Outcome, int] = {}
    while True:
        (outcome,) = draw.choices(list(chances), list(chances.values()))
        made = sum(outcomes.values())
        lead = Lead(1, "l", "", "", "", None, 0, LeadState.CLAIMED, None, made, outcomes, None, {})
        move = after_outcome(lead, outcome, campaign, 0.0)
        outcomes = outcomes | {outcome: outcomes.get(outcome, 0) + 1}
        if move.state is LeadState.FINAL:
            return sum(outcomes.values())


def test_many_outcomes_and_attempts_take_no_time() -> None:
    names = ("busy", "no_answer", "failed", "abandoned", "hung_up_before_talk")
    chances = {Outcome(name): 0.19 for name in names}
    assert 1 < expected_attempts(rules(20, **dict.fromkeys(names, 4)), chances) < 20
