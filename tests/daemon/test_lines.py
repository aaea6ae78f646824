"""Callers of lines with hours and menus, on a real Asterisk: what they hear is recognised as they hear it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path

import pytest

from agi.answer import in_words
from lab.party import KeyMode, Party
from lab.phones import Answer
from leads.inbound import CallbackKind, CallerClass
from leads.schedule import hours_of
from sounds.opening import we_open
from sounds.phrase import Text, Utterance
from sounds.speech import Speech
from store.callers import ListedCaller
from tests.daemon.centre import Centre
from tests.daemon.site import CLOSED, ORDERS_PORT, PREVIEW, SHOP

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

LONG = 20.0
"""Seconds for what is long itself, on a machine that is busy with other tests."""
ANSWER = {"number": "1042", "state": "собран", "sum": 2990, "day": "2027-02-01"}


async def spoken(centre: Centre, text: Utterance) -> Path:
    """The file in which the daemon has the text."""
    (stem,) = await Speech.of(centre.pair.site.system).files([text], "ru")
    return Path(f"{stem}.wav")


async def reaches_vera(centre: Centre, caller: Party) -> None:
    await caller.hears("to-operator", LONG)
    assert (await centre.rung("vera")).caller_id is not None
    await centre.comes_to("vera", "talking")


async def test_a_caller_goes_through_two_menus_to_the_right_groups_agent(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(talk=2.0))
    await centre.ready("vera")
    async with centre.pair.city.caller(SHOP, "+79035551001") as caller:
        await caller.hears("menu-main", LONG)
        await caller.press("2")
        await caller.hears("menu-delivery", LONG, at_once=True)
        await caller.press("1")
        await caller.hears("info-delivery", LONG, at_once=True)
        await caller.hears("menu-delivery", LONG, at_once=True)
        await caller.press("9")
        await caller.hears("menu-main", LONG, at_once=True)
        await caller.press("0")
        await reaches_vera(centre, caller)


@pytest.mark.parametrize("mode", KeyMode)
async def test_who_knows_the_menus_types_through_them_by_either_way(centre: Centre, mode: KeyMode) -> None:
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    async with centre.pair.city.caller(SHOP, "+79035551002", key_mode=mode) as caller:
        await asyncio.sleep(1.0)
        await caller.press("A20")  # the letter is no key
        await reaches_vera(centre, caller)
        assert "menu-delivery" not in caller.heard()


async def test_who_presses_wrong_keys_and_then_nothing_gets_an_agent(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    async with centre.pair.city.caller(SHOP, "+79035551003") as caller:
        await caller.hears("menu-main", LONG)
        for _ in range(2):
            await caller.press("5")
            await caller.hears("wrong-key", at_once=True)
            await caller.hears("menu-main", LONG, at_once=True)
        await reaches_vera(centre, caller)


async def test_after_hours_the_caller_hears_when_we_open_and_is_to_be_called_back_then(
    centre: Centre,
) -> None:
    site = centre.pair.site
    hours = hours_of(site.schedules["later"], site.system.timezone, time.time())
    assert hours.opens is not None
    number = "+79161235104"
    today = hours.opens.fromtimestamp(time.time(), hours.opens.tzinfo).date()
    opening = await spoken(centre, we_open(hours.opens, today, "ru"))
    async with centre.pair.city.caller(CLOSED, number) as caller:
        await caller.hears("closed")
        await caller.hears(opening, at_once=True)
        await caller.hears("closed-promise", at_once=True)
        await caller.hears("closed-goodbye", at_once=True)
        await caller.until_over(5.0)
    task = await centre.store.callbacks.open_of(number)
    assert task is not None
    assert (task.kind, task.campaign, task.due_at) == (CallbackKind.MISSED, PREVIEW, hours.opens.timestamp())
    empty(centre, "callbacks")


async def test_a_look_up_is_said_and_without_a_service_its_fallback(centre: Centre) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(ANSWER).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    lookup = centre.pair.site.lookups["order"]
    said = in_words(lookup.say["ru"], ANSWER, "ru", "RUB")
    server = await asyncio.start_server(serve, "127.0.0.1", ORDERS_PORT)
    async with centre.pair.city.caller(SHOP, "+79035551005") as caller:
        await caller.hears("menu-main", LONG)
        await caller.press("1")
        await caller.hears("one-moment", at_once=True)
        for one in said:
            if isinstance(one, Text):
                await caller.hears(await spoken(centre, one))
        await caller.hears("menu-main", LONG)
        server.close()
        await caller.press("1")
        await caller.hears("one-moment", at_once=True)
        await caller.hears("lookup-failed", at_once=True)


async def test_who_is_on_the_list_of_spam_is_refused(centre: Centre) -> None:
    number = "+79161235106"
    await centre.store.callers.add([ListedCaller(number, CallerClass.SPAM)], time.time())
    async with centre.pair.city.caller(SHOP, number) as caller:
        await caller.hears("refused", at_once=True)
        await caller.until_over(5.0)
    await centre.store.callers.remove([number])


async def test_a_menu_leads_to_a_script_of_the_sites_own(centre: Centre) -> None:
    async with centre.pair.city.caller(SHOP, "+79035551007") as caller:
        await caller.hears("menu-main", LONG)
        await caller.press("4")
        await caller.hears("order-thanks", at_once=True)
        await caller.until_over(5.0)


async def test_without_the_daemon_callers_of_a_menu_reach_the_group(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    assert await centre.daemon.stop() == 0
    async with centre.pair.city.caller(SHOP, "+79035551008") as caller:
        assert (await centre.rung("vera")).arrived_at
        await asyncio.sleep(1.5)
        assert caller.heard() == []
    await centre.daemon.start()
    await centre.comes_to("vera", "ready")


def empty(centre: Centre, table: str) -> None:
    """Before the leads, which it names, are emptied."""
    with sqlite3.connect(centre.database, timeout=10) as connection:
        connection.execute(f"delete from {table}")
    connection.close()
