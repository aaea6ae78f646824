"""Leads: adding, choosing whom to call next, looking up."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from config.models import Frequency
from leads.inbound import CallbackState, NewCallback
from leads.lead import MOVES, Lead, LeadState, NewLead, Outcome
from store.decisions import decide
from store.eligible import ABANDONED, NOBODY, barred, capped_until, locked_out
from store.engine import Database
from store.tables import attempts, callbacks, do_not_call, leads, lists, orders

BATCH = 500
"""Leads per write, and ids per question."""

PAUSE = 0.03
"""Seconds between the writes of an import. SQLite gives its lock to whoever asks first, and who waits asks
every 25 ms: without the pause a long import in one process keeps the dialer in another waiting."""

FOREVER = float("inf")
LISTED = "final: the number is on the do-not-call list"
ROUNDS = 10
"""How often the hopper looks again after leads were put off, in one question."""


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did: new leads, and those the list had already (left as they were)."""

    added: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Abandonment:
    """A number was abandoned: by which campaign, and when."""

    campaign: str
    at: float


class LeadRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, list_name: str, new_leads: Iterable[NewLead], now: float) -> Added:
        """Adds to a list, made where there is none. A phone that the list has is skipped, so an import
        that was cut short is simply run again. Leads whose number is on the do-not-call list are final."""
        pending = list(new_leads)
        list_id = await self._list(list_name, now)
        added = 0
        for start in range(0, len(pending), BATCH):
            if start:
                await asyncio.sleep(PAUSE)
            fresh = {lead.phone: lead for lead in reversed(pending[start : start + BATCH])}
            async with self._database.write() as connection:
                # Two imports into one list take turns.
                await connection.execute(select(lists.c.id).where(lists.c.id == list_id).with_for_update())
                known = await connection.scalars(
                    select(leads.c.phone).where(leads.c.list_id == list_id, leads.c.phone.in_(fresh))
                )
                for phone in known:
                    del fresh[phone]
                if fresh:
                    listed = select(do_not_call.c.phone).where(do_not_call.c.phone.in_(fresh))
                    final = set(await connection.scalars(listed))
                    common = {"list_id": list_id, "state": LeadState.READY, "due_at": None, "added_at": now}
                    rows = [{**asdict(lead), **common} for lead in reversed(fresh.values())]
                    for row in rows:
                        if row["phone"] in final:
                            row["state"] = LeadState.FINAL
                    await connection.execute(insert(leads), rows)
            added += len(fresh)
        return Added(added, len(pending) - added)

    async def _list(self, name: str, now: float) -> int:
        async with self._database.write() as connection:
            return await _make_list(connection, name, now)

    async def callable(
        self,
        list_name: str,
        now: float,
        limit: int,
        zones: Collection[str | None] | None = None,
        lockouts: Mapping[str, float] = NOBODY,
        frequency: Sequence[Frequency] = (),
    ) -> list[Lead]:
        """Whom to call next, best first: priority, then due leads (longest due first), then the oldest.

        `zones`: only leads of these time zones (None: those that name none), so that leads who sleep
        do not stand in the way of those who may be called; see `zones()`. `lockouts` (`Site.lockouts`):
        without those whom we abandoned so short a time ago. `frequency` (`system.frequency`): without those
        who were called too often; they are put off until they may be, and whose number is on the do-not-call
        list is final, so that nobody looks at them twice.
        """
        here: list[ColumnElement[bool]] = [leads.c.list_id == _list_id(list_name)]
        if zones is not None:
            named = leads.c.timezone.in_([zone for zone in zones if zone is not None])
            here.append(or_(named, leads.c.timezone.is_(None)) if None in zones else named)
        if lockouts:
            here.append(not_(locked_out(now, lockouts)))
        best, many = [], limit
        for _ in range(ROUNDS):
            best = await self._best(here, now, many)
            until = await self._held_until(best, frequency)
            if not (held := {lead: at for lead, at in until.items() if at > now}):
                break
            await self._put_off(held, now)
            best, many = [lead for lead in best if lead not in held], max(limit, BATCH)
            if len(best) >= limit:
                break
        best = best[:limit]
        async with self._database.read() as connection:
            by_id = {lead.id: lead for lead in await load(connection, leads.c.id.in_(best))}
        return [by_id[lead_id] for lead_id in best if lead_id in by_id]

    async def _best(self, here: Sequence[ColumnElement[bool]], now: float, limit: int) -> list[int]:
        """Ids of waiting leads that are due, best first."""
        key = select(leads.c.id, leads.c.priority, leads.c.due_at).where(*here).limit(limit)
        due = key.where(leads.c.state == LeadState.SCHEDULED, leads.c.due_at <= now)
        # Ready leads have no due_at: naming it in both places lets the index give their order.
        ready = key.where(leads.c.state == LeadState.READY, leads.c.due_at.is_(None))
        async with self._database.read() as connection:
            found = [
                *await connection.execute(due.order_by(leads.c.priority.desc(), leads.c.due_at, leads.c.id)),
                *await connection.execute(
                    ready.order_by(leads.c.due_at, leads.c.priority.desc(), leads.c.id)
                ),
            ]
        found.sort(key=lambda row: (-row.priority, row.due_at is None, row.due_at or 0.0, row.id))
        return [row.id for row in found[:limit]]

    async def held_until(self, lead_id: int, frequency: Sequence[Frequency]) -> float:
        """The time before which no campaign may call the lead's number, for it was called too often; infinity
        where it is on the do-not-call list."""
        return (await self._held_until([lead_id], frequency)).get(lead_id, 0.0)

    async def _held_until(self, ids: Sequence[int], frequency: Sequence[Frequency]) -> dict[int, float]:
        """The same by lead; for a few leads, as every one costs a look into list and journal."""
        query = select(leads.c.id, barred(), *capped_until(frequency)).where(leads.c.id.in_(ids))
        async with self._database.read() as connection:
            return {
                lead: FOREVER if listed else max(caps, default=0.0)
                for lead, listed, *caps in await connection.execute(query)
            }

    async def _put_off(self, until: Mapping[int, float], now: float) -> None:
        """Leads that wait for a call wait until then; with infinity, they are final."""
        due = and_(leads.c.state == LeadState.SCHEDULED, leads.c.due_at <= now)
        waiting = update(leads).where(
            leads.c.id == bindparam("lead"), or_(leads.c.state == LeadState.READY, due)
        )
        later = waiting.values(state=LeadState.SCHEDULED, due_at=bindparam("until"))
        rows = [{"lead": lead, "until": at} for lead, at in until.items() if at < FOREVER]
        async with self._database.write() as connection:
            if rows:
                await connection.execute(later, rows)
            for lead in until.keys() - {row["lead"] for row in rows}:
                await withdraw(connection, lead, LISTED, now)

    async def zones(self, list_name: str) -> set[str | None]:
        """Time zones of the leads that wait for a call (None: a lead that names none)."""
        waiting = leads.c.state.in_([LeadState.READY, LeadState.SCHEDULED])
        query = select(leads.c.timezone).distinct().where(leads.c.list_id == _list_id(list_name), waiting)
        async with self._database.read() as connection:
            return set(await connection.scalars(query))

    async def get(self, lead_id: int) -> Lead | None:
        async with self._database.read() as connection:
            return next(iter(await load(connection, leads.c.id == lead_id)), None)

    async def find_by_phone(self, phone: str) -> list[Lead]:
        """Leads with this E.164 number, over all lists."""
        async with self._database.read() as connection:
            return await load(connection, leads.c.phone == phone)

    async def abandonments(self, phone: str) -> list[Abandonment]:
        """When we abandoned this number, over all lists, oldest first."""
        query = select(attempts.c.campaign, attempts.c.ended_at).where(attempts.c.phone == phone, ABANDONED)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(attempts.c.ended_at))
            return [Abandonment(*row) for row in rows]

    async def page(
        self, list_name: str, state: LeadState | None = None, limit: int = 100, after: int = 0
    ) -> list[Lead]:
        """Leads of a list by id; `after` is the last id of the page before."""
        wanted = [leads.c.list_id == _list_id(list_name), leads.c.id > after]
        if state is not None:
            wanted.append(leads.c.state == state)
        async with self._database.read() as connection:
            return await load(connection, *wanted, limit=limit)

    async def lists(self) -> list[str]:
        async with self._database.read() as connection:
            return list(await connection.scalars(select(lists.c.name).order_by(lists.c.name)))

    async def counts(self, list_name: str) -> dict[LeadState, int]:
        """Leads by state; every state is named."""
        query = (
            select(leads.c.state, func.count())
            .where(leads.c.list_id == _list_id(list_name))
            .group_by(leads.c.state)
        )
        async with self._database.read() as connection:
            found = {LeadState(state): count for state, count in await connection.execute(query)}
        return {state: found.get(state, 0) for state in LeadState}


