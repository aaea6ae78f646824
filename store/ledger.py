"""The abandonment ledger: what the journal says of a campaign's answered calls over a window."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import tzinfo
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, literal_column, or_, select

from config.laws import Law
from config.models import MISSED_MACHINE
from leads.attempt import Attempt
from leads.lead import Outcome
from predictive.ledger import NO_ERRORS, Counts, Screening, Standing, Window, standing, window_start
from predictive.screening import Marks
from store.attempts import COLUMNS, to_attempt
from store.eligible import ANSWERED
from store.engine import Database
from store.tables import attempts
from store.verdicts import verdicts

FOREVER = float("inf")
PAGE = 500
"""Rows per trip to the database."""

Verdict = Literal["abandoned", "late", "connected", "left", "machine"]
"""What an answered call is to the law: `predictive.ledger.Counts` says it for each."""

_MACHINE = (attempts.c.heard == "machine") & (attempts.c.outcome == literal_column(f"'{Outcome.MACHINE}'"))
_MARKED = attempts.c.disposition == literal_column(f"'{MISSED_MACHINE}'")
_CHECKED: ColumnElement[bool] = literal_column("verdicts.checked")
"""Spelt out, not bound: only so can a database prove that the index of such calls serves. A robot takes who
presses nothing for a machine; that is no word of the screen's."""


class LedgerRepository:
    """A call belongs to the window in which it ended. Nothing is kept but the journal itself, so a restart
    changes no figure."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(
        self,
        campaign: str,
        law: Law,
        zone: tzinfo,
        now: float,
        window: Window | None = None,
        screening: Screening = NO_ERRORS,
    ) -> Standing:
        """Where a campaign stands in a window, by default its law's: `.spent` for the pacer.
        `zone` is the campaign's: it says when days and months begin."""
        start = window_start(window or law.window, now, zone)
        return standing(await self.counts(campaign, law, start), law.of, law.limit, screening)

    async def written(self, ids: Collection[str]) -> set[str]:
        """Those of the attempts whose end is in the store."""
        query = select(attempts.c.id).where(attempts.c.id.in_(ids), attempts.c.ended_at.is_not(None))
        async with self._database.read() as connection:
            return set(await connection.scalars(query))

    async def counts(self, campaign: str, law: Law, start: float, without: Collection[str] = ()) -> Counts:
        """The campaign's answered calls that ended at `start` or later, as the law sees them. Attempts in
        `without` are left out."""
        outcome = attempts.c.outcome
        # Who left before an agent came has no time of it; the robot has, as it speaks at once.
        left = outcome == Outcome.HUNG_UP_BEFORE_TALK
        reached = func.coalesce(attempts.c.connected_at, case((left, attempts.c.ended_at)))
        begun: ColumnElement[Any] = attempts.c.answered_at
        if law.counts_from == "greeting":
            begun = func.coalesce(attempts.c.greeted_at, begun)
        late = case((reached - begun > (FOREVER if law.connect is None else law.connect), 1), else_=0)
        query = (
            select(outcome, func.count(), func.sum(late))
            .where(attempts.c.campaign == campaign, attempts.c.ended_at >= start, ANSWERED)
            .group_by(outcome)
        )
        if without:
            query = query.where(attempts.c.id.not_in(without))
        ended = attempts.c.campaign == campaign, attempts.c.ended_at >= start
        hung_up = select(func.count()).where(*ended, _MACHINE, attempts.c.id.not_in(without))
        found: dict[str, tuple[int, int]] = {}
        async with self._database.read() as connection:
            for name, calls, too_late in await connection.execute(query):
                found[name] = (calls, 0 if name == Outcome.ABANDONED else too_late)
            machines = await connection.scalar(hung_up)

        def in_time(*outcomes: Outcome) -> int:
            return sum(calls - too_late for calls, too_late in (found.get(o, (0, 0)) for o in outcomes))

        return Counts(
            abandoned=in_time(Outcome.ABANDONED),
            late=sum(too_late for _, too_late in found.values()),
            connected=in_time(Outcome.TALKED, Outcome.INTERRUPTED),
            left=in_time(Outcome.HUNG_UP_BEFORE_TALK),
            machines=machines or 0,
        )

    async def marks(self, campaign: str, start: float, until: float = FOREVER) -> Marks:
        """What agents said of the campaign's screened talks that ended from `start` on and before `until`.

        Only of those agents who marked one: that the others mark nothing says nothing.
        """
        agent = attempts.c.agent
        talked = attempts.c.outcome.in_((Outcome.TALKED, Outcome.INTERRUPTED)) & attempts.c.heard.is_not(None)
        ended = attempts.c.campaign == campaign, attempts.c.ended_at >= start, attempts.c.ended_at < until
        # Said as the indices have it: a sum over a condition would read every talk of the window.
        marks = select(agent, func.count()).where(*ended, _MARKED, talked).group_by(agent)
        of_talks = (func.sum(case((which, 1), else_=0)) for which in (talked, talked & _MARKED))
        sample = select(agent, func.count(), *of_talks).join_from(verdicts, attempts).group_by(agent)
        async with self._database.read() as connection:
            marked: dict[str, int] = {row[0]: row[1] for row in await connection.execute(marks)}
            talks = select(func.count()).where(*ended, ANSWERED, talked, agent.in_(marked))
            passed = list(await connection.execute(sample.where(_CHECKED, *ended, ANSWERED)))
            judged = [row for row in passed if row.agent in marked]
            return Marks(
                talks=await connection.scalar(talks) or 0,
                machines=sum(marked.values()),
                checked=sum(row[2] for row in judged),
                checked_machines=sum(row[3] for row in judged),
                passed_on=sum(row[1] for row in passed),
            )

    async def calls(self, campaign: str, start: float, until: float) -> AsyncIterator[Attempt]:
        """The campaign's answered calls that ended from `start` on and before `until`, in that order; those
        hung up as machines too."""
        query = (
            select(*COLUMNS)
            .where(
                attempts.c.campaign == campaign,
                attempts.c.ended_at >= start,
                attempts.c.ended_at < until,
                or_(ANSWERED, _MACHINE),
            )
            .order_by(attempts.c.ended_at, attempts.c.id)
        )
        async with self._database.read() as connection, connection.stream(query) as rows:
            async for page in rows.partitions(PAGE):
                for row in page:
                    yield to_attempt(row)


def verdict(call: Attempt, law: Law) -> Verdict:
    """What an answered call is to a law; `LedgerRepository.counts` counts by it."""
    if call.outcome is Outcome.MACHINE:
        return "machine"
    if call.outcome is Outcome.ABANDONED:
        return "abandoned"
    left = call.outcome is Outcome.HUNG_UP_BEFORE_TALK
    wait = waited(call, law)
    if law.connect is not None and wait is not None and wait > law.connect:
        return "late"
    return "left" if left else "connected"


def waited(call: Attempt, law: Law) -> float | None:
    """Seconds that the law counts until an agent came, or the call ended without; None where not known."""
    talked = call.outcome in (Outcome.TALKED, Outcome.INTERRUPTED)
    end = call.connected_at if talked or call.connected_at is not None else call.ended_at
    begin = law.begins(call.answered_at, call.greeted_at)
    return None if end is None or begin is None else end - begin
