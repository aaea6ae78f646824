"""Which leads may be called: conditions on `leads`, for the hopper and for the claim alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, not_, or_, select

from config.models import Frequency
from leads.attempt import AttemptState
from leads.inbound import CallbackKind, CallbackState
from leads.lead import LIVE, LeadState, Outcome
from store.tables import attempts, callbacks, do_not_call, leads

NOBODY: Mapping[str, float] = {}
"""No lock-out: an agent is reserved for the call."""

ANSWERED = attempts.c.outcome.in_(bindparam("live", sorted(LIVE), expanding=True, literal_execute=True))
ABANDONED = attempts.c.outcome == literal(Outcome.ABANDONED, literal_execute=True)
"""Spelt out, not bound: only so can a database prove that the indexes of answered calls and of abandoned
numbers serve."""
PLACED = attempts.c.state != literal(AttemptState.RELEASED, literal_execute=True)
"""So is this, for the index of placed calls."""


def claimable(
    now: float, lockouts: Mapping[str, float], frequency: Sequence[Frequency], ahead_of: float | None = None
) -> ColumnElement[bool]:
    """Leads that may be claimed: ready, or scheduled and due, or scheduled for exactly `ahead_of`; and
    neither `barred`, nor `locked_out`, nor `capped`."""
    is_time = leads.c.due_at <= now
    if ahead_of is not None:
        is_time = or_(is_time, leads.c.due_at == ahead_of)
    due = and_(leads.c.state == LeadState.SCHEDULED, is_time)
    wanted = [or_(leads.c.state == LeadState.READY, due), not_(barred())]
    if lockouts:
        wanted.append(not_(locked_out(now, lockouts)))
    wanted += [until <= now for until in capped_until(frequency)]
    return and_(*wanted)


def barred() -> ColumnElement[bool]:
    """Leads whose number is on the do-not-call list."""
    return exists(select(do_not_call.c.phone).where(do_not_call.c.phone == leads.c.phone).correlate(leads))


def locked_out(now: float, lockouts: Mapping[str, float]) -> ColumnElement[bool]:
    """Leads whose number we abandoned too recently to call it again, in whatever list and campaign that was,
    or are calling right now, which may yet be abandoned.

    `lockouts`: seconds by the campaign that abandoned; one that is not named has the longest.
    """
    ends = {name: now - seconds for name, seconds in lockouts.items()}
    left_at = case(ends, value=attempts.c.campaign, else_=now - max(lockouts.values()))
    abandoned = select(literal(1)).where(
        attempts.c.phone == leads.c.phone, ABANDONED, attempts.c.ended_at > left_at
    )
    other = leads.alias()
    on_the_phone = select(literal(1)).where(
        other.c.phone == leads.c.phone, other.c.id != leads.c.id, other.c.state == LeadState.CLAIMED
    )
    return or_(abandoned.correlate(leads).exists(), on_the_phone.correlate(leads).exists())


def capped_until(frequency: Sequence[Frequency]) -> list[ColumnElement[float]]:
    """Per cap the time before which a lead's number must not be called: that of the last call but `calls`,
    and `per` after it; 0 where fewer were placed. Calls of all campaigns count, those under way too, but not
    call-backs that the person asked for, which no cap holds up either.
    """
    asked = callbacks.c.kind == CallbackKind.ASKED
    was_asked = exists(
        select(literal(1)).where(
            callbacks.c.lead_id == attempts.c.lead_id,
            asked,
            callbacks.c.created_at <= attempts.c.claimed_at,
            or_(callbacks.c.closed_at.is_(None), callbacks.c.closed_at >= attempts.c.claimed_at),
        )
    )
    is_asked = exists(
        select(literal(1))
        .where(callbacks.c.lead_id == leads.c.id, asked, callbacks.c.state == CallbackState.OPEN)
        .correlate(leads)
    )
    called = (
        select(attempts.c.claimed_at)
        .where(attempts.c.phone == leads.c.phone, PLACED, not_(was_asked))
        .order_by(attempts.c.claimed_at.desc())
        .limit(1)
        .correlate(leads)
    )
    return [
        case(
            (is_asked, 0.0),
            else_=func.coalesce(called.offset(cap.calls - 1).scalar_subquery() + cap.per, 0.0),
        )
        for cap in frequency
    ]
