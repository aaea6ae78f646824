"""`perezvon callers`: who is no ordinary client. Works on the store; needs no daemon."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.session import Json, SiteFolder, ask_store, err, fail, show, site_of
from config.models import System
from leads.importing import MAX_BYTES, BadList, parse_csv
from leads.inbound import CallerClass
from leads.lead import NewLead
from leads.phones import BadPhone, mask, parse_phone
from store import ListedCaller, Store

callers = typer.Typer(help="Colleagues, VIPs and spam among the callers.", no_args_is_help=True)

LISTED = [one for one in CallerClass if one is not CallerClass.CLIENT]
SHOWN = 20
"""Bad rows that are named."""

Numbers = Annotated[list[str], typer.Argument(help="Phone numbers.")]
Full = Annotated[bool, typer.Option("--full", help="Show whole phone numbers.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]


@callers.command("list")
def callers_list(
    caller_class: Annotated[CallerClass | None, typer.Option("--class", help="Only this class.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Numbers at most.")] = 100,
    after: Annotated[str, typer.Option(help="Only numbers behind this one: the next page.")] = "",
    full: Full = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Every number that has a class; who is not here is a client."""
    system = site_of(site).system
    rows = ask_store(system, lambda store: store.callers.page(caller_class, limit, after))
    show([_row(row, full) for row in rows], as_json)


@callers.command("add")
def callers_add(
    numbers: Numbers,
    caller_class: Annotated[CallerClass, typer.Option("--class", help="colleague, vip or spam.")],
    note: Annotated[str, typer.Option(help="Who that is.")] = "",
    dry_run: DryRun = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Give numbers a class; a number that has one gets the new one. Calls that came before keep theirs."""
    system = site_of(site).system
    if caller_class not in LISTED:
        fail("who is in no list is a client", "take the number off: perezvon callers remove NUMBER")
    found = [ListedCaller(phone, caller_class, note) for phone in _phones(numbers, system)]
    _add(system, found, dry_run, as_json)


@callers.command("remove")
def callers_remove(numbers: Numbers, site: SiteFolder = None, as_json: Json = False) -> None:
    """Take numbers off: they are clients again."""
    system = site_of(site).system
    phones = _phones(numbers, system)
    removed = ask_store(system, lambda store: store.callers.remove(phones))
    show({"removed": removed, "were_not_there": len(set(phones)) - removed}, as_json)


@callers.command("import")
def callers_import(
    file: Annotated[Path, typer.Argument(help="CSV: a column phone, and class and note where wanted.")],
    caller_class: Annotated[
        CallerClass | None, typer.Option("--class", help="Class of rows that name none.")
    ] = None,
    dry_run: DryRun = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Add a CSV file's numbers, all of them or, where a row is bad, none."""
    system = site_of(site).system
    try:
        with file.open("rb") as stream:
            parsed = parse_csv(stream.read(MAX_BYTES + 1), system.country)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except BadList as error:
        fail(f"{file}: {error.message}", error.hint)
    bad = [f"row {reject.row}: {reject.reason}" for reject in parsed.rejects]
    found: list[ListedCaller] = []
    for lead in parsed.good:
        try:
            found.append(_listed(lead, caller_class))
        except ValueError as error:
            bad.append(f"{lead.phone}: {error}")
    for text in bad[:SHOWN]:
        err.print(f"{file}: {text}", markup=False, highlight=False, soft_wrap=True)
    if bad:
        fail(f"{len(bad)} bad rows in {file}; nothing was added", "mend them and import the file again")
    _add(system, found, dry_run, as_json)


@callers.command("check")
def callers_check(
    number: Annotated[str, typer.Argument(help="A phone number.")],
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Which class a caller with this number has, and whether a call back is owed."""
    system = site_of(site).system
    (phone,) = _phones([number], system)

    async def look(store: Store) -> dict[str, Any]:
        task = await store.callbacks.open_of(phone)
        return {
            "number": phone,
            "class": str(await store.callers.class_of(phone)),
            "callback": task and task.id,
        }

    show(ask_store(system, look), as_json)


def _phones(numbers: list[str], system: System) -> list[str]:
    found: list[str] = []
    for number in numbers:
        try:
            found.append(parse_phone(number, system.country))
        except BadPhone as error:
            fail(f"{number} is no number: {error.reason}", "write it as +74951234567")
    return found


def _listed(row: NewLead, default: CallerClass | None) -> ListedCaller:
    """A row of the file; the columns may be called class and note, in English or Russian."""
    columns = {name.lower(): value for name, value in row.extra.items()}
    named = columns.get("class") or columns.get("класс")
    known = {str(one): one for one in LISTED}
    if named is None and default in LISTED:
        return ListedCaller(row.phone, default, _note(row, columns))
    if named is None or named.lower() not in known:
        raise ValueError(
            f"the class is {named!r}, not one of {', '.join(known)}" if named else "no class: give --class"
        )
    return ListedCaller(row.phone, known[named.lower()], _note(row, columns))


def _note(row: NewLead, columns: dict[str, str]) -> str:
    return columns.get("note") or columns.get("заметка") or row.name


def _add(system: System, found: list[ListedCaller], dry_run: bool, as_json: bool) -> None:
    now = time.time()  # noqa: TID251 - the edge
    done = ask_store(system, lambda store: store.callers.add(found, now, dry_run=dry_run))
    show({**asdict(done), "dry_run": dry_run}, as_json)


def _row(caller: ListedCaller, full: bool) -> dict[str, Any]:
    number = caller.phone if full else mask(caller.phone)
    return {"number": number, "class": str(caller.caller_class), "note": caller.note}
