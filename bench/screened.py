"""Our pacer behind screens that lose some persons, pass some machines, and take their time.

Days of the reference cell. Persons whom a screen hangs up on are abandoned to the ledger: where they are
counted the pacer has what they leave of the limit.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from bench._options import whole
from bench._pacing_text import percent, table
from bench._verdicts import benchmark
from bench._work import do_all
from bench.pacing import ARGUMENTS, TARGET, sizes
from predictive import create_pacer
from predictive.screening import MEASURED, Benchmark, Trials
from predictive.simulator import Figures, Scenario, scenario_of, simulate
from predictive.simulator.families import screened_by

AGENTS = (10, 30)
SEEDS = 5
WANTED = Benchmark(Trials(100, 1, (0.5, 1.6)), Trials(100, 6, (0.5, 1.6)))
"""What was wished for of our screen."""


@dataclass(frozen=True)
class Day:
    """One day behind a screen; `target` is what is left to abandon, as a share of whom the pacer hears of."""

    scenario: Scenario
    target: float
    seed: int

    @property
    def cost(self) -> float:
        return (self.scenario.agents + 2) * (10.0 if self.target else 1.0)

    def do(self) -> Figures:
        if not self.target:
            return simulate(self.scenario, create_pacer("progressive"), self.seed)
        arguments: dict[str, Any] = {**ARGUMENTS, "target": self.target}
        return simulate(self.scenario, create_pacer("predictive", **arguments), self.seed)


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--agents", type=sizes, default=AGENTS, help="team sizes (10,30)")
    parser.add_argument("--seeds", type=whole(), default=SEEDS, help=f"seeds 1 to so many ({SEEDS})")
    parser.add_argument("--hours", type=float, default=Scenario().hours, help="of a day (8)")
    parser.add_argument(
        "--measured", type=Path, help="what `bench screening --json` said; default: MEASURED of predictive"
    )
    parser.add_argument("--jobs", type=whole(), default=os.cpu_count(), help="processes; default: all cores")


def run(
    agents: Sequence[int] = AGENTS,
    seeds: int = SEEDS,
    hours: float = Scenario().hours,
    measured: Path | None = None,
    jobs: int | None = 1,
) -> dict[str, Any]:
    """The figures of each screen, its errors counted and not, for each team."""
    screens = {"assumed": _assumed(), "measured": _measured(measured), "wanted": WANTED}
    cells = [
        (
            name,
            counted,
            size,
            target,
            replace(scenario_of("reference", size), hours=hours, **screened_by(screen)),
        )
        for name, screen in screens.items()
        for counted, target in ((False, TARGET), (True, _left(screen)))
        for size in agents
    ]
    numbers = range(1, seeds + 1)
    days = [Day(scenario, target, seed) for *_, target, scenario in cells for seed in numbers]
    found = do_all("days behind screens", days, jobs or 1)
    return {
        "target": TARGET,
        "hours": hours,
        "seeds": list(numbers),
        "screens": {name: asdict(screen) for name, screen in screens.items()},
        "cells": [
            {"screen": name, "counted": counted, "agents": size, "left": target}
            | _cell([found[Day(scenario, target, seed)] for seed in numbers])
            for name, counted, size, target, scenario in cells
        ],
    }


def _assumed() -> Benchmark:
    """The screen of every other scenario."""
    usual = Scenario()
    assert usual.screening is not None
    persons, machines = usual.screening
    return Benchmark(
        Trials(100, round(100 * usual.person_error), persons),
        Trials(100, round(100 * usual.machine_error), machines),
    )


def _measured(file: Path | None) -> Benchmark:
    if file is None:
        return MEASURED
    try:
        found = benchmark(json.loads(file.read_text(encoding="utf-8")))
        Scenario(**screened_by(found))
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise SystemExit(f"{file} is not what `bench screening --json` says: {reason!r}") from None
    return found


def _left(screen: Benchmark) -> float:
    """Share of the persons who pass that may still be abandoned, where `TARGET` is of all who answered."""
    lost = screen.persons_lost
    return max(0.0, (TARGET - lost) / (1 - lost))


def _cell(days: Sequence[Figures]) -> dict[str, float]:
    all_lost = [(day.abandoned + day.lost_persons) / (day.persons + day.lost_persons) for day in days]
    return {
        "occupancy": fmean(day.occupancy for day in days),
        "abandonment": fmean(day.abandonment for day in days),
        "abandonment_max": max(day.abandonment for day in days),
        "with_lost": fmean(all_lost),
        "with_lost_max": max(all_lost),
        "persons_an_agent_hour": fmean(day.connects for day in days),
    }


def lines(figures: dict[str, Any]) -> Iterator[str]:
    target = figures["target"]
    seeds = figures["seeds"][-1]
    yield f"Reference cell, {figures['hours']:g} h, target {percent(target)}, seeds 1 to {seeds}"
    for name, screen in figures["screens"].items():
        told = []
        for kind, error in (("persons", "lost"), ("machines", "passed")):
            trials, times = screen[kind], screen[kind]["seconds"]
            told.append(
                f"{trials['wrong']} of {trials['clips']} {kind} {error},"
                f" {times[0]:g}-{times[-1]:g} s ({median(times):.2f} in the median)"
            )
        yield f"  {name}: {'; '.join(told)}"
    yield from table(
        [
            {
                "screen": cell["screen"] + ("" if cell["counted"] else ", errors not counted"),
                "left to abandon": percent(cell["left"]) if cell["left"] else "nothing: progressive",
                "agents": str(cell["agents"]),
                "occupancy": f"{cell['occupancy']:.3f}",
                "abandoned (at most)": f"{percent(cell['abandonment'])} ({percent(cell['abandonment_max'])})",
                "and with the lost": f"{percent(cell['with_lost'])} ({percent(cell['with_lost_max'])})"
                + "!" * (cell["with_lost_max"] > target),
                "persons an agent-hour": f"{cell['persons_an_agent_hour']:.1f}",
            }
            for cell in figures["cells"]
        ]
    )
    yield "!: a seed over the target"
