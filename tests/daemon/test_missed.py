"""Calls that an agent does not take: the agent becomes not ready with the cause, the caller goes on."""

from __future__ import annotations

import asyncio

import pytest

from lab.phones import Answer, Reject, RingOn, Vanish
from leads.lead import Outcome
from tests.daemon.centre import Centre
from tests.daemon.site import PATIENT, RING, SPRING

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_a_phone_that_rings_on_makes_its_agent_not_ready_and_the_next_is_rung(centre: Centre) -> None:
    await centre.pair.phones.set("anna", RingOn())
    await centre.pair.phones.set("lev", Answer())
    await centre.ready("anna", "lev")
    person = await centre.person()
    await centre.dial(PATIENT, [person])
    await centre.comes_to("anna", "not_ready", "no_answer")
    await centre.comes_to("lev", "talking")
    missed, taken = centre.rings("anna")[0], centre.rings("lev")[0]
    assert missed.ended_at is not None
    assert RING - 0.5 < missed.ended_at - missed.arrived_at < RING + 1.0
    assert taken.arrived_at >= missed.arrived_at + RING - 0.5
    assert "was not answered" in await centre.why("agent", "anna")
    assert [(s.state, s.reason) for s in centre.spells("anna")][-2:] == [
        ("ringing", ""),
        ("not_ready", "no_answer"),
    ]
    await centre.pair.phones.hang_up("lev")
    attempt = await centre.ended(person)
    assert (attempt.outcome, attempt.agent) == (Outcome.TALKED, "lev")


@pytest.mark.parametrize("code", [486, 603])
async def test_a_phone_that_rejects_makes_its_agent_not_ready_and_the_next_is_rung(
    centre: Centre, code: int
) -> None:
    await centre.pair.phones.set("anna", Reject(code))
    await centre.pair.phones.set("lev", Answer())
    await centre.ready("anna", "lev")
    await centre.dial(SPRING, [await centre.person()])
    await centre.comes_to("lev", "talking")
    await centre.comes_to("anna", "not_ready", "rejected")
    assert len(centre.rings("anna")) == 1
    await centre.set("anna", "ready")
    await centre.comes_to("anna", "ready")


async def test_a_phone_that_vanished_is_not_rung_and_its_agent_is_not_ready(centre: Centre) -> None:
    await asyncio.gather(centre.pair.phones.set("anna", Vanish()), centre.ready("lev"))
    await centre.pair.phones.set("lev", Answer())
    await centre.set("anna", "ready")
    await centre.comes_to("anna", "not_ready", "phone_unreachable")
    await centre.dial(SPRING, await centre.people(2))
    await centre.comes_to("lev", "talking")
    status = await centre.ask("campaign_status", name=SPRING)
    assert status["leads"]["ready"] == 1, "an unreachable agent is dialed for"
    assert centre.rings("anna") == []
    await centre.ask("campaign", name=SPRING, action="pause")
    await centre.pair.phones.set("anna", Answer())
    await centre.comes_to("anna", "ready")


async def test_who_is_signed_in_with_a_phone_that_vanishes_comes_back_with_it(centre: Centre) -> None:
    await centre.pair.phones.set("gleb", Answer())
    await centre.ready("gleb")
    await centre.pair.phones.set("gleb", Vanish())
    await centre.comes_to("gleb", "not_ready", "phone_unreachable")
    assert "not registered" in await centre.why("agent", "gleb")
    await centre.pair.phones.set("gleb", Answer())
    await centre.comes_to("gleb", "ready")
