"""The FastAGI server: panoramisk's application with guards, one task per call.

What is wrong with plain panoramisk, and stays wrong there, is shown by
`tests/agi/test_fast_agi_defects.py`. Everything that goes wrong here ends in a closed connection, upon
which Asterisk goes on in the dialplan: to the fallback that stands after each `AGI()`. Time limits are kept
by one look over all calls a few times a second: a timer per command would cost more than the command.
"""

from __future__ import annotations

import asyncio
import hmac
import select
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from panoramisk.fast_agi import Application
from panoramisk.fast_agi import Request as PlainRequest

from agi.session import HungUp
from agi.wire import BadRequest, Dead, Hangup, Opening, Refused, Replies, Reply, command, opening

log = structlog.get_logger("agi")

HOST = "127.0.0.1"
BACKLOG = 4096
READ_BYTES = 8192
ACCEPT_PAUSE = 1.0
"""Seconds without accepting when the machine lets us have no further connection, as asyncio does."""
BATCH = 100
"""Calls that are heard or accepted before the rest of the daemon gets its turn."""


@dataclass(frozen=True)
class AgiLimits:
    """Times are in seconds."""

    sessions: int = 2000
    opening_bytes: int = 16384
    headers: int = 64
    reply_bytes: int = 65536
    opening: float = 5.0
    """Until the opening block is complete."""
    command: float = 5.0
    """That a command may take beyond the time that it needs by itself."""
    thought: float = 60.0
    """That a script may take between commands."""
    session: float = 3600.0
    look: float = 0.25
    """How often the times are looked at."""


class Request(PlainRequest):  # type: ignore[misc]  # panoramisk has no types
    """A call that a script has in hand."""

    def __init__(self, connection: Connection, asked: Opening) -> None:
        super().__init__(connection.app, asked.headers, None, None)
        self.opening = asked
        self.connection = connection

    @property
    def script(self) -> str:
        return self.opening.path[1]

    def command(self, verb: str, *arguments: str | int, seconds: float = 0.0) -> asyncio.Future[Reply]:
        """Send a command that takes `seconds` by itself; await its reply.

        Raises `HungUp`, `Refused`, and `ValueError` for arguments that no command can carry.
        """
        return self.connection.exchange(command(verb, *arguments), seconds)

    async def send_command(self, command: str) -> None:
        raise TypeError("command() takes the arguments one by one, so that none can become a second command")


Endpoint = Callable[[Request], Awaitable[None]]


class Connection:
    """One call: opening, then commands and replies by turns, until the script ends or the caller goes.

    It reads and writes its socket itself: asyncio's streams and transports take longer than all the rest.
    """

    def __init__(self, app: AgiServer, line: socket.socket) -> None:
        self.app = app
        self.task: asyncio.Task[None] | None = None
        self.closed = False
        self.names: dict[str, str] = {}
        """Call and script, for log lines."""
        self._loop = app.loop
        self._line, self._number = line, line.fileno()
        self._received = b""
        self._replies = Replies(app.limits.reply_bytes)
        self._awaited: asyncio.Future[Reply] | None = None
        self._hung_up = False
        self._began = self._loop.time()
        self._deadline = self._began + app.limits.opening

    # -- the socket ----------------------------------------------------------------------------------

    def read(self) -> None:
        """The socket has something, or its end."""
        try:
            data = self._line.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        try:
            if not data:
                self.close()
            elif self.task is None:
                self._open(data)
            else:
                for reply in self._replies.feed(data):
                    self._take(reply)
        except BadRequest as error:
            self.refuse(str(error))

    def _write(self, data: bytes) -> None:
        try:
            # A command is small and follows a reply: a peer whose buffer has no room for it reads nothing.
            whole = self._line.send(data) == len(data)
        except OSError:
            whole = False
        if not whole:
            self.close()

    def close(self) -> None:
        """Let go of the call: Asterisk goes on in the dialplan. What the script awaits raises `HungUp`."""
        if self.closed:
            return
        self.closed = True
        del self.app.connections[self._number]
        self._line.close()  # which ends its polling too
        self.app.ended()
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_exception(HungUp())

    def refuse(self, why: str) -> None:
        self.app.refused += 1
        log.warning("agi_refused", why=why, **self.names)
        self.close()

    # -- the call ------------------------------------------------------------------------------------

    def _open(self, data: bytes) -> None:
        limits = self.app.limits
        block, complete, rest = (self._received + data).partition(b"\n\n")
        if len(block) > limits.opening_bytes:
            raise BadRequest(f"an opening of more than {limits.opening_bytes} bytes")
        if not complete:
            self._received = block
            return
        self._received = b""
        asked = opening(block, limits.headers)
        endpoint = self.app.endpoint(asked)
        if rest:
            raise BadRequest("a reply to no command")
        self.names = {"call": asked.headers.get("agi_uniqueid", ""), "script": asked.path[1]}
        self._deadline = self._loop.time() + limits.thought
        self.task = self._loop.create_task(self._run(endpoint, Request(self, asked)))

    async def _run(self, endpoint: Endpoint, request: Request) -> None:
        structlog.contextvars.bind_contextvars(**self.names)  # for what the script logs
        try:
            await endpoint(request)
        except HungUp:
            log.debug("caller_hung_up")
        except Exception:  # whatever a script raises ends its own call alone
            self.app.failed += 1
            log.exception("script_failed")
        finally:
            self.close()

    def exchange(self, line: bytes, seconds: float) -> asyncio.Future[Reply]:
        if self.closed or self._hung_up:
            raise HungUp
        if self._awaited is not None:
            # A new command ends the playing of a file, and then that has no reply: whose would the next be?
            raise RuntimeError("a command is under way; after a verb was cancelled a script can only end")
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._awaited = future
        self._deadline = self._loop.time() + seconds + self.app.limits.command
        self._write(line)
        return future

    def _take(self, reply: Reply | Dead | Hangup | Refused) -> None:
        if isinstance(reply, (Dead, Hangup)):
            self._hung_up = True
        if isinstance(reply, Hangup):
            return
        if self._awaited is None:
            raise BadRequest("a reply to no command")
        future, self._awaited = self._awaited, None
        self._deadline = self._loop.time() + self.app.limits.thought
        if future.done():
            return
        if isinstance(reply, Reply):
            future.set_result(reply)
        else:
            future.set_exception(HungUp() if isinstance(reply, Dead) else reply)

    def look(self, now: float) -> None:
        """Let go of a call whose time is over."""
        limits = self.app.limits
        over = now >= self._began + limits.session
        if now < self._deadline and not over:
            return
        if self.task is None:
            self.refuse(f"no whole opening within {limits.opening} s")
            return
        what = "session" if over else "command" if self._awaited else "script"
        log.error("agi_out_of_time", what=what, **self.names)
        self.app.failed += 1
        waits = self._awaited is not None
        self.close()
        if not waits:
            self.task.cancel()


