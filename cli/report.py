"""What the reports of calls and of surveys share: their period, and their one form."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.session import fail, moment

DAYS = 30

From = Annotated[
    str | None,
    typer.Option("--from", help=f"First moment, 2026-11-01 or 2026-11-01T12:00; default: {DAYS} days."),
]
To = Annotated[str | None, typer.Option("--to", help="End, not included; default: now.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A new file; default: standard output.")]


def period(start: str | None, end: str | None, zone: ZoneInfo) -> tuple[float, float]:
    """From when until before when, epoch seconds; a period without a moment is refused."""
    until = time.time() if end is None else moment("--to", end, zone)  # noqa: TID251 - the edge
    since = until - DAYS * 86400 if start is None else moment("--from", start, zone)
    if since >= until:
        first, last = (datetime.fromtimestamp(at, zone).isoformat(" ", "seconds") for at in (since, until))
        fail(f"nothing lies from {first} until before {last}", "--from must be before --to")
    return since, until


def one_form(as_json: bool, as_csv: bool, output: Path | None) -> None:
    """JSON or CSV, and a file for CSV alone."""
    if as_json and as_csv:
        fail("--json and --csv are two forms of the same", "give one of them")
    if output is not None and not as_csv:
        fail("--output is for --csv", "add --csv")
