"""The simulator's front door."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from predictive.contract import Pacer
from predictive.simulator.engine import SOONEST, Engine, Progress, no_progress
from predictive.simulator.figures import Figures
from predictive.simulator.scenario import Scenario

USUAL = 1.0
"""A pacer is asked at least this often, seconds."""

P = ParamSpec("P")
R = TypeVar("R")


def simulate(
    scenario: Scenario,
    pacer: Pacer,
    seed: int,
    *,
    days: int = 1,
    timer: Callable[[], float] | None = None,
    progress: Progress = no_progress,
) -> Figures:
    """What `pacer` makes of the scenario in `days` days on end, taken together.

    `timer` gives seconds, and has the pacer timed (the simulator reads no clock of its own).
    `progress` is told the share done, now and then. Raises `ValueError` for fewer than one day.
    """
    engine = Paced(scenario, pacer, seed)
    decisions, events = array("d"), array("d")
    if timer is not None:
        engine.decide = _timed(engine.decide, timer, decisions)
        engine.hear = _timed(engine.hear, timer, events)
    engine.run(days, progress)
    return engine.tally.figures(decisions, events)


def _timed(call: Callable[P, R], timer: Callable[[], float], samples: array[float]) -> Callable[P, R]:
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        begun = timer()
        result = call(*args, **kwargs)
        samples.append(timer() - begun)
        return result

    return timed


class Paced(Engine):
    """Calls are placed as a pacer says."""

    def __init__(self, scenario: Scenario, pacer: Pacer, seed: int) -> None:
        super().__init__(scenario, seed)
        self.pacer = pacer
        self.decide, self.hear = pacer.calls_to_place, pacer.on_event

    def place_calls(self, now: float) -> float:
        floor = self.floor
        wanted = self.decide(now, floor)
        ask_at = now + USUAL
        wake_at = self.pacer.wake_at
        if wake_at is not None and now < wake_at < ask_at:
            ask_at = max(wake_at, now + SOONEST)
        if wanted > 0:
            fit = min(wanted, floor.free_lines, floor.allowance)
            if wanted > floor.allowance and floor.free_lines > floor.allowance:
                ask_at = min(ask_at, self.next_token(now))
            for _ in range(fit):
                self.place(now, self.leads.next())
        return ask_at
