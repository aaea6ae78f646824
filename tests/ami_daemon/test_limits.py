"""Lines and calls per second: per campaign, per trunk, and over everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ami_daemon.limits import Rate


@given(
    per_second=st.floats(0.1, 50),
    steps=st.lists(st.floats(0.0, 2.0), max_size=200),
)
def test_no_second_sees_more_calls_than_its_limit_and_one(per_second: float, steps: list[float]) -> None:
    rate, now, placed = Rate(per_second), 1000.0, []
    for step in steps:
        now += step
        count = rate.available(now)
        rate.take(count)
        placed += [now] * count
    for start in placed:
        assert sum(1 for at in placed if start <= at < start + 1.0) <= per_second + 1 + 1e-6


def test_a_limit_tells_when_the_next_call_may_be_placed() -> None:
    rate = Rate(4.0)
    assert rate.available(10.0) == 1
    rate.take(1)
    assert rate.available(10.1) == 0
    assert abs(rate.next_at() - 10.25) < 1e-9
    assert rate.available(10.25) == 1


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    rate = Rate(1.0)
    rate.take(rate.available(100.0))
    assert rate.available(50.0) == 0
    assert rate.available(100.5) == 0
    assert rate.available(101.0) == 1
