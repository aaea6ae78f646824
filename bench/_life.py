"""The campaign of `bench._campaign` in real time: the daemon as a process, on the fake or on a real pair."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ruamel.yaml import YAML

import config
from bench._campaign import GRACE, TARGET, WRAP_UP, Minute, Person, minute
from cli.daemon_process import DaemonProcess
from cli.demo_report import quantile
from config.models import Site
from lab.fake import Behaviours, FakeAsterisk
from lab.pair import Pair
from lab.phones import Answer
from lab.ports import free_port
from lab.provision import default_cache, ensure_asterisk
from lab.site_copy import Move, copy_site
from leads.attempt import AttemptState
from leads.lead import NewLead
from predictive.simulator import Scenario
from sounds.catalogue import sounds_dir
from store import Store, open_store

CAMPAIGN = "spring"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Life:
    """What became of the campaign."""

    asterisk: str
    minutes: list[Minute]
    attempts: int
    """Placed in the counted time."""
    connect_ms: tuple[float, float, float]
    """From the answer to the agent: mean, median, and what 99 % do not pass."""
    waited_ms: float
    """Mean of those for whom nobody was free at once (over 0.2 s)."""
    late: int
    """Connected later than the grace."""
    dial_ms: float
    """From the decision to the `Originate`: what 99 % do not pass. It grows where the machine is too slow."""


async def live(world: str, people: dict[str, Person], scenario: Scenario, folder: Path, say: Say) -> Life:
    """Run it on `fake` or `real`. Raises `NoProgram`, `DaemonFailed`, and `RuntimeError`."""
    source = await asyncio.to_thread(site_source, folder / "source", scenario)
    opened = _on_fake if world == "fake" else _on_pair
    async with opened(source, people, folder / world) as (site, site_folder, asterisk):
        async with open_store(site.system.database) as store:
            new = [NewLead(phone=number, name="") for number in people]
            await store.leads.add(site.campaigns[CAMPAIGN].list, new, time.time())
        daemon = DaemonProcess(site, site_folder, folder / f"{world}.log")
        await daemon.start()
        try:
            for agent in sorted(site.agents):
                await daemon.ask("agent_set", agent=agent, state="ready")
            await daemon.ask("campaign", name=CAMPAIGN, action="start")
            opens = time.time() + scenario.warm_up
            await _until(opens + scenario.hours * 3600, daemon, f"{world} Asterisk", say)
            await daemon.ask("campaign", name=CAMPAIGN, action="pause")
            await daemon.stop()
        finally:
            await daemon.kill()
        async with open_store(site.system.database) as store:
            return await read_life(store, asterisk, opens, round(scenario.hours * 60))


async def _until(end: float, daemon: DaemonProcess, what: str, say: Say) -> None:
    while (left := end - time.time()) > 0:
        status = await daemon.ask("campaign_status", name=CAMPAIGN)
        if not status["leads"]["ready"]:
            raise RuntimeError("the list came to its end")
        say(f"{what}: {left:.0f} s to go; outcomes {status['outcomes']}, calls {status['calls']}")
        await asyncio.sleep(min(left, 30.0))


async def read_life(store: Store, asterisk: str, opens: float, minutes: int) -> Life:
    """The counted time's figures, from the journal and the ledger of agents' time."""
    attempts = [
        a for a in await store.attempts.recent(CAMPAIGN, 1_000_000) if a.state is not AttemptState.RELEASED
    ]
    counted = []
    for begins in (opens + 60 * number for number in range(minutes)):
        states = await store.agent_states.totals(None, begins, begins + 60)
        counted.append(minute(states.values(), attempts, begins))
    closes = opens + 60 * minutes
    waits = [
        (a.connected_at - a.answered_at) * 1000
        for a in attempts
        if a.answered_at is not None and a.connected_at is not None and opens <= a.answered_at < closes
    ]
    waited = [wait for wait in waits if wait > 200]
    return Life(
        asterisk,
        counted,
        sum(a.sent_at is not None and opens <= a.sent_at < closes for a in attempts),
        (fmean(waits), quantile(waits, 0.5), quantile(waits, 0.99)),
        fmean(waited) if waited else 0.0,
        sum(wait > 1000 * GRACE for wait in waits),
        quantile([(a.sent_at - a.claimed_at) * 1000 for a in attempts if a.sent_at is not None], 0.99),
    )


def site_source(target: Path, scenario: Scenario) -> Path:
    """The shipped site with the scenario's agents, times and limits."""
    shutil.copytree(Path(config.__file__).parent / "site", target, ignore=shutil.ignore_patterns("secrets"))
    pattern = _load(target / "agents/anna.yaml")
    for file in (target / "agents").glob("*.yaml"):
        file.unlink()
    for number in range(scenario.agents):
        name = f"agent{number:03d}"
        agent = {**pattern, "extension": str(2000 + number), "password": f"${{file:secrets/{name}}}"}
        groups = {"groups": ["sales", "support"], "skills": {"sales": 8}}
        _save(target / f"agents/{name}.yaml", {**agent, **groups})
    limits = {"lines": scenario.trunk_lines, "calls_per_second": scenario.rate_limit}
    changes: list[tuple[str, dict[str, Any]]] = [
        ("system", {"limits": limits}),
        ("trunks/city", limits),
        *((f"groups/{name}", {"wrap_up": f"{WRAP_UP}s"}) for name in ("sales", "support")),
        (
            f"campaigns/{CAMPAIGN}",
            {
                **limits,
                "mode": "predictive",
                "law": "us",
                "target": TARGET,
                "grace": f"{GRACE:g}s",
                "ring_time": f"{scenario.ring_timeout:g}s",
                "attempts": {"max": 1},
            },
        ),
    ]
    for name, values in changes:
        _save(target / f"{name}.yaml", {**_load(target / f"{name}.yaml"), **values})
    system = _load(target / "system.yaml")
    _save(target / "system.yaml", {**system, "asterisk": {**system["asterisk"], "max_calls": 1000}})
    return target


def _load(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


def _save(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)


Opened = tuple[Site, Path, str]
"""The site, its folder, and the Asterisk's version."""


@asynccontextmanager
async def _on_fake(source: Path, people: dict[str, Person], folder: Path) -> AsyncIterator[Opened]:
    folder.mkdir()
    port = free_port(socket.SOCK_STREAM)
    move = Move(
        command=["false"], config_dir=folder, log_dir=folder, state=folder, sounds_dir=sounds_dir(),
        ami_port=port, sip_port=5060, rtp=(10000, 10100), carrier_port=5060,
    )  # fmt: skip
    site = await asyncio.to_thread(copy_site, source, folder / "site", move)
    (folder / "cel-custom").mkdir()
    behaviours = Behaviours(lambda number: people[number].in_fake())
    fake = FakeAsterisk.from_site(site, behaviours, cel=folder / "cel-custom" / "perezvon.csv")
    await fake.start(port)
    try:
        yield site, folder / "site", "fake"
    finally:
        await fake.stop()


@asynccontextmanager
async def _on_pair(source: Path, people: dict[str, Person], folder: Path) -> AsyncIterator[Opened]:
    binary = await asyncio.to_thread(ensure_asterisk, default_cache(), lambda _: None)
    ways = {number: person.in_city() for number, person in people.items()}
    async with Pair.open(binary, source, folder, sounds_dir=sounds_dir(), people=ways) as pair:
        await pair.phones.set_all(Answer(after=0.0))
        yield pair.site, pair.site_folder, binary.version_text
        pair.city.ensure_whole()
