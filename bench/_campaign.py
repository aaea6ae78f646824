"""One campaign of short calls, for the simulator and for life: the same people, the same figures. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from statistics import NormalDist, fmean, stdev

from lab import fake
from lab.behaviour import Behaviour, Kind
from leads.attempt import Attempt
from leads.lead import LIVE, Outcome
from predictive import Event, Floor, Pacer, Reasons, Spent, create_pacer
from predictive.simulator import Figures, Scenario, simulate
from predictive.simulator.luck import Law, Lead, Leads

WARM_UP = 180.0
TARGET, GRACE = 0.03, 2.0
WRAP_UP = 5
"""Seconds of the queue. Asterisk counts whole ones, so a wrap-up lasts from 4 to 5 s."""
DAY = 86400.0
"""The lab's campaigns may dial all day: what the pacer is told."""
LONGEST_LIST = 10_000
SHORT = Scenario(
    agents=30, hours=1 / 6, warm_up=WARM_UP, login_spread=1.0,
    answer_rate=0.4, fast_failed=0.1, ring=4.0, ring_cv=0.5, ring_timeout=15.0,
    machine_share=0.0, screening=None, grace=GRACE,
    talk=20.0, talk_cv=0.5, wrap=WRAP_UP - 0.5, wrap_cv=1 / sqrt(12) / (WRAP_UP - 0.5), agent_cv=0.0,
    break_every=0.0, pause_every=0.0, lines=200, calls_per_second=50.0,
)  # fmt: skip
"""Nothing is screened, so there are no machines; agents are alike and take no pause; limits are ample."""


def campaign(agents: int, minutes: float) -> Scenario:
    """The campaign with so many agents and counted minutes. Raises `ValueError` for what it cannot be."""
    scenario = replace(SHORT, agents=agents, hours=minutes / 60)
    if leads_for(scenario) > LONGEST_LIST:
        raise ValueError(f"{agents} agents for {minutes:g} minutes need more than {LONGEST_LIST} leads")
    return scenario


def leads_for(scenario: Scenario) -> int:
    """About twice the leads that the agents can be given, were they never idle."""
    calls = scenario.agents * scenario.day_length / (scenario.talk + scenario.wrap)
    return ceil(2 * calls / scenario.answer_rate)


@dataclass(frozen=True, slots=True)
class Person:
    """What becomes of a call to one lead, in seconds: `ring` until the answer or the end."""

    kind: str
    ring: float
    talk: float

    @classmethod
    def of(cls, lead: Lead, talks: Law) -> Person:
        return cls(lead.kind, round(lead.seconds, 2), round(talks.at(lead.talk), 2))

    def in_city(self) -> Behaviour:
        """For the city of the lab. A talk is counted from the answer there, waiting and all."""
        match self.kind:
            case "answer":
                return Behaviour(Kind.ANSWERS, self.ring, self.talk)
            case "busy":
                return Behaviour(Kind.BUSY, self.ring)
            case "failed":
                return Behaviour(Kind.REFUSED, self.ring, code=404)
            case _:
                return Behaviour(Kind.NO_ANSWER)

    def in_fake(self) -> fake.Subscriber:
        """For the fake Asterisk."""
        match self.kind:
            case "answer":
                return fake.Answer(self.ring, talk=self.talk)
            case "busy":
                return fake.Reject(486, self.ring)
            case "failed":
                return fake.Reject(404, self.ring)
            case _:
                return fake.Ring()


def people(scenario: Scenario, seed: int, count: int) -> dict[str, Person]:
    """By invented number: lead k is the simulator's lead k of that seed."""
    leads, talks = Leads(scenario, seed), Law(scenario.talk, scenario.talk_cv)
    return {f"+7495000{number:04d}": Person.of(leads.next(), talks) for number in range(count)}


