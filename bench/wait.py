"""The wait that callers are told against the one they have: ours beside app_queue's hold time, in one run.

`wait_error_s` is |told - waited| in seconds over callers who had to wait, and did so to the end. `bias_s`
is the mean of told - waited: below 0 too little is promised. `longer_than_said` is the share of callers who
wait longer than the words they hear allow.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, quantiles
from typing import Any

from bench._waiting import LOADS, Group, Told
from predictive.wait import AtWork, WaitLaws
from sounds.grammar import rounding


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=10, help="of each family of load, with its own callers")
    parser.add_argument("--seed", type=int, default=1)


def run(runs: int = 10, seed: int = 1) -> dict[str, object]:
    """The figures, over all families and by family."""
    found = {load.name: _told(load, runs, seed) for load in LOADS}
    everybody = [told for group in found.values() for told in group]
    return {
        "callers": len(everybody),
        **_beside(everybody),
        "forecast_ms": _cost(),
        "families": {name: {"callers": len(told), **_beside(told)} for name, told in found.items()},
    }


def _told(load: Any, runs: int, seed: int) -> list[Told]:
    return [told for n in range(runs) for told in Group(load, seed * 1000 + n).run() if told.ours is not None]


def _beside(told: Sequence[Told]) -> dict[str, object]:
    ours, theirs = _figures(told, lambda one: one.ours or 0.0), _figures(told, lambda one: one.holdtime)
    return {
        "wait_error_s": ours,
        "app_queue_error_s": theirs,
        "ratio_to_app_queue": {key: round(ours[key] / theirs[key], 3) for key in ("median", "p90")},
    }


def _figures(told: Sequence[Told], said: Callable[[Told], float]) -> dict[str, float]:
    errors = [abs(said(one) - one.waited) for one in told]
    deciles = quantiles(errors, n=10)
    longer = [one.waited > most_said(said(one)) for one in told]
    return {
        "median": round(deciles[4], 1),
        "p90": round(deciles[8], 1),
        "bias_s": round(fmean(said(one) - one.waited for one in told), 1),
        "longer_than_said": round(fmean(longer), 3),
    }


def most_said(seconds: float) -> float:
    """The longest wait that the words for it allow."""
    return 60.0 * max(1, rounding.minutes(seconds))


def _cost() -> float:
    """Milliseconds for one forecast of 20 agents and 10 places."""
    laws = WaitLaws()
    laws.read([60.0 + 13 * (n % 17) for n in range(200)])
    agents = [AtWork(talking=9.0 * n, wrap_up=15.0) for n in range(20)]
    began = time.perf_counter()
    for _ in range(20):
        laws.forecast(agents, 10)
    return round((time.perf_counter() - began) / 20 * 1000, 2)


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    yield "seconds between wait told and wait had: median / p90 (bias), share who waited longer than said"
    yield f"{'':14} {'callers':>7}  {'ours':32} app_queue's hold time"
    for name, row in {**figures["families"], "all": figures}.items():
        yield f"{name:14} {row['callers']:7}  {_one(row['wait_error_s']):32} {_one(row['app_queue_error_s'])}"
    yield f"one forecast of 20 agents and 10 places: {figures['forecast_ms']} ms"


def _one(row: dict[str, float]) -> str:
    longer = f"{100 * row['longer_than_said']:3.0f} %"
    return f"{row['median']:5.0f} / {row['p90']:4.0f} ({row['bias_s']:+5.0f})  {longer}"
