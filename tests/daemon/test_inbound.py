"""Inbound callers, with the daemon and without it."""

from __future__ import annotations

import asyncio

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from tests.daemon.centre import Centre, until
from tests.daemon.site import GUEST
from tests.lab.hearing import said

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

SALES, SUPPORT = "+74951234567", "+74951234569"


async def test_an_inbound_caller_is_counted_and_gets_an_agent(centre: Centre) -> None:
    centre.numbers.add("+79035550001")
    calling = asyncio.create_task(centre.pair.city.call_in(SALES, "+79035550001", 14))

    async def waits() -> bool:
        return bool((await centre.ask("status"))["inbound_waiting"] == 1)

    await until(waits, "the caller is in the count", 15.0)
    await centre.pair.phones.set("anna", Answer(talk=1.0))
    await centre.ready("anna")
    ring = await centre.rung("anna")
    assert ring.caller_id == "+79035550001"
    await centre.comes_to("anna", "talking")
    assert (await centre.ask("status"))["inbound_waiting"] == 0
    heard = (await calling).recording
    assert said(heard, "greeting")
    await centre.comes_to("anna", "wrap_up")


async def test_without_the_daemon_agents_sign_in_and_callers_reach_them(centre: Centre) -> None:
    assert await centre.daemon.stop() == 0
    codes = centre.pair.site.system.feature_codes
    for code, prompt in ((codes.sign_in, "agent-signed-in"), (codes.ready, "agent-ready")):
        assert said((await centre.pair.phones.dial("vera", code, 10.0)).recording, prompt)
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    talk = await centre.pair.city.call_in(SUPPORT, "+79035550002", 10)
    ring = (await centre.rung("vera")).answered_at
    assert ring is not None
    assert talk.answered
    # Started again, the daemon finds her as she is.
    await centre.daemon.start()
    await centre.comes_to("vera", "ready")


async def test_an_inbound_caller_gets_the_next_agent_before_a_called_person_who_waits_longer(
    centre: Centre,
) -> None:
    """The campaign's grace is 8 s here, so that the person still waits when the caller has come."""
    await centre.pair.phones.set("vera", Answer(talk=0.5))
    await centre.ready("vera")
    person = await centre.person(Behaviour(Kind.TALKS_ON, 1.5))
    await centre.dial(GUEST, [person])
    await centre.arrived(person)
    await centre.set("vera", "not_ready", "break")
    await centre.answered(person)
    centre.numbers.add("+79035550003")
    calling = asyncio.create_task(centre.pair.city.call_in(SUPPORT, "+79035550003", 14))

    async def waits() -> bool:
        return bool((await centre.ask("status"))["inbound_waiting"] == 1)

    await until(waits, "the caller waits")
    (row,) = await centre.ask("calls")
    assert row["state"] == "waiting", "the person waits too, and did so first"
    await centre.set("vera", "ready")
    await centre.rung("vera", 1)
    assert centre.rings("vera")[0].caller_id == "+79035550003"
    await centre.comes_to("vera", "talking")
    assert (await centre.ask("calls"))[0]["state"] == "waiting"
    await calling
