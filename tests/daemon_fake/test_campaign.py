"""A campaign without faults, to its end: the journal is what the network saw, and no rule is broken."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from lab.fake import Phone, Reject
from leads.lead import Outcome
from tests.daemon_fake.centre import SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.checks import expected, verify
from tests.daemon_fake.conftest import Logs
from tests.daemon_fake.people import EVERYBODY_TALKS, People

DAY = 400.0
"""Seconds between an agent's breaks, in the mean."""


async def agents_day(centre: Centre, seed: int) -> None:
    """Agents take breaks, sign out and in, end their wrap-up, and come back when they missed a call."""
    dice = random.Random(seed)
    while True:
        await asyncio.sleep(dice.expovariate(len(centre.site.agents) / DAY))
        name = dice.choice(sorted(centre.site.agents))
        agent = centre.daemon.board.agents[name]
        if agent.pending() or agent.state in ("not_ready", "offline"):
            await centre.daemon.orders.give(name, "ready")
        elif agent.state == "wrap_up":
            await centre.daemon.orders.give(name, "end_wrap_up")
        else:
            order = dice.choice(["not_ready", "not_ready", "offline"])
            await centre.daemon.orders.give(name, order, "lunch" if order == "not_ready" else "")


def test_a_large_campaign_runs_to_its_end(tmp_path: Path, logs: Logs) -> None:
    async def main() -> None:
        people = People(1)
        phones = {"agent03": Phone(answer_after=None), "agent04": Phone(reject=486)}
        async with a_centre(tmp_path, people, agents=20, phones=phones) as centre:
            numbers = await centre.leads(SPRING, 300)
            signed_in = centre.clock.now()
            await centre.ready()
            day = asyncio.create_task(agents_day(centre, 1))
            await centre.dial(SPRING)
            await centre.finished(SPRING)
            day.cancel()
            await verify(centre, SPRING)
            calls = Counter(call.number for call in centre.fake.ledger)
            assert set(calls) == set(numbers)
            outcomes = await centre.store.attempts.outcomes(SPRING)
            assert outcomes == Counter(expected(call) for call in centre.fake.ledger)
            screened = {Outcome.MACHINE, Outcome.FAX}
            assert set(outcomes) >= set(Outcome) - {Outcome.IN_DOUBT, Outcome.INTERRUPTED} - screened
            assert max(placed.on_the_way - placed.free_agents for placed in people.placed) <= 0
            now = centre.clock.now()
            totals = await centre.store.agent_states.totals(None, signed_in, now)
            assert set(totals) == set(centre.site.agents)
            for agent, spells in totals.items():
                assert sum(spells.values()) == pytest.approx(now - signed_in, abs=0.01), agent
            talks = [(c.bridged_at, c.ended_at) for c in centre.fake.ledger if c.how == "talked"]
            talked = sum(end - start for start, end in talks if start is not None and end is not None)
            told = sum(
                s for spells in totals.values() for (state, _), s in spells.items() if state == "talking"
            )
            assert told == pytest.approx(talked, abs=0.1)
            assert centre.daemon.link.counters.handler_errors == 0
        assert [log for log in logs if log["event"] != "not_done"] == []

    in_virtual_time(main())


def test_busy_people_are_called_again_when_due_and_not_too_often(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(2, EVERYBODY_TALKS)
        async with a_centre(tmp_path, people) as centre:
            numbers = await centre.leads(SPRING, 40)
            busy = numbers[::4]
            people.fixed.update({number: Reject(486, 0.2) for number in busy})
            await centre.ready()
            await centre.dial(SPRING)
            await centre.finished(SPRING)
            await verify(centre, SPRING)
            for number in numbers:
                calls = [call for call in centre.fake.ledger if call.number == number]
                assert len(calls) == (3 if number in busy else 1)
                for before, after in pairwise(calls):
                    assert before.ended_at is not None
                    assert 119.999 <= after.placed_at - before.ended_at < 150.0

    in_virtual_time(main())
