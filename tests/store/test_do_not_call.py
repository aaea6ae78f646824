"""Nothing calls who is on the do-not-call list: neither the hopper nor a claim offers them, nor is a call
sent that was journalled before; whoever waited for a call of ours is told why none comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from config.models import Rule
from leads.attempt import AttemptState
from leads.inbound import CallbackKind, CallbackState, NewCallback
from leads.lead import Lead, LeadState, NewLead, Outcome
from leads.orders import Delivery, OrderState, Plan, Result
from leads.rules import LeadMove
from store import Store, open_store
from store.callbacks import NotToBeCalled
from tests.store.conftest import people
from tests.store.test_orders import PLAN, PLANS, add, events, now_of, order

NewId = Callable[[], str]
AGAIN = LeadMove(LeadState.SCHEDULED, 50.0, "busy: called again")
LISTED = "final: the number is on the do-not-call list"


async def bar(store: Store, phone: str, now: float = 20.0) -> int:
    return (await store.do_not_call.add({phone: "asked for it"}, "robot", now, PLANS)).added


async def one(store: Store, list_name: str = "a") -> Lead:
    await store.leads.add(list_name, people(1), 0.0)
    return (await store.leads.page(list_name))[0]


async def fresh(store: Store, lead: Lead) -> Lead:
    return await store.leads.get(lead.id) or lead


async def said(store: Store, lead: Lead) -> list[str]:
    return [decision.text for decision in await store.decisions.of("lead", str(lead.id))]


async def test_a_number_is_barred_in_every_list_at_once_and_its_leads_say_why(
    store: Store, epoch: int, new_id: NewId
) -> None:
    leads = [await one(store, name) for name in ("a", "b")]
    [other] = [NewLead("+79991112233")]
    await store.leads.add("a", [other], 0.0)
    assert await bar(store, leads[0].phone) == 1
    for lead in leads:
        assert (await fresh(store, lead)).state is LeadState.FINAL
        assert await said(store, lead) == [LISTED]
    assert [lead.phone for lead in await store.leads.callable("a", 30.0, 9)] == [other.phone]
    assert await bar(store, leads[0].phone, 40.0) == 0
    entry = await store.do_not_call.get(leads[0].phone)
    assert entry is not None
    assert (entry.source, entry.note, entry.added_at) == ("robot", "asked for it", 20.0)


async def test_numbers_that_are_added_many_times_at_once_are_added_once(store: Store, url: str) -> None:
    numbers = {f"+7903000{n:04}": "" for n in range(50)}
    async with open_store(url) as other:  # as another process has it: writes of one take turns
        stores = [store, other] * 4
        adds = [one.do_not_call.add(numbers, "admin", 20.0, PLANS) for one in stores]
        assert sorted(added.added for added in await asyncio.gather(*adds)) == [0] * 7 + [50]
    assert await store.do_not_call.count() == 50


async def test_a_lead_that_came_after_its_number_was_barred_is_never_called(
    store: Store, epoch: int, new_id: NewId
) -> None:
    [new] = people(1)
    await bar(store, new.phone)
    lead = await one(store)
    assert lead.state is LeadState.FINAL
    assert await store.leads.callable("a", 30.0, 9) == []


async def test_who_was_barred_after_the_hopper_was_asked_is_not_claimed(
    store: Store, epoch: int, new_id: NewId
) -> None:
    lead = await one(store)
    offered = await store.leads.callable("a", 10.0, 9)
    await bar(store, lead.phone)
    assert await store.attempts.claim(epoch, "spring", "city", [offered[0].id], 30.0, new_id) == []


async def test_a_call_that_is_journalled_and_not_yet_sent_is_not_sent(
    store: Store, epoch: int, new_id: NewId
) -> None:
    lead = await one(store)
    [attempt] = await store.attempts.claim(epoch, "spring", "city", [lead.id], 10.0, new_id)
    await bar(store, lead.phone)
    assert (await fresh(store, lead)).state is LeadState.CLAIMED
    assert not await store.attempts.mark_sent(epoch, attempt.id, 30.0)
    assert (await fresh(store, lead)).state is LeadState.FINAL
    assert await said(store, lead) == [LISTED]
    found = await store.attempts.get(attempt.id)
    assert found is not None and found.state is AttemptState.RELEASED


@pytest.mark.parametrize("ending", ["release", "finish"])
async def test_a_number_that_is_barred_during_its_call_is_not_called_again(
    store: Store, epoch: int, new_id: NewId, ending: str
) -> None:
    lead = await one(store)
    [attempt] = await store.attempts.claim(epoch, "spring", "city", [lead.id], 10.0, new_id)
    assert await store.attempts.mark_sent(epoch, attempt.id, 11.0)
    await bar(store, lead.phone)
    if ending == "release":
        await store.attempts.release(epoch, attempt.id, 30.0)
    else:
        await store.attempts.finish(epoch, attempt.id, Outcome.BUSY, 30.0, None, None, AGAIN)
    assert (await fresh(store, lead)).state is LeadState.FINAL
    assert await said(store, lead) == [LISTED]


NEW = NewCallback(
    kind=CallbackKind.ASKED, campaign="back", list="back", phone="+79030000000", line="main",
    group="sales", call="c1", label="Main", due_at=100.0, place_since=None, priority=50,
)  # fmt: skip


async def test_no_call_back_is_opened_for_a_barred_number(store: Store) -> None:
    await bar(store, NEW.phone)
    with pytest.raises(NotToBeCalled):
        await store.callbacks.open(NEW, 10.0)
    await store.inbound.arrive("c1", "main", NEW.phone, 5.0)
    ended = await store.inbound.end("c1", 12.0, lambda call: NEW)
    assert ended is not None and ended.ended_at == 12.0
    assert await store.callbacks.page() == []
    assert await store.leads.find_by_phone(NEW.phone) == []


async def test_call_backs_of_a_barred_number_are_cancelled(store: Store) -> None:
    task = await store.callbacks.open(NEW, 10.0)
    await bar(store, NEW.phone)
    closed = await store.callbacks.get(task.id)
    assert closed is not None and closed.state is CallbackState.CANCELLED
    assert await store.leads.callable("back", 200.0, 9) == []


async def test_orders_that_wait_for_a_call_to_a_barred_number_are_not_reached(store: Store) -> None:
    first = await add(store, order("k1"))
    told = await add(store, order("k2", sum=1, delivery=Delivery("2026-11-28")))
    assert told.lead_id is not None
    await bar(store, first.phone)
    first, told = await now_of(store, first), await now_of(store, told)
    assert (first.state, first.lead_id) == (OrderState.NOT_REACHED, None)
    assert (told.state, told.lead_id) == (OrderState.CONFIRMED, None)
    assert await events(store) == [("confirmed", "k2"), ("do_not_call", "k1"), ("not_told", "k2")]
    assert (await store.orders.tell(first.id, Result.CONFIRMED, "caller", 50.0, PLAN)).lead_id is None


async def test_an_order_of_a_barred_number_is_called_about_by_its_other_phone_or_not_at_all(
    store: Store,
) -> None:
    await bar(store, "+79031234567")
    other = await add(store, order("k1", phones=("+79031234567", "+74951234567")))
    assert (other.state, other.phone) == (OrderState.ROBOT, "+74951234567")
    none = await add(store, order("k2"))
    assert (none.state, none.lead_id) == (OrderState.NOT_REACHED, None)
    assert none.note.endswith("the number is on the do-not-call list")
    assert await events(store) == [("do_not_call", "k2")]
    plan = Plan(rules=(Rule(then="confirm"),), delivery="deliveries")
    confirmed = await add(store, order("k3", delivery=Delivery("2026-11-28")), plan=plan)
    assert (confirmed.state, confirmed.lead_id) == (OrderState.CONFIRMED, None)


async def test_thousands_are_listed_found_and_taken_off(store: Store) -> None:
    numbers = {lead.phone: "" for lead in people(1200)}
    await store.leads.add("a", people(1300), 0.0)
    added = await store.do_not_call.add(numbers, "import", 20.0, PLANS)
    assert (added.added, added.duplicates) == (1200, 0)
    assert await store.do_not_call.count() == 1200
    counts = await store.leads.counts("a")
    assert (counts[LeadState.FINAL], counts[LeadState.READY]) == (1200, 100)
    asked = [lead.phone for lead in people(1300)]
    assert await store.do_not_call.among(asked) == set(numbers)
    page = await store.do_not_call.page(2, "+79030000001")
    assert [entry.phone for entry in page] == ["+79030000002", "+79030000003"]
    assert await store.do_not_call.remove("+79030000000")
    assert not await store.do_not_call.remove("+79030000000")
    assert await store.do_not_call.get("+79030000000") is None
