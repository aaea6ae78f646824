"""A shop's end of the webhook: a real HTTP server that answers as it is told and keeps what it got."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ShopServer:
    """`answers` are used one after the other, the last one for all that follow."""

    answers: list[bytes | Answer] = field(default_factory=lambda: [OK])
    got: list[Got] = field(default_factory=list)
    url: str = ""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[ShopServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.url = f"http://user:password@127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        try:
            yield self
        finally:
            server.close()
            for writer in [*self._open]:  # a kept connection would go on answering
                writer.transport.abort()

    async def until(self, count: int, seconds: float = 10.0) -> list[Got]:
        """What came, once it is so many."""
        async with asyncio.timeout(seconds):
            while len(self.got) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.got

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                pairs = (line.partition(": ") for line in head[1:] if line)
                headers = {name.lower(): value for name, _, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                self.got.append(Got(headers, body))
                self._changed.set()
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
