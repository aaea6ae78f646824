"""Weekdays, windows and time zones as they are written in a site: pure readings of text."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import date

from config.inbound import Schedule
from config.problems import did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span = tuple[int, int]
"""A window of a local day as [start, end) minutes after midnight."""


def weekdays(days: str) -> list[str]:
    """`mon-fri`, `sat`, `fri-mon` (over the week's end) to the days it names, in order."""
    first, _, last = days.partition("-")
    start = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last or first) - start) % 7 + 1
    return [WEEKDAYS[(start + i) % 7] for i in range(length)]


def week(hours: Mapping[str, Sequence[str]]) -> list[list[Span]]:
    """Per weekday, Monday first, its windows."""
    found: list[list[Span]] = [[] for _ in WEEKDAYS]
    for days, windows in hours.items():
        for day in weekdays(days):
            found[WEEKDAYS.index(day)] += map(minutes, windows)
    return found


def spans(schedule: Schedule, day: date) -> list[Span]:
    """The windows of one day: an exception goes before a holiday, that before the weekday; of both
    exceptions and holidays a date goes before a day of every year."""
    for name in (f"{day:%Y-%m-%d}", f"{day:%m-%d}"):
        if name in schedule.exceptions:
            return [minutes(window) for window in schedule.exceptions[name]]
        if name in schedule.holidays:
            return []
    return week(schedule.hours)[day.weekday()]


def minutes(window: str) -> Span:
    """`09:00-18:00` to minutes from midnight."""
    start, _, end = window.partition("-")
    return _minute(start), _minute(end)


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return 60 * int(hour) + int(minute)


def zone_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with a time zone's name: message and hint."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(name, zoneinfo.available_timezones())
        return f"`{name}` is no time zone", near or "write an IANA name, for example Europe/Moscow"
    return None
