"""Stopping: campaigns, all of them, and the daemon itself."""

from __future__ import annotations

import asyncio

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from leads.attempt import AttemptState
from leads.lead import LeadState, Outcome
from tests.daemon.centre import TALKS_ON, Centre, until
from tests.daemon.site import AUTUMN, SPRING

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def _one_talks_one_rings(centre: Centre) -> tuple[str, str, list[str]]:
    """A person who talks for 2.5 s, one who rings for 2 s and answers, and leads that wait."""
    for agent in ("anna", "boris"):
        await centre.pair.phones.set(agent, Answer())
    await centre.ready("anna", "boris")
    talker = await centre.person(Behaviour(Kind.ANSWERS, 0.0, 2.5))
    ringer = await centre.person(Behaviour(Kind.ANSWERS, 1.5, 1.0))
    waiting = await centre.people(4, TALKS_ON)
    await centre.dial(SPRING, [talker, ringer, *waiting])
    await centre.comes_to("anna", "talking")
    await centre.arrived(ringer)
    return talker, ringer, waiting


async def test_sigterm_places_nothing_new_and_lets_talks_end(centre: Centre) -> None:
    talker, ringer, waiting = await _one_talks_one_rings(centre)
    stopping = asyncio.create_task(centre.daemon.stop())
    assert await stopping == 0
    for person in (talker, ringer):
        attempt = await centre.ended(person)
        assert (attempt.outcome, attempt.cause) == (Outcome.TALKED, "16")
        call = centre.city(person)[0]
        assert call.answered_at is not None and call.ended_at is not None and call.behaviour is not None
        assert call.ended_at - call.answered_at > call.behaviour.seconds - 0.1, "the talk was not cut"
    for person in waiting:
        assert centre.city(person) == []
        assert (await centre.lead(person)).state is LeadState.READY
    assert not centre.daemon.socket.exists()
    assert await centre.store.attempts.open_attempts() == []
    # Started again it goes on where it was told to be: the campaign still runs, nobody has to start it.
    await centre.daemon.start()
    await centre.arrived(waiting[0])


@pytest.mark.parametrize(("how", "state"), [("pause", "paused"), ("stop", "stopped"), ("stop-all", "paused")])
async def test_a_campaign_that_is_held_dials_no_more_and_its_talks_go_on(
    centre: Centre, how: str, state: str
) -> None:
    talker, ringer, waiting = await _one_talks_one_rings(centre)
    code, said = await centre.cli(*(["stop-all"] if how == "stop-all" else ["campaign", how, SPRING]))
    assert code == 0, said
    assert {(await centre.ended(person)).outcome for person in (talker, ringer)} == {Outcome.TALKED}
    await centre.comes_to("anna", "ready")  # there is somebody to dial for
    assert (await centre.ask("campaign_status", name=SPRING))["state"] == state
    assert all(centre.city(person) == [] for person in waiting)
    assert "was ordered" in await centre.why("campaign", SPRING)
    await centre.ask("campaign", name=SPRING, action="start")
    await centre.arrived(waiting[0])


async def test_stop_all_holds_every_campaign(centre: Centre) -> None:
    for campaign in (SPRING, AUTUMN):
        await centre.dial(campaign, await centre.people(1))
    assert sorted((await centre.ask("stop_all"))["paused"]) == [AUTUMN, SPRING]
    await centre.ready("vera", "ivan")
    states = (await centre.ask("status"))["campaigns"]
    assert {state for name, state in states.items() if name in (SPRING, AUTUMN)} == {"paused"}
    code, said = await centre.cli("campaign", "pause", "nonesuch")
    assert code == 1
    assert "no campaign is called 'nonesuch'" in said


async def test_a_finished_list_stops_its_campaign(centre: Centre) -> None:
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    person = await centre.person(Behaviour(Kind.ANSWERS, 0.0, 0.3))
    await centre.dial(SPRING, [person])

    async def stopped() -> bool:
        return bool((await centre.ask("campaign_status", name=SPRING))["state"] == "stopped")

    async def told() -> bool:
        return "the list is finished: every lead is final" in await centre.why("campaign", SPRING)

    await until(stopped, "the campaign stops by itself", 10.0)
    await until(told, "why says so", 5.0)  # the stop holds a moment before its reason is written
    assert [a.state for a in await centre.attempts(person)] == [AttemptState.ENDED]
