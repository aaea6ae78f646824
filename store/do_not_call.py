"""The do-not-call list: numbers that nothing calls, whatever the campaign and whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.inbound import CallbackState
from leads.lead import LeadState
from leads.orders import By, Plan
from leads.rules import LeadMove
from store.decisions import decide
from store.engine import Database
from store.leads import BATCH, LISTED, PAUSE, Added
from store.orders import stop_calling
from store.tables import callbacks, do_not_call, leads

ROBOT, AGENT = "robot", "agent"
"""The sources of numbers whose people pressed the opt-out key, or told an agent."""
_BY: Mapping[str, By] = {ROBOT: "robot", AGENT: "agent"}
NOT_TO_BE_CALLED = LeadMove(LeadState.FINAL, None, LISTED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A number on the list: who put it there, and when (epoch seconds)."""

    phone: str
    source: str
    note: str
    added_at: float


COLUMNS = tuple(do_not_call.c[field.name] for field in fields(Entry))


class DoNotCallRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, numbers: Mapping[str, str], source: str, now: float, plans: Mapping[str, Plan]
    ) -> Added:
        """Numbers (E.164) with a note each, at once: leads that wait for a call are final, open call-backs
        cancelled, and orders that wait for one not reached (`plans`: `leads.orders.plans`). A call that is
        journalled and not sent yet is not sent; one that rings already goes on. What is there stays."""
        added = 0
        for batch in _batches([*numbers]):
            if added:
                await asyncio.sleep(PAUSE)
            async with self._database.write() as connection:
                found = {phone: numbers[phone] for phone in batch}
                added += len(await bar(connection, found, source, now, plans))
        return Added(added, len(numbers) - added)

    async def remove(self, phone: str) -> bool:
        """Whether it was there. Leads that the list made final stay so."""
        async with self._database.write() as connection:
            gone = await connection.execute(delete(do_not_call).where(do_not_call.c.phone == phone))
            return bool(gone.rowcount)

    async def get(self, phone: str) -> Entry | None:
        return next(iter(await self._all(do_not_call.c.phone == phone)), None)

    async def among(self, phones: Collection[str]) -> set[str]:
        """Those of the numbers that are on the list."""
        found: set[str] = set()
        async with self._database.read() as connection:
            for batch in _batches([*phones]):
                found.update(await connection.scalars(_phones(batch)))
        return found

    async def page(self, limit: int = 100, after: str = "") -> list[Entry]:
        """By number; `after` is the last of the page before."""
        return await self._all(do_not_call.c.phone > after, limit=limit)

    async def count(self) -> int:
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(do_not_call)) or 0)

    async def _all(self, *wanted: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
        query = select(*COLUMNS).where(*wanted).order_by(do_not_call.c.phone).limit(limit)
        async with self._database.read() as connection:
            return [Entry(*row) for row in await connection.execute(query)]


async def is_listed(connection: AsyncConnection, phone: str) -> bool:
    """Whether the number is on the list."""
    return (await connection.execute(_phones([phone]))).one_or_none() is not None


async def bar(
    connection: AsyncConnection,
    numbers: Mapping[str, str],
    source: str,
    now: float,
    plans: Mapping[str, Plan],
) -> list[str]:
    """`DoNotCallRepository.add` inside another aggregate's write; gives those that were not there."""
    new = await _insert(connection, numbers, source, now)
    if new:
        await _stop(connection, new, _BY.get(source, "admin"), now, plans)
    return new


async def _insert(
    connection: AsyncConnection, notes: Mapping[str, str], source: str, now: float
) -> list[str]:
    """Those that were not there, sorted. Two who add a number at one time take turns; the second finds it."""
    rows = [
        {"phone": phone, "source": source, "note": notes[phone], "added_at": now} for phone in sorted(notes)
    ]
    made = (
        postgresql.insert(do_not_call).values(rows).on_conflict_do_nothing().returning(do_not_call.c.phone)
        if connection.dialect.name == "postgresql"
        else sqlite.insert(do_not_call).values(rows).on_conflict_do_nothing().returning(do_not_call.c.phone)
    )
    return sorted(await connection.scalars(made))


async def _stop(
    connection: AsyncConnection, phones: Sequence[str], by: By, now: float, plans: Mapping[str, Plan]
) -> None:
    await stop_calling(connection, phones, by, now, plans)
    waiting = leads.c.state.in_([LeadState.READY, LeadState.SCHEDULED])
    done = (
        update(leads)
        .where(leads.c.phone.in_(phones), waiting)
        .values(state=LeadState.FINAL, due_at=None)
        .returning(leads.c.id)
    )
    for lead_id in (await connection.scalars(done)).all():
        await decide(connection, "lead", str(lead_id), LISTED, now)
    open_tasks = callbacks.c.phone.in_(phones), callbacks.c.state == CallbackState.OPEN
    closed = {"state": CallbackState.CANCELLED, "closed_by": "do-not-call list", "closed_at": now}
    await connection.execute(update(callbacks).where(*open_tasks).values(**closed))


def _phones(batch: Sequence[str]) -> Select[tuple[str]]:
    return select(do_not_call.c.phone).where(do_not_call.c.phone.in_(batch))


def _batches(phones: Sequence[str]) -> Iterator[Sequence[str]]:
    return (phones[start : start + BATCH] for start in range(0, len(phones), BATCH))
