"""The predictive pacer as its contract has it: careful where little is known, and unmoved by nonsense."""

from __future__ import annotations

import sys
from dataclasses import replace
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from predictive.contract import Event, EventKind, Spent
from predictive.pacer import LONG_PAUSE, REST, PredictivePacer
from predictive.releases import Releases
from predictive.risk import MOST
from predictive.simulator import Scenario, simulate
from tests.predictive.floors import SmallFloor, small_floor

HALF_AN_HOUR = Scenario(hours=0.5, warm_up=1.0, break_every=0.0, pause_every=0.0)


def pacer(target: float = 0.03) -> PredictivePacer:
    return PredictivePacer(target=target, grace=2.0, ring_timeout=27.0, day_length=28800.0)


def learnt(agents: int = 20, **other: Any) -> tuple[PredictivePacer, float]:
    """A pacer after half an hour of the reference cell, with the time; the floor is empty by then."""
    own = pacer()
    simulate(replace(HALF_AN_HOUR, agents=agents, **other), own, 1)
    return own, own._now + 1.0


def aged(now: float, **counts: int) -> SmallFloor:
    """So many in each place, of ages as they come: every 7 s one."""
    places: dict[str, int | list[float]] = {
        place: [now - 7.0 * k for k in range(count)] for place, count in counts.items()
    }
    return small_floor(**places)  # type: ignore[arg-type]


def asked(own: PredictivePacer, now: float, **counts: int) -> int:
    """What is wanted for such a floor, asked once it has rested."""
    return own.calls_to_place(now + REST, aged(now, **counts))


# -- careful -----------------------------------------------------------------------------------


def test_the_first_calls_are_progressive() -> None:
    own = pacer()
    assert own.calls_to_place(5000.0, small_floor(ready=8, talking=4)) == 8
    assert own.reasons is not None
    assert own.reasons.bound == "nothing known"
    assert own.calls_to_place(5001.0, small_floor(ready=8, ringing=6, waiting=1)) == 1
    assert own.calls_to_place(5002.0, small_floor(talking=8)) == 0
    assert own.calls_to_place(5003.0, small_floor(ready=2, inbound_waiting=1)) == 1


def test_progressive_until_calls_were_answered() -> None:
    own = pacer()
    for number in range(200):
        own.on_event(number * 1.0, Event("dial", str(number)))
        own.on_event(number + 0.5, Event("failed", str(number), seconds=0.5))
    assert own.calls_to_place(300.0, small_floor(ready=4)) == 4


def test_a_learnt_campaign_has_more_calls_than_agents() -> None:
    own, now = learnt()
    assert 12 < asked(own, now, ready=10, talking=10) < 60


def test_no_agents_no_calls() -> None:
    own, now = learnt()
    assert asked(own, now) == 0
    assert own.reasons is not None
    assert own.reasons.bound == "no agents"
    assert asked(own, now + 1, not_ready=5) == 0


def test_one_agent() -> None:
    own, now = learnt(1)
    wanted = asked(own, now, ready=1)
    assert 1 <= wanted <= 4
    assert asked(own, now + 5, ready=1, ringing=8) == 0
    assert asked(own, now + 10, talking=1) == 0


def test_a_person_who_waits_takes_an_agent() -> None:
    own, now = learnt()
    free = asked(own, now, ready=6, talking=10)
    assert asked(own, now + 1, ready=6, talking=10, waiting=4) < free
    assert asked(own, now + 2, ready=6, talking=10, screening=4) < free
    assert asked(own, now + 3, ready=6, talking=10, ringing=10) < free


def test_callers_lower_the_calls() -> None:
    own, now = learnt()
    free = asked(own, now, ready=6, talking=10)
    floor = aged(now, ready=6, talking=10)
    floor.inbound_waiting = 3
    assert own.calls_to_place(now + 2, floor) < free
    callers, at = learnt()
    for number in range(400):
        callers.on_event(at, Event("inbound", f"caller {number}"))
    assert asked(callers, at, ready=6, talking=10) < free


