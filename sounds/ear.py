"""The ear: Asterisk brings the sound of answered calls here (AudioSocket), and each is screened.

Whatever goes wrong ends in a verdict of `person` or in a closed connection, upon which the dialplan goes on
as if a person had been heard: nobody is lost to a fault. Times are kept by one look over all calls, a few
times a second: a timer per frame would cost more than the frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from uuid import UUID

import structlog

from sounds.audiosocket import HANGUP, BadMessage, Error, Hangup, Message, Messages, Named, Sound, sound
from sounds.ear_limits import EarLimits
from sounds.screening import FRAME_BYTES, FRAME_S, BeepListener, Frame, Heard, Screen, Verdict

log = structlog.get_logger("ear")

HOST = "127.0.0.1"
BACKLOG = 1024
RATE = 8000
TOKEN_DIGITS = 12
KEPT = 10.0
"""Seconds of sound that are kept of a long listening, before the answer or for a beep."""


class Phase(StrEnum):
    """What the sound is to be listened to for: four hex digits of the connection's id."""

    SCREEN = "0001"
    """Who answered."""
    BEEP = "0002"
    """When to leave a message."""
    EARLY = "0003"
    """What is heard before the answer."""


def socket_id(token: str, phase: Phase, attempt: str) -> str:
    """The connection's id, as the dialplan writes it: `token` has 12 hex digits, `attempt` 16."""
    return f"{token[:8]}-{token[8:]}-{phase}-{attempt[:4]}-{attempt[4:]}"


@dataclass(frozen=True, slots=True)
class Listened:
    """What came of listening to a call."""

    attempt: str
    phase: Phase
    verdict: Verdict
    trace: list[Frame]
    sound: bytes
    """8 kHz, 16 bits, from the first frame to the one that decided; of a long listening at least `KEPT`."""


Decided = Callable[[Listened], Awaitable[None]]
"""Is told of a verdict; when it returns Asterisk goes on in the dialplan."""


class _Beep:
    """Waits for a machine's beep, as a screen does for its verdict."""

    def __init__(self) -> None:
        self.trace: list[Frame] = []
        self._listener = BeepListener()
        self._frames = 0

    def push(self, frame: bytes) -> Verdict | None:
        self._frames += 1
        if self._listener.push(frame):
            return self._say("the beep is over, or the greeting is and nothing follows")
        return None

    def end(self) -> Verdict:
        return self._say("no beep came in time")

    def _say(self, why: str) -> Verdict:
        return Verdict(Heard.MACHINE, 1.0, self._frames - 1, why)


