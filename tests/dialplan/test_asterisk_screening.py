"""Whatever stands where the ear should be: a real Asterisk goes on as with a person, in time."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from config.models import SpeechEngine
from dialplan.render import LONGEST_GREETING, LONGEST_SCREENING
from lab import sound
from lab.ami import Ami, Event
from lab.behaviour import Behaviour, Kind
from lab.pair import Pair
from lab.provision import AsteriskBinary
from sounds.audiosocket import HANGUP
from sounds.audiosocket import sound as message
from sounds.catalogue import sounds_dir
from sounds.ear import Phase, socket_id
from tests.conftest import SITE
from tests.daemon.site import edit
from tests.dialplan.test_asterisk_calls import dialer, originate, until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

MAX_TALK, LETTER = 1800, "abandoned"
SPOKEN = 6.0
"""Seconds that one of the machines speaks; the others, and persons, for longer than any limit."""
HANGS, KILLED = "hangs while it waits for the beep", "is killed while it waits for the beep"
PART = message(bytes(320))


@dataclass(frozen=True)
class Server:
    """What is sent upon the connection's id, and then. `again`: for ever, every 10 ms."""

    sends: bytes = b""
    then: str = "stays"
    again: bool = False
    reads: bool = True
    at_once: bool = False
    """Asterisk need not wait for the limit: it closes, or Asterisk does."""
    tells: tuple[tuple[str, str], ...] = ()
    """Variables of the call that are set first, as the daemon does with a verdict."""


def closes(sends: bytes) -> Server:
    return Server(sends, "closes", at_once=True)


