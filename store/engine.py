"""The database connection: SQLite or PostgreSQL by URL. The only file that knows the difference."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_SECONDS = 10
"""How long a write waits for another process's write."""


class StoreError(Exception):
    """The database cannot be used. `hint` says how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Database:
    """Transactions over one engine.

    Inside a `read` all SQLite reads see one moment. Writes of this process take turns, so they wait on a
    lock of ours and not on the database's; those of other processes wait up to `BUSY_SECONDS`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._reader = engine
        self._writer = engine.execution_options(perezvon_write=True)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with plain_errors():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Commits at the end of the block, rolls back on any exception."""
        with plain_errors():
            async with self._turn, self._writer.begin() as connection:
                yield connection


@contextmanager
def plain_errors() -> Iterator[None]:
    """Failures of the database (not of our SQL) as `StoreError`, without parameters or passwords."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DBAPIError, sqlite3.Error) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error)
        raise StoreError(f"the database failed: {reason}", _hint(reason)) from error
    except OSError as error:
        raise StoreError(
            f"the database server cannot be reached: {error}", "start it, or mend the database URL"
        ) from error


def _hint(reason: str) -> str:
    hints = {
        "locked": "another process is writing for long; stop it, or try again",
        "full": "free some disk space",
        "readonly": "let this user write the file and its folder",
        "not a database": "the file is damaged or is no SQLite database; restore it from a backup",
        "malformed": "the file is damaged; restore it from a backup",
    }
    return next((hint for word, hint in hints.items() if word in reason), "see the database's own log")


def make_engine(url: str) -> AsyncEngine:
    """An engine that is ready to use. Raises `StoreError` on a bad URL or a file that cannot be."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("the database URL cannot be read", "write sqlite+aiosqlite:////PATH") from None
    if parsed.drivername == "sqlite+aiosqlite":
        return _sqlite(parsed)
    if parsed.drivername == "postgresql+asyncpg":
        return _postgresql(parsed)
    raise StoreError(
        f"databases of kind {parsed.drivername} are not supported",
        "use sqlite+aiosqlite:////PATH or postgresql+asyncpg://USER@HOST/NAME",
    )


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, there or not; None of every other URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.drivername == "sqlite+aiosqlite" and parsed.database else None


def _postgresql(url: URL) -> AsyncEngine:
    try:
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise StoreError("the PostgreSQL driver is missing", "pip install 'perezvon[postgresql]'") from None


def _sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("the database URL names no file", "write sqlite+aiosqlite:////PATH")
    _make_private(Path(url.database))
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begun` does
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer takes the lock at once: one that read first and wrote later could only fail as stale.
        write = connection.get_execution_options().get("perezvon_write")
        statement = "BEGIN IMMEDIATE" if write else "BEGIN"
        # On the driver's own connection: one trip to its thread instead of SQLAlchemy's three.
        connection.connection.run_async(lambda driver: driver.execute(statement))

    return engine


def _make_private(path: Path) -> None:
    """The file holds people's numbers, so only its owner reads it; SQLite gives its WAL the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Not opened: closing it would drop the locks that this process has on it, and SQLite relies on them.
        if path.is_dir() or not os.access(path, os.R_OK | os.W_OK):
            why = os.strerror(errno.EISDIR if path.is_dir() else errno.EACCES)
            raise StoreError(
                f"the database {path} cannot be opened: {why}", "let this user write the file and its folder"
            ) from None
    except FileNotFoundError:
        raise StoreError(f"there is no folder {path.parent}", f"mkdir -p {path.parent}") from None
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be opened: {error.strerror}",
            "let this user write the file and its folder",
        ) from None


async def lock_schema(connection: AsyncConnection) -> None:
    """Only one process migrates at a time. SQLite's write transaction is such a lock already."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(727374)"))
