"""Leads: adding, whom to call next, looking up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from leads.lead import Lead, LeadState, NewLead, Outcome
from leads.rules import LeadMove
from store import Added, Store, open_store
from store.engine import make_engine
from tests.migrated import new_database
from tests.store.conftest import people

NewId = Callable[[], str]
MOSCOW, CHITA = "Europe/Moscow", "Asia/Chita"


async def schedule(store: Store, epoch: int, new_id: NewId, lead: Lead, due_at: float) -> None:
    [attempt] = await store.attempts.claim(epoch, "c", "t", [lead.id], 1.0, new_id)
    move = LeadMove(LeadState.SCHEDULED, due_at, "busy")
    await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 2.0, "17", None, move)


async def test_a_lead_comes_back_as_it_was_added(store: Store) -> None:
    new = NewLead("+79031234567", "Пётр 'q\"", "ООО ${X}; --", CHITA, 7, {"Город": "Чита", "a": "'; DROP"})
    assert await store.leads.add("spring", [new], 5.0) == Added(1, 0)
    [lead] = await store.leads.page("spring")
    assert lead == Lead(
        id=lead.id,
        list="spring",
        phone=new.phone,
        name=new.name,
        company=new.company,
        timezone=new.timezone,
        priority=7,
        state=LeadState.READY,
        due_at=None,
        attempts=0,
        outcomes={},
        last_outcome=None,
        extra=new.extra,
    )
    assert await store.leads.get(lead.id) == lead
    assert await store.leads.get(lead.id + 1) is None


async def test_importing_again_adds_only_what_is_new(store: Store) -> None:
    assert await store.leads.add("a", people(1500), 0.0) == Added(1500, 0)
    again = [*people(1501), *people(1501, name="changed")]
    assert await store.leads.add("a", again, 1.0) == Added(1, 3001)
    assert (await store.leads.counts("a"))[LeadState.READY] == 1501
    assert {lead.name for lead in await store.leads.page("a", limit=2000)} == {""}


async def test_a_phone_may_be_in_two_lists(store: Store) -> None:
    await store.leads.add("a", people(2), 0.0)
    await store.leads.add("b", people(1), 0.0)
    found = await store.leads.find_by_phone("+79030000000")
    assert [lead.list for lead in found] == ["a", "b"]
    assert await store.leads.find_by_phone("+79039999999") == []
    assert await store.leads.lists() == ["a", "b"]


async def test_the_next_lead_is_the_most_important_then_the_longest_due_then_the_oldest(
    store: Store, epoch: int, new_id: NewId
) -> None:
    priorities = [0, 5, 0, 5, 5, 0, 5]
    new = [NewLead(f"+7903000000{i}", priority=p) for i, p in enumerate(priorities)]
    await store.leads.add("a", new, 0.0)
    leads = await store.leads.page("a")
    await schedule(store, epoch, new_id, leads[4], due_at=90.0)
    await schedule(store, epoch, new_id, leads[3], due_at=100.0)
    await schedule(store, epoch, new_id, leads[5], due_at=50.0)
    await schedule(store, epoch, new_id, leads[6], due_at=101.0)  # not due yet

    async def order(now: float, limit: int) -> list[int]:
        return [lead.id - leads[0].id for lead in await store.leads.callable("a", now, limit)]

    assert await order(100.0, 10) == [4, 3, 1, 5, 0, 2]
    assert await order(100.0, 3) == [4, 3, 1]
    assert await order(40.0, 10) == [1, 0, 2]
    assert await store.leads.callable("nothing", 100.0, 10) == []


async def test_leads_of_zones_that_sleep_do_not_stand_in_the_way(store: Store) -> None:
    zones = [CHITA, CHITA, MOSCOW, None]
    new = [NewLead(f"+7903000000{i}", timezone=zone) for i, zone in enumerate(zones)]
    await store.leads.add("a", new, 0.0)
    assert await store.leads.zones("a") == {CHITA, MOSCOW, None}

    async def found(*zones: str | None) -> list[str | None]:
        return [lead.timezone for lead in await store.leads.callable("a", 0.0, 2, zones)]

    assert await found(MOSCOW, None) == [MOSCOW, None]
    assert await found(CHITA) == [CHITA, CHITA]
    assert await found(None) == [None]
    assert await found() == []


async def test_a_lead_tells_its_ended_attempts(store: Store, epoch: int, new_id: NewId) -> None:
    await store.leads.add("a", people(1), 0.0)
    [lead] = await store.leads.page("a")
    for outcome in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.NO_ANSWER):
        [attempt] = await store.attempts.claim(epoch, "c", "t", [lead.id], 10.0, new_id)
        move = LeadMove(LeadState.SCHEDULED, 5.0, "again")
        await store.attempts.finish(epoch, attempt.id, outcome, 4.0, None, None, move)
    await store.attempts.claim(epoch, "c", "t", [lead.id], 10.0, new_id)
    found = await store.leads.get(lead.id)
    assert found is not None
    assert found.state is LeadState.CLAIMED
    assert (found.attempts, found.last_outcome) == (3, Outcome.NO_ANSWER)
    assert found.outcomes == {Outcome.NO_ANSWER: 2, Outcome.BUSY: 1}


async def test_pages_go_through_a_list_without_a_gap(store: Store, epoch: int, new_id: NewId) -> None:
    await store.leads.add("a", people(7), 0.0)
    await store.leads.add("b", people(3), 0.0)
    seen: list[Lead] = []
    while page := await store.leads.page("a", limit=3, after=seen[-1].id if seen else 0):
        seen += page
    assert [lead.phone for lead in seen] == [lead.phone for lead in people(7)]
    await store.attempts.claim(epoch, "c", "t", [seen[2].id], 1.0, new_id)
    assert await store.leads.page("a", LeadState.CLAIMED) == [await store.leads.get(seen[2].id)]
    counts = dict.fromkeys(LeadState, 0) | {LeadState.READY: 6, LeadState.CLAIMED: 1}
    assert await store.leads.counts("a") == counts


@pytest.mark.parametrize("question", ["callable", "callable in zones", "counts"])
async def test_the_hoppers_questions_are_answered_from_an_index(tmp_path: Path, question: str) -> None:
    url = new_database(tmp_path / "a.db")
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    async with open_store(url) as store:
        await store.leads.add("a", people(3), 0.0)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            if question == "counts":
                await store.leads.counts("a")
            else:
                await store.leads.callable("a", 1.0, 5, [MOSCOW, None] if "zones" in question else None)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    engine = make_engine(url)
    plans = []
    async with engine.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans += list(rows.scalars(3))
    await engine.dispose()
    assert any("COVERING INDEX ix_leads_hopper" in plan for plan in plans)
    assert not any(plan.startswith("SCAN") for plan in plans)
