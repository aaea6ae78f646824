"""The lab's own AMI client: small, strict, and of one mind with nobody.

The city's ledger must not share its eyes with the daemon it checks, so nothing of `ami_daemon/` is used.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

Event = dict[str, str]


class AmiRefused(Exception):
    """Asterisk said no; the text is its message."""


class AmiLost(Exception):
    """The link ended without our wish."""


class Ami:
    """One logged-in link. Every event goes to `on_event`, in order; what that raises ends the link."""

    def __init__(self, port: int, user: str, secret: str, on_event: Callable[[Event], None]) -> None:
        self._port, self._user, self._secret = port, user, secret
        self._on_event = on_event
        self._waiting: dict[str, asyncio.Future[Event]] = {}
        self._ids = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        await reader.readline()  # the banner
        self._reading = asyncio.create_task(self._read(reader), name="lab-ami")
        await self.action({"Action": "Login", "Username": self._user, "Secret": self._secret})

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def ensure_live(self) -> None:
        """Raise `AmiLost` where events may have been missed."""
        if self._reading is None or self._reading.done():
            raise AmiLost("the lab's AMI link to the city is down; its ledger is not whole")

    async def action(self, headers: Event, deadline: float = 10.0) -> Event:
        """Send one action, and return its response. Raises `AmiRefused`, `AmiLost`, `TimeoutError`."""
        self.ensure_live()
        if any(c in text for pair in headers.items() for text in pair for c in "\r\n"):
            raise ValueError(f"a line break in an AMI header of {headers.get('Action')}")
        ident = str(next(self._ids))
        lines = [f"{name}: {value}\r\n" for name, value in {**headers, "ActionID": ident}.items()]
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = answer
        assert self._writer is not None  # noqa: S101 - open() has been awaited
        self._writer.write(("".join(lines) + "\r\n").encode())
        try:
            async with asyncio.timeout(deadline):
                response = await answer
        finally:
            self._waiting.pop(ident, None)
        if response["Response"] == "Error":
            raise AmiRefused(f"{headers.get('Action')}: {response.get('Message', 'no message')}")
        return response

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                message = _parse(await reader.readuntil(b"\r\n\r\n"))
                if "Event" in message:
                    self._on_event(message)
                elif (asked := self._waiting.get(message.get("ActionID", ""))) and not asked.done():
                    asked.set_result(message)
        except asyncio.IncompleteReadError:
            pass
        finally:
            for asked in self._waiting.values():
                if not asked.done():
                    asked.set_exception(AmiLost("the lab's AMI link to the city ended"))


def _parse(raw: bytes) -> Event:
    """Headers by name; the first of a repeated one counts, as the lab reads none that repeat."""
    message: Event = {}
    for line in raw.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            message.setdefault(name, value.strip())
    return message
