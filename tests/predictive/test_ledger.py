"""The ledger's arithmetic: windows on the clock of the place, and rates by each law's denominator."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictive import Spent
from predictive.ledger import Counts, Denominator, Screening, Window, is_gone, standing, window_start

HOUR = 3600.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("window", "zone", "now", "start"),
    [
        ("24h", "Europe/London", "2026-03-29T12:00+01:00", "2026-03-28T11:00+00:00"),
        ("30d", "Europe/London", "2026-04-10T12:00+01:00", "2026-03-11T11:00+00:00"),
        ("month", "America/Toronto", "2026-11-25T12:00-05:00", "2026-11-01T00:00-04:00"),
        ("month", "Asia/Chita", "2026-01-01T00:00+09:00", "2026-01-01T00:00+09:00"),
        ("month", "Asia/Chita", "2025-12-31T23:59+09:00", "2025-12-01T00:00+09:00"),
        ("midnight", "Asia/Chita", "2026-05-05T00:30+09:00", "2026-05-05T00:00+09:00"),
        ("midnight", "Asia/Chita", "2026-05-04T23:30+09:00", "2026-05-04T00:00+09:00"),
        # The clock goes forward at 02:00, and back at 03:00: the day has 23 and 25 hours.
        ("midnight", "Europe/Berlin", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00"),
        ("midnight", "Europe/Berlin", "2026-10-25T12:00+01:00", "2026-10-25T00:00+02:00"),
        # There is no midnight: 00:00 becomes 01:00.
        ("midnight", "Asia/Beirut", "2026-03-29T12:00+03:00", "2026-03-29T01:00+03:00"),
        ("month", "America/Havana", "2026-03-08T12:00-04:00", "2026-03-01T00:00-05:00"),
        # Midnight comes twice: 01:00 becomes 00:00, and the day began with the first.
        ("midnight", "America/Havana", "2026-11-01T12:00-05:00", "2026-11-01T00:00-04:00"),
        ("month", "America/Havana", "2026-11-01T00:30-05:00", "2026-11-01T00:00-04:00"),
    ],
)
def test_a_window_begins(window: Window, zone: str, now: str, start: str) -> None:
    assert window_start(window, at(now), ZoneInfo(zone)) == at(start)


@given(
    now=st.floats(0, 4e9),
    zone=st.sampled_from(["UTC", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe", "Asia/Chita"]),
    window=st.sampled_from(["24h", "30d", "month", "midnight"]),
)
def test_a_window_began_no_later_than_now_and_ends_within_its_length(
    now: float, zone: str, window: Window
) -> None:
    place = ZoneInfo(zone)
    start = window_start(window, now, place)
    longest = {"24h": 24 * HOUR, "30d": 30 * 24 * HOUR, "month": 31 * 24 * HOUR + HOUR, "midnight": 25 * HOUR}
    assert 0 <= now - start <= longest[window]
    if window in ("month", "midnight"):
        assert window_start(window, start, place) == start
        before, after = (datetime.fromtimestamp(t, UTC).astimezone(place).date() for t in (start - 1, start))
        assert before < after
        assert after.day == 1 or window == "midnight"


COUNTS = Counts(abandoned=3, late=1, connected=80, left=16)
ERRORS = Screening(persons_among_machines=0.05, machines_among_persons=0.1)


def test_of_all_that_a_person_answered() -> None:
    found = standing(COUNTS, "answered", 0.03)
    assert (found.abandoned, found.live, found.rate) == (4, 100, 0.04)
    assert found.spent == Spent(live=100, abandoned=4)
    assert found.left == pytest.approx(-1)


def test_of_those_passed_to_an_agent_and_the_abandoned() -> None:
    found = standing(COUNTS, "passed", 0.03)
    assert (found.abandoned, found.live) == (4, 84)


def test_for_each_hundred_that_an_agent_took() -> None:
    found = standing(COUNTS, "connected", 0.03)
    assert (found.abandoned, found.live, found.rate) == (4, 80, 0.05)


def test_the_screens_errors_are_counted_as_each_law_wants() -> None:
    counts = Counts(abandoned=3, late=1, connected=80, left=16, machines=40)
    answered = standing(counts, "answered", 0.03, ERRORS)
    assert answered.abandoned == pytest.approx(4 + 2)
    assert answered.live == pytest.approx(6 + 72 + 14.4)
    passed = standing(counts, "passed", 0.03, ERRORS)
    assert passed.abandoned == pytest.approx(3.6 + 2)
    assert passed.live == pytest.approx(5.6 + 72)
    connected = standing(counts, "connected", 0.03, ERRORS)
    assert [connected.abandoned, connected.live] == pytest.approx([6, 72])


def test_the_reasoned_estimate_of_machines_gives_a_known_example() -> None:
    """29 abandoned, 9 persons and 7 machines taken by agents: 16.3125 of 25.3125."""
    found = standing(
        Counts(abandoned=29, connected=16), "passed", 0.03, Screening(machines_among_persons=7 / 16)
    )
    assert [found.abandoned, found.live] == pytest.approx([16.3125, 25.3125])
    assert found.rate == pytest.approx(0.6444, abs=1e-4)


@pytest.mark.parametrize(
    ("counts", "limit", "left", "gone"),
    [
        (Counts(), 0.03, 0.0, False),
        (Counts(abandoned=1), 0.03, -0.97, False),
        (Counts(connected=9, abandoned=1), 0.03, -0.7, False),
        (Counts(connected=8, abandoned=2), 0.03, -1.7, True),
        (Counts(connected=97, abandoned=3), 0.03, 0.0, False),
        (Counts(connected=96, abandoned=4), 0.03, -1.0, True),
        (Counts(connected=198, abandoned=2), 0.005, -1.0, True),
        (Counts(abandoned=5), 1.0, 0.0, False),
    ],
)
def test_the_budget_is_gone_one_call_over_the_limit(
    counts: Counts, limit: float, left: float, gone: bool
) -> None:
    found = standing(counts, "answered", limit)
    assert found.left == pytest.approx(left)
    assert is_gone(found.live, found.abandoned, limit) is gone


def test_abandoned_calls_among_no_live_ones_are_all_of_them() -> None:
    assert standing(Counts(), "connected", 0.03).rate == 0
    alone = standing(Counts(abandoned=1), "connected", 0.03)
    assert alone.rate == 1


@given(
    counts=st.builds(Counts, *(st.integers(0, 1000) for _ in range(5))),
    of=st.sampled_from(["answered", "passed", "connected"]),
    p=st.floats(0, 1),
    q=st.floats(0, 1),
)
def test_whatever_is_counted_no_side_is_negative_and_more_abandoned_is_never_better(
    counts: Counts, of: Denominator, p: float, q: float
) -> None:
    errors = Screening(p, q)
    found = standing(counts, of, 0.03, errors)
    assert found.abandoned >= 0
    assert found.live >= 0
    worse = Counts(counts.abandoned + 1, counts.late, counts.connected, counts.left, counts.machines)
    assert standing(worse, of, 0.03, errors).rate >= found.rate - 1e-12
