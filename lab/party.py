"""A person of the city at their telephone, live: they listen, speak and press keys as a test tells them.

The city's Asterisk hands the call's sound over by AudioSocket (TCP, 20 ms at a time): what is heard is known
as it comes, and not when a recording's buffer is full.
"""

from __future__ import annotations

import asyncio
import audioop
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from lab import sound
from lab.city_files import PRESS_GAP_MS
from lab.ledger import Dialed

if TYPE_CHECKING:  # recognition needs numpy, which only developers have; calls need none
    from lab.hearing import Heard, Prompt

_FRAME = 0.02
_FRAME_BYTES = round(sound.RATE * _FRAME) * 2
_HOLE = 0.1  # seconds; longer holes in what arrives are silence that was never sent
_HANGUP, _AUDIO = 0x00, 0x10  # kinds of AudioSocket messages


class KeyMode(StrEnum):
    """How pressed keys travel."""

    RFC4733 = "rfc4733"
    """As events in the stream of sound."""
    INFO = "info"
    """As SIP INFO."""


class NotHeard(AssertionError):
    """The prompt did not come in time; the text says what came instead."""


class CallOver(AssertionError):
    """Nothing can be pressed or spoken any more."""


class NotAnswered(Exception):
    """The call was not answered, or never came."""

    def __init__(self, text: str, dialed: Dialed | None = None) -> None:
        super().__init__(text)
        self.dialed = dialed
        """How it ended, where there was one."""


