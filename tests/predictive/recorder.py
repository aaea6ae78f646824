"""A pacer that writes down what it hears, and another one's decisions."""

from __future__ import annotations

from predictive import Event, Floor, Pacer, Reasons, Spent
from predictive.peers.peer import Peer


class Recorder:
    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.heard: list[tuple[float, Event]] = []
        self.asked: list[float] = []
        self.spent: Spent | None = None
        self.reasons: Reasons | None = None
        self.oddities = pacer.oddities

    @property
    def wake_at(self) -> float | None:
        return self.pacer.wake_at

    @wake_at.setter
    def wake_at(self, at: float | None) -> None:
        self.pacer.wake_at = at

    def on_event(self, now: float, event: Event) -> None:
        self.heard.append((now, event))
        self.pacer.on_event(now, event)

    def calls_to_place(self, now: float, floor: Floor) -> int:
        self.asked.append(now)
        return self.pacer.calls_to_place(now, floor)

    def of(self, *kinds: str) -> list[tuple[float, Event]]:
        return [(at, event) for at, event in self.heard if event.kind in kinds]


class Flood(Peer):
    """As many calls as there are lines for: everything that can go wrong does."""

    def calls_to_place(self, now: float, floor: Floor) -> int:
        return 10**6
