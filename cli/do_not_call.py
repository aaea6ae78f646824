"""`perezvon dnc`: the do-not-call list. Works on the store at once; needs no daemon."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.session import Json, SiteFolder, ask_store, fail, read_list, show, site_of, write_csv
from config.models import Site
from leads.importing import BadList, guarded, parse_csv
from leads.orders import plans
from leads.phones import BadPhone, mask, parse_phone
from store import Store
from store.do_not_call import Entry

dnc = typer.Typer(help="The do-not-call list: numbers that nothing calls.", no_args_is_help=True)

PAGE = 500
Numbers = Annotated[list[str], typer.Argument(help="Telephone numbers, in any form.")]


@dnc.command("add")
def add(
    numbers: Numbers,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Put numbers on the list: from now on nothing calls them, whatever the campaign.

    Leads that wait for a call are final, call-backs cancelled, orders not reached. A call that rings goes on.
    """
    checked = site_of(site)
    show(_add(checked, {_phone(number, checked): note for number in numbers}, "admin"), as_json)


@dnc.command("import")
def import_numbers(
    file: Annotated[Path, typer.Argument(help="A CSV file with a column phone, or nothing but phones.")],
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Put a file's numbers on the list; where a row is no number nothing is imported (exit code 1)."""
    checked = site_of(site)
    try:
        parsed = parse_csv(read_list(file), checked.system.country)
    except BadList as error:
        fail(f"{file}: {error.message}", error.hint)
    wrong = [row for row in parsed.rejects if not row.duplicate]
    if wrong:
        show([{"row": row.row, "reason": row.reason} for row in wrong], as_json)
        fail(f"{file}: {len(wrong)} rows are no number; nothing was imported", "mend them, import it again")
    numbers = {lead.phone: lead.extra.get("note", lead.name) for lead in parsed.good}
    show(_add(checked, numbers, f"import {file.name}"), as_json)


def _add(site: Site, numbers: dict[str, str], source: str) -> dict[str, Any]:
    now = time.time()  # noqa: TID251 - the edge
    added = ask_store(
        site.system, lambda store: store.do_not_call.add(numbers, source, now, plans(site)), write=True
    )
    return {"added": added.added, "already_there": added.duplicates}


@dnc.command("remove")
def remove(
    number: Annotated[str, typer.Argument(help="A telephone number, in any form.")],
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Take a number off the list. Leads that it made final stay final."""
    checked = site_of(site)
    phone = _phone(number, checked)
    if not ask_store(checked.system, lambda store: store.do_not_call.remove(phone), write=True):
        fail(f"{phone} is not on the list")
    show({"removed": phone}, as_json)


@dnc.command("check")
def check(
    numbers: Numbers,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Whether numbers are on the list, by whom, and since when."""
    checked = site_of(site)
    phones = [_phone(number, checked) for number in numbers]

    async def found(store: Store) -> list[Entry | None]:
        return [await store.do_not_call.get(phone) for phone in phones]

    zone = ZoneInfo(checked.system.timezone)
    entries = ask_store(checked.system, found)
    show(
        [
            {"phone": phone, "listed": entry is not None} | (_row(entry, True, zone) if entry else {})
            if as_json
            else {"phone": phone, "listed": "yes, by " + entry.source if entry else "no"}
            for phone, entry in zip(phones, entries, strict=True)
        ],
        as_json,
    )


@dnc.command("list")
def list_numbers(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Numbers at most.")] = 50,
    after: Annotated[str, typer.Option(help="Only numbers after this one: the next page.")] = "",
    full: Annotated[bool, typer.Option("--full", help="Show whole phone numbers.")] = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Numbers on the list."""
    system = site_of(site).system
    found = ask_store(system, lambda store: store.do_not_call.page(limit, after))
    zone = ZoneInfo(system.timezone)
    show([_row(entry, full, zone) for entry in found] or ([] if as_json else ["nobody"]), as_json)


@dnc.command("export")
def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; default: standard output.")
    ] = None,
    site: SiteFolder = None,
) -> None:
    """The whole list as CSV for spreadsheets, which `dnc import` reads again."""
    system = site_of(site).system
    zone = ZoneInfo(system.timezone)

    async def rows(store: Store) -> list[dict[str, str]]:
        return [_guarded(_row(entry, True, zone)) async for entry in _all(store)]

    write_csv(output, ("phone", "source", "note", "added"), ask_store(system, rows))


async def _all(store: Store) -> AsyncIterator[Entry]:
    after = ""
    while page := await store.do_not_call.page(PAGE, after):
        for entry in page:
            yield entry
        after = page[-1].phone


def _guarded(row: dict[str, str]) -> dict[str, str]:
    return dict(zip(row, guarded([*row.values()]), strict=True))


def _row(entry: Entry, full: bool, zone: ZoneInfo) -> dict[str, str]:
    return {
        "phone": entry.phone if full else mask(entry.phone),
        "source": entry.source,
        "note": entry.note,
        "added": datetime.fromtimestamp(entry.added_at, zone).isoformat(" ", "seconds"),
    }


def _phone(text: str, site: Site) -> str:
    try:
        return parse_phone(text, site.system.country)
    except BadPhone as error:
        fail(f"{text} is no number: {error.reason}")
