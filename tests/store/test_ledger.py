"""The abandonment ledger counts from the journal, over any window, and on every database alike."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from config.laws import LAWS, LawName
from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from predictive import Spent
from predictive.ledger import Counts
from store import Store, open_store
from store.engine import make_engine
from store.ledger import FOREVER, verdict
from tests.migrated import new_database
from tests.store.conftest import people

NewId = Callable[[], str]
FINAL = LeadMove(LeadState.FINAL, None, "done")
US, UK, CA, IT = (LAWS[LawName(name)] for name in ("us", "uk", "ca", "it"))
DAY = 86400.0
NOW = 1_800_000_000.0


async def answered(
    store: Store,
    epoch: int,
    new_id: NewId,
    campaign: str,
    calls: list[tuple[Outcome, float, float | None]],
) -> None:
    """Journals calls: outcome, when they ended, and seconds from the answer until an agent came (or till the
    end, for who left before); None: nobody answered."""
    await store.leads.add(campaign, people(len(calls)), 0.0)
    ids = [lead.id for lead in await store.leads.page(campaign, limit=len(calls))]
    claimed = await store.attempts.claim(epoch, campaign, "city", ids, 0.0, new_id)
    for attempt, (outcome, ended_at, wait) in zip(claimed, calls, strict=True):
        talked = outcome in (Outcome.TALKED, Outcome.INTERRUPTED)
        if wait is not None:
            answer = ended_at - wait - (60.0 if talked else 0.0)
            await store.attempts.note_progress(
                epoch,
                attempt.id,
                answered_at=answer,
                connected_at=answer + wait if talked else None,
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
    assert await ledger.counts("spring", 2.0, NOW - DAY) == Counts(abandoned=1, late=2, connected=2, left=1)
    assert await ledger.counts("spring", 2.0, NOW - 30 * DAY) == Counts(
        abandoned=2, late=2, connected=3, left=1
    )
    assert await ledger.counts("spring", None, 0.0) == Counts(abandoned=3, late=0, connected=4, left=2)
    assert await ledger.counts("nothing", 2.0, 0.0) == Counts()
    assert await ledger.counts("spring", 2.0, NOW - 10) == Counts(abandoned=1)
    assert await ledger.counts("spring", 2.0, NOW - 9.5) == Counts()


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


@pytest.mark.parametrize("connect", [2.0, 3.0, None])
async def test_what_is_counted_is_what_can_be_listed(
    store: Store, epoch: int, new_id: NewId, connect: float | None
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
        told = Counter(verdict(call, connect) for call in listed)
        assert await store.ledger.counts("spring", connect, start) == Counts(
            told["abandoned"], told["late"], told["connected"], told["left"]
        )
    assert len(listed) < len(calls)


async def test_a_list_ends_before_its_end(store: Store, epoch: int, new_id: NewId) -> None:
    await answered(store, epoch, new_id, "spring", A_DAY)
    listed = [call.ended_at async for call in store.ledger.calls("spring", NOW - 50, NOW - 20)]
    assert listed == [NOW - 50, NOW - 40, NOW - 30]


async def test_the_count_reads_only_an_index_of_the_answered_calls(tmp_path: Path) -> None:
    url = new_database(tmp_path / "a.db")
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    async with open_store(url) as store:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            await store.ledger.counts("spring", 2.0, NOW)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    engine = make_engine(url)
    async with engine.connect() as connection:
        (statement, parameters) = asked[0]
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans = list(rows.scalars(3))
    await engine.dispose()
    assert plans == [
        "SEARCH attempts USING COVERING INDEX ix_attempts_answered (campaign=? AND outcome=? AND ended_at>?)"
    ]
