"""How many calls there are at one time and in one second, by the city's own ledger."""

from __future__ import annotations

import asyncio
import os

import pytest

from lab.behaviour import Behaviour, Kind
from lab.ledger import CityCall
from lab.phones import Answer
from tests.daemon.centre import Centre, most_at_once, most_in_a_second, until
from tests.daemon.site import (
    AUTUMN,
    CAMPAIGN_LINES,
    CAMPAIGN_RATE,
    NARROW,
    RATIO,
    SPRING,
    THIN,
    TRUNK_LINES,
    TRUNK_RATE,
    WHOLE_LINES,
    WHOLE_RATE,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


def calls_to(centre: Centre, people: list[str]) -> list[CityCall]:
    return [call for phone in people for call in centre.city(phone)]


async def all_tried(centre: Centre, people: list[str], within: float) -> None:
    def ended() -> bool:
        calls = calls_to(centre, people)
        return len(calls) == len(people) and all(call.ended_at for call in calls)

    await until(ended, f"all {len(people)} are called", within)


async def test_no_limit_on_lines_or_rate_is_ever_passed(centre: Centre) -> None:
    """Three campaigns at once, more agents than lines: each limit is reached, none is passed."""
    await centre.ready(*centre.pair.site.agents)
    way = Behaviour(Kind.BUSY, 1.6)
    people = {
        NARROW: await centre.people(5, way),
        THIN: await centre.people(7, way),
        SPRING: await centre.people(12, way),
    }
    for campaign, numbers in people.items():
        await centre.leads(campaign, numbers)
    # The narrow ones first: else spring takes all lines for itself.
    for campaign, lines in ((NARROW, CAMPAIGN_LINES), (THIN, TRUNK_LINES), (SPRING, 1)):
        await centre.ask("campaign", name=campaign, action="start")
        mine = people[campaign]
        await until(lambda mine=mine, lines=lines: len(calls_to(centre, mine)) >= lines, campaign)  # type: ignore[misc]  # a lambda with defaults
    everybody = [number for numbers in people.values() for number in numbers]
    await all_tried(centre, everybody, 30.0)
    narrow, thin = calls_to(centre, people[NARROW]), calls_to(centre, people[THIN])
    assert most_at_once(narrow) == CAMPAIGN_LINES
    assert most_at_once(thin) == TRUNK_LINES
    assert most_at_once(calls_to(centre, everybody)) == WHOLE_LINES
    assert most_in_a_second(narrow) <= CAMPAIGN_RATE
    assert most_in_a_second(thin) <= TRUNK_RATE
    assert most_in_a_second(calls_to(centre, everybody)) <= WHOLE_RATE
    assert most_in_a_second(calls_to(centre, everybody)) >= TRUNK_RATE


async def test_campaigns_that_share_agents_never_dial_twice_for_one(centre: Centre) -> None:
    for agent in ("vera", "ivan"):
        await centre.pair.phones.set(agent, Answer(after=0.1))
    await centre.ready("vera", "ivan")
    people = await centre.people(8, Behaviour(Kind.ANSWERS, 0.5, 0.5))
    await centre.leads(SPRING, people[:4])
    await centre.leads(AUTUMN, people[4:])
    for campaign in (SPRING, AUTUMN):
        await centre.ask("campaign", name=campaign, action="start")
    await all_tried(centre, people, 30.0)
    assert most_at_once(calls_to(centre, people)) == 2
    outcomes = [(await centre.ended(person)).outcome for person in people]
    assert {str(outcome) for outcome in outcomes} == {"talked"}


async def test_ratio_places_ratio_times_ready(centre: Centre) -> None:
    await centre.ready("anna", "boris")
    people = await centre.people(8, Behaviour(Kind.BUSY, 1.5))
    await centre.dial(RATIO, people)
    await until(lambda: len(calls_to(centre, people)) >= 4, "four calls at once")
    await all_tried(centre, people, 15.0)
    assert most_at_once(calls_to(centre, people)) == 4


async def test_progressive_places_one_call_for_each_ready_agent(centre: Centre) -> None:
    await centre.ready("anna", "boris", "lev")
    people = await centre.people(7, Behaviour(Kind.BUSY, 1.0))
    await centre.dial(SPRING, people)
    await all_tried(centre, people, 15.0)
    assert most_at_once(calls_to(centre, people)) == 3


async def test_an_inbound_caller_who_waits_takes_a_ready_agent_out_of_the_count(centre: Centre) -> None:
    await centre.ready("vera")
    calling = asyncio.create_task(centre.pair.city.call_in("+74951234568", "+79030000003", 30))
    await centre.comes_to("vera", "ringing")
    await centre.dial(AUTUMN, await centre.people(1))
    assert "0 more calls wanted" in await centre.why("campaign", AUTUMN)
    assert (await centre.ask("campaign_status", name=AUTUMN))["leads"]["ready"] == 1
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)


async def test_a_daemon_with_nothing_to_dial_is_idle(centre: Centre) -> None:
    """Agents are ready, the campaign runs, and its only lead waits for another day."""
    await centre.ready(*centre.pair.site.agents)
    person = await centre.person(Behaviour(Kind.BUSY))
    await centre.dial(SPRING, [person])
    await centre.ended(person)
    pid = centre.daemon.pid
    before = _cpu_seconds(pid)
    await asyncio.sleep(1.5)  # what is measured is the time itself
    assert _cpu_seconds(pid) - before < 0.3


def _cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
