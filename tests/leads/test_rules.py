"""What an outcome makes of a lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import MISSED_MACHINE, Attempts, Disposition, DispositionClass
from leads.lead import Lead, LeadState, Outcome
from leads.rules import after_outcome, after_said, span

NOW = 1_800_000_000.0
RULES = Attempts.model_validate(
    {
        "max": 4,
        "retry": {
            "busy": {"after": "15m", "times": 2},
            "no_answer": {"after": "2h", "times": 3},
            "abandoned": {"after": "3d", "times": 1},
        },
    }
)


def lead(**outcomes: int) -> Lead:
    counts = {Outcome(name): count for name, count in outcomes.items()}
    return Lead(
        id=1,
        list="l",
        phone="+79031234567",
        name="",
        company="",
        timezone=None,
        priority=0,
        state=LeadState.CLAIMED,
        due_at=None,
        attempts=sum(counts.values()),
        outcomes=counts,
        last_outcome=None,
        extra={},
    )


@pytest.mark.parametrize(
    ("before", "outcome", "after", "told"),
    [
        ({}, "busy", 900, "busy: called again in 15 min, attempt 1 of 4 is done"),
        ({"busy": 1}, "busy", 900, "attempt 2 of 4"),
        ({"busy": 2}, "busy", None, "busy: final, called again 2 times after this already"),
        ({"busy": 2}, "no_answer", 7200, "no answer: called again in 2 h"),
        ({"no_answer": 3}, "no_answer", None, "attempt 4 of 4 was the last"),
        ({"no_answer": 3}, "busy", None, "attempt 4 of 4 was the last"),
        ({}, "abandoned", 3 * 86400, "no agent was free in time: called again in 3 d"),
        ({"abandoned": 1}, "abandoned", None, "final"),
        ({}, "failed", None, "the campaign does not call again after this"),
        ({}, "in_doubt", None, "it counts as placed: final"),
        ({}, "talked", None, "talked: final"),
    ],
)
def test_the_campaigns_rule_decides(
    before: dict[str, int], outcome: str, after: float | None, told: str
) -> None:
    move = after_outcome(lead(**before), Outcome(outcome), RULES, NOW)
    assert told in move.reason
    if after is None:
        assert (move.state, move.due_at) == (LeadState.FINAL, None)
    else:
        assert (move.state, move.due_at) == (LeadState.SCHEDULED, NOW + after)


@pytest.mark.parametrize(
    ("disposition", "state"),
    [
        (DispositionClass.SUCCESS, LeadState.FINAL),
        (DispositionClass.REFUSAL, LeadState.FINAL),
        (DispositionClass.CALLBACK, LeadState.SCHEDULED),
        (DispositionClass.NO_CONTACT, LeadState.SCHEDULED),
    ],
)
def test_after_a_talk_the_disposition_decides(disposition: DispositionClass, state: LeadState) -> None:
    move = after_outcome(lead(), Outcome.TALKED, RULES, NOW, disposition)
    assert move.state is state
    assert disposition.value in move.reason


def test_an_agents_own_disposition_is_named_and_counts_for_what_it_means() -> None:
    site = {"later": Disposition(title="Later", means=DispositionClass.CALLBACK)}
    move = after_said("later", site, lead(), RULES, NOW)
    assert move.state is LeadState.SCHEDULED
    assert "talked (later), disposition callback: called again in" in move.reason
    gone = after_said("of_an_earlier_site", site, lead(), RULES, NOW)
    assert (gone.state, gone.reason) == (LeadState.FINAL, "talked (of_an_earlier_site): final")


@given(st.lists(st.sampled_from(list(Outcome)), min_size=30, max_size=30), st.integers(1, 20))
def test_no_lead_is_called_more_often_than_max(outcomes: list[Outcome], most: int) -> None:
    rules = RULES.model_copy(update={"max": most})
    counts: dict[str, int] = {}
    for made, outcome in enumerate(outcomes, 1):
        move = after_outcome(lead(**counts), outcome, rules, NOW)
        counts[outcome] = counts.get(outcome, 0) + 1
        if move.state is LeadState.FINAL:
            return
        assert made < most
        assert move.due_at is not None
        assert move.due_at > NOW
        assert counts[outcome] <= rules.retry[outcome.value].times  # type: ignore[index]  # any outcome's name
    raise AssertionError("never final")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59, "59 s"), (900, "15 min"), (9000, "2 h 30 min"), (259200, "3 d"), (90061, "1 d 1 h")],
)
def test_lengths_of_time_are_said_in_two_units_at_most(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_machine_that_an_agent_had_is_called_again_by_the_rule_for_machines() -> None:
    attempts = Attempts.model_validate({"max": 3, "retry": {"machine": {"after": "4h", "times": 1}}})
    first = after_said(MISSED_MACHINE, {}, lead(), attempts, 100.0)
    assert (first.state, first.due_at) == (LeadState.SCHEDULED, 100.0 + 4 * 3600)
    assert first.reason.startswith("an agent had a machine on the line: called again in 4 h")
    assert after_said(MISSED_MACHINE, {}, lead(machine=1), attempts, 100.0).state is LeadState.FINAL
