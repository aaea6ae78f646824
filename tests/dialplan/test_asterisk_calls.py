"""The generated dialplan with no daemon, on the real pair: callers, agents' codes, calls nobody takes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lab.ami import Ami, Event
from lab.pair import Pair
from lab.phones import Answer, RingOn
from tests.lab.hearing import seconds_of_speech

pytestmark = pytest.mark.asterisk

DID, CALLER = "+74951234567", "+79161112233"
SUBSCRIBER = "+79162223344"


def out(pair: Pair) -> str:
    """What the daemon dials."""
    return f"PJSIP/{SUBSCRIBER}@{pair.site.trunk_endpoint('city')}"


async def member(pair: Pair, agent: str, queue: str = "sales") -> str:
    """The agent's line in `queue show`; empty where they are no member."""
    shown = await pair.ours.console(f"queue show {queue}")
    return next((line for line in shown.splitlines() if f"(PJSIP/agent-{agent})" in line), "")


async def ready(pair: Pair, agent: str) -> None:
    for code in ("*11", "*21"):
        dialed = await pair.phones.dial(agent, code)
        assert dialed.answered, f"{agent} dialed {code}: {dialed}"
    async with asyncio.timeout(30):  # the queue hears of it a moment after the phone
        while "paused" in (await member(pair, agent) or "paused"):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def dialer(pair: Pair) -> AsyncIterator[tuple[Ami, list[Event]]]:
    """Logged in as the daemon, with all events since."""
    events: list[Event] = []
    ami = pair.site.system.ami
    link = Ami(ami.port, "perezvon_dialer", ami.secret.get_secret_value(), events.append)
    await link.open()
    try:
        yield link, events
    finally:
        await link.close()


async def until(events: list[Event], deadline: float = 10.0, **headers: str) -> Event:
    """The first event with these headers."""
    async with asyncio.timeout(deadline):
        while True:
            for event in events:
                if all(event.get(key) == value for key, value in headers.items()):
                    return event
            await asyncio.sleep(0.01)


async def originate(link: Ami, channel: str, attempt: str, context: str, exten: str, leg: str = "pz") -> None:
    await link.action(
        {
            "Action": "Originate",
            "Channel": channel,
            "ChannelId": f"{leg}-pz1-{attempt}",
            "Context": context,
            "Exten": exten,
            "Priority": "1",
            "Timeout": "20000",
            "CallerID": DID,
            "Async": "true",
            "Account": attempt,
            "Variable": f"__PZ_ATTEMPT={attempt}",
        }
    )


@pytest.mark.parametrize("number", ["+74951234567", "84951234567"])
async def test_with_no_daemon_a_caller_reaches_a_ringing_agent(pair: Pair, number: str) -> None:
    await ready(pair, "anna")
    await pair.phones.set("anna", Answer(after=0.3))
    calls = len(pair.phones.calls("anna"))
    caller = asyncio.create_task(pair.city.call_in(number, CALLER, 30.0))
    try:
        found = await pair.city.ledger.until(
            lambda: next((call for call in pair.phones.calls("anna")[calls:] if call.answered_at), None), 25.0
        )
    finally:
        caller.cancel()
    assert "79161112233" in found.caller_id


async def test_a_number_that_is_not_ours_gets_nowhere(pair: Pair) -> None:
    await ready(pair, "anna")
    for number in ("+74959999999", "s", "101", "sales"):
        dialed = await pair.city.call_in(number, CALLER, 1.0)
        assert dialed.answered_at is None
    assert not any(call.answered_at is None for call in pair.phones.calls("anna")[-1:])


OUTSIDE = [SUBSCRIBER, "79162223344", "89162223344", "9162223344", "112", "00442071838750", "trunk-city",
           "spring"]  # fmt: skip


@pytest.mark.parametrize("number", OUTSIDE)
async def test_no_caller_and_no_agent_can_make_it_dial_out(pair: Pair, number: str) -> None:
    before = len(pair.city.ledger.calls)
    inbound = await pair.city.call_in(number, CALLER, 1.0)
    agent = await pair.phones.dial("anna", number, 1.0)
    assert (inbound.answered_at, agent.answered_at) == (None, None)
    assert len(pair.city.ledger.calls) == before
    assert "PJSIP/trunk-city" not in await pair.ours.console("core show channels concise")


async def test_feature_codes_move_the_agent_and_say_so(pair: Pair) -> None:
    said = {}
    for code, state in (
        ("*21", None),
        ("*11", r"paused:signed_in"),
        ("*221", r"paused:lunch"),
        ("*21", r"^((?!paused).)*$"),
        ("*23", r"^((?!paused).)*$"),
        ("*29", r"^((?!paused).)*$"),
        ("*12", None),
    ):
        dialed = await pair.phones.dial("vera", code)
        for queue in ("sales", "support"):
            line = await member(pair, "vera", queue)
            assert (line == "") if state is None else re.search(state, line), (code, queue, line)
        assert dialed.recording is not None
        said[code] = seconds_of_speech(dialed.recording)
    assert all(seconds > 0.3 for seconds in said.values()), said


async def test_wrap_up_holds_calls_off_and_its_end_lets_them_in(pair: Pair) -> None:
    await ready(pair, "anna")
    await pair.phones.set("anna", Answer(talk=0.5))
    await pair.city.call_in(DID, CALLER, 20.0)
    assert "wrapup" in await member(pair, "anna") or "last was" in await member(pair, "anna")
    calls = len(pair.phones.calls("anna"))
    await pair.city.call_in(DID, CALLER, 6.0)
    assert len(pair.phones.calls("anna")) == calls
    await pair.phones.dial("anna", "*23")
    await pair.city.call_in(DID, CALLER, 20.0)
    assert len(pair.phones.calls("anna")) == calls + 1