def test_after_a_long_pause_no_more_than_before() -> None:
    """What was true an hour ago may not be now: new answers weigh more."""
    at_once, now = learnt(talk=40.0)
    later, _ = learnt(talk=40.0)
    assert 20 <= asked(later, now + 3600, ready=20) <= asked(at_once, now, ready=20)
    at_once_knows, later_knows = (sum(own._rings._answered) / own._rings._weight for own in (at_once, later))
    assert later_knows < 15 < 100 < at_once_knows
    assert later._lives.known < at_once._lives.known
    assert asked(later, now + 3700 + LONG_PAUSE, ready=20) >= 20, "and it knows no less for every pause more"
    assert sum(later._rings._answered) / later._rings._weight == pytest.approx(10, abs=1)


def test_a_block_of_agents_who_leave() -> None:
    own, now = learnt(20)
    before = asked(own, now, ready=6, talking=14)
    after = asked(own, now + 1, ready=3, talking=7)
    assert 0 < after < before
    assert asked(own, now + 2, ready=1, talking=2, ringing=before) == 0
    for number in range(40):
        own.on_event(now, Event("ready", agent=f"w{number}"))
        own.on_event(now, Event("logout", agent=f"w{number}"))
    assert asked(own, now + 3, ready=6, talking=14) < before, "ready agents may leave, too"


def test_agents_who_do_not_stay_after_wrap_up_are_not_counted_on() -> None:
    own, now = learnt()
    before = asked(own, now, talking=10, wrapping=10)
    for number in range(200):
        agent = f"w{number}"
        own.on_event(now, Event("login", agent=agent))
        own.on_event(now, Event("wrap_end", agent=agent, seconds=25.0))
        own.on_event(now, Event("not_ready", agent=agent))
    assert asked(own, now + 1, talking=10, wrapping=10) < before


def test_it_rests_between_two_decisions_and_says_so() -> None:
    own = pacer()
    assert own.calls_to_place(10.0, small_floor(ready=3)) == 3
    assert own.calls_to_place(10.0 + REST / 2, small_floor(ready=3)) == 0
    assert own.wake_at == pytest.approx(10.0 + REST)
    assert own.calls_to_place(10.0 + REST, small_floor(ready=3)) == 3
    assert own.wake_at is None


# -- reasons -----------------------------------------------------------------------------------


def test_reasons_say_what_was_bound_and_expected() -> None:
    own, now = learnt()
    wanted = asked(own, now, ready=10, talking=10, ringing=12)
    reasons = own.reasons
    assert reasons is not None
    assert reasons.wanted == wanted > 0
    assert reasons.bound == "risk"
    assert 10 < reasons.free < 14
    assert 0.1 < reasons.live_rate < 0.4
    assert reasons.under_way < reasons.free
    assert reasons.level == pytest.approx((wanted + 12) / reasons.free)
    assert asked(own, now + 1, talking=20, ringing=30) == 0
    assert own.reasons is not None
    assert own.reasons.bound == "agents"


def test_the_law_s_budget_gone_is_progressive() -> None:
    own, now = learnt()
    own.spent = Spent(live=1000, abandoned=40)
    assert asked(own, now, ready=10, talking=30, ringing=4) == 6
    assert own.reasons is not None
    assert (own.reasons.bound, own.reasons.abandoned, own.reasons.rate) == ("budget", 40, 0.04)
    own.spent = Spent(live=2000, abandoned=40)
    assert asked(own, now + 1, ready=10, talking=30, ringing=4) > 6


def test_where_hardly_anybody_answers_nothing_binds_but_the_most() -> None:
    own, now = learnt()
    for number in range(20_000):
        own.on_event(now, Event("dial", str(number)))
        own.on_event(now, Event("no_answer", str(number), seconds=27.0))
        if number % 100 == 0:
            now += 30.0
            own.calls_to_place(
                now, small_floor(ready=500, ringing=[now - 13.0 + k % 13 for k in range(1000)])
            )
    assert asked(own, now + 1, ready=500) == MOST
    assert own.reasons is not None
    assert own.reasons.bound == "nothing"


