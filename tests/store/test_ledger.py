"""The abandonment ledger counts from the journal, over any window, and on every database alike."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update
from sqlalchemy.engine import Engine

from config.laws import LAWS, Law, LawName
from config.models import MISSED_MACHINE
from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from predictive import Spent
from predictive.ledger import Counts
from predictive.screening import Marks
from store import Store, open_store
from store.engine import make_engine
from store.ledger import FOREVER, verdict
from store.tables import attempts
from store.verdicts import Screened
from tests.migrated import new_database
from tests.store.conftest import people

NewId = Callable[[], str]
FINAL = LeadMove(LeadState.FINAL, None, "done")
US, UK, CA, IT, NONE = (LAWS[LawName(name)] for name in ("us", "uk", "ca", "it", "none"))
DAY = 86400.0
NOW = 1_800_000_000.0


async def answered(
    store: Store,
    epoch: int,
    new_id: NewId,
    campaign: str,
    calls: list[tuple[Outcome, float, float | None]],
    greeted: float = 0.0,
) -> None:
    """Journals calls: outcome, when they ended, and seconds from the answer until an agent came (or till the
    end, for who left before); None: nobody answered. `greeted`: so long their greeting took."""
    await store.leads.add(campaign, people(len(calls)), 0.0)
    ids = [lead.id for lead in await store.leads.page(campaign, limit=len(calls))]
    claimed = await store.attempts.claim(epoch, campaign, "city", ids, 0.0, new_id)
    for attempt, (outcome, ended_at, wait) in zip(claimed, calls, strict=True):
        if outcome is Outcome.MACHINE:
            await store.attempts.note_progress(epoch, attempt.id, heard="machine")
        talked = outcome in (Outcome.TALKED, Outcome.INTERRUPTED)
        if wait is not None:
            answer = ended_at - wait - (60.0 if talked else 0.0)
            await store.attempts.note_progress(
                epoch,
                attempt.id,
                answered_at=answer,
                connected_at=answer + wait if talked else None,
                greeted_at=answer + greeted if greeted else None,
            )
        await store.attempts.finish(epoch, attempt.id, outcome, ended_at, None, None, FINAL)


A_DAY: list[tuple[Outcome, float, float | None]] = [
    (Outcome.ABANDONED, NOW - 10, 2.0),
    (Outcome.ABANDONED, NOW - 2 * DAY, 2.0),
    (Outcome.ABANDONED, NOW - 31 * DAY, 2.0),
    (Outcome.TALKED, NOW - 20, 0.5),
    (Outcome.TALKED, NOW - 3 * DAY, 2.0),
    (Outcome.TALKED, NOW - 30, 2.25),
    (Outcome.INTERRUPTED, NOW - 40, 1.0),
    (Outcome.HUNG_UP_BEFORE_TALK, NOW - 50, 1.0),
    (Outcome.HUNG_UP_BEFORE_TALK, NOW - 60, 2.75),
    (Outcome.NO_ANSWER, NOW - 70, None),
    (Outcome.BUSY, NOW - 70, None),
    (Outcome.IN_DOUBT, NOW - 70, None),
]


async def test_a_window_holds_the_answered_calls_that_ended_in_it(
    store: Store, epoch: int, new_id: NewId
) -> None:
    await answered(store, epoch, new_id, "spring", A_DAY)
    await answered(store, epoch, new_id, "autumn", [(Outcome.ABANDONED, NOW - 1, 2.0)])
    ledger = store.ledger
    assert await ledger.counts("spring", US, NOW - DAY) == Counts(abandoned=1, late=2, connected=2, left=1)
    assert await ledger.counts("spring", US, NOW - 30 * DAY) == Counts(
        abandoned=2, late=2, connected=3, left=1
    )
    assert await ledger.counts("spring", NONE, 0.0) == Counts(abandoned=3, late=0, connected=4, left=2)
    assert await ledger.counts("nothing", US, 0.0) == Counts()
    assert await ledger.counts("spring", US, NOW - 10) == Counts(abandoned=1)
    assert await ledger.counts("spring", US, NOW - 9.5) == Counts()


async def test_each_law_measures_its_own_window_and_share(store: Store, epoch: int, new_id: NewId) -> None:
    await answered(store, epoch, new_id, "spring", A_DAY)
    us = await store.ledger.standing("spring", US, UTC, NOW)
    assert us.spent == Spent(live=8, abandoned=4)
    uk = await store.ledger.standing("spring", UK, UTC, NOW)
    assert uk.spent == Spent(live=5, abandoned=3)
    italy = await store.ledger.standing("spring", IT, UTC, NOW)
    assert italy.spent == Spent(live=4, abandoned=2)  # 3 s: the two that waited longer are in time
    none = await store.ledger.standing("spring", LAWS[LawName.NONE], UTC, NOW)
    assert none.spent == Spent(live=6, abandoned=1)
    assert await store.ledger.standing("spring", US, UTC, NOW, "24h") != us


async def test_the_month_begins_where_the_campaign_is(store: Store, epoch: int, new_id: NewId) -> None:
    began = 1_793_505_600.0  # 2026-11-01 00:00 in Toronto, 04:00 UTC
    await answered(
        store, epoch, new_id, "spring",
        [(Outcome.ABANDONED, began - 0.5, 2.0), (Outcome.TALKED, began, 0.5)],
    )  # fmt: skip
    toronto = await store.ledger.standing("spring", CA, ZoneInfo("America/Toronto"), began + 3600)
    assert toronto.spent == Spent(live=1, abandoned=0)
    london = await store.ledger.standing("spring", CA, ZoneInfo("Europe/London"), began + 3600)
    assert london.spent == Spent(live=2, abandoned=1)


async def test_a_restart_changes_no_figure(url: str, new_id: NewId) -> None:
    async with open_store(url) as store:
        epoch = await store.lease.acquire("test", 0.0, 1e12)
        await answered(store, epoch, new_id, "spring", A_DAY)
        before = await store.ledger.standing("spring", US, UTC, NOW)
    async with open_store(url) as store:
        assert await store.ledger.standing("spring", US, UTC, NOW) == before


@pytest.mark.parametrize("law, late", [(US, 0), (UK, 1), (CA, 1), (NONE, 0)])
async def test_the_seconds_run_from_the_end_of_the_greeting_where_the_law_says_so(
    store: Store, epoch: int, new_id: NewId, law: Law, late: int
) -> None:
    calls: list[tuple[Outcome, float, float | None]] = [
        (Outcome.TALKED, NOW - 10, wait) for wait in (1.9, 2.7)
    ]
    await answered(store, epoch, new_id, "spring", calls, greeted=0.8)
    assert (await store.ledger.counts("spring", law, 0.0)).late == late


@pytest.mark.parametrize("law", [US, UK, IT, NONE])
async def test_what_is_counted_is_what_can_be_listed(
    store: Store, epoch: int, new_id: NewId, law: Law
) -> None:
    """Recomputed call by call from the listed attempts, by another way than the database's."""
    dice = random.Random(7)
    calls: list[tuple[Outcome, float, float | None]] = []
    for _ in range(150):
        wait = dice.choice([None, 0.25, 1.0, 2.0, 2.0000002, 3.0, 5.5])
        calls.append((dice.choice(list(Outcome)), NOW - dice.randrange(40) * DAY, wait))
    await answered(store, epoch, new_id, "spring", calls)
    for start in (0.0, NOW - 30 * DAY, NOW - DAY):
        listed = [call async for call in store.ledger.calls("spring", start, FOREVER)]
        assert [call.ended_at for call in listed] == sorted(call.ended_at or 0 for call in listed)
        told = Counter(verdict(call, law) for call in listed)
        assert await store.ledger.counts("spring", law, start) == Counts(
            told["abandoned"], told["late"], told["connected"], told["left"], told["machine"]
        )
    assert len(listed) < len(calls)


