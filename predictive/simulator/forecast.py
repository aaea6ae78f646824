"""What if the team were another, or the pacer: one campaign, several sizes of the team, several pacers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from predictive.registry import create_pacer
from predictive.simulator.engine import Progress, no_progress
from predictive.simulator.run import simulate
from predictive.simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Forecast:
    """A team under a pacer, over all seeds and days."""

    agents: int
    pacer: str
    occupancy: float
    wait: float
    """Mean seconds of an agent between two calls."""
    abandonment: float
    """Of all persons together."""
    abandonment_worst: float
    """Of the worst seed, its days together."""
    connects_per_hour: float
    """Persons whom the team has, in an hour of the day."""
    attempts_per_hour: float
    lines_p95: int
    """Lines in use: not more for 95 % of the time, in the seed with the most."""
    lines_max: int


def forecast(
    scenario: Scenario,
    sizes: Sequence[int],
    pacers: Sequence[str],
    *,
    target: float,
    seeds: Sequence[int],
    days: int,
    progress: Progress = no_progress,
) -> list[Forecast]:
    """For each size of the team, and for it each pacer; the same luck for all of a size.

    `scenario` is the campaign; its `agents` are replaced. `progress` is told the share done, with the work
    of a team taken as its size. Raises `ValueError` for what no scenario or pacer can be.
    """
    found = []
    whole, done = float(sum(sizes) * len(pacers) * len(seeds)), 0.0
    for size in sizes:
        team = replace(scenario, agents=size)
        for name in pacers:
            figures = []
            for seed in seeds:
                pacer = create_pacer(
                    name,
                    target=target,
                    grace=team.grace,
                    ring_timeout=team.ring_timeout,
                    day_length=team.day_length,
                    seed=seed,
                )
                part = _part(progress, done / whole, size / whole)
                figures.append(simulate(team, pacer, seed, days=days, progress=part))
                done += size
            persons = sum(one.persons for one in figures)
            abandoned = sum(one.abandoned for one in figures)
            hours = team.hours * days * len(seeds)
            found.append(
                Forecast(
                    agents=size,
                    pacer=name,
                    occupancy=fmean(one.occupancy for one in figures),
                    wait=fmean(one.wait for one in figures),
                    abandonment=abandoned / persons if persons else 0.0,
                    abandonment_worst=max(one.abandonment for one in figures),
                    connects_per_hour=(persons - abandoned) / hours,
                    attempts_per_hour=sum(one.attempts for one in figures) / hours,
                    lines_p95=max(one.lines_p95 for one in figures),
                    lines_max=max(one.lines_max for one in figures),
                )
            )
    return found


def _part(progress: Progress, start: float, share: float) -> Progress:
    return lambda inner: progress(start + share * inner)
