"""How a length of time is rounded before it is said."""

from __future__ import annotations

STEPS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
"""Minutes that are said; nobody knows a wait better."""

LONG = 40 * 60
"""Seconds from which hours are said."""


def minutes(seconds: float) -> int:
    """0 for less than a minute, else the nearest of `STEPS`, of two equally near the longer."""
    if seconds < 60:
        return 0
    return min(reversed(STEPS), key=lambda step: abs(step * 60 - seconds))


def hours(seconds: float) -> int:
    """Whole hours, at least one."""
    return max(1, round(seconds / 3600))