# -- what cannot be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        ([Event("answer", "unknown", seconds=5.0)], "answer"),
        ([Event("live", "rings", seconds=2.0)], "live"),
        ([Event("dial", "rings")], "dial"),
        ([Event("dial")], "dial"),
        ([Event("answer", "rings", seconds=float("nan"))], "length"),
        ([Event("answer", "rings", seconds=-1.0)], "length"),
        ([Event("talk_end", agent="a", seconds=1e9)], "length"),
        ([Event("talk_end", agent="from nowhere", seconds=9.0)], "agent"),
        ([Event("ready", agent="a"), Event("ready", agent="a")], "twice"),
        ([Event("talk_end", agent="a", seconds=9.0)] * 2, "twice"),
        ([Event("ready")], "no agent"),
        ([Event("sneeze", agent="a")], "kind"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_counted(odd: list[Event], what: str) -> None:
    own = pacer()
    own.on_event(1.0, Event("login", agent="a"))
    own.on_event(1.0, Event("dial", "rings"))
    assert not own.oddities
    for event in odd:
        own.on_event(2.0, event)
    assert own.oddities == {what: 1}
    assert own.calls_to_place(3.0, small_floor(ready=2, ringing=1)) == 1


def test_an_event_that_comes_twice_teaches_once() -> None:
    own = pacer()
    own.on_event(1.0, Event("login", agent="a"))
    for _ in range(5):
        own.on_event(2.0, Event("talk_end", agent="a", seconds=60.0))
    assert own._releases.talks.known == 1


@pytest.mark.parametrize("back", [1.0, 3600.0, 1e9])
def test_a_clock_set_back_is_counted_and_dialing_goes_on(back: float) -> None:
    own, now = learnt()
    before = asked(own, now, ready=10, talking=10)
    assert own.oddities["clock"] == 0
    for second in range(5):
        at = now - back + second
        assert own.calls_to_place(at, aged(at, ready=10, talking=10)) == pytest.approx(before, abs=2)
    assert own.oddities["clock"] == 1


def test_one_event_from_the_future_or_the_past_stops_nothing() -> None:
    own, now = learnt()
    for at in (now + 1e12, now - 1e12, float("nan"), float("inf"), -float("inf")):
        own.on_event(at, Event("ready", agent="a"))
    assert own.oddities["clock"] == 4
    assert asked(own, now, ready=10, talking=10) > 10
    assert own.calls_to_place(float("nan"), small_floor(ready=10)) >= 0
    assert asked(own, now + 1, ready=10, talking=10) > 10


def test_a_night_in_which_nobody_asks_is_no_work() -> None:
    own, now = learnt()
    own.calls_to_place(now, small_floor(ready=20))
    pace = own.budget._pace.per_second
    assert asked(own, now + 50_000, ready=20) >= 20
    assert own.budget._pace.per_second == pytest.approx(pace, rel=0.05)
    asked(own, now + 50_001, ready=20)
    assert own.budget.counted == (0, 0)


KINDS = st.sampled_from(get_args(EventKind)) | st.text(max_size=3)
IDS = st.none() | st.sampled_from(["", "a", "b", "c", "d"])
NUMBERS = st.floats() | st.sampled_from([0.0, 0.3, 2.5, 27.0, 150.0, -1.0, 1e9, 1e308])
EVENTS = st.builds(Event, KINDS, IDS, IDS, NUMBERS)
PLACE = st.dictionaries(st.text(max_size=4), NUMBERS, max_size=12)
WHOLE = st.integers(-(10**9), 10**9)
FLOORS = st.builds(SmallFloor, PLACE, PLACE, PLACE, PLACE, PLACE, PLACE, PLACE, WHOLE, WHOLE, WHOLE)
SPENT = st.none() | st.builds(Spent, st.floats(0, 1e9), st.floats(0, 1e9))
STEPS = st.lists(st.tuples(st.floats(-5, 30) | st.floats(), EVENTS | FLOORS | SPENT), max_size=60)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, known=st.booleans(), target=st.sampled_from([0.0, 0.03, 1.0]))
@example(steps=[(0.0, Event("inbound"))], known=True, target=0.0)
@example(steps=[(2.0, small_floor()), (-1.0, None)], known=False, target=0.0)
def test_a_storm_is_survived(
    steps: list[tuple[float, Event | SmallFloor | Spent | None]], known: bool, target: float
) -> None:
    own, now = pacer(target), 1000.0
    if known:
        teach(own, now)
        now += 60
    for passed, thing in steps:
        now += passed if abs(passed) <= 30 else 0.0
        at = now if abs(passed) <= 30 else passed
        if isinstance(thing, Event):
            own.on_event(at, thing)
        elif isinstance(thing, SmallFloor):
            wanted = own.calls_to_place(at, thing)
            assert type(wanted) is int
            assert 0 <= wanted <= MOST
            assert own.wake_at is None or own.wake_at <= own._now + REST
        else:
            own.spent = thing
    own.spent = None
    now += 1.0
    wanted = own.calls_to_place(now, small_floor(ready=3))
    if own.wake_at is not None:  # it rests after its last answer, and says until when
        now = own.wake_at
        wanted = own.calls_to_place(now, small_floor(ready=3))
    assert wanted >= 3 or known
    wanted = own.calls_to_place(now + 1.0, small_floor(ready=3))
    # For those whom a caller will take, or who will leave, nobody is dialed.
    rivals = own._inbound.per_second > 0 or own._leaves.per_second > 0
    assert wanted >= 3 or rivals


