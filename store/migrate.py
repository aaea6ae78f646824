"""Brings a database to the schema of this version."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from store.engine import Database, StoreError, lock_schema
from store.tables import metadata


async def migrate(database: Database) -> None:
    """All migrations in one transaction; nothing at all where the schema is up to date.

    Raises `StoreError` for a database that is newer than this version or is not ours.
    """
    script = _migrations()
    async with database.read() as connection:
        if await connection.run_sync(_up_to_date, script):
            return
    async with database.write() as connection:
        await lock_schema(connection)
        if not await connection.run_sync(_up_to_date, script):
            await connection.run_sync(_upgrade)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


@cache
def _migrations() -> ScriptDirectory:
    """Read once: a process may open many databases."""
    return ScriptDirectory.from_config(_config())


def _up_to_date(connection: Connection, script: ScriptDirectory) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        foreign = metadata.tables.keys() & set(inspect(connection).get_table_names())
        if foreign:
            raise StoreError(
                f"the database holds tables that are not Perezvon's: {', '.join(sorted(foreign))}",
                "give Perezvon a database of its own",
            )
        return False
    if current not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(
            f"the database was made by a newer Perezvon (schema {current})",
            "install that version, or restore the backup from before it",
        )
    return current == script.get_current_head()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
