"""A call centre in virtual time: the whole daemon in this process, the fake Asterisk, a real SQLite store."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest
from ruamel.yaml import YAML
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.ext.asyncio import AsyncConnection

import config
from ami_daemon.app import LEASE_SECONDS, Daemon
from ami_daemon.link import LinkState
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from lab.fake import Behaviours, FakeAsterisk, Phone, run_virtual
from lab.fake.clock import LoopClock
from lab.ports import free_port
from leads.attempt import Attempt
from leads.lead import Lead, NewLead
from store import CampaignState, Store, open_store
from tests.daemon_fake.people import People

T = TypeVar("T")
SPRING, RATIO, PREVIEW, AUTUMN = "spring", "calls", "visits", "autumn"
RETRIES = {
    "busy": {"after": "2m", "times": 2},
    "no_answer": {"after": "3m", "times": 2},
    "failed": {"after": "1m", "times": 1},
    "abandoned": {"after": "4m", "times": 1},
    "hung_up_before_talk": {"after": "2m", "times": 1},
    "interrupted": {"after": "1m", "times": 1},
    "in_doubt": {"after": "1m", "times": 1},
}
PORT = 5038


async def _connect(self: Any) -> Any:
    await asyncio.sleep(0)
    self._connection = self._connector()
    return self


async def _execute(self: Any, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    await asyncio.sleep(0)
    if self._connection is None:
        raise ValueError("Connection closed")
    if args[:1] == ("PRAGMA synchronous=FULL",):
        args = ("PRAGMA synchronous=OFF",)
    return work(*args, **options)


def _stop(self: Any) -> None:
    if self._connection is not None:
        self._connection.close()
        self._connection = None


async def _close(self: Any) -> None:
    await asyncio.sleep(0)
    self.stop()


def _set_isolation_level(self: Any, value: str | None) -> None:
    self._connection.isolation_level = value


def in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a virtual loop, with SQLite in the loop's own thread.

    A hop to aiosqlite's thread and an fsync for each of a hundred thousand statements would be most of the
    time. The other tasks still get their turn at every statement.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite.Connection, "__await__", lambda self: _connect(self).__await__())
        patch.setattr(aiosqlite.Connection, "_execute", _execute)
        patch.setattr(aiosqlite.Connection, "stop", _stop)
        patch.setattr(aiosqlite.Connection, "close", _close)
        # SQLAlchemy's own asks the thread
        patch.setattr(
            AsyncAdapt_aiosqlite_connection, "isolation_level", property(None, _set_isolation_level)
        )
        return run_virtual(main)


def a_site(folder: Path, agents: int, changes: dict[str, dict[str, Any]] | None = None) -> Site:
    """The shipped site with so many agents, equal in skill, in both groups, and short times.

    `changes` maps a file's path in the site (without `.yaml`) to keys to set; `None` takes a key away.
    """
    shutil.copytree(Path(config.__file__).parent / "site", folder, ignore=shutil.ignore_patterns("secrets"))
    (folder / "agents/anna.yaml").replace(folder / "pattern.yaml")
    for file in (folder / "agents").glob("*.yaml"):
        file.unlink()
    for number in range(agents):
        name = f"agent{number:02d}"
        shutil.copy(folder / "pattern.yaml", folder / f"agents/{name}.yaml")
        _edit(
            folder / f"agents/{name}.yaml",
            extension=str(300 + number),
            password=f"${{file:secrets/{name}}}",
            groups=["sales", "support"],
            skills=None,
        )
    (folder / "pattern.yaml").unlink()
    (folder / "shops/demo.yaml").unlink()  # a campaign that its orders come into has no end
    _edit(folder / "lines/main.yaml", shop=None)
    shutil.copy(folder / "campaigns/spring.yaml", folder / "campaigns/autumn.yaml")
    always = {
        "hours": {"mon-sun": ["00:00-24:00"]},
        "attempts": {"max": 3, "retry": RETRIES},
        "law": "none",  # abandoned people are called again within minutes
    }
    all_changes: dict[str, dict[str, Any]] = {
        "system": {
            "database": f"sqlite+aiosqlite:///{folder.parent / 'store.db'}",
            "socket": str(folder.parent / "socket"),
            "agi_port": free_port(socket.SOCK_STREAM),
            "ear_port": free_port(socket.SOCK_STREAM),
            "recordings_dir": str(folder.parent / "recordings"),
            "screening": {"folder": str(folder.parent / "screening")},
        },
        "groups/sales": {"skill": None, "min_level": None},
        "groups/support": {"wrap_up": "10s"},
        "campaigns/spring": {**always, "mode": "progressive", "lines": 24},
        "campaigns/autumn": {**always, "mode": "progressive", "list": "autumn"},
        "campaigns/calls": always,
        "campaigns/visits": always,
    }
    for path, values in (changes or {}).items():
        all_changes[path] = {**all_changes.get(path, {}), **values}
    for path, values in all_changes.items():
        _edit(folder / f"{path}.yaml", **values)
    _edit_log_dir(folder / "system.yaml", folder.parent)
    create_missing(folder)
    return load_site(folder)


def _edit_log_dir(path: Path, log_dir: Path) -> None:
    content = YAML().load(path.read_text(encoding="utf-8"))
    content["asterisk"]["log_dir"] = str(log_dir)
    _write(path, content)


def _edit(path: Path, **values: Any) -> None:
    content = YAML().load(path.read_text(encoding="utf-8"))
    for key, value in values.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    _write(path, content)


def _write(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)


@dataclass
class Running:
    """A daemon with the store that it alone uses."""

    daemon: Daemon
    store: Store
    task: asyncio.Task[None]
    resources: AsyncExitStack


@dataclass
class Centre:
    """What a test works with. There is one daemon at a time; `crash` and `start` make the next."""

    site: Site
    fake: FakeAsterisk
    people: People
    clock: LoopClock
    running: Running | None = None
    live: list[list[float]] = field(default_factory=list)
    """Intervals in which the link of a living daemon was LIVE; the last one may be open."""
    crashes: int = 0

    @property
    def daemon(self) -> Daemon:
        assert self.running is not None
        return self.running.daemon

    @property
    def store(self) -> Store:
        assert self.running is not None
        return self.running.store

    # -- the daemon's life -----------------------------------------------------------------------

    async def start(self) -> Daemon:
        """A new daemon on the same database, as `open_daemon` makes it; the last one is known to be dead."""
        resources = AsyncExitStack()
        store = await resources.enter_async_context(open_store(self.site.system.database))
        now = self.clock.now()
        alive_until = await store.lease.expires_at()
        epoch = await store.lease.acquire("test", now, LEASE_SECONDS, dead="test")
        if alive_until:
            await store.agent_states.close_all(min(now, alive_until), "the daemon died")
        daemon = Daemon(self.site, store, epoch, clock=self.clock.now)
        hear = daemon.link._on_state
        assert hear is not None

        def moved(state: LinkState) -> None:
            self._note(state)
            hear(state)

        daemon.link._on_state = moved
        task = asyncio.create_task(daemon.run(), name="daemon")
        self.running = Running(daemon, store, task, resources)
        await self.until(lambda: daemon.link.state is LinkState.LIVE or task.done(), "the link is up")
        return daemon

    def _note(self, state: LinkState) -> None:
        if state is LinkState.LIVE:
            self.live.append([self.clock.now(), float("inf")])
        elif self.live and self.live[-1][1] == float("inf"):
            self.live[-1][1] = self.clock.now()

    async def crash(self) -> None:
        """The daemon's process is gone: every task of it ends where it stands, nothing is put in order."""
        running, self.running = self.running, None
        assert running is not None
        tasks = {task for task in asyncio.all_tasks() if _is_of_daemon(task)}
        for task in tasks:
            task.cancel()
        running.daemon.link.protocol.close()
        self.crashes += 1
        await asyncio.gather(*tasks, return_exceptions=True)
        await running.resources.aclose()

    def crash_at_write(self, count: int, moment: str) -> Awaitable[None]:
        """Crash the daemon `before`, `in` or `after` its so many-th write from now; done when it is down."""
        database = self.store._database
        write, left, loop = database.write, count, asyncio.get_running_loop()
        down: asyncio.Future[None] = loop.create_future()

        async def crash() -> None:
            await self.crash()
            down.set_result(None)

        async def now() -> None:
            crashing.append(asyncio.create_task(crash()))
            await asyncio.sleep(3600)  # cancelled here

        crashing: list[asyncio.Task[None]] = []

        @asynccontextmanager
        async def counted() -> AsyncIterator[AsyncConnection]:
            nonlocal left
            left -= 1
            hit = left == 0
            if hit and moment == "before":
                await now()
            async with write() as connection:
                yield connection
                if hit and moment == "in":
                    await now()
            if hit and moment == "after":
                await now()

        database.write = counted  # type: ignore[method-assign]  # the one place all writes go through
        return down

    async def stop(self, drain: float = 60.0) -> None:
        """As the verb `shutdown` does; then the store is closed."""
        await self.daemon.stop(drain)
        assert self.running is not None
        await self.running.task

    def picture(self) -> str:
        """What the daemon sees, for people."""
        if self.running is None:
            return "no daemon is up"
        board = self.daemon.board
        agents = {name: (str(agent.state), agent.reason) for name, agent in board.agents.items()}
        return (
            f"{self.daemon.link.state}\n{agents}\n{self.daemon.dialer.states}\n{list(board.calls.values())}"
        )

    # -- what happens ------------------------------------------------------------------------------

    async def leads(self, campaign: str, count: int) -> list[str]:
        """Put new people on the campaign's list; their numbers."""
        prefix = sorted(self.site.campaigns).index(campaign)
        numbers = [f"+7900{prefix}{number:06d}" for number in range(count)]
        name = self.site.campaigns[campaign].list
        await self.store.leads.add(name, [NewLead(phone) for phone in numbers], self.clock.now())
        return numbers

    async def ready(self, *agents: str) -> None:
        """Sign in and be ready; all agents where none is named."""
        for agent in agents or self.site.agents:
            await self.daemon.orders.give(agent, "ready")

    async def dial(self, campaign: str) -> None:
        await self.daemon.dialer.set_state(campaign, CampaignState.RUNNING, "test")

    async def until(self, true: Callable[[], bool], what: str, within: float = 60.0) -> None:
        """Wait until it is true, at most so many virtual seconds. An ended daemon fails the wait."""
        end = self.clock.now() + within
        while not true():
            assert self.clock.now() < end, f"not within {within:g} s: {what}\n{self.picture()}"
            if self.running and self.running.task.done():
                self.running.task.result()
            await asyncio.sleep(0.1)

    async def finished(self, *campaigns: str, within: float = 3600.0) -> None:
        """Wait until the campaigns have stopped by themselves and no call is left."""

        def over() -> bool:
            if self.running is None:
                return False
            states, calls = self.daemon.dialer.states, self.daemon.board.calls
            return not calls and all(states.get(name) is CampaignState.STOPPED for name in campaigns)

        await self.until(over, f"{', '.join(campaigns)} run to their end", within)
        await self.daemon.journal.flushed()

    async def attempts(self, campaign: str) -> list[Attempt]:
        return await self.store.attempts.recent(campaign, 1_000_000)

    async def all_leads(self, campaign: str) -> list[Lead]:
        return await self.store.leads.page(self.site.campaigns[campaign].list, limit=1_000_000)

    def free_agents(self) -> set[str]:
        return {name for name, agent in self.daemon.board.agents.items() if agent.state == "ready"}


def _is_of_daemon(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and Path(code.co_filename).parent.name == "ami_daemon"


@asynccontextmanager
async def a_centre(
    folder: Path,
    people: People,
    *,
    agents: int = 5,
    changes: dict[str, dict[str, Any]] | None = None,
    phones: dict[str, Phone] | None = None,
) -> AsyncIterator[Centre]:
    """A centre with its daemon running; nobody is signed in and no campaign runs."""
    site = a_site(folder / "site", agents, changes)
    behaviours = Behaviours(people, phones=phones or {})
    fake = FakeAsterisk.from_site(site, behaviours, cel=folder / "cel-custom" / "perezvon.csv")
    people.fake = fake
    await fake.start(PORT)
    centre = Centre(site, fake, people, LoopClock())
    try:
        await centre.start()
        yield centre
    finally:
        if centre.running is not None:
            await centre.crash()
        await fake.stop()


@contextmanager
def every(seconds: float, action: Callable[[], object]) -> Iterator[None]:
    """Do it again and again meanwhile."""

    async def again() -> None:
        while True:
            await asyncio.sleep(seconds)
            action()

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
