"""The ear on loopback, with a peer that does as Asterisk does, and worse."""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sounds.audiosocket import HANGUP, Messages, Sound, sound
from sounds.ear import Call, Ear, Listened, Phase, socket_id
from sounds.ear_limits import EarLimits
from sounds.screening import FRAME_BYTES, Heard, Screen, Verdict

TOKEN, ATTEMPT, SECOND = "0123456789ab", "00000000000000a1", "00000000000000b1"


def named(phase: Phase, attempt: str = ATTEMPT) -> bytes:
    return bytes((0x01, 0, 16)) + UUID(socket_id(TOKEN, phase, attempt)).bytes


NAMED, OTHER = named(Phase.SCREEN), named(Phase.SCREEN, SECOND)
QUICK = EarLimits(opening=0.15, longest=1.0, told=0.3, look=0.02, ahead=60.0)
SILENCE = bytes(FRAME_BYTES)


def tone(hz: int, seconds: float) -> bytes:
    wave = (6000 * math.sin(2 * math.pi * hz * n / 8000) for n in range(int(seconds * 8000)))
    return array("h", (round(value) for value in wave)).tobytes()


def spoken(seconds: float) -> bytes:
    """What a voice detector takes for a voice: a buzz of many partials."""
    wave = (
        sum(2500 / k * math.sin(2 * math.pi * 140 * k * n / 8000) for k in range(1, 20))
        for n in range(int(seconds * 8000))
    )
    return array("h", (round(value) for value in wave)).tobytes()


HELLO = spoken(0.4) + bytes(16000)
"""A short word, and a second of quiet."""


