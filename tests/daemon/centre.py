"""A call centre under test: the real pair, a real daemon process, its store, and what to wait for."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, overload

from typer.testing import CliRunner

from ami_daemon.cel import read_cel
from cli.daemon_process import DaemonProcess
from cli.main import app
from lab.ami import AmiRefused
from lab.behaviour import Behaviour, Kind
from lab.ledger import Call, CityCall, PhoneCall
from lab.pair import Pair
from lab.phones import RingOn
from leads.attempt import Attempt, AttemptState
from leads.lead import Lead, NewLead
from store import Store

Found = TypeVar("Found")
EMPTIED = (
    "verdicts", "callbacks", "orders", "order_phones", "outbox", "do_not_call", "attempts", "leads", "lists",
    "decisions", "agent_states", "campaigns", "caller_classes", "missed_rings",
)  # fmt: skip
"""The calls that came in stay: what is gone from the books comes back from CEL."""
TALKS_ON = Behaviour(Kind.TALKS_ON)


@overload
async def until(found: Callable[[], Awaitable[bool]], what: str, within: float = 10.0) -> bool: ...
@overload
async def until(found: Callable[[], Found], what: str, within: float = 10.0) -> Found: ...
async def until(found: Callable[[], Any], what: str, within: float = 10.0) -> Any:
    """Poll until `found` gives something true, and return it; fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = found()
        value = await value if inspect.isawaitable(value) else value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Spell:
    """A row of the ledger of agents' time."""

    state: str
    reason: str
    since: float
    until: float | None


