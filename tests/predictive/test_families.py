"""The families are what their table says, seen from the events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from predictive import create_pacer
from predictive.screening import MEASURED
from predictive.simulator import FAMILIES, Change, Scenario, scenario_of, simulate
from predictive.simulator.scenario import ScreeningTimes
from tests.predictive.recorder import Recorder

HOUR = 3600.0


def day(family: str, agents: int = 30) -> Recorder:
    run = Recorder(create_pacer("progressive"))
    simulate(scenario_of(family, agents), run, 1)
    return run


def rate(run: Recorder, part: str, of: str, begin: float, end: float) -> float:
    """Events `part` per events `of` of the attempts placed in these hours."""
    placed = {event.call for at, event in run.of("dial") if begin * HOUR <= at < end * HOUR}
    some, whole = ([event for _, event in run.of(kind) if event.call in placed] for kind in (part, of))
    assert len(whole) > 100
    return len(some) / len(whole)


def mean(run: Recorder, kind: str, begin: float, end: float) -> float:
    lengths = [event.seconds for at, event in run.of(kind) if begin * HOUR <= at < end * HOUR]
    assert len(lengths) > 100
    return sum(lengths) / len(lengths)


def present(run: Recorder, hour: float) -> set[str | None]:
    here: set[str | None] = set()
    for at, event in run.of("login", "logout"):
        if at <= hour * HOUR:
            (here.add if event.kind == "login" else here.discard)(event.agent)
    return here


@pytest.mark.parametrize(("family", "answered"), [("steady10", 0.10), ("steady25", 0.25), ("steady40", 0.40)])
def test_steady(family: str, answered: float) -> None:
    run = day(family)
    assert rate(run, "answer", "dial", 0, 9) == pytest.approx(answered, rel=0.06)
    assert rate(run, "no_answer", "dial", 0, 9) == pytest.approx(0.9 - answered, rel=0.03)
    assert rate(run, "machine", "answer", 0, 9) == pytest.approx(0.3 * 0.95 + 0.7 * 0.03, abs=0.025)
    assert mean(run, "answer", 0, 9) == pytest.approx(10.3, rel=0.03)  # cut off at 27 s
    assert mean(run, "wrap_end", 0, 9) == pytest.approx(25, rel=0.07)
    assert mean(run, "busy", 0, 9) == pytest.approx(2, rel=0.05)
    assert all(1.8 <= event.seconds <= 3.2 + 1e-9 for _, event in run.of("live", "machine"))


def test_halves() -> None:
    run = day("halves")
    for hour in range(8):
        assert rate(run, "answer", "dial", hour, hour + 1 / 3) == pytest.approx(0.25, abs=0.06)
        assert rate(run, "answer", "dial", hour + 1 / 3, hour + 2 / 3) == pytest.approx(0.125, abs=0.05)


def test_talk_shift() -> None:
    run = day("talk_shift", 60)
    usual, long, short = (mean(run, "talk_end", *span) for span in ((0.2, 2.5), (2.8, 5), (5.5, 7)))
    assert long / usual == pytest.approx(2, rel=0.15)
    assert short / usual == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("agents", [1, 3, 30])
def test_agents_change(agents: int) -> None:
    run = day("agents_change", agents)
    half = max(1, round(agents / 2))
    before, less, after = (present(run, hour) for hour in (1.9, 2.4, 2.6))
    assert len(before) == len(after) == agents
    assert less == before & less
    assert len(less) == agents - half
    assert len(after - before) == half, "those who come are others"
    left = [at for at, event in run.of("logout") if 2 * HOUR <= at < 2.4 * HOUR]
    assert sum(at == 2 * HOUR for at in left) >= agents // 10, "who is in no call leaves at once"


def test_list_change() -> None:
    run = day("list_change", 60)
    spans = ((0, 2.5), (2.5, 5), (5, 7), (7, 8.25))
    for span, answered, machines, ring in zip(
        spans, (0.25, 0.10, 0.40, 0.25), (0.30, 0.50, 0.15, 0.30), (10.3, 13.2, 8.0, 10.3), strict=True
    ):
        assert rate(run, "answer", "dial", *span) == pytest.approx(answered, rel=0.1)
        share = machines * 0.95 + (1 - machines) * 0.03
        assert rate(run, "machine", "answer", *span) == pytest.approx(share, rel=0.15)
        assert mean(run, "answer", *span) == pytest.approx(ring, rel=0.06)


def test_outage() -> None:
    run = day("outage")
    placed = {event.call: at for at, event in run.of("dial")}
    for hour, kind in ((1.5, "failed"), (3.0, "no_answer"), (4.5, "failed"), (6.0, "no_answer")):
        calls = {call for call, at in placed.items() if 0 <= at - hour * HOUR < 120}
        assert len(calls) > 20
        ends = {
            event.kind for _, event in run.of("busy", "failed", "no_answer", "answer") if event.call in calls
        }
        assert ends == {kind}
        assert rate(run, "answer", "dial", hour + 2 / 60, hour + 0.5) == pytest.approx(0.25, abs=0.04)


def test_few_trunks_bind_and_ample_ones_do_not() -> None:
    def lines(family: str) -> int:
        return simulate(scenario_of(family, 20), create_pacer("ratio", level=10.0), 1).lines_max

    assert lines("few_trunks") == 24
    assert 24 < lines("reference") < 200
    assert [scenario_of("few_trunks", agents).lines for agents in (1, 3, 100)] == [2, 4, 120]


def test_blended() -> None:
    figures = simulate(scenario_of("blended", 30), create_pacer("progressive"), 1)
    assert figures.inbound == pytest.approx(4 * 30 * 8, rel=0.15)
    assert figures.inbound_quit < figures.inbound * 0.02
    alone = simulate(scenario_of("reference", 30), create_pacer("progressive"), 1)
    assert figures.occupancy > alone.occupancy + 0.05
    callers = simulate(replace(scenario_of("blended", 30), answer_rate=0.0), create_pacer("progressive"), 1)
    assert callers.occupancy == pytest.approx(0.2, abs=0.06), "of those who are present"


def test_persons_and_machines_are_known_in_their_own_times_slow_tails_included() -> None:
    times = ScreeningTimes((0.5, 1.0, 1.5, 2.0, 6.0), (0.5, 4.0, 6.0))
    run = Recorder(create_pacer("progressive"))
    simulate(replace(scenario_of("reference", 30), screening=times, person_error=0, machine_error=0), run, 1)
    for kind, known in (("live", times.persons), ("machine", times.machines)):
        seconds = [event.seconds for _, event in run.of(kind)]
        assert len(seconds) > 1000
        for share, value in zip(range(0, 101, 100 // (len(known) - 1)), known, strict=True):
            below = sum(each <= value + 1e-9 for each in seconds) / len(seconds)
            assert below == pytest.approx(share / 100, abs=0.03), (kind, value)


def test_the_screened_day_has_the_errors_and_the_times_that_were_measured() -> None:
    run = day("screened")
    errors = 0.3 * (1 - MEASURED.machines_passed) + 0.7 * MEASURED.persons_lost
    assert rate(run, "machine", "answer", 0, 9) == pytest.approx(errors, abs=0.02)
    seconds = sorted(event.seconds for _, event in run.of("live", "machine"))
    tails = [times.seconds[-2] for times in (MEASURED.persons, MEASURED.machines)]
    assert min(tails) < seconds[int(len(seconds) * 0.97)]
    assert len(MEASURED.persons.seconds) == len(MEASURED.machines.seconds) == 21


def test_pauses_begin_at_once_when_idle_and_after_the_wrap_else() -> None:
    run = Recorder(create_pacer("progressive"))
    simulate(replace(scenario_of("reference", 5), break_every=0.0), run, 1)
    own = {name: [e for e in run.heard if e[1].agent == name] for name in present(run, 1)}
    befores = [
        before.kind
        for heard in own.values()
        for (_, before), (_, e) in pairwise(heard)
        if e.kind == "not_ready"
    ]
    assert set(befores) == {"ready", "wrap_end"}
    assert 0.2 < befores.count("ready") / len(befores) < 0.7
    pauses = len(befores) / 5
    assert pauses == pytest.approx(8.25 * 60 / 45, rel=0.35)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (lambda: scenario_of("sunny", 3), "no family is called 'sunny'"),
        (lambda: Scenario(agents=0), "agents must be at least 1, not 0"),
        (lambda: Scenario(answer_rate=1.2), "answer_rate must be a share"),
        (lambda: Scenario(answer_rate=0.95), r"answer_rate \+ fast_failed"),
        (lambda: Scenario(talk=0.0), "talk must be more than 0"),
        (lambda: Scenario(ring=30.0), "ring must be less than ring_timeout"),
        (lambda: Scenario(calls_per_second=0.0), "calls_per_second"),
        (lambda: Scenario(screening=ScreeningTimes((1.0,), (1.0, 2.0))), "screening of persons must be two"),
        (lambda: Scenario(screening=ScreeningTimes((1.0, 2.0), (2.0, 1.0))), "screening of machines"),
        (lambda: Scenario(screening=ScreeningTimes((0.0, 2.0), (1.0, 2.0))), "times above 0"),
        (lambda: Scenario(wrap=-1.0), "wrap must be 0 or more"),
        (lambda: Scenario(changes=(Change(5, "weather", 1),)), "a known field, not weather"),  # type: ignore[arg-type]
        (lambda: Scenario(changes=(Change(5, "answer_rate", 0.95),)), r"answer_rate \+ fast_failed"),
    ],
)
def test_what_cannot_be_is_refused(scenario: Callable[[], Scenario], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenario()


def test_every_family_stands_in_the_table() -> None:
    from predictive.simulator import families

    assert all(f"`{family}`" in (families.__doc__ or "") for family in FAMILIES)
