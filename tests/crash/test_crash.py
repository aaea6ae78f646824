"""`kill -9` in mid-campaign, on the real pair: started again, it reconciles by itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from cli.daemon_process import DaemonProcess
from cli.demo import people
from cli.demo_report import Seen, match, report, shortest_retry
from cli.demo_world import CAMPAIGN, demo_site
from lab.behaviour import Mix
from lab.pair import Pair
from lab.phones import Answer
from lab.provision import AsteriskBinary
from leads.attempt import Attempt, AttemptState
from leads.lead import NewLead, Outcome
from sounds.catalogue import sounds_dir
from store import open_store

pytestmark = pytest.mark.asterisk

LEADS = 20
CITY = Mix(answers=0.6, hangs_up=0.1, busy=0.2, refused=0.1, ring=(0.5, 2.0), talk=(1.5, 4.0))


@dataclass
class Field:
    """A running campaign that something is about to happen to."""

    pair: Pair
    daemon: DaemonProcess

    async def attempts(self) -> list[Attempt]:
        async with open_store(self.pair.site.system.database) as store:
            return await store.attempts.recent(CAMPAIGN, 10_000)

    async def until_calls(self, wanted: Callable[[dict[str, int]], bool]) -> None:
        """Wait for a moment in the campaign, by the calls' states."""
        async with asyncio.timeout(60):
            while not wanted((await self.daemon.ask("status"))["calls"]):
                await asyncio.sleep(0.01)

    async def finish(self) -> dict[str, Any]:
        """Let the campaign run to its end, stop the daemon, and hold its figures against the city's."""
        async with asyncio.timeout(120):
            while True:
                status = await self.daemon.ask("campaign_status", name=CAMPAIGN)
                if not status["leads"]["ready"] + status["leads"]["claimed"] and not status["calls"]:
                    break
                await asyncio.sleep(0.1)
        assert await self.daemon.stop() == 0
        async with open_store(self.pair.site.system.database) as store:
            settings = self.pair.site.campaigns[CAMPAIGN]
            counts = await store.leads.counts(settings.list)
            return report(
                asterisk="",
                leads={str(state): count for state, count in counts.items()},
                attempts=await self.attempts(),
                seen=self.seen(),
                audit=await store.audit(time.time()),
                retry_after=shortest_retry(settings.attempts),
                law=settings.law,
                standing=await store.ledger.standing(CAMPAIGN, settings.rules, UTC, time.time()),
                wall_s=0.0,
            )

    def seen(self) -> list[Seen]:
        self.pair.city.ensure_whole()
        return [
            Seen(call.number, str(call.behaviour.kind) if call.behaviour else "gone", call.arrived_at)
            for call in self.pair.city.ledger.calls
        ]


async def _until_kept(astdb: Path, agents: list[str]) -> None:
    """Asterisk writes its queue members to disk about a second after the fact; wait for that."""
    query = "SELECT value FROM astdb WHERE key LIKE '/Queue/PersistentMembers/%'"
    async with asyncio.timeout(10):
        while True:
            with closing(sqlite3.connect(f"file:{astdb}?mode=ro", uri=True)) as database:
                kept = " ".join(value for (value,) in database.execute(query))
            if all(f"agent-{agent};" in kept for agent in agents):
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def a_field(binary: AsteriskBinary, folder: Path) -> AsyncIterator[Field]:
    source = demo_site(folder / "source")
    async with Pair.open(binary, source, folder / "pair", sounds_dir=sounds_dir(), mix=CITY, seed=7) as pair:
        await pair.phones.set_all(Answer(after=0.0))
        daemon = DaemonProcess(pair.site, pair.site_folder, folder / "daemon.log")
        numbers = people(LEADS, 7)
        async with open_store(pair.site.system.database) as store:
            new = [NewLead(phone=phone, name=name) for phone, name in numbers.items()]
            await store.leads.add(pair.site.campaigns[CAMPAIGN].list, new, time.time())
        await daemon.start()
        try:
            agents = sorted(pair.site.members(pair.site.campaigns[CAMPAIGN].group))
            for agent in agents:
                await daemon.ask("agent_set", agent=agent, state="ready")
            await _until_kept(folder / "pair/ours/db/astdb.sqlite3", agents)
            await daemon.ask("campaign", name=CAMPAIGN, action="start")
            yield Field(pair, daemon)
        finally:
            await daemon.kill()


def has(state: str, count: int = 1) -> Callable[[dict[str, int]], bool]:
    return lambda calls: calls.get(state, 0) >= count


MOMENTS = {
    # Not the first call of all: before it CEL has nothing, and silence about a call that was never sent
    # proves nothing, so that it is rightly in doubt.
    "calls are being placed": lambda calls: calls.get("placed", 0) >= 1 and sum(calls.values()) >= 4,
    "phones ring": has("ringing", 3),
    "people talk and phones ring": lambda calls: (
        calls.get("talking", 0) >= 2 and calls.get("ringing", 0) >= 1
    ),
}


async def _at_once(field: Field) -> None:
    """Nothing happens between the kill and the new start."""


async def _until_all_is_over(field: Field) -> None:
    """Every call ends while nobody looks: only CEL has it."""
    async with asyncio.timeout(60):
        while not (await field.pair.ours.console("core show channels count")).startswith("0 active"):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("meanwhile", [_at_once, _until_all_is_over], ids=["at once", "after the calls"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_daemon_is_killed_and_no_lead_is_dialed_twice_or_lost(
    moment: str,
    meanwhile: Callable[[Field], Awaitable[None]],
    asterisk_binary: AsteriskBinary,
    tmp_path: Path,
) -> None:
    async with a_field(asterisk_binary, tmp_path) as field:
        await field.until_calls(MOMENTS[moment])
        await field.daemon.kill()
        await meanwhile(field)
        await field.daemon.start()
        result = await field.finish()
        assert result["reconciles"], result
        assert result["leads"]["total"] == LEADS
        assert "in_doubt" not in result["attempts"], "CEL proves every call of a living Asterisk"


@pytest.mark.parametrize("moment", MOMENTS)
async def test_asterisk_is_killed_and_what_is_in_doubt_is_named(
    moment: str, asterisk_binary: AsteriskBinary, tmp_path: Path
) -> None:
    async with a_field(asterisk_binary, tmp_path) as field:
        await field.until_calls(MOMENTS[moment])
        await field.pair.ours.kill()
        await field.pair.ours.start()
        await field.pair.phones.register_anew()
        result = await field.finish()
        assert result["audit"] == [] and result["open"] == []
        assert result["dialed_twice"] == 0, result
        assert result["leads"]["total"] == LEADS
        attempts = await field.attempts()
        matched = match(attempts, field.seen())
        assert matched.calls_unexplained == []
        # An attempt that the city never saw may only be one that is said to be in doubt.
        assert {a.outcome for a in matched.attempts_unseen} <= {Outcome.IN_DOUBT}
        in_doubt = [a for a in attempts if a.outcome is Outcome.IN_DOUBT]
        assert all(a.state is AttemptState.ENDED and a.note for a in in_doubt)
