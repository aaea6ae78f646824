"""What every command shares: finding the site, asking the daemon, printing, exit codes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from ami_daemon.control import VerbError, ask
from config.lints import Prompts
from config.load import load_site
from config.models import Site, System
from config.problems import SiteError
from leads.importing import MAX_BYTES
from sounds import catalogue
from store import Store, StoreError, open_store
from store.engine import sqlite_file

T = TypeVar("T")

OK, ERROR, CHANGES, WARNINGS, NO_ASTERISK, NOT_RUNNING = 0, 1, 2, 3, 4, 5
"""Exit codes; `docs/admin.md` has them as a table. 2 also means: the command line is wrong."""

PIPE_WIDTH = 250
"""Columns of a table that is not shown on a terminal: nothing is cut for the program that reads it."""

out = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SiteFolder = Annotated[
    Path | None,
    typer.Option("--site", help="The site's folder.", envvar="PEREZVON_SITE", show_default=False),
]


def site_folder(given: Path | None) -> Path:
    """The folder to work on: the given one, $PEREZVON_SITE, ./config/site, or /etc/perezvon/site."""
    if given is not None:
        return given
    if named := os.environ.get("PEREZVON_SITE"):
        return Path(named)
    here = Path("config/site")
    return here if here.is_dir() else Path("/etc/perezvon/site")


def site_of(given: Path | None, *, with_prompts: bool = True) -> Site:
    """The checked site, or its problems on standard error and exit code 1.

    `with_prompts` False: whether its prompts exist does not matter, as for the command that makes them.
    """
    folder = site_folder(given)
    try:
        return load_site(folder, prompts_of if with_prompts else None)
    except SiteError as error:
        for problem in error.problems:
            err.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        fail(f"{folder} has errors; nothing was done")


def prompts_of(system: System) -> Prompts:
    """The prompts in the system's folder of them; none where there is no such folder."""
    try:
        return catalogue.prompts(sounds_of(system))
    except OSError:
        return {}


def sounds_of(system: System) -> Path:
    """The folder of the prompts: the site's own, or the installed one."""
    return (Path(system.sounds_dir) if system.sounds_dir else catalogue.sounds_dir()).resolve()


def daemon(system: System, verb: str, timeout: float = 30.0, **args: Any) -> Any:
    """Ask the running daemon; its error in plain words and the right exit code."""
    try:
        return ask(Path(system.socket), verb, timeout, **args)
    except VerbError as error:
        fail(error.message, error.hint, NOT_RUNNING if error.code == "not_running" else ERROR)


class NoDatabase(StoreError):
    """There is no database yet, and this user may not make one: the daemon could not open root's file."""


@asynccontextmanager
async def store_to_read(system: System) -> AsyncIterator[Store]:
    """The store, for a command that only reads; root does not make it. Raises `StoreError`."""
    file = sqlite_file(system.database)
    if file is not None and os.geteuid() == 0 and not file.exists():
        raise NoDatabase(
            f"there is no database {file} yet", "start the daemon first, or run this as the daemon's user"
        )
    async with open_store(system.database) as store:
        yield store


@asynccontextmanager
async def store_to_write(system: System) -> AsyncIterator[Store]:
    """The store, made where there is none. Raises `StoreError`."""
    if os.geteuid() == 0 and (file := sqlite_file(system.database)) is not None:
        _make_for_the_daemon(file)
    async with open_store(system.database) as store:
        yield store


def _make_for_the_daemon(file: Path) -> None:
    """Root makes the database for its folder's owner: the daemon's user must be able to open it."""
    with suppress(OSError):  # there already, or no such folder: opening the store says what is wrong
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            folder = file.parent.stat()
            os.chown(descriptor, folder.st_uid, folder.st_gid)
        finally:
            os.close(descriptor)


def read_list(file: Path) -> bytes:
    """A file of rows, no more of it than the importer takes."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")


def fail(message: str, hint: str = "", code: int = ERROR) -> NoReturn:
    """Say what is wrong and how to mend it, and leave."""
    err.print(
        f"error: {message}" + (f"; {hint}" if hint else ""), markup=False, highlight=False, soft_wrap=True
    )
    raise typer.Exit(code)


def warn(*messages: str) -> None:
    """Say what needs a hand, on standard error."""
    for message in messages:
        err.print(f"warning: {message}", markup=False, highlight=False, soft_wrap=True)


def show(value: Any, as_json: bool) -> None:
    """Print a verb's result: as JSON, or as a table where it is rows, or as key and value."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=2))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        table = Table(box=None, pad_edge=False)
        for key in value[0]:
            table.add_column(key.replace("_", " "))
        for row in value:
            table.add_row(*(_cell(cell) for cell in row.values()))
        out.print(table)
    elif isinstance(value, dict):
        for key, cell in value.items():
            out.print(f"{key.replace('_', ' ') + ':':<16} {_cell(cell)}", markup=False, highlight=False)
    elif isinstance(value, list):
        for line in value or ["none"]:
            out.print(str(line), markup=False, highlight=False)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(cell)}" for key, cell in value.items()) or "-"
    return str(value)


def ask_store(system: System, question: Callable[[Store], Awaitable[T]], *, write: bool = False) -> T:
    """Ask the store alone, or have it changed; its trouble in plain words."""

    async def answer() -> T:
        async with store_to_write(system) if write else store_to_read(system) as store:
            return await question(store)

    try:
        return asyncio.run(answer())
    except StoreError as error:
        fail(error.message, error.hint)


def moment(option: str, text: str, zone: ZoneInfo) -> float:
    """An option's date or time, epoch seconds; a date means its first moment."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text} is no date", "write 2026-11-01 or 2026-11-01T12:00")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that was not there, for its owner alone; whole, or not at all."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        fail(f"{path} is there already", "name another one, or remove it")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", "name another one with --output")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            fail(f"{path} cannot be written: {error.strerror}", "name another one with --output")
        raise


def write_csv(output: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows for Excel, Russian editions too: into a new file, or to standard output."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    with new_file(output) if output is not None else nullcontext(sys.stdout.buffer) as out:
        out.write(text.getvalue().encode("utf-8-sig"))
