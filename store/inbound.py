"""The books of calls that came in, and of phones that rang for them in vain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.inbound import (
    TOLD,
    CallerClass,
    CallOutcome,
    InboundCall,
    NewCallback,
    RingReason,
    outcome_of,
)
from store.callbacks import NotToBeCalled, close_reached, open_task
from store.callers import class_of
from store.engine import Database
from store.leads import BATCH
from store.tables import inbound_calls, missed_rings

_T = inbound_calls.c
COLUMNS = tuple(_T[field.name] for field in fields(InboundCall))

NO_TASK: Callable[[InboundCall], NewCallback | None] = lambda _call: None  # noqa: E731 - a default argument


@dataclass(frozen=True, slots=True)
class MissedRing:
    """An agent's phone that rang for a call for so many seconds until `at`, and why it was not taken."""

    call: str
    agent: str
    group: str
    at: float
    seconds: float
    reason: RingReason


class UnknownCall(LookupError):
    """The books have no such call."""


class InboundRepository:
    """Each step may be told again, by the call's events and by its script, in any order: of every time the
    first one told stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def arrive(self, id: str, line: str, number: str | None, at: float) -> InboundCall:
        """A call came in; `number` is E.164. Its class is decided here. A known call stays as it is."""
        async with self._database.write() as connection:
            found = await _find(connection, id)
            if found is None:
                found = InboundCall(id, line, number, await class_of(connection, number), None, at)
                await connection.execute(insert(inbound_calls).values(asdict(found)))
            return found

    async def wait(self, id: str, group: str, at: float) -> None:
        """The caller asks for an agent of the group. What a script told before no longer holds."""
        told = case((_T.connected_at.is_(None), None), else_=_T.outcome)
        await self._change(
            id, _T.ended_at.is_(None), group=group, waiting_at=func.coalesce(_T.waiting_at, at), outcome=told
        )

    async def tell_wait(self, id: str, seconds: float) -> None:
        """The caller heard that they will wait so long."""
        await self._change(id, told_wait=func.coalesce(_T.told_wait, seconds))

    async def tell(self, id: str, outcome: CallOutcome, note: str = "") -> None:
        """What a call script knows of the call: one of `TOLD`; holds unless an agent has or gets the caller.

        May come after the end of the call, of which only the script knows why it ended.
        """
        if outcome not in TOLD:
            raise ValueError(f"{outcome} is not for a script to tell")
        await self._change(id, _T.connected_at.is_(None), outcome=outcome, note=note)

    async def connect(self, id: str, agent: str, at: float, group: str | None = None) -> InboundCall | None:
        """An agent (of that group) has the caller: whoever was to call this number back need not. Gives the
        call; None where it has ended."""
        values = {
            "connected_at": func.coalesce(_T.connected_at, at),
            "agent": func.coalesce(_T.agent, agent),
            "group": func.coalesce(group, _T.group),
            "outcome": CallOutcome.TALKED,
        }
        change = update(inbound_calls).where(_T.id == id, _T.ended_at.is_(None)).values(values)
        async with self._database.write() as connection:
            row = (await connection.execute(change.returning(*COLUMNS))).one_or_none()
            if row is None:
                return None
            if row.number is not None:
                await close_reached(connection, row.number, id, at)
            return _call(row)

    async def talk_over(self, id: str, at: float) -> None:
        """The talk ended; the caller may still hear a survey."""
        await self._change(id, talk_ended_at=func.coalesce(_T.talk_ended_at, at))

    async def end(
        self,
        id: str,
        at: float,
        task: Callable[[InboundCall], NewCallback | None] = NO_TASK,
        *,
        in_doubt: bool = False,
        note: str = "",
    ) -> InboundCall | None:
        """The call is over: gives it with its outcome; None where it is unknown or had ended before.

        `task` says, of the ended call, whether somebody is to be called back: call and task are one write.
        A number on the do-not-call list gets none.
        `in_doubt`: nobody saw how it ended.
        """
        async with self._database.write() as connection:
            found = await _find(connection, id)
            if found is None or found.ended_at is not None:
                return None
            outcome = outcome_of(found)
            if in_doubt and found.outcome is None:
                outcome = CallOutcome.IN_DOUBT
            at = max(at, found.arrived_at)
            talk_ended_at = found.talk_ended_at
            if found.connected_at is not None and talk_ended_at is None:
                talk_ended_at = max(at, found.connected_at)
            ended = replace(
                found, ended_at=at, outcome=outcome, note=note or found.note, talk_ended_at=talk_ended_at
            )
            change = {
                "ended_at": at, "outcome": outcome, "note": ended.note, "talk_ended_at": ended.talk_ended_at,
            }  # fmt: skip
            await connection.execute(update(inbound_calls).where(_T.id == id).values(change))
            if (new := task(ended)) is not None:
                with suppress(NotToBeCalled):
                    await open_task(connection, new, at)
            return ended

    async def miss(self, ring: MissedRing) -> None:
        """An agent's phone rang for the call and was not answered."""
        async with self._database.write() as connection:
            await connection.execute(insert(missed_rings).values(asdict(ring)))

    # -- questions -------------------------------------------------------------------------------

    async def get(self, id: str) -> InboundCall | None:
        async with self._database.read() as connection:
            return await _find(connection, id)

    async def open_calls(self) -> list[InboundCall]:
        """Calls whose end nobody has told, oldest first."""
        return await self._all(_T.ended_at.is_(None))

    async def last_arrival(self) -> float | None:
        """When the latest call in the books came."""
        async with self._database.read() as connection:
            at: float | None = await connection.scalar(select(func.max(_T.arrived_at)))
            return at

    async def ended(self, ids: Collection[str]) -> set[str]:
        """Those of the calls that are in the books with their end."""
        found: set[str] = set()
        wanted = list(ids)
        async with self._database.read() as connection:
            for start in range(0, len(wanted), BATCH):
                these = _T.id.in_(wanted[start : start + BATCH])
                found |= set(await connection.scalars(select(_T.id).where(these, _T.ended_at.is_not(None))))
        return found

    async def between(
        self, since: float, until: float, line: str | None = None, group: str | None = None
    ) -> list[InboundCall]:
        """Calls that arrived from `since` on and before `until`, in that order, whoever called."""
        wanted = [_T.arrived_at >= since, _T.arrived_at < until]
        if line is not None:
            wanted.append(_T.line == line)
        if group is not None:
            wanted.append(_T.group == group)
        return await self._all(*wanted)

    async def missed_rings(self, calls: Sequence[str]) -> list[MissedRing]:
        """Phones that rang for these calls in vain, in order."""
        found: list[MissedRing] = []
        columns = tuple(missed_rings.c[field.name] for field in fields(MissedRing))
        async with self._database.read() as connection:
            for start in range(0, len(calls), BATCH):
                these = missed_rings.c.call.in_(calls[start : start + BATCH])
                rows = await connection.execute(select(*columns).where(these))
                found += [_ring(row) for row in rows]
        return sorted(found, key=lambda ring: ring.at)

    async def _all(self, *wanted: ColumnElement[bool]) -> list[InboundCall]:
        query = select(*COLUMNS).where(*wanted).order_by(_T.arrived_at, _T.id)
        async with self._database.read() as connection:
            return [_call(row) for row in await connection.execute(query)]

    async def _change(self, id: str, *only: ColumnElement[bool], **values: Any) -> None:
        async with self._database.write() as connection:
            done = await connection.execute(update(inbound_calls).where(_T.id == id, *only).values(values))
            if not done.rowcount and await _find(connection, id) is None:
                raise UnknownCall(f"the books have no call {id}")


async def _find(connection: AsyncConnection, id: str) -> InboundCall | None:
    row = (await connection.execute(select(*COLUMNS).where(_T.id == id))).one_or_none()
    return None if row is None else _call(row)


def _ring(row: Row[Any]) -> MissedRing:
    return MissedRing(row.call, row.agent, row.group, row.at, row.seconds, RingReason(row.reason))


def _call(row: Row[Any]) -> InboundCall:
    values = row._asdict()
    values["caller_class"] = CallerClass(values["caller_class"])
    outcome = values["outcome"]
    values["outcome"] = None if outcome is None else CallOutcome(outcome)
    return InboundCall(**values)
