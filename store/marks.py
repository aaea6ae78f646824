"""Machines that the screen missed, as agents mark them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.attempt import MISSED_MACHINE, OPEN
from leads.inbound import CallbackState
from leads.lead import Lead, LeadState, Outcome
from leads.rules import LeadMove
from store.decisions import decide
from store.do_not_call import is_listed
from store.engine import Database
from store.leads import load, reopen
from store.tables import attempts, callbacks, inbound_calls, leads

DAY = 86400.0

AfterMachine = Callable[[str, Lead], LeadMove]
"""Campaign and lead, as it was before the talk, to where the lead goes."""


class Mark(StrEnum):
    """What came of an agent's mark."""

    MARKED = "marked"
    ALREADY = "already"
    NO_TALK = "no_talk"


class MarkRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def machine(
        self, agent: str, now: float, within: Callable[[str], float], after: AfterMachine
    ) -> Mark:
        """The agent's talk, or the last one if it ended at most `within(campaign)` seconds ago and none came
        since, was with a machine.

        One that goes on is only marked: its end moves the lead. For one that is over this happens here, in
        the same write: a lead that the talk made final goes where `after` says, and a call-back that it
        closed is open again. An order whose result has been told to its shop stays as it is.
        """
        talked = attempts.c.agent == agent, attempts.c.connected_at.is_not(None)
        last = select(attempts).where(*talked).order_by(attempts.c.connected_at.desc()).limit(1)
        async with self._database.write() as connection:
            row = (await connection.execute(last.with_for_update())).one_or_none()
            if row is None or row.connected_at < await _taken(connection, agent, now):
                return Mark.NO_TALK
            is_over = row.state not in OPEN
            if is_over and now - row.ended_at > within(row.campaign):
                return Mark.NO_TALK
            if row.disposition == MISSED_MACHINE:
                return Mark.ALREADY
            marked = update(attempts).where(attempts.c.id == row.id).values(disposition=MISSED_MACHINE)
            await connection.execute(marked)
            if is_over and row.outcome == Outcome.TALKED:
                await _call_again(connection, row, now, after)
            return Mark.MARKED


async def _taken(connection: AsyncConnection, agent: str, now: float) -> float:
    """When the agent last took a call that came in; 0.0: not today."""
    mine = inbound_calls.c.agent == agent, inbound_calls.c.arrived_at > now - DAY
    return await connection.scalar(select(func.max(inbound_calls.c.connected_at)).where(*mine)) or 0.0


async def _call_again(connection: AsyncConnection, row: Row[Any], now: float, after: AfterMachine) -> None:
    """What the end of the talk would have done, had the mark come before it."""
    (lead,) = await load(connection, leads.c.id == row.lead_id)
    if lead.state is not LeadState.FINAL or await is_listed(connection, row.phone):
        return
    past = Counter(lead.outcomes) - Counter([Outcome.TALKED])
    move = after(row.campaign, replace(lead, attempts=past.total(), outcomes=past))
    values = {"state": move.state, "due_at": move.due_at}
    await connection.execute(update(leads).where(leads.c.id == lead.id).values(values))
    await decide(connection, "lead", str(lead.id), move.reason, now)
    closed = callbacks.c.closed_by == row.id, callbacks.c.state == CallbackState.DONE
    task = (await connection.execute(select(callbacks).where(*closed))).one_or_none()
    is_open = callbacks.c.phone == row.phone, callbacks.c.state == CallbackState.OPEN
    if task is None or await connection.scalar(select(callbacks.c.id).where(*is_open)) is not None:
        return
    if task.lead_id == lead.id and move.state is LeadState.FINAL:
        return
    open_again = {"state": CallbackState.OPEN, "closed_by": None, "closed_at": None}
    await connection.execute(update(callbacks).where(callbacks.c.id == task.id).values(open_again))
    if task.lead_id != lead.id:
        (other,) = await load(connection, leads.c.id == task.lead_id)
        await reopen(connection, other.id, now, other.priority, now)
