"""Who will be free in time: the laws of talks and wrap-ups against simulated ends of the same."""

from __future__ import annotations

from math import log, sqrt
from random import Random

import pytest

from predictive.releases import Releases
from tests.predictive.floors import SmallFloor, small_floor

HORIZON = 14.0
TALK, WRAP = (150.0, 0.9), (25.0, 0.6)
"""Mean, and standard deviation in parts of it."""


def log_normal(random: Random, mean: float, cv: float) -> float:
    spread = log(1 + cv * cv)
    return random.lognormvariate(log(mean) - spread / 2, sqrt(spread))


def work(
    seconds: int, agents: int = 40, seed: int = 1, slow: float = 1.0, wrap: bool = True, step: float = 1.0
) -> Releases:
    """A team that talks, wraps up, talks... all the time; agent `0` takes `slow` times as long as others."""
    random, releases = Random(seed), Releases()
    floor = SmallFloor()
    ends: dict[str, float] = {}

    def talk(agent: str, at: float) -> None:
        floor.wrapping.pop(agent, None)
        floor.talking[agent] = at
        ends[agent] = at + log_normal(random, *TALK) * (slow if agent == "0" else 1.0)

    for number in range(agents):
        talk(str(number), 0.0)
    now = 0.0
    while now < seconds:
        now += step
        for agent, at in list(ends.items()):
            if at > now:
                continue
            if agent in floor.talking:
                releases.talked(agent, at - floor.talking.pop(agent))
                if wrap:
                    floor.wrapping[agent] = at
                    ends[agent] = at + log_normal(random, *WRAP)
                    continue
            else:
                releases.wrapped(agent, at - floor.wrapping[agent])
            talk(agent, at)
        releases.expected(now, step, floor)
    releases.refresh(HORIZON)
    return releases


@pytest.fixture(scope="module")
def learnt() -> Releases:
    return work(12000)


def chance(releases: Releases, place: str, age: float, agent: str = "nobody") -> float:
    floor = SmallFloor()
    getattr(floor, place)[agent] = 1000.0 - age
    found = releases.expected(1000.0, 0.0, floor)
    assert found.variance == pytest.approx(found.mean * (1 - found.mean))
    return found.mean


def drawn(age: float, wrapping: bool) -> float:
    """The share of many drawn lengths beyond `age` with which the agent is free within the horizon."""
    random, reached, free = Random(9), 0, 0
    for _ in range(150_000):
        first = log_normal(random, *(WRAP if wrapping else TALK))
        if first > age:
            reached += 1
            free += first + (0.0 if wrapping else log_normal(random, *WRAP)) <= age + HORIZON
    return free / reached


@pytest.mark.parametrize("age", [4.0, 30.0, 100.0, 250.0, 500.0])
def test_talk_then_wrap_up_as_drawn(learnt: Releases, age: float) -> None:
    assert chance(learnt, "talking", age) == pytest.approx(drawn(age, wrapping=False), abs=0.02)


@pytest.mark.parametrize("age", [1.0, 8.0, 20.0, 35.0])
def test_wrap_up_as_drawn(learnt: Releases, age: float) -> None:
    assert chance(learnt, "wrapping", age) == pytest.approx(drawn(age, wrapping=True), abs=0.08)


def test_a_team_is_the_sum_of_its_agents(learnt: Releases) -> None:
    floor = small_floor(talking=[900.0, 990.0], wrapping=[985.0])
    alone = [chance(learnt, "talking", 100), chance(learnt, "talking", 10), chance(learnt, "wrapping", 15)]
    found = learnt.expected(1000.0, 0.0, floor)
    assert found.mean == pytest.approx(sum(alone))
    assert found.variance == pytest.approx(sum(one * (1 - one) for one in alone))


def test_who_is_ready_is_not_expected(learnt: Releases) -> None:
    assert learnt.expected(1000.0, 0.0, small_floor(ready=5, waiting=3, ringing=9)).mean == 0


def test_where_nobody_wraps_up_the_talk_alone_counts() -> None:
    releases = work(6000, wrap=False)
    with_wrap = work(6000)
    for age in (30.0, 150.0):
        assert chance(releases, "talking", age) > 2 * chance(with_wrap, "talking", age)


def test_a_longer_horizon_frees_more() -> None:
    releases = work(4000)
    found = []
    for horizon in (0.0, 5.0, 15.0, 60.0, 600.0):
        releases.refresh(horizon)
        found.append(chance(releases, "talking", 100.0))
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert found[-1] > 0.8


def test_a_slow_agent_is_known_after_many_talks() -> None:
    releases = work(60_000, agents=6, slow=1.8, step=2.0)
    assert chance(releases, "talking", 100.0, "0") < 0.8 * chance(releases, "talking", 100.0, "1")
    factors = [releases._talkers[str(agent)].factor for agent in range(6)]
    assert factors[0] > 1.25
    assert factors[0] > 1.2 * max(factors[1:])


def test_a_few_long_talks_make_nobody_slow() -> None:
    releases = work(4000)
    before = chance(releases, "talking", 60.0, "new")
    for _ in range(3):
        releases.talked("new", 600.0)
    releases.refresh(HORIZON)
    assert chance(releases, "talking", 60.0, "new") == pytest.approx(before, rel=0.25)


def test_too_little_is_known_to_count_on_anybody() -> None:
    releases = Releases()
    for _ in range(Releases.FEW - 1):
        releases.talked("a", 10.0)
        releases.wrapped("a", 1.0)
        releases.refresh(HORIZON)
        assert releases.expected(1000.0, 1.0, small_floor(talking=50, wrapping=50)).mean == 0
    releases.talked("a", 10.0)
    releases.refresh(HORIZON)
    assert releases.expected(1000.0, 1.0, small_floor(talking=[990.0] * 50)).mean > 1


def test_the_absent_come_back_by_their_own_law(learnt: Releases) -> None:
    releases = work(4000)
    floor = small_floor(not_ready=[1000.0 - 60.0])
    assert releases.expected(1000.0, 0.0, floor).mean == 0, "nobody was seen to come back"
    random = Random(3)
    for _ in range(300):
        releases.expected(
            1000.0, 60.0, floor
        )  # a minute's time at risk of one, for each who returns after one
        releases.absences.add(random.uniform(55.0, 65.0))
    releases.refresh(HORIZON)
    soon = releases.expected(1000.0, 0.0, floor).mean
    assert soon > 0.1
    assert releases.expected(1000.0, 0.0, small_floor(not_ready=[-9000.0])).mean < soon


def test_agents_are_forgotten_beyond_the_most() -> None:
    releases = Releases()
    for number in range(Releases.MOST_AGENTS + 500):
        releases.talked(f"agent {number}", 100.0)
        releases.wrapped(f"agent {number}", 10.0)
        releases.talked("always here", 100.0)
    assert len(releases._talkers) <= Releases.MOST_AGENTS
    assert len(releases._wrappers) <= Releases.MOST_AGENTS
    assert "always here" in releases._talkers


def test_start_times_of_any_kind_are_survived(learnt: Releases) -> None:
    odd = [float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 2000.0]
    found = learnt.expected(1000.0, 1.0, small_floor(talking=odd, wrapping=odd, not_ready=odd))
    assert 0 <= found.mean <= 18
    assert 0 <= found.variance <= 18