class Peer:
    """Asterisk's end of a connection."""

    def __init__(self, ear: Ear, told: list[Listened], port: int) -> None:
        self.ear, self.told, self.port = ear, told, port

    async def say(self, data: bytes, *, size: int = 1 << 16, closes: bool = False) -> bytes:
        """Send it in pieces; return all that came until the ear closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        came = b""
        with suppress(ConnectionError):
            for at in range(0, len(data), size):
                writer.write(data[at : at + size])
                await writer.drain()
            if closes:
                writer.close()
                await writer.wait_closed()
            else:
                async with asyncio.timeout(5):
                    came = await reader.read()
        writer.close()
        return came


@asynccontextmanager
async def listening(
    limits: EarLimits = QUICK,
    *,
    decided: Callable[[Listened], object] = lambda listened: None,
    greeting: bytes = b"",
) -> AsyncIterator[Peer]:
    told: list[Listened] = []

    async def take(listened: Listened) -> None:
        told.append(listened)
        if asyncio.iscoroutine(wait := decided(listened)):
            await wait

    def expected(_: Phase, attempt: str) -> bool:
        return attempt in (ATTEMPT, SECOND)

    ear = Ear(TOKEN, expected, take, greeting=lambda _: greeting, limits=limits)
    port = await ear.start(0)
    try:
        yield Peer(ear, told, port)
    finally:
        await ear.stop()


def frames(samples: bytes, size: int = FRAME_BYTES) -> bytes:
    return b"".join(sound(samples[at : at + size]) for at in range(0, len(samples), size))


def screened(samples: bytes) -> Verdict:
    screen = Screen()
    for at in range(0, len(samples), FRAME_BYTES):
        if verdict := screen.push(samples[at : at + FRAME_BYTES]):
            return verdict
    return screen.end()


@pytest.mark.parametrize("size", [2, 160, 320, 322, 640, 8000])
async def test_the_verdict_is_the_screens_whatever_the_frames_size(size: int) -> None:
    async with listening() as peer:
        assert await peer.say(NAMED + frames(HELLO, size)) == HANGUP
        (listened,) = peer.told
    assert (listened.attempt, listened.phase) == (ATTEMPT, Phase.SCREEN)
    assert listened.verdict.heard is screened(HELLO).heard is Heard.PERSON
    assert listened.sound == HELLO[: (listened.verdict.frame + 1) * FRAME_BYTES]
    assert len(listened.trace) == listened.verdict.frame + 1


async def test_asterisk_goes_on_only_when_the_verdict_is_taken() -> None:
    taken = asyncio.Event()
    async with listening(decided=lambda _: taken.wait()) as peer:
        going = asyncio.create_task(peer.say(NAMED + frames(HELLO)))
        while not peer.told:
            await asyncio.sleep(0.01)
        assert not going.done()
        taken.set()
        assert await going == HANGUP


async def test_a_verdict_that_nobody_takes_holds_nobody_up() -> None:
    async with listening(decided=lambda _: asyncio.sleep(60)) as peer:
        assert await peer.say(NAMED + frames(HELLO)) == HANGUP


async def test_a_fault_in_what_follows_lets_the_call_go_on() -> None:
    def broken(_: Listened) -> object:
        raise RuntimeError("no link")

    async with listening(decided=broken) as peer:
        assert await peer.say(NAMED + frames(HELLO)) == HANGUP


async def test_a_screen_that_fails_has_heard_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Screen, frame: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Screen, "push", fails)
    async with listening() as peer:
        assert await peer.say(NAMED + frames(HELLO)) == HANGUP
    assert [(one.verdict.heard, one.verdict.quiet) for one in peer.told] == [(Heard.PERSON, None)]


async def test_the_greeting_is_said_frame_for_frame_as_sound_comes() -> None:
    greeting = spoken(10.0)
    async with listening(greeting=greeting) as peer:
        came = await peer.say(NAMED + frames(HELLO))
        (listened,) = peer.told
    said = [message for message in Messages().feed(came) if isinstance(message, Sound)]
    assert len(said) == listened.verdict.frame + 1
    assert b"".join(message.samples for message in said) == greeting[: len(said) * FRAME_BYTES]
    assert came.endswith(HANGUP)


@pytest.mark.parametrize(
    "data",
    [
        bytes((0x01, 0, 16)) + UUID(socket_id("ba9876543210", Phase.SCREEN, ATTEMPT)).bytes,
        bytes((0x01, 0, 16)) + UUID(socket_id(TOKEN, Phase.SCREEN, "00000000000000a2")).bytes,
        bytes((0x01, 0, 16)) + UUID(f"{TOKEN[:8]}-{TOKEN[8:]}-0009-0000-0000000000a1").bytes,
        frames(HELLO),
        b"GET / HTTP/1.1\r\n\r\n",
        NAMED + NAMED,
        NAMED + bytes((0x10, 0xFF, 0xFF)),
        NAMED + bytes((0x10, 0, 161)) + bytes(161),
        NAMED + bytes((0xFF, 0, 1, 1)),
    ],
    ids=["token", "attempt", "phase", "no id", "http", "two ids", "too long", "half a sample", "error"],
)
async def test_what_is_no_call_of_ours_is_closed_without_a_word(data: bytes) -> None:
    async with listening() as peer:
        assert await peer.say(data + frames(HELLO)) == b""
        assert (peer.told, peer.ear.refused) == ([], 1)


async def test_a_socket_that_sends_nothing_is_closed_and_what_does_not_come_is_silence() -> None:
    async with listening() as peer:
        assert await peer.say(b"") == b""
        assert peer.told == []
        assert await peer.say(NAMED) == HANGUP
        assert await peer.say(NAMED + frames(spoken(0.3))) == HANGUP
        nothing, word = peer.told
    assert nothing.verdict.heard is Heard.SILENCE
    assert QUICK.longest - 0.2 < nothing.verdict.seconds < QUICK.longest + 0.2
    assert word.verdict.heard is Heard.PERSON
    assert word.verdict.seconds < QUICK.longest


@pytest.mark.parametrize("phase", [Phase.SCREEN, Phase.BEEP])
async def test_while_nothing_comes_asterisk_is_sent_a_frame_a_second(phase: Phase) -> None:
    """After two seconds without any it would close, long before the times that hold on a live site."""
    async with listening(EarLimits()) as peer:
        came = await peer.say(named(phase) + frames(SILENCE))
        (listened,) = peer.told
    heard = Heard.SILENCE if phase is Phase.SCREEN else Heard.MACHINE
    assert (listened.verdict.heard, came[-3:]) == (heard, HANGUP)
    assert listened.verdict.seconds == pytest.approx(3.0 if phase is Phase.SCREEN else 2.5, abs=0.3)
    sent = [message for message in Messages().feed(came) if isinstance(message, Sound)]
    assert sent[:2] == [Sound(8000, SILENCE)] * 2
    if phase is Phase.SCREEN:  # known after three seconds: just before the third frame, or just after it
        sent = [one for at, one in enumerate(sent) if at != 2 or one != Sound(8000, SILENCE)]
    assert len(sent) == 2


async def test_what_asterisk_waits_for_no_longer_is_told_to_nobody() -> None:
    """The whole daemon stood still: the dialplan has gone on as with a person, whatever is heard now."""
    async with listening() as peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        writer.write(NAMED)
        while not peer.ear.calls:
            await asyncio.sleep(0.01)
        writer.write(frames(HELLO))
        time.sleep(QUICK.longest + QUICK.told)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert (peer.told, peer.ear.refused) == ([], 1)


async def test_a_call_whose_times_cannot_be_kept_goes_on_as_a_persons_and_the_others_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill = Call._fill

    def fails(self: Call, now: float) -> None:
        if self.attempt == ATTEMPT:
            raise ZeroDivisionError
        fill(self, now)

    monkeypatch.setattr(Call, "_fill", fails)
    async with listening() as peer:
        with capture_logs() as logs:
            reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
            writer.write(NAMED)  # it sends no sound: only a look could end it
            other = asyncio.create_task(peer.say(OTHER))
            async with asyncio.timeout(3):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
            assert await other == HANGUP
        writer.close()
        async with asyncio.timeout(3):
            while peer.ear.calls:
                await asyncio.sleep(0.01)
        assert [one.verdict.heard for one in peer.told] == [Heard.SILENCE]
    assert [line["attempt"] for line in logs if line["event"] == "look_failed"] == [ATTEMPT]


async def test_on_a_machine_that_is_always_late_a_call_ends_too() -> None:
    """Every look comes later than one that is due so soon."""
    async with listening(replace(QUICK, look=1e-6, ahead=0.2)) as peer:
        async with asyncio.timeout(5):
            assert await peer.say(b"") == b""
            assert await peer.say(NAMED) == HANGUP
        assert [one.verdict.heard for one in peer.told] == [Heard.SILENCE]


async def test_more_sound_than_time_is_nobody_we_can_judge_so_a_person() -> None:
    async with listening(EarLimits(ahead=0.5)) as peer:
        assert await peer.say(NAMED + frames(bytes(160_000), 8000)) == HANGUP
        (listened,) = peer.told
    assert listened.verdict.heard is Heard.PERSON
    assert "more sound" in listened.verdict.why


async def test_sound_at_another_rate_is_a_persons() -> None:
    async with listening() as peer:
        assert await peer.say(NAMED + bytes((0x12, 0x02, 0x80)) + bytes(640)) == HANGUP
        (listened,) = peer.told
    assert listened.verdict.heard is Heard.PERSON
    assert "16000 samples" in listened.verdict.why


async def test_there_are_no_more_connections_than_permitted() -> None:
    async with listening(EarLimits(connections=1)) as peer:
        _, first = await asyncio.open_connection("127.0.0.1", peer.port)
        while not peer.ear.calls:
            await asyncio.sleep(0.01)
        assert await peer.say(NAMED + frames(HELLO)) == b""
        assert peer.ear.refused == 1
        first.close()


async def test_a_peer_that_reads_nothing_costs_little() -> None:
    """Its greeting would be 8 MB; the loop's buffer for it is small."""
    greeting, limits = bytes(8_000_000), EarLimits(unsent=16_000, ahead=1e9, longest=30.0)

    def endless(self: Screen, frame: bytes) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "push", endless)
        async with listening(limits, greeting=greeting) as peer:
            _, writer = await asyncio.open_connection("127.0.0.1", peer.port, limit=1)
            writer.write(NAMED + frames(bytes(8_000_000), 8000))
            await writer.drain()
            (call,) = peer.ear.calls
            assert call.unsent <= 16_000 + FRAME_BYTES + 3
            writer.transport.abort()


