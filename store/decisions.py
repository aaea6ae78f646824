"""Decisions: what `perezvon why` answers from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import decisions

Kind = Literal["lead", "agent", "campaign"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A sentence about a lead, an agent or a campaign: said first and last when, and how often."""

    text: str
    first_at: float
    at: float
    times: int


class DecisionRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, kind: Kind, subject: str, text: str, at: float) -> None:
        """A text that this subject has already is counted and moved to `at`, not added again."""
        async with self._database.write() as connection:
            await decide(connection, kind, subject, text, at)

    async def of(self, kind: Kind, subject: str, limit: int = 50) -> list[Decision]:
        """The last decisions, newest last."""
        columns = (decisions.c.text, decisions.c.first_at, decisions.c.at, decisions.c.times)
        query = (
            select(*columns)
            .where(decisions.c.kind == kind, decisions.c.subject == subject)
            .order_by(decisions.c.at.desc(), decisions.c.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [Decision(*row) for row in reversed((await connection.execute(query)).all())]

    async def prune(self, before: float) -> int:
        """Forgets what was last said before that time; gives how many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(decisions).where(decisions.c.at < before))).rowcount


async def decide(connection: AsyncConnection, kind: Kind, subject: str, text: str, at: float) -> None:
    """The same inside another aggregate's write."""
    same = (decisions.c.kind == kind, decisions.c.subject == subject, decisions.c.text == text)
    again = {"at": at, "times": decisions.c.times + 1}
    if not (await connection.execute(update(decisions).where(*same).values(again))).rowcount:
        new = {"kind": kind, "subject": subject, "text": text, "first_at": at, "at": at, "times": 1}
        await connection.execute(insert(decisions).values(new))
