"""The simulator's engine: nothing is lost, luck is the lead's, figures are what the events say."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from predictive import Event, Floor, Pacer, create_pacer
from predictive.simulator import FAMILIES, Scenario, scenario_of, simulate
from tests.predictive.recorder import Flood, Recorder

SHORT = Scenario(agents=6, hours=1.5, lines=20, inbound=6.0, pause_every=900.0, break_every=2400.0)
PACERS: list[Pacer] = [create_pacer("progressive"), create_pacer("ratio", level=3.0), Flood()]
ENDS = ("busy", "no_answer", "failed", "machine", "abandon", "talk_end")


def recorded(scenario: Scenario, pacer: Pacer, seed: int = 1, days: int = 1) -> Recorder:
    recorder = Recorder(pacer)
    simulate(scenario, recorder, seed, days=days)
    return recorder


@pytest.mark.parametrize("pacer", PACERS)
def test_every_attempt_ends_once(pacer: Pacer) -> None:
    run = recorded(SHORT, pacer)
    way = {
        "dial": {"busy", "no_answer", "failed", "answer"},
        "answer": {"machine", "live"},
        "live": {"connect", "abandon"},
        "inbound": {"inbound_connect", "inbound_quit"},
    }
    at: dict[str, str] = {}
    for _, event in run.heard:
        if event.call is not None:
            before = at.get(event.call)
            assert event.kind in (way[before] if before else {"dial", "inbound"}), (before, event)
            at[event.call] = event.kind
    assert not set(at.values()) & set(way), "a call without an end"
    kinds = Counter(event.kind for _, event in run.heard)
    assert kinds["live"] == kinds["connect"] + kinds["abandon"]
    assert kinds["connect"] + kinds["inbound_connect"] == kinds["talk_end"] == kinds["wrap_end"]
    assert kinds["login"] == kinds["logout"] == 6


def test_abandoned_exactly_when_the_grace_is_over_and_taken_within_it() -> None:
    run = recorded(SHORT, Flood())
    assert len(run.of("abandon")) > 100
    assert all(event.seconds == pytest.approx(2.0) for _, event in run.of("abandon"))
    assert any(event.seconds > 0 for _, event in run.of("connect"))
    assert all(0 <= event.seconds <= 2.0 + 1e-9 for _, event in run.of("connect"))


class Watch(Recorder):
    """Checks what the floor shows against what was heard."""

    def __init__(self, pacer: Pacer) -> None:
        super().__init__(pacer)
        self.calls: dict[str, str] = {}
        self.most = 0

    def on_event(self, now: float, event: Event) -> None:
        super().on_event(now, event)
        if event.call:
            self.calls[event.call] = event.kind

    def calls_to_place(self, now: float, floor: Floor) -> int:
        stages = Counter(self.calls.values())
        assert len(floor.ringing) == stages["dial"]
        assert len(floor.screening) == stages["answer"]
        assert len(floor.waiting) == stages["live"]
        assert floor.inbound_waiting == stages["inbound"]
        assert not floor.ready or not floor.waiting, "a person waits, and so does an agent"
        assert len({*floor.ready, *floor.talking, *floor.wrapping, *floor.not_ready}) <= 6
        assert floor.allowance <= 20
        assert 0 <= floor.free_lines <= 20 - len(floor.ringing) - len(floor.screening) - len(floor.waiting)
        assert list(floor.ready.values()) == sorted(floor.ready.values())
        return super().calls_to_place(now, floor)


@pytest.mark.parametrize("pacer", PACERS)
def test_the_floor_shows_what_was_heard(pacer: Pacer) -> None:
    watch = Watch(pacer)
    figures = simulate(SHORT, watch, 2)
    assert len(watch.asked) > 5000
    assert figures.lines_max <= 20
    assert max(later - earlier for earlier, later in pairwise(watch.asked)) <= 1.0 + 1e-9


def agent_time(run: Recorder, opens: float, closes: float) -> dict[str, float]:
    """Counted seconds of all agents by state, from their events alone."""
    state: dict[str, tuple[str, float]] = {}
    total: dict[str, float] = defaultdict(float)
    into = {"connect": "talk", "talk_end": "wrap", "not_ready": "pause", "ready": "idle", "login": "in"}
    for now, event in run.heard:
        if event.agent is None or event.kind not in {*into, "logout"}:
            continue
        if event.agent in state:
            kind, since = state.pop(event.agent)
            total[kind] += max(0.0, min(now, closes) - max(since, opens))
        if event.kind in into:
            state[event.agent] = (into[event.kind], now)
    assert not state
    return total


@pytest.mark.parametrize("pacer", PACERS)
def test_the_figures_are_what_the_events_say(pacer: Pacer) -> None:
    scenario = replace(SHORT, inbound=0.0)
    run = Recorder(pacer)
    figures = simulate(scenario, run, 3)
    opens, closes = 900.0, 900.0 + 1.5 * 3600
    spent = agent_time(run, opens, closes)
    busy = spent["talk"] + spent["wrap"]
    assert figures.occupancy == pytest.approx(busy / (busy + spent["idle"]))
    assert figures.agent_hours == pytest.approx((busy + spent["idle"]) / 3600)
    live = [event.call for at, event in run.of("live") if at >= opens]
    counted = set(live)
    abandoned = [event for _, event in run.of("abandon") if event.call in counted]
    assert figures.persons + figures.machines == len(live)
    assert figures.abandoned + figures.abandoned_machines == len(abandoned)
    assert figures.heard == pytest.approx(len(abandoned) / len(live))
    assert figures.attempts == sum(at >= opens for at, _ in run.of("dial"))
    taken = sum(at >= opens for at, _ in run.of("connect"))
    assert figures.wait == pytest.approx(spent["idle"] / taken)


def test_lines_are_what_the_events_say() -> None:
    run = Recorder(Flood())
    figures = simulate(replace(SHORT, inbound=0.0, lines=7), run, 3)
    used = most = 0
    for now, event in run.heard:
        used += (event.kind == "dial") - (event.kind in ENDS)
        most = max(most, used) if now > 900 else most
    assert used == 0
    assert figures.lines_max == most == 7


def luck(run: Recorder) -> dict[str, tuple[str, float]]:
    """What became of every lead until it was live or ended."""
    fate: dict[str, tuple[str, float]] = {}
    for _, event in run.of("busy", "no_answer", "failed", "answer", "machine", "live"):
        assert event.call is not None
        kind, seconds = fate.get(event.call, ("", 0.0))
        fate[event.call] = (f"{kind} {event.kind}", round(seconds + event.seconds, 6))
    return fate


def test_a_lead_has_the_same_luck_under_every_pacer() -> None:
    slow, fast = recorded(SHORT, create_pacer("progressive"), 7), recorded(SHORT, Flood(), 7)
    assert len(fast.of("dial")) > 1.5 * len(slow.of("dial"))
    few, many = luck(slow), luck(fast)
    assert few.items() <= many.items()
    other = luck(recorded(SHORT, create_pacer("progressive"), 8))
    assert not few.items() <= other.items()


def test_agents_have_the_same_habits_under_every_pacer() -> None:
    def wraps(run: Recorder) -> dict[str, list[float]]:
        by_agent: dict[str, list[float]] = defaultdict(list)
        for _, event in run.of("wrap_end"):
            by_agent[event.agent or ""].append(round(event.seconds, 6))
        return by_agent

    slow, fast = wraps(recorded(SHORT, create_pacer("progressive"), 7)), wraps(recorded(SHORT, Flood(), 7))
    for agent, lengths in slow.items():
        both = min(len(lengths), len(fast[agent]))
        assert both > 10
        assert lengths[:both] == fast[agent][:both]


def test_a_talk_is_the_leads_and_the_agents() -> None:
    def talks(agent_cv: float, pacer: Pacer) -> dict[str, float]:
        length: dict[str, float] = {}
        call_of: dict[str, str] = {}
        for _, event in recorded(replace(SHORT, hours=4, agent_cv=agent_cv, inbound=0.0), pacer, 7).heard:
            if event.kind == "connect":
                call_of[event.agent or ""] = event.call or ""
            elif event.kind == "talk_end":
                length[call_of[event.agent or ""]] = round(event.seconds, 6)
        return length

    for agent_cv, same in ((0.0, True), (0.12, False)):
        slow, fast = talks(agent_cv, create_pacer("progressive")), talks(agent_cv, Flood())
        both = slow.keys() & fast.keys()
        assert len(both) > 20
        assert all(slow[call] == fast[call] for call in both) == same
        assert all(0.4 < slow[call] / fast[call] < 2.5 for call in both), "the lead decides most of it"


def test_callers_are_served_before_persons() -> None:
    calls: dict[str | None, str] = {}
    taken = 0
    for _, event in recorded(replace(SHORT, grace=60.0, inbound=12.0), Flood()).heard:
        if event.kind == "connect" and event.seconds > 0:
            taken += 1
            assert "inbound" not in calls.values(), "a caller waits"
        calls[event.call] = event.kind
    assert taken > 30
    assert "inbound_connect" in calls.values()


def test_persons_taken_for_machines_are_counted_apart() -> None:
    persons = replace(SHORT, inbound=0.0, warm_up=0.0, machine_share=0.0)
    run = Recorder(Flood())
    assert simulate(persons, run, 1).lost_persons == len(run.of("machine")) > 20
    assert simulate(replace(SHORT, person_error=0.0), Flood(), 1).lost_persons == 0


def test_without_screening_whoever_answers_is_live_at_once() -> None:
    run = Recorder(Flood())
    figures = simulate(replace(SHORT, inbound=0.0, warm_up=0.0, screening=None), run, 1)
    assert not run.of("machine")
    assert [at for at, _ in run.of("live")] == [at for at, _ in run.of("answer")]
    assert figures.machines == pytest.approx(0.3 * (figures.machines + figures.persons), rel=0.15)


def test_two_runs_with_one_seed_are_equal() -> None:
    def run(seed: int) -> Recorder:
        return recorded(SHORT, create_pacer("ratio", level=2.0), seed, days=2)

    assert run(4).heard == run(4).heard
    assert run(4).heard != run(5).heard


def test_progress_and_a_timer_change_nothing() -> None:
    ticks = iter(range(10**9))
    told: list[float] = []
    plain = simulate(SHORT, create_pacer("progressive"), 1, days=2)
    timed = simulate(
        SHORT, create_pacer("progressive"), 1, days=2, timer=lambda: float(next(ticks)), progress=told.append
    )
    assert replace(timed, decision_us=None, decision_p99_us=None, event_us=None, event_p99_us=None) == plain
    assert timed.decision_us == timed.event_p99_us == 1e6
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 20


def test_several_days_go_on_with_one_clock_and_new_leads() -> None:
    run = Recorder(create_pacer("progressive"))
    three = simulate(SHORT, run, 1, days=3)
    assert run.of("login")[-1][0] > 2 * 86400
    assert len(run.of("login")) == len(run.of("logout")) == 18
    calls = [event.call for _, event in run.of("dial")]
    assert len(set(calls)) == len(calls)
    assert three.agent_hours > 2.5 * simulate(SHORT, create_pacer("progressive"), 1).agent_hours
    with pytest.raises(ValueError, match="days"):
        simulate(SHORT, create_pacer("progressive"), 1, days=0)


def test_progressive_keeps_agents_busy_as_long_as_the_reference_says() -> None:
    for seed in (1, 2):
        figures = simulate(scenario_of("reference", 10), create_pacer("progressive"), seed)
        assert figures.occupancy == pytest.approx(0.58, abs=0.025)
        assert figures.abandonment < 0.003


def test_a_pacer_is_asked_when_it_wants() -> None:
    class Waker(Recorder):
        def calls_to_place(self, now: float, floor: Floor) -> int:
            self.wake_at = now + 0.25
            return super().calls_to_place(now, floor)

    run = Waker(create_pacer("progressive"))
    simulate(replace(SHORT, hours=0.1), run, 1)
    assert max(later - earlier for earlier, later in pairwise(run.asked)) <= 0.25 + 1e-9


def test_calls_per_second_bound_the_calls() -> None:
    run = recorded(replace(SHORT, calls_per_second=2.0, lines=200), Flood())
    dialed = [at for at, _ in run.of("dial")]
    assert all(later - earlier > 1.4 for earlier, later in zip(dialed, dialed[5:], strict=False))
    assert len(dialed) > 1.9 * 1.5 * 3600


def test_every_family_runs_for_every_team() -> None:
    for family in FAMILIES:
        for agents in (1, 3, 10):
            figures = simulate(replace(scenario_of(family, agents), hours=1), create_pacer("progressive"), 1)
            assert 0.2 < figures.occupancy < 0.9, (family, agents)
