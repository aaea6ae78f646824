"""The outbox: results on their way to shops, written in the transaction that made them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.orders import By, Order, Result, as_json, when
from store.engine import Database
from store.tables import outbox


class LetterState(StrEnum):
    """Where a result stands on its way to the shop."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Letter:
    """A result for a shop. `delivery` is the same at every try; times are epoch seconds."""

    id: int
    delivery: str
    shop: str
    order_id: int
    event: str
    body: Mapping[str, Any]
    created_at: float
    trying_since: float
    due_at: float
    tries: int
    state: LetterState
    error: str


COLUMNS = tuple(outbox.c[field.name] for field in fields(Letter))


class OutboxRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, shop: str, now: float, limit: int) -> list[Letter]:
        """What to send to a shop now, oldest first: of every order the first that waits, once it is due."""
        earlier = outbox.alias()
        behind = select(earlier.c.id).where(
            earlier.c.order_id == outbox.c.order_id,
            earlier.c.id < outbox.c.id,
            earlier.c.state == LetterState.WAITING,
        )
        query = select(*COLUMNS).where(
            outbox.c.state == LetterState.WAITING,
            outbox.c.shop == shop,
            outbox.c.due_at <= now,
            ~behind.correlate(outbox).exists(),
        )
        return await self._all(query.order_by(outbox.c.due_at, outbox.c.id).limit(limit))

    async def waiting_shops(self) -> list[str]:
        """Shops for which something waits."""
        query = select(outbox.c.shop).distinct().where(outbox.c.state == LetterState.WAITING)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def sent(self, letter_id: int) -> None:
        """The shop has taken it."""
        await self._change(letter_id, state=LetterState.SENT, error="", tries=outbox.c.tries + 1)

    async def failed(self, letter_id: int, error: str, again_at: float | None) -> None:
        """The shop has not taken it: tried again at that time, or given up (None)."""
        values: dict[str, Any] = {"error": error, "tries": outbox.c.tries + 1}
        if again_at is None:
            values["state"] = LetterState.GIVEN_UP
        else:
            values["due_at"] = again_at
        await self._change(letter_id, **values)

    async def retry(self, ids: Collection[int] | None, now: float) -> int:
        """Tries again at once what was given up or waits for its next try (None: all); gives how many. Not
        where the shop has taken a later result of that order: it would come out of order, and says less."""
        later = outbox.alias()
        superseded = exists(
            select(later.c.id)
            .where(
                later.c.order_id == outbox.c.order_id,
                later.c.id > outbox.c.id,
                later.c.state == LetterState.SENT,
            )
            .correlate(outbox)
        )
        wanted = [outbox.c.state != LetterState.SENT, ~superseded]
        if ids is not None:
            wanted.append(outbox.c.id.in_(ids))
        anew = {"state": LetterState.WAITING, "due_at": now, "trying_since": now}
        async with self._database.write() as connection:
            return (await connection.execute(update(outbox).where(*wanted).values(**anew))).rowcount

    async def page(
        self, state: LetterState | None = None, shop: str | None = None, limit: int = 50, after: int = 0
    ) -> list[Letter]:
        """By id; `after` is the last id of the page before."""
        query = select(*COLUMNS).where(outbox.c.id > after).order_by(outbox.c.id).limit(limit)
        if state is not None:
            query = query.where(outbox.c.state == state)
        if shop is not None:
            query = query.where(outbox.c.shop == shop)
        return await self._all(query)

    async def prune(self, before: float) -> int:
        """Forgets what was sent or given up, and last due, before that time; gives how many."""
        old = outbox.c.state != LetterState.WAITING, outbox.c.due_at < before
        async with self._database.write() as connection:
            return (await connection.execute(delete(outbox).where(*old))).rowcount

    async def _change(self, letter_id: int, **values: Any) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(outbox).where(outbox.c.id == letter_id).values(**values))

    async def _all(self, query: Any) -> list[Letter]:
        async with self._database.read() as connection:
            rows = [row._asdict() for row in await connection.execute(query)]
        return [Letter(**{**row, "state": LetterState(row["state"])}) for row in rows]


async def post(connection: AsyncConnection, order: Order, result: Result, by: By, at: float) -> None:
    """Inside another aggregate's write: a result for the order's shop."""
    delivery = uuid4().hex
    body = {
        "delivery": delivery,
        "event": result.value,
        "by": by,
        "at": when(at),
        "order": as_json(order),
    }
    await connection.execute(
        insert(outbox).values(
            delivery=delivery,
            shop=order.shop,
            order_id=order.id,
            event=result,
            body=body,
            created_at=at,
            trying_since=at,
            due_at=at,
            tries=0,
            state=LetterState.WAITING,
            error="",
        )
    )
