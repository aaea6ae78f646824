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
from store.callbacks import close_reached
from store.decisions import decide
from store.do_not_call import AGENT, bar, is_listed
from store.eligible import PLACED
from store.engine import Database
from store.leads import load, reopen
from store.orders import is_idle
from store.tables import attempts, callbacks, inbound_calls, leads

DAY = 86400.0

AfterTalk = Callable[[str, Lead], LeadMove]
"""Campaign and lead, as it was before the talk, to where the lead goes."""


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
        no_more: Mapping[str, Plan] | None = None,
    ) -> Mark:
        """What the agent says came of their talk, or of the last one if it ended at most `within(campaign)`
        seconds ago and none came since; the last word counts.

        A talk that goes on is only marked: its end moves the lead. For one that is over this happens here, in
        the same write: the lead goes where `after` says, unless something newer than the talk has moved it,
        and a call-back that the talk closed is open again if the lead is called again. An order whose result
        has been told to its shop stays as it is. With `no_more` (`leads.orders.plans`) the number comes on
        the do-not-call list.
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
            if is_over and row.outcome in (Outcome.TALKED, Outcome.INTERRUPTED):
                await _move_lead(connection, row, now, after)
            if no_more is not None:
                await bar(connection, {row.phone: f"{agent}: {said}"}, AGENT, now, no_more)
            return Mark.MARKED


async def _taken(connection: AsyncConnection, agent: str, now: float) -> float:
    """When the agent last took a call that came in; 0.0: not today."""
    mine = inbound_calls.c.agent == agent, inbound_calls.c.arrived_at > now - DAY
    return await connection.scalar(select(func.max(inbound_calls.c.connected_at)).where(*mine)) or 0.0


async def _move_lead(connection: AsyncConnection, row: Row[Any], now: float, after: AfterTalk) -> None:
    """What the end of the talk would have done, had the agent spoken before it."""
    newest = select(func.max(attempts.c.number)).where(attempts.c.lead_id == row.lead_id, PLACED)
    still = (
        leads.c.id == row.lead_id,
        leads.c.reopened_at <= row.claimed_at,
        newest.scalar_subquery() == row.number,
    )
    found = await load(connection, *still, leads.c.state.in_((LeadState.FINAL, LeadState.SCHEDULED)))
    if not found or await is_listed(connection, row.phone):
        return
    [lead] = found
    move = after(row.campaign, lead.before(Outcome(row.outcome)))
    if move.state is not LeadState.FINAL and await is_idle(connection, lead.id):
        return
    values = {"state": move.state, "due_at": move.due_at}
    await connection.execute(update(leads).where(leads.c.id == lead.id).values(values))
    await decide(connection, "lead", str(lead.id), move.reason, now)
    if move.state is LeadState.FINAL:
        await close_reached(connection, row.phone, row.id, now)
    else:
        await _open_again(connection, row, now)


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
