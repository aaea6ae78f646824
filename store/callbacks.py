"""Who is to be called back: one open task per number, and a lead in the list of the campaign that calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.inbound import Callback, CallbackKind, CallbackState, NewCallback
from leads.lead import LeadState
from store.decisions import decide
from store.do_not_call import is_listed
from store.engine import Database
from store.leads import lead_to_call_back, reopen, withdraw
from store.tables import callbacks

OPEN = callbacks.c.state == CallbackState.OPEN


class NotOpen(LookupError):
    """There is no such open task."""


class NotToBeCalled(Exception):
    """The number is on the do-not-call list: nothing is promised to it."""


class CallbackRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, new: NewCallback, now: float) -> Callback:
        """Makes the task and its lead; a number that has an open one keeps it: see `open_task`, whose
        errors it raises."""
        async with self._database.write() as connection:
            return await open_task(connection, new, now)

    async def cancel(self, task: int, by: str, why: str, at: float) -> Callback:
        """Gives up on it: its lead is not called any more. Raises `NotOpen`."""
        async with self._database.write() as connection:
            closed = await _close(connection, callbacks.c.id == task, CallbackState.CANCELLED, by, at)
            if closed is None:
                raise NotOpen(f"there is no open call-back {task}")
            await withdraw(connection, closed.lead_id, f"call-back cancelled: {why}", at)
            return closed

    async def get(self, task: int) -> Callback | None:
        return next(iter(await self._all(callbacks.c.id == task)), None)

    async def open_of(self, phone: str) -> Callback | None:
        """The number's open task."""
        return next(iter(await self._all(OPEN, callbacks.c.phone == phone)), None)

    async def page(
        self, states: Sequence[CallbackState] = (CallbackState.OPEN,), limit: int = 100, after: int = 0
    ) -> list[Callback]:
        """Tasks by id, of these states; `after` is the last id of the page before."""
        return await self._all(callbacks.c.state.in_(states), callbacks.c.id > after, limit=limit)

    async def waiting(self, campaign: str) -> list[Callback]:
        """The campaign's open tasks, those first who are due first."""
        found = await self._all(OPEN, callbacks.c.campaign == campaign)
        return sorted(found, key=lambda task: (task.due_at, task.id))

    async def due(self, now: float) -> dict[str, int]:
        """Open tasks that are due, by campaign; only campaigns that have some."""
        query = select(callbacks.c.campaign, func.count()).where(OPEN, callbacks.c.due_at <= now)
        async with self._database.read() as connection:
            rows = await connection.execute(query.group_by(callbacks.c.campaign))
            return {row.campaign: row[1] for row in rows}

    async def _all(self, *wanted: ColumnElement[bool], limit: int | None = None) -> list[Callback]:
        async with self._database.read() as connection:
            query = select(callbacks).where(*wanted).order_by(callbacks.c.id).limit(limit)
            return [_task(row) for row in await connection.execute(query)]


async def open_task(connection: AsyncConnection, new: NewCallback, now: float) -> Callback:
    """Opens a task inside another aggregate's write.

    The lead is called when it is due, and attempts from before do not count; one that is being called right
    now is left alone. Where the number has an open task that one stays, with its campaign and its lead, and
    is due at the earlier of both times; who asks becomes one who asked, and keeps the place they had. Of one
    call the first word stays: its script knows which line was closed. Raises `NotToBeCalled`, and then has
    written nothing.
    """
    if await is_listed(connection, new.phone):
        raise NotToBeCalled
    row = (
        await connection.execute(select(callbacks).where(OPEN, callbacks.c.phone == new.phone))
    ).one_or_none()
    if row is not None and row.call == new.call and new.kind is CallbackKind.MISSED:
        return _task(row)
    lead_id = row.lead_id if row is not None else await lead_to_call_back(connection, new, now)
    due_at = new.due_at if row is None else min(row.due_at, new.due_at)
    told = "asked to be called back" if new.kind is CallbackKind.ASKED else "called and was missed"
    await reopen(connection, lead_id, due_at, new.priority, now)
    await decide(connection, "lead", str(lead_id), f"the person {told} on line {new.line}", now)
    if row is None:
        values = {
            "kind": new.kind, "state": CallbackState.OPEN, "campaign": new.campaign, "lead_id": lead_id,
            "phone": new.phone, "line": new.line, "group": new.group, "call": new.call, "created_at": now,
            "place_since": new.place_since, "due_at": due_at,
        }  # fmt: skip
        made = await connection.execute(insert(callbacks).values(values).returning(callbacks))
        return _task(made.one())
    values = {"due_at": due_at, "place_since": func.coalesce(callbacks.c.place_since, new.place_since)}
    if new.kind is CallbackKind.ASKED:
        values["kind"] = new.kind
    kept = await connection.execute(
        update(callbacks).where(callbacks.c.id == row.id).values(values).returning(callbacks)
    )
    return _task(kept.one())


async def close_reached(connection: AsyncConnection, phone: str, by: str, at: float) -> Callback | None:
    """An agent has talked with the number: the task is done, and its lead is not called any more, unless it
    is on the phone right now: then the end of its attempt decides."""
    closed = await _close(connection, callbacks.c.phone == phone, CallbackState.DONE, by, at)
    if closed is not None:
        await withdraw(connection, closed.lead_id, f"call-back done: the person was reached in {by}", at)
    return closed


async def attempt_over(
    connection: AsyncConnection, lead_id: int, state: LeadState, by: str, at: float
) -> None:
    """An attempt on the lead ended without a talk, and left it in that state: a task whose lead is final is
    given up, and a lead whose task was closed meanwhile is final."""
    mine = callbacks.c.lead_id == lead_id
    if state is LeadState.FINAL:
        await _close(connection, mine, CallbackState.CANCELLED, by, at)
        return
    last = select(callbacks.c.state).where(mine).order_by(callbacks.c.id.desc()).limit(1)
    if await connection.scalar(last) in (CallbackState.DONE, CallbackState.CANCELLED):
        await withdraw(connection, lead_id, "the call-back was closed meanwhile", at)


async def _close(
    connection: AsyncConnection, which: ColumnElement[bool], state: CallbackState, by: str, at: float
) -> Callback | None:
    closing = update(callbacks).where(OPEN, which).values(state=state, closed_by=by, closed_at=at)
    row = (await connection.execute(closing.returning(callbacks))).one_or_none()
    return None if row is None else _task(row)


def _task(row: Row[Any]) -> Callback:
    values = row._asdict()
    values["kind"], values["state"] = CallbackKind(values["kind"]), CallbackState(values["state"])
    return Callback(**values)
