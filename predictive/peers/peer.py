"""What all peers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from predictive.contract import Event, Floor, Reasons, Spent
from predictive.settings import Setting


class Peer:
    """A dialer of others behind the pacer's contract: their rule, our words.

    A peer counts for itself, as its original does: it does not look at `spent`, and gives no reasons.
    Calls that are being screened are on their way to an agent in every peer, though most of the originals
    have no screening of their own.
    """

    takes: ClassVar[tuple[str, ...]] = ()
    """Which of the common arguments the rule uses."""
    settings: ClassVar[tuple[Setting, ...]] = ()

    wake_at: float | None = None
    spent: Spent | None = None
    reasons: Reasons | None = None
    oddities: Mapping[str, int] = MappingProxyType({})

    def on_event(self, now: float, event: Event) -> None:
        """Nothing to learn."""

    def calls_to_place(self, now: float, floor: Floor) -> int:
        """Whole calls, never negative."""
        raise NotImplementedError


def on_the_way(floor: Floor) -> int:
    """Calls that were placed and have no agent yet."""
    return len(floor.ringing) + len(floor.screening) + len(floor.waiting)