class Call(asyncio.Protocol):
    """One connection: an id, then sound until there is a verdict."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._messages = Messages()
        self._transport: asyncio.Transport | None = None
        self._began = self._heard_at = ear.loop.time()
        self._late = 0.0
        self._silent = False
        self._sent_at = self._began
        self._over_at: float | None = None
        self._told: asyncio.Task[None] | None = None
        self._screen: Screen | _Beep = Screen()
        self._sound, self._first = bytearray(), bytearray()
        self._dropped = self._screened = self._said = 0
        self._greeting = b""
        self.attempt = ""
        self.phase = Phase.SCREEN

    # -- the connection ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ear.calls.add(self)
        self._ear.look_soon()
        if len(self._ear.calls) > self._ear.limits.connections:
            self.refuse(f"more than {self._ear.limits.connections} connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Asterisk is gone, or we have closed: of no verdict that it has not been told is there any use."""
        self._transport = None
        self._ear.calls.discard(self)
        if self._told is not None:
            self._told.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def refuse(self, why: str) -> None:
        """Close, and say why; the call goes on as a person's."""
        self._ear.refused += 1
        log.warning("ear_refused", why=why, attempt=self.attempt)
        self.close()

    def data_received(self, data: bytes) -> None:
        if self._told is not None:
            return  # it is decided: what still comes is of no interest
        self._heard_at, self._silent = self._ear.loop.time(), False
        try:
            for message in self._messages.feed(data):
                self._take(message)
                if self._told is not None or self._transport is None or self._transport.is_closing():
                    return
        except BadMessage as error:
            self.refuse(str(error))

    # -- messages ------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        if not self.attempt:
            self._open(message)
            return
        match message:
            case Sound(rate, samples) if rate == RATE:
                self._hear(samples)
            case Sound(rate):
                self._decide(self._person(f"the sound came at {rate} samples a second, not {RATE}"))
            case Named():
                raise BadMessage("a second id")
            case Hangup():
                self.close()
            case Error(code):
                self.refuse(f"Asterisk reports error {code}")
            case _:
                return  # keys, and what a newer Asterisk may send

    def _open(self, message: Message) -> None:
        if not isinstance(message, Named):
            raise BadMessage("no id came first")
        self.phase, self.attempt = self._ear.known(message.id)
        match self.phase:
            case Phase.SCREEN:
                self._screen = self._ear.screen(self.attempt)
                self._greeting = self._ear.greeting(self.attempt)
            case Phase.BEEP:
                self._screen = _Beep()
            case Phase.EARLY:
                self._screen = Screen(early=True)

    def _hear(self, samples: bytes) -> None:
        """Screen every whole frame, and answer it with one of the greeting."""
        self._sound += samples
        if (self._dropped + len(self._sound)) / (
            2 * RATE
        ) > self._ear.loop.time() - self._began + self._ear.limits.ahead:
            self._decide(self._person("more sound came than time passed"))
            return
        while len(self._sound) - self._screened >= FRAME_BYTES:
            frame = bytes(self._sound[self._screened : self._screened + FRAME_BYTES])
            self._screened += FRAME_BYTES
            self._greet()
            if (verdict := self._ask(frame)) is not None:
                self._decide(verdict)
                return
        if self.phase is not Phase.SCREEN:  # it may go on for a minute
            if self._dropped < KEPT * 2 * RATE:
                self._first += self._sound[: self._screened]
            del self._sound[: self._screened]
            self._dropped += self._screened
            self._screened = 0

    @property
    def unsent(self) -> int:
        """Bytes that the peer has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def _greet(self) -> None:
        """Say the next 20 ms of the greeting, if the peer takes them."""
        if part := self._greeting[self._said : self._said + FRAME_BYTES]:
            self._send(part)
            self._said += FRAME_BYTES

    def _send(self, part: bytes) -> None:
        if self._transport is not None and self.unsent < self._ear.limits.unsent:
            self._transport.write(sound(part))
            self._sent_at = self._ear.loop.time()

    # -- deciding ------------------------------------------------------------------------------------

    def _ask(self, frame: bytes | None) -> Verdict | None:
        """What the screen says after this frame; after the last (None) it says something in any case."""
        try:
            return self._screen.end() if frame is None else self._screen.push(frame)
        except Exception:  # whatever is wrong with the screen, the call is a person's
            log.exception("screen_failed", attempt=self.attempt)
            return self._person("the screen failed")

    def _person(self, why: str) -> Verdict:
        return Verdict(Heard.PERSON, 0.0, (self._dropped + self._screened) // FRAME_BYTES - 1, why)

    def _decide(self, verdict: Verdict) -> None:
        if self._ear.loop.time() - self._began >= self._longest() + self._ear.limits.told:
            self.refuse("the loop stood still for too long: Asterisk went on without a verdict")
            return
        heard = bytes(self._first + self._sound[: self._screened])
        listened = Listened(self.attempt, self.phase, verdict, self._screen.trace, heard)
        self._told = self._ear.loop.create_task(self._tell(listened))

    async def _tell(self, listened: Listened) -> None:
        """Let it be known, then let go of the call."""
        try:
            async with asyncio.timeout(self._ear.limits.told):
                await self._ear.decided(listened)
        except TimeoutError:
            log.error("verdict_not_taken", attempt=self.attempt, why="no answer in time")
        except Exception as error:  # the dialplan takes what it does not know for a person
            log.error("verdict_not_taken", attempt=self.attempt, why=str(error) or repr(error))
        if self._transport is not None:
            self._transport.write(HANGUP)
            # The peer closes. Closing here with its sound unread would reset the connection, the word just
            # sent with it.
            self._transport.write_eof()
            self._over_at = self._ear.loop.time()

    def look(self, now: float) -> None:
        """Decide, or let go of, a call whose time is over."""
        limits = self._ear.limits
        if self._told is not None:
            if self._over_at is not None and now >= self._over_at + limits.told:
                self.close()
            return
        age = now - self._began - self._late
        if not self.attempt:
            if age >= limits.opening:
                self.refuse(f"no id within {limits.opening:g} s")
        elif age < self._longest():
            self._fill(now)
        elif (verdict := self._ask(None)) is not None:
            self._decide(verdict)

    def _longest(self) -> float:
        limits = self._ear.limits
        by_phase = {Phase.SCREEN: limits.longest, Phase.BEEP: limits.beep, Phase.EARLY: limits.ringing}
        return by_phase[self.phase]

    def _fill(self, now: float) -> None:
        """What does not come is heard as silence, in its own time; before the answer it says nothing."""
        missing = round((now - self._heard_at) / FRAME_S)
        if self.phase is Phase.EARLY or missing * FRAME_S < (0 if self._silent else self._ear.limits.silent):
            return
        self._silent = True
        self._heard_at += missing * FRAME_S
        self._hear(bytes(missing * FRAME_BYTES))
        if self._told is None and now - self._sent_at >= self._ear.limits.alive:
            self._send(bytes(FRAME_BYTES))

    def excuse(self, now: float, seconds: float) -> None:
        """The loop stood still for so long: what came meanwhile has not been read yet.

        Not without end: on a machine that is always late a call must end too.
        """
        self._late = min(self._late + seconds, self._ear.limits.ahead)
        self._heard_at = now


class Ear:
    """The server; made in a running loop. `token` is the site's, `expected` says whether an attempt is to be
    listened to now, `greeting` what is said meanwhile on its call: 8 kHz, 16 bits; none is silence. `screen`
    makes what decides who has answered."""

    def __init__(
        self,
        token: str,
        expected: Callable[[Phase, str], bool],
        decided: Decided,
        *,
        greeting: Callable[[str], bytes] = lambda attempt: b"",
        screen: Callable[[str], Screen] = lambda attempt: Screen(),
        limits: EarLimits | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.limits = limits or EarLimits()
        self.decided, self.greeting, self.screen = decided, greeting, screen
        self.calls: set[Call] = set()
        self.refused = 0
        self._token, self._expected = token, expected
        self._server: asyncio.Server | None = None
        self._looking: asyncio.TimerHandle | None = None

    def known(self, id: UUID) -> tuple[Phase, str]:
        """Phase and attempt that an id names. Raises `BadMessage`; the token is not told."""
        if not hmac.compare_digest(id.hex[:TOKEN_DIGITS], self._token):
            raise BadMessage("a wrong token in the id")
        code, attempt = id.hex[TOKEN_DIGITS:16], id.hex[16:]
        if code not in list(Phase):
            raise BadMessage(f"phase {code} is none that we know")
        if not self._expected(phase := Phase(code), attempt):
            raise BadMessage(f"attempt {attempt} is not to be listened to now")
        return phase, attempt

    async def start(self, port: int) -> int:
        """Serve on loopback, any port for 0; returns the port. `OSError` when it cannot be had."""
        listener = socket.create_server((HOST, port), backlog=BACKLOG)
        self._server = await self.loop.create_server(lambda: Call(self), sock=listener, backlog=BACKLOG)
        bound: int = listener.getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Accept nothing more and let go of all calls: they go on as persons'."""
        if self._server is not None:
            self._server.close()
        if self._looking is not None:
            self._looking.cancel()
        for call in list(self.calls):
            call.close()
        await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """It listens while this lasts. `OSError`: the port cannot be had."""
        await self.start(port)
        try:
            yield
        finally:
            await self.stop()

    def look_soon(self) -> None:
        """Keep the time limits, while there are calls."""
        if self._looking is None and self.calls:
            due = self.loop.time() + self.limits.look
            self._looking = self.loop.call_at(due, self._look, due)

    def _look(self, due: float) -> None:
        now = self.loop.time()
        for call in list(self.calls):
            try:
                if now - due > self.limits.look:
                    call.excuse(now, now - due)
                call.look(now)
            except Exception:  # of this call alone: the others' times are to be kept
                log.exception("look_failed", attempt=call.attempt)
                self.calls.discard(call)
                call.close()  # Asterisk goes on as with a person
        self._looking = None
        self.look_soon()
