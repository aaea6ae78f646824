"""Virtual time for asyncio: an hour of dialing in seconds.

A `VirtualLoop` jumps to its next timer as soon as nothing else can happen. Three things tell it that
something still can: a ready callback, bytes in a socket, and a thread that works for us. Connections between
two ends inside the loop are made of a socket pair, on which what was written is readable at once, so one look
at the sockets is enough. Threads are counted: `run_in_executor` by itself, others (aiosqlite's) by `hold`.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_FIRST_VIRTUAL_PORT = 50000


class LoopClock:
    """The running loop's time, as epoch seconds: wall time, or virtual on a `VirtualLoop`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        if isinstance(self._loop, VirtualLoop):
            self._offset = self._loop.epoch
        else:
            self._offset = time.time() - self._loop.time()  # noqa: TID251 - the edge

    def now(self) -> float:
        """Epoch seconds."""
        return self._offset + self._loop.time()

    def later(self, delay: float, action: Callable[[], object]) -> asyncio.TimerHandle:
        """Run `action` in `delay` seconds."""
        return self._loop.call_later(delay, action)


class _JumpingSelector:
    """A selector that never waits for a timer: it moves the loop's time instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._real = selectors.DefaultSelector()
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self._loop.held:
            return self._real.select(0.05 if self._loop.held else None)
        self._loop.virtual += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is virtual; `epoch` is what the clock shows when it starts."""

    def __init__(self, epoch: float = 1_800_000_000.0) -> None:
        self.virtual = 0.0
        self.held = 0
        self.epoch = epoch
        self._servers: dict[int, VirtualServer] = {}
        super().__init__(cast(selectors.BaseSelector, _JumpingSelector(self)))

    def time(self) -> float:
        return self.virtual

    @contextmanager
    def hold(self) -> Iterator[None]:
        """No jump inside: a thread is at work and will wake the loop."""
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    def held_during(self, method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Wrap a coroutine function whose work is done in a thread of its own."""

        @functools.wraps(method)
        async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.hold():
                return await method(*args, **kwargs)

        return wrapped

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # typeshed's TypeVarTuple
        self.held += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self._release())
        return future

    def _release(self) -> None:
        self.held -= 1

    async def create_server(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """A server that this loop's own clients reach by its port without leaving the process."""
        if host != "127.0.0.1" or options.get("sock") is not None:
            return await super().create_server(protocol_factory, host, port, **options)
        number = port or next(n for n in range(_FIRST_VIRTUAL_PORT, 65536) if n not in self._servers)
        if number in self._servers:
            raise OSError(98, f"port {number} is taken in this virtual loop")
        self._servers[number] = VirtualServer(self, number, protocol_factory)
        return self._servers[number]

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            return await super().create_connection(protocol_factory, host, port, **options)
        if (server := self._servers.get(port)) is None:
            raise ConnectionRefusedError(111, f"nothing listens on virtual port {port}")
        ours, theirs = socket.socketpair()
        await self.connect_accepted_socket(server.protocol_factory, theirs)
        return await super().create_connection(protocol_factory, sock=ours)


class VirtualServer:
    """The part of `asyncio.Server` that servers here use."""

    def __init__(
        self, loop: VirtualLoop, port: int, protocol_factory: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        self._loop = loop
        self.port = port
        self.protocol_factory = protocol_factory

    def close(self) -> None:
        """Refuse new connections; live ones stay."""
        self._loop._servers.pop(self.port, None)

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""


def run_virtual(main: Coroutine[Any, Any, T], epoch: float = 1_800_000_000.0) -> T:
    """Run a coroutine to its end on a virtual loop that starts at `epoch`."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(epoch)) as runner:
        return runner.run(main)
