"""A session on a real line: the verbs as AGI commands; and the call scripts as routes of the server."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

import agi.scripts
from agi.desk import Desk
from agi.server import Endpoint, Request
from agi.session import KEYS, CallFacts, HungUp, Place, Session, Utterance, Variable, places, spoken
from agi.wire import Opening, Reply
from config.models import Site
from leads.inbound import caller_number
from sounds.speech import Speech

log = structlog.get_logger("agi")

LONGEST_PROMPT = 600.0
SHORTEST_RECORDING = 1.5
"""Seconds: Asterisk leaves one second of the silence that ended a recording."""

Script = Callable[[Session, Desk], Awaitable[None]]


def endpoints(desk: Desk, speech: Speech) -> dict[str, Endpoint]:
    """The call scripts, by name: each module of `agi.scripts` has a `run`."""
    found = {}
    for module in pkgutil.iter_modules(agi.scripts.__path__):
        run: Script = importlib.import_module(f"agi.scripts.{module.name}").run
        found[module.name] = _endpoint(run, desk, speech)
    return found


def _endpoint(run: Script, desk: Desk, speech: Speech) -> Endpoint:
    recordings = Path(desk.site.system.recordings_dir)

    async def serve(request: Request) -> None:
        await run(LiveSession(request, desk.site, speech, recordings), desk)

    return serve


def facts(asked: Opening, site: Site) -> CallFacts:
    """What the opening says of the call. The request's query names its ids: `?line=main`."""
    headers, ids = asked.headers, asked.query
    attempt = ids.get("attempt", "")
    # in a call of ours Asterisk tells what the called person sees, which is a number of ours
    number = None if attempt else caller_number(headers.get("agi_callerid", ""), site.system.country)
    return CallFacts(
        channel=headers.get("agi_uniqueid", ""),
        line=ids.get("line", ""),
        campaign=ids.get("campaign", ""),
        attempt=attempt,
        group=ids.get("group", ""),
        agent=ids.get("agent", ""),
        number=number,
        language=spoken(headers.get("agi_language", "")) or site.system.language,
        args=tuple(asked.path[2:]),
    )


class LiveSession(Session):
    """`recordings` is where Asterisk writes what callers say."""

    def __init__(self, request: Request, site: Site, speech: Speech, recordings: Path) -> None:
        super().__init__(facts(request.opening, site), places(site))
        self._request, self._speech, self._recordings = request, speech, recordings
        self._gone = False

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _send(self, verb: str, *arguments: str | int, seconds: float = 0.0) -> Reply:
        if self._gone:
            raise HungUp
        return await self._request.command(verb, *arguments, seconds=seconds)

    async def _listen(self, verb: str, *arguments: str | int, seconds: float) -> tuple[str, Reply]:
        """A command that ends with the key that was pressed, or ""."""
        reply = await self._send(verb, *arguments, seconds=seconds)
        if reply.result == "-1":
            self._gone = True
            raise HungUp
        return "" if reply.result == "0" else chr(int(reply.result)), reply

    async def prepare(self, *what: Utterance) -> bool:
        return await self._speech.ready(what, self.language)

    async def _play(self, what: Sequence[Utterance], keys: str, *, keep: bool) -> str:
        for file in await self._speech.files(what, self.language):
            if file and (key := await self._stream(file, keys, keep=keep)):
                return key
        return ""

    async def _stream(self, file: str, keys: str, *, keep: bool) -> str:
        """Play a file. A key that Asterisk does not listen for is lost: it stops at each, and goes on."""
        position = 0
        while True:
            key, reply = await self._listen("STREAM FILE", file, KEYS, position, seconds=LONGEST_PROMPT)
            if not key or key in keys:
                if not key and not reply.endpos:
                    log.error("a file could not be played", file=file)
                return key
            self._ahead += key if keep else ""
            position = reply.endpos

    async def _key(self, seconds: float) -> str:
        if seconds <= 0:
            return ""
        key, _ = await self._listen("WAIT FOR DIGIT", max(1, round(seconds * 1000)), seconds=seconds)
        return key

    async def _record(self, name: str, longest: float, silence: float) -> Path | None:
        file = self._recordings / name
        reply = await self._send(
            "RECORD FILE", str(file), "wav", KEYS, round(longest * 1000), f"s={max(1, round(silence))}",
            seconds=longest,
        )  # fmt: skip
        if reply.data == "hangup":
            self._gone = True
        elif reply.result == "-1":
            log.error("a recording could not be made", file=str(file), why=reply.data)
        path = file.with_suffix(".wav")
        return path if _is_longer(path, SHORTEST_RECORDING if reply.data == "timeout" else 0.0) else None

    async def _go(self, place: Place, name: str) -> None:
        await self._send("EXEC Goto", f"{place},{name},1")

    async def _put(self, name: Variable, value: str) -> None:
        await self._send("SET VARIABLE", name, value)

    async def _get(self, name: Variable) -> str:
        return (await self._send("GET VARIABLE", name)).data

    async def _hang_up(self) -> None:
        await self._send("HANGUP")
        self._gone = True


def _is_longer(wav: Path, seconds: float) -> bool:
    """Whether the file holds more than so much of 8 kHz 16-bit sound."""
    try:
        return wav.stat().st_size > 44 + 16000 * seconds
    except OSError:
        return False
