"""The supervised link to Asterisk's manager interface, on panoramisk's `Manager`.

DOWN, CONNECT, LOGIN, SYNC, LIVE: after every login a snapshot is taken while events wait, then they are
replayed, then the stream runs. Any fault ends the connection, fails what is open, and starts over; nothing is
sent twice.
"""

import asyncio
import hashlib
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, NoReturn, TypeVar, cast

import structlog
from panoramisk import Manager

from ami_daemon import events
from ami_daemon.events import Event, MalformedEvent
from ami_daemon.link_state import MOVES, LinkState, LinkTimes, retry_delay
from ami_daemon.protocol import (
    BURST,
    ActionFailed,
    ActionTimeout,
    ConnectionLost,
    Headers,
    LinkAction,
    LinkCounters,
    LinkError,
    LinkProtocol,
    Message,
    NotConnected,
    Reply,
)

__all__ = [
    "MOVES",
    "ActionFailed",
    "ActionTimeout",
    "AmiLink",
    "ConnectionLost",
    "LinkCounters",
    "LinkError",
    "LinkState",
    "LinkTimes",
    "LoginRefused",
    "Message",
    "NotConnected",
    "Reply",
    "retry_delay",
]

log = structlog.get_logger(__name__)
E = TypeVar("E", bound=Event)


class LoginRefused(LinkError):
    """Asterisk does not accept the account or its secret; trying again would not help."""


