"""`perezvon demo`: a campaign on a real Asterisk pair, live, and a report that must reconcile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ami_daemon.control import VerbError
from cli.daemon_process import DaemonFailed, DaemonProcess
from cli.demo_report import report, shortest_retry, told
from cli.demo_view import Facts, screen
from cli.demo_world import CAMPAIGN, World, open_world
from cli.session import ERROR, Json, err, fail, out
from config.problems import SiteError
from dialplan.apply import ApplyRefused
from dialplan.filters import RenderError
from dialplan.revisions import RevisionError
from lab.instance import AsteriskFailed
from leads.importing import parse_csv
from store import StoreError, open_store

MOST = 170.0
"""Seconds after which the demo gives up."""

_FAULTS = (
    DaemonFailed, AsteriskFailed, SiteError, VerbError, RenderError, RevisionError, ApplyRefused, StoreError,
    OSError,
)  # fmt: skip
"""What may keep the demo from running, told in plain words; TimeoutError is an OSError."""


def demo(
    leads: Annotated[int, typer.Option(min=1, max=2000, help="Leads to dial.")] = 100,
    agents: Annotated[int, typer.Option(min=1, max=8, help="Agents who sign in.")] = 8,
    seed: Annotated[int, typer.Option(help="What the subscribers do is drawn from it.")] = 1,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write the report here too.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep configuration, logs and database here.")] = None,
    fake: Annotated[bool, typer.Option("--fake", help="Run on the fake Asterisk.")] = False,
    as_json: Json = False,
) -> None:
    """Dial a list of invented people with invented agents, and check every attempt against what they saw.

    Exit code 0 only if everything reconciles.
    """
    kept = folder is not None
    try:
        _look_at(report_file, folder)
        place = folder or Path(tempfile.mkdtemp(prefix="perezvon-demo-"))
    except OSError as error:
        fail(f"the demo was not started: {error}")
    console = err if as_json else out
    try:
        result = asyncio.run(_demo(place, leads, agents, seed, fake, console))
    except _FAULTS as error:
        fail(f"the demo could not run: {error or 'something did not happen in time'}", f"logs are in {place}")
    except KeyboardInterrupt:
        console.print("stopped; nothing is left running")
        raise typer.Exit(130) from None
    if report_file is not None:
        try:
            report_file.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            fail(f"the report {report_file} cannot be written: {error.strerror}", f"all else is in {place}")
    if as_json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _print_report(result)
    if not result["reconciles"]:
        err.print(f"the figures do not reconcile; configuration, logs and database are kept in {place}")
        raise typer.Exit(ERROR)
    if not kept:
        shutil.rmtree(place, ignore_errors=True)


def _look_at(report_file: Path | None, folder: Path | None) -> None:
    """What would only be found at the end of the run, or would be half done. May raise OSError."""
    if report_file is not None:
        if not report_file.parent.is_dir():
            fail(f"there is no folder {report_file.parent} for the report", f"mkdir -p {report_file.parent}")
        if report_file.is_dir() or not os.access(
            report_file if report_file.exists() else report_file.parent, os.W_OK
        ):
            fail(f"the report {report_file} cannot be written", "name another file with --report")
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} is not an empty folder; nothing was done", "name a new one with --folder")


async def _demo(place: Path, leads: int, agents: int, seed: int, fake: bool, console: Any) -> dict[str, Any]:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    began = time.monotonic()
    numbers = people(leads, seed)
    async with open_world(place, agents, seed, fake, say) as world:
        say(f"importing {leads} leads from {place / 'leads.csv'}")
        await _import(place, numbers, world)
        say("agents sign in and go ready from their phones")
        await world.sign_in()
        await world.daemon.ask("campaign", name=CAMPAIGN, action="start")
        with screen(console) as show:
            await _watch(world.daemon, leads, show)
        await world.daemon.stop()
        settings, now = world.site.campaigns[CAMPAIGN], time.time()  # noqa: TID251 - the edge
        async with open_store(world.site.system.database) as store:
            counts = await store.leads.counts(settings.list)
            zone = ZoneInfo(settings.timezone or world.site.system.timezone)
            return report(
                asterisk=world.asterisk,
                leads={str(state): count for state, count in counts.items()},
                attempts=await store.attempts.recent(CAMPAIGN, 100_000),
                seen=await world.seen(),
                audit=await store.audit(now),
                retry_after=shortest_retry(settings.attempts),
                law=settings.law,
                standing=await store.ledger.standing(CAMPAIGN, settings.rules, zone, now),
                wall_s=time.monotonic() - began,
            )


def people(count: int, seed: int) -> dict[str, str]:
    """Invented numbers of a range that nobody has, with invented names."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    names = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл")
    chosen = draw.sample(range(10_000), count)
    return {f"+7495000{number:04d}": names[number % len(names)] for number in chosen}


async def _import(place: Path, numbers: dict[str, str], world: World) -> None:
    text = "телефон;имя\n" + "".join(f"{phone};{name}\n" for phone, name in numbers.items())
    data = text.encode("cp1251")  # as Excel in Russian writes it
    await asyncio.to_thread((place / "leads.csv").write_bytes, data)
    parsed = parse_csv(data, world.site.system.country)
    async with open_store(world.site.system.database) as store:
        now = time.time()  # noqa: TID251 - the edge
        await store.leads.add(world.site.campaigns[CAMPAIGN].list, parsed.good, now)


async def _watch(daemon: DaemonProcess, leads: int, show: Any) -> None:
    """Show the campaign until no lead may be called any more and no call is under way."""
    began = time.monotonic()
    while time.monotonic() - began < MOST:
        try:
            campaign: Any = await daemon.ask("campaign_status", name=CAMPAIGN)
            agents: Any = await daemon.ask("agents")
        except VerbError as error:
            raise DaemonFailed(f"the daemon is gone: {error.message}; its log: {daemon.log}") from error
        open_leads = campaign["leads"]["ready"] + campaign["leads"]["claimed"]
        facts: Facts = {
            "campaign": campaign["title"],
            "calls": campaign["calls"],
            "agents": [agent for agent in agents if agent["state"] != "offline"],
            "outcomes": campaign["outcomes"],
            "pacing": campaign.get("pacing"),
            "budget": campaign.get("budget"),
            "done": leads - open_leads,
            "leads": leads,
            "seconds": time.monotonic() - began,
        }
        show(facts)
        if not open_leads and not campaign["calls"]:
            return
        await asyncio.sleep(0.2)


def _print_report(result: dict[str, Any]) -> None:
    out.print()
    for key, value in result.items():
        out.print(f"  {key:<15} {told(key, value)}", highlight=False, markup=False, soft_wrap=True)
    out.print()
