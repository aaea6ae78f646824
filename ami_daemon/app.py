"""The daemon: starts and stops everything, in one readable order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from agi.comments import keep_in_time
from agi.desk import Desk
from agi.robots import prepare
from ami_daemon.agent import AgentState
from ami_daemon.agent_orders import AgentOrders, BadOrder
from ami_daemon.api import Api
from ami_daemon.board import Board
from ami_daemon.call import UNANSWERED
from ami_daemon.changes import (
    AgentMoved,
    CallEnded,
    Change,
    Illegal,
    subject,
)
from ami_daemon.control import Control
from ami_daemon.dialer import Dialer
from ami_daemon.early import Early
from ami_daemon.grace import Grace
from ami_daemon.hold import Hold
from ami_daemon.journal import Journal
from ami_daemon.lease import LEASE_SECONDS as LEASE_SECONDS
from ami_daemon.lease import CannotRun as CannotRun
from ami_daemon.lease import acquire
from ami_daemon.limits import Limits
from ami_daemon.link import AmiLink, LinkError, LinkState, LoginRefused
from ami_daemon.metrics import Metrics
from ami_daemon.nudge import Nudge
from ami_daemon.outbox import Outbox
from ami_daemon.preview import Preview
from ami_daemon.prompt_recording import PromptRecording
from ami_daemon.reconcile import Reconcile
from ami_daemon.robot import Robot
from ami_daemon.screening import Screening
from ami_daemon.scripts import Scripts
from ami_daemon.verbs import Verbs
from ami_daemon.waiting import Waiting
from ami_daemon.watchdog import keep_alive
from config.models import Site
from dialplan.filters import secs
from sounds.speech import Speech
from store import Fenced, Store, StoreError, open_store

log = structlog.get_logger("daemon")

DECISIONS_KEPT = 30 * 86400.0
RESYNC_SECONDS = 60.0


class Daemon:
    """One running dialer. `clock` gives epoch seconds."""

    def __init__(
        self, site: Site, store: Store, epoch: int, *, clock: Callable[[], float], scripts: Path | None = None
    ) -> None:
        self.site, self.store, self.epoch, self.clock = site, store, epoch, clock
        queues_of = {
            name: frozenset(g for g in site.groups if name in site.members(g)) for name in site.agents
        }
        # In Asterisk's whole seconds, exactly as they are rendered.
        wrap_ups = {
            name: int(secs(group.wrap_up)) if group.wrap_up else 0 for name, group in site.groups.items()
        }
        self.board = Board(site.system.name, queues_of, wrap_ups)
        self.link = AmiLink(
            site.system.ami.host,
            site.system.ami.port,
            "perezvon_dialer",
            site.system.ami.secret.get_secret_value(),
            snapshot=lambda: self.reconcile.sync(),
            clock=clock,
            on_state=self._link_state,
        )
        for kind in self.board.event_types:
            self.link.on(kind, self._on_event)
        self.journal = Journal(site, store, epoch, on_outcome=self._on_outcome)
        self.reconcile = Reconcile(
            site, store, epoch, self.board, self.journal, self.link,
            clock=clock, apply=self._apply, settled=lambda *over: self.dialer.settled(*over),
        )  # fmt: skip
        self.dialer = Dialer(
            site, self.board, Limits(site), self.link, store, epoch,
            clock=clock, new_id=lambda: new_attempt_id(clock()), start=self._start,
            decided=lambda seconds: self.metrics.decisions.observe(seconds),
        )  # fmt: skip
        self.orders = AgentOrders(site, self.board, self.link)
        self.recording = PromptRecording(site, self.board, self.link, lambda: new_attempt_id(clock()))
        self.nudge, self.grace = Nudge(self.board, self.link), Grace(site, self.link, clock=clock)
        self.desk = Desk(site, store, clock, turn=lambda channel: self.waiting.turn(channel))
        self.speech = Speech.of(site.system)
        self.robot = Robot(
            self.dialer, partial(prepare, self.desk, self.speech), clock=clock, start=self._start
        )
        self.hold = Hold(self.dialer, self.orders, clock=clock)
        self.preview = Preview(self.dialer, self.orders, self.hold, clock=clock, start=self._start)
        self.waiting = Waiting(self.dialer, self.hold, self.speech, start=self._start)
        self.early = Early(self.dialer, start=self._start)
        self.screening = Screening(
            site, self.board, self.link, self.early, clock=clock, keep=self.journal.put
        )
        self.scripts = Scripts(self.desk, self.speech, scripts, ended=lambda: self._changed.set())
        self.metrics = Metrics(
            self.board, self.dialer, self.link, self.scripts.server, self.screening.ear, clock=clock
        )
        self.api, self.outbox = Api(site, store, clock=clock), Outbox(site, store, clock=clock)
        self.was_live = asyncio.Event()
        self._stopped = asyncio.Event()
        self._resynced_at = 0.0
        self._wrap_up_began = asyncio.Event()
        self._changed = asyncio.Event()
        self._failed = asyncio.Event()
        self._failure: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()

    # -- life ----------------------------------------------------------------------------------

    async def run(self, *, connect_within: float = 30.0) -> None:
        """Run until stopped; CannotRun when Asterisk cannot be had, Fenced when another took over."""
        await self.store.decisions.prune(self.clock() - DECISIONS_KEPT)
        await self.dialer.load()
        await self.reconcile.take_over_attempts()
        verbs = Verbs(
            self.board, self.dialer, self.orders, self.recording, self.link, self.store,
            self.clock, self.clock(),
            lambda: self.reconcile.snapshot.version if self.reconcile.snapshot else "", self.stop,
        )  # fmt: skip
        control = Control(Path(self.site.system.socket), verbs.table())
        await control.start()
        try:
            await self._serve(connect_within)
        finally:
            await control.stop()

    async def _serve(self, connect_within: float) -> None:
        """Run all loops until stopped, and answer who asks for metrics."""
        async with self._ports(), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work, name=name)
                for name, work in (
                    ("link", self._run_link()),
                    ("first login", self._first_login(connect_within)),
                    ("journal", self.journal.run()),
                    ("dialer", self.dialer.run()),
                    ("preview", self.preview.run()),
                    ("waiting", self.waiting.run()),
                    ("robot", self.robot.run()),
                    ("outbox", self.outbox.run()),
                    ("budgets", self.dialer.budgets.run()),
                    ("clock", self._run_clock()),
                    ("comments", keep_in_time(self.desk)),
                    ("evidence", self.screening.evidence.run()),
                    ("lease", self._keep_lease()),
                    ("watchdog", keep_alive(os.environ)),
                    ("failures", self._watch_failures()),
                )
            ]
            await self._stopped.wait()
            for task in tasks:
                task.cancel()

    @contextlib.asynccontextmanager
    async def _ports(self) -> AsyncIterator[None]:
        """Where others come to us."""
        system = self.site.system
        async with contextlib.AsyncExitStack() as stack:
            for setting, what, port, served in (
                ("metrics_port", "/metrics", system.metrics_port, self.metrics.served),
                ("agi_port", "call scripts", system.agi_port, self.scripts.served),
                ("ear_port", "the ear", self.screening.port, self.screening.ear.served),
                ("api_port", "the API", system.api_port, self.api.served),
            ):
                try:
                    if port is not None:
                        await stack.enter_async_context(served(port))
                except OSError as error:
                    raise CannotRun(
                        f"port {port} for {what} cannot be had ({error.strerror}); "
                        f"stop who has it, or change system.{setting}"
                    ) from error
            yield

    async def stop(self, drain: float) -> None:
        """No more calls; wait at most `drain` seconds for those under way; then end `run`."""
        self.dialer.draining = True
        deadline = self.clock() + drain
        self.scripts.server.close()
        log.info("draining", calls=len(self.board.calls), seconds=drain)
        while self._is_busy() and (left := deadline - self.clock()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):  # wait_for can lose a cancellation on Python 3.11
                    await self._changed.wait()
        await self.link.stop()
        await asyncio.gather(*self._endings)
        await self.journal.flushed()
        with contextlib.suppress(TimeoutError):  # no stop waits for a disk that hangs
            async with asyncio.timeout(5.0):
                await self.screening.evidence.flushed()
        await self.store.agent_states.close_all(self.clock(), "the daemon stopped")
        self._stopped.set()

    def _is_busy(self) -> bool:
        return bool(self.dialer.pacing.lines() or self.scripts.server.connections)

    async def _run_link(self) -> None:
        try:
            await self.link.run()
        except LoginRefused as error:
            raise CannotRun(
                f"Asterisk refuses the login of perezvon_dialer: {error}; is `perezvon apply` done, "
                "and is system.ami.secret the one that was applied?"
            ) from error

    async def _first_login(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self.was_live.wait()
        except TimeoutError:
            ami = self.site.system.ami
            if "Already In Use" in self.link.last_error:
                raise CannotRun(
                    f"another program is logged in to Asterisk on {ami.host}:{ami.port} as perezvon_dialer; "
                    "is another dialer running there?"
                ) from None
            raise CannotRun(
                f"no Asterisk answers on {ami.host}:{ami.port} within {within:.0f} s; is it running, "
                "and does its manager.conf include ours?"
            ) from None

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self.store.lease.renew(self.epoch, self.clock(), LEASE_SECONDS)

    async def _run_clock(self) -> None:
        """End wrap-ups on time."""
        while True:
            now = self.clock()
            self._apply(self.board.tick(now))
            if silent := self._silent_call(now):
                self._resync(f"nothing was heard of attempt {silent} in time")
            end = self.board.next_wrap_end(now)
            pause = 1.0 if end is None else min(1.0, max(0.001, end - now))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wrap_up_began.wait()
            self._wrap_up_began.clear()

    def _silent_call(self, now: float) -> str | None:
        """An attempt that should have been answered or ended by now: its events were lost."""
        for call in self.board.calls.values():
            ring_time = self.site.campaigns[call.campaign].ring_time
            if call.state in UNANSWERED and now - call.placed_at > ring_time + RESYNC_SECONDS:
                return call.attempt
        return None

    # -- events --------------------------------------------------------------------------------

    def _on_event(self, event: object) -> None:
        self._apply(self.board.handle(event))

    def _on_outcome(self) -> None:
        self.dialer.wake()

    def _apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            # Work that starts here inherits the attempt's id for its log lines.
            with structlog.contextvars.bound_contextvars(**subject(change)):
                self._take(change)
        self._changed.set()

    def _take(self, change: Change) -> None:
        if isinstance(change, CallEnded) and change.call.script_at is not None:
            ending = self._start(self._when_its_script_ends(change))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        else:
            self.journal.put(change)
        self.preview.on_change(change)
        self.waiting.on_change(change)
        self.robot.on_change(change)
        for part in (self.orders, self.nudge, self.grace, self.early):
            if (work := part.on_change(change)) is not None:
                self._start(work)
        self.dialer.hear(change)
        if isinstance(change, Illegal):
            log.error("illegal_move", text=change.text)
            self._resync(change.text)
        elif isinstance(change, AgentMoved) and change.new is AgentState.WRAP_UP:
            self._wrap_up_began.set()

    def _resync(self, why: str) -> None:
        """Look at the whole again, once a minute at most, so that a fault does not become a storm."""
        if self.clock() - self._resynced_at >= RESYNC_SECONDS:
            self._resynced_at = self.clock()
            self.link.resync(why)

    async def _when_its_script_ends(self, change: CallEnded) -> None:
        """A robot's call is journalled when its script has ended too: it may just be saving a decision."""
        await self.scripts.until_ended(self.board.prefix + change.call.attempt)
        self.journal.put(change)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work
            except (LinkError, BadOrder) as error:
                log.warning("not_done", why=str(error))
            except Exception as error:
                log.exception("work_failed")
                self._failure = error
                self._failed.set()

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watch_failures(self) -> None:
        """A fault in work beside the loops (the store's, the lease's) ends the daemon as theirs does."""
        await self._failed.wait()
        if self._failure is not None:
            raise self._failure

    def _link_state(self, state: LinkState) -> None:
        if state is LinkState.LIVE:
            self.was_live.set()
            self.dialer.wake()


