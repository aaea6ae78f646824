"""Tasks to call back: one per number, closed by any talk with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from leads.attempt import Attempt
from leads.inbound import Callback, CallbackKind, CallbackState, NewCallback
from leads.lead import Lead, LeadState, NewLead, Outcome
from leads.rules import LeadMove
from store import NotOpen, Store

NewId = Callable[[], str]
ANNA = "+79031110001"
MISSED = NewCallback(
    CallbackKind.MISSED, "back", "backs", ANNA, "main", "Main line", "sales", "1700000000.1", due_at=100.0
)
AGAIN = LeadMove(LeadState.SCHEDULED, 500.0, "busy: called again")
DONE = LeadMove(LeadState.FINAL, None, "talked: final")


async def lead_of(store: Store, task: Callback) -> Lead:
    lead = await store.leads.get(task.lead_id)
    assert lead is not None
    return lead


async def talk(store: Store, phone: str, call: str, at: float) -> None:
    """The person calls and an agent has them."""
    await store.inbound.arrive(call, "main", phone, at - 1)
    await store.inbound.connect(call, "vera", at)


async def claim(store: Store, epoch: int, new_id: NewId, task: Callback, now: float) -> Attempt:
    [attempt] = await store.attempts.claim(epoch, "back", "city", [task.lead_id], now, new_id)
    return attempt


async def finish(
    store: Store, epoch: int, attempt: Attempt, outcome: Outcome, at: float, move: LeadMove
) -> None:
    await store.attempts.finish(epoch, attempt.id, outcome, at, None, None, move)


async def test_a_missed_call_makes_a_lead_that_is_due_when_the_task_is(store: Store) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    assert (task.state, task.due_at, task.created_at) == (CallbackState.OPEN, 100.0, 50.0)
    lead = await lead_of(store, task)
    assert (lead.list, lead.phone, lead.name) == ("backs", ANNA, "Main line")
    assert (lead.state, lead.due_at) == (LeadState.SCHEDULED, 100.0)
    assert await store.leads.callable("backs", 99.0, 5) == []
    assert [found.id for found in await store.leads.callable("backs", 100.0, 5)] == [lead.id]
    assert await store.callbacks.due(99.0) == {}
    assert await store.callbacks.due(100.0) == {"back": 1}
    assert await store.audit(100.0) == []


async def test_a_number_that_calls_again_keeps_its_one_task(store: Store) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    again = await store.callbacks.open(replace(MISSED, call="1700000000.2", due_at=70.0), 60.0)
    assert again == replace(task, due_at=70.0), "due at the earlier of both"
    later = await store.callbacks.open(replace(MISSED, due_at=900.0), 61.0)
    assert (later.id, later.due_at) == (task.id, 70.0)
    asked = await store.callbacks.open(
        replace(MISSED, kind=CallbackKind.ASKED, place_since=62.0, priority=10), 63.0
    )
    assert (asked.id, asked.kind, asked.place_since) == (task.id, CallbackKind.ASKED, 62.0)
    assert (await lead_of(store, task)).priority == 10
    missed = await store.callbacks.open(replace(MISSED, place_since=64.0), 64.0)
    assert (missed.kind, missed.place_since) == (CallbackKind.ASKED, 62.0), "the place is kept"
    assert await store.callbacks.page() == [missed] == await store.callbacks.waiting("back")
    assert await store.callbacks.open_of(ANNA) == missed


async def test_attempts_of_an_earlier_task_do_not_count(store: Store, epoch: int, new_id: NewId) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    await finish(store, epoch, await claim(store, epoch, new_id, task, 110.0), Outcome.BUSY, 120.0, AGAIN)
    await finish(store, epoch, await claim(store, epoch, new_id, task, 510.0), Outcome.TALKED, 520.0, DONE)
    assert (await lead_of(store, task)).attempts == 2
    second = await store.callbacks.open(replace(MISSED, call="1700000000.9", due_at=600.0), 600.0)
    assert (second.lead_id, second.id > task.id) == (task.lead_id, True)
    lead = await lead_of(store, second)
    assert (lead.attempts, lead.outcomes, lead.last_outcome) == (0, {}, None)
    assert (lead.state, lead.due_at) == (LeadState.SCHEDULED, 600.0)
    attempt = await claim(store, epoch, new_id, second, 600.0)
    assert attempt.number == 3
    await finish(store, epoch, attempt, Outcome.BUSY, 610.0, AGAIN)
    assert (await lead_of(store, second)).outcomes == {Outcome.BUSY: 1}


async def test_a_robots_talk_does_not_close_a_call_back_that_an_agent_owes(
    store: Store, epoch: int, new_id: NewId
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    await store.leads.add("orders", [NewLead(ANNA)], 50.0)
    [lead] = await store.leads.page("orders")
    [attempt] = await store.attempts.claim(epoch, "robot", "city", [lead.id], 60.0, new_id)
    await store.attempts.note_disposition(attempt.id, "confirmed")
    await finish(store, epoch, attempt, Outcome.TALKED, 70.0, DONE)
    assert (await lead_of(store, task)).state is LeadState.SCHEDULED
    assert [found.id for found in await store.callbacks.page()] == [task.id]


async def test_a_talk_on_any_campaign_closes_the_task_and_its_lead(
    store: Store, epoch: int, new_id: NewId
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    await store.leads.add("spring", [NewLead(ANNA)], 0.0)
    [other] = await store.leads.page("spring")
    [attempt] = await store.attempts.claim(epoch, "spring", "city", [other.id], 60.0, new_id)
    await finish(store, epoch, attempt, Outcome.TALKED, 70.0, DONE)
    closed = await store.callbacks.get(task.id)
    assert closed == replace(task, state=CallbackState.DONE, closed_by=attempt.id, closed_at=70.0)
    assert (await lead_of(store, task)).state is LeadState.FINAL
    said = await store.decisions.of("lead", str(task.lead_id))
    assert said[-1].text == f"call-back done: the person was reached in {attempt.id}"
    assert await store.callbacks.open_of(ANNA) is None


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.ABANDONED, Outcome.INTERRUPTED])
async def test_an_attempt_without_a_whole_talk_leaves_the_task_open(
    store: Store, epoch: int, new_id: NewId, outcome: Outcome
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    await finish(store, epoch, await claim(store, epoch, new_id, task, 110.0), outcome, 120.0, AGAIN)
    assert await store.callbacks.open_of(ANNA) == task
    assert (await lead_of(store, task)).state is LeadState.SCHEDULED


async def test_when_the_attempts_are_used_up_the_task_is_given_up(
    store: Store, epoch: int, new_id: NewId
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    attempt = await claim(store, epoch, new_id, task, 110.0)
    move = LeadMove(LeadState.FINAL, None, "no answer: final, attempt 3 of 3 was the last")
    await finish(store, epoch, attempt, Outcome.NO_ANSWER, 120.0, move)
    given_up = replace(task, state=CallbackState.CANCELLED, closed_by=attempt.id, closed_at=120.0)
    assert await store.callbacks.get(task.id) == given_up


@pytest.mark.parametrize("end", ["released", "busy"])
async def test_a_task_that_is_closed_while_its_lead_is_called_is_not_called_again(
    store: Store, epoch: int, new_id: NewId, end: str
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    attempt = await claim(store, epoch, new_id, task, 110.0)
    await talk(store, ANNA, "1700000000.5", 111.0)
    assert (await lead_of(store, task)).state is LeadState.CLAIMED
    if end == "busy":
        await finish(store, epoch, attempt, Outcome.BUSY, 120.0, AGAIN)
    else:
        await store.attempts.release(epoch, attempt.id, 120.0)
    assert (await lead_of(store, task)).state is LeadState.FINAL
    assert await store.audit(130.0) == []


async def test_who_is_missed_again_while_being_called_is_called_once(
    store: Store, epoch: int, new_id: NewId
) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    await claim(store, epoch, new_id, task, 110.0)
    await store.callbacks.open(replace(MISSED, call="1700000000.3"), 111.0)
    assert (await lead_of(store, task)).state is LeadState.CLAIMED
    assert await store.audit(112.0) == []


async def test_a_cancelled_task_is_not_called_and_cancelled_only_once(store: Store) -> None:
    task = await store.callbacks.open(MISSED, 50.0)
    closed = await store.callbacks.cancel(task.id, "cancelled", "a wrong number", 60.0)
    assert closed == replace(task, state=CallbackState.CANCELLED, closed_by="cancelled", closed_at=60.0)
    assert (await lead_of(store, task)).state is LeadState.FINAL
    assert await store.callbacks.page([CallbackState.CANCELLED]) == [closed]
    with pytest.raises(NotOpen, match=f"no open call-back {task.id}"):
        await store.callbacks.cancel(task.id, "cancelled", "again", 61.0)


async def test_a_name_that_people_gave_the_lead_stays(store: Store) -> None:
    await store.leads.add("backs", [NewLead(ANNA, "Anna", extra={"city": "Omsk"})], 0.0)
    task = await store.callbacks.open(MISSED, 50.0)
    lead = await lead_of(store, task)
    assert (lead.name, lead.extra, lead.state) == ("Anna", {"city": "Omsk"}, LeadState.SCHEDULED)
    other = replace(MISSED, phone="+79031110002")
    await store.callbacks.open(other, 50.0)
    renamed = await store.callbacks.open(replace(other, label="Shop"), 51.0)
    assert (await lead_of(store, renamed)).name == "Main line", "of an open task the first line stays"
    await talk(store, other.phone, "1700000000.6", 52.0)
    renamed = await store.callbacks.open(replace(other, label="Shop"), 53.0)
    assert (await lead_of(store, renamed)).name == "Shop"
