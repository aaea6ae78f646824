"""Attempts: the journal that is written ahead of every call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, Select, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.models import MISSED_MACHINE, Frequency
from leads.attempt import MOVES, OPEN, Attempt, AttemptState
from leads.lead import LIVE, IllegalMove, LeadState, Outcome
from leads.lead import MOVES as LEAD_MOVES
from leads.orders import Plan
from leads.rules import LeadMove
from store.callbacks import attempt_over, close_reached
from store.decisions import decide
from store.do_not_call import NOT_TO_BE_CALLED, is_listed
from store.eligible import ANSWERED, NOBODY, claimable
from store.engine import Database
from store.lease import fence, holds
from store.orders import end_call
from store.tables import attempts, do_not_call, leads

NO_SHOPS: Mapping[str, Plan] = {}
"""No lead is called about orders."""
CUT_WITHIN = 86400.0
"""Seconds for which a cut talk is looked for: an agent's working day."""
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
        lockouts: Mapping[str, float] = NOBODY,
        frequency: Sequence[Frequency] = (),
        ahead_of: float | None = None,
    ) -> list[Attempt]:
        """Claims those of the leads that may still be called and journals an attempt for each, all in one
        transaction; gives the attempts in the order asked for. `new_ids` gives a new attempt id per call.
        `lockouts` and `frequency` as for `LeadRepository.callable`: who was abandoned, called, or put on the
        do-not-call list since that was asked is not claimed. A lead that is scheduled for exactly `ahead_of`
        is claimed before it is due.
        """
        last = (
            select(func.coalesce(func.max(attempts.c.number), 0))
            .where(attempts.c.lead_id == leads.c.id)
            .scalar_subquery()
        )
        free = (
            select(leads.c.id, leads.c.phone, last.label("last"))
            .where(leads.c.id.in_(lead_ids), claimable(now, lockouts, frequency, ahead_of), holds(epoch))
            .with_for_update(skip_locked=True, of=leads)
        )
        async with self._database.write() as connection:
            found = {row.id: row for row in await connection.execute(free)}
            if not found:
                await fence(connection, epoch)
                return []
            claimed = [
                Attempt(
                    id=new_ids(),
                    lead_id=lead_id,
                    campaign=campaign,
                    trunk=trunk,
                    number=found[lead_id].last + 1,
                    phone=found[lead_id].phone,
                    epoch=epoch,
                    state=AttemptState.INTENT,
                    claimed_at=now,
                )
                for lead_id in dict.fromkeys(lead_ids)
                if lead_id in found
            ]
            await connection.execute(
                update(leads).where(leads.c.id.in_(found)).values(state=LeadState.CLAIMED)
            )
            await connection.execute(insert(attempts), [asdict(attempt) for attempt in claimed])
            return claimed

    async def mark_sent(self, epoch: int, attempt_id: str, at: float) -> bool:
        """The `Originate` is about to be written. False: it must not be, for the number came on the
        do-not-call list meanwhile; the attempt is released, and its lead final."""
        async with self._database.write() as connection:
            listed = select(do_not_call.c.phone).join(attempts, attempts.c.phone == do_not_call.c.phone)
            if await connection.scalar(listed.where(attempts.c.id == attempt_id)) is None:
                await _move(connection, epoch, attempt_id, AttemptState.SENT, sent_at=at)
                return True
            await give_back(connection, epoch, attempt_id, at)
            return False

    async def release(self, epoch: int, attempt_id: str, now: float, move: LeadMove | None = None) -> None:
        """Proven never sent: the attempt does not count, and the lead is as it was before the claim, or goes
        where `move` says, which notes its reason."""
        async with self._database.write() as connection:
            await give_back(connection, epoch, attempt_id, now, move)

    async def note_disposition(self, attempt_id: str, disposition: str) -> None:
        """What the robot says came of a call under way, so far; an attempt that has ended stays as it is."""
        mine = attempts.c.id == attempt_id, attempts.c.state.in_(OPEN)
        async with self._database.write() as connection:
            await connection.execute(update(attempts).where(*mine).values(disposition=disposition))

    async def dispositions(self, campaign: str, *, by_agents: bool, since: float = 0.0) -> dict[str, int]:
        """Ended attempts by what agents say came of them, or the robot; only those that occurred."""
        query = (
            select(attempts.c.disposition, func.count())
            .where(
                *_ended(campaign, since),
                attempts.c.disposition.is_not(None),
                attempts.c.disposition_by.is_not(None) == by_agents,
            )
            .group_by(attempts.c.disposition)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def note_progress(
        self,
        epoch: int,
        attempt_id: str,
        *,
        ringing_at: float | None = None,
        answered_at: float | None = None,
        connected_at: float | None = None,
        taken_at: float | None = None,
        agent: str | None = None,
        heard: str | None = None,
        greeted_at: float | None = None,
    ) -> None:
        """Notes what is given; of each time, and of who answered, the first one told stays."""
        told = {
            "ringing_at": ringing_at, "answered_at": answered_at, "connected_at": connected_at,
            "taken_at": taken_at, "heard": heard, "greeted_at": greeted_at,
        }  # fmt: skip
        values: dict[str, Any] = {
            name: func.coalesce(attempts.c[name], value) for name, value in told.items() if value is not None
        }
        if agent is not None:
            values["agent"] = agent
        if not values:
            return
        async with self._database.write() as connection:
            await _change(connection, epoch, attempt_id, OPEN, "progress", values)

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
        plans: Mapping[str, Plan] = NO_SHOPS,
        after_said: Callable[[str], LeadMove] | None = None,
    ) -> None:
        """Ends the attempt, moves its lead and what orders wait on it (`plans`: `leads.orders.plans`), and
        notes the reason: one transaction. An agent known from `note_progress` stays where none is given.
        Where the agent has said what came of it the lead goes where `after_said` says; see `settle`."""
        async with self._database.write() as connection:
            await _move(
                connection,
                epoch,
                attempt_id,
                AttemptState.ENDED,
                outcome=outcome,
                ended_at=ended_at,
                cause=cause,
                agent=func.coalesce(agent, attempts.c.agent),
                note=note,
            )
            made = (await connection.execute(select(attempts).where(attempts.c.id == attempt_id))).one()
            if after_said is not None and made.disposition_by is not None:
                move, outcome = after_said(made.disposition), outcome_said(made.disposition)
            await settle(connection, made, outcome, move, ended_at, plans)

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

    async def cut(self, campaigns: Collection[str], now: float) -> list[Attempt]:
        """Talks with an agent that a fault has cut in the last day, longest ago first, whose leads still wait
        for the call after it: it is not due yet, nothing has been tried, and the agent has not said what came
        of the talk all the same."""
        later = attempts.alias()
        tried = select(later.c.id).where(later.c.lead_id == attempts.c.lead_id, later.c.outcome.is_not(None))
        query = (
            select(*COLUMNS)
            .join(leads, leads.c.id == attempts.c.lead_id)
            .where(
                attempts.c.campaign.in_(campaigns),
                attempts.c.outcome == Outcome.INTERRUPTED,
                attempts.c.ended_at > now - CUT_WITHIN,
                ANSWERED,
                attempts.c.disposition_by.is_(None),
                attempts.c.claimed_at >= leads.c.reopened_at,
                leads.c.state == LeadState.SCHEDULED,
                leads.c.due_at > now,
                ~tried.where(later.c.number > attempts.c.number).exists(),
            )
            .order_by(attempts.c.ended_at, attempts.c.id)
        )
        # In SQL this condition would make PostgreSQL read the index of all talks ever as well.
        return [one for one in await self._all(query) if one.agent is not None]

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

    async def _all(self, query: Select[Any]) -> list[Attempt]:
        async with self._database.read() as connection:
            return [to_attempt(row) for row in await connection.execute(query)]


