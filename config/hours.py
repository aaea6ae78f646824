"""Weekdays, windows and time zones as they are written in a site: pure readings of text."""

from __future__ import annotations

import zoneinfo

from config.problems import did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(days: str) -> list[str]:
    """`mon-fri`, `sat`, `fri-mon` (over the week's end) to the days it names, in order."""
    first, _, last = days.partition("-")
    start = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last or first) - start) % 7 + 1
    return [WEEKDAYS[(start + i) % 7] for i in range(length)]


def minutes(window: str) -> tuple[int, int]:
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
