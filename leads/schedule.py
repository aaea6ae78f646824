"""Opening hours of a line: whether it is open now, and if not, when next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from config.hours import Span, spans
from config.models import Schedule
from leads.windows import is_open, local_time, next_opening

HORIZON = 400
"""Days to look ahead: a day that is open once a year is found."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether a line is open; if not, its next opening on its own clock, None if it never opens."""

    open: bool
    opens: datetime | None = None


def hours_of(schedule: Schedule | None, default_zone: str, now: float) -> Hours:
    """A line's hours at `now` (epoch seconds); a line without a schedule is always open."""
    if schedule is None:
        return Hours(True)
    zone = ZoneInfo(schedule.timezone or default_zone)

    @cache
    def windows(day: date) -> Sequence[Span]:
        return spans(schedule, day)

    if is_open(windows, zone, now):
        return Hours(True)
    opening = next_opening(windows, zone, now, HORIZON)
    return Hours(False, None if opening is None else local_time(opening, zone))
