"""The ready prompts of a place in the queue and of a wait, so that who waits needs no engine."""

from __future__ import annotations

from sounds.grammar import rounding
from sounds.phrase import Prompt

LAST_PLACE = 10


def place(place: int) -> Prompt:
    """The prompt of a place in the queue, from 1."""
    return Prompt(f"place-{place}" if place <= LAST_PLACE else "place-later")


def wait(seconds: float) -> Prompt:
    """The prompt of a wait in rounded words."""
    return Prompt(f"wait-{rounding.minutes(seconds)}" if seconds < rounding.LONG else "wait-later")