class AmiLink(Manager):  # type: ignore[misc]  # panoramisk has no types
    """One account's link: `on()` handlers, then `await run()`; `action()` and `listing()` from anywhere.

    `snapshot` is awaited in SYNC and may use actions. `on_state` hears of every move. `clock` gives epoch
    seconds. More than `held_limit` subscribed events during one SYNC make the link start over.

    Of `Manager` stay the configuration and the callbacks by event. Its connecting and pinging are chains of
    call_later without an owner (P5, P9-P11, P16), its dispatch tries a regular expression per pattern and
    event; in their place stand one task and one look-up.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: str,
        *,
        snapshot: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.time,  # noqa: TID251  # the edge: when bytes came in
        on_state: Callable[[LinkState], None] | None = None,
        times: LinkTimes | None = None,
        jitter: random.Random | None = None,
        held_limit: int = 20_000,
    ) -> None:
        super().__init__(
            host=host, port=port, username=username, secret=secret, protocol_factory=self._new_protocol
        )
        self.state = LinkState.DOWN
        self.last_error = ""
        """Why the link was last lost or could not be made; plain words."""
        self.asterisk_started_at = 0.0
        """When the Asterisk of this session started, at the latest; epoch seconds, good to a second."""
        self.counters = LinkCounters()
        self._snapshot = snapshot
        self._clock = clock
        self._on_state = on_state
        self._times = times or LinkTimes()
        self._jitter = jitter or random.Random()  # noqa: S311  # spreads retries, guards nothing
        self._held: deque[tuple[bytes, bytes, float]] = deque()
        self._held_limit = held_limit
        # FullyBooted is always received: a snapshot taken before it would miss what is not loaded yet.
        self._routes: dict[bytes, tuple[events.Reader, list[Callable[[Any], None]]]] = {
            b"FullyBooted": (events.READERS[b"FullyBooted"], self.callbacks[b"FullyBooted"])
        }
        self._reported: set[tuple[str, str]] = set()
        self._booted = asyncio.Event()
        self._stopped = False
        self._task: asyncio.Task[NoReturn] | None = None

    # Handlers

    def on(self, kind: type[E], handler: Callable[[E], None]) -> None:
        """Has `handler` called with each `kind`, in the order of arrival. TypeError for a coroutine (P13)."""
        if iscoroutinefunction(handler):
            raise TypeError(
                f"{kind.__name__}: a handler is a plain function, so that events keep their order"
            )
        for name in events.names(kind):
            self.callbacks[name].append(handler)
            self._routes[name] = (events.READERS[name], self.callbacks[name])

    def register_event(self, pattern: str, callback: Callable[..., object] | None = None) -> object:
        """Not for use: `on()` takes its place. Drops the replay of old actions that Manager sets up (P4)."""
        if callback == self.send_awaiting_actions:
            return callback
        raise TypeError("use on(EventClass, handler)")

    def dispatch(self, name: bytes, frame: bytes, received: float) -> None:
        """Takes an event from the wire: to the handlers in LIVE, aside before it."""
        if self.state is LinkState.LIVE:
            self._emit(name, frame, received)
            return
        if len(self._held) >= self._held_limit:
            self.protocol.lose(f"more than {self._held_limit} events came before the snapshot was done")
            return
        self._held.append((name, frame, received))
        if name == b"FullyBooted":
            booted = events.read(events.FullyBooted, frame, received)
            self.asterisk_started_at = booted.at - booted.uptime
            self._booted.set()

    def _emit(self, name: bytes, frame: bytes, received: float) -> None:
        read, handlers = self._routes[name]
        self.counters.events += 1
        self.counters.last_event_at = received
        try:
            event = read(frame, received)
        except MalformedEvent as error:
            self.counters.malformed_events += 1
            self._report_once("ami_malformed_event", name.decode("utf-8", "replace"), error=str(error))
            return
        for handler in handlers:
            try:
                handler(event)
            except Exception as error:  # one handler's fault is neither another's nor the link's (P2)
                self._handler_failed(handler, error)

    def _handler_failed(self, handler: Callable[..., object], error: Exception) -> None:
        self.counters.handler_errors += 1
        name = getattr(handler, "__qualname__", repr(handler))
        self._report_once("ami_handler_failed", f"{name}: {type(error).__name__}", exc_info=True)

    def _report_once(self, what: str, kind: str, **facts: object) -> None:
        if (what, kind) not in self._reported:
            self._reported.add((what, kind))
            log.error(what, kind=kind, **facts)

    # Actions

    async def action(self, name: str, headers: Headers | None = None, timeout: float = 5.0) -> Reply:
        """Sends an action and gives its response.

        Raises ValueError, NotConnected (never written), ActionFailed (Asterisk refused), or ActionTimeout and
        ConnectionLost (written; fate unknown). `Originate` with `Async` ends here too, at its response.
        """
        return cast(Reply, await self._ask(LinkAction(name, headers or {}), timeout))

    async def listing(
        self, name: str, headers: Headers | None = None, timeout: float = 10.0
    ) -> list[Message]:
        """Sends an action that answers with a list; its items. Raises as `action()` does."""
        return cast(list[Message], await self._ask(LinkAction(name, headers or {}, listing=True), timeout))

    def send_action(self, action: LinkAction, timeout: float = 5.0) -> asyncio.Future[object]:
        """Manager's way in, kept for its shape: TypeError for an action without our guards."""
        if not isinstance(action, LinkAction):
            raise TypeError("use action() or listing()")
        if self.state not in (LinkState.SYNC, LinkState.LIVE):
            raise NotConnected(f"{action['action']}: not sent, the link to Asterisk is {self.state.value}")
        return cast(LinkProtocol, self.protocol).send(action, timeout)

    async def _ask(self, action: LinkAction, timeout: float) -> object:
        if self.state in (LinkState.SYNC, LinkState.LIVE):
            session = self.protocol
            try:
                async with asyncio.timeout(timeout):
                    await session.writable()
            except TimeoutError:
                raise NotConnected(f"{action['action']}: not sent, Asterisk does not read") from None
            if session is not self.protocol:  # what was meant for the last session may be wrong in this one
                raise NotConnected(f"{action['action']}: not sent, the link was lost meanwhile")
        return await self.send_action(action, timeout)

    # The one task

    async def run(self) -> None:
        """Keeps the link up until `stop()`. Raises LoginRefused when Asterisk does not take the account."""
        if self._task is not None or self._stopped:
            raise RuntimeError("a link runs once")
        self._task = asyncio.create_task(self._supervise(), name="ami-link")
        try:
            await self._task
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if not self._stopped or (me is not None and me.cancelling()):
                raise

    async def stop(self) -> None:
        """Ends the link and `run()`; it does not come back."""
        self.close()
        if self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> None:
        """As `stop()`, without waiting."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
        super().close()

    def resync(self, why: str) -> None:
        """Start over with a new snapshot: what the events tell cannot be right."""
        if self.state is LinkState.LIVE:
            self.protocol.lose(why)

    async def connect(self) -> None:
        """One attempt, for `run()`, which alone repeats it (P5). OSError, or LinkError for a wrong peer."""
        loop = asyncio.get_running_loop()
        _, self.protocol = await loop.create_connection(
            self.config["protocol_factory"], self.config["host"], self.config["port"]
        )
        await self.protocol.greeted

    def _new_protocol(self) -> LinkProtocol:
        # Whole before the first byte can arrive (P19)
        return LinkProtocol(self._routes, self.dispatch, self._clock, self.counters)

    async def _supervise(self) -> NoReturn:
        failures = 0
        while True:
            resyncs = self.counters.resyncs
            try:
                await self._session()
            except LoginRefused as error:
                self.last_error = str(error)
                raise
            except (LinkError, OSError) as error:  # OSError holds TimeoutError and name lookup too
                self.last_error = str(error) or "no connection in time"
            except Exception as error:  # a fault in the snapshot must not end the daemon's only link
                self.last_error = f"{type(error).__name__}: {error}"
                log.exception("ami_session_failed")
            if self.counters.resyncs > resyncs:
                failures = 0
            delay = retry_delay(failures, self._times, self._jitter)
            failures += 1
            log.warning("ami_link_down", why=self.last_error, again_in=round(delay, 3))
            await asyncio.sleep(delay)

    async def _session(self) -> None:
        """One connection from first to last; ends by an error only."""
        self._held.clear()
        self._booted.clear()
        self._move(LinkState.CONNECT)
        work: asyncio.Task[NoReturn] | None = None
        try:
            async with asyncio.timeout(self._times.connect):
                await self.connect()
            work = asyncio.create_task(self._converse(self.protocol))
            await asyncio.wait({work, self.protocol.lost}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ConnectionLost(self.protocol.lost.result())
            await work
        finally:
            self._move(LinkState.DOWN)
            if self.protocol is not None:
                self.protocol.close()
            if work is not None:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def _converse(self, protocol: LinkProtocol) -> NoReturn:
        if protocol.closed:
            raise ConnectionLost(protocol.lost.result())
        self._move(LinkState.LOGIN)
        await self._login(protocol)
        self._move(LinkState.SYNC)
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._times.boot):
                await self._booted.wait()
        except TimeoutError:
            raise LinkError(
                f"no FullyBooted in {self._times.boot:g} s: Asterisk is still starting, "
                "or the account lacks read=system"
            ) from None
        await self._snapshot()
        while self._held:
            for _ in range(min(BURST, len(self._held))):
                self._emit(*self._held.popleft())
            await asyncio.sleep(0)
        self.counters.resyncs += 1
        self.counters.sync_seconds = asyncio.get_running_loop().time() - began
        self._move(LinkState.LIVE)
        await self._watch(protocol)

    async def _login(self, protocol: LinkProtocol) -> None:
        """Logs in by MD5 challenge, so that the secret does not cross the wire."""

        async def ask(name: str, headers: Headers) -> Message:
            return cast(Message, await protocol.send(LinkAction(name, headers), self._times.login))

        challenge = (await ask("Challenge", {"AuthType": "MD5"})).text("Challenge")
        key = hashlib.md5((challenge + self.config["secret"]).encode(), usedforsecurity=False).hexdigest()
        account = {"Username": self.config["username"], "AuthType": "MD5", "Key": key, "Events": "on"}
        try:
            await ask("Login", account)
        except ActionFailed as error:
            if (
                error.reply.text("Message") == "Login Already In Use"
            ):  # maybe our own last one, not yet noticed dead
                raise
            raise LoginRefused(
                f"Asterisk at {self.config['host']}:{self.config['port']} refuses the manager account "
                f"{self.config['username']!r}: {error.reply.text('Message')}; compare the secrets"
            ) from None

    async def _watch(self, protocol: LinkProtocol) -> NoReturn:
        """Pings when nothing has come for a while; ConnectionLost when there is silence still."""
        loop = asyncio.get_running_loop()
        while True:
            quiet = loop.time() - protocol.heard
            if quiet < self._times.ping_after:
                # A rest too small for the clock to tell would be slept again and again.
                await asyncio.sleep(max(0.001, self._times.ping_after - quiet))
                continue
            heard = protocol.heard
            try:
                await self.action("Ping", timeout=self._times.ping)
            except ActionTimeout:
                if protocol.heard == heard:
                    raise ConnectionLost(
                        f"Asterisk has been silent for {loop.time() - heard:.0f} s"
                    ) from None

    def _move(self, new: LinkState) -> None:
        old = self.state
        if new not in MOVES[old]:
            raise RuntimeError(f"the link cannot go from {old.value} to {new.value}")
        self.state = new
        log.info("ami_link", old=old.value, new=new.value)
        if self._on_state is not None:
            try:
                self._on_state(new)
            except Exception as error:
                self._handler_failed(self._on_state, error)
