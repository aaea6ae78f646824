"""Whole days of the predictive pacer in the simulator: better than progressive, and within the target."""

from __future__ import annotations

from dataclasses import replace

import pytest

from predictive import create_pacer
from predictive.simulator import scenario_of, simulate

TARGET = 0.03


@pytest.mark.parametrize(("agents", "gain"), [(10, 0.15), (30, 0.22)])
def test_two_hours_beat_progressive_clearly(agents: int, gain: float) -> None:
    scenario = replace(scenario_of("reference", agents), hours=2.0)
    ours = simulate(scenario, create_pacer("predictive"), 1)
    progressive = simulate(scenario, create_pacer("progressive"), 1)
    assert ours.occupancy > progressive.occupancy + gain
    assert ours.wait < 0.6 * progressive.wait
    assert ours.abandonment < 2 * TARGET, "a part of a day may owe what its rest pays"


def test_one_agent_is_no_worse_off_than_with_progressive() -> None:
    scenario = replace(scenario_of("reference", 1), hours=2.0)
    ours = simulate(scenario, create_pacer("predictive"), 3, days=5)
    progressive = simulate(scenario, create_pacer("progressive"), 3, days=5)
    assert ours.occupancy > progressive.occupancy + 0.03
    assert ours.abandoned <= TARGET * ours.persons + 2, "ten hours are no five days"


@pytest.mark.parametrize("family", ["outage", "agents_change", "halves"])
def test_a_day_of_changes_ends_within_the_target(family: str) -> None:
    pacer = create_pacer("predictive")
    figures = simulate(scenario_of(family, 10), pacer, 1)
    assert figures.abandonment <= TARGET
    assert figures.heard <= TARGET
    assert figures.abandonment > TARGET / 3, "the budget is there to be used"
    assert figures.occupancy > 0.70
    assert not pacer.oddities


def test_another_target_is_kept_too() -> None:
    figures = simulate(scenario_of("reference", 10), create_pacer("predictive", target=0.06), 1)
    assert 0.035 < figures.abandonment <= 0.06
