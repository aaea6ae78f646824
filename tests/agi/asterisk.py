"""A scripted Asterisk, as far as AGI goes: it opens a call, answers commands, and hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

TOKEN = "0123456789abcdef0123456789abcdef"
PATIENCE = 60.0
"""Seconds; only a busy machine needs more than one."""


def opening(request: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The opening block of a call, as Asterisk 22 sends it."""
    said = {
        "agi_network": "yes", "agi_network_script": request, "agi_request": f"agi://127.0.0.1/{request}",
        "agi_channel": "PJSIP/trunk-city-1", "agi_language": "en", "agi_type": "PJSIP",
        "agi_uniqueid": "pz1-17.1", "agi_callerid": "+74951234567", "agi_calleridname": "unknown",
        "agi_context": "perezvon-line", "agi_extension": "main", "agi_priority": "7",
    }  # fmt: skip
    return (
        "".join(f"{name}: {value}\n" for name, value in (said | dict(headers or {})).items()).encode() + b"\n"
    )


class Caller:
    """Asterisk's end of one call."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self) -> str:
        """The next command; "" when the server closed."""
        line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        return line.decode().rstrip("\n")

    async def answer(self, *replies: str) -> list[str]:
        """Answer as many commands; returns them."""
        got = []
        for reply in replies:
            got.append(await self.command())
            self.send(reply.encode() + b"\n")
        return got

    async def serve(self, answer: Callable[[str], str]) -> list[str]:
        """Answer until the server closes; returns the commands."""
        got = []
        while line := await self.command():
            got.append(line)
            self.send(answer(line).encode() + b"\n")
        return got

    async def ended(self) -> bool:
        """Whether the server closes without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(), PATIENCE) == b""
        except ConnectionError:
            return True

    def hang_up(self) -> None:
        self.writer.close()


@asynccontextmanager
async def calling(port: int, request: str = f"{TOKEN}/t", *, opened: bool = True) -> AsyncIterator[Caller]:
    """A call to the server."""
    caller = Caller(*await asyncio.open_connection("127.0.0.1", port))
    if opened:
        caller.send(opening(request))
    try:
        yield caller
    finally:
        caller.writer.close()
