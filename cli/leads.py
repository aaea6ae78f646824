"""`perezvon leads`: import a list, and see what became of it. Works on the store; needs no daemon."""

from __future__ import annotations

import asyncio
import os
import re
import time
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.session import (
    Json,
    SiteFolder,
    fail,
    read_list,
    show,
    site_of,
    store_to_read,
    store_to_write,
)
from config.models import System
from leads.importing import BadList, ParsedList, parse_csv, write_rejects
from leads.lead import Lead, LeadState
from leads.phones import mask
from store import Added, StoreError

leads = typer.Typer(help="Lists of leads.", no_args_is_help=True)


@leads.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="A CSV file; its first row names the columns.")],
    into: Annotated[str, typer.Option("--list", help="The list, made where there is none.")],
    rejects: Annotated[
        Path | None,
        typer.Option(help="Where refused rows go; default: beside the file.", show_default=False),
    ] = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Add a CSV file's leads to a list; refused rows go to a file, each with its reason.

    A number that the list has already is left as it is, so a file may be imported again. Exit code 1
    where no row was good.
    """
    system = site_of(site).system
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", into):
        fail(f"{into!r} is no name of a list", "use a-z, 0-9, _ and -, beginning with a letter")
    try:
        data = read_list(file)
        parsed = parse_csv(data, system.country)
        if not parsed.good and not parsed.rejects:
            raise BadList("the file has a header and no rows", "export the list again")
        if barred := asyncio.run(_barred(system, parsed)):
            parsed = parse_csv(data, system.country, barred)
        refused = _write_rejects(rejects or file.with_name(f"{file.stem}.rejects.csv"), parsed)
        added = asyncio.run(_add(system, into, parsed))
    except BadList as error:
        fail(f"{file}: {error.message}", error.hint)
    except StoreError as error:
        fail(error.message, error.hint)
    result = {
        "list": into,
        "added": added.added,
        "already_there": added.duplicates,
        "refused": len(parsed.rejects),
        "do_not_call": len(barred),
        "rejects_file": refused and str(refused),
        "encoding": parsed.encoding,
        "delimiter": {"\t": "tab"}.get(parsed.delimiter, parsed.delimiter),
    }
    show(result, as_json)
    if not parsed.good:
        raise typer.Exit(1)


@leads.command("list")
def list_leads(
    name: Annotated[
        str | None, typer.Argument(help="A list; without it all lists with their counts.")
    ] = None,
    state: Annotated[LeadState | None, typer.Option(help="Only leads in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Leads at most.")] = 50,
    after: Annotated[int, typer.Option(help="Only leads with a higher id: the next page.")] = 0,
    full: Annotated[bool, typer.Option("--full", help="Show whole phone numbers.")] = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Show lists and how many of their leads are in which state, or the leads of one list."""
    system = site_of(site).system
    try:
        if name is None:
            show(asyncio.run(_lists(system)), as_json)
        else:
            found = asyncio.run(_page(system, name, state, limit, after))
            show([_row(lead, full, ZoneInfo(system.timezone)) for lead in found], as_json)
    except StoreError as error:
        fail(error.message, error.hint)


def _write_rejects(file: Path, parsed: ParsedList) -> Path | None:
    """Where they are: an older file with other content stays, and the new one gets a number."""
    if not parsed.rejects:
        return None
    content = write_rejects(parsed.rejects, parsed.columns)
    try:
        if file.exists() and not file.is_file():  # /dev/null and the like
            file.write_bytes(content)
            return file
        names = (file.with_name(f"{file.stem}-{number}{file.suffix}") for number in count(2))
        return next(name for name in chain([file], names) if _is_now(name, content))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", "name another one with --rejects")


def _is_now(file: Path, content: bytes) -> bool:
    """Whether the file has this content, made now or before; a new one is only for its owner."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if not file.is_file() or file.read_bytes() != content:
            return False
        file.chmod(0o600)
        return True
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(content)
    except OSError:
        file.unlink()
        raise
    return True


async def _barred(system: System, parsed: ParsedList) -> set[str]:
    """Those of the list's numbers that are on the do-not-call list."""
    async with store_to_write(system) as store:
        return await store.do_not_call.among([lead.phone for lead in parsed.good])


async def _add(system: System, into: str, parsed: ParsedList) -> Added:
    async with store_to_write(system) as store:
        return await store.leads.add(into, parsed.good, time.time())  # noqa: TID251 - the edge


async def _lists(system: System) -> list[dict[str, Any]]:
    async with store_to_read(system) as store:
        return [
            {"list": name} | {state.value: count for state, count in (await store.leads.counts(name)).items()}
            for name in await store.leads.lists()
        ]


async def _page(system: System, name: str, state: LeadState | None, limit: int, after: int) -> list[Lead]:
    async with store_to_read(system) as store:
        if name not in await store.leads.lists():
            fail(f"there is no list {name}", "`perezvon leads list` shows all")
        return await store.leads.page(name, state, limit, after)


def _row(lead: Lead, full: bool, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": lead.id,
        "phone": lead.phone if full else mask(lead.phone),
        "name": lead.name,
        "company": lead.company,
        "timezone": lead.timezone,
        "priority": lead.priority,
        "state": lead.state,
        "due": lead.due_at and datetime.fromtimestamp(lead.due_at, zone).isoformat(" ", "seconds"),
        "attempts": lead.attempts,
        "last_outcome": lead.last_outcome,
    }