async def test_before_the_answer_neither_silence_nor_time_is_a_verdict_but_busy_is() -> None:
    """What a line may send for a while is nothing at all."""
    async with listening() as peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        writer.write(named(Phase.EARLY) + frames(SILENCE))
        await asyncio.sleep(QUICK.longest + 0.2)
        assert peer.told == [] and len(peer.ear.calls) == 1
        writer.write(frames((tone(425, 0.34) + bytes(5440)) * 4))
        assert await reader.read() == HANGUP
        writer.close()
        (listened,) = peer.told
    assert (listened.phase, listened.verdict.heard) == (Phase.EARLY, Heard.BUSY)
    assert len(listened.sound) // FRAME_BYTES == len(listened.trace) == listened.verdict.frame + 1


async def test_of_a_long_listening_the_beginning_is_kept() -> None:
    busy = (tone(425, 0.34) + bytes(5440)) * 4
    async with listening() as peer:
        sent = bytes(16_000 * 30) + busy
        assert await peer.say(named(Phase.EARLY) + frames(sent, 1600)) == HANGUP
        (listened,) = peer.told
    assert listened.verdict.seconds > 30
    assert 10.0 <= len(listened.sound) / 16_000 < 13.0


async def test_a_machine_that_sends_nothing_while_it_records_has_beeped_all_the_same() -> None:
    """The beep is the last that comes: what follows is no sound of silence, but no sound."""
    async with listening(EarLimits(look=0.02, ahead=60.0)) as peer:
        assert await peer.say(named(Phase.BEEP) + frames(spoken(0.5) + tone(1000, 0.5))) == HANGUP
        (listened,) = peer.told
    assert (listened.phase, listened.verdict.heard) == (Phase.BEEP, Heard.MACHINE)
    assert "the beep is over" in listened.verdict.why


