"""What the screen said of each answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, insert, select

from store.attempts import UnknownAttempt
from store.engine import Database
from store.tables import attempts, metadata

verdicts = Table(
    "verdicts",
    metadata,
    Column("attempt", String, ForeignKey("attempts.id"), primary_key=True),
    Column("early", Boolean, primary_key=True),
    Column("heard", String, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("why", String, nullable=False),
    Column("screen", String, nullable=False),
    Column("checked", Boolean, nullable=False),
    Column("at", Double, nullable=False),
)
Index(
    "ix_verdicts_checked",
    verdicts.c.attempt,
    sqlite_where=verdicts.c.checked,
    postgresql_where=verdicts.c.checked,
)


@dataclass(frozen=True, slots=True)
class Screened:
    """One verdict: on the answer of an attempt, or on the sound before it (`early`)."""

    attempt: str
    early: bool
    heard: str
    """What `sounds.screening.Heard` calls it."""
    confidence: float
    frame: int
    """The 20 ms, counted from 0, that decided; -1 where none did."""
    why: str
    screen: str
    """The version of the screen."""
    checked: bool
    """A machine that an agent got all the same, as a sample."""
    at: float
    """Epoch seconds."""


class VerdictRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, screened: Screened) -> None:
        """Keeps a verdict; of one answer the first stays. Raises `UnknownAttempt`."""
        mine = verdicts.c.attempt == screened.attempt, verdicts.c.early == screened.early
        known = select(attempts.c.id).where(attempts.c.id == screened.attempt)
        async with self._database.write() as connection:
            if await connection.scalar(known) is None:
                raise UnknownAttempt(f"there is no attempt {screened.attempt}")
            if await connection.scalar(select(verdicts.c.heard).where(*mine)) is None:
                await connection.execute(insert(verdicts).values(asdict(screened)))

    async def of(self, attempt: str) -> list[Screened]:
        """The attempt's verdicts, in the order in which they fell."""
        query = select(verdicts).where(verdicts.c.attempt == attempt).order_by(verdicts.c.at)
        async with self._database.read() as connection:
            return [Screened(**row._asdict()) for row in await connection.execute(query)]
