"""Simulator and life: one campaign simulated, on the fake Asterisk, and on a real pair, in mode predictive.

The same people are called in all three: lead k rings and talks as long. Life takes its real time, and
its occupancy and abandonment stand beside the simulator's with confidence intervals of 95 %.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench._campaign import Estimate, Simulated, campaign, leads_for, of_batches, people, simulated
from bench._life import Life, live
from predictive.simulator import Scenario

LEAST = 5
"""Minutes; of fewer batches no interval can be told."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--minutes", type=int, default=10, help="counted, after 3 of warm-up")
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the people who are called")
    parser.add_argument("--runs", type=int, default=100, help="of the simulator, each with its own people")
    parser.add_argument("--only", choices=("fake", "real"), help="only this life")


def run(
    minutes: int = 10, agents: int = 30, seed: int = 1, runs: int = 100, only: str | None = None
) -> dict[str, object]:
    """The figures; life runs one after the other. Raises `NoProgram`, and `ValueError` for bad options."""
    if minutes < LEAST or runs < LEAST:
        raise ValueError(f"--minutes and --runs must be at least {LEAST}")
    scenario = campaign(agents, minutes)
    expected = simulated(scenario, range(1, runs + 1))
    lives = {}
    for world in ("fake", "real") if only is None else (only,):
        folder = Path(tempfile.mkdtemp(prefix="perezvon-bench-"))
        try:
            called = people(scenario, seed, leads_for(scenario))
            lives[world] = asyncio.run(live(world, called, scenario, folder, _say))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return figures(scenario, runs, expected, lives)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def figures(scenario: Scenario, runs: int, expected: Simulated, lives: dict[str, Life]) -> dict[str, object]:
    """Everything in one picture; `agree` is whether the intervals overlap, in both figures."""
    return {
        "agents": scenario.agents,
        "minutes": round(scenario.hours * 60),
        "simulator": {"runs": runs, **asdict(expected)},
        **{name: _beside(expected, life) for name, life in lives.items()},
    }


def _beside(expected: Simulated, life: Life) -> dict[str, Any]:
    occupancy = of_batches([m.busy for m in life.minutes], [m.present for m in life.minutes])
    abandonment = of_batches([m.abandoned for m in life.minutes], [m.live for m in life.minutes])
    mean, median, p99 = life.connect_ms
    return {
        "asterisk": life.asterisk,
        "attempts": life.attempts,
        "live": sum(m.live for m in life.minutes),
        "abandoned": sum(m.abandoned for m in life.minutes),
        "late": life.late,
        "occupancy": asdict(occupancy),
        "abandonment": asdict(abandonment),
        "connect_ms": {"mean": mean, "p50": median, "p99": p99, "mean_of_waits": life.waited_ms},
        "dial_p99_ms": life.dial_ms,
        "agree": occupancy.agrees(expected.occupancy) and abandonment.agrees(expected.abandonment),
        "within_spread": _within(occupancy, expected.occupancy_spread)
        and _within(abandonment, expected.abandonment_spread),
    }


def _within(figure: Estimate, spread: tuple[float, float]) -> bool:
    return spread[0] <= figure.value <= spread[1]


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    simulator = figures["simulator"]
    yield (
        f"{figures['agents']} agents, {figures['minutes']} minutes counted, mode predictive;"
        " in brackets the 95 % confidence interval"
    )
    yield ""
    yield f"{'':12} {'occupancy':22} {'abandonment':22} live answers"
    runs = f"mean of {simulator['runs']} runs"
    yield f"{'simulator':12} {_told(simulator['occupancy'])} {_told(simulator['abandonment'])} {runs}"
    spreads = (simulator["occupancy_spread"], simulator["abandonment_spread"])
    told = " ".join(f"{100 * low:5.1f} to {100 * high:.1f} %".ljust(22) for low, high in spreads)
    yield f"{'':12} {told} 19 of 20 runs"
    for name in ("fake", "real"):
        if life := figures.get(name):
            yield (
                f"{name:12} {_told(life['occupancy'])} {_told(life['abandonment'])} "
                f"{life['live']}, {life['abandoned']} abandoned"
            )
    yield ""
    for name in ("fake", "real"):
        if life := figures.get(name):
            times = life["connect_ms"]
            yield (
                f"{name} (Asterisk {life['asterisk']}): {'agrees' if life['agree'] else 'DIFFERS'};"
                f" answer to agent {times['p50']:.0f} ms median, {times['p99']:.0f} ms p99;"
                f" decision to Originate {life['dial_p99_ms']:.0f} ms p99"
            )


def _told(figure: dict[str, float]) -> str:
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:5.1f} % ({low:.1f} to {high:.1f})".ljust(22)
