"""What agents say came of their talks: a disposition each, for a talk that goes on or that is just over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.attempt import OPEN
from leads.inbound import CallbackState
from leads.lead import Lead, LeadState, Outcome
from leads.orders import Plan
from leads.rules import LeadMove
from store.attempts import give_back, outcome_said, settle
from store.do_not_call import AGENT, bar
from store.eligible import PLACED
from store.engine import Database
from store.leads import load, reopen
from store.tables import attempts, callbacks, inbound_calls, leads

DAY = 86400.0

AfterTalk = Callable[[str, str, Lead], LeadMove]
"""Campaign, what was said of the talk, and the lead as it was before it, to where the lead goes:
`leads.rules.saying`."""


class Mark(StrEnum):
    """What came of an agent's word."""

    MARKED = "marked"
    ALREADY = "already"
    NO_TALK = "no_talk"


class MarkRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self,
        agent: str,
        said: str,
        now: float,
        within: Callable[[str], float],
        after: AfterTalk,
        plans: Mapping[str, Plan],
        *,
        barred: bool = False,
    ) -> Mark:
        """What the agent says came of their talk, or of the last one if it ended at most `within(campaign)`
        seconds ago and none came since; the last word counts.

        A talk that goes on is only marked: its end moves the lead. For one that is over this happens here, in
        the same write and in the same way, unless something newer than the talk has moved the lead: what a
        shop has been told of an order already stays. With `barred` the number is on the do-not-call list from
        now on. `plans`: `leads.orders.plans`.
        """
        talked = attempts.c.agent == agent, attempts.c.taken_at.is_not(None)
        last = select(attempts).where(*talked).order_by(attempts.c.taken_at.desc()).limit(1)
        async with self._database.write() as connection:
            row = (await connection.execute(last.with_for_update())).one_or_none()
            if row is None or row.taken_at < await _taken(connection, agent, now):
                return Mark.NO_TALK
            is_over = row.state not in OPEN
            if is_over and now - row.ended_at > within(row.campaign):
                return Mark.NO_TALK
            if (row.disposition, row.disposition_by) == (said, agent):
                return Mark.ALREADY
            values = {"disposition": said, "disposition_by": agent}
            await connection.execute(update(attempts).where(attempts.c.id == row.id).values(values))
            if is_over:
                await _settle(connection, row, said, now, after, plans)
            if barred:
                await bar(connection, {row.phone: f"{agent}: {said}"}, AGENT, now, plans)
            return Mark.MARKED

    async def release(
        self, epoch: int, attempt_id: str, now: float, after: AfterTalk, plans: Mapping[str, Plan]
    ) -> None:
        """`AttemptRepository.release`, where the lead may have been claimed ahead of time, as the agent was
        kept for it since a fault cut their talk: what they said of that talk meanwhile moves the lead now."""
        ahead = leads.c.due_at > attempts.c.claimed_at, leads.c.state == LeadState.SCHEDULED
        of = select(leads.c.id).join(attempts, attempts.c.lead_id == leads.c.id)
        async with self._database.write() as connection:
            await give_back(connection, epoch, attempt_id, now)
            lead_id = await connection.scalar(of.where(attempts.c.id == attempt_id, *ahead))
            mine = select(attempts).where(attempts.c.lead_id == lead_id, PLACED)
            row = (await connection.execute(mine.order_by(attempts.c.number.desc()).limit(1))).one_or_none()
            if row is not None and row.outcome == Outcome.INTERRUPTED and row.disposition_by is not None:
                await _settle(connection, row, row.disposition, now, after, plans)


async def _taken(connection: AsyncConnection, agent: str, now: float) -> float:
    """When the agent last took a call that came in; 0.0: not today."""
    mine = inbound_calls.c.agent == agent, inbound_calls.c.arrived_at > now - DAY
    return await connection.scalar(select(func.max(inbound_calls.c.connected_at)).where(*mine)) or 0.0


async def _settle(
    connection: AsyncConnection,
    row: Row[Any],
    said: str,
    now: float,
    after: AfterTalk,
    plans: Mapping[str, Plan],
) -> None:
    """What the end of the talk would have done, had the agent spoken before it: the lead is claimed again,
    if nothing newer has it, and moved as by the end."""
    newest = select(func.max(attempts.c.number)).where(attempts.c.lead_id == row.lead_id, PLACED)
    still = (
        leads.c.id == row.lead_id,
        leads.c.state.in_((LeadState.FINAL, LeadState.SCHEDULED)),
        leads.c.reopened_at <= row.claimed_at,
        newest.scalar_subquery() == row.number,
    )
    claim = update(leads).where(*still).values(state=LeadState.CLAIMED)
    if not (await connection.execute(claim)).rowcount:
        return
    (lead,) = await load(connection, leads.c.id == row.lead_id)
    move = after(row.campaign, said, lead.before(Outcome(row.outcome)))
    if move.state is not LeadState.FINAL:
        await _open_again(connection, row, now)
    await settle(connection, row, outcome_said(said), move, now, plans)


async def _open_again(connection: AsyncConnection, row: Row[Any], now: float) -> None:
    """The call-back that the talk closed, unless the number has another by now."""
    closed = callbacks.c.closed_by == row.id, callbacks.c.state == CallbackState.DONE
    task = (await connection.execute(select(callbacks).where(*closed))).one_or_none()
    is_open = callbacks.c.phone == row.phone, callbacks.c.state == CallbackState.OPEN
    if task is None or await connection.scalar(select(callbacks.c.id).where(*is_open)) is not None:
        return
    open_again = {"state": CallbackState.OPEN, "closed_by": None, "closed_at": None}
    await connection.execute(update(callbacks).where(callbacks.c.id == task.id).values(open_again))
    if task.lead_id != row.lead_id:
        (other,) = await load(connection, leads.c.id == task.lead_id)
        await reopen(connection, other.id, now, other.priority, now)
