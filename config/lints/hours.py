"""Calling hours of campaigns, and opening hours of lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from config.hours import minutes, spans, weekdays, zone_problem
from config.lints.facts import Facts, Finding
from config.models import Schedule
from config.tree import Path

LAWFUL = (8 * 60, 21 * 60)
LOOK_AHEAD = 400
"""Days in which a schedule must open once."""


def calling(facts: Facts) -> Iterator[Finding]:
    """E413 to E416, W522."""
    for name, campaign in facts.campaigns.items():
        at: Path = ("campaigns", name)
        yield from _zone(campaign.timezone, (*at, "timezone"))
        yield from _week(campaign.hours, (*at, "hours"))
        for days, windows in campaign.hours.items():
            for i, window in enumerate(windows):
                start, end = minutes(window)
                if start < end and (start < LAWFUL[0] or end > LAWFUL[1]):
                    yield Finding(
                        "W522",
                        (*at, "hours", days, i),
                        f"the window {window} leaves the hours 08:00-21:00",
                        "calls outside them are unlawful or unwelcome in most countries",
                    )


def opening(facts: Facts) -> Iterator[Finding]:
    """E413 to E416, E451, E452, W551 for schedules."""
    for name, schedule in facts.schedules.items():
        at: Path = ("schedules", name)
        yield from _zone(schedule.timezone, (*at, "timezone"))
        yield from _week(schedule.hours, (*at, "hours"))
        for day, windows in schedule.exceptions.items():
            yield from _windows(windows, (*at, "exceptions", day))
        yield from _days(schedule.exceptions, (*at, "exceptions"), facts.today, of_key=True)
        yield from _days(schedule.holidays, (*at, "holidays"), facts.today)
        if not _opens(schedule, facts.today):
            yield Finding(
                "E452",
                (*at, "hours"),
                f"the schedule `{name}` never opens: its callers would be told so at any time",
                'write windows, for example mon-fri: ["09:00-18:00"]',
                of_key=True,
            )


def _opens(schedule: Schedule, today: date | None) -> bool:
    if today is None:
        windows = [*schedule.hours.values(), *schedule.exceptions.values()]
        return any(start < end for several in windows for start, end in map(minutes, several))
    days = (today + timedelta(days=ahead) for ahead in range(LOOK_AHEAD))
    return any(start < end for day in days for start, end in spans(schedule, day))


def _zone(name: str | None, at: Path) -> Iterator[Finding]:
    if name and (problem := zone_problem(name)):
        yield Finding("E416", at, *problem)


def _week(hours: Mapping[str, list[str]], at: Path) -> Iterator[Finding]:
    named: dict[str, str] = {}
    for days, windows in hours.items():
        for day in weekdays(days):
            if day in named:
                yield Finding(
                    "E415",
                    (*at, days),
                    f"{day} is in `{named[day]}` and in `{days}`",
                    "name each weekday once",
                    of_key=True,
                )
                break
            named[day] = days
        yield from _windows(windows, (*at, days))


def _windows(windows: list[str], at: Path) -> Iterator[Finding]:
    good: list[tuple[int, int, str]] = []
    for i, window in enumerate(windows):
        start, end = minutes(window)
        if end <= start:
            yield Finding(
                "E413",
                (*at, i),
                f"the window {window} ends before it begins",
                'over midnight write two windows: "22:00-24:00" and the next day "00:00-02:00"',
            )
            continue
        for other_start, other_end, other in good:
            if start < other_end and other_start < end:
                yield Finding(
                    "E414", (*at, i), f"the windows {other} and {window} overlap", "make one of the two"
                )
                break
        good.append((start, end, window))


def _days(days: Iterable[str], at: Path, today: date | None, *, of_key: bool = False) -> Iterator[Finding]:
    """Days that do not exist, and dates that are over."""
    for i, day in enumerate(days):
        path = (*at, day if of_key else i)
        try:
            found = date.fromisoformat(day if len(day) == 10 else f"2024-{day}")  # a year with 29 February
        except ValueError:
            yield Finding("E451", path, f"there is no day {day}", "look at the calendar", of_key=of_key)
            continue
        if today is not None and len(day) == 10 and found < today - timedelta(days=1):  # over everywhere
            yield Finding("W551", path, f"{day} is over", "remove it", of_key=of_key)


LINTS = (calling, opening)
