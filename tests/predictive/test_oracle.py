"""The oracle: nobody idle, nobody abandoned, and no lead that a pacer could not have had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from predictive import Event, create_pacer
from predictive.simulator import oracle, scenario_of, simulate
from predictive.simulator.oracle import Oracle
from tests.predictive.recorder import Recorder

AMPLE = (
    "steady10",
    "steady25",
    "steady40",
    "halves",
    "talk_shift",
    "agents_change",
    "list_change",
    "blended",
)


@pytest.mark.parametrize("agents", [1, 3, 10, 30])
@pytest.mark.parametrize("family", AMPLE)
def test_nobody_is_idle_and_nobody_abandoned(family: str, agents: int) -> None:
    figures = oracle(scenario_of(family, agents), 1)
    assert figures.occupancy >= 0.998
    assert figures.abandoned == figures.abandoned_machines == 0
    assert figures.persons > 100 * agents


def test_it_cannot_dial_through_an_outage_nor_over_too_few_lines() -> None:
    cut, few = oracle(scenario_of("outage", 10), 1), oracle(scenario_of("few_trunks", 10), 1)
    assert 0.97 < cut.occupancy < 0.998
    assert 0.75 < few.occupancy < 0.9
    assert few.lines_max == 12
    assert cut.abandonment == 0
    assert few.abandonment < 0.005
    pacer = simulate(scenario_of("few_trunks", 10), create_pacer("ratio", level=2.0), 1)
    assert few.occupancy > pacer.occupancy


def test_it_dials_the_whole_list_with_the_luck_that_pacers_have() -> None:
    scenario = replace(scenario_of("reference", 4), hours=2)
    heard: list[Event] = []
    engine = Oracle(scenario, 5)
    engine.hear = lambda now, event: heard.append(event)
    engine.run(1)
    pacer = Recorder(create_pacer("progressive"))
    simulate(scenario, pacer, 5)
    kinds = ("busy", "failed", "no_answer", "machine", "answer")
    rest = {event.call: (event.kind, round(event.seconds, 6)) for event in heard if event.kind in kinds}
    common = {e.call: (e.kind, round(e.seconds, 6)) for _, e in pacer.of(*kinds) if e.call in rest}
    assert len(common) > 300
    assert common.items() <= rest.items()
    dialed = sorted(int(event.call or 0) for event in heard if event.kind == "dial")
    assert len(dialed) >= dialed[-1] - 40, "only leads planned for agents at the close are left over"


def test_days_add_up_and_repeat() -> None:
    scenario = replace(scenario_of("reference", 3), hours=1)
    assert oracle(scenario, 2, days=2) == oracle(scenario, 2, days=2)
    assert oracle(scenario, 2, days=2).agent_hours > 1.5 * oracle(scenario, 2).agent_hours
