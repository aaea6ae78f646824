"""Attempts: the journal that is written ahead of every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.attempt import MOVES, OPEN, Attempt, AttemptState
from leads.lead import LIVE, IllegalMove, LeadState, Outcome, check_move
from leads.rules import LeadMove
from store.decisions import decide
from store.engine import Database
from store.leads import claimable
from store.lease import fence
from store.tables import attempts, leads

COLUMNS = tuple(attempts.c[field.name] for field in fields(Attempt))


class AlreadyEnded(ValueError):
    """The attempt has its outcome: an attempt ends once."""

    def __init__(self, attempt: str, outcome: str) -> None:
        super().__init__(f"attempt {attempt} has ended already: {outcome}")
        self.outcome = outcome


class UnknownAttempt(LookupError):
    """The journal has no such attempt."""


class AttemptRepository:
    """Every write names the caller's epoch and raises `Fenced` once a later dialer has taken over.

    They raise `UnknownAttempt`, `AlreadyEnded`, or `IllegalMove` for any other state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        epoch: int,
        campaign: str,
        trunk: str,
        lead_ids: Sequence[int],
        now: float,
        new_ids: Callable[[], str],
    ) -> list[Attempt]:
        """Claims those of the leads that may still be called and journals an attempt for each, all in one
        transaction; gives the attempts in the order asked for. `new_ids` gives a new attempt id per call.
        """
        async with self._database.write() as connection:
            await fence(connection, epoch)
            free = (
                select(leads.c.id, leads.c.phone)
                .where(leads.c.id.in_(lead_ids), claimable(now))
                .with_for_update(skip_locked=True)
            )
            phones = {row.id: row.phone for row in await connection.execute(free)}
            if not phones:
                return []
            numbers = dict(
                (
                    await connection.execute(
                        select(attempts.c.lead_id, func.max(attempts.c.number))
                        .where(attempts.c.lead_id.in_(phones))
                        .group_by(attempts.c.lead_id)
                    )
                )
                .tuples()
                .all()
            )
            claimed = [
                Attempt(
                    id=new_ids(),
                    lead_id=lead_id,
                    campaign=campaign,
                    trunk=trunk,
                    number=numbers.get(lead_id, 0) + 1,
                    phone=phones[lead_id],
                    epoch=epoch,
                    state=AttemptState.INTENT,
                    claimed_at=now,
                )
                for lead_id in dict.fromkeys(lead_ids)
                if lead_id in phones
            ]
            await connection.execute(
                update(leads).where(leads.c.id.in_(phones)).values(state=LeadState.CLAIMED)
            )
            await connection.execute(insert(attempts), [asdict(attempt) for attempt in claimed])
            return claimed

    async def mark_sent(self, epoch: int, attempt_id: str, at: float) -> None:
        """The `Originate` was written."""
        async with self._database.write() as connection:
            await _move(connection, epoch, attempt_id, AttemptState.SENT)
            await _set(connection, attempt_id, state=AttemptState.SENT, sent_at=at)

    async def release(self, epoch: int, attempt_id: str, now: float) -> None:
        """Proven never sent: the lead is as it was before the claim, and the attempt does not count."""
        async with self._database.write() as connection:
            row = await _move(connection, epoch, attempt_id, AttemptState.RELEASED)
            lead = await _claimed_lead(connection, row.lead_id)
            back = LeadState.READY if lead.due_at is None else LeadState.SCHEDULED
            check_move(lead.id, LeadState(lead.state), back)
            await connection.execute(update(leads).where(leads.c.id == lead.id).values(state=back))
            await _set(connection, attempt_id, state=AttemptState.RELEASED, ended_at=now)

    async def note_progress(
        self,
        epoch: int,
        attempt_id: str,
        *,
        ringing_at: float | None = None,
        answered_at: float | None = None,
        connected_at: float | None = None,
        agent: str | None = None,
    ) -> None:
        """Notes what is given; of each time the first one told stays."""
        times = {"ringing_at": ringing_at, "answered_at": answered_at, "connected_at": connected_at}
        first: dict[str, Any] = {
            name: func.coalesce(attempts.c[name], at) for name, at in times.items() if at is not None
        }
        if agent is not None:
            first["agent"] = agent
        async with self._database.write() as connection:
            row = await _open(connection, epoch, attempt_id)
            if AttemptState(row.state) not in OPEN:
                raise IllegalMove(f"attempt {attempt_id}", row.state, "progress")
            if first:
                await _set(connection, attempt_id, **first)

    async def finish(
        self,
        epoch: int,
        attempt_id: str,
        outcome: Outcome,
        ended_at: float,
        cause: str | None,
        agent: str | None,
        move: LeadMove,
        note: str = "",
    ) -> None:
        """Ends the attempt, moves its lead and notes the reason: one transaction. An agent known from
        `note_progress` stays where none is given."""
        async with self._database.write() as connection:
            row = await _move(connection, epoch, attempt_id, AttemptState.ENDED)
            lead = await _claimed_lead(connection, row.lead_id)
            check_move(lead.id, LeadState(lead.state), move.state)
            await connection.execute(
                update(leads).where(leads.c.id == lead.id).values(state=move.state, due_at=move.due_at)
            )
            await _set(
                connection,
                attempt_id,
                state=AttemptState.ENDED,
                outcome=outcome,
                ended_at=ended_at,
                cause=cause,
                agent=func.coalesce(agent, attempts.c.agent),
                note=note,
            )
            await decide(connection, "lead", str(lead.id), move.reason, ended_at)

    async def open_attempts(self) -> list[Attempt]:
        """Attempts whose fate is not known yet, oldest first."""
        return await self._all(select(*COLUMNS).where(attempts.c.state.in_(OPEN)).order_by(attempts.c.id))

    async def get(self, attempt_id: str) -> Attempt | None:
        return next(iter(await self._all(select(*COLUMNS).where(attempts.c.id == attempt_id))), None)

    async def of_lead(self, lead_id: int) -> list[Attempt]:
        """All attempts on a lead, first to last, released ones too."""
        wanted = attempts.c.lead_id == lead_id
        return await self._all(select(*COLUMNS).where(wanted).order_by(attempts.c.number))

    async def recent(self, campaign: str, limit: int = 50) -> list[Attempt]:
        """A campaign's latest attempts, newest first."""
        wanted = attempts.c.campaign == campaign
        return await self._all(select(*COLUMNS).where(wanted).order_by(attempts.c.id.desc()).limit(limit))

    async def outcomes(self, campaign: str, since: float = 0.0) -> dict[Outcome, int]:
        """Ended attempts by outcome; only outcomes that occurred."""
        query = (
            select(attempts.c.outcome, func.count())
            .where(*_ended(campaign, since))
            .group_by(attempts.c.outcome)
        )
        async with self._database.read() as connection:
            return {Outcome(outcome): count for outcome, count in await connection.execute(query)}

    async def abandonment(self, campaign: str, since: float = 0.0) -> tuple[int, int]:
        """(abandoned, live): of all attempts that a person answered, those for whom no agent was there."""
        found = await self.outcomes(campaign, since)
        return found.get(Outcome.ABANDONED, 0), sum(found.get(outcome, 0) for outcome in LIVE)

    async def connect_times(self, campaign: str, since: float = 0.0) -> list[float]:
        """Seconds from the person's answer to the agent, per ended attempt that got so far."""
        wait = attempts.c.connected_at - attempts.c.answered_at
        query = select(wait).where(*_ended(campaign, since), wait.is_not(None))
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def _all(self, query: Select[Any]) -> list[Attempt]:
        async with self._database.read() as connection:
            return [_attempt(row) for row in await connection.execute(query)]


