"""The city on the real pair: every behaviour is placed from ours, and both sides' counts must agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.behaviour import EVERYBODY_TALKS, Behaviour, Kind, Mix, decide
from lab.ledger import CityCall
from lab.pair import Pair
from tests.conftest import OpenPair
from tests.lab.dialer import Dialer
from tests.lab.hearing import seconds_of_speech

pytestmark = pytest.mark.asterisk


@pytest_asyncio.fixture(loop_scope="session")
async def dialer(pair: Pair) -> AsyncIterator[Dialer]:
    async with Dialer(pair) as made:
        yield made


def last(pair: Pair, number: str) -> CityCall:
    return pair.city.ledger.to(number)[-1]


@pytest.mark.parametrize(
    ("way", "in_the_city", "at_ours"),
    [
        pytest.param(Behaviour(Kind.ANSWERS, 0.2, 0.5), 16, 16, id="answers"),
        pytest.param(Behaviour(Kind.HANGS_UP, 0.2), 16, 16, id="hangs-up"),
        pytest.param(Behaviour(Kind.LEAVES, 0.2, 0.3), 16, 16, id="leaves"),
        pytest.param(Behaviour(Kind.BUSY, 0.2), 17, 17, id="486"),
        pytest.param(Behaviour(Kind.REFUSED, 0.0, 0, 404), 1, 1, id="404"),
        pytest.param(Behaviour(Kind.REFUSED, 0.2, 0, 480), 19, 19, id="480"),
        pytest.param(Behaviour(Kind.REFUSED, 0.2, 0, 500), 38, 38, id="500"),
        pytest.param(Behaviour(Kind.REFUSED, 0.2, 0, 503), 34, 34, id="503"),
        pytest.param(Behaviour(Kind.REFUSED, 0.2, 0, 603), 21, 21, id="603"),
    ],
)
async def test_both_sides_have_the_same_cause(
    pair: Pair, dialer: Dialer, way: Behaviour, in_the_city: int, at_ours: int
) -> None:
    number = f"+7916{in_the_city:03}{way.code:03}{len(way.kind)}"
    await pair.city.behave(number, way)
    assert await dialer.dial(number) == at_ours
    call = await pair.city.ledger.until(lambda: last(pair, number) if last(pair, number).ended_at else None)
    assert call.cause == in_the_city
    assert call.behaviour == way
    assert call.caller_id == "+74951234567"
    answered = way.kind in (Kind.ANSWERS, Kind.HANGS_UP, Kind.LEAVES)
    assert (call.answered_at is not None) == answered


async def test_one_who_does_not_answer_rings_until_we_give_up(pair: Pair, dialer: Dialer) -> None:
    number = "+79161110001"
    await pair.city.behave(number, Behaviour(Kind.NO_ANSWER))
    await dialer.dial(number, timeout=0.5)
    call = await pair.city.ledger.until(lambda: last(pair, number) if last(pair, number).ended_at else None)
    assert call.answered_at is None
    assert call.ended_at is not None
    assert 0.4 < call.ended_at - call.arrived_at < 1.5


async def test_one_who_talks_on_is_ended_by_us(pair: Pair, dialer: Dialer) -> None:
    number = "+79161110002"
    await pair.city.behave(number, Behaviour(Kind.TALKS_ON))
    await dialer.dial(number, data="0.7")
    call = await pair.city.ledger.until(lambda: last(pair, number) if last(pair, number).ended_at else None)
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert 0.6 < call.ended_at - call.answered_at < 1.5


async def test_a_machine_speaks_for_its_time_and_then_only_beeps(pair: Pair) -> None:
    """The machine stands where ivan's phone was, so that anna's can record it."""
    await pair.city.remember("phone-ivan", str(Behaviour(Kind.MACHINE, 0.0, 1.5)))
    dialed = await pair.phones.dial("anna", pair.site.agents["ivan"].extension, seconds=4.0)
    assert dialed.recording is not None
    assert 1.0 < seconds_of_speech(dialed.recording) < 2.3


async def test_what_a_subscriber_hears_is_recorded(pair: Pair, dialer: Dialer) -> None:
    spoken, silent = "+79161110004", "+79161110005"
    message = Path(pair.site.system.sounds_dir or "") / "ru/agent-ready"
    for number in (spoken, silent):
        await pair.city.behave(number, Behaviour(Kind.TALKS_ON))
    await asyncio.gather(
        dialer.dial(spoken, application="Playback", data=str(message)), dialer.dial(silent, data="2")
    )
    heard = [last(pair, number).heard for number in (spoken, silent)]
    assert heard[0] is not None
    assert heard[1] is not None
    await asyncio.gather(*(pair.city.whole(path) for path in heard if path))
    assert seconds_of_speech(heard[0]) > 0.4
    assert seconds_of_speech(heard[1]) < 0.1


async def test_special_numbers_do_what_they_spell(pair: Pair, dialer: Dialer) -> None:
    numbers = ["+74990001001", "+74991100002", "+74993000003", "+74994000004", "+74996000006", "+74998101008"]
    await asyncio.gather(*(dialer.dial(number) for number in numbers))
    for number in numbers:
        assert last(pair, number).behaviour == decide(number[1:], {}, EVERYBODY_TALKS, 0), number


async def test_a_hundred_and_twenty_calls_at_once_do_as_the_mix_drew(open_pair: OpenPair) -> None:
    mix = Mix(
        answers=5,
        busy=2,
        no_answer=1,
        refused=2,
        hangs_up=1,
        ring=(0.1, 0.5),
        talk=(3.0, 4.0),
        codes=(404, 503),
    )
    named = {"+79160000007": Behaviour(Kind.REFUSED, code=480)}
    numbers = [f"+7916{n:07}" for n in range(120)]
    async with open_pair(mix=mix, seed=42, people=named) as pair, Dialer(pair) as dialer:
        await asyncio.gather(*(dialer.dial(number, timeout=4.0) for number in numbers))
        await pair.city.ledger.until(lambda: all(call.ended_at for call in pair.city.ledger.calls))
        pair.city.ensure_whole()
    seen = {call.number: call.behaviour for call in pair.city.ledger.calls}
    people = {number.removeprefix("+"): way for number, way in named.items()}
    assert seen == {number: decide(number[1:], people, mix, 42) for number in numbers}
    assert len(pair.city.ledger.calls) == 120
    together = max(
        sum(call.arrived_at <= at < (call.ended_at or 0) for call in pair.city.ledger.calls)
        for at in (call.arrived_at for call in pair.city.ledger.calls)
    )
    assert together >= 70
