"""Simulator and life agree: one campaign, simulated, and by the whole daemon on the fake Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from bench._campaign import GRACE, WRAP_UP, campaign, leads_for, of_batches, people, simulated_once
from bench._life import Life, read_life
from tests.daemon_fake.centre import SPRING, a_centre, in_virtual_time
from tests.daemon_fake.people import People

SCENARIO = campaign(agents=20, minutes=10)
TARGET = 0.10
"""More abandoned than is lawful, so that few minutes tell a rate, and no budget is gone by chance."""


def life(folder: Path, seed: int) -> Life:
    async def main() -> Life:
        limits = {"lines": SCENARIO.trunk_lines, "calls_per_second": SCENARIO.rate_limit}
        wrap_up = {"wrap_up": f"{WRAP_UP}s", "skill": None, "min_level": None}
        changes: dict[str, dict[str, Any]] = {
            "system": {"limits": limits},
            "trunks/city": limits,
            "groups/sales": wrap_up,
            "groups/support": wrap_up,
            f"campaigns/{SPRING}": {
                **limits, "mode": "predictive", "target": TARGET, "grace": f"{GRACE:g}s",
                "ring_time": f"{SCENARIO.ring_timeout:g}s", "attempts": {"max": 1},
            },
        }  # fmt: skip
        subscribers = People(seed)
        async with a_centre(folder, subscribers, agents=SCENARIO.agents, changes=changes) as centre:
            called = people(SCENARIO, seed, leads_for(SCENARIO)).values()
            numbers = await centre.leads(SPRING, len(called))
            subscribers.fixed.update(zip(numbers, (person.in_fake() for person in called), strict=True))
            await centre.ready()
            await centre.dial(SPRING)
            opens = centre.clock.now() + SCENARIO.warm_up
            await asyncio.sleep(SCENARIO.day_length)
            await centre.stop()
            return await read_life(centre.store, "fake", opens, round(SCENARIO.hours * 60))

    return in_virtual_time(main())


def test_the_whole_daemon_does_what_the_simulator_says(tmp_path: Path) -> None:
    """Life is one run, and is to lie where nearly all runs of the simulator do: within three deviations."""
    lived = life(tmp_path, seed=1)
    runs = [simulated_once(SCENARIO, seed, TARGET) for seed in range(1, 31)]
    for told, expected in (
        (of_batches([m.busy for m in lived.minutes], [m.present for m in lived.minutes]),
         [run.occupancy for run in runs]),
        (of_batches([m.abandoned for m in lived.minutes], [m.live for m in lived.minutes]),
         [run.abandonment for run in runs]),
    ):  # fmt: skip
        assert told.value == pytest.approx(fmean(expected), abs=3 * stdev(expected))
        assert told.low < fmean(expected) < told.high
    assert lived.connect_ms[1] < 50 and lived.late <= 3
