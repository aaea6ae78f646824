"""From the talk to the next call: wrap-up, and what was asked for during the talk."""

from __future__ import annotations

import asyncio

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from tests.daemon.centre import Centre, until
from tests.daemon.site import SPRING, WRAP_UP
from tests.lab.hearing import said

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

SHORT_TALK = Behaviour(Kind.ANSWERS, 0.0, 0.6)


async def test_wrap_up_follows_the_talk_and_ends_by_itself(centre: Centre) -> None:
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    people = await centre.people(2, SHORT_TALK)
    await centre.dial(SPRING, people)
    await centre.comes_to("anna", "wrap_up")
    ended = (await centre.ended(people[0])).ended_at
    assert ended is not None
    await centre.comes_to("anna", "talking")
    spells = [s for s in centre.spells("anna") if s.state != "ringing"]
    assert [s.state for s in spells][:4] == ["ready", "talking", "wrap_up", "ready"]
    wrap_up = spells[2]
    assert wrap_up.until is not None
    # Asterisk counts in whole seconds: at most one less than the site says.
    assert WRAP_UP - 1.0 <= wrap_up.until - wrap_up.since <= WRAP_UP + 0.2
    second = await centre.rung("anna", 2)
    assert second.arrived_at >= wrap_up.until
    assert len(centre.city(people[1])) == 1
    assert centre.city(people[1])[0].arrived_at >= wrap_up.until, "nobody is dialed for an agent in wrap-up"


async def test_an_inbound_caller_waits_for_the_end_of_wrap_up(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer())
    await centre.ready("vera")
    await centre.dial(SPRING, [await centre.person(SHORT_TALK)])
    began = (await centre.comes_to("vera", "wrap_up"))["since"]
    calling = asyncio.create_task(centre.pair.city.call_in("+74951234568", "+79031112233", 8))
    second = await centre.rung("vera", 2)
    assert second.arrived_at - began >= WRAP_UP - 1.1  # whole seconds, and when the end was told
    wrap_up_until = await until(
        lambda: next((s.until for s in centre.spells("vera") if s.state == "wrap_up"), None), "its end"
    )
    assert wrap_up_until is not None
    assert second.arrived_at >= wrap_up_until - 0.05
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)


async def test_what_is_asked_for_during_a_talk_waits_for_its_end(centre: Centre) -> None:
    """By a second call from the same phone, and by order: shown as pending, no second call comes."""
    orders = {
        "anna": ("not_ready", "lunch"),
        "boris": ("offline", ""),
        "vera": ("end_wrap_up", ""),
    }
    codes = {
        "gleb": ("*221", "agent-not-ready"),
        "darya": ("*12", "agent-signed-out"),
        "kira": ("*23", "agent-wrap-up-ended"),
    }
    pending = {
        "anna": "not_ready(lunch)",
        "boris": "offline",
        "vera": "ready",
        "gleb": "not_ready(lunch)",
        "darya": "offline",
        "kira": "ready",
    }
    for agent in pending:
        await centre.pair.phones.set(agent, Answer())
    await centre.ready(*pending)
    await centre.dial(SPRING, await centre.people(6) + await centre.people(12, SHORT_TALK))
    await asyncio.gather(*(centre.comes_to(agent, "talking") for agent in pending))

    async def by_phone(agent: str, code: str, prompt: str) -> None:
        dialed = await centre.pair.phones.dial(agent, code, 12.0)
        assert said(dialed.recording, prompt), agent
        assert said(dialed.recording, "agent-after-call"), agent

    async def by_order(agent: str, state: str, reason: str) -> None:
        assert (await centre.ask("agent_set", agent=agent, state=state, reason=reason))["state"] == "talking"

    await asyncio.gather(
        *(by_phone(agent, *code) for agent, code in codes.items()),
        *(by_order(agent, *order) for agent, order in orders.items()),
    )
    for agent, wanted in pending.items():

        async def shown(agent: str = agent, wanted: str = wanted) -> bool:
            row = await centre.agent(agent)
            return (row["state"], row["pending"]) == ("talking", wanted)

        await until(shown, f"{agent} talks, pending {wanted}; is {await centre.agent(agent)}", 3.0)
    assert "after the call: not_ready(lunch)" in await centre.why("agent", "anna")
    for agent in pending:
        await centre.pair.phones.hang_up(agent)
    await asyncio.gather(
        *(centre.comes_to(agent, "not_ready", "lunch") for agent in ("anna", "gleb")),
        *(centre.comes_to(agent, "offline") for agent in ("boris", "darya")),
        # Who wanted no wrap-up takes the next call while the others could not have yet.
        *(centre.rung(agent, 2) for agent in ("vera", "kira")),
    )
    for agent in ("anna", "boris", "gleb", "darya"):
        assert len(centre.rings(agent)) == 1, agent
    for agent in ("vera", "kira"):
        spells = centre.spells(agent)
        declined = next(s for s in spells if s.state == "wrap_up")
        assert declined.until is not None
        assert declined.until - declined.since < 0.5, agent


async def test_an_agent_who_took_the_order_back_has_nothing_pending(centre: Centre) -> None:
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    await centre.dial(SPRING, [await centre.person()])
    await centre.comes_to("anna", "talking")
    await centre.set("anna", "not_ready", "lunch")
    await centre.set("anna", "ready")
    await centre.comes_to("anna", "talking")

    async def nothing() -> bool:
        return (await centre.agent("anna"))["pending"] is None

    await until(nothing, "nothing is pending", 2.0)
    await centre.pair.phones.hang_up("anna")
    await centre.comes_to("anna", "ready")
