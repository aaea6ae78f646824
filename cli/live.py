"""Commands that ask the running daemon: campaign, agents, calls, why, status, stop-all."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.attempt import why_attempt
from cli.session import Json, SiteFolder, daemon, fail, show, site_of, store_to_read, warn
from config.models import System
from store import StoreError

campaign = typer.Typer(help="Start, pause, stop and watch campaigns.", no_args_is_help=True)
agents = typer.Typer(help="See agents and set their states.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The campaign's name.")]


@campaign.command("list")
def campaign_list(site: SiteFolder = None, as_json: Json = False) -> None:
    """Every campaign with its state and its leads."""
    show(daemon(site_of(site).system, "campaigns"), as_json)


@campaign.command("start")
def campaign_start(name: Name, site: SiteFolder = None, as_json: Json = False) -> None:
    """Dial the campaign's list."""
    show(daemon(site_of(site).system, "campaign", name=name, action="start"), as_json)


@campaign.command("pause")
def campaign_pause(name: Name, site: SiteFolder = None, as_json: Json = False) -> None:
    """Place no more calls; calls under way go on."""
    show(daemon(site_of(site).system, "campaign", name=name, action="pause"), as_json)


@campaign.command("stop")
def campaign_stop(name: Name, site: SiteFolder = None, as_json: Json = False) -> None:
    """End the campaign; calls under way go on."""
    show(daemon(site_of(site).system, "campaign", name=name, action="stop"), as_json)


@campaign.command("status")
def campaign_status(name: Name, site: SiteFolder = None, as_json: Json = False) -> None:
    """Leads, outcomes, live calls, abandonment, and the last decision."""
    show(daemon(site_of(site).system, "campaign_status", name=name), as_json)


@agents.command("list")
def agents_list(site: SiteFolder = None, as_json: Json = False) -> None:
    """Every agent with state, reason, since when, and what is pending."""
    system = site_of(site).system
    rows = daemon(system, "agents")
    show(rows if as_json else [_timed(row, system) for row in rows], as_json)


@agents.command("set")
def agents_set(
    agent: Annotated[str, typer.Argument(help="The agent's name.")],
    state: Annotated[str, typer.Argument(help="ready, not_ready, signed_in, offline or end_wrap_up.")],
    reason: Annotated[str, typer.Argument(help="For not_ready: a pause reason.")] = "",
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Set an agent's state; during a call it takes effect afterwards."""
    system = site_of(site).system
    row = daemon(system, "agent_set", agent=agent, state=state, reason=reason)
    show(row if as_json else _timed(row, system), as_json)


@agents.command("times")
def agents_times(
    hours: Annotated[float, typer.Option(min=0.01, help="The last so many hours.")] = 24.0,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """How long each agent was in each state, and whether that time is paid; needs no daemon."""
    until = time.time()  # noqa: TID251 - the edge
    checked = site_of(site)

    async def ask_store() -> dict[str, dict[tuple[str, str], float]]:
        async with store_to_read(checked.system) as store:
            return await store.agent_states.totals(None, until - hours * 3600, until)

    try:
        totals = asyncio.run(ask_store())
    except StoreError as error:
        fail(error.message, error.hint)
    rows = [
        {
            "agent": agent,
            "state": state,
            "reason": reason,
            "seconds": round(seconds, 1),
            "paid": state != "offline"
            and (reason not in checked.pause_reasons or checked.pause_reasons[reason].paid),
        }
        for agent, spells in sorted(totals.items())
        for (state, reason), seconds in sorted(spells.items())
    ]
    show(rows, as_json)


def calls(site: SiteFolder = None, as_json: Json = False) -> None:
    """Our calls under way, and callers on our lines (as JSON: `perezvon inbound now`)."""
    system = site_of(site).system
    rows = daemon(system, "calls")
    show(rows if as_json else [_timed(row, system) for row in rows], as_json)
    if not as_json:
        show([_timed(row, system) for row in daemon(system, "callers")], False)


def callers_now(site: SiteFolder = None, as_json: Json = False) -> None:
    """Callers on our lines: line, class, state, how long they wait, with which agent."""
    system = site_of(site).system
    rows = daemon(system, "callers")
    show(rows if as_json else [_timed(row, system) for row in rows], as_json)


def why(
    kind: Annotated[str, typer.Argument(help="lead, agent, campaign or attempt.")],
    id: Annotated[str, typer.Argument(help="The lead's number, the name, or the attempt's id.")],
    png: Annotated[
        Path | None, typer.Option("--png", help="Of an attempt: draw it into this file.", show_default=False)
    ] = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Why something is or is not happening: the journalled decisions, newest last.

    Of an attempt: what the screen heard after the answer, and why it took it for a person or not.
    """
    checked = site_of(site)
    if kind == "attempt":
        why_attempt(checked, id, png, as_json)
        return
    if png is not None:
        fail(f"--png draws an attempt, not a {kind}", "perezvon why attempt ID --png FILE")
    system = checked.system
    lines = daemon(system, "why", kind=kind, id=id)
    show(lines if as_json else [f"{_clock(line['at'], system)}  {line['text']}" for line in lines], as_json)


def status(site: SiteFolder = None, as_json: Json = False) -> None:
    """The daemon at a glance, and what needs a hand."""
    told = daemon(site_of(site).system, "status")
    warnings = [] if as_json else told.pop("warnings")
    show(told, as_json)
    warn(*warnings)


def stop_all(site: SiteFolder = None, as_json: Json = False) -> None:
    """Pause every campaign at once: nothing is dialed until one is started again."""
    show(daemon(site_of(site).system, "stop_all"), as_json)


def _timed(row: dict[str, Any], system: System) -> dict[str, Any]:
    return {**row, "since": _clock(row["since"], system)}


def _clock(at: float, system: System) -> str:
    """The time of day in the site's zone."""
    return datetime.fromtimestamp(at, ZoneInfo(system.timezone)).strftime("%H:%M:%S") if at else "-"