def new_attempt_id(now: float) -> str:
    """16 hex digits that rise with time: 44 bits of milliseconds, 20 random bits."""
    return f"{int(now * 1000) & (1 << 44) - 1:011x}{secrets.randbits(20):05x}"


@contextlib.asynccontextmanager
async def open_daemon(site: Site, scripts: Path | None = None) -> AsyncIterator[Daemon]:
    """The daemon with its store and its lease; CannotRun when another dialer has the database."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    async with open_store(site.system.database) as store:
        clock = time.time  # noqa: TID251 - the edge: everything below is handed this clock
        now = clock()
        alive_until = await store.lease.expires_at()
        epoch = await acquire(store, holder, now)
        if alive_until:
            # An earlier dialer died: nobody knows what agents did since, so it is nobody's time.
            await store.agent_states.close_all(min(now, alive_until), "the daemon died")
        try:
            yield Daemon(site, store, epoch, clock=clock, scripts=scripts)
        finally:
            with contextlib.suppress(Fenced):
                await store.lease.release(epoch)


async def serve(
    site: Site, *, scripts: Path | None = None, drain: float = 60.0, connect_within: float = 30.0
) -> None:
    """Run a daemon until SIGTERM or SIGINT, which drain it. `scripts` is the folder of the admin's own."""
    async with open_daemon(site, scripts) as daemon:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: daemon._start(daemon.stop(drain)))
        try:
            await daemon.run(connect_within=connect_within)
        except BaseExceptionGroup as group:
            raise _plain(group) from None


def _plain(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the daemon, for people where they can mend it; else the whole group."""
    plain: BaseException | None = group.subgroup((CannotRun, StoreError))
    while isinstance(plain, BaseExceptionGroup):
        plain = plain.exceptions[0]
    if plain is not None:
        return plain
    if group.subgroup(Fenced) is not None:
        return CannotRun("another dialer took over this database; this one stopped dialing")
    return group
