"""Whether a lead may be called, by its own clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.hours import may_call

HOURS = {"mon-fri": ["09:00-13:00", "14:00-20:00"], "sat": ["10:00-16:00"]}


def at(zone: str, text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_the_leads_own_time_counts_and_the_reason_says_it() -> None:
    now = at("Asia/Chita", "2026-11-23T07:40")  # a Monday
    chita = may_call("Asia/Chita", HOURS, "Europe/Moscow", now)
    assert not chita.allowed
    assert chita.reason == "not called because it is 07:40 in Asia/Chita; calling hours open 09:00"
    assert chita.next_opening == at("Asia/Chita", "2026-11-23T09:00")
    assert may_call("Asia/Vladivostok", HOURS, "Europe/Moscow", now + 3600).allowed


def test_a_lead_without_a_zone_has_the_campaigns() -> None:
    now = at("Europe/Moscow", "2026-11-23T10:15")
    found = may_call(None, HOURS, "Europe/Moscow", now)
    assert found.allowed
    assert found.next_opening is None
    assert found.reason == "may be called: it is 10:15 in Europe/Moscow"


@pytest.mark.parametrize(
    ("local", "allowed", "opening"),
    [
        ("2026-11-23T08:59:59", False, "2026-11-23T09:00"),
        ("2026-11-23T09:00", True, None),
        ("2026-11-23T12:59:59", True, None),
        ("2026-11-23T13:00", False, "2026-11-23T14:00"),
        ("2026-11-23T20:00", False, "2026-11-24T09:00"),
        ("2026-11-27T20:00", False, "2026-11-28T10:00"),
        ("2026-11-28T16:00", False, "2026-11-30T09:00"),
        ("2026-11-29T12:00", False, "2026-11-30T09:00"),
    ],
)
def test_windows_have_a_start_and_an_end(local: str, allowed: bool, opening: str | None) -> None:
    found = may_call("Europe/Moscow", HOURS, "UTC", at("Europe/Moscow", local))
    assert found.allowed is allowed
    assert found.next_opening == (opening and at("Europe/Moscow", opening))


@pytest.mark.parametrize("day", ["2026-11-28", "2026-11-29", "2026-11-30"])
def test_a_range_of_days_may_run_over_the_weeks_end(day: str) -> None:
    now = at("UTC", f"{day}T23:59")
    assert may_call(None, {"sat-mon": ["22:00-24:00"]}, "UTC", now).allowed


def test_without_hours_nobody_is_called() -> None:
    found = may_call(None, {"mon": ["12:00-12:00", "13:00-11:00"]}, "UTC", 0)
    assert (found.allowed, found.next_opening) == (False, None)
    assert "no calling hours" in found.reason


def test_an_unknown_zone_is_never_guessed() -> None:
    found = may_call("Asia/Nowhere", HOURS, "UTC", at("UTC", "2026-11-23T10:00"))
    assert not found.allowed
    assert "Asia/Nowhere is unknown" in found.reason


def test_a_window_that_begins_in_the_lost_hour_opens_when_the_clock_jumps() -> None:
    zone, hours = "Europe/Berlin", {"sun": ["02:30-05:00"]}  # 2026-03-29: 02:00 is followed by 03:00
    found = may_call(zone, hours, "UTC", at(zone, "2026-03-29T01:10"))
    assert found.next_opening == at(zone, "2026-03-29T03:00")


def test_a_window_in_the_hour_that_comes_twice_opens_twice() -> None:
    zone, hours = "Europe/Berlin", {"sun": ["02:00-02:30"]}  # 2026-10-25: 03:00 is followed by 02:00
    found = may_call(zone, hours, "UTC", at(zone, "2026-10-25T02:40"))
    assert not found.allowed
    assert found.next_opening == at(zone, "2026-10-25T02:00", fold=1)
    assert may_call(zone, hours, "UTC", at(zone, "2026-10-25T02:10", fold=1)).allowed


ZONES = [
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # changes at midnight
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
minutes = st.integers(0, 1440).map(lambda m: f"{m // 60:02}:{m % 60:02}")
windows = st.tuples(minutes.filter(lambda m: m != "24:00"), minutes).map("-".join)
hours_of_week = st.dictionaries(
    st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map("-".join),
    st.lists(windows, min_size=1, max_size=3),
    min_size=1,
    max_size=3,
)
START = int(datetime.fromisoformat("2026-03-01T00:00+00:00").timestamp())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), hours_of_week, st.integers(START, START + 400 * 86400))
def test_the_next_opening_is_what_walking_minute_by_minute_finds(
    zone: str, hours: dict[str, list[str]], now: int
) -> None:
    now -= now % 60
    found = may_call(zone, hours, "UTC", now)
    steps = range(now, now + 2 * 86400, 60)
    walked = next((t for t in steps if open_by_the_week(zone, hours, t)), None)
    assert found.allowed == (walked == now)
    if not found.allowed and walked is not None:
        assert found.next_opening == walked
    if found.next_opening is not None:
        assert may_call(zone, hours, "UTC", found.next_opening).allowed


def open_by_the_week(zone: str, hours: dict[str, list[str]], now: float) -> bool:
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    for days, spans in hours.items():
        first, _, last = days.partition("-")
        day, names = DAYS.index(first), [first]
        while names[-1] != last:
            day = (day + 1) % 7
            names.append(DAYS[day])
        inside = any(a <= clock < b for a, b in (span.split("-") for span in spans))
        if DAYS[local.weekday()] in names and inside:
            return True
    return False


@given(st.sampled_from(ZONES), st.integers(START, START + 400 * 86400))
def test_round_the_clock_is_always_allowed(zone: str, now: int) -> None:
    assert may_call(zone, {"mon-sun": ["00:00-24:00"]}, "UTC", now + timedelta(minutes=1).seconds).allowed
