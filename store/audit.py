"""The audit: no lead lost, none in two places."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from leads.attempt import OPEN
from leads.lead import LeadState
from store.engine import Database
from store.tables import attempts, leads

LONG = 86400.0
SHOWN = 5


async def audit(database: Database, now: float) -> list[str]:
    """What breaks the rules, as sentences; empty where all is well.

    Every lead is ready, scheduled (with a time), claimed or final; every claimed lead has exactly one
    open attempt and every open attempt a claimed lead; no attempt is open for more than a day.
    """
    is_open = attempts.c.state.in_(OPEN)
    opened = (
        select(func.count())
        .where(attempts.c.lead_id == leads.c.id, is_open)
        .correlate(leads)
        .scalar_subquery()
    )
    rules: list[tuple[str, Select[Any]]] = [
        ("leads in no known state", select(leads.c.id).where(leads.c.state.not_in(list(LeadState)))),
        (
            "scheduled leads without a time",
            select(leads.c.id).where(leads.c.state == LeadState.SCHEDULED, leads.c.due_at.is_(None)),
        ),
        (
            "claimed leads without exactly one open attempt",
            select(leads.c.id).where(leads.c.state == LeadState.CLAIMED, opened != 1),
        ),
        (
            "open attempts whose lead is not claimed",
            select(attempts.c.id)
            .join(leads, leads.c.id == attempts.c.lead_id)
            .where(is_open, leads.c.state != LeadState.CLAIMED),
        ),
        (
            "attempts open for more than a day",
            select(attempts.c.id).where(is_open, attempts.c.claimed_at < now - LONG),
        ),
    ]
    broken = []
    async with database.read() as connection:
        for what, query in rules:
            found = list(await connection.scalars(query))
            if found:
                more = ", ..." if len(found) > SHOWN else ""
                broken.append(f"{len(found)} {what}: {', '.join(map(str, found[:SHOWN]))}{more}")
    return broken
