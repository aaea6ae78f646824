"""A talk is cut by a fault on the fake Asterisk: the same agent calls back, whatever goes wrong nothing is
lost, and the pacer is not disturbed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lab.fake import Answer, Phone, Reject
from leads.attempt import Attempt, AttemptState
from leads.lead import Lead, LeadState, Outcome
from store import CampaignState
from tests.daemon_fake.centre import SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.people import EVERYBODY_TALKS, People

RETRY = 60.0
"""Seconds after a cut talk from which on anybody may have the lead."""
WRAP_UP = 20
LIMIT = 102
CHANGES: dict[str, dict[str, Any]] = {
    "groups/sales": {"wrap_up": f"{WRAP_UP}s", "skill": None, "min_level": None}
}
TALKS_ON, SLOW, NEVER = Answer(1.0), Phone(answer_after=3.0), Phone(answer_after=None)


async def cut(centre: Centre) -> str:
    """The only talk under way is cut by a fault; gives its agent."""
    board = centre.daemon.board
    await centre.until(lambda: any(c.agent for c in board.calls.values()), "somebody talks")
    [call] = board.calls.values()
    agent = call.agent
    assert agent is not None
    channel = centre.fake.switch.find(board.prefix + call.attempt)
    assert channel is not None
    channel.leave(False, LIMIT)
    await centre.until(lambda: not board.calls, "the talk is over", 2.0)
    await centre.daemon.journal.flushed()
    return agent


@dataclass(frozen=True)
class Cut:
    """A centre whose only lead was cut off from an agent a moment ago."""

    centre: Centre
    people: People
    number: str
    agent: str


@asynccontextmanager
async def a_cut_talk(
    folder: Path, *, agents: int = 2, campaign: dict[str, Any] | None = None
) -> AsyncIterator[Cut]:
    people, changes = People(1), {**CHANGES, f"campaigns/{SPRING}": campaign or {}}
    async with a_centre(folder, people, agents=agents, changes=changes) as centre:
        [number] = await centre.leads(SPRING, 1)
        people.fixed[number] = TALKS_ON
        await centre.ready()
        await centre.dial(SPRING)
        yield Cut(centre, people, number, await cut(centre))


async def lead(centre: Centre) -> Lead:
    [found] = await centre.all_leads(SPRING)
    return found


async def ended(centre: Centre) -> list[Attempt]:
    """Attempts that count, oldest first."""
    made = [one for one in await centre.attempts(SPRING) if one.state is AttemptState.ENDED]
    return sorted(made, key=lambda one: one.number)


async def all_done(centre: Centre) -> None:
    """Nothing is kept, nobody waits, and the store is sound."""
    assert centre.daemon.dialer.pacing.lines() == []
    assert await centre.store.audit(centre.clock.now()) == []
    assert {agent.preview for agent in centre.daemon.board.agents.values()} == {None}


@pytest.mark.parametrize("mode", ["progressive", "predictive", "ratio", "preview"])
def test_the_same_agent_and_not_the_one_who_waits_longest_is_rung_and_talks_on(
    tmp_path: Path, mode: str
) -> None:
    async def main() -> None:
        campaign = {"mode": mode, "ratio": None, "screening": "on"}
        async with a_cut_talk(tmp_path, agents=3, campaign=campaign) as was:
            centre, agent = was.centre, was.agent
            began = centre.clock.now()
            centre.fake.switch.phones[agent] = SLOW
            assert (await lead(centre)).state is LeadState.SCHEDULED
            board = centre.daemon.board
            await centre.until(lambda: board.agents[agent].state == "ringing", "their phone rings", RETRY - 1)
            assert WRAP_UP - 1 <= centre.clock.now() - began <= WRAP_UP + 2
            assert len(centre.fake.ledger) == 1, "the agent is first"
            assert centre.free_agents() == board.agents.keys() - {agent}, "they have waited longer"
            await centre.until(lambda: any(c.agent for c in board.calls.values()), "the two talk again")
            assert len(centre.fake.ledger) == 2
            centre.fake.switch.find(board.prefix + next(iter(board.calls))).leave(True, 16)  # type: ignore[union-attr]  # it is there
            await centre.finished(SPRING)
            first, second = await ended(centre)
            assert (first.outcome, second.outcome) == (Outcome.INTERRUPTED, Outcome.TALKED)
            assert first.agent == second.agent == agent
            await centre.until(lambda: len(centre.free_agents()) == 3, "and is ready after a wrap-up", 30.0)
            await all_done(centre)
            pacer = centre.daemon.dialer.pacing.pacers.get(SPRING)
            assert pacer is None or getattr(pacer, "oddities", Counter()) == Counter()

    in_virtual_time(main())


@pytest.mark.parametrize(
    "trouble", ["no answer", "signs out", "daemon dies", "link breaks", "stop and start", "refuses"]
)
def test_whose_agent_does_not_come_is_called_by_the_rule_with_whoever_is_free(
    tmp_path: Path, trouble: str
) -> None:
    async def main() -> None:
        async with a_cut_talk(tmp_path) as was:
            centre, agent = was.centre, was.agent
            cut_at = centre.clock.now()
            phones = {"refuses": Phone(reject=486), "daemon dies": SLOW}
            centre.fake.switch.phones[agent] = phones.get(trouble, NEVER)
            agents = centre.daemon.board.agents
            rung = ("ringing", "") if trouble != "refuses" else ("not_ready", "rejected")
            await centre.until(lambda: (agents[agent].state, agents[agent].reason) == rung, "they are rung")
            assert centre.clock.now() < cut_at + RETRY
            match trouble:
                case "signs out":
                    await centre.daemon.orders.give(agent, "offline")
                    leg = centre.fake.switch.find(
                        f"{centre.daemon.board.preview_prefix}{agents[agent].preview}"
                    )
                    assert leg is not None
                    leg.leave(True, 16)
                case "daemon dies":
                    await centre.crash()
                    await centre.start()
                    centre.fake.switch.phones[agent] = NEVER
                case "link breaks":
                    centre.fake.drop_link()
                case "stop and start":
                    await centre.daemon.dialer.halt("test")
                    await asyncio.sleep(RETRY)
                    assert len(centre.fake.ledger) == 1, "nobody is called meanwhile"
                    assert centre.daemon.dialer.states[SPRING] is CampaignState.PAUSED
                    await centre.dial(SPRING)
            await centre.until(lambda: len(centre.fake.ledger) == 2, "they are called all the same", 200.0)
            assert centre.fake.ledger[1].placed_at >= cut_at + RETRY
            board = centre.daemon.board
            await centre.until(lambda: any(c.agent for c in board.calls.values()), "somebody has them", 60.0)
            centre.fake.switch.find(board.prefix + next(iter(board.calls))).leave(True, 16)  # type: ignore[union-attr]  # it is there
            await centre.finished(SPRING)
            first, second = await ended(centre)
            assert (first.outcome, second.outcome) == (Outcome.INTERRUPTED, Outcome.TALKED)
            await all_done(centre)

    in_virtual_time(main())


@pytest.mark.parametrize("moment", ["it rings at the person's", "they talk"])
def test_a_daemon_that_dies_in_the_call_back_finds_agent_and_person_together(
    tmp_path: Path, moment: str
) -> None:
    """By the agent's leg: nothing in the store says that the agent was rung first."""

    async def main() -> None:
        async with a_cut_talk(tmp_path, campaign={"screening": "on"}) as was:
            centre, agent = was.centre, was.agent
            was.people.fixed[was.number] = Answer(after=5.0, ring_after=0.5)
            wanted = "talking" if moment == "they talk" else "ringing"
            await centre.until(
                lambda: [c.state for c in centre.daemon.board.calls.values()] == [wanted], moment, RETRY - 1
            )
            await centre.crash()
            await centre.start()
            board = centre.daemon.board
            await centre.until(lambda: any(c.agent for c in board.calls.values()), "they talk", 10.0)
            assert [(c.state, c.agent) for c in board.calls.values()] == [("talking", agent)]
            centre.fake.switch.find(board.prefix + next(iter(board.calls))).leave(True, 16)  # type: ignore[union-attr]  # it is there
            await centre.finished(SPRING)
            assert [(a.outcome, a.agent) for a in await ended(centre)] == [
                (Outcome.INTERRUPTED, agent), (Outcome.TALKED, agent)
            ]  # fmt: skip
            assert len(centre.fake.ledger) == 2
            await centre.until(lambda: len(centre.free_agents()) == 2, "the agent is free again", 60.0)
            await all_done(centre)

    in_virtual_time(main())


