"""The robot on a real Asterisk: a buyer in the city listens, presses keys, and the shop's orders follow."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agi.reading import readings
from lab.behaviour import Behaviour, Kind
from lab.party import Party
from lab.phones import Answer
from leads.attempt import AttemptState
from leads.lead import LeadState, Outcome
from leads.orders import Delivery, Item, NewOrder, Order, OrderState, Result, plans
from sounds.phrase import Prompt, Text
from sounds.speech import Speech
from tests.daemon.centre import Centre, most_at_once, until
from tests.daemon.site import DELIVERIES, ROBOT

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

SHOP = "demo"


async def a_number(centre: Centre) -> str:
    return await centre.person()


async def order(centre: Centre, phone: str, number: str = "1234", **values: Any) -> Order:
    """One that the robot is to call about at once."""
    new = NewOrder(
        SHOP, f"{phone}-{number}", number, (phone,), (Item("Чайник", 2, 100_000),), 200_000, "Анна",
        Delivery("2030-11-28", "10:00-14:00"),
    )  # fmt: skip
    taken = await centre.store.orders.add(new, plans(centre.pair.site)[SHOP], time.time() - 600.0)
    return taken.order


async def now_of(centre: Centre, found: Order) -> Order:
    fresh = await centre.store.orders.get(SHOP, found.key)
    assert fresh is not None
    return fresh


async def letters(centre: Centre) -> list[str]:
    return [letter.event for letter in await centre.store.outbox.page()]


async def hears_the_order(centre: Centre, buyer: Party, asked: Order) -> None:
    """Word for word as it was synthesised before the call, with the prompts between."""
    site = centre.pair.site
    speech = Speech.of(site.system)
    for one in readings([asked], site, "ru", time.time()):
        if isinstance(one, Prompt):
            await buyer.hears(one.name, 15.0)
        elif isinstance(one, Text):
            [stem] = await speech.files([one], "ru")
            await buyer.hears(Path(f"{stem}.wav"), 15.0)


async def start(centre: Centre, campaign: str = ROBOT) -> None:
    await centre.ask("campaign", name=campaign, action="start")


@asynccontextmanager
async def greeted(centre: Centre, phone: str) -> AsyncIterator[Party]:
    """A buyer whom the robot has told who calls."""
    async with centre.pair.city.person(phone) as buyer:
        await start(centre)
        await buyer.until_answered()
        await buyer.hears("order-intro")
        yield buyer


async def test_a_buyer_confirms_an_order_by_key_and_hears_it_as_it_was_spoken_beforehand(
    centre: Centre,
) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    async with centre.pair.city.person(phone) as buyer:
        await start(centre)
        await buyer.until_answered()
        intro = await buyer.hears("order-intro")
        assert intro.at < 2.0, "greeted at once"
        await buyer.press("1")  # before the question: decides nothing
        await buyer.hears("opt-out-key")
        await hears_the_order(centre, buyer, asked)
        await buyer.hears("order-confirm-key")
        assert (await now_of(centre, asked)).state is OrderState.ROBOT
        await buyer.press("1")
        await buyer.hears("order-confirmed")
        assert (await now_of(centre, asked)).state is OrderState.CONFIRMED, "in the store before it is said"
        await buyer.hears("order-thanks", 20.0)
        await buyer.until_over()
    attempt = await _ended(centre, phone)
    assert (attempt.outcome, attempt.disposition) == (Outcome.TALKED, "confirmed")
    assert await letters(centre) == ["confirmed"]
    status = await centre.ask("campaign_status", name=ROBOT)
    assert status["robot_dispositions"] == {"confirmed": 1}
    assert status["abandonment"]["abandoned"] == 0
    notice = [lead for lead in await centre.store.leads.find_by_phone(phone) if lead.list == "deliveries"]
    assert [lead.state for lead in notice] == [LeadState.SCHEDULED]


async def test_who_wants_no_more_calls_is_never_called_again(centre: Centre) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    async with greeted(centre, phone) as buyer:
        await buyer.press("8")
        await buyer.hears("opt-out-done")
        await buyer.until_over()
    assert (await _ended(centre, phone)).disposition == "opted_out"
    assert await centre.store.do_not_call.get(phone) is not None
    assert (await now_of(centre, asked)).state is OrderState.NOT_REACHED
    again = await order(centre, phone, "5678")
    assert again.state is OrderState.NOT_REACHED, "an order that comes later finds nobody to call"
    await centre.leads(ROBOT, [])
    other = await a_number(centre)
    await order(centre, other)
    await centre.arrived(other)
    assert len(centre.city(phone)) == 1


async def test_who_says_nothing_is_taken_for_a_machine_and_hung_up_on_politely(centre: Centre) -> None:
    phone = await centre.person(Behaviour(Kind.TALKS_ON))
    asked = await order(centre, phone)
    await start(centre)
    attempt = await _ended(centre, phone, 90.0)
    assert (attempt.outcome, attempt.disposition) == (Outcome.MACHINE, "no_reply")
    assert (await now_of(centre, asked)).state is OrderState.ROBOT
    lead = (await _leads(centre, phone, ROBOT))[0]
    assert lead.state is LeadState.SCHEDULED


async def test_who_asks_for_a_person_talks_to_an_agent(centre: Centre) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    async with greeted(centre, phone) as buyer:
        await buyer.press("0")
        await buyer.hears("to-operator")
        await centre.comes_to("anna", "talking")
        await buyer.hang_up()
    attempt = await _ended(centre, phone)
    assert (attempt.outcome, attempt.disposition, attempt.agent) == (Outcome.TALKED, "operator", "anna")
    assert (await now_of(centre, asked)).state is OrderState.TALKED


async def test_the_daemon_dies_in_the_call_and_the_buyer_hears_the_message_and_reaches_the_group(
    centre: Centre,
) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    async with greeted(centre, phone) as buyer:
        await centre.daemon.kill()
        await buyer.hears("abandoned", 15.0)  # the campaign's message
        await centre.rung("anna")
        await asyncio.sleep(0.5)  # a talk
        await buyer.hang_up()
    await centre.daemon.start()
    attempt = await _ended(centre, phone)
    assert attempt.outcome is Outcome.TALKED
    assert attempt.agent == "anna"
    assert (await now_of(centre, asked)).state in (OrderState.TALKED, OrderState.AGENTS)


async def test_calls_take_no_more_lines_than_the_campaign_has_and_no_agent(centre: Centre) -> None:
    people = await centre.people(8, Behaviour(Kind.ANSWERS, 0.0, 1.0))
    for phone in people:
        await order(centre, phone)
    await start(centre)
    for phone in people:
        await centre.arrived(phone, 30.0)
    calls = [call for phone in people for call in centre.city(phone)]
    assert len(calls) == len(people)
    assert most_at_once(calls) == centre.pair.site.campaigns[ROBOT].lines
    said = await centre.why("campaign", ROBOT)
    assert "held back by lines" in said


async def test_a_confirmed_buyer_is_told_day_and_window(centre: Centre) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    plan = plans(centre.pair.site)[SHOP]
    await centre.store.orders.tell(asked.id, Result.CONFIRMED, "caller", time.time(), plan)
    _due_now(centre, phone)
    async with centre.pair.city.person(phone) as buyer:
        await start(centre, DELIVERIES)
        await buyer.until_answered()
        await buyer.hears("delivery-intro")
        await buyer.hears("order-number")
        await buyer.hears("order-delivery")
        await buyer.hears("delivery-keys", 20.0)
        assert (await now_of(centre, asked)).state is OrderState.CONFIRMED, "a machine hears as much"
        await buyer.press("1")
        await buyer.hears("order-thanks")
        assert (await now_of(centre, asked)).state is OrderState.TOLD
    attempt = await _ended(centre, phone)
    assert (attempt.outcome, attempt.disposition) == (Outcome.TALKED, "told")


async def test_a_caller_with_an_open_order_confirms_it_on_the_line(centre: Centre) -> None:
    phone = await a_number(centre)
    asked = await order(centre, phone)
    async with centre.pair.city.caller("+74951234567", phone) as caller:
        await caller.hears("order-found", 15.0)
        await hears_the_order(centre, caller, asked)
        await caller.hears("order-unconfirmed")
        await caller.hears("order-confirm-key")
        await caller.press("1")
        await caller.hears("order-confirmed")
    assert (await now_of(centre, asked)).state is OrderState.CONFIRMED


async def _leads(centre: Centre, phone: str, campaign: str) -> list[Any]:
    found = await centre.store.leads.find_by_phone(phone)
    return [lead for lead in found if lead.list == centre.pair.site.campaigns[campaign].list]


async def _ended(centre: Centre, phone: str, within: float = 15.0) -> Any:
    made: list[Any] = []

    async def found() -> bool:
        made[:] = [
            attempt
            for lead in await centre.store.leads.find_by_phone(phone)
            for attempt in await centre.store.attempts.of_lead(lead.id)
            if attempt.state is AttemptState.ENDED
        ]
        return bool(made)

    await until(found, f"the attempt on {phone} ends", within)
    assert len(made) == 1
    return made[0]


def _due_now(centre: Centre, phone: str) -> None:
    with sqlite3.connect(centre.database, timeout=10) as connection:
        connection.execute("update leads set due_at = 1 where phone = ?", [phone])
    connection.close()