def teach(own: PredictivePacer, now: float) -> None:
    """Twenty calls answered, and twenty talks and wrap-ups."""
    for number in range(20):
        call, agent = f"known {number}", f"agent {number}"
        for event in (
            Event("login", agent=agent),
            Event("dial", call),
            Event("answer", call, seconds=9.0),
            Event("live", call, seconds=2.0),
            Event("connect", call, agent, 0.0),
            Event("talk_end", agent=agent, seconds=100.0 + number),
            Event("wrap_end", agent=agent, seconds=20.0),
            Event("ready", agent=agent),
        ):
            own.on_event(now + number, event)


def deep_size(thing: object, seen: set[int]) -> int:
    """Bytes of an object and all that it holds."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    size = sys.getsizeof(thing)
    if isinstance(thing, dict):
        size += sum(deep_size(key, seen) + deep_size(value, seen) for key, value in thing.items())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        size += sum(deep_size(part, seen) for part in thing)
    size += deep_size(getattr(thing, "__dict__", None), seen)
    for name in getattr(type(thing), "__slots__", ()):
        size += deep_size(getattr(thing, name, None), seen)
    return size


@pytest.mark.parametrize("asks", [False, True])
def test_ever_new_ids_fill_no_memory(asks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("predictive.pacer.MOST_CALLS", most := 3000)
    own = pacer()
    sizes = []
    for number in range(4 * most):
        now = number * 0.01
        own.on_event(now, Event("dial", f"call {number}"))
        own.on_event(now, Event("ready", agent=f"agent {number}"))
        own.on_event(now, Event("talk_end", agent=f"agent {number}", seconds=50.0))
        if asks and number % 100 == 0:
            own.calls_to_place(now, small_floor(ready=3))
        if number in (2 * most, 4 * most - 1):
            sizes.append(deep_size(own, set()))
    assert len(own._calls) <= most
    assert len(own._agents) <= Releases.MOST_AGENTS
    assert sizes[1] <= 1.1 * sizes[0]
    assert own.oddities["lost"] > 0


def test_calls_that_are_never_heard_of_again_are_forgotten() -> None:
    own = pacer()
    for number in range(100):
        own.on_event(0.0, Event("dial", str(number)))
    for second in range(300):
        own.calls_to_place(float(second), small_floor(ready=1))
    assert not own._calls
    assert own.oddities == {"lost": 100}


def test_thirty_days_grow_nothing() -> None:
    own, sizes = pacer(), []
    day = Scenario(agents=3, hours=0.1, warm_up=60.0, talk=30.0, wrap=5.0)
    for days in (3, 27):
        simulate(day, own, 1, days=days)
        sizes.append(deep_size(own, set()))
    assert sizes[1] <= 1.1 * sizes[0]
    assert not own._calls
    assert len(own._agents) <= 3


def test_the_same_in_the_same_out() -> None:
    def day() -> tuple[object, ...]:
        own = pacer()
        figures = simulate(replace(HALF_AN_HOUR, agents=6), own, 3)
        return figures, own.reasons, own.oddities

    assert day() == day()


@pytest.mark.parametrize("what", ["dial", "ready", "login"])
def test_a_pacer_that_is_only_told_and_never_asked(what: Any) -> None:
    own = pacer()
    random = Random(1)
    for number in range(5000):
        own.on_event(random.uniform(0, 1e6), Event(what, str(number), str(number)))
    assert own.calls_to_place(1e6, small_floor(ready=2)) == 2


def test_with_no_risk_permitted_it_is_progressive_still() -> None:
    own = pacer(target=0.0)
    simulate(replace(HALF_AN_HOUR, agents=20, pause_every=300.0), own, 1)
    assert own._leaves.per_second > 0, "agents leave, so that no call is without all risk"
    assert asked(own, own._now + 1.0, ready=6, talking=10) == 6