class Party:
    """One end of a live call. Times are seconds since its answer."""

    def __init__(self, prompts: Path, language: str, press_key: Callable[[str], Awaitable[object]]) -> None:
        """`prompts`: folder of the folders by language; `press_key` sends one key on the call's channel."""
        self.id = uuid4()
        self.dialed: Dialed | None = None
        """How the call went, once the test has left it."""
        self.all_heard = bytearray()
        """What was heard so far, 8 kHz and 16 bits, with silence where nothing was sent."""
        self._prompts, self._language, self._press_key = prompts, language, press_key
        self._there = asyncio.Event()
        self._over = asyncio.Event()
        self._began = self._arrived = 0.0
        self._heard_until = 0.0
        self._speech = bytearray()
        self._silent = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    @property
    def answered(self) -> bool:
        return self._there.is_set()

    @property
    def over(self) -> bool:
        """Whether the call has ended, by whomever."""
        return self._over.is_set()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def until_answered(self, deadline: float = 20.0) -> None:
        """Raises `NotAnswered`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                await self._there.wait()
        if not self.answered:
            raise NotAnswered(f"no call within {deadline:g} s")

    async def until_over(self, deadline: float = 30.0) -> None:
        """Wait until the other side hangs up. Raises `TimeoutError`."""
        async with asyncio.timeout(deadline):
            await self._over.wait()

    async def hears(
        self,
        prompt: str | Path,
        deadline: float = 10.0,
        *,
        language: str | None = None,
        at_once: bool = False,
        over_music: bool = False,
    ) -> Heard:
        """Wait until the prompt (its name, or a WAV file) has been heard to its end.

        What was heard before the last recognised prompt's end counts no more. With `at_once` nothing else
        may be heard before it; `over_music` is for callers who wait. Raises `NotHeard` after `deadline`
        seconds, or when the call is over.
        """
        from lab import hearing

        path = self._path(prompt, language)
        begin = self._heard_until
        search = hearing.Search(hearing.Prompt.load(path), round(begin * sound.RATE), over_music)
        until = self.now + deadline
        while True:
            over = self.over  # asked first: what came with the end is looked at once more
            # Beside the loop: who sends nothing for two seconds is hung up on by the city.
            heard = await asyncio.to_thread(search.ended if over else search.update, bytes(self.all_heard))
            if heard and not await asyncio.to_thread(self._is_rather_another, path, heard):
                break
            if over or self.now > until:
                why = "the call is over" if over else f"{deadline:g} s have passed"
                raise NotHeard(f"{path.stem} was not heard, and {why}; {self._instead(begin)}")
            await asyncio.sleep(0.1)
        before = self._cut(begin, heard.at)
        if at_once and sound.seconds_above_silence(before) > 0.3:
            raise NotHeard(f"before {path.stem} came something else; {self._instead(begin)}")
        self._heard_until = heard.end
        return heard

    async def hears_nothing(self, seconds: float) -> None:
        """Listen so long from now; raises `NotHeard` where there was more than 0.1 s of sound."""
        begin = self.now
        await asyncio.sleep(seconds)
        if sound.seconds_above_silence(self._cut(begin, self.now)) > 0.1:
            raise NotHeard(f"something was heard where silence was wanted; {self._instead(begin)}")

    async def press(self, keys: str) -> None:
        """Press the keys one after another: `0`-`9`, `*`, `#`, `A`-`D`."""
        for key in keys:
            if self.over:
                raise CallOver(f"key {key} cannot be pressed: the call is over; {self._instead(0.0)}")
            await self._press_key(key)
            await asyncio.sleep(PRESS_GAP_MS / 1000)

    async def says(self, file: Path) -> None:
        """Speak a WAV file to its end, or to the call's."""
        if self.over:
            raise CallOver(f"{file.stem} cannot be spoken: the call is over; {self._instead(0.0)}")
        self._speech += sound.read(file)
        self._silent.clear()
        await self._silent.wait()

    async def does(self, keys: Sequence[tuple[float | str, str]], until: float) -> None:
        """Press keys at their moments, each so many seconds after the answer or when a prompt has been heard.

        Hangs up `until` seconds after the answer, unless the other side has. Raises `NotHeard`.
        """
        with suppress(CallOver):
            for moment, pressed in keys:
                if isinstance(moment, str):
                    await self.hears(moment, until - self.now)
                else:
                    await asyncio.sleep(moment - self.now)
                await self.press(pressed)
        with suppress(TimeoutError):
            await self.until_over(until - self.now)
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the call; nothing happens where it is over."""
        if self._writer is not None and not self.over:
            self._writer.write(bytes((_HANGUP, 0, 0)))
        if self.answered:
            await self.until_over()

    def heard(self) -> list[str]:
        """The names of all prompts heard so far, in order (one that came twice stands once)."""
        from lab import hearing

        return [name for name, _ in hearing.which(self.all_heard, self._known())]

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The call, from its answer to its end; `Ears` calls this."""
        self._writer = writer
        self._began = asyncio.get_running_loop().time()
        self._there.set()
        speaking = asyncio.create_task(self._speak(writer), name="party-speaks")
        came = b""
        try:
            while chunk := await reader.read(1 << 16):
                messages, came = _messages(came + chunk)
                self._hear(b"".join(payload for kind, payload in messages if kind == _AUDIO))
                if any(kind == _HANGUP for kind, _ in messages):
                    break
        except ConnectionError:
            pass
        finally:
            speaking.cancel()
            self._over.set()
            self._silent.set()
            writer.close()

    def _hear(self, arrived: bytes) -> None:
        """Keep what has arrived by now, all together; before it, the silence of a hole."""
        if not arrived:
            return
        arrived = audioop.alaw2lin(arrived, 2)
        now = self.now
        behind = round(now * sound.RATE) * 2 - len(self.all_heard) - len(arrived)
        if (now - self._arrived > _HOLE or not self.all_heard) and behind > 0:
            self.all_heard += bytes(behind)
        self.all_heard += arrived
        self._arrived = now

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        """Like any telephone: a packet every 20 ms, of silence while nothing is said."""
        loop = asyncio.get_running_loop()
        at = loop.time()
        with suppress(ConnectionError):
            while True:
                frame = bytes(self._speech[:_FRAME_BYTES]).ljust(_FRAME_BYTES, b"\0")
                del self._speech[:_FRAME_BYTES]
                if not self._speech:
                    self._silent.set()
                writer.write(bytes((_AUDIO, *_FRAME_BYTES.to_bytes(2, "big"))) + frame)
                await writer.drain()
                at = max(at + _FRAME, loop.time() - _HOLE)
                await asyncio.sleep(at - loop.time())

    def _is_rather_another(self, path: Path, heard: Heard) -> bool:
        """Whether another known prompt is more surely in that place: of two that differ in a word or two."""
        from lab import hearing

        if heard.share == 1.0:
            return False
        part = self._cut(heard.at - 0.1, heard.end + 1.0)
        others = (other for other in self._known() if other.name != path.stem)
        return any(other.sureness > heard.sureness for _, other in hearing.which(part, others))

    def _path(self, prompt: str | Path, language: str | None) -> Path:
        if isinstance(prompt, Path):
            return prompt
        return self._prompts / (language or self._language) / f"{prompt}.wav"

    def _known(self) -> Iterator[Prompt]:
        """All prompts in which something is to be heard."""
        from lab import hearing

        for path in sorted((self._prompts / self._language).glob("*.wav")):
            with suppress(ValueError):
                yield hearing.Prompt.load(path)

    def _cut(self, begin: float, end: float) -> bytes:
        return bytes(self.all_heard[round(max(0.0, begin) * sound.RATE) * 2 : round(end * sound.RATE) * 2])

    def _instead(self, begin: float) -> str:
        from lab import hearing

        part = self._cut(begin, self.now)
        names = [f"{name} at {begin + heard.at:.1f} s" for name, heard in hearing.which(part, self._known())]
        loud = sound.seconds_above_silence(part)
        return f"since second {begin:.1f}: {', '.join(names) or 'no known prompt'}, {loud:.1f} s of sound"


class Ears:
    """Where the city's Asterisk brings the sound of live calls; each call names its party."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._parties: dict[UUID, Party] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def expect(self, party: Party) -> None:
        self._parties[party.id] = party

    def forget(self, party: Party) -> None:
        self._parties.pop(party.id, None)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            named = await reader.readexactly(3 + 16)  # a message with the party's id comes first
            party = self._parties.get(UUID(bytes=named[3:]))
            if party is None or party.answered:  # a second call to one who is busy
                writer.close()
            else:
                await party.listen(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.close()


def _messages(came: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole messages in what came, each with its kind, and the rest."""
    found: list[tuple[int, bytes]] = []
    while len(came) >= 3 and len(came) >= (end := 3 + int.from_bytes(came[1:3], "big")):
        found.append((came[0], came[3:end]))
        came = came[end:]
    return found, came
