"""Callers and called people who listen and press keys, on the real pair with a menu of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.behaviour import Behaviour, Kind
from lab.hearing import hear
from lab.pair import Pair
from lab.party import CallOver, KeyMode, NotAnswered, NotHeard
from lab.provision import AsteriskBinary
from sounds.catalogue import sounds_dir
from tests.conftest import SITE
from tests.lab.dialer import Dialer
from tests.lab.menu import KEYS, MENU, SPEECH, add_menu, keys, recorded

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER = "+79035550001"
ALL_KEYS = "0123456789*#ABCD"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def menus(
    asterisk_binary: AsteriskBinary, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("menus")
    async with Pair.open(asterisk_binary, SITE, folder, sounds_dir=sounds_dir(), record=True) as pair:
        await add_menu(pair)
        yield pair


def prompt(name: str) -> Path:
    return sounds_dir() / "ru" / f"{name}.wav"


@pytest.mark.parametrize(("key", "answer"), [("1", "agent-signed-in"), ("2", "agent-signed-out")])
async def test_a_caller_hears_a_menu_presses_a_key_and_hears_its_answer(
    menus: Pair, key: str, answer: str
) -> None:
    async with menus.city.caller(MENU, CALLER) as caller:
        menu = await caller.hears("agent-ready")
        assert 0.2 < menu.at < 2.0
        await caller.press(key)
        await caller.hears(answer, at_once=True)
        await caller.until_over()
    assert caller.dialed is not None
    assert caller.dialed.recording is not None
    assert hear(caller.dialed.recording, prompt("agent-ready"))
    assert hear(caller.dialed.recording, prompt(answer))
    assert caller.heard() == ["agent-ready", answer]


async def test_the_wrong_answer_is_not_taken_for_the_right_one(menus: Pair) -> None:
    async with menus.city.caller(MENU, CALLER) as caller:
        await caller.hears("agent-ready")
        await caller.press("2")
        with pytest.raises(NotHeard, match=r"agent-signed-in was not heard.*agent-signed-out at \d"):
            await caller.hears("agent-signed-in", deadline=6.0)
        with pytest.raises(CallOver):
            await caller.until_over()
            await caller.press("1")


async def test_what_was_heard_before_does_not_count_again_nor_what_comes_in_between(menus: Pair) -> None:
    async with menus.city.caller(MENU, CALLER) as caller:
        await caller.hears("agent-ready")
        with pytest.raises(NotHeard, match="agent-ready was not heard, and 1 s have passed"):
            await caller.hears("agent-ready", deadline=1.0)
    async with menus.city.caller(MENU, CALLER) as caller:
        with pytest.raises(NotHeard, match=r"before agent-bad-code came something else.*agent-ready"):
            await caller.hears("agent-bad-code", at_once=True)


async def test_silence_is_silence(menus: Pair) -> None:
    async with menus.city.caller(KEYS, CALLER) as caller:
        await caller.hears_nothing(1.0)
    async with menus.city.caller(MENU, CALLER) as caller:
        with pytest.raises(NotHeard, match="something was heard"):
            await caller.hears_nothing(1.5)


@pytest.mark.parametrize("mode", KeyMode)
async def test_every_key_arrives_in_order_by_either_way(menus: Pair, mode: KeyMode) -> None:
    await menus.city.call_in(KEYS, CALLER, 15.0, keys=[(0.5, ALL_KEYS)], key_mode=mode)
    assert await keys(menus) == ALL_KEYS


async def test_keys_are_pressed_at_their_moments_or_when_something_was_heard(menus: Pair) -> None:
    pressed = await menus.city.call_in(MENU, CALLER, 10.0, keys=[("agent-ready", "1")])
    assert pressed.recording is not None
    assert hear(pressed.recording, prompt("agent-signed-in"))
    early = await menus.city.call_in(MENU, CALLER, 10.0, keys=[(1.0, "2")])  # while the menu speaks
    assert early.recording is not None
    assert hear(early.recording, prompt("agent-signed-out"))
    assert early.seconds < pressed.seconds


async def test_a_caller_who_presses_nothing_is_silent_and_hangs_up_in_time(menus: Pair) -> None:
    silent = await menus.city.call_in(MENU, CALLER, 2.0, keys=[])
    assert 1.9 < silent.seconds < 2.6
    assert await menus.city.call_in(MENU, CALLER, 20.0, keys=[(9.0, "1")])  # hung up on before that
    with pytest.raises(NotHeard):
        await menus.city.call_in(MENU, CALLER, 2.0, keys=[("greeting", "1")])


async def test_a_call_that_nobody_takes_says_so(menus: Pair) -> None:
    with pytest.raises(NotAnswered, match="cause 1"):
        async with menus.city.caller("+74950000009", CALLER):
            pass
    assert not (await menus.city.call_in("+74950000009", CALLER, 1.0, keys=[])).answered


async def test_a_caller_speaks_a_file(menus: Pair) -> None:
    async with menus.city.caller(SPEECH, CALLER) as caller:
        await asyncio.sleep(0.5)
        await caller.says(prompt("agent-not-signed-in"))
        await caller.until_over()
    assert hear(recorded(menus), prompt("agent-not-signed-in"))
    assert not hear(recorded(menus), prompt("agent-signed-in"))


async def test_a_called_person_presses_keys_at_moments_and_what_they_heard_is_recorded(menus: Pair) -> None:
    number = "+79161230001"
    way = Behaviour(Kind.PRESSES, 0.2, seconds=6.0, keys=((0.5, "12"), (2.0, "*#")))
    await menus.city.behave(number, way)
    async with Dialer(menus) as dialer:
        assert await dialer.dial(number, context="lab-keys") == 16
    assert await keys(menus) == "12*#"
    [call] = menus.city.ledger.to(number)
    assert call.behaviour == way
    await menus.city.behave(number, Behaviour(Kind.PRESSES, seconds=8.0, keys=((3.0, "1"),)))
    async with Dialer(menus) as dialer:
        await dialer.dial(number, context="lab-menu")
    heard = menus.city.ledger.to(number)[-1].heard
    assert heard is not None
    await menus.city.whole(heard)
    assert hear(heard, prompt("agent-signed-in"))


async def test_a_called_person_listens_and_answers_as_told(menus: Pair) -> None:
    number = "+79161230002"
    async with Dialer(menus) as dialer, menus.city.person(number, ring=0.3) as person:
        dialing = asyncio.create_task(dialer.dial(number, context="lab-menu"))
        await person.until_answered()
        await person.hears("agent-ready")
        await person.press("2")
        await person.hears("agent-signed-out", at_once=True)
        assert await dialing == 16
    assert person.dialed is not None
    assert person.dialed.recording == menus.city.ledger.to(number)[-1].heard


async def test_a_person_whom_nobody_calls_says_so(menus: Pair) -> None:
    async with menus.city.person("+79161230003") as person:
        with pytest.raises(NotAnswered):
            await person.until_answered(0.3)