def _list_id(name: str) -> Any:
    return select(lists.c.id).where(lists.c.name == name).scalar_subquery()


async def load(
    connection: AsyncConnection, *wanted: ColumnElement[bool], limit: int | None = None
) -> list[Lead]:
    query = (
        select(leads, lists.c.name.label("list_name"))
        .join(lists, lists.c.id == leads.c.list_id)
        .where(*wanted)
        .order_by(leads.c.id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    past: dict[int, list[tuple[int, Outcome, int]]] = {}
    for start in range(0, len(rows), BATCH):
        await _add_past(connection, [row.id for row in rows[start : start + BATCH]], past)
    return [_lead(row, past.get(row.id, [])) for row in rows]


async def _add_past(
    connection: AsyncConnection, ids: Sequence[int], past: dict[int, list[tuple[int, Outcome, int]]]
) -> None:
    """Per lead: (last attempt's number, outcome, how often)."""
    query = (
        select(attempts.c.lead_id, func.max(attempts.c.number), attempts.c.outcome, func.count())
        # Ended, in words that keep SQLite from looking through every ended attempt by the index of states.
        .join(leads, leads.c.id == attempts.c.lead_id)
        .where(
            attempts.c.lead_id.in_(ids),
            attempts.c.outcome.is_not(None),
            attempts.c.claimed_at >= leads.c.reopened_at,
        )
        .group_by(attempts.c.lead_id, attempts.c.outcome)
    )
    for lead_id, last, outcome, times in await connection.execute(query):
        past.setdefault(lead_id, []).append((last, Outcome(outcome), times))


async def _make_list(connection: AsyncConnection, name: str, now: float) -> int:
    try:
        async with connection.begin_nested():
            await connection.execute(insert(lists).values(name=name, created_at=now))
    except IntegrityError:
        pass  # it is there already
    found: int = (await connection.scalars(select(lists.c.id).where(lists.c.name == name))).one()
    return found


LABEL = "line_label"
"""In the `extra` of a lead that a call-back made: what its name was then. Names that people gave stay."""


async def lead_to_call_back(connection: AsyncConnection, new: NewCallback, now: float) -> int:
    """The id of the number's lead in the list of its call-back campaign, made where there is none."""
    list_id = await _make_list(connection, new.list, now)
    mine = (leads.c.list_id == list_id, leads.c.phone == new.phone)
    row = (await connection.execute(select(leads).where(*mine).with_for_update())).one_or_none()
    ours = {LABEL: new.label}
    if row is None:
        values = {
            **asdict(NewLead(new.phone, new.label, extra=ours)),
            "list_id": list_id, "state": LeadState.SCHEDULED, "due_at": new.due_at, "added_at": now,
        }  # fmt: skip
        made: int = (await connection.scalars(insert(leads).values(values).returning(leads.c.id))).one()
        return made
    if row.name == row.extra.get(LABEL, "") != new.label:
        values = {"name": new.label, "extra": {**row.extra, **ours}}
        await connection.execute(update(leads).where(leads.c.id == row.id).values(values))
    found: int = row.id
    return found


async def lead_of_orders(
    connection: AsyncConnection, list_name: str, new: NewLead, due_at: float, now: float
) -> int:
    """The id of the number's lead in a list of orders, made where there is none, called at `due_at`. A final
    one is opened anew; one that waits for a call keeps its time until `time_by_orders`."""
    list_id = await _make_list(connection, list_name, now)
    values = {**asdict(new), "list_id": list_id, "state": LeadState.SCHEDULED, "due_at": due_at}
    mine = (leads.c.list_id == list_id, leads.c.phone == new.phone)
    row = (await connection.execute(select(leads).where(*mine).with_for_update())).one_or_none()
    if row is None:
        try:
            async with connection.begin_nested():
                made = insert(leads).values(values | {"added_at": now}).returning(leads.c.id)
                lead_id: int = (await connection.scalars(made)).one()
                return lead_id
        except IntegrityError:  # another process was quicker
            row = (await connection.execute(select(leads).where(*mine).with_for_update())).one()
    if row.state == LeadState.FINAL:
        await reopen(connection, row.id, due_at, row.priority, now)
    found: int = row.id
    return found


async def time_by_orders(connection: AsyncConnection, lead_id: int) -> None:
    """The lead is called when the first of its orders is due. A retry or a call-back keeps its time."""
    first = select(func.min(orders.c.due_at)).where(orders.c.lead_id == lead_id).scalar_subquery()
    tried = attempts.c.outcome.is_not(None), attempts.c.claimed_at >= leads.c.reopened_at
    retry = exists(select(attempts.c.id).where(attempts.c.lead_id == leads.c.id, *tried).correlate(leads))
    open_task = callbacks.c.lead_id == lead_id, callbacks.c.state == CallbackState.OPEN
    promised = exists(select(callbacks.c.id).where(*open_task))
    waits = leads.c.id == lead_id, leads.c.state == LeadState.SCHEDULED, first.is_not(None)
    await connection.execute(update(leads).where(*waits, ~retry, ~promised).values(due_at=first))


async def reopen(connection: AsyncConnection, lead_id: int, due_at: float, priority: int, now: float) -> None:
    """The lead is called again at `due_at`, as if never called before; not one that is being called."""
    free = leads.c.state != LeadState.CLAIMED
    values = {"state": LeadState.SCHEDULED, "due_at": due_at, "priority": priority, "reopened_at": now}
    await connection.execute(update(leads).where(leads.c.id == lead_id, free).values(values))


async def withdraw(connection: AsyncConnection, lead_id: int, why: str, at: float) -> None:
    """The lead is not called any more, unless orders wait on it; one that is being called ends as its attempt
    does."""
    waiting = leads.c.state.in_(
        [s for s, to in MOVES.items() if LeadState.FINAL in to and s is not LeadState.CLAIMED]
    )
    ordered = select(orders.c.lead_id).where(orders.c.lead_id == lead_id)
    done = await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id, waiting, leads.c.id.not_in(ordered))
        .values(state=LeadState.FINAL, due_at=None)
    )
    if done.rowcount:
        await decide(connection, "lead", str(lead_id), why, at)


def _lead(row: Row[Any], past: list[tuple[int, Outcome, int]]) -> Lead:
    outcomes: Mapping[Outcome, int] = {outcome: times for _, outcome, times in past}
    return Lead(
        id=row.id,
        list=row.list_name,
        phone=row.phone,
        name=row.name,
        company=row.company,
        timezone=row.timezone,
        priority=row.priority,
        state=LeadState(row.state),
        due_at=row.due_at,
        attempts=sum(outcomes.values()),
        outcomes=outcomes,
        last_outcome=max(past)[1] if past else None,
        extra=row.extra,
    )