async def test_a_code_during_a_call_is_pending_and_says_so(pair: Pair) -> None:
    await ready(pair, "anna")
    alone = await pair.phones.dial("anna", "*221")
    await pair.phones.dial("anna", "*21")
    await pair.phones.set("anna", Answer())
    before = len(pair.phones.calls("anna"))
    call = asyncio.create_task(pair.city.call_in(DID, CALLER, 20.0))
    await pair.city.ledger.until(lambda: [c.answered_at for c in pair.phones.calls("anna")[before:]] or None)
    talking = await pair.phones.dial("anna", "*221")
    assert "paused:lunch" in await member(pair, "anna")
    assert pair.phones.calls("anna")[-1].ended_at is None
    assert alone.recording is not None
    assert talking.recording is not None
    assert seconds_of_speech(talking.recording) > seconds_of_speech(alone.recording) + 0.4
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


async def test_nobody_in_time_means_the_message_and_an_event(pair: Pair) -> None:
    async with dialer(pair) as (link, events):
        await originate(link, out(pair), "00000000000000e1", "perezvon-answered", "spring")
        joined = await until(events, Event="QueueCallerJoin")
        told = await until(events, Event="UserEvent", UserEvent="PerezvonAbandoned")
        assert told["Attempt"] == "00000000000000e1"
        assert 1.9 < float(told["Timestamp"]) - float(joined["Timestamp"]) < 3.2


async def test_the_key_ends_the_wait_at_once_also_while_a_phone_rings_and_pauses_nobody(pair: Pair) -> None:
    await ready(pair, "anna")
    await pair.phones.set("anna", RingOn())
    async with dialer(pair) as (link, events):
        await originate(link, out(pair), "00000000000000e2", "perezvon-answered", "spring")
        ringing = await until(events, Event="AgentCalled")
        # A key in the moment between this event and the ringing may be lost: the queue has its own limit.
        await until(events, Event="Newstate", ChannelStateDesc="Ringing", Uniqueid=ringing["DestUniqueid"])
        await link.action(
            {
                "Action": "PlayDTMF",
                "Channel": ringing["Channel"],
                "Digit": "D",
                "Receive": "true",
                "Duration": "100",
            }
        )
        told = await until(events, Event="UserEvent", UserEvent="PerezvonAbandoned")
        assert float(told["Timestamp"]) - float(ringing["Timestamp"]) < 1.0
    assert "paused" not in await member(pair, "anna")


async def test_preview_bridges_the_subscriber_with_the_waiting_agent(pair: Pair) -> None:
    attempt = "00000000000000e3"
    await pair.phones.set("anna", Answer())
    async with dialer(pair) as (link, events):
        await originate(link, "PJSIP/agent-anna", attempt, "perezvon-preview", "visits", "pza")
        await until(events, Event="Newstate", Uniqueid=f"pza-pz1-{attempt}", ChannelStateDesc="Up")
        await originate(link, out(pair), attempt, "perezvon-preview-answered", "visits")
        first = await until(events, Event="BridgeEnter", Uniqueid=f"pz-pz1-{attempt}")
        second = await until(events, Event="BridgeEnter", Uniqueid=f"pza-pz1-{attempt}")
        assert first["BridgeUniqueid"] == second["BridgeUniqueid"]
        await pair.phones.hang_up("anna")
        ended = await until(events, Event="Hangup", Uniqueid=f"pz-pz1-{attempt}")
        assert ended["Cause"] == "16"
        assert not any(event.get("UserEvent") == "PerezvonAbandoned" for event in events)


async def test_preview_without_the_agents_leg_plays_the_message(pair: Pair) -> None:
    attempt = "00000000000000e4"
    async with dialer(pair) as (link, events):
        await originate(link, out(pair), attempt, "perezvon-preview-answered", "visits")
        told = await until(events, Event="UserEvent", UserEvent="PerezvonAbandoned")
        assert told["Attempt"] == attempt


async def test_the_dialers_account_gets_no_noise_and_may_not_run_commands(pair: Pair) -> None:
    await ready(pair, "anna")
    async with dialer(pair) as (link, events):
        with pytest.raises(Exception, match="Permission denied"):
            await link.action({"Action": "Command", "Command": "core show version"})
        with pytest.raises(Exception, match="Permission denied"):
            await link.action({"Action": "GetConfig", "Filename": "manager.conf"})
        await pair.phones.dial("anna", "*221")
        await until(events, Event="QueueMemberPause")
        seen = {event["Event"] for event in events}
        assert not seen & {"VarSet", "Newexten", "RTCPSent", "RTCPReceived"}


@pytest.mark.parametrize(
    ("agent", "queue", "header"),
    [
        ("anna", DID, b"Call-Info: <sip:perezvon>;answer-after=0"),
        ("ivan", "+74951234568", b"Alert-Info: <http://perezvon>;info=alert-autoanswer;delay=0"),
    ],
)
async def test_a_queue_call_carries_the_header_that_makes_the_agents_phone_answer(
    pair: Pair, tmp_path: Path, agent: str, queue: str, header: bytes
) -> None:
    await ready(pair, agent)
    await pair.phones.set(agent, Answer(talk=0.2))
    packets = tmp_path / "sip.pcap"
    await pair.ours.console(f"pjsip set logger pcap {packets}")
    await pair.ours.console("pjsip set logger on")
    await pair.city.call_in(queue, CALLER, 15.0)
    await pair.ours.console("pjsip set logger off")
    assert b"INVITE sip:phone-" + agent.encode() in packets.read_bytes()
    assert header in packets.read_bytes()