class WithLedger:
    """A pacer that is told what a ledger counted, as the daemon tells its pacers."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._live = self._abandoned = 0
        self.wake_at: float | None = None
        self.spent: Spent | None = None
        self.reasons: Reasons | None = None
        self.oddities = pacer.oddities

    def on_event(self, now: float, event: Event) -> None:
        self._live += event.kind in ("connect", "abandon")
        self._abandoned += event.kind == "abandon"
        self._pacer.on_event(now, event)

    def calls_to_place(self, now: float, floor: Floor) -> int:
        self._pacer.spent = self.spent = Spent(self._live, self._abandoned)
        wanted = self._pacer.calls_to_place(now, floor)
        self.wake_at, self.reasons = self._pacer.wake_at, self._pacer.reasons
        return wanted


# -- figures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval of 95 %."""

    value: float
    low: float
    high: float

    def agrees(self, other: Estimate) -> bool:
        """Whether the intervals overlap."""
        return self.low <= other.high and other.low <= self.high


def student(freedom: int) -> float:
    """The two-sided 95 % point of Student's t, right to 0.01 from 5 degrees of freedom on.

    By the expansion in Abramowitz and Stegun, 26.7.5.
    """
    z = NormalDist().inv_cdf(0.975)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def of_batches(parts: Sequence[float], wholes: Sequence[float]) -> Estimate:
    """The share of all parts in all wholes, by batches on end (the ratio estimate of survey sampling).

    Of no part at all the upper end is that of the rule of three (Hanley and Lippman-Hand 1983).
    """
    count, part, whole = len(parts), sum(parts), sum(wholes)
    if part == 0:
        return Estimate(0.0, 0.0, 3 / whole)
    value = part / whole
    residuals = (one - value * of for one, of in zip(parts, wholes, strict=True))
    half = student(count - 1) * sqrt(count / (count - 1) * sum(r * r for r in residuals)) / whole
    return Estimate(value, max(0.0, value - half), value + half)


def of_runs(values: Sequence[float]) -> Estimate:
    """The mean of independent runs."""
    half = student(len(values) - 1) * stdev(values) / sqrt(len(values))
    return Estimate(fmean(values), fmean(values) - half, fmean(values) + half)


@dataclass(frozen=True, slots=True)
class Minute:
    """One counted minute of life: agent-seconds, and persons who answered in it."""

    busy: float
    present: float
    live: int
    abandoned: int


def minute(
    states: Iterable[dict[tuple[str, str], float]], attempts: Sequence[Attempt], since: float
) -> Minute:
    """`states`: each agent's seconds by (state, reason) in the minute that began at `since`.

    An agent whose phone rings is present and not busy; in the simulator that takes no time.
    """
    busy = present = 0.0
    for spells in states:
        for (state, _), seconds in spells.items():
            busy += seconds * (state in ("talking", "wrap_up"))
            present += seconds * (state in ("talking", "wrap_up", "ready", "ringing"))
    answered = [a for a in attempts if a.answered_at is not None and since <= a.answered_at < since + 60]
    return Minute(
        busy,
        present,
        sum(a.outcome in LIVE for a in answered),
        sum(a.outcome is Outcome.ABANDONED for a in answered),
    )


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the simulator expects: the mean over many runs, and between what one run of 20 does not fall."""

    occupancy: Estimate
    abandonment: Estimate
    occupancy_spread: tuple[float, float]
    abandonment_spread: tuple[float, float]


def simulated(scenario: Scenario, seeds: Sequence[int]) -> Simulated:
    """Run the campaign once with each seed."""
    days = [simulated_once(scenario, seed) for seed in seeds]
    occupancy, abandonment = [d.occupancy for d in days], [d.abandonment for d in days]
    return Simulated(of_runs(occupancy), of_runs(abandonment), _spread(occupancy), _spread(abandonment))


def simulated_once(scenario: Scenario, seed: int, target: float = TARGET) -> Figures:
    """One run, with the daemon's pacer and what the daemon tells it."""
    pacer = create_pacer(
        "predictive", target=target, grace=GRACE, ring_timeout=scenario.ring_timeout, day_length=DAY
    )
    return simulate(scenario, WithLedger(pacer), seed)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]
