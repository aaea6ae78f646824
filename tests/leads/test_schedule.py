"""When a line is open, by its own clock, and when next."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import Schedule
from leads.schedule import HORIZON, hours_of
from tests.leads.test_hours import START, ZONES, at, hours_of_week, open_by_the_week, windows

OFFICE = Schedule.model_validate(
    {
        "hours": {"mon-fri": ["09:00-13:00", "14:00-18:00"], "sat": ["10:00-15:00"]},
        "holidays": ["01-01", "2026-11-04", "12-31"],
        "exceptions": {
            "2026-11-03": ["09:00-12:00"],
            "2026-11-08": ["10:00-12:00"],
            "2026-12-31": ["08:00-10:00"],
        },
        "timezone": "Europe/Moscow",
    }
)


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2026-11-02T09:00", None),
        ("2026-11-02T12:59:59", None),
        ("2026-11-02T13:00", "2026-11-02T14:00"),
        ("2026-11-02T23:10", "2026-11-03T09:00"),
        ("2026-11-03T11:59", None),
        ("2026-11-03T12:00", "2026-11-05T09:00"),  # a short day, then a holiday
        ("2026-11-04T10:00", "2026-11-05T09:00"),
        ("2026-11-07T15:00", "2026-11-08T10:00"),  # a Sunday that is open
        ("2026-11-08T11:00", None),
        ("2026-11-14T23:10", "2026-11-16T09:00"),
        ("2026-12-31T09:00", None),  # a date goes before a day of every year
        ("2026-12-31T10:00", "2027-01-02T10:00"),  # the first of January is one
        ("2027-12-31T09:00", "2028-01-03T09:00"),
    ],
)
def test_an_exception_goes_before_a_holiday_and_that_before_the_weekday(
    local: str, opens: str | None
) -> None:
    found = hours_of(OFFICE, "UTC", at("Europe/Moscow", local))
    assert found.open is (opens is None)
    assert found.opens == (opens and datetime.fromisoformat(opens).replace(tzinfo=ZoneInfo("Europe/Moscow")))


def test_a_line_without_a_schedule_is_always_open() -> None:
    assert hours_of(None, "UTC", 0.0).open


def test_a_schedule_without_a_zone_has_the_systems() -> None:
    schedule = Schedule.model_validate({"hours": {"mon-sun": ["09:00-18:00"]}})
    now = at("Europe/Moscow", "2026-11-02T10:00")
    assert hours_of(schedule, "Europe/Moscow", now).open
    assert not hours_of(schedule, "America/New_York", now).open


def test_a_day_that_is_open_once_a_year_is_found() -> None:
    schedule = Schedule.model_validate({"hours": {"mon": []}, "exceptions": {"02-23": ["10:00-11:00"]}})
    found = hours_of(schedule, "UTC", at("UTC", "2026-02-23T11:00"))
    assert found.opens == datetime(2027, 2, 23, 10, tzinfo=ZoneInfo("UTC"))


def test_a_schedule_that_never_opens_says_so_instead_of_naming_a_time() -> None:
    schedule = Schedule.model_validate({"hours": {"mon": []}, "exceptions": {"2020-01-01": ["10:00-11:00"]}})
    found = hours_of(schedule, "UTC", at("UTC", "2026-02-23T11:00"))
    assert (found.open, found.opens) == (False, None)


def test_a_window_in_the_lost_hour_opens_when_the_clock_jumps() -> None:
    zone = "Europe/Berlin"  # 2026-03-29: 02:00 is followed by 03:00
    schedule = Schedule.model_validate({"hours": {"sun": ["02:30-05:00"]}, "timezone": zone})
    found = hours_of(schedule, "UTC", at(zone, "2026-03-29T01:10"))
    assert found.opens == datetime(2026, 3, 29, 3, tzinfo=ZoneInfo(zone))


near = st.dates(date(2026, 2, 25), date(2026, 4, 10))
named = st.one_of(near.map(lambda day: f"{day}"), near.map(lambda day: f"{day:%m-%d}"))
schedules = st.builds(
    lambda hours, holidays, exceptions, zone: Schedule(
        hours=hours, holidays=holidays, exceptions=exceptions, timezone=zone
    ),
    hours_of_week,
    st.lists(named, max_size=4),
    st.dictionaries(named, st.lists(windows, max_size=2), max_size=4),
    st.sampled_from(ZONES),
)


@settings(max_examples=60, deadline=None)
@given(schedules, st.integers(START, START + 30 * 86400))
def test_the_next_opening_is_what_walking_minute_by_minute_finds(schedule: Schedule, now: int) -> None:
    now -= now % 60
    found = hours_of(schedule, "UTC", now)
    walked = next((t for t in range(now, now + 3 * 86400, 60) if _simple(schedule, t)), None)
    assert found.open == (walked == now)
    if found.opens is None:
        assert found.open or walked is None
        return
    assert now < found.opens.timestamp() <= now + HORIZON * 86400
    assert hours_of(schedule, "UTC", found.opens.timestamp()).open
    if walked is not None:
        assert found.opens.timestamp() == walked


def _simple(schedule: Schedule, now: float) -> bool:
    """The same, said plainly: the day's windows as text, the clock as text."""
    zone = str(schedule.timezone)
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    for name in (f"{local:%Y-%m-%d}", f"{local:%m-%d}"):
        if name in schedule.exceptions:
            return open_by_the_week(zone, {"mon-sun": schedule.exceptions[name]}, now)
        if name in schedule.holidays:
            return False
    return open_by_the_week(zone, schedule.hours, now)
