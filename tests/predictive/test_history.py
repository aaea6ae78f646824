"""What is learnt of a campaign's past: a scenario that was simulated is found again in its own records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from predictive import create_pacer
from predictive.simulator import Scenario, simulate
from predictive.simulator.history import ATTEMPTS, LENGTHS, SIGNED_IN, Learnt, PastAttempt, Spell, learn
from tests.predictive.recorder import Recorder

KNOWN: dict[str, Any] = {"screening": None, "machine_share": 0.0, "break_every": 0.0}
"""What an attempt's record cannot tell."""


def recorded(scenario: Scenario, seed: int = 1) -> tuple[list[PastAttempt], list[Spell]]:
    """A day's attempts and spells, as a journal has them."""
    recorder = Recorder(create_pacer("progressive"))
    simulate(scenario, recorder, seed)
    return list(_attempts(recorder)), list(_spells(recorder))


def _attempts(recorder: Recorder) -> Iterator[PastAttempt]:
    rang: dict[str, float] = {}
    talking: dict[str, str] = {}
    for _, event in recorder.heard:
        call, agent = event.call or "", event.agent or ""
        match event.kind:
            case "busy" | "failed" | "no_answer":
                yield PastAttempt(event.kind, event.seconds)
            case "answer":
                rang[call] = event.seconds
            case "connect":
                talking[agent] = call
            case "abandon":
                yield PastAttempt("answer", rang[call])
            case "talk_end":
                yield PastAttempt("answer", rang[talking.pop(agent)], event.seconds, agent)


def _spells(recorder: Recorder) -> Iterator[Spell]:
    state: dict[str, tuple[Any, float]] = {}
    states = {"ready": "ready", "not_ready": "not_ready", "connect": "talking", "talk_end": "wrap_up"}
    for at, event in recorder.heard:
        agent = event.agent
        if agent is None:
            continue
        if agent in state and event.kind in (*states, "logout"):
            was, since = state.pop(agent)
            yield Spell(was, at - since)
        if event.kind in states:
            state[agent] = (states[event.kind], at)


def learnt(scenario: Scenario) -> Learnt:
    return learn(*recorded(scenario), scenario.ring_timeout)


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(20, **KNOWN),
        Scenario(20, answer_rate=0.6, fast_failed=0.3, ring=5.0, talk=60.0, talk_cv=0.4, wrap=40.0, **KNOWN),
        Scenario(
            80, answer_rate=0.1, ring=15.0, ring_cv=0.2, agent_cv=0.3, pause_every=1200.0, pause_length=60.0,
            **KNOWN,
        ),
    ],
    ids=["reference", "quick", "slow"],
)  # fmt: skip
def test_the_rates_of_a_simulated_day_are_recovered(scenario: Scenario) -> None:
    rates = learnt(scenario).rates
    for name in ("answer_rate", "ring", "talk", "wrap"):
        assert rates[name] == pytest.approx(getattr(scenario, name), rel=0.1), name
    assert rates["fast_failed"] == pytest.approx(scenario.fast_failed, rel=0.15)
    for name in ("ring_cv", "talk_cv", "wrap_cv"):
        assert rates[name] == pytest.approx(getattr(scenario, name), rel=0.15), name
    assert rates["agent_cv"] == pytest.approx(scenario.agent_cv, abs=0.09)
    # Pauses that fall due in a pause join it: there are fewer, and longer ones; the share of time stays.
    share = rates["pause_length"] / rates["pause_every"]
    assert share == pytest.approx(scenario.pause_length / scenario.pause_every, rel=0.2)


def test_a_scenario_of_what_was_learnt_comes_to_the_same_occupancy() -> None:
    first = Scenario(20, **KNOWN)
    again = replace(Scenario(20, **KNOWN), **learnt(first).rates)  # type: ignore[arg-type]  # numbers all
    pacer = create_pacer("progressive")
    expected = simulate(first, pacer, 7)
    found = simulate(again, create_pacer("progressive"), 7)
    assert found.occupancy == pytest.approx(expected.occupancy, abs=0.02)
    assert found.attempts == pytest.approx(expected.attempts, rel=0.06)


def test_what_rests_on_too_little_is_left_out() -> None:
    unanswered = [PastAttempt("no_answer", 27.0)]
    talks = [PastAttempt("answer", 5.0, 100.0, "a")]
    few = learn(unanswered * (ATTEMPTS - LENGTHS) + talks * (LENGTHS - 1), [], 27.0)
    assert few.rates == {}
    assert (few.attempts, few.talks) == (ATTEMPTS - 1, LENGTHS - 1)
    enough = learn(unanswered * (ATTEMPTS - LENGTHS) + talks * LENGTHS, [], 27.0)
    assert enough.rates["answer_rate"] == LENGTHS / ATTEMPTS
    assert (enough.rates["talk"], enough.rates["talk_cv"], enough.rates["agent_cv"]) == (100.0, 0.0, 0.0)
    assert not {"wrap", "pause_every"} & set(enough.rates)


def test_pauses_are_judged_by_the_time_signed_in() -> None:
    half, pause = Spell("ready", SIGNED_IN / 2), Spell("not_ready", 600.0)
    assert learn([], [half, pause], 27.0).rates == {}
    rates = learn([], [half, half, pause, pause], 27.0).rates
    assert rates == {"break_every": 0.0, "pause_every": (SIGNED_IN + 1200) / 2, "pause_length": 600.0}
    assert learn([], [half, half], 27.0).rates == {"break_every": 0.0, "pause_every": 0.0}


def test_who_answered_later_than_calls_ring_today_would_not_answer() -> None:
    attempts = [PastAttempt("answer", 10.0)] * 100 + [PastAttempt("answer", 30.0)] * 100
    assert learn(attempts, [], 40.0).rates["answer_rate"] == 1.0
    rates = learn(attempts, [], 20.0).rates
    assert (rates["answer_rate"], rates["ring"]) == (0.5, 10.0)


def test_agents_who_talk_alike_are_found_alike_and_others_are_not() -> None:
    draw = random.Random(4)
    for factors, expected in (([1.0] * 8, 0.0), ([0.5, 0.7, 0.9, 1.1, 1.3, 1.5], 0.39)):
        talks = [
            PastAttempt("answer", 5.0, factor * draw.lognormvariate(5.0, 0.7), str(agent))
            for agent, factor in enumerate(factors)
            for _ in range(400)
        ]
        assert learn(talks, [], 27.0).rates["agent_cv"] == pytest.approx(expected, abs=0.08)
