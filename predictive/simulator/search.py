"""The best setting of a pacer for a scenario, found by trying what the pacer declares for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from predictive.registry import PACERS, create_pacer
from predictive.settings import grid
from predictive.simulator.engine import Progress, no_progress
from predictive.simulator.figures import Figures
from predictive.simulator.run import simulate
from predictive.simulator.scenario import Scenario

MARGIN = 0.01
"""Seeds differ: a setting this much less busy than the best one on the first seed is given up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting, and its figures for each seed that it was tried on (fewer once it is given up)."""

    own: dict[str, Any]
    """The settings as keywords of `create_pacer`; what is not named is at its default."""
    figures: tuple[Figures, ...]

    @property
    def occupancy(self) -> float:
        """Mean over the seeds tried."""
        return fmean(figures.occupancy for figures in self.figures)

    @property
    def abandonment(self) -> float:
        """Of all seeds tried together."""
        persons = sum(figures.persons for figures in self.figures)
        return sum(figures.abandoned for figures in self.figures) / persons if persons else 0.0

    @property
    def worst_seed(self) -> float:
        """The highest abandonment of a seed tried."""
        return max(figures.abandonment for figures in self.figures)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    default: Trial
    """On all seeds, whether it keeps the target or not."""
    best: Trial | None
    """The busiest that keeps the target on every seed; `None`: none of those tried keeps it."""
    nearest: Trial
    """The best, or where none keeps the target the one that was over it by the least."""
    tried: int
    """Settings."""


def best_setting(
    name: str,
    scenario: Scenario,
    *,
    target: float = 0.03,
    seeds: Sequence[int] = (101, 102, 103),
    days: int = 1,
    settings: Iterable[dict[str, Any]] | None = None,
    progress: Progress = no_progress,
) -> Found:
    """The setting of pacer `name` with the highest occupancy whose abandonment keeps the target.

    Kept is kept on every seed, over its `days` together. Every setting is tried on the first seed; those
    that keep the target there go on, the busiest first, until the next is less busy there than the best
    by `MARGIN`. `settings` replaces what the pacer declares; the default setting is always tried.
    `progress` is told the share done; it leaps at the end where settings need not be tried further.
    Raises ValueError for an unknown pacer or setting, or without seeds.
    """
    if not seeds:
        raise ValueError("a search needs at least one seed")
    if name in PACERS and settings is None:
        settings = grid(PACERS[name].settings)
    candidates = [{}, *(own for own in settings or () if own and not _is_default(name, own))]
    runs = len(candidates) * len(seeds)
    done = 0

    def tried(trial: Trial, on: Sequence[int]) -> Trial:
        """The trial with further seeds, until it is over the target; the default always on all."""
        nonlocal done
        figures = list(trial.figures)
        for seed in on:
            if trial.own and any(each.abandonment > target for each in figures):
                break
            pacer = create_pacer(
                name,
                target=target,
                grace=scenario.grace,
                ring_timeout=scenario.ring_timeout,
                day_length=scenario.day_length,
                seed=seed,
                **trial.own,
            )
            figures.append(simulate(scenario, pacer, seed, days=days))
            done += 1
            progress(done / runs)
        return Trial(trial.own, tuple(figures))

    first = [tried(Trial(own, ()), seeds[:1]) for own in candidates]
    default = tried(first[0], seeds[1:])
    trials = [default]
    best = default if default.worst_seed <= target else None
    for trial in sorted(first[1:], key=lambda trial: -trial.occupancy):
        if best and trial.occupancy < best.figures[0].occupancy - MARGIN:
            trials.append(trial)
            continue
        trial = tried(trial, seeds[1:])
        trials.append(trial)
        if trial.worst_seed <= target and (best is None or trial.occupancy > best.occupancy):
            best = trial
    progress(1.0)
    nearest = best or min(trials, key=lambda trial: trial.worst_seed)
    return Found(default, best, nearest, len(trials))


def _is_default(name: str, own: dict[str, Any]) -> bool:
    defaults = {setting.name: setting.default for setting in PACERS[name].settings} if name in PACERS else {}
    return all(defaults.get(key) == value for key, value in own.items())
