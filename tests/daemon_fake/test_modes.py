"""More than one thing at a time: campaigns that share agents, ratio mode, inbound callers, draining."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.fake import Answer
from leads.attempt import AttemptState
from leads.lead import LeadState
from tests.daemon_fake.centre import AUTUMN, RATIO, SPRING, a_centre, every, in_virtual_time
from tests.daemon_fake.checks import verify
from tests.daemon_fake.people import EVERYBODY_TALKS, Mix, People


def test_two_campaigns_that_share_agents_dial_no_more_than_there_are_agents(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(3)
        changes = {f"campaigns/{AUTUMN}": {"group": "support"}}
        async with a_centre(tmp_path, people, agents=8, changes=changes) as centre:
            await centre.leads(SPRING, 40)
            await centre.leads(AUTUMN, 40)
            await centre.ready()
            await centre.dial(SPRING)
            await centre.dial(AUTUMN)
            await centre.finished(SPRING, AUTUMN)
            await verify(centre, SPRING, AUTUMN)
            assert max(placed.on_the_way - placed.free_agents for placed in people.placed) <= 0
            both = {name: {a.phone for a in await centre.attempts(name)} for name in (SPRING, AUTUMN)}
            first_half = [call.number for call in centre.fake.ledger][:40]
            shares = [sum(number in numbers for number in first_half) for numbers in both.values()]
            assert min(shares) >= 14, "one campaign starves the other"

    in_virtual_time(main())


@pytest.mark.parametrize("ratio", [1.5, 2.0])
def test_ratio_mode_dials_so_many_calls_for_each_free_agent_and_no_more(tmp_path: Path, ratio: float) -> None:
    async def main() -> None:
        people = People(4, Mix(talks=0.4))
        limits = {"ratio": ratio, "lines": 30, "calls_per_second": 10}
        async with a_centre(tmp_path, people, agents=6, changes={f"campaigns/{RATIO}": limits}) as centre:
            await centre.leads(RATIO, 40)
            await centre.ready()
            await centre.dial(RATIO)
            await centre.finished(RATIO)
            await verify(centre, RATIO)
            assert all(placed.on_the_way <= ratio * placed.free_agents for placed in people.placed)
            assert any(placed.on_the_way > placed.free_agents for placed in people.placed)

    in_virtual_time(main())


def test_inbound_callers_who_wait_keep_agents_from_being_dialed_for(tmp_path: Path) -> None:
    """Three agents: a caller waits for each who becomes free, so nobody is dialed until they are served."""

    async def main() -> None:
        people = People(5, EVERYBODY_TALKS)
        async with a_centre(tmp_path, people, agents=3) as centre:
            await centre.leads(SPRING, 30)
            callers = []
            for number in range(5):
                caller = centre.fake.inbound("city", "+74951234567", f"+7916000000{number}", "sales")
                callers.append(caller)
            await asyncio.sleep(1.0)
            await centre.dial(SPRING)
            assert len(centre.daemon.board.inbound) == 5
            await centre.ready()
            await asyncio.sleep(5.0)
            assert centre.fake.ledger == [], "an agent was dialed for while callers waited"
            assert len(centre.daemon.board.inbound) == 2
            for caller in callers[:3]:
                caller.leave(True, 0)
            await centre.until(lambda: not centre.daemon.board.inbound, "all callers have an agent")
            assert len(centre.fake.ledger) <= 1
            for caller in callers[3:]:
                caller.leave(True, 0)

            def ring_in() -> None:
                talk = centre.fake.inbound("city", "+74951234567", "+79161112233", "sales")
                centre.clock.later(25.0, lambda: talk.leave(True, 0))

            with every(20.0, ring_in):
                await centre.finished(SPRING)
            await asyncio.sleep(60.0)
            await verify(centre, SPRING)

    in_virtual_time(main())


@pytest.mark.parametrize("drain", [120.0, 8.0])
def test_draining_places_nothing_more_and_waits_for_the_calls_under_way(tmp_path: Path, drain: float) -> None:
    async def main() -> None:
        people = People(6)
        async with a_centre(tmp_path, people, agents=6) as centre:
            numbers = await centre.leads(SPRING, 60)
            people.fixed.update({number: Answer(3.0, talk=30.0) for number in numbers})
            await centre.ready()
            await centre.dial(SPRING)
            await centre.until(lambda: len(centre.daemon.board.calls) == 6, "all agents are busy")
            began, placed = centre.clock.now(), len(centre.fake.ledger)
            await centre.stop(drain)
            took = centre.clock.now() - began
            assert len(centre.fake.ledger) == placed, "a call was placed while draining"
            assert not Path(centre.site.system.socket).exists()
            assert await centre.store.agent_states.open_states() == []
            left = await centre.store.attempts.open_attempts()
            if drain > 60:
                assert took < 45.0 and left == []
                assert {a.state for a in await centre.attempts(SPRING)} == {AttemptState.ENDED}
            else:
                assert took == pytest.approx(drain, abs=0.5) and len(left) == 6
            await centre.crash()  # its store is closed
            await asyncio.sleep(60.0)
            await centre.start()  # the campaign still runs: the next daemon settles what was left and goes on
            await centre.until(lambda: len(centre.fake.ledger) > placed, "dialing goes on")
            states = [lead.state for lead in await centre.all_leads(SPRING)]
            assert states.count(LeadState.CLAIMED) == len(centre.daemon.board.calls)
            await centre.finished(SPRING)
            await verify(centre, SPRING)

    in_virtual_time(main())