class AgiServer(Application):  # type: ignore[misc]  # panoramisk has no types
    """Routes are scripts; a request's path is `/TOKEN/SCRIPT/further/parts`. Made in a running loop."""

    def __init__(
        self, token: str, limits: AgiLimits | None = None, *, ended: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.loop: asyncio.AbstractEventLoop
        self.limits = limits or AgiLimits()
        self.connections: dict[int, Connection] = {}
        self.refused = 0
        self.failed = 0
        self.ended = ended
        self._token = token.encode()
        self._listener: socket.socket | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._pause: asyncio.TimerHandle | None = None

    def add_route(self, path: str, endpoint: Endpoint) -> None:
        """`ValueError` for a route that exists, `TypeError` for an endpoint that is no `async` function."""
        if not asyncio.iscoroutinefunction(endpoint):
            raise TypeError(f"{endpoint!r} for the route {path!r} is no async function")
        super().add_route(path, endpoint)

    async def handler(self, reader: object, writer: object) -> None:
        raise TypeError("start() serves; panoramisk's handler has no guards")

    def endpoint(self, asked: Opening) -> Endpoint:
        """Which script is asked for. Raises `BadRequest`; the token is not told."""
        if not hmac.compare_digest(asked.path[0].encode(), self._token):
            raise BadRequest("a wrong token in the request")
        name = asked.path[1] if len(asked.path) > 1 else ""
        found: Endpoint | None = self._route.get(name)
        if found is None:
            raise BadRequest(f"there is no script {name!r}")
        return found

    def start(self, port: int) -> int:
        """Serve on loopback, any port for 0; returns the port. `OSError` when it cannot be had."""
        self._listener = socket.create_server((HOST, port), backlog=BACKLOG)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self.loop.add_reader(self._poll.fileno(), self._read)
        bound: int = self._listener.getsockname()[1]
        return bound

    def _read(self) -> None:
        for number, _ in self._poll.poll(0, BATCH):
            connection = self.connections.get(number)
            if connection is None:
                self._accept()
                continue
            try:
                connection.read()
            except Exception:  # what one peer sends ends its own call alone
                log.exception("agi_failed", **connection.names)
                connection.close()

    def _accept(self) -> None:
        for _ in range(BATCH):
            if self._listener is None:
                return
            try:
                line, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:  # above all too many open files; the call waits in the listener's queue
                log.error("agi_cannot_accept", why=error.strerror, again_in=ACCEPT_PAUSE)
                self._poll.unregister(self._listener)  # else it is ready all the time, and the loop spins
                self._pause = self.loop.call_later(ACCEPT_PAUSE, self._accept_again)
                return
            line.setblocking(False)
            connection = self.connections[line.fileno()] = Connection(self, line)
            self._poll.register(line, select.EPOLLIN)
            if self._looking is None:
                self._looking = self.loop.call_later(self.limits.look, self._look)
            if len(self.connections) > self.limits.sessions:
                connection.refuse(f"more than {self.limits.sessions} sessions")

    def _accept_again(self) -> None:
        self._pause = None
        if self._listener is not None:
            self._poll.register(self._listener, select.EPOLLIN)

    def close(self) -> None:
        """Accept no further call; those under way go on."""
        if self._pause is not None:
            self._pause.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def stop(self, within: float = 5.0) -> None:
        """End: running scripts are cancelled, and let go of after `within` seconds if they do not heed it."""
        self.close()
        running = {one.task: one.names for one in self.connections.values() if one.task is not None}
        for task in running:
            task.cancel()
        if running:
            _, left = await asyncio.wait(running, timeout=within)
            for task in left:
                log.error("script_does_not_stop", **running[task])
        for connection in list(self.connections.values()):
            connection.close()
        if self._looking is not None:
            self._looking.cancel()
        self.loop.remove_reader(self._poll.fileno())
        self._poll.close()

    def _look(self) -> None:
        """Keep the time limits, while there are calls."""
        now = self.loop.time()
        for connection in list(self.connections.values()):
            connection.look(now)
        self._looking = self.loop.call_later(self.limits.look, self._look) if self.connections else None
