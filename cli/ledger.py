"""`perezvon ledger`: how many people were abandoned, against the law. Works on the store; needs no daemon."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.session import Json, SiteFolder, ask_store, err, fail, moment, new_file, show, site_of
from config.laws import NOT_ADVICE, WINDOWS
from config.models import Campaign, Site
from config.problems import did_you_mean
from predictive.ledger import NO_ERRORS, is_gone, standing, window_start
from predictive.screening import errors, is_screened
from store import Store
from store.ledger_csv import Period, told_time, write_ledger

ledger = typer.Typer(help="The abandonment ledger.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The campaign's name.")]


@ledger.command("show")
def ledger_show(name: Name, site: SiteFolder = None, as_json: Json = False) -> None:
    """Abandonment over 24 hours, 30 days, the month and since midnight, and what the law still permits."""
    checked = site_of(site)
    campaign, zone = _campaign(checked, name)
    now = time.time()  # noqa: TID251 - the edge
    rows = ask_store(checked.system, lambda store: _windows(store, name, campaign, zone, now))
    legal = next(row for row in rows if row["window"] == campaign.rules.window)
    law = campaign.rules
    result = {
        "campaign": name,
        "law": campaign.law.value,
        "figures": law.numbers(),
        "notes": law.en,
        "source": law.source,
        "advice": NOT_ADVICE[0],
        "limit": law.limit,
        "target": campaign.aim,
        "budget": {key: legal[key] for key in ("window", "rate", "left", "gone")},
    }
    if as_json:
        show({**result, "windows": rows}, True)
        return
    budget = "gone: only progressive dialing" if legal["gone"] else f"{max(0.0, legal['left']):.1f} calls"
    told = {"limit": _percent(law.limit), "target": _percent(campaign.aim), "budget": f"{budget} left"}
    show({**result, **told}, False)
    show([_told(row, row is legal, zone) for row in rows], False)


@ledger.command("export")
def ledger_export(
    name: Name,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="First moment, 2026-11-01 or 2026-11-01T12:00; default: the law's window."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End, not included; default: now.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; default: standard output.")
    ] = None,
    site: SiteFolder = None,
) -> None:
    """Every answered call with what it counts as, and the sums, as CSV: for an auditor to recompute.

    Times are those of the campaign's zone; a date means its first moment.
    """
    checked = site_of(site)
    campaign, zone = _campaign(checked, name)
    until = time.time() if end is None else moment("--to", end, zone)  # noqa: TID251 - the edge
    if start is not None:
        since = moment("--from", start, zone)
    elif (since := window_start(campaign.rules.window, until, zone)) >= until:
        since = window_start(campaign.rules.window, until - 1.0, zone)  # until December 1st: November
    if since >= until:
        fail(
            f"nothing lies from {told_time(since, zone)} until before {told_time(until, zone)}",
            "--from must be before --to",
        )
    period = Period(name, campaign.law, zone, since, until, campaign.screened)
    with new_file(output) if output is not None else nullcontext(sys.stdout.buffer) as out:
        found = ask_store(checked.system, lambda store: write_ledger(store.ledger, period, out))
    err.print(
        f"{found.abandoned:g} abandoned of {found.live:g}: {_percent(found.rate)}, the limit is"
        f" {_percent(found.limit)}",
        highlight=False,
    )


def _campaign(site: Site, name: str) -> tuple[Campaign, ZoneInfo]:
    if name not in site.campaigns:
        fail(f"no campaign is called {name!r}", did_you_mean(name, site.campaigns))
    campaign = site.campaigns[name]
    return campaign, ZoneInfo(campaign.timezone or site.system.timezone)


async def _windows(
    store: Store, name: str, campaign: Campaign, zone: ZoneInfo, now: float
) -> list[dict[str, Any]]:
    law, rows = campaign.rules, []
    for window in WINDOWS:
        since = window_start(window, now, zone)
        counts = await store.ledger.counts(name, law, since)
        marks = await store.ledger.marks(name, since)
        screening = errors(counts, marks) if is_screened(counts, campaign.screened) else NO_ERRORS
        found = standing(counts, law.of, law.limit, screening)
        rows.append(
            {
                "window": window,
                "since": since,
                **asdict(counts),
                **asdict(screening),
                "marks": asdict(marks),
                "counted_abandoned": found.abandoned,
                "counted_live": found.live,
                "rate": found.rate,
                "left": found.left,
                "gone": is_gone(found.live, found.abandoned, campaign.permitted),
            }
        )
    return rows


def _told(row: dict[str, Any], legal: bool, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "window": f"{WINDOWS[row['window']]}{', the law' if legal else ''}",
        "since": datetime.fromtimestamp(row["since"], zone).isoformat(" ", "minutes"),
        "abandoned": row["counted_abandoned"],
        "of_live": row["counted_live"],
        "rate": _percent(row["rate"]),
        "too_late": row["late"],
        "machines": row["machines"],
        "persons_among_them": _percent(row["persons_among_machines"]),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
