"""The agents' phones on the real pair."""

from __future__ import annotations

import asyncio

import pytest

from lab.pair import Pair
from lab.phones import Answer, Reject, RingOn, Vanish
from tests.lab.hearing import seconds_of_speech

pytestmark = pytest.mark.asterisk

IVAN, ANNA = "ivan", "anna"


def extension(pair: Pair, agent: str) -> str:
    return pair.site.agents[agent].extension


async def test_every_phone_is_registered_under_its_agents_name(pair: Pair) -> None:
    contacts = await pair.ours.console("pjsip show contacts")
    for agent in pair.site.agents:
        assert f"agent-{agent}/sip:phone-{agent}@" in contacts


async def test_a_phone_answers_after_its_time_and_the_other_hears_it(pair: Pair) -> None:
    await pair.phones.set(IVAN, Answer(after=0.4, talk=2.0))
    dialed = await pair.phones.dial(ANNA, extension(pair, IVAN))
    call = pair.phones.calls(IVAN)[-1]
    assert call.answered_at is not None
    assert 0.35 < call.answered_at - call.arrived_at < 1.0
    assert 1.8 < dialed.seconds < 3.0
    assert dialed.recording is not None
    assert seconds_of_speech(dialed.recording) > 0.5


@pytest.mark.parametrize(("code", "cause"), [(486, 17), (603, 21)])
async def test_a_phone_rejects(pair: Pair, code: int, cause: int) -> None:
    await pair.phones.set(IVAN, Reject(code))
    dialed = await pair.phones.dial(ANNA, extension(pair, IVAN))
    assert not dialed.answered
    call = pair.phones.calls(IVAN)[-1]
    await pair.city.ledger.until(lambda: call.ended_at)
    assert call.cause == cause


async def test_a_phone_rings_on_until_told_otherwise(pair: Pair) -> None:
    await pair.phones.set(IVAN, RingOn())
    before = len(pair.phones.calls(IVAN))
    dialing = asyncio.create_task(pair.phones.dial(ANNA, extension(pair, IVAN)))
    await pair.city.ledger.until(lambda: len(pair.phones.calls(IVAN)) > before)
    dialing.cancel()
    await asyncio.gather(dialing, return_exceptions=True)
    call = await pair.city.ledger.until(
        lambda: next((c for c in pair.phones.calls(IVAN)[before:] if c.ended_at), None)
    )
    assert call.answered_at is None


async def test_a_phone_that_vanishes_is_unknown_to_ours_until_it_is_back(pair: Pair) -> None:
    await pair.phones.set(IVAN, Vanish())
    assert "agent-ivan/sip" not in await pair.ours.console("pjsip show contacts")
    before = len(pair.phones.calls(IVAN))
    assert not (await pair.phones.dial(ANNA, extension(pair, IVAN))).answered
    assert len(pair.phones.calls(IVAN)) == before
    await pair.phones.set(IVAN, Answer(talk=0.2))
    assert (await pair.phones.dial(ANNA, extension(pair, IVAN))).answered


async def test_a_phone_hangs_up_its_call(pair: Pair) -> None:
    await pair.phones.set(IVAN, Answer())
    before = len(pair.phones.calls(IVAN))
    dialing = asyncio.create_task(pair.phones.dial(ANNA, extension(pair, IVAN)))
    await pair.city.ledger.until(lambda: [c for c in pair.phones.calls(IVAN)[before:] if c.answered_at])
    await pair.phones.hang_up(IVAN)
    assert (await dialing).answered
    await pair.city.ledger.until(lambda: pair.phones.calls(IVAN)[-1].ended_at)


async def test_what_a_feature_code_says_is_recorded(pair: Pair) -> None:
    dialed = await pair.phones.dial(IVAN, pair.site.system.feature_codes.sign_in)
    assert dialed.recording is not None
    assert seconds_of_speech(dialed.recording) > 0.3


async def test_a_caller_from_the_city_reaches_a_queues_member(pair: Pair) -> None:
    line = next(iter(pair.site.lines.values()))
    await pair.ours.console(f"queue add member PJSIP/agent-{IVAN} to {line.group}")
    await pair.phones.set(IVAN, Answer())
    before = len(pair.phones.calls(IVAN))
    calling = asyncio.create_task(pair.city.call_in(line.numbers[0], "+79031112233", seconds=30))
    call = await pair.city.ledger.until(
        lambda: next((c for c in pair.phones.calls(IVAN)[before:] if c.answered_at), None), deadline=20
    )
    assert call.caller_id == "+79031112233"
    await pair.phones.hang_up(IVAN)
    talk = await calling
    assert talk.recording is not None
    assert talk.seconds < 30


def test_an_unknown_agents_phone_is_an_error(pair: Pair) -> None:
    with pytest.raises(KeyError, match="no agent nobody"):
        pair.phones.calls("nobody")