def _ended(campaign: str, since: float) -> tuple[Any, ...]:
    ended = attempts.c.state == AttemptState.ENDED
    return attempts.c.campaign == campaign, attempts.c.ended_at >= since, ended


def _attempt(row: Row[Any]) -> Attempt:
    values = row._asdict()
    outcome = values["outcome"]
    values["state"] = AttemptState(values["state"])
    values["outcome"] = None if outcome is None else Outcome(outcome)
    return Attempt(**values)


async def _open(connection: AsyncConnection, epoch: int, attempt_id: str) -> Row[Any]:
    """The attempt's row, locked till the commit; refuses another's epoch and an ended attempt."""
    await fence(connection, epoch)
    query = select(attempts).where(attempts.c.id == attempt_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownAttempt(f"there is no attempt {attempt_id}")
    if row.state == AttemptState.ENDED:
        raise AlreadyEnded(attempt_id, row.outcome)
    return row


async def _move(connection: AsyncConnection, epoch: int, attempt_id: str, new: AttemptState) -> Row[Any]:
    row = await _open(connection, epoch, attempt_id)
    if new not in MOVES[AttemptState(row.state)]:
        raise IllegalMove(f"attempt {attempt_id}", row.state, new)
    return row


async def _set(connection: AsyncConnection, attempt_id: str, **values: Any) -> None:
    await connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(values))


async def _claimed_lead(connection: AsyncConnection, lead_id: int) -> Row[Any]:
    query = select(leads).where(leads.c.id == lead_id).with_for_update()
    return (await connection.execute(query)).one()
