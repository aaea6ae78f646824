"""Pacers in the simulator: occupancy beside peers and the oracle, abandonment in every family, cost.

The reference cell of docs/simulator.md, and every family, for teams of each size. Peers stand there at their
defaults and at the setting that a search finds best for that very cell, on other seeds than those judged.
Ours has the same arguments in every cell. One agent and three are judged on five days together.
"""

import gc
import os
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, get_args

from bench._options import whole
from bench._pacing_text import lines
from bench._work import do_all
from predictive import Pacer, create_pacer
from predictive.peers import PEERS
from predictive.peers.vicidial import Method
from predictive.simulator import FAMILIES, Figures, Scenario, oracle, scenario_of, simulate
from predictive.simulator.search import Found, best_setting

__all__ = ["add_options", "lines", "run"]

TARGET = 0.03
ARGUMENTS = {"target": TARGET, "grace": 2.0, "ring_timeout": 27.0, "day_length": 28800.0, "seed": 0}
"""Of ours, in every cell."""
AGENTS = (1, 3, 10, 30, 100, 300)
WANTED = {1: 0.67, 3: 0.76, 10: 0.85, 30: 0.92, 100: 0.96, 300: 0.975}
"""Share of the oracle's occupancy."""
SEVERAL_RATES = (10, 30)
"""Teams whose reference cell is the mean over three answer rates."""
TUNING_SEEDS = (101, 102, 103)
TABLE_SEEDS = 5
"""At most so many seeds for pacers other than ours, the first ones; ours is compared on the same."""
QUICK: dict[str, Any] = {"agents": (1, 10), "seeds": 2, "families": ("reference", "halves", "few_trunks")}
QUICK_HOURS = 2.0
ORACLE = "oracle"

Own = tuple[tuple[str, Any], ...]
"""A pacer's settings, as items."""


@dataclass(frozen=True)
class Run:
    """One pacer on one seed."""

    pacer: str
    own: Own
    scenario: Scenario
    seed: int
    days: int

    @property
    def cost(self) -> float:
        weight = 10.0 if self.pacer == "predictive" else 1.0
        return weight * (self.scenario.agents + 2) * self.scenario.hours * self.days

    def do(self) -> Figures:
        if self.pacer == ORACLE:
            return oracle(self.scenario, self.seed, days=self.days)
        return simulate(self.scenario, _pacer(self), self.seed, days=self.days)


def _pacer(run: Run) -> Pacer:
    if run.pacer == "predictive":
        return create_pacer("predictive", **ARGUMENTS)  # type: ignore[arg-type]  # numbers all
    of = run.scenario
    common = {"grace": of.grace, "ring_timeout": of.ring_timeout, "day_length": of.day_length}
    return create_pacer(run.pacer, target=TARGET, seed=run.seed, **common, **dict(run.own))


@dataclass(frozen=True)
class Search:
    """A peer's best setting for a scenario."""

    pacer: str
    scenario: Scenario
    days: int

    @property
    def cost(self) -> float:
        return (self.scenario.agents + 2) * self.days

    def do(self) -> Found:
        return best_setting(self.pacer, self.scenario, target=TARGET, seeds=TUNING_SEEDS, days=self.days)


def add_options(parser: ArgumentParser) -> None:
    def listed(known: Sequence[str]) -> Any:
        return lambda text: _names(text, known)

    parser.add_argument(
        "--quick", action="store_true", help="a look in minutes: short days, few cells and seeds"
    )
    parser.add_argument("--agents", type=sizes, help=f"team sizes; default {','.join(map(str, AGENTS))}")
    parser.add_argument("--seeds", type=whole(), help="seeds 1 to so many; default 20")
    parser.add_argument("--families", type=listed(FAMILIES), help=f"of {','.join(FAMILIES)}; default all")
    parser.add_argument(
        "--peers", type=listed(tuple(PEERS)), help=f"of {','.join(PEERS)}, or none; default all"
    )
    parser.add_argument("--jobs", type=whole(), help="processes; default one for each core")


def sizes(text: str) -> tuple[int, ...]:
    """Team sizes, as an option has them: 1,10."""
    return tuple(sorted(set(map(whole(), text.split(",")))))


