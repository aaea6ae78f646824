"""The risk rule against laws that are summed by hand."""

from __future__ import annotations

from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictive import risk
from predictive.risk import LARGE, MOST, Sum, places

CHANCES = st.floats(0.02, 0.98)
LIMITS = st.floats(0.001, 0.5)


def equal(count: int, chance: float) -> Sum:
    """The sum of so many variables of one chance."""
    return Sum(count * chance, count * chance * (1 - chance))


def law(count: int, chance: float) -> list[float]:
    return [comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(count + 1)]


def by_hand(free: int, persons: list[float], agents: list[float]) -> float:
    """P(persons >= free + agents), every combination of what may happen counted one by one."""
    chances = [*persons, *agents]
    return sum(
        prod(chance if yes else 1 - chance for chance, yes in zip(chances, world, strict=True))
        for world in product((False, True), repeat=len(chances))
        if sum(world[: len(persons)]) >= free + sum(world[len(persons) :])
    )


@settings(max_examples=60, deadline=None)
@given(
    free=st.integers(-2, 4),
    persons=st.integers(0, 4),
    agents=st.integers(0, 4),
    p=CHANCES,
    a=CHANCES,
    chance=st.floats(0.1, 0.9),
    limit=st.floats(0.01, 0.5),
)
def test_equal_chances_are_exact(
    free: int, persons: int, agents: int, p: float, a: float, chance: float, limit: float
) -> None:
    calls = places(free, equal(persons, p), Sum(), equal(agents, a), chance, limit)
    for more in range(min(calls, 4)):
        assert by_hand(free, [p] * persons + [chance] * more, [a] * agents) <= limit + 1e-5
    if calls <= 4:
        assert by_hand(free, [p] * persons + [chance] * calls, [a] * agents) > limit - 1e-5


@settings(max_examples=60, deadline=None)
@given(
    ringing=st.lists(st.floats(0.05, 0.4), max_size=5),
    agents=st.lists(st.floats(0.02, 0.9), max_size=5),
    free=st.integers(0, 3),
    limit=st.floats(0.02, 0.3),
)
def test_unequal_chances_are_near(ringing: list[float], agents: list[float], free: int, limit: float) -> None:
    """The binomial of the same mean and variance stands in for the law: no risk is far from the true one."""
    persons = Sum(sum(ringing), sum(p * (1 - p) for p in ringing))
    coming = Sum(sum(agents), sum(a * (1 - a) for a in agents))
    calls = places(free, persons, Sum(), coming, 0.2, limit)
    for more in range(min(calls, 3)):
        assert by_hand(free, ringing + [0.2] * more, agents) <= limit + 0.06
    if calls <= 3:
        assert by_hand(free, ringing + [0.2] * calls, agents) > limit - 0.06


def test_screening_counts_as_persons_do() -> None:
    """Two in screening and three ringing, against the law of their sum."""
    calls = places(5, equal(3, 0.2), equal(2, 0.7), Sum(), 0.25, 0.05)
    assert by_hand(5, [0.2] * 3 + [0.7] * 2 + [0.25] * (calls - 1), []) <= 0.05
    assert by_hand(5, [0.2] * 3 + [0.7] * 2 + [0.25] * calls, []) > 0.05


@given(
    free=st.integers(-50, 300),
    persons=st.integers(0, 200),
    agents=st.integers(0, 300),
    p=CHANCES,
    a=CHANCES,
    chance=st.floats(0.05, 1.0),
    limit=LIMITS,
)
@settings(max_examples=200, deadline=None)
def test_never_negative_and_bounded(
    free: int, persons: int, agents: int, p: float, a: float, chance: float, limit: float
) -> None:
    calls = places(free, equal(persons, p), Sum(), equal(agents, a), chance, limit)
    assert 0 <= calls <= MOST
    most = places(free, equal(persons, p), Sum(), equal(agents, a), chance, min(0.9, limit * 2))
    assert most >= calls, "more risk, no fewer calls"


@given(
    free=st.integers(-3, 10),
    persons=st.integers(0, 10),
    agents=st.integers(0, 12),
    p=CHANCES,
    a=CHANCES,
    limit=LIMITS,
)
@settings(max_examples=100, deadline=None)
def test_more_agents_no_fewer_calls_and_more_persons_no_more(
    free: int, persons: int, agents: int, p: float, a: float, limit: float
) -> None:
    calls = places(free, equal(persons, p), Sum(), equal(agents, a), 0.3, limit)
    assert places(free + 1, equal(persons, p), Sum(), equal(agents, a), 0.3, limit) >= calls
    assert places(free, equal(persons, p), Sum(), equal(agents + 1, a), 0.3, limit) >= calls
    assert places(free, equal(persons + 1, p), Sum(), equal(agents, a), 0.3, limit) <= calls


def test_a_large_floor_is_monotone_too() -> None:
    counts = [places(free, equal(80, 0.2), Sum(3, 1), equal(200, 0.1), 0.2, 0.03) for free in range(-20, 60)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] > 100


@pytest.mark.parametrize("limit", [0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("chance", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("free", [0, 5, 15])
def test_both_branches_agree_where_they_meet(
    monkeypatch: pytest.MonkeyPatch, free: int, chance: float, limit: float
) -> None:
    persons, agents = equal(30, 0.25), equal(60, 0.1)  # variance 11
    assert 10 < persons.variance + agents.variance < LARGE
    monkeypatch.setattr(risk, "LARGE", 1e9)
    exact = places(free, persons, Sum(), agents, chance, limit)
    monkeypatch.setattr(risk, "LARGE", 0.0)
    normal = places(free, persons, Sum(), agents, chance, limit)
    assert abs(exact - normal) * chance <= 0.5, "half a person at most"
    if chance == 0.4:
        assert abs(exact - normal) <= 1


def test_agents_all_but_certain_to_come() -> None:
    """Chances near one in great number: the chance that none comes is no number that a float can hold."""
    coming = equal(300, 0.97)
    assert coming.variance < LARGE
    calls = places(0, Sum(), Sum(), coming, 0.25, 0.02)
    assert 900 < calls < 300 / 0.25
    assert places(-291, Sum(), Sum(), coming, 0.25, 0.02) == 0
    assert places(40, Sum(), equal(40, 1.0), Sum(), 0.25, 0.02) == 0
    assert places(41, Sum(), equal(40, 1.0), Sum(), 0.25, 0.02) == 1


def test_what_binds_nothing_ends_at_the_most() -> None:
    assert places(1, Sum(), Sum(), Sum(), 0.0, 0.02) == MOST
    assert places(10**6, Sum(), Sum(), Sum(), 0.5, 0.02) == MOST
    assert places(0, Sum(), Sum(), Sum(), 0.5, 0.9) == 0


@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 60), chance=st.floats(0.001, 0.999))
def test_the_binomial_is_the_binomial(count: int, chance: float) -> None:
    found = risk._binomial(equal(count, chance))
    assert sum(found) == pytest.approx(1)
    for number, share in enumerate(law(count, chance)):
        assert (found[number] if number < len(found) else 0.0) == pytest.approx(share, abs=1e-6)
