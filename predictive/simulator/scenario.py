"""What a simulated campaign is like: the load, the people, the lines, and what changes in the day."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

Quantiles = tuple[float, ...]
"""Of a time: the shortest, the longest, and between them as many as there are, evenly spaced in share."""


class ScreeningTimes(NamedTuple):
    """Seconds from the answer to the verdict, of the persons and of the machines, whatever it is."""

    persons: Quantiles
    machines: Quantiles

    def __str__(self) -> str:
        told = (f"{kind} {low:g}-{high:g} s" for kind, (low, *_, high) in self._asdict().items())
        return ", ".join(told)


_SCREENING = ScreeningTimes((1.8, 3.2), (1.8, 3.2))

ChangeField = Literal[
    "answer_rate", "machine_share", "talk", "ring", "lines", "inbound", "outage", "silence", "leave", "join"
]


class Change(NamedTuple):
    """From `at` seconds after the day's first login, `field` has a new `value`.

    `answer_rate`, `machine_share`, `talk`, `ring`, `lines` and `inbound` replace the scenario's own
    value for the rest of the day. `outage` is seconds in which attempts fail at once, `silence`
    seconds in which they ring and nobody can answer. `leave` and `join` are shares of the scenario's
    `agents` (at least one): the longest logged in go, those in a call after its wrap-up; others,
    with ids of their own, come.
    """

    at: float
    field: ChangeField
    value: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One campaign day. Times in seconds, laws log-normal by mean and coefficient of variation.

    The defaults are the reference cell. A day is `warm_up` and then `hours` that count: every figure
    is of the counted time alone, but the pacer learns from the first second.
    """

    agents: int = 10
    hours: float = 8.0
    warm_up: float = 900.0
    login_spread: float = 60.0
    """Agents log in one after the other over this time."""

    answer_rate: float = 0.25
    """Share of attempts that somebody or something picks up."""
    fast_failed: float = 0.10
    """Share of attempts that are busy or fail after 1 to 3 s; the rest rings out."""
    ring: float = 10.5
    """Mean ring time of the answered (the law is cut off at `ring_timeout`)."""
    ring_cv: float = 0.5
    ring_timeout: float = 27.0

    machine_share: float = 0.30
    """Share of machines among the answered."""
    screening: ScreeningTimes | None = _SCREENING
    """How long it takes to tell persons from machines; `None`: not done, all is live."""
    machine_error: float = 0.05
    """Share of machines that pass as live; an agent is rid of one in 5 to 12 s, and wraps up."""
    person_error: float = 0.03
    """Share of persons that are released as machines."""

    talk: float = 150.0
    talk_cv: float = 0.9
    wrap: float = 25.0
    wrap_cv: float = 0.6
    agent_cv: float = 0.12
    """How agents differ: each has one factor on talk and one on wrap-up."""
    grace: float = 2.0
    """Seconds after live in which an agent must have the person."""

    break_every: float = 9000.0
    break_length: float = 900.0
    pause_every: float = 2700.0
    """Mean time between short pauses (exponential); 0: none."""
    pause_length: float = 180.0
    """Mean (exponential). A break or pause begins at once when the agent is idle, else after wrap-up."""

    lines: int | None = None
    """Lines of the trunk; `None`: 20 for each agent and 20 more."""
    calls_per_second: float | None = None
    """`None`: one for each agent, at least 20."""

    inbound: float = 0.0
    """Inbound callers per agent-hour; they are served first, and have lines of their own."""
    inbound_patience: float = 60.0
    """Mean (exponential)."""
    inbound_talk: float = 150.0

    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        for name in ("answer_rate", "fast_failed", "machine_share", "machine_error", "person_error"):
            _demand(0 <= getattr(self, name) <= 1, name, "a share from 0 to 1", getattr(self, name))
        _demand(self.answer_rate + self.fast_failed <= 1, "answer_rate + fast_failed", "at most 1", None)
        for name in ("ring", "ring_timeout", "talk", "grace", "hours", "break_length", "pause_length"):
            _demand(getattr(self, name) > 0, name, "more than 0", getattr(self, name))
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (int, float)):
                _demand(value >= 0, field.name, "0 or more", value)
        for kind, times in self.screening._asdict().items() if self.screening else ():
            good = len(times) >= 2 and times[0] > 0 and all(a <= b for a, b in pairwise(times))
            _demand(good, f"screening of {kind}", "two or more times above 0, the shortest first", times)
        _demand(self.agents >= 1, "agents", "at least 1", self.agents)
        _demand(self.calls_per_second != 0, "calls_per_second", "more than 0", 0)
        _demand(self.ring < self.ring_timeout, "ring", "less than ring_timeout", self.ring)
        for change in self.changes:
            _demand(change.field in get_args(ChangeField), "changes", "a known field", change.field)
            _demand(change.value >= 0, f"change of {change.field}", "0 or more", change.value)
            if change.field in ("talk", "ring"):
                _demand(change.value > 0, f"change of {change.field}", "more than 0", change.value)
            if change.field == "answer_rate":
                _demand(change.value + self.fast_failed <= 1, "answer_rate + fast_failed", "at most 1", None)

    @property
    def trunk_lines(self) -> int:
        return 20 * self.agents + 20 if self.lines is None else self.lines

    @property
    def rate_limit(self) -> float:
        """Calls per second."""
        return max(20.0, self.agents) if self.calls_per_second is None else self.calls_per_second

    @property
    def day_length(self) -> float:
        """Seconds from the first login to the last moment at which calls are placed."""
        return self.warm_up + self.hours * 3600


def _demand(good: bool, name: str, wish: str, value: object) -> None:
    if not good:
        raise ValueError(f"scenario: {name} must be {wish}" + ("" if value is None else f", not {value}"))
