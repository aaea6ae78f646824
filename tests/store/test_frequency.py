"""No number is called more often than `system.frequency` says, over all lists and campaigns together; who
was called too often is put off until they may be called again, so the hopper stays fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from config.models import Frequency
from leads.inbound import CallbackKind, NewCallback
from leads.lead import Lead, LeadState, Outcome
from leads.rules import LeadMove
from store import Store, open_store
from store.engine import make_engine
from tests.migrated import new_database
from tests.store.conftest import people

NewId = Callable[[], str]
DAY = 86400.0
TWICE_A_DAY = [Frequency.model_validate({"calls": 2, "per": "1d"})]
BOTH = [*TWICE_A_DAY, Frequency.model_validate({"calls": 3, "per": "7d"})]
AT_ONCE = LeadMove(LeadState.SCHEDULED, 0.0, "called again")


class Line:
    """One number in the lists a and b, called from either."""

    def __init__(self, store: Store, epoch: int, new_id: NewId, a: Lead, b: Lead) -> None:
        self.store, self.epoch, self.new_id, self.a, self.b = store, epoch, new_id, a, b

    async def claim(self, lead: Lead, at: float, caps: Sequence[Frequency]) -> str | None:
        found = await self.store.attempts.claim(
            self.epoch, "spring", "city", [lead.id], at, self.new_id, frequency=caps
        )
        return found[0].id if found else None

    async def call(self, lead: Lead, at: float, caps: Sequence[Frequency] = ()) -> None:
        attempt = await self.claim(lead, at, caps)
        assert attempt is not None
        await self.store.attempts.finish(self.epoch, attempt, Outcome.BUSY, at + 1, None, None, AT_ONCE)

    async def may(self, lead: Lead, at: float, caps: Sequence[Frequency]) -> bool:
        """Asked of the claim, then of the hopper: they must agree."""
        attempt = await self.claim(lead, at, caps)
        if attempt is not None:
            await self.store.attempts.release(self.epoch, attempt, at)
        offered = await self.store.leads.callable(lead.list, at, 9, frequency=caps)
        assert (attempt is not None) == (lead.id in [found.id for found in offered])
        assert (attempt is not None) == (await self.store.leads.held_until(lead.id, caps) <= at)
        return attempt is not None


@pytest.fixture
async def line(store: Store, epoch: int, new_id: NewId) -> Line:
    for name in ("a", "b"):
        await store.leads.add(name, people(1), 0.0)
    [a], [b] = await store.leads.page("a"), await store.leads.page("b")
    return Line(store, epoch, new_id, a, b)


async def test_calls_of_all_lists_count_until_they_are_old_enough(line: Line) -> None:
    await line.call(line.a, 1000.0, TWICE_A_DAY)
    await line.call(line.b, 2000.0, TWICE_A_DAY)
    for lead in (line.a, line.b):
        assert not await line.may(lead, 1000.0 + DAY - 1, TWICE_A_DAY)
        assert await line.may(lead, 1000.0 + DAY, TWICE_A_DAY)
        assert await line.may(lead, 3000.0 + DAY, [])


async def test_every_cap_holds_by_itself(line: Line) -> None:
    for at in (1000.0, 1000.0 + DAY, 1000.0 + 2 * DAY):
        await line.call(line.a, at, BOTH)
    assert not await line.may(line.a, 1000.0 + 7 * DAY - 1, BOTH)
    assert await line.may(line.a, 1000.0 + 7 * DAY, BOTH)


async def test_a_call_under_way_counts_and_one_that_was_never_placed_does_not(line: Line) -> None:
    once = [Frequency.model_validate({"calls": 1, "per": "1d"})]
    attempt = await line.claim(line.a, 1000.0, once)
    assert attempt is not None
    assert not await line.may(line.b, 1001.0, once)
    await line.store.attempts.release(line.epoch, attempt, 1002.0)
    assert await line.may(line.b, 1003.0 + DAY, once)  # the hopper had put it off meanwhile


async def test_who_was_called_too_often_is_put_off_and_keeps_their_lead(line: Line, store: Store) -> None:
    await line.call(line.a, 1000.0)
    await line.call(line.a, 2000.0)
    assert await store.leads.callable("b", 3000.0, 9, frequency=TWICE_A_DAY) == []
    lead = await store.leads.get(line.b.id)
    assert lead is not None
    assert (lead.state, lead.due_at) == (LeadState.SCHEDULED, 1000.0 + DAY)
    assert [found.id for found in await store.leads.callable("b", 1000.0 + DAY, 9)] == [lead.id]


async def test_a_call_back_that_was_asked_for_is_neither_held_up_nor_counted(
    line: Line, store: Store
) -> None:
    once = [Frequency.model_validate({"calls": 1, "per": "1d"})]
    await line.call(line.b, 1000.0)
    new = NewCallback(
        kind=CallbackKind.ASKED, campaign="back", list="back", phone=line.b.phone, line="main",
        group="sales", call="c1", label="Main", due_at=1500.0, place_since=None, priority=50,
    )  # fmt: skip
    task = await store.callbacks.open(new, 1400.0)
    back = await store.leads.get(task.lead_id)
    assert back is not None
    assert await line.may(back, 1500.0, once)
    attempt = await line.claim(back, 1500.0, once)
    assert attempt is not None
    talked = LeadMove(LeadState.FINAL, None, "talked")
    await store.attempts.finish(line.epoch, attempt, Outcome.TALKED, 1600.0, None, "anna", talked)
    assert not await line.may(line.a, 1000.0 + DAY - 1, once)
    assert await line.may(line.a, 1000.0 + DAY, once)  # though the call-back is younger


async def test_capped_leads_at_the_head_of_a_list_do_not_stand_in_the_way(
    store: Store, epoch: int, new_id: NewId
) -> None:
    await store.leads.add("a", people(700), 0.0)
    await store.leads.add("b", people(705), 0.0)
    once = [Frequency.model_validate({"calls": 1, "per": "1d"})]
    called = await store.attempts.claim(
        epoch, "spring", "city", [lead.id for lead in await store.leads.page("a", limit=700)], 10.0, new_id
    )
    assert len(called) == 700
    found = await store.leads.callable("b", 20.0, 3, frequency=once)
    assert [lead.phone for lead in found] == [f"+7903{i:07}" for i in range(700, 703)]
    counts = await store.leads.counts("b")
    assert (counts[LeadState.SCHEDULED], counts[LeadState.READY]) == (700, 5)


async def test_the_caps_are_asked_of_an_index_and_a_list_of_200000_costs_a_moment(tmp_path: Path) -> None:
    """Everybody was called an hour ago. The hopper looks at a few thousand and never at the same again."""
    url = new_database(tmp_path / "a.db")
    async with open_store(url) as store:
        await store.leads.add("a", people(1), 0.0)
        await store.lease.acquire("test", 0.0, 1e12)
        engine = make_engine(url)
        async with engine.begin() as connection:
            for statement in (
                """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)
                INSERT INTO leads (list_id, phone, name, company, priority, state, extra, added_at)
                SELECT 1, printf('+7903%07d', i), '', '', 0, 'ready', '{}', 0.0 FROM n""",
                """INSERT INTO attempts (id, lead_id, campaign, trunk, number, phone, epoch, state,
                claimed_at, ended_at, outcome, note)
                SELECT printf('%016x', id), id, 'x', 'city', 1, phone, 1, 'ended', 1000.0, 1001.0, 'busy', ''
                FROM leads""",
                "ANALYZE",
            ):
                await connection.execute(text(statement))
        await engine.dispose()
        once = [Frequency.model_validate({"calls": 1, "per": "1d"})]
        began = time.perf_counter()
        assert await store.leads.callable("a", 4600.0, 10, frequency=once) == []
        first = time.perf_counter() - began
        put_off = (await store.leads.counts("a"))[LeadState.SCHEDULED]
        assert 4000 <= put_off <= 6000
        assert first < 5.0, first
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            await store.leads.held_until(1, once)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    engine = make_engine(url)
    async with engine.connect() as connection:
        [asked] = [s for s in statements if "attempts" in s]
        rows = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked}", tuple(1 for _ in range(asked.count("?")))
        )
        plan = list(rows.scalars(3))
    await engine.dispose()
    assert any("ix_attempts_placed (phone=?)" in line for line in plan), plan
    assert not any(line.startswith("SCAN") for line in plan), plan