async def test_a_list_ends_before_its_end(store: Store, epoch: int, new_id: NewId) -> None:
    await answered(store, epoch, new_id, "spring", A_DAY)
    listed = [call.ended_at async for call in store.ledger.calls("spring", NOW - 50, NOW - 20)]
    assert listed == [NOW - 50, NOW - 40, NOW - 30]


async def plans(url: str, ask: Callable[[Store], Awaitable[object]]) -> list[list[str]]:
    """How SQLite would go about each question."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "attempts" in statement:
            asked.append((statement, parameters))

    async with open_store(url) as store:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            await ask(store)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    engine = make_engine(url)
    async with engine.connect() as connection:
        found = [
            list((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).scalars(3))
            for statement, parameters in asked
        ]
    await engine.dispose()
    return found


async def test_the_count_reads_only_an_index_of_the_answered_calls(tmp_path: Path) -> None:
    found = await plans(new_database(tmp_path / "a.db"), lambda store: store.ledger.counts("spring", US, NOW))
    assert found[0] == [
        "SEARCH attempts USING COVERING INDEX ix_attempts_answered (campaign=? AND outcome=? AND ended_at>?)"
    ]


async def test_marks_are_counted_without_reading_all_verdicts_that_ever_fell(tmp_path: Path) -> None:
    marked, sample, _ = await plans(
        new_database(tmp_path / "a.db"), lambda store: store.ledger.marks("spring", NOW)
    )
    assert "ix_attempts_marked" in marked[0]
    assert [step for step in sample if "verdicts" in step and "ix_verdicts_checked" in step], sample


async def test_machines_and_marks_are_counted_in_the_window(store: Store, epoch: int, new_id: NewId) -> None:
    calls: list[tuple[Outcome, float, float | None]] = [
        (Outcome.MACHINE, NOW - 10, None),
        (Outcome.MACHINE, NOW - 2 * DAY, None),
        (Outcome.FAX, NOW - 10, None),
        *[(Outcome.TALKED, NOW - 20, 0.5)] * 5,
        (Outcome.TALKED, NOW - 2 * DAY, 0.5),
        (Outcome.ABANDONED, NOW - 20, 2.0),
    ]
    await answered(store, epoch, new_id, "spring", calls)
    ids = [f"{n:016x}" for n in range(1, len(calls) + 1)]
    for attempt in (ids[3], ids[4], ids[8]):
        async with store._database.write() as connection:
            marked = update(attempts).where(attempts.c.id == attempt).values(disposition=MISSED_MACHINE)
            await connection.execute(marked)
    async with store._database.write() as connection:
        await connection.execute(update(attempts).values(agent="anna"))
        talked = attempts.c.outcome == Outcome.TALKED
        await connection.execute(update(attempts).where(talked).values(heard="person"))
        silent = update(attempts).where(attempts.c.id.in_((ids[6], ids[7]))).values(agent="boris")
        await connection.execute(silent)
    for attempt in (ids[0], ids[4], ids[5], ids[7], ids[8], ids[9]):
        checked = Screened(attempt, False, "machine", 0.8, 40, "spoke on", "1", attempt != ids[0], NOW)
        await store.verdicts.put(checked)
    ledger = store.ledger
    assert (await ledger.counts("spring", US, NOW - DAY)).machines == 1
    assert (await ledger.counts("spring", US, NOW - DAY, [ids[0]])).machines == 0
    assert (await ledger.counts("spring", US, 0.0)).machines == 2
    assert await ledger.marks("spring", NOW - DAY) == Marks(
        talks=3, machines=2, checked=2, checked_machines=1, passed_on=4
    ), "neither the abandoned one, nor the one hung up, nor who marks nothing says what it was"
    assert await ledger.marks("spring", 0.0) == Marks(4, 3, 3, 2, passed_on=5)
    assert await ledger.marks("autumn", 0.0) == Marks()
    async with store._database.write() as connection:
        before = update(attempts).where(attempts.c.id.in_((ids[3], ids[6]))).values(heard=None)
        await connection.execute(before)
    assert await ledger.marks("spring", NOW - DAY) == Marks(2, 1, 2, 1, passed_on=4), (
        "what was marked before the campaign was screened is no error of the screen"
    )