async def test_a_greeting_without_an_end_gets_its_message_in_the_end() -> None:
    async with listening(EarLimits(look=0.02, ahead=60.0, beep=0.5)) as peer:
        assert await peer.say(named(Phase.BEEP) + frames(spoken(3.0))) == HANGUP
        (listened,) = peer.told
    assert listened.verdict.why == "no beep came in time"


TALK = NAMED + frames(HELLO)
DECIDES = len(NAMED) + (screened(HELLO).frame + 1) * len(sound(SILENCE))
"""Bytes up to the end of the frame that decides."""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TALK)), st.integers(1, 4000))
def test_a_peer_that_goes_at_any_byte_leaves_nothing_behind(end: int, size: int) -> None:
    async def go() -> None:
        async with listening() as peer:
            await peer.say(TALK[:end], size=size, closes=True)
            async with asyncio.timeout(2):
                while peer.ear.calls:
                    await asyncio.sleep(0.005)
            assert len(peer.told) <= (end >= DECIDES)

    asyncio.run(go())


async def test_a_daemon_that_stops_lets_go_of_its_calls() -> None:
    async with listening(EarLimits()) as peer:
        going = asyncio.create_task(peer.say(NAMED))
        while not peer.ear.calls:
            await asyncio.sleep(0.01)
        await peer.ear.stop()
        assert await going == b""
