"""The forecast of a wait: against arithmetic where that knows the answer, and at its edges."""

from __future__ import annotations

from math import log
from random import Random

import pytest

from predictive.wait import LONGEST, AtWork, WaitLaws


def exponential(mean: float) -> WaitLaws:
    """A group that has heard of 300 talks without memory."""
    luck = Random(1)
    laws = WaitLaws()
    laws.read([luck.expovariate(1 / mean) for _ in range(300)])
    return laws


def median(laws: WaitLaws, agents: list[AtWork], place: int = 1) -> float:
    forecast = laws.forecast(agents, place, runs=2000)
    assert forecast is not None
    return forecast.median(place)


def test_nobody_at_work_means_no_promise() -> None:
    assert WaitLaws().forecast([], 3) is None
    assert WaitLaws().forecast([AtWork(away=5.0)], 3) is None


def test_it_is_defined_before_anything_was_heard() -> None:
    assert 0 < median(WaitLaws(), [AtWork(talking=0.0)]) < 180


def test_first_in_line_before_one_agent_waits_half_life_of_a_talk() -> None:
    assert median(exponential(100.0), [AtWork(talking=40.0)]) == pytest.approx(100 * log(2), rel=0.15)


def test_ten_agents_are_ten_times_as_fast() -> None:
    agents = [AtWork(talking=5.0 * n) for n in range(10)]
    assert median(exponential(100.0), agents) == pytest.approx(10 * log(2), rel=0.2)
    assert median(exponential(100.0), agents, 10) == pytest.approx(97.0, rel=0.15)


def test_a_wrap_up_is_known_to_the_second_and_a_ready_agent_is_there() -> None:
    assert median(exponential(100.0), [AtWork(free_in=7.0)]) == 7.0
    assert median(exponential(100.0), [AtWork(free_in=7.0), AtWork(free_in=0.0)]) == 0.0
    assert median(exponential(100.0), [AtWork(talking=3.0, wrap_up=60.0)]) > 60


def test_long_talks_that_have_lasted_long_last_on() -> None:
    laws = WaitLaws()
    laws.read([20.0] * 140 + [600.0] * 60)
    short, long = (median(laws, [AtWork(talking=age)]) for age in (5.0, 100.0))
    assert short < 60
    assert 380 < long < 600


def test_callers_of_other_groups_and_of_higher_priority_make_it_longer() -> None:
    laws = exponential(100.0)
    alone = median(laws, [AtWork(talking=0.0)], 3)
    assert median(laws, [AtWork(talking=0.0, share=0.5)], 3) > 1.5 * alone
    for _ in range(60):
        laws.higher.pass_time(60.0)
        laws.higher.add()
    assert median(laws, [AtWork(talking=0.0)], 3) > 1.5 * alone


def test_callers_ahead_who_give_up_make_it_shorter() -> None:
    laws = exponential(100.0)
    before = median(laws, [AtWork(talking=0.0)], 8)
    for minute in range(30):
        laws.look(60.0 * minute, [AtWork(talking=1.0)], 2)
        laws.gave_up()
    assert median(laws, [AtWork(talking=0.0)], 8) < 0.7 * before


def test_agents_who_take_breaks_make_it_longer_and_who_comes_back_helps() -> None:
    laws = exponential(100.0)
    before = median(laws, [AtWork(talking=0.0)], 5)
    for n in range(20):
        laws.look(100.0 * n, [AtWork(away=50.0)] * 8, 0)
        laws.left()
        laws.came_back(100.0)
    longer = median(laws, [AtWork(talking=0.0)], 5)
    assert longer > before
    assert median(laws, [AtWork(talking=0.0), AtWork(away=60.0)], 5) < longer


def test_the_same_facts_give_the_same_forecast_and_no_wait_is_without_end() -> None:
    laws = exponential(3000.0)
    first, second = (laws.forecast([AtWork(talking=1.0)], 30) for _ in range(2))
    assert first == second
    assert first is not None
    assert first.quantile(30, 0.99) == LONGEST
    assert list(first.waits[3]) == sorted(first.waits[3])