PERSONS = {
    "reads and says nothing": Server(),
    "reads nothing": Server(reads=False),
    "has a verdict, and hangs before it lets go": Server(
        tells=(("PZ_QUIET", "0.20"), ("PZ_HEARD", "person"))
    ),
    "half a message, then nothing": Server(PART[:100], at_once=True),
    "too long a message that never comes whole": Server(bytes((0x10, 0xFF, 0xFF)), at_once=True),
    "far too much sound": Server(message(bytes(8000)), again=True),
    "half frames": Server(message(bytes(100)), again=True),
    "frames of half a sample": Server(bytes((0x10, 0, 161)) + bytes(161), again=True),
    "sound at another rate": Server(bytes((0x12, 0x02, 0x80)) + bytes(640), again=True),
    "a kind that nobody knows": Server(bytes((0x77, 0, 1, 0)), again=True, at_once=True),
    "http": closes(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "noise": closes(bytes(range(255, 0, -1)) * 40),
    "an error": closes(bytes((0xFF, 0, 1, 1))),
    "a hang-up without a verdict": Server(HANGUP, at_once=True),
    "resets": Server(then="resets", at_once=True),
    "resets in the midst of a message": Server(PART[:100], "resets", at_once=True),
} | {f"closes after byte {n}": closes((PART + PART)[:n]) for n in (0, 1, 2, 3, 4, 100, 322, 323, 324, 326)}
MACHINES = {HANGS: Server(), KILLED: closes(b"")}


@dataclass(frozen=True)
class Came:
    """What came of a call; times in seconds: `after` from the answer, `left` from the wait for the beep."""

    heard: Event
    after: float
    limit: float
    left: float = 0.0


class Ears:
    """Serves each attempt its own way; machines get a verdict first."""

    def __init__(self, link: Ami, ways: Mapping[str, Server]) -> None:
        self._link, self._ways = link, ways
        self.beeps: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        id = UUID(bytes=(await reader.readexactly(19))[3:]).hex
        phase, attempt = id[12:16], id[16:]
        way = self._ways[attempt]
        if phase == "0002":
            self.beeps[attempt] = asyncio.get_running_loop().time()
        elif attempt in MACHINE_IDS:
            way = Server(HANGUP, tells=(("PZ_HEARD", "machine"),))
        for name, value in way.tells:
            verdict = {"Channel": f"pz-pz1-{attempt}", "Variable": name, "Value": value}
            await self._link.action({"Action": "Setvar", **verdict})
        await self._go(way, reader, writer)

    async def _go(self, way: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reading = asyncio.create_task(_read(reader)) if way.reads else None
        try:
            writer.write(way.sends)
            while way.again:
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(way.sends)
            if way.then == "resets":
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            if way.then != "stays":
                await writer.drain()
                return
            await asyncio.sleep(60)
        except ConnectionError:
            pass
        finally:
            writer.close()
            if reading is not None:
                reading.cancel()


async def _read(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass


IDS = {name: f"{n:016x}" for n, name in enumerate((*PERSONS, *MACHINES), 0xF0)}
EARLY = "00000000000000e0"
MACHINE_IDS = {IDS[name] for name in MACHINES}


@dataclass(frozen=True)
class Faulty:
    """The pair with such an ear, and the daemon's link."""

    pair: Pair
    link: Ami
    events: list[Event]
    ears: Ears
    folder: Path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def faulty(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Faulty]:
    folder = tmp_path_factory.mktemp("faults")
    _write(folder / "site")
    words = sound.read(sounds_dir() / "ru/greeting.wav") * 30
    for name, seconds in (("long", 60.0), ("short", SPOKEN), ("blink", 0.05)):
        sound.write(folder / f"{name}.wav", words[: int(seconds * sound.RATE) * 2])
    opened = Pair.open(
        asterisk_binary, folder / "site", folder / "pair", sounds_dir=sounds_dir(), speech=espeak.command
    )
    async with opened as pair, dialer(pair) as (link, events):
        ears = Ears(link, {IDS[name]: way for name, way in (PERSONS | MACHINES).items()} | {EARLY: Server()})
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # who does not read is soon full
            listener.bind(("127.0.0.1", pair.site.system.ear_port))
            async with await asyncio.start_server(ears.serve, sock=listener, limit=1024):
                yield Faulty(pair, link, events, ears, folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def came(faulty: Faulty) -> dict[str, Came]:
    """All calls at once."""
    return dict(zip(IDS, await asyncio.gather(*(_call(faulty, name) for name in IDS)), strict=True))


def _write(folder: Path) -> None:
    """The demo's, with a campaign that screens and leaves messages."""
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    edit(folder / "campaigns/spring.yaml", screening="on", voicemail=LETTER, max_talk=f"{MAX_TALK}s")


async def _dial(faulty: Faulty, attempt: str, file: str, context: str, exten: str) -> str:
    """Call somebody who plays the file, and then sends nothing; the channel's id."""
    number = f"+7495{int(attempt, 16):07d}"
    way = Behaviour(Kind.SPEAKS, 0.2, 60.0, sound=str(faulty.folder / file))
    await faulty.pair.city.behave(number, way)
    channel = f"PJSIP/{number}@{faulty.pair.site.trunk_endpoint('city')}"
    await originate(faulty.link, channel, attempt, context, exten)
    return f"pz-pz1-{attempt}"


async def _call(faulty: Faulty, name: str) -> Came:
    attempt, events, link = IDS[name], faulty.events, faulty.link
    file = "short" if name == KILLED else "long"
    id = await _dial(faulty, attempt, file, "perezvon-answered", "spring")
    answered = await until(events, 20.0, Event="Newstate", Uniqueid=id, ChannelStateDesc="Up")
    heard = await until(events, 20.0, UserEvent="PerezvonHeard", Attempt=attempt)
    value = await link.action({"Action": "Getvar", "Channel": id, "Variable": "TIMEOUT(absolute)"})
    after = float(heard["Timestamp"]) - float(answered["Timestamp"])
    if name in PERSONS:
        await until(events, 5.0, Event="QueueCallerJoin", Uniqueid=id)
        return Came(heard, after, float(value["Value"]))
    await until(events, 50.0, UserEvent="PerezvonMessageLeft", Attempt=attempt)
    left = asyncio.get_running_loop().time() - faulty.ears.beeps[attempt]
    return Came(heard, after, 0.0, left - len(sound.read(sounds_dir() / f"ru/{LETTER}.wav")) / 2 / sound.RATE)


@pytest.mark.parametrize("name", PERSONS)
async def test_the_call_goes_on_to_the_queue_as_a_persons(came: dict[str, Came], name: str) -> None:
    one = came[name]
    assert (one.heard["Heard"], one.heard["By"]) == ("person", "nobody")
    assert one.heard["Quiet"] == "", "the law's time counts from the answer"
    longest = 1.5 if PERSONS[name].at_once else LONGEST_SCREENING + 1.0
    assert 0 <= one.after < longest
    assert MAX_TALK - 10 < one.limit <= MAX_TALK, "the campaign's own limit is back"


async def test_a_server_that_hangs_holds_the_call_until_the_limit(came: dict[str, Came]) -> None:
    assert came["reads and says nothing"].after == pytest.approx(LONGEST_SCREENING, abs=0.5)


async def test_a_machine_has_its_message_though_nobody_tells_of_its_beep(came: dict[str, Came]) -> None:
    """Who hangs is waited for; where nobody listens any more a quiet must do."""
    assert LONGEST_GREETING - 0.5 < came[HANGS].left < LONGEST_GREETING + 2
    killed = came[KILLED]
    assert SPOKEN - killed.after + 2.0 < killed.left < SPOKEN + 7
    assert {came[name].heard["By"] for name in MACHINES} == {"ear"}


async def test_a_listener_before_the_answer_stays_though_neither_side_sends_anything(faulty: Faulty) -> None:
    """AudioSocket as a channel knows no such limit: there the ear need send nothing."""
    spied = await _dial(faulty, EARLY, "blink", "perezvon-preview", "visits")
    await until(faulty.events, Event="Newstate", Uniqueid=spied, ChannelStateDesc="Up")
    site = faulty.pair.site
    id = f"pze-pz1-{EARLY}"
    name = socket_id(site.ear_token, Phase.EARLY, EARLY)
    channel = f"AudioSocket/127.0.0.1:{site.system.ear_port}/{name}"
    await originate(faulty.link, channel, EARLY, "perezvon-early", "listen", "pze")
    await until(faulty.events, Event="ChanSpyStart", SpyerUniqueid=id)
    with pytest.raises(TimeoutError):  # Asterisk closes the other two after 2 s
        await until(faulty.events, 5.0, Event="Hangup", Uniqueid=id)