def test_a_person_who_is_busy_is_called_again_by_the_rule_for_that(tmp_path: Path) -> None:
    async def main() -> None:
        async with a_cut_talk(tmp_path) as was:
            centre, agent = was.centre, was.agent
            was.people.fixed[was.number] = Reject(486, 0.5)
            await centre.until(lambda: len(centre.fake.ledger) == 2, "they are called back", RETRY - 1)
            await centre.until(lambda: not centre.daemon.board.calls, "and are busy", 5.0)
            await centre.daemon.journal.flushed()
            waits = await lead(centre)
            assert (waits.state, waits.attempts) == (LeadState.SCHEDULED, 2)
            assert waits.due_at == pytest.approx(centre.clock.now() + 120, abs=2.0)
            agents = centre.daemon.board.agents
            await centre.until(lambda: agents[agent].state == "ready", "the agent is free after a wrap-up")
            await all_done(centre)

    in_virtual_time(main())


def test_who_comes_on_the_do_not_call_list_while_the_agents_phone_rings_is_not_called(tmp_path: Path) -> None:
    async def main() -> None:
        async with a_cut_talk(tmp_path) as was:
            centre, agent = was.centre, was.agent
            agents = centre.daemon.board.agents
            centre.fake.switch.phones[agent] = SLOW
            await centre.until(lambda: agents[agent].state == "ringing", "their phone rings", RETRY - 1)
            await centre.store.do_not_call.add({was.number: ""}, "test", centre.clock.now(), {})
            await centre.finished(SPRING)
            await centre.until(lambda: agents[agent].state == "ready", "the agent is free", 60.0)
            assert len(centre.fake.ledger) == 1
            assert (await lead(centre)).state is LeadState.FINAL
            await all_done(centre)

    in_virtual_time(main())


def test_after_asterisks_death_agents_call_back_whom_they_lost_and_nobody_is_abandoned_for_it(
    tmp_path: Path,
) -> None:
    """All talks are cut at once, and there are more leads: every ready agent is being dialed for. None is
    taken from the person who is about to answer."""

    async def main() -> None:
        people = People(3, replace(EVERYBODY_TALKS, ring=(9.0, 12.0)))
        async with a_centre(tmp_path, people, agents=4, changes=CHANGES) as centre:
            await centre.leads(SPRING, 16)
            await centre.ready()
            await centre.dial(SPRING)
            board = centre.daemon.board
            await centre.until(lambda: sum(bool(c.agent) for c in board.calls.values()) == 4, "all talk")
            lost = {call.lead: call.agent for call in board.calls.values()}
            centre.fake.kill()
            await asyncio.sleep(2.0)
            await centre.fake.start()
            await centre.finished(SPRING)
            made = await ended(centre)
            again = {one.lead_id: one.agent for one in made if one.lead_id in lost and one.number > 1}
            assert Counter(one.outcome for one in made) == {Outcome.INTERRUPTED: 4, Outcome.TALKED: 16}
            assert again == lost
            await all_done(centre)

    in_virtual_time(main())