def _names(text: str, known: Sequence[str]) -> tuple[str, ...]:
    names = () if text == "none" else tuple(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def run(
    *,
    quick: bool = False,
    agents: Sequence[int] | None = None,
    seeds: int | None = None,
    families: Sequence[str] | None = None,
    peers: Sequence[str] | None = None,
    jobs: int | None = None,
    hours: float | None = None,
    memory_days: int = 30,
    cost_agents: int = 300,
) -> dict[str, Any]:
    """All figures; what is `None` is as `--quick` or the whole bench has it."""
    usual: dict[str, Any] = QUICK if quick else {"agents": AGENTS, "seeds": 20, "families": FAMILIES}
    plan = _Plan(
        agents=tuple(agents or usual["agents"]),
        seeds=tuple(range(1, (seeds or usual["seeds"]) + 1)),
        families=tuple(families if families is not None else usual["families"]),
        peers=tuple(PEERS if peers is None else peers),
        hours=hours or (QUICK_HOURS if quick else Scenario().hours),
    )
    processes = jobs or os.cpu_count() or 1
    found = do_all("best settings of peers", plan.searches(), processes)
    runs = do_all("simulated days", plan.runs(found), processes)
    return {
        "quick": quick,
        "target": TARGET,
        "arguments_of_predictive": ARGUMENTS,
        "hours": plan.hours,
        "seeds": list(plan.seeds),
        "table_seeds": list(plan.table_seeds),
        "tuning_seeds": list(TUNING_SEEDS),
        "occupancy": [_row(plan, size, found, runs) for size in plan.agents],
        "abandonment": [_cell(plan, name, size, runs) for name in plan.families for size in plan.agents],
        "cost": _cost(cost_agents, 0.5 if quick else plan.hours)
        | _memory(3 if quick else memory_days, 1.0 if quick else plan.hours),
    }


@dataclass(frozen=True)
class _Plan:
    agents: tuple[int, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    peers: tuple[str, ...]
    hours: float

    @property
    def table_seeds(self) -> tuple[int, ...]:
        return self.seeds[:TABLE_SEEDS]

    def scenario(self, family: str, size: int) -> Scenario:
        return replace(scenario_of(family, size), hours=self.hours)

    def cells(self, size: int) -> list[Scenario]:
        """What the reference cell of such a team is the mean of."""
        several = ("steady10", "steady25", "steady40")
        return [self.scenario(name, size) for name in (several if size in SEVERAL_RATES else ("reference",))]

    def on(self, pacer: str, own: Own, scenario: Scenario, seeds: Sequence[int]) -> list[Run]:
        return [Run(pacer, own, scenario, seed, _days(scenario.agents)) for seed in seeds]

    def searches(self) -> list[Search]:
        return [
            Search(peer, cell, _days(size))
            for size in self.agents
            for cell in self.cells(size)
            for peer in self.peers
        ]

    def runs(self, found: dict[Search, Found]) -> list[Run]:
        matrix = [
            run
            for family in self.families
            for size in self.agents
            for run in self.on("predictive", (), self.scenario(family, size), self.seeds)
        ]
        cells = [cell for size in self.agents for cell in self.cells(size)]
        compared = [("predictive", ()), ("progressive", ()), (ORACLE, ()), *_delivered()]
        table = [run for cell in cells for one in compared for run in self.on(*one, cell, self.table_seeds)]
        for search, result in found.items():
            for own in ({}, result.nearest.own):
                table += self.on(search.pacer, _items(own), search.scenario, self.table_seeds)
        return matrix + table


def _days(size: int) -> int:
    return 5 if size <= 3 else 1


def _items(own: dict[str, Any]) -> Own:
    return tuple(own.items())


def _delivered() -> list[tuple[str, Own]]:
    """VICIdial's adaptive methods at delivered settings."""
    return [("vicidial_adapt", (("method", method),)) for method in get_args(Method)]


def _row(plan: _Plan, size: int, found: dict[Search, Found], runs: dict[Run, Figures]) -> dict[str, Any]:
    """A team's reference cell."""
    cells = plan.cells(size)

    def of(pacer: str, *owns: Own) -> dict[str, float]:
        """Over cells and table seeds; `owns` has a setting for each cell, or one for all."""
        each = owns if len(owns) == len(cells) else owns * len(cells)
        pairs = zip(cells, each, strict=True)
        wanted = [run for cell, own in pairs for run in plan.on(pacer, own, cell, plan.table_seeds)]
        return _together([runs[run] for run in wanted])

    ours, best_possible = of("predictive", ()), of(ORACLE, ())
    peers = {name: _peer(name, cells, found, of) for name in plan.peers}
    kept = {name: peer["best"]["occupancy"] for name, peer in peers.items() if peer["kept"]}
    best = max(kept, key=lambda name: kept[name], default=None)
    delivered = {dict(own)["method"]: of(name, own) for name, own in _delivered()}
    return {
        "agents": size,
        "answer_rates": [cell.answer_rate for cell in cells],
        "days": _days(size),
        "predictive": ours,
        "progressive": of("progressive", ()),
        "vicidial_delivered": {
            key: fmean(one[key] for one in delivered.values()) for key in next(iter(delivered.values()))
        }
        | {"methods": delivered},
        "peers": peers,
        "oracle": best_possible,
        "share_of_oracle": ours["occupancy"] / best_possible["occupancy"],
        "wanted": WANTED.get(size),
        "best_peer": best,
        "ratio_to_best_peer": ours["occupancy"] / kept[best] if best else None,
    }


def _peer(name: str, cells: list[Scenario], found: dict[Search, Found], of: Any) -> dict[str, Any]:
    results = [found[Search(name, cell, _days(cell.agents))] for cell in cells]
    best = of(name, *(_items(result.nearest.own) for result in results))
    return {
        "default": of(name, ()),
        "best": best,
        "settings": [result.nearest.own for result in results],
        "kept": all(result.best is not None for result in results) and best["abandonment"] <= TARGET,
        "tried": results[0].tried,
    }


def _together(figures: list[Figures]) -> dict[str, float]:
    """Mean occupancy; abandonment of all persons together, and of the worst day."""
    persons = sum(one.persons for one in figures)
    return {
        "occupancy": fmean(one.occupancy for one in figures),
        "abandonment": sum(one.abandoned for one in figures) / persons if persons else 0.0,
        "abandonment_max": max(one.abandonment for one in figures),
    }


def _cell(plan: _Plan, family: str, size: int, runs: dict[Run, Figures]) -> dict[str, Any]:
    """Ours in one family."""
    figures = [runs[run] for run in plan.on("predictive", (), plan.scenario(family, size), plan.seeds)]
    return {
        "family": family,
        "agents": size,
        "days": _days(size),
        "occupancy": fmean(one.occupancy for one in figures),
        "mean": fmean(one.abandonment for one in figures),
        "max": max(one.abandonment for one in figures),
        "over": sum(one.abandonment > TARGET for one in figures),
        "seeds": len(figures),
        "worst_30_min": max((one.worst for one in figures if one.worst is not None), default=None),
    }


def _cost(agents: int, hours: float) -> dict[str, Any]:
    """Microseconds of processor time of ours at so many agents, on one seed."""
    day = replace(scenario_of("reference", agents), hours=hours)
    print(f"timing of {agents} agents", file=sys.stderr, flush=True)
    one = simulate(day, create_pacer("predictive", **ARGUMENTS), 1, timer=time.thread_time)  # type: ignore[arg-type]
    return {
        "agents": agents,
        "hours": hours,
        "decision_us": one.decision_us,
        "decision_p99_us": one.decision_p99_us,
        "event_us": one.event_us,
        "event_p99_us": one.event_p99_us,
    }


def _memory(days: int, hours: float) -> dict[str, Any]:
    """Bytes of ours after each day of a team of ten, and what the second half's peak is over the first's."""
    pacer = create_pacer("predictive", **ARGUMENTS)  # type: ignore[arg-type]  # numbers all
    print(f"memory over {days} days", file=sys.stderr, flush=True)
    sizes: list[int] = []

    def note(share: float) -> None:
        if share * days >= len(sizes) + 1 - 1e-9:
            sizes.append(deep_size(pacer))

    simulate(replace(scenario_of("reference", 10), hours=hours), pacer, 1, days=days, progress=note)
    half = (days + 1) // 2
    growth = max(sizes[half:], default=0) - max(sizes[:half])
    return {"memory_days": days, "memory_bytes": sizes, "memory_growth": growth}


_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType)


def deep_size(thing: object) -> int:
    """Bytes of an object and all that it holds, code left out."""
    seen: dict[int, object] = {}
    to_see = [thing]
    while to_see:
        each = to_see.pop()
        if id(each) not in seen and not isinstance(each, _SHARED):
            seen[id(each)] = each
            to_see += gc.get_referents(each)
    return sum(sys.getsizeof(each) for each in seen.values())