def outcome_said(said: str) -> Outcome:
    """What an agent who says something of a talk has had, whatever the network saw of its end."""
    return Outcome.MACHINE if said == MISSED_MACHINE else Outcome.TALKED


async def settle(
    connection: AsyncConnection,
    made: Row[Any],
    outcome: Outcome,
    move: LeadMove,
    at: float,
    plans: Mapping[str, Plan],
) -> None:
    """Moves the claimed lead of an attempt that is over (`made`, its row), and what orders wait on it.

    A talk with an agent after which the lead is not called again closes the number's call-back, wherever it
    is; one with a machine does not.
    """
    had_agent = made.agent is not None and outcome is not Outcome.MACHINE
    robot_alone = made.disposition is not None and not had_agent
    reached = outcome is Outcome.TALKED and not robot_alone and move.state is LeadState.FINAL
    if plans:
        move = await end_call(connection, made.lead_id, made.claimed_at, outcome, had_agent, move, at, plans)
    if move.state is not LeadState.FINAL and await is_listed(connection, made.phone):
        move = NOT_TO_BE_CALLED
    await _move_lead(connection, made.lead_id, move.state, state=move.state, due_at=move.due_at)
    await decide(connection, "lead", str(made.lead_id), move.reason, at)
    if reached:
        await close_reached(connection, made.phone, made.id, at)
    else:
        await attempt_over(connection, made.lead_id, move.state, made.id, at)


