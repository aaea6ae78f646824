"""Common random numbers: what befalls lead k, agent j and inbound caller n, whatever the pacer does.

Every stream is a generator of its own, seeded with the seed and the stream's name. A lead takes the
same number of draws whatever becomes of it, so that lead k's luck depends on k alone; a rate that
changes in the day is compared with the stored draw.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from random import Random
from statistics import NormalDist

from predictive.contract import EventKind
from predictive.simulator.scenario import Quantiles, Scenario

_NORMAL = NormalDist()
_SMALLEST = 1e-12

Draw = Callable[[], float]
"""Uniform from 0 to 1."""


class Law:
    """Log-normal by mean and coefficient of variation, optionally cut off above `limit`."""

    __slots__ = ("_cut", "_mu", "_sigma", "mean")

    def __init__(self, mean: float, cv: float, limit: float | None = None) -> None:
        self.mean = mean
        if mean > 0:
            self._sigma = sqrt(log(1 + cv * cv))
            self._mu = log(mean) - self._sigma**2 / 2
            if limit is None or self._sigma == 0:
                self._cut = 1.0
            else:
                self._cut = _NORMAL.cdf((log(limit) - self._mu) / self._sigma)

    def at(self, u: float) -> float:
        """The value that a share `u` of all lies below."""
        if self.mean <= 0:
            return 0.0
        u *= self._cut
        return exp(self._mu + self._sigma * _NORMAL.inv_cdf(u if u > _SMALLEST else _SMALLEST))


def _quantile(known: Quantiles, u: float) -> float:
    """The value that a share `u` of all lies below, on straight lines between those known."""
    place = u * (len(known) - 1)
    below = min(int(place), len(known) - 2)
    return known[below] + (known[below + 1] - known[below]) * (place - below)


def stream(seed: int, name: str) -> Draw:
    return Random(f"{seed}/{name}").random  # noqa: S311 (a simulation, not a secret)


class Agent:
    """A person's habits: how long wrap-ups take, and when pauses fall due.

    The pauses of a day are a schedule of the clock, drawn at the login: being busy postpones a pause
    but moves none of the later ones.
    """

    __slots__ = (
        "_pauses",
        "_wraps",
        "id",
        "leaving",
        "on_pause_until",
        "outbound",
        "pauses",
        "pending",
        "talk_factor",
        "wrap",
        "wrap_factor",
    )

    def __init__(self, seed: int, number: int, cv: float) -> None:
        self.id = f"a{number}"
        self._wraps = stream(seed, f"wrap {number}")
        self._pauses = stream(seed, f"pauses {number}")
        differ, law = stream(seed, f"factors {number}"), Law(1.0, cv)
        self.talk_factor = law.at(differ())
        self.wrap_factor = law.at(differ())
        self.pauses: list[tuple[float, float]] = []
        """Those to come, (due, length), the next one last."""
        self.pending = 0.0
        """Seconds of pause that are due and not begun."""
        self.leaving = self.outbound = False
        self.wrap = self.on_pause_until = 0.0

    def login(
        self, now: float, until: float, breaks: tuple[float, float], pauses: tuple[float, float]
    ) -> None:
        """`breaks` and `pauses`: how often and how long; breaks vary by half, pauses are exponential."""
        draw, due = self._pauses, now
        self.pauses, self.pending, self.leaving = [], 0.0, False
        while breaks[0] > 0 and (due := due + breaks[0] * (0.5 + draw())) < until:
            self.pauses.append((due, breaks[1]))
        due = now
        while pauses[0] > 0 and (due := due - log(1.0 - draw()) * pauses[0]) < until:
            self.pauses.append((due, -log(1.0 - draw()) * pauses[1]))
        self.pauses.sort(reverse=True)

    def next_wrap(self, law: Law) -> float:
        self.wrap = law.at(self._wraps()) * self.wrap_factor
        return self.wrap


class Lead:
    """What becomes of one attempt; `kind` is `answer`, or how it ends unanswered."""

    __slots__ = ("error", "id", "kind", "machine", "screening", "seconds", "talk")

    def __init__(self, number: int, kind: EventKind, seconds: float, talk: float) -> None:
        self.id = str(number)
        self.kind: EventKind = kind
        self.seconds = seconds
        """Until the answer, or the end."""
        self.machine = self.error = False
        """Of an answered lead: what it is, and whether the screen takes it for the other."""
        self.screening = 0.0
        self.talk = talk
        """The draw that decides the length of the talk."""

    @property
    def goes_live(self) -> bool:
        return self.kind == "answer" and self.machine == self.error


class Leads:
    """The list, lead after lead. The rates are those of the moment; set them when they change."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._draw = stream(seed, "leads")
        self._scenario = scenario
        self._number = 0
        self.reset()

    def reset(self) -> None:
        """The scenario's own rates again."""
        self.answer_rate = self._scenario.answer_rate
        self.machine_share = self._scenario.machine_share
        self.set_ring(self._scenario.ring)

    def set_ring(self, mean: float) -> None:
        self._ring = Law(mean, self._scenario.ring_cv, self._scenario.ring_timeout)

    def next(self) -> Lead:
        draw, of = self._draw, self._scenario
        fate, kind, time, screen, error, talk = draw(), draw(), draw(), draw(), draw(), draw()
        self._number += 1
        if fate < self.answer_rate:
            lead = Lead(self._number, "answer", self._ring.at(time), talk)
            lead.machine = machine = kind < self.machine_share
            if of.screening is None:
                lead.error = machine  # nothing is screened: a machine goes live like a person
            else:
                lead.screening = _quantile(of.screening.machines if machine else of.screening.persons, screen)
                lead.error = error < (of.machine_error if machine else of.person_error)
            return lead
        if fate >= 1 - of.fast_failed:
            return Lead(self._number, "busy" if kind < 0.5 else "failed", 1 + 2 * time, talk)
        return Lead(self._number, "no_answer", of.ring_timeout, talk)


class Caller:
    """An inbound caller."""

    __slots__ = ("id", "patience", "talk")

    def __init__(self, number: int, patience: float, talk: float) -> None:
        self.id = f"i{number}"
        self.patience = patience
        self.talk = talk


class Callers:
    """Inbound callers, one after the other."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._draw = stream(seed, "inbound")
        self._patience = scenario.inbound_patience
        self._number = 0

    def next(self) -> tuple[float, Caller]:
        """The time until the caller, in mean times between two callers, and the caller."""
        gap, patience, talk = self._draw(), self._draw(), self._draw()
        self._number += 1
        return -log(1 - gap), Caller(self._number, -log(1 - patience) * self._patience, talk)
