"""`bench pacing`: its figures, computed anew on tiny cells."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from statistics import fmean
from typing import Any

import pytest

from bench.pacing import deep_size, lines, run
from predictive import create_pacer
from predictive.simulator import Figures, oracle, scenario_of, simulate
from predictive.simulator.search import best_setting

HOURS = 0.5


@cache
def tiny() -> dict[str, Any]:
    return run(
        agents=(2, 4), seeds=2, families=("reference", "few_trunks"), peers=("silver",), hours=HOURS,
        jobs=1, memory_days=2, cost_agents=5,
    )  # fmt: skip


def figures_of(name: str, agents: int, seed: int, family: str = "reference", **own: Any) -> Figures:
    day = replace(scenario_of(family, agents), hours=HOURS)
    days = 5 if agents == 2 else 1
    if name == "oracle":
        return oracle(day, seed, days=days)
    day_length = 28800.0 if name == "predictive" else day.day_length
    return simulate(day, create_pacer(name, day_length=day_length, **own), seed, days=days)


@pytest.mark.parametrize(("index", "agents"), [(0, 2), (1, 4)])
def test_the_table_is_what_the_simulator_says(index: int, agents: int) -> None:
    row = tiny()["occupancy"][index]
    for name in ("predictive", "progressive", "oracle"):
        days = [figures_of(name, agents, seed) for seed in (1, 2)]
        assert row[name]["occupancy"] == pytest.approx(fmean(day.occupancy for day in days))
        together = sum(day.abandoned for day in days) / sum(day.persons for day in days)
        assert row[name]["abandonment"] == pytest.approx(together)
        assert row[name]["abandonment_max"] == max(day.abandonment for day in days)
    delivered = fmean(
        figures_of("vicidial_adapt", agents, seed, method=method).occupancy
        for method in ("hard_limit", "average", "tapered")
        for seed in (1, 2)
    )
    assert row["vicidial_delivered"]["occupancy"] == pytest.approx(delivered)
    assert row["share_of_oracle"] == row["predictive"]["occupancy"] / row["oracle"]["occupancy"]


def test_a_peer_stands_at_its_default_and_at_its_best_setting() -> None:
    day = replace(scenario_of("reference", 4), hours=HOURS)
    found = best_setting("silver", day)
    row = tiny()["occupancy"][1]
    peer = row["peers"]["silver"]
    assert peer["settings"] == [found.nearest.own]
    best = [figures_of("silver", 4, seed, **found.nearest.own) for seed in (1, 2)]
    assert peer["best"]["occupancy"] == pytest.approx(fmean(one.occupancy for one in best))
    assert peer["default"]["occupancy"] == pytest.approx(
        fmean(figures_of("silver", 4, seed).occupancy for seed in (1, 2))
    )
    abandonment = sum(one.abandoned for one in best) / sum(one.persons for one in best)
    assert peer["kept"] == (found.best is not None and abandonment <= 0.03)
    assert row["best_peer"] == ("silver" if peer["kept"] else None)


def test_every_cell_of_the_matrix_has_mean_worst_seed_and_worst_half_hour() -> None:
    cells = {(cell["family"], cell["agents"]): cell for cell in tiny()["abandonment"]}
    assert set(cells) == {(family, size) for family in ("reference", "few_trunks") for size in (2, 4)}
    for (family, size), cell in cells.items():
        days = [figures_of("predictive", size, seed, family) for seed in (1, 2)]
        rates = [day.abandonment for day in days]
        assert (cell["mean"], cell["max"]) == (pytest.approx(fmean(rates)), max(rates))
        assert (cell["over"], cell["seeds"]) == (sum(rate > 0.03 for rate in rates), 2)
        assert cell["worst_30_min"] == max((d.worst for d in days if d.worst is not None), default=None)


def test_figures_are_plain_json_and_all_cells_are_in_the_lines() -> None:
    figures = json.loads(json.dumps(tiny()))
    told = "\n".join(lines(figures))
    row = figures["occupancy"][0]
    assert f"{row['predictive']['occupancy']:.3f}" in told
    assert f"{row['share_of_oracle']:.3f}" in told
    assert told.count("few_trunks") == 2
    assert figures["cost"]["decision_p99_us"] >= 0
    assert len(figures["cost"]["memory_bytes"]) == 2


def test_results_do_not_depend_on_the_processes() -> None:
    cell = {"agents": (4,), "seeds": 1, "families": ("reference",), "peers": (), "hours": HOURS}
    rest = {"memory_days": 1, "cost_agents": 1}
    alone, together = (run(jobs=jobs, **cell, **rest) for jobs in (1, 2))  # type: ignore[arg-type]
    assert alone["occupancy"] == together["occupancy"]
    assert alone["abandonment"] == together["abandonment"]


def test_the_deep_size_counts_what_is_held_once_and_no_code() -> None:
    class Holder:
        __slots__ = ("held", "twice")

        def __init__(self, held: list[float]) -> None:
            self.held = self.twice = held

    small, big = Holder([]), Holder([n + 0.5 for n in range(1000)])
    assert 24_000 + 8_000 <= deep_size(big) - deep_size(small) <= 24_000 + 10_000
