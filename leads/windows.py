"""Windows of local days on the line of time: open now, and if not, when next. Clock changes included."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.hours import Span

DAY = 86400.0

Windows = Callable[[date], Sequence[Span]]
"""The windows of a local day. One that ends before it starts is empty."""


def local_time(at: float, zone: ZoneInfo) -> datetime:
    """Epoch seconds on the zone's clock."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def is_open(windows: Windows, zone: ZoneInfo, at: float) -> bool:
    """Whether the local time lies in a window of its day; a window's end does not."""
    local = local_time(at, zone)
    minute = 60 * local.hour + local.minute
    return any(start <= minute < end for start, end in windows(local.date()))


def next_opening(windows: Windows, zone: ZoneInfo, now: float, days: int) -> float | None:
    """The first moment after `now` at which it is open, looking so many days ahead."""
    return next((at for at in _changes(windows, zone, now, days) if is_open(windows, zone, at)), None)


def _changes(windows: Windows, zone: ZoneInfo, now: float, days: int) -> Iterator[float]:
    """Moments after `now` at which it may open, in order: windows' starts, and changes of the clock,
    after which the local time may stand in the middle of a window."""
    today = local_time(now, zone).date()
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        found = {at for start, _ in windows(day) for at in _moments(day, start, zone)}
        midnight = _epoch(day, 0, zone, 0)
        found |= _clock_changes(zone, midnight, midnight + DAY)
        yield from sorted(at for at in found if at > now)


def _moments(day: date, minute: int, zone: ZoneInfo) -> set[float]:
    """A local time happens once, twice (the clock was set back) or never (it was set forward)."""
    return {_epoch(day, minute, zone, fold) for fold in (0, 1)}


def _epoch(day: date, minute: int, zone: ZoneInfo, fold: int) -> float:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold).timestamp()


def _clock_changes(zone: ZoneInfo, start: float, end: float) -> set[float]:
    """The moment, to the second, at which the zone's offset changes between two times."""
    before = local_time(start, zone).utcoffset()
    if local_time(end, zone).utcoffset() == before:
        return set()
    seconds = range(int(start), int(end) + 1)
    at = bisect(seconds, False, key=lambda at: local_time(at, zone).utcoffset() != before)
    return {float(seconds[at])}
