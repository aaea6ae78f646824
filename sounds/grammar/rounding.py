"""How a length of time is rounded before it is said."""

from __future__ import annotations

STEPS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
"""Minutes that are said; nobody knows a wait better."""

LONG = 30 * 60 + 1
"""Seconds from which hours are said."""


def minutes(seconds: float) -> int:
    """0 for less than a minute, else rounded up to one of `STEPS`: nobody likes to wait longer than told."""
    if seconds < 60:
        return 0
    return next((step for step in STEPS if step * 60 >= seconds), STEPS[-1])
