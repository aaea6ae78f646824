"""`bench agreement`: its people, its figures, its intervals. The run takes its real time and is no test."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import fmean

import pytest

from bench._campaign import (
    SHORT,
    Estimate,
    Minute,
    Person,
    campaign,
    minute,
    of_batches,
    of_runs,
    people,
    simulated,
    student,
)
from bench._life import Life, site_source
from bench.agreement import figures, lines, run
from config.load import load_site
from config.secrets import create_missing
from lab import fake
from lab.behaviour import Behaviour, Kind
from leads.attempt import Attempt, AttemptState
from leads.lead import Outcome
from predictive.simulator.luck import Law, Leads


@pytest.mark.parametrize(("freedom", "point"), [(5, 2.571), (9, 2.262), (30, 2.042), (99, 1.984)])
def test_students_points_are_those_of_the_tables(freedom: int, point: float) -> None:
    assert student(freedom) == pytest.approx(point, abs=0.01)


def test_an_interval_of_batches_holds_the_truth_as_often_as_it_says() -> None:
    dice = random.Random(1)
    held, runs = 0, 400
    for _ in range(runs):
        live = [dice.randint(60, 80) for _ in range(10)]
        abandoned = [sum(dice.random() < 0.05 for _ in range(count)) for count in live]
        told = of_batches(abandoned, live)
        assert told.value == pytest.approx(sum(abandoned) / sum(live))
        held += told.low <= 0.05 <= told.high
    assert 0.90 <= held / runs <= 0.98


def test_where_nobody_was_abandoned_the_interval_still_has_a_width() -> None:
    """The rule of three."""
    assert of_batches([0] * 10, [30] * 10) == Estimate(0.0, 0.0, 0.01)


def test_intervals_agree_where_they_overlap() -> None:
    assert Estimate(0.5, 0.4, 0.6).agrees(Estimate(0.65, 0.6, 0.7))
    assert not Estimate(0.5, 0.4, 0.6).agrees(Estimate(0.7, 0.61, 0.8))
    told = of_runs([0.5, 0.6, 0.7, 0.6, 0.5])
    assert told.value == pytest.approx(fmean([0.5, 0.6, 0.7, 0.6, 0.5])) and told.low < 0.58 < told.high


def test_lead_k_is_the_simulators_lead_k_in_every_world() -> None:
    leads, talks = Leads(SHORT, 7), Law(SHORT.talk, SHORT.talk_cv)
    kinds = set()
    for person in people(SHORT, 7, 200).values():
        lead = leads.next()
        kinds.add(lead.kind)
        assert (person.kind, person.ring) == (lead.kind, round(lead.seconds, 2))
        assert person.talk == round(talks.at(lead.talk), 2)
    assert kinds == {"answer", "busy", "failed", "no_answer"}


WORLDS = {
    "answer": (Behaviour(Kind.ANSWERS, 4.0, 20.0), fake.Answer(4.0, talk=20.0)),
    "busy": (Behaviour(Kind.BUSY, 4.0), fake.Reject(486, 4.0)),
    "failed": (Behaviour(Kind.REFUSED, 4.0, code=404), fake.Reject(404, 4.0)),
    "no_answer": (Behaviour(Kind.NO_ANSWER), fake.Ring()),
}


@pytest.mark.parametrize("kind", WORLDS)
def test_a_person_does_the_same_in_the_city_and_in_the_fake(kind: str) -> None:
    person = Person(kind, 4.0, 20.0)
    assert (person.in_city(), person.in_fake()) == WORLDS[kind]


def an_attempt(answered_at: float | None, outcome: Outcome) -> Attempt:
    return Attempt(
        "0" * 16, 1, "spring", "city", 1, "+74950000001", 1, AttemptState.ENDED, 0.0, 0.0,
        answered_at=answered_at, outcome=outcome,
    )  # fmt: skip


def test_a_minute_counts_agents_time_and_the_persons_who_answered_in_it() -> None:
    states = [
        {("talking", ""): 30.0, ("wrap_up", ""): 5.0, ("ready", ""): 24.0, ("ringing", ""): 1.0},
        {("not_ready", "lunch"): 60.0},
    ]
    attempts = [
        an_attempt(100.0, Outcome.TALKED),
        an_attempt(159.9, Outcome.ABANDONED),
        an_attempt(160.0, Outcome.ABANDONED),
        an_attempt(None, Outcome.BUSY),
    ]
    assert minute(states, attempts, 100.0) == Minute(35.0, 60.0, 2, 1)


def test_the_site_has_the_scenarios_agents_limits_and_times(tmp_path: Path) -> None:
    scenario = campaign(agents=3, minutes=10)
    folder = site_source(tmp_path / "site", scenario)
    create_missing(folder)
    site = load_site(folder)
    spring = site.campaigns["spring"]
    assert len(site.members(spring.group)) == 3
    assert (spring.mode, spring.aim, spring.grace) == ("predictive", 0.03, scenario.grace)
    assert (spring.ring_time, spring.lines) == (scenario.ring_timeout, scenario.trunk_lines)
    assert site.groups[spring.group].wrap_up == pytest.approx(scenario.wrap + 0.5)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"minutes": 4}, "--minutes and --runs must be at least 5"),
        ({"runs": 4}, "--minutes and --runs must be at least 5"),
        ({"agents": 300, "minutes": 60}, "need more than 10000 leads"),
    ],
)
def test_what_cannot_be_told_is_not_begun(options: dict[str, int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        run(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("busy", "agrees"), [(55.0, True), (20.0, False)])
def test_life_stands_beside_the_simulator_with_a_verdict(busy: float, agrees: bool) -> None:
    scenario = campaign(agents=5, minutes=5)
    expected = simulated(scenario, range(1, 7))
    share = busy / 60
    minutes = [Minute(300 * (share + wobble), 300.0, 12, 0) for wobble in (-0.2, -0.1, 0.0, 0.06, 0.08)]
    told = figures(
        scenario, 6, expected, {"fake": Life("fake", minutes, 100, (30.0, 20.0, 900.0), 500.0, 0, 9.0)}
    )
    assert told["fake"]["agree"] is agrees  # type: ignore[index]
    text = "\n".join(lines(told))
    assert f"fake (Asterisk fake): {'agrees' if agrees else 'DIFFERS'};" in text
