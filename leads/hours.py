"""Calling hours: whether a lead may be called now, in the lead's own local time."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86400.0
HORIZON = 16
"""Days to look ahead: a weekly window that a clock change swallows comes again a week later."""

Span = tuple[int, int]
"""A window of a local day as [start, end) minutes after midnight."""


@dataclass(frozen=True, slots=True)
class CallTime:
    """Whether a lead may be called, why in a plain sentence, and if not, from when (epoch seconds)."""

    allowed: bool
    reason: str
    next_opening: float | None


def may_call(
    lead_zone: str | None, hours: Mapping[str, Sequence[str]], default_zone: str, now: float
) -> CallTime:
    """`hours` is a campaign's: days (`mon-fri`) to windows (`09:00-20:00`, the end not included). A window
    that ends before it starts is empty: two windows say what one across midnight would."""
    name = lead_zone or default_zone
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return CallTime(False, f"not called because its time zone {name} is unknown", None)
    week = _week(hours)
    local = _local(now, zone)
    told = f"it is {local:%H:%M} in {name}"
    if _open(week, local):
        return CallTime(True, f"may be called: {told}", None)
    opening = next(
        (at for at in _changes(week, zone, now) if at > now and _open(week, _local(at, zone))), None
    )
    if opening is None:
        return CallTime(False, f"not called because {told}, and the campaign has no calling hours", None)
    then = _local(opening, zone)
    when = f"{then:%H:%M}" if then.date() == local.date() else f"{DAYS[then.weekday()]} {then:%H:%M}"
    return CallTime(False, f"not called because {told}; calling hours open {when}", opening)


def _week(hours: Mapping[str, Sequence[str]]) -> list[list[Span]]:
    """Per weekday its windows. Day ranges may run over the week's end: `sat-mon`."""
    week: list[list[Span]] = [[] for _ in DAYS]
    for days, windows in hours.items():
        first, _, last = days.partition("-")
        start = DAYS.index(first)
        length = (DAYS.index(last or first) - start) % 7 + 1
        for day in range(start, start + length):
            week[day % 7] += [_span(window) for window in windows]
    return week


def _span(window: str) -> Span:
    start, end = (60 * int(part[:2]) + int(part[3:]) for part in window.split("-"))
    return start, end


def _local(at: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def _open(week: Sequence[Sequence[Span]], local: datetime) -> bool:
    minute = 60 * local.hour + local.minute
    return any(start <= minute < end for start, end in week[local.weekday()])


def _changes(week: Sequence[Sequence[Span]], zone: ZoneInfo, now: float) -> Iterator[float]:
    """Moments at which calling may begin, in order: windows' starts, and changes of the clock, after
    which the local time may stand in the middle of a window."""
    today = _local(now, zone).date()
    for ahead in range(HORIZON):
        day = today + timedelta(days=ahead)
        found = {at for start, _ in week[day.weekday()] for at in _moments(day, start, zone)}
        midnight = _epoch(day, 0, zone, 0)
        found |= _clock_changes(zone, midnight, midnight + DAY)
        yield from sorted(found)


def _moments(day: date, minute: int, zone: ZoneInfo) -> set[float]:
    """A local time happens once, twice (the clock was set back) or never (it was set forward)."""
    return {_epoch(day, minute, zone, fold) for fold in (0, 1)}


def _epoch(day: date, minute: int, zone: ZoneInfo, fold: int) -> float:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold).timestamp()


def _clock_changes(zone: ZoneInfo, start: float, end: float) -> set[float]:
    """The moment, to the second, at which the zone's offset changes between two times."""
    before = _local(start, zone).utcoffset()
    if _local(end, zone).utcoffset() == before:
        return set()
    seconds = range(int(start), int(end) + 1)
    at = bisect(seconds, False, key=lambda at: _local(at, zone).utcoffset() != before)
    return {float(seconds[at])}
