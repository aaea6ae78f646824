"""What a simulated day comes to, and how it is counted."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

WINDOW = 30
"""Minutes of the rolling window."""
ENOUGH = 20
"""Live persons that a window must hold to be judged."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All of the counted time alone; a call counts where it became live, an attempt where it was placed."""

    occupancy: float
    """(talk + wrap-up) / (logged in - not ready)."""
    abandonment: float
    """Abandoned persons / live persons: what is judged."""
    heard: float
    """Abandoned / live as a pacer hears it: machines that passed as live counted too."""
    worst: float | None
    """Abandonment of the worst 30 minutes that held at least 20 live persons; `None`: there were none."""
    wait: float
    """Mean seconds of an agent, ready, per call taken."""
    connects: float
    """Persons connected per agent-hour (logged in and not on a pause)."""
    attempts: int
    persons: int
    """Live persons."""
    abandoned: int
    """Of them."""
    machines: int
    """That passed as live."""
    abandoned_machines: int
    lost_persons: int
    """Persons released as machines."""
    agent_hours: float
    """Logged in and not on a pause."""
    lines_p95: int
    """Lines in use: not more for 95 % of the time."""
    lines_max: int
    inbound: int
    """Inbound callers."""
    inbound_quit: int
    inbound_wait: float
    """Mean seconds of all inbound callers."""
    decision_us: float | None
    """Microseconds per `calls_to_place`: mean, and the value that 99 % do not pass; `None`: no timer."""
    decision_p99_us: float | None
    event_us: float | None
    """Microseconds per `on_event`."""
    event_p99_us: float | None


class Tally:
    """Adds up while the engine runs; `opens` to `closes` is the counted time of the day at hand."""

    def __init__(self) -> None:
        self.opens = self.closes = 0.0
        self.talk = self.wrap = self.idle = 0.0
        self.attempts = self.taken = self.persons = self.abandoned = 0
        self.machines = self.abandoned_machines = self.lost = 0
        self.inbound = self.inbound_quit = 0
        self.inbound_waited = 0.0
        self.lines: list[float] = [0.0]
        """Counted seconds by lines in use."""
        self.worst: float | None = None
        self._persons: list[int] = []
        self._abandoned: list[int] = []
        """By counted minute of the day."""

    def begin_day(self, opens: float, closes: float) -> None:
        self.opens, self.closes = opens, closes
        minutes = max(1, ceil((closes - opens) / 60))
        self._persons, self._abandoned = [0] * minutes, [0] * minutes

    def end_day(self) -> None:
        self.persons += sum(self._persons)
        self.abandoned += sum(self._abandoned)
        worst = worst_window(self._persons, self._abandoned)
        if worst is not None:
            self.worst = worst if self.worst is None else max(self.worst, worst)

    def overlap(self, since: float, now: float) -> float:
        """The counted part of a stretch of time."""
        since = max(since, self.opens)
        now = min(now, self.closes)
        return now - since if now > since else 0.0

    def person(self, live_at: float) -> None:
        self._persons[self._minute(live_at)] += 1

    def person_abandoned(self, live_at: float) -> None:
        self._abandoned[self._minute(live_at)] += 1

    def _minute(self, at: float) -> int:
        # Calls placed before the close may become live just after it: they belong to the last minute.
        return min(int((at - self.opens) / 60), len(self._persons) - 1)

    def figures(self, decisions: array[float] | None, events: array[float] | None) -> Figures:
        busy, hours = self.talk + self.wrap, (self.talk + self.wrap + self.idle) / 3600
        live, abandoned = self.persons + self.machines, self.abandoned + self.abandoned_machines
        decision_us, decision_p99_us = _microseconds(decisions)
        event_us, event_p99_us = _microseconds(events)
        return Figures(
            occupancy=_ratio(busy, busy + self.idle),
            abandonment=_ratio(self.abandoned, self.persons),
            heard=_ratio(abandoned, live),
            worst=self.worst,
            wait=_ratio(self.idle, self.taken),
            connects=_ratio(self.persons - self.abandoned, hours),
            attempts=self.attempts,
            persons=self.persons,
            abandoned=self.abandoned,
            machines=self.machines,
            abandoned_machines=self.abandoned_machines,
            lost_persons=self.lost,
            agent_hours=hours,
            lines_p95=_quantile(self.lines, 0.95),
            lines_max=_quantile(self.lines, 1.0),
            inbound=self.inbound,
            inbound_quit=self.inbound_quit,
            inbound_wait=_ratio(self.inbound_waited, self.inbound),
            decision_us=decision_us,
            decision_p99_us=decision_p99_us,
            event_us=event_us,
            event_p99_us=event_p99_us,
        )


def worst_window(persons: list[int], abandoned: list[int]) -> float | None:
    """Largest share of abandoned in `WINDOW` minutes on end (or in all, where there are fewer)."""
    width = min(WINDOW, len(persons))
    live, lost = [0, *accumulate(persons)], [0, *accumulate(abandoned)]
    spans = range(len(persons) - width + 1)
    shares = [
        (lost[at + width] - lost[at]) / count
        for at in spans
        if (count := live[at + width] - live[at]) >= ENOUGH
    ]
    return max(shares, default=None)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _quantile(seconds: list[float], share: float) -> int:
    """The smallest number of lines that holds for `share` of the time."""
    wanted, so_far = share * sum(seconds), 0.0
    for lines, time in enumerate(seconds):
        so_far += time
        if so_far >= wanted * (1 - 1e-9):
            return lines
    return len(seconds) - 1


def _microseconds(samples: array[float] | None) -> tuple[float | None, float | None]:
    if not samples:
        return None, None
    ordered = sorted(samples)
    return sum(ordered) / len(ordered) * 1e6, ordered[int(0.99 * (len(ordered) - 1))] * 1e6
