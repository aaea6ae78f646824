"""What agents say of talks about orders, and with buyers who are owed a call-back: at once or in wrap-up, and
whatever cut the talk, nothing hangs and no shop is told a lie."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.models import MISSED_MACHINE
from leads.attempt import Attempt
from leads.inbound import CallbackKind, CallbackState, NewCallback
from leads.lead import LeadState, Outcome
from leads.orders import Order, OrderState
from leads.rules import LeadMove
from store import Store
from store.marks import Mark
from tests.store.test_orders import MOBILE, PLANS, add, events, now_of, order

NewId = Callable[[], str]
TALKED = LeadMove(LeadState.FINAL, None, "talked: final")
CUT = LeadMove(LeadState.SCHEDULED, 700.0, "the talk was cut by a fault: called again in 5 min")
MOVES = {
    "sold": LeadMove(LeadState.FINAL, None, "talked (sold), disposition success: final"),
    "later": LeadMove(LeadState.SCHEDULED, 7200.0, "talked (later), disposition callback: called again"),
    MISSED_MACHINE: LeadMove(LeadState.SCHEDULED, 9000.0, "an agent had a machine on the line: called again"),
}


async def an_order(store: Store, key: str = "k1", at: float = 100.0) -> Order:
    """One that agents call about."""
    return await add(store, order(key, attributes={"in_stock": False}), at)


async def talk(store: Store, epoch: int, new_id: NewId, about: Order) -> Attempt:
    """Anna's, from 310 on."""
    assert about.lead_id is not None
    [made] = await store.attempts.claim(epoch, "agents", "city", [about.lead_id], 300.0, new_id)
    await store.attempts.note_progress(
        epoch, made.id, answered_at=309.0, connected_at=310.0, taken_at=310.0, agent="anna"
    )
    return made


async def end(
    store: Store, epoch: int, made: Attempt, outcome: Outcome = Outcome.TALKED, move: LeadMove = TALKED
) -> None:
    await store.attempts.finish(
        epoch, made.id, outcome, 400.0, None, "anna", move, "", PLANS, lambda said: MOVES[said]
    )


async def say(store: Store, said: str, now: float) -> None:
    put = store.marks.put("anna", said, now, lambda _: 60.0, lambda *_: MOVES[said], PLANS)
    assert await put is Mark.MARKED


async def lead_state(store: Store, made: Attempt) -> tuple[LeadState, float | None]:
    lead = await store.leads.get(made.lead_id)
    assert lead is not None
    return lead.state, lead.due_at


@pytest.mark.parametrize("said", ["later", MISSED_MACHINE])
async def test_an_order_waits_for_the_next_talk_and_a_later_word_settles_it(
    store: Store, epoch: int, new_id: NewId, said: str
) -> None:
    found = await an_order(store)
    made = await talk(store, epoch, new_id, found)
    await say(store, said, 320.0)
    await end(store, epoch, made)
    assert (await now_of(store, found)).state is OrderState.AGENTS
    assert await lead_state(store, made) == (LeadState.SCHEDULED, MOVES[said].due_at)
    assert await events(store) == []
    await say(store, "sold", 410.0)
    assert (await now_of(store, found)).state is OrderState.TALKED
    assert await events(store) == [("talked", "k1")]
    assert await lead_state(store, made) == (LeadState.FINAL, None)
    assert await store.audit(420.0) == []


@pytest.mark.parametrize("late", [False, True], ids=["while it went on", "in wrap-up"])
@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.IN_DOUBT, Outcome.ABANDONED])
async def test_a_buyer_who_agreed_before_the_talk_was_cut_was_reached(
    store: Store, epoch: int, new_id: NewId, outcome: Outcome, late: bool
) -> None:
    found = await an_order(store)
    made = await talk(store, epoch, new_id, found)
    if not late:
        await say(store, "sold", 320.0)
    await end(store, epoch, made, outcome, CUT)
    if late:
        assert (await now_of(store, found)).state is OrderState.AGENTS
        await say(store, "sold", 410.0)
    assert (await now_of(store, found)).state is OrderState.TALKED
    assert await events(store) == [("talked", "k1")]
    assert await lead_state(store, made) == (LeadState.FINAL, None)


async def test_an_order_that_came_during_the_call_is_called_about_whatever_is_said_of_the_others(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await an_order(store)
    made = await talk(store, epoch, new_id, found)
    await say(store, "later", 320.0)
    new = await an_order(store, "k2", 330.0)
    await end(store, epoch, made)
    await say(store, "sold", 410.0)
    assert (await now_of(store, found)).state is OrderState.TALKED
    assert (await now_of(store, new)).state is OrderState.AGENTS
    assert await lead_state(store, made) == (LeadState.SCHEDULED, 530.0), "the merge window, from 410"


async def test_what_the_shop_has_been_told_stays_and_the_lead_says_so(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await an_order(store)
    made = await talk(store, epoch, new_id, found)
    await end(store, epoch, made)
    await say(store, "later", 410.0)
    assert (await now_of(store, found)).state is OrderState.TALKED
    assert await lead_state(store, made) == (LeadState.FINAL, None)
    told = (await store.decisions.of("lead", str(made.lead_id)))[-1].text
    assert told.startswith("talked (later), disposition callback: called again; but ")


async def test_a_buyers_call_back_is_open_again_though_the_order_is_told(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await an_order(store)
    list_name = (await store.leads.lists())[0]
    owed = NewCallback(CallbackKind.ASKED, "agents", list_name, MOBILE, "main", "", "sales", "c0", due_at=0.0)
    task = await store.callbacks.open(owed, 110.0)
    assert task.lead_id == found.lead_id
    made = await talk(store, epoch, new_id, found)
    await end(store, epoch, made)
    closed = await store.callbacks.get(task.id)
    assert closed is not None
    assert closed.state is CallbackState.DONE
    await say(store, "later", 410.0)
    assert await store.callbacks.open_of(MOBILE) == task
    assert await lead_state(store, made) == (LeadState.SCHEDULED, 7200.0)
