"""Calling hours: whether a lead may be called now, in the lead's own local time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.hours import WEEKDAYS, Span, week
from leads.windows import is_open, local_time, next_opening

HORIZON = 16
"""Days to look ahead: a weekly window that a clock change swallows comes again a week later."""


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
    days = week(hours)

    def windows(day: date) -> Sequence[Span]:
        return days[day.weekday()]

    local = local_time(now, zone)
    told = f"it is {local:%H:%M} in {name}"
    if is_open(windows, zone, now):
        return CallTime(True, f"may be called: {told}", None)
    opening = next_opening(windows, zone, now, HORIZON)
    if opening is None:
        return CallTime(False, f"not called because {told}, and the campaign has no calling hours", None)
    then = local_time(opening, zone)
    when = f"{then:%H:%M}" if then.date() == local.date() else f"{WEEKDAYS[then.weekday()]} {then:%H:%M}"
    return CallTime(False, f"not called because {told}; calling hours open {when}", opening)
