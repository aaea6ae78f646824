"""A scripted manager interface on a loopback port, and the two clients that are held against it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from panoramisk import Manager

from ami_daemon.link import AmiLink, LinkState, LinkTimes

SECRET = "s3cret"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
FAST = LinkTimes(connect=1, login=1, boot=1, ping_after=60, ping=0.05, retry_first=0.01, retry_cap=0.02)
Script = Callable[["Peer", dict[str, str]], None]


async def until(condition: Callable[[], object], within: float = 5.0) -> None:
    """Waits for a condition; fails after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.002)


def user_event(n: object, more: str = "") -> bytes:
    """A user event with the header N."""
    return f"Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: T\r\nN: {n}\r\n{more}\r\n".encode()


class Peer:
    """Takes logins as Asterisk does; every other action goes to `script`, or is answered with success."""

    def __init__(self) -> None:
        self.script: Script = lambda peer, action: peer.reply(action)
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.after_login = BOOTED
        self.refusal = ""
        self.actions: list[dict[str, str]] = []
        self.raw = b""
        self.connections = 0
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Begins to listen; after `refuse()`, on the same port again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Drops all connections and takes no more."""
        if self._server is not None:
            self._server.close()
        self.drop()

    def drop(self) -> None:
        """Closes all connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        """Writes to the newest connection."""
        self._writers[-1].write(data)

    def reply(self, action: dict[str, str], *lines: str, response: str = "Success") -> None:
        """Answers an action."""
        head = [f"Response: {response}", f"ActionID: {action['actionid']}"]
        self.send("".join(f"{line}\r\n" for line in [*head, *lines, ""]).encode())

    def named(self, name: str) -> list[dict[str, str]]:
        """The actions of that name that came."""
        return [action for action in self.actions if action["action"] == name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(self.banner)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                data = await reader.readuntil(b"\r\n\r\n")
                self.raw += data
                lines = (line.partition(": ") for line in data.decode().split("\r\n"))
                action = {name.lower(): value for name, colon, value in lines if colon}
                self.actions.append(action)
                self._answer(action)

    def _answer(self, action: dict[str, str]) -> None:
        match action["action"]:
            case "Challenge":
                self.reply(action, "Challenge: 123")
            case "Login":
                key = hashlib.md5(f"123{SECRET}".encode()).hexdigest()
                if self.refusal:
                    self.reply(action, f"Message: {self.refusal}", response="Error")
                elif action.get("key") == key or action.get("secret") == SECRET:
                    self.reply(action, "Message: Authentication accepted")
                    self.send(self.after_login)
                else:
                    self.reply(action, "Message: Authentication failed", response="Error")
                    self.drop()
            case _:
                self.script(self, action)


@contextlib.asynccontextmanager
async def plain(
    peer: Peer, *, secret: str = SECRET, log_in: bool = True, **config: Any
) -> AsyncIterator[Manager]:
    """panoramisk as it is, logged in; kept from coming back after the test."""
    defaults = {"reconnect_timeout": 0, "ping_delay": 600, "ping_interval": 600}
    manager = Manager(
        host="127.0.0.1",
        port=peer.port,
        username="u",
        secret=secret,
        loop=asyncio.get_running_loop(),
        **(defaults | config),
    )
    try:
        if log_in:
            manager.connect()
            await until(lambda: manager.authenticated)
        yield manager
    finally:
        manager.connect = lambda *_: None
        manager.close()


async def nothing() -> None:
    """A snapshot that asks for nothing."""


@contextlib.asynccontextmanager
async def linked(
    peer: Peer,
    *,
    snapshot: Callable[[], Awaitable[None]] = nothing,
    times: LinkTimes = FAST,
    secret: str = SECRET,
    prepare: Callable[[AmiLink], object] = lambda _: None,
    wait_for: LinkState | None = LinkState.LIVE,
    **config: Any,
) -> AsyncIterator[AmiLink]:
    """Our link; `prepare` registers handlers before it runs, then `wait_for` is awaited."""
    link = AmiLink("127.0.0.1", peer.port, "u", secret, snapshot=snapshot, times=times, **config)
    prepare(link)
    running = asyncio.create_task(link.run())
    try:
        if wait_for is not None:
            await until(lambda: link.state is wait_for or running.done())
            if running.done():
                await running
        yield link
    finally:
        await link.stop()
        with contextlib.suppress(Exception):
            await running


class StubTransport(asyncio.Transport):
    """Remembers what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.paused = 0
        self.broken: Exception | None = None

    def write(self, data: Any) -> None:
        if self.broken is not None:
            raise self.broken
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused += 1

    def resume_reading(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...
