"""The screen's errors in a campaign: the benchmark's until agents' marks say otherwise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictive.ledger import Counts
from predictive.screening import (
    MACHINES_AMONG_ANSWERED,
    MEASURED,
    NO_MARKS,
    WEIGHT,
    Benchmark,
    Marks,
    Trials,
    errors,
    is_checked,
)

KNOWN = Benchmark(persons=Trials(400, 4), machines=Trials(400, 24))


def test_a_campaign_of_which_nothing_is_known_has_the_benchmarks_errors_by_bayes_rule() -> None:
    share = MACHINES_AMONG_ANSWERED
    found = errors(Counts(), NO_MARKS, KNOWN)
    lost, passed = 0.01 * (1 - share), 0.06 * share
    assert found.persons_among_machines == pytest.approx(lost / (lost + 0.94 * share))
    assert found.machines_among_persons == pytest.approx(passed / (passed + 0.99 * (1 - share)))


def test_the_more_machines_the_fewer_persons_among_them() -> None:
    few = errors(Counts(connected=9000, machines=1000), NO_MARKS, KNOWN)
    many = errors(Counts(connected=1000, machines=9000), NO_MARKS, KNOWN)
    assert few.persons_among_machines > 5 * many.persons_among_machines
    assert few.machines_among_persons < many.machines_among_persons / 5


def test_a_campaign_without_machines_says_that_all_it_hung_up_were_persons() -> None:
    """The screen takes 1 % of persons for machines: where it hears no more than that, there are none."""
    found = errors(Counts(connected=99_500, machines=500), NO_MARKS, KNOWN)
    assert found.persons_among_machines == 1.0
    assert found.machines_among_persons == 0.0


def test_marks_move_the_estimate_from_the_benchmark_to_what_agents_say() -> None:
    counts = Counts(connected=6700, machines=3300)
    before = errors(counts, NO_MARKS, KNOWN)
    few = errors(counts, Marks(100, 20, 10, 5), KNOWN)
    many = errors(counts, Marks(10_000, 2000, 1000, 500), KNOWN)
    assert before.machines_among_persons < few.machines_among_persons < many.machines_among_persons
    assert before.persons_among_machines < few.persons_among_machines < many.persons_among_machines
    assert few.persons_among_machines == pytest.approx(
        (WEIGHT * before.persons_among_machines + 5) / (WEIGHT + 10)
    )
    assert many.machines_among_persons == pytest.approx(0.2, abs=0.01)
    assert many.persons_among_machines == pytest.approx(0.5, abs=0.06)


def test_agents_who_mark_nothing_say_nothing() -> None:
    counts = Counts(connected=6700, machines=3300)
    assert errors(counts, Marks(6700, 0, 60, 0), KNOWN) == errors(counts, NO_MARKS, KNOWN)


def test_the_estimates_find_a_campaigns_true_errors() -> None:
    """A simulated month of a screen that is worse than the benchmark says, with a sample of one in fifty."""
    luck = random.Random(5)
    persons_lost, machines_passed, machines = 0.05, 0.15, 0.4
    hung_up = wrong = talks = missed = checked = checked_machines = 0
    for _ in range(60_000):
        machine = luck.random() < machines
        heard_as_machine = luck.random() < (1 - machines_passed if machine else persons_lost)
        if not heard_as_machine or luck.random() < 0.02:
            talks += 1
            missed += machine
            checked += heard_as_machine
            checked_machines += heard_as_machine and machine
        else:
            hung_up += 1
            wrong += not machine
    counts = Counts(connected=talks, machines=hung_up)
    found = errors(counts, Marks(talks, missed, checked, checked_machines), KNOWN)
    assert found.machines_among_persons == pytest.approx(missed / talks, rel=0.02)
    assert found.persons_among_machines == pytest.approx(wrong / hung_up, rel=0.25)
    assert errors(counts, NO_MARKS, KNOWN).persons_among_machines < 0.5 * wrong / hung_up


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_machines_that_agents_get_as_a_sample_are_machines_all_the_same(share: float) -> None:
    """A simulated month, in which nobody marks: by the screen's words alone, whatever part of them passes."""
    luck = random.Random(11)
    machines, calls = 0.4, 60_000
    hung_up = wrong = passed = missed = sample = 0
    for _ in range(calls):
        machine = luck.random() < machines
        heard_as_machine = luck.random() < (1 - KNOWN.machines_passed if machine else KNOWN.persons_lost)
        if heard_as_machine and luck.random() >= share:
            hung_up += 1
            wrong += not machine
        else:
            passed += 1
            missed += machine
            sample += heard_as_machine
    found = errors(Counts(connected=passed, machines=hung_up), Marks(passed_on=sample), KNOWN)
    assert found.machines_among_persons == pytest.approx(missed / passed, rel=0.05)
    truth = wrong / hung_up if hung_up else KNOWN.persons_lost * 0.6 / (KNOWN.persons_lost * 0.6 + 0.94 * 0.4)
    assert found.persons_among_machines == pytest.approx(truth, rel=0.1)


COUNT = st.integers(0, 10_000)


@given(COUNT, COUNT, COUNT, st.data())
def test_an_error_is_always_a_share(connected: int, left: int, machines: int, data: st.DataObject) -> None:
    marked = data.draw(st.integers(0, connected))
    checked = data.draw(st.integers(0, connected))
    checked_machines = data.draw(st.integers(0, min(checked, marked)))
    counts = Counts(connected=connected, left=left, machines=machines)
    sample = data.draw(st.integers(checked, 20_000))
    found = errors(counts, Marks(connected, marked, checked, checked_machines, sample), MEASURED)
    assert 0 <= found.persons_among_machines <= 1
    assert 0 <= found.machines_among_persons <= 1


def test_a_sample_is_drawn_from_the_id_and_has_its_share() -> None:
    ids = [f"{n:016x}" for n in range(20_000)]
    sample = {attempt for attempt in ids if is_checked(attempt, 0.02)}
    assert len(sample) == pytest.approx(400, abs=60)
    assert sample == {attempt for attempt in ids if is_checked(attempt, 0.02)}, "asked again, the same"
    assert sample < {attempt for attempt in ids if is_checked(attempt, 0.03)}, "a larger one has it too"
    assert not any(is_checked(attempt, 0.0) for attempt in ids)
    assert all(is_checked(attempt, 1.0) for attempt in ids)