@dataclass
class Centre:
    """The pair with its daemon. `phone` numbers are new ones for every person."""

    pair: Pair
    daemon: DaemonProcess
    store: Store
    numbers: set[str] = field(default_factory=set)
    """Every number that a test used."""
    _serial: Any = field(default_factory=lambda: itertools.count(1))

    # -- people and leads ------------------------------------------------------------------------

    async def person(self, way: Behaviour = TALKS_ON) -> str:
        """The number of somebody new in the city, who does so."""
        number = f"+7495{next(self._serial):07d}"
        self.numbers.add(number)
        await self.pair.city.behave(number, way)
        return number

    async def people(self, count: int, way: Behaviour = TALKS_ON) -> list[str]:
        return [await self.person(way) for _ in range(count)]

    async def leads(self, campaign: str, leads: Iterable[str | NewLead]) -> None:
        """Put them on the campaign's list."""
        new = [lead if isinstance(lead, NewLead) else NewLead(phone=lead) for lead in leads]
        await self.store.leads.add(self.pair.site.campaigns[campaign].list, new, time.time())

    async def dial(self, campaign: str, leads: Iterable[str | NewLead]) -> None:
        """Put them on the list and start the campaign."""
        await self.leads(campaign, leads)
        await self.ask("campaign", name=campaign, action="start")

    async def lead(self, phone: str) -> Lead:
        (lead,) = await self.store.leads.find_by_phone(phone)
        return lead

    async def attempts(self, phone: str) -> list[Attempt]:
        return await self.store.attempts.of_lead((await self.lead(phone)).id)

    async def ended(self, phone: str, within: float = 10.0) -> Attempt:
        """The only attempt on the number, when it has ended."""

        made: list[Attempt] = []

        async def found() -> bool:
            made[:] = await self.attempts(phone)
            assert len(made) < 2, made
            return bool(made) and made[0].state is AttemptState.ENDED

        await until(found, f"the attempt on {phone} ends", within)
        return made[0]

    async def why(self, kind: str, id: str) -> str:
        return "\n".join(line["text"] for line in await self.ask("why", kind=kind, id=id))

    # -- the city's view -------------------------------------------------------------------------

    def city(self, phone: str) -> list[CityCall]:
        return self.pair.city.ledger.to(phone)

    async def arrived(self, phone: str, within: float = 10.0) -> CityCall:
        """The call to the number, when the city has it."""
        return (await until(lambda: self.city(phone), f"a call to {phone}", within))[0]

    async def answered(self, phone: str, within: float = 10.0) -> float:
        call = await self.arrived(phone, within)
        return await until(lambda: call.answered_at or 0.0, f"{phone} answers", within)

    def rings(self, agent: str) -> list[PhoneCall]:
        """Calls that reached the agent's phone in this test."""
        return [call for call in self.pair.phones.calls(agent) if call.arrived_at >= self.began]

    async def rung(self, agent: str, times: int = 1, within: float = 10.0) -> PhoneCall:
        return (await until(lambda: self.rings(agent)[times - 1 :], f"{agent} rings {times} times", within))[
            0
        ]

    # -- the daemon ------------------------------------------------------------------------------

    async def ask(self, verb: str, **args: Any) -> Any:
        return await self.daemon.ask(verb, **args)

    async def cli(self, *args: str) -> tuple[int, str]:
        """The command itself; its exit code and all it printed."""
        command = [*args, "--site", str(self.pair.site_folder)]
        result = await asyncio.to_thread(CliRunner().invoke, app, command)
        return result.exit_code, result.output

    async def agent(self, name: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = await self.ask("agents")
        return next(row for row in rows if row["agent"] == name)

    async def set(self, agent: str, state: str, reason: str = "") -> None:
        await self.ask("agent_set", agent=agent, state=state, reason=reason)

    async def ready(self, *agents: str) -> None:
        """Sign in, ready, at once."""
        await asyncio.gather(*(self.set(agent, "ready") for agent in agents))
        for agent in agents:
            await self.comes_to(agent, "ready")

    async def comes_to(
        self, agent: str, state: str, reason: str = "", within: float = 10.0
    ) -> dict[str, Any]:
        """The agent, when it is in that state and the ledger, written a moment later, says so too."""
        row: dict[str, Any] = {}

        async def found() -> bool:
            row.update(await self.agent(agent))
            return (row["state"], row["reason"]) == (state, reason)

        try:
            await until(found, "", within)
        except AssertionError:
            raise AssertionError(f"{agent} is {row}, not {state} {reason} within {within:g} s") from None
        spell = (state, reason, row["since"])
        await until(
            lambda: spell in [(s.state, s.reason, s.since) for s in self.spells(agent)],
            f"the ledger has {agent}'s {spell}",
        )
        return row

    def spells(self, agent: str) -> list[Spell]:
        """The agent's rows in the ledger, oldest first."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            rows = connection.execute(
                "select state, reason, since, until from agent_states where agent = ? order by id", [agent]
            ).fetchall()
        connection.close()
        return [Spell(*row) for row in rows]

    async def ledger_says(self, agent: str, *states: tuple[str, str]) -> None:
        """The ledger has these states and reasons for the agent, in order, and besides only `on_phone`."""
        told: list[tuple[str, str]] = []

        def found() -> bool:
            spells = self.spells(agent)
            told[:] = [(spell.state, spell.reason) for spell in spells if spell.reason != "on_phone"]
            return told == list(states)

        try:
            await until(found, "", 3.0)
        except AssertionError:
            raise AssertionError(f"{agent}: {told}, not {list(states)}") from None

    async def waited(self, attempt: str) -> float:
        """Seconds from the person's answer to the message, by Asterisk's own record.

        No recording tells the shortest wait: one that lost a packet is shorter than the time it is of.
        """
        system = self.pair.site.system
        channel = f"pz-{system.name}-{attempt}"
        marks: dict[str, float] = {}

        def found() -> bool:
            cel = read_cel(Path(system.asterisk.log_dir), channel)
            for record in cel.records.get(channel, []) if cel else []:
                marks.setdefault(f"{record.kind} {record.application}".strip(), record.at)
                marks.setdefault(record.kind, record.at)
            return {"ANSWER", "APP_START playback"} <= marks.keys()

        await until(found, "the record has the message")
        return marks["APP_START playback"] - marks["ANSWER"]

    def log_lines(self) -> list[dict[str, Any]]:
        """The daemon's log; a line that is not JSON comes as `{"text": ...}`."""
        lines = self.daemon.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) if line.startswith("{") else {"text": line} for line in lines]

    @property
    def database(self) -> Path:
        return Path(self.pair.site.system.database.partition(":///")[2])

    # -- between tests ---------------------------------------------------------------------------

    began: float = 0.0

    async def begin(self) -> None:
        """A running daemon for the next test."""
        if not self.daemon.running:
            await self.daemon.start()
        self.began = time.time()

    async def clean(self) -> None:
        """No calls, no agents, no leads; phones ring on."""
        with suppress(AmiRefused):
            await self.pair.city.hang_up("/./")
        await self.pair.phones.set_all(RingOn())
        if not self.daemon.running:
            await self.daemon.start()
        for campaign, state in (await self.ask("status"))["campaigns"].items():
            if state != "stopped":
                await self.ask("campaign", name=campaign, action="stop")
        signed_in = [row["agent"] for row in await self.ask("agents") if row["state"] != "offline"]
        await asyncio.gather(*(self.set(agent, "offline") for agent in signed_in))
        await until(self._is_quiet, "calls end, agents sign out, and the store has it", 20.0)
        await asyncio.to_thread(self._empty)

    async def _is_quiet(self) -> bool:
        status = await self.ask("status")
        if status["calls"]:
            with suppress(AmiRefused):  # who arrives only now
                await self.pair.city.hang_up("/./")
        if status["calls"] or status["inbound_waiting"] or set(status["agents"]) != {"offline"}:
            return False
        attempts = await self.store.attempts.open_attempts()
        states = await self.store.agent_states.open_states()
        return not attempts and all(spell.state == "offline" for spell in states)

    def _empty(self) -> None:
        with sqlite3.connect(self.database, timeout=10) as connection:
            for table in EMPTIED:
                connection.execute(f"delete from {table}")
        connection.close()


def most_at_once(calls: Iterable[Call], slack: float = 0.05) -> int:
    """The most calls that lived at one moment; one that ends as another comes is not counted twice."""
    marks: list[tuple[float, int]] = []
    for call in calls:
        marks.append((call.arrived_at, 1))
        if call.ended_at is not None:
            marks.append((max(call.arrived_at, call.ended_at - slack), -1))
    return max(itertools.accumulate(step for _, step in sorted(marks)), default=0)


def most_in_a_second(calls: Iterable[Call], slack: float = 0.08) -> int:
    """The most calls that arrived within one second (less `slack`, for the way there)."""
    times = sorted(call.arrived_at for call in calls)
    return max((sum(1 for at in times if start <= at < start + 1 - slack) for start in times), default=0)
