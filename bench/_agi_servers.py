"""FastAGI servers that `bench fastagi` measures side by side; each runs in a process of its own."""

import asyncio
import logging
import resource
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection as Pipe
from typing import Any

import structlog
from panoramisk.fast_agi import Application

from agi.server import AgiServer, Request

COMMANDS = 6
TOKEN = "0123456789abcdef0123456789abcdef"
BACKLOG = 4096


async def _ours() -> int:
    async def script(request: Request) -> None:
        for _ in range(COMMANDS):
            await request.command("GET VARIABLE", "PZ_CLASS")

    server = AgiServer(TOKEN)
    server.add_route("bench", script)
    return server.start(0)


async def _panoramisk() -> int:
    async def script(request: Any) -> None:
        for _ in range(COMMANDS):
            await request.send_command('GET VARIABLE "PZ_CLASS"')

    app = Application(loop=asyncio.get_running_loop())
    app.add_route(f"{TOKEN}/bench", script)
    server = await asyncio.start_server(app.handler, "127.0.0.1", 0, backlog=BACKLOG)
    _kept.append(server)
    return int(server.sockets[0].getsockname()[1])


class _Bare(asyncio.Protocol):
    """The least: the opening is not looked at, nor are the replies."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.received = b""
        self.left = COMMANDS

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"\n\n" if self.left == COMMANDS else b"\n"):
            self.received = b""
            if self.left:
                self.left -= 1
                self.transport.write(b'GET VARIABLE "PZ_CLASS"\n')
            else:
                self.transport.close()


async def _bare() -> int:
    server = await asyncio.get_running_loop().create_server(_Bare, "127.0.0.1", 0, backlog=BACKLOG)
    _kept.append(server)
    return int(server.sockets[0].getsockname()[1])


_kept: list[asyncio.Server] = []

SERVERS: dict[str, Callable[[], Coroutine[Any, Any, int]]] = {
    "ours": _ours,
    "panoramisk": _panoramisk,
    "bare": _bare,
}


def serve(name: str, loop: str, pipe: Pipe) -> None:
    """Run one server: tells its port, then its use of CPU (seconds) and memory (peak, kB) when asked."""

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    async def main() -> None:
        pipe.send(await SERVERS[name]())
        while await asyncio.to_thread(pipe.recv):
            used = resource.getrusage(resource.RUSAGE_SELF)
            pipe.send((used.ru_utime + used.ru_stime, used.ru_maxrss))

    if loop == "uvloop":
        import uvloop  # an extra

        uvloop.run(main())
    else:
        asyncio.run(main())
