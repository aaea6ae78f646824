"""Whom we abandoned is not called again within the law's hours, in no list and by no campaign, unless an
agent is reserved for the call: neither offered by the hopper nor taken by a claim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from leads.lead import Lead, LeadState, Outcome
from leads.rules import LeadMove
from store import Store, open_store
from store.engine import make_engine
from tests.migrated import new_database
from tests.store.conftest import people

NewId = Callable[[], str]
HOUR = 3600.0
LOCKOUTS = {"spring": 72 * HOUR, "rome": 120 * HOUR, "free": 0.0}
FINAL = LeadMove(LeadState.FINAL, None, "done")
DUE = LeadMove(LeadState.SCHEDULED, 11.0, "called again")


async def list_of(store: Store, name: str, count: int = 2) -> list[Lead]:
    await store.leads.add(name, people(count), 0.0)
    return await store.leads.page(name)


async def call(
    store: Store, epoch: int, new_id: NewId, lead: Lead, campaign: str, outcome: Outcome, at: float
) -> None:
    [attempt] = await store.attempts.claim(epoch, campaign, "city", [lead.id], at, new_id)
    await store.attempts.finish(epoch, attempt.id, outcome, at, None, None, DUE)


class Asked:
    """Whether the first lead of a list is offered, and then whether it is claimed; both must agree."""

    def __init__(self, store: Store, epoch: int, new_id: NewId) -> None:
        self.store, self.epoch, self.new_id = store, epoch, new_id

    async def may_call(self, lead: Lead, at: float, lockouts: Mapping[str, float] = LOCKOUTS) -> bool:
        hopper = await self.store.leads.callable(lead.list, at, 100, None, lockouts)
        offered = lead.id in [found.id for found in hopper]
        claimed = await self.store.attempts.claim(
            self.epoch, "spring", "city", [lead.id], at, self.new_id, lockouts
        )
        for attempt in claimed:
            await self.store.attempts.release(self.epoch, attempt.id, at)
        assert offered == bool(claimed)
        return offered


@pytest.fixture
def asked(store: Store, epoch: int, new_id: NewId) -> Asked:
    return Asked(store, epoch, new_id)


@pytest.mark.parametrize(
    ("campaign", "hours"), [("spring", 72), ("rome", 120), ("free", 0), ("gone from the site", 120)]
)
async def test_a_number_stays_uncalled_for_as_long_as_the_law_of_who_abandoned_it_says(
    store: Store, epoch: int, new_id: NewId, asked: Asked, campaign: str, hours: float
) -> None:
    first, second = await list_of(store, "a")
    [other, _] = await list_of(store, "b")
    await call(store, epoch, new_id, first, campaign, Outcome.ABANDONED, 100.0)
    end = 100.0 + hours * HOUR
    for lead in (first, other):
        if hours:
            assert not await asked.may_call(lead, end - 1)
            assert await asked.may_call(lead, end - 1, {})  # with an agent reserved
        assert await asked.may_call(lead, end)
    assert await asked.may_call(second, 101.0)


async def test_other_ends_of_a_call_lock_nobody_out(
    store: Store, epoch: int, new_id: NewId, asked: Asked
) -> None:
    leads = await list_of(store, "a", len(Outcome))
    for lead, outcome in zip(leads, Outcome, strict=True):
        await call(store, epoch, new_id, lead, "spring", outcome, 100.0)
    may = [outcome for lead, outcome in zip(leads, Outcome, strict=True) if await asked.may_call(lead, 101.0)]
    assert set(Outcome) - set(may) == {Outcome.ABANDONED}


async def test_the_last_abandonment_counts(store: Store, epoch: int, new_id: NewId, asked: Asked) -> None:
    [lead, _] = await list_of(store, "a")
    for at in (100.0, 100.0 + 71 * HOUR):
        await call(store, epoch, new_id, lead, "spring", Outcome.ABANDONED, at)
    assert not await asked.may_call(lead, 100.0 + 142 * HOUR)
    assert await asked.may_call(lead, 100.0 + 143 * HOUR)
    told = await store.leads.abandonments(lead.phone)
    assert [(one.campaign, one.at) for one in told] == [("spring", 100.0), ("spring", 100.0 + 71 * HOUR)]
    assert await store.leads.abandonments("+79039999999") == []


async def test_who_was_abandoned_after_the_hopper_was_asked_is_not_claimed(
    store: Store, epoch: int, new_id: NewId
) -> None:
    """Two lists have the number: the one calls it while the other is about to."""
    [first, _], [other, free] = await list_of(store, "a"), await list_of(store, "b")
    offered = [lead.id for lead in await store.leads.callable("b", 100.0, 9, None, LOCKOUTS)]
    assert offered == [other.id, free.id]
    [attempt] = await store.attempts.claim(epoch, "rome", "city", [first.id], 100.0, new_id, LOCKOUTS)
    in_a_call = await store.attempts.claim(epoch, "spring", "city", [other.id], 101.0, new_id, LOCKOUTS)
    assert in_a_call == []  # it may yet be abandoned
    await store.attempts.finish(epoch, attempt.id, Outcome.ABANDONED, 102.0, None, None, FINAL)
    claimed = await store.attempts.claim(epoch, "spring", "city", offered, 103.0, new_id, LOCKOUTS)
    assert [attempt.lead_id for attempt in claimed] == [free.id]


async def test_however_a_claim_meets_the_end_of_a_call_the_abandoned_is_not_claimed(
    store: Store, epoch: int, new_id: NewId
) -> None:
    leads, others = await list_of(store, "a", 40), await list_of(store, "b", 40)
    ids = [lead.id for lead in leads]
    attempts = await store.attempts.claim(epoch, "spring", "city", ids, 100.0, new_id, LOCKOUTS)

    async def end(attempt: str) -> None:
        await store.attempts.finish(epoch, attempt, Outcome.ABANDONED, 101.0, None, None, FINAL)

    async def take(lead: int) -> int:
        found = await store.attempts.claim(epoch, "rome", "city", [lead], 101.0, new_id, LOCKOUTS)
        return len(found)

    both = [
        step
        for attempt, other in zip(attempts, others, strict=True)
        for step in (end(attempt.id), take(other.id))
    ]
    done = await asyncio.gather(*both)
    assert sum(found for found in done if found is not None) == 0


async def test_many_locked_out_do_not_stand_in_the_way(store: Store, epoch: int, new_id: NewId) -> None:
    leads = await list_of(store, "a", 60)
    for lead in leads[:50]:
        await call(store, epoch, new_id, lead, "spring", Outcome.ABANDONED, 12.0)
    found = await store.leads.callable("a", 20.0, 3, [None], LOCKOUTS)
    assert [lead.id for lead in found] == [lead.id for lead in leads[50:53]]


async def test_the_question_is_answered_from_indexes(tmp_path: Path) -> None:
    url = new_database(tmp_path / "a.db")
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    async with open_store(url) as store:
        await store.leads.add("a", people(3), 0.0)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            await store.leads.callable("a", 1.0, 5, None, LOCKOUTS)
            await store.leads.abandonments("+79030000000")
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    engine = make_engine(url)
    plans = []
    async with engine.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(list(rows.scalars(3)))
    await engine.dispose()
    due, ready, held, _, past, abandonments = plans
    for plan in (due, ready):
        assert any(line.startswith("SEARCH leads USING INDEX ix_leads_hopper") for line in plan)
        assert "SEARCH attempts USING INDEX ix_attempts_abandoned (phone=?)" in plan
        assert "SEARCH leads_1 USING INDEX sqlite_autoindex_leads_1 (phone=?)" in plan  # the unique phone
        assert not any("SCAN" in line for line in plan)
    assert any("do_not_call USING" in line and "(phone=?)" in line for line in held), held
    assert not any("SCAN" in line for line in held)
    assert past[:2] == [
        "SEARCH leads USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH attempts USING INDEX sqlite_autoindex_attempts_2 (lead_id=?)",
    ]
    assert abandonments == ["SEARCH attempts USING INDEX ix_attempts_abandoned (phone=?)"]
