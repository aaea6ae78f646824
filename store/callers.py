"""Callers who are no ordinary clients: colleagues, VIPs, spammers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.inbound import CallerClass
from store.engine import Database
from store.leads import BATCH
from store.tables import caller_classes


@dataclass(frozen=True, slots=True)
class ListedCaller:
    """A number (E.164) and the class of who calls from it."""

    phone: str
    caller_class: CallerClass
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """What adding did: new numbers, those whose class or note changed, and those that were so already."""

    added: int
    changed: int
    unchanged: int


class CallerRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def class_of(self, phone: str | None) -> CallerClass:
        """Who is in no list, or withholds the number, is a client."""
        async with self._database.read() as connection:
            return await class_of(connection, phone)

    async def add(self, callers: Iterable[ListedCaller], now: float, *, dry_run: bool = False) -> Listed:
        """Adds numbers, or gives them another class or note; all of them, or none. A number that comes twice
        counts as it comes last. `dry_run` only tells what it would do."""
        wanted = {caller.phone: caller for caller in callers}
        known: dict[str, ListedCaller] = {}
        phones = list(wanted)
        async with self._database.read() if dry_run else self._database.write() as connection:
            for start in range(0, len(phones), BATCH):
                known |= await _find(connection, phones[start : start + BATCH])
            changed = [phone for phone, row in known.items() if row != wanted[phone]]
            new = [phone for phone in phones if phone not in known]
            if not dry_run:
                write = [*changed, *new]
                await _remove(connection, changed)
                for start in range(0, len(write), BATCH):
                    rows = [asdict(wanted[phone]) for phone in write[start : start + BATCH]]
                    await connection.execute(
                        insert(caller_classes), [{**row, "added_at": now} for row in rows]
                    )
        return Listed(len(new), len(changed), len(known) - len(changed))

    async def remove(self, phones: Collection[str]) -> int:
        """Gives how many were in the list."""
        async with self._database.write() as connection:
            return await _remove(connection, list(phones))

    async def page(
        self, caller_class: CallerClass | None = None, limit: int = 100, after: str = ""
    ) -> list[ListedCaller]:
        """The list by number; `after` is the last number of the page before."""
        query = select(*_COLUMNS).where(caller_classes.c.phone > after)
        if caller_class is not None:
            query = query.where(caller_classes.c.caller_class == caller_class)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(caller_classes.c.phone).limit(limit))
            return [ListedCaller(row[0], CallerClass(row[1]), row[2]) for row in rows]


_COLUMNS = (caller_classes.c.phone, caller_classes.c.caller_class, caller_classes.c.note)


async def class_of(connection: AsyncConnection, phone: str | None) -> CallerClass:
    """The same inside another aggregate's transaction."""
    query = select(caller_classes.c.caller_class).where(caller_classes.c.phone == phone)
    return CallerClass(await connection.scalar(query) or CallerClass.CLIENT)


async def _find(connection: AsyncConnection, phones: Collection[str]) -> dict[str, ListedCaller]:
    rows = await connection.execute(select(*_COLUMNS).where(caller_classes.c.phone.in_(phones)))
    return {row[0]: ListedCaller(row[0], CallerClass(row[1]), row[2]) for row in rows}


async def _remove(connection: AsyncConnection, phones: list[str]) -> int:
    removed = 0
    for start in range(0, len(phones), BATCH):
        these = caller_classes.c.phone.in_(phones[start : start + BATCH])
        removed += (await connection.execute(delete(caller_classes).where(these))).rowcount
    return removed