async def give_back(
    connection: AsyncConnection, epoch: int, attempt_id: str, now: float, move: LeadMove | None = None
) -> None:
    """`AttemptRepository.release` inside another aggregate's write."""
    back = case((leads.c.due_at.is_(None), LeadState.READY), else_=LeadState.SCHEDULED)
    lead_id, phone = await _move(connection, epoch, attempt_id, AttemptState.RELEASED, ended_at=now)
    if (move is None or move.state is not LeadState.FINAL) and await is_listed(connection, phone):
        move = NOT_TO_BE_CALLED
    if move is None:
        await _move_lead(connection, lead_id, LeadState.READY, state=back)
    else:
        await _move_lead(connection, lead_id, move.state, state=move.state, due_at=move.due_at)
        await decide(connection, "lead", str(lead_id), move.reason, now)
    state = LeadState.READY if move is None else move.state
    await attempt_over(connection, lead_id, state, attempt_id, now)


def _ended(campaign: str, since: float) -> tuple[Any, ...]:
    ended = attempts.c.state == AttemptState.ENDED
    return attempts.c.campaign == campaign, attempts.c.ended_at >= since, ended


def to_attempt(row: Row[Any]) -> Attempt:
    """A row of `COLUMNS`."""
    values = row._asdict()
    outcome = values["outcome"]
    values["state"] = AttemptState(values["state"])
    values["outcome"] = None if outcome is None else Outcome(outcome)
    return Attempt(**values)


async def _move(
    connection: AsyncConnection, epoch: int, attempt_id: str, new: AttemptState, **values: Any
) -> tuple[int, str]:
    old = [state for state, following in MOVES.items() if new in following]
    return await _change(connection, epoch, attempt_id, old, new, {"state": new, **values})


async def _change(
    connection: AsyncConnection,
    epoch: int,
    attempt_id: str,
    states: Sequence[AttemptState],
    to: str,
    values: dict[str, Any],
) -> tuple[int, str]:
    """Changes an attempt that is in one of `states` and gives its lead and phone. The conditions stand in the
    update itself: a statement less for every step of every call."""
    mine = attempts.c.id == attempt_id
    change = update(attempts).where(mine, attempts.c.state.in_(states), holds(epoch)).values(values)
    found = (await connection.execute(change.returning(attempts.c.lead_id, attempts.c.phone))).one_or_none()
    if found is not None:
        return found.lead_id, found.phone
    await fence(connection, epoch)
    row = (await connection.execute(select(attempts).where(mine))).one_or_none()
    if row is None:
        raise UnknownAttempt(f"there is no attempt {attempt_id}")
    if row.state == AttemptState.ENDED:
        raise AlreadyEnded(attempt_id, row.outcome)
    raise IllegalMove(f"attempt {attempt_id}", row.state, to)


async def _move_lead(connection: AsyncConnection, lead_id: int, to: LeadState, **values: Any) -> None:
    """Out of its claim."""
    mine = leads.c.id == lead_id
    claimed = leads.c.state == LeadState.CLAIMED
    done = await connection.execute(update(leads).where(mine, claimed).values(values))
    if not done.rowcount or to not in LEAD_MOVES[LeadState.CLAIMED]:
        found = await connection.scalar(select(leads.c.state).where(mine))
        raise IllegalMove(f"lead {lead_id}", str(found), to)
