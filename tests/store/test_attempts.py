"""The journal: claimed once, ended once, and every step in a single transaction with its lead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from leads.attempt import Attempt, AttemptState
from leads.lead import IllegalMove, Lead, LeadState, Outcome
from leads.rules import LeadMove
from store import AlreadyEnded, AttemptRepository, Fenced, Store, UnknownAttempt
from tests.store.conftest import people

NewId = Callable[[], str]
FINAL = LeadMove(LeadState.FINAL, None, "talked: final")
AGAIN = LeadMove(LeadState.SCHEDULED, 500.0, "busy: called again in 15 min")


@pytest.fixture
async def leads(store: Store) -> list[Lead]:
    await store.leads.add("a", people(3), 0.0)
    return await store.leads.page("a")


@pytest.fixture
async def attempt(store: Store, epoch: int, leads: list[Lead], new_id: NewId) -> Attempt:
    [claimed] = await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 10.0, new_id)
    return claimed


async def state_of(store: Store, lead: Lead) -> tuple[LeadState, float | None]:
    found = await store.leads.get(lead.id)
    assert found is not None
    return found.state, found.due_at


async def test_a_claim_journals_its_attempts_and_takes_the_leads(
    store: Store, epoch: int, leads: list[Lead], new_id: NewId
) -> None:
    wanted = [leads[2].id, leads[0].id, leads[2].id, 999]
    claimed = await store.attempts.claim(epoch, "spring", "city", wanted, 10.0, new_id)
    assert [attempt.lead_id for attempt in claimed] == [leads[2].id, leads[0].id]
    assert claimed[0] == Attempt(
        id="0000000000000001",
        lead_id=leads[2].id,
        campaign="spring",
        trunk="city",
        number=1,
        phone=leads[2].phone,
        epoch=epoch,
        state=AttemptState.INTENT,
        claimed_at=10.0,
    )
    assert await store.attempts.open_attempts() == claimed
    assert await state_of(store, leads[2]) == (LeadState.CLAIMED, None)
    assert await state_of(store, leads[1]) == (LeadState.READY, None)


async def test_a_lead_is_claimed_once(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt, new_id: NewId
) -> None:
    ids = [lead.id for lead in leads]
    again = await store.attempts.claim(epoch, "spring", "city", ids, 11.0, new_id)
    assert [found.lead_id for found in again] == ids[1:]
    assert await store.attempts.claim(epoch, "spring", "city", ids, 12.0, new_id) == []
    assert await store.attempts.claim(epoch, "spring", "city", [], 12.0, new_id) == []


async def test_a_scheduled_lead_is_claimed_only_when_it_is_due(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt, new_id: NewId
) -> None:
    await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 20.0, "17", None, AGAIN)
    assert await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 499.9, new_id) == []
    [second] = await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 500.0, new_id)
    assert second.number == 2
    await store.attempts.finish(epoch, second.id, Outcome.TALKED, 600.0, "16", "ivanov", FINAL)
    assert await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 1e9, new_id) == []


async def test_an_attempts_way_from_intent_to_its_end(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt
) -> None:
    journal = store.attempts
    await journal.mark_sent(epoch, attempt.id, 11.0)
    await journal.note_progress(epoch, attempt.id, ringing_at=12.0)
    await journal.note_progress(epoch, attempt.id, ringing_at=13.0, answered_at=14.0)
    await journal.note_progress(epoch, attempt.id)
    await journal.note_progress(epoch, attempt.id, connected_at=14.25, agent="ivanov")
    await journal.finish(epoch, attempt.id, Outcome.TALKED, 60.0, "16", None, FINAL, "he said hello")
    ended = Attempt(
        id=attempt.id,
        lead_id=leads[0].id,
        campaign="spring",
        trunk="city",
        number=1,
        phone=leads[0].phone,
        epoch=epoch,
        state=AttemptState.ENDED,
        claimed_at=10.0,
        sent_at=11.0,
        ringing_at=12.0,
        answered_at=14.0,
        connected_at=14.25,
        ended_at=60.0,
        agent="ivanov",
        outcome=Outcome.TALKED,
        cause="16",
        note="he said hello",
    )
    assert await journal.get(attempt.id) == ended
    assert await journal.of_lead(leads[0].id) == [ended]
    assert await journal.open_attempts() == []
    assert await state_of(store, leads[0]) == (LeadState.FINAL, None)
    assert [d.text for d in await store.decisions.of("lead", str(leads[0].id))] == ["talked: final"]


async def test_a_released_attempt_puts_its_lead_back_and_does_not_count(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt, new_id: NewId
) -> None:
    await store.attempts.release(epoch, attempt.id, 11.0)
    assert await state_of(store, leads[0]) == (LeadState.READY, None)
    [second] = await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 12.0, new_id)
    assert second.number == 2
    await store.attempts.finish(epoch, second.id, Outcome.BUSY, 13.0, "17", None, AGAIN)
    [third] = await store.attempts.claim(epoch, "spring", "city", [leads[0].id], 501.0, new_id)
    await store.attempts.mark_sent(epoch, third.id, 501.0)
    await store.attempts.release(epoch, third.id, 502.0)
    assert await state_of(store, leads[0]) == (LeadState.SCHEDULED, 500.0)
    found = await store.leads.get(leads[0].id)
    assert found is not None
    assert found.attempts == 1
    assert await store.attempts.outcomes("spring") == {Outcome.BUSY: 1}


async def test_an_attempt_ends_once(store: Store, epoch: int, leads: list[Lead], attempt: Attempt) -> None:
    await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 20.0, "17", None, AGAIN)
    with pytest.raises(AlreadyEnded, match=f"{attempt.id} has ended already: busy"):
        await store.attempts.finish(epoch, attempt.id, Outcome.TALKED, 21.0, "16", "x", FINAL)
    for step in steps(store.attempts, epoch, attempt.id):
        with pytest.raises(AlreadyEnded):
            await step()
    assert await state_of(store, leads[0]) == (LeadState.SCHEDULED, 500.0)
    assert (await store.attempts.of_lead(leads[0].id))[0].outcome is Outcome.BUSY


def steps(journal: AttemptRepository, epoch: int, attempt: str) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: journal.mark_sent(epoch, attempt, 30.0),
        lambda: journal.release(epoch, attempt, 30.0),
        lambda: journal.note_progress(epoch, attempt, ringing_at=30.0),
    ]


async def test_moves_that_the_table_does_not_have_name_both_states(
    store: Store, epoch: int, attempt: Attempt
) -> None:
    await store.attempts.mark_sent(epoch, attempt.id, 11.0)
    with pytest.raises(IllegalMove, match="no move from sent to sent"):
        await store.attempts.mark_sent(epoch, attempt.id, 12.0)
    await store.attempts.release(epoch, attempt.id, 13.0)
    with pytest.raises(IllegalMove, match="no move from released to ended"):
        await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 14.0, None, None, AGAIN)
    with pytest.raises(IllegalMove, match="no move from released to progress"):
        await store.attempts.note_progress(epoch, attempt.id, ringing_at=14.0)
    with pytest.raises(UnknownAttempt, match="there is no attempt ffff"):
        await store.attempts.mark_sent(epoch, "ffff", 15.0)


async def test_a_finish_that_would_break_the_leads_table_changes_nothing(
    store: Store, epoch: int, attempt: Attempt
) -> None:
    back = LeadMove(LeadState.CLAIMED, None, "nonsense")
    with pytest.raises(IllegalMove, match="no move from claimed to claimed"):
        await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 14.0, None, None, back)
    assert await store.attempts.open_attempts() == [attempt]


async def test_a_dialer_that_was_taken_over_writes_nothing_more(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt, new_id: NewId
) -> None:
    later = await store.lease.acquire("second", 2e12, 10.0)
    assert later == epoch + 1
    journal = store.attempts
    with pytest.raises(Fenced):
        await journal.claim(epoch, "spring", "city", [leads[1].id], 12.0, new_id)
    with pytest.raises(Fenced):
        await journal.finish(epoch, attempt.id, Outcome.BUSY, 13.0, None, None, AGAIN)
    for step in steps(journal, epoch, attempt.id):
        with pytest.raises(Fenced):
            await step()
    assert await journal.open_attempts() == [attempt]
    await journal.finish(later, attempt.id, Outcome.IN_DOUBT, 13.0, None, None, FINAL)
    assert await journal.open_attempts() == []


async def test_counts_of_a_campaign_since_a_time(store: Store, epoch: int, new_id: NewId) -> None:
    ended = [Outcome.ABANDONED, Outcome.BUSY, Outcome.TALKED, Outcome.HUNG_UP_BEFORE_TALK, Outcome.ABANDONED]
    await store.leads.add("a", people(6), 0.0)
    ids = [lead.id for lead in await store.leads.page("a")]
    claimed = await store.attempts.claim(epoch, "spring", "city", ids, 10.0, new_id)
    [other] = await store.attempts.claim(epoch, "spring", "city", ids, 10.0, new_id) or [claimed.pop()]
    await store.attempts.finish(epoch, other.id, Outcome.FAILED, 1000.0, None, None, FINAL)
    for at, (attempt, outcome) in enumerate(zip(claimed, ended, strict=True)):
        await store.attempts.finish(epoch, attempt.id, outcome, 100.0 + at, None, None, FINAL)
    assert await store.attempts.abandonment("spring") == (2, 4)
    assert await store.attempts.abandonment("spring", since=101.0) == (1, 3)
    assert await store.attempts.outcomes("spring", since=104.0) == {Outcome.ABANDONED: 1, Outcome.FAILED: 1}
    assert await store.attempts.abandonment("autumn") == (0, 0)
    recent = await store.attempts.recent("spring", 2)
    assert [attempt.id for attempt in recent] == [other.id, claimed[-1].id]


async def test_the_audit_finds_what_is_lost_or_doubled(
    store: Store, epoch: int, leads: list[Lead], attempt: Attempt
) -> None:
    assert await store.audit(11.0) == []
    assert await store.audit(10.0 + 86401) == [f"1 attempts open for more than a day: {attempt.id}"]
    async with store._database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE leads SET state = 'claimed' WHERE id = {leads[1].id}")
        await connection.exec_driver_sql(f"UPDATE leads SET state = 'ready' WHERE id = {leads[0].id}")
    assert await store.audit(11.0) == [
        f"1 claimed leads without exactly one open attempt: {leads[1].id}",
        f"1 open attempts whose lead is not claimed: {attempt.id}",
    ]


async def test_a_write_that_is_cancelled_anywhere_is_whole_or_not_at_all_and_blocks_nobody(
    store: Store, epoch: int, leads: list[Lead], new_id: NewId
) -> None:
    for steps_before in range(0, 60, 3):
        claim = store.attempts.claim(epoch, "spring", "city", [leads[0].id], 10.0, new_id)
        task = asyncio.create_task(claim)
        for _ in range(steps_before):
            await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            assert await store.audit(11.0) == []
            for attempt in await store.attempts.open_attempts():
                await store.attempts.release(epoch, attempt.id, 11.0)
