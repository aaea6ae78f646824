"""Who gets a call."""

from __future__ import annotations

import asyncio

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from tests.daemon.centre import Centre, most_at_once, until
from tests.daemon.site import AUTUMN, SPRING

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_calls_go_to_free_agents_only(centre: Centre) -> None:
    for agent in centre.pair.site.agents:
        await centre.pair.phones.set(agent, Answer())
    await centre.ready("anna", "boris", "lev")
    await centre.set("vera", "signed_in")
    first = asyncio.create_task(centre.pair.city.call_in("+74951234567", "+79030000001", 30))
    await centre.comes_to("anna", "talking", within=15)  # the best of the three, after the greeting
    await centre.set("boris", "not_ready", "break")
    await centre.dial(SPRING, await centre.people(3))
    await centre.comes_to("lev", "talking")
    assert (await centre.ask("campaign_status", name=SPRING))["leads"]["ready"] == 2
    rung = {agent: len(centre.rings(agent)) for agent in centre.pair.site.agents}
    assert {agent for agent, times in rung.items() if times} == {"anna", "lev"}
    assert rung["anna"] == rung["lev"] == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_a_higher_level_is_asked_first(centre: Centre) -> None:
    levels = {"lev": 3, "ivan": 4, "boris": 6, "anna": 8}
    for agent in levels:
        await centre.pair.phones.set(agent, Answer())
        await centre.ready(agent)  # the worst has waited longest
    await centre.leads(SPRING, await centre.people(4))
    await centre.ask("campaign", name=SPRING, action="start")
    await asyncio.gather(*(centre.comes_to(agent, "talking") for agent in levels))
    order = sorted(levels, key=lambda agent: centre.rings(agent)[0].arrived_at)
    assert order == ["anna", "boris", "ivan", "lev"]


async def test_an_agent_of_two_groups_never_has_two_calls(centre: Centre) -> None:
    for agent in ("vera", "ivan"):
        await centre.pair.phones.set(agent, Answer(after=0.2))
    await centre.ready("vera", "ivan")
    way = Behaviour(Kind.ANSWERS, 0.2, 0.8)
    people = await centre.people(16, way)
    await centre.dial(SPRING, people[:8])
    await centre.dial(AUTUMN, people[8:])
    calling = asyncio.create_task(centre.pair.city.call_in("+74951234568", "+79030000002", 1.0))

    def each_twice() -> bool:
        return all(len([c for c in centre.rings(a) if c.answered_at]) >= 2 for a in ("vera", "ivan"))

    await until(each_twice, "both have had two calls", 20.0)
    await calling
    for agent in ("vera", "ivan"):
        assert most_at_once(centre.rings(agent)) == 1, agent
