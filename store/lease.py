"""The lease: one dialer per database, and an epoch that fences off the one before."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import leases

NAME = "dialer"


class LeaseHeld(Exception):
    """Another dialer works on this database."""

    def __init__(self, holder: str, expires_at: float) -> None:
        super().__init__(f"another dialer works on this database: {holder}")
        self.holder = holder
        self.expires_at = expires_at


class Fenced(Exception):
    """A later dialer has taken over: this one must stop at once and write nothing more."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"another dialer has taken over from epoch {epoch}")
        self.epoch = epoch


class Lease:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, holder: str, now: float, ttl: float, *, dead: str | None = None) -> int:
        """Takes the lease for `ttl` seconds and gives its epoch, higher than any before.

        Raises `LeaseHeld` while another's has not expired, unless that holder is known to be `dead`.
        """
        async with self._database.write() as connection:
            query = select(leases).where(leases.c.name == NAME).with_for_update()
            row = (await connection.execute(query)).one()
            if row.expires_at > now and row.holder != dead:
                raise LeaseHeld(row.holder, row.expires_at)
            epoch: int = row.epoch + 1
            values = {"epoch": epoch, "holder": holder, "expires_at": now + ttl}
            await connection.execute(update(leases).where(leases.c.name == NAME).values(values))
            return epoch

    async def expires_at(self) -> float:
        """When the lease runs, or ran, out; 0 where its last holder gave it back."""
        async with self._database.read() as connection:
            query = select(leases.c.expires_at).where(leases.c.name == NAME)
            return float(await connection.scalar(query) or 0.0)

    async def renew(self, epoch: int, now: float, ttl: float) -> None:
        """Raises `Fenced` where the lease is another's, or was released."""
        mine = (leases.c.name == NAME, leases.c.epoch == epoch, leases.c.holder != "")
        async with self._database.write() as connection:
            done = await connection.execute(update(leases).where(*mine).values(expires_at=now + ttl))
            if not done.rowcount:
                raise Fenced(epoch)

    async def release(self, epoch: int) -> None:
        """Lets the next dialer in at once; does nothing where the lease is another's by now."""
        mine = (leases.c.name == NAME, leases.c.epoch == epoch)
        async with self._database.write() as connection:
            await connection.execute(update(leases).where(*mine).values(holder="", expires_at=0.0))


def holds(epoch: int) -> ColumnElement[bool]:
    """Condition of a write: `epoch` is the lease's, and stays so till the commit."""
    current = select(leases.c.epoch).where(leases.c.name == NAME).with_for_update(read=True)
    return current.scalar_subquery() == epoch


async def fence(connection: AsyncConnection, epoch: int) -> None:
    """Raises `Fenced` unless `epoch` is the lease's: asked where a write that `holds` found nothing."""
    if await connection.scalar(select(leases.c.epoch).where(leases.c.name == NAME)) != epoch:
        raise Fenced(epoch)
