"""Orders come once, meet on one lead per number, and every change of one is a letter to its shop: order,
lead and letter in a single transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config.models import Rule
from leads.attempt import Attempt
from leads.lead import IllegalMove, Lead, LeadState, NewLead, Outcome
from leads.order_form import BadOrder
from leads.orders import Delivery, Item, NewOrder, Order, OrderState, Plan, Result
from leads.rules import LeadMove
from store import Store
from store.order_rows import UnknownOrder
from store.orders import Differs

NewId = Callable[[], str]
FINAL = LeadMove(LeadState.FINAL, None, "talked: final")
AGAIN = LeadMove(LeadState.SCHEDULED, 5000.0, "busy: called again")
PLAN = Plan(
    rules=(
        Rule(in_stock=False, then="agents"),
        Rule(below_sum=1000, then="confirm"),
        Rule(below_sum=100_000, then="robot"),
    ),
    robot="orders-robot",
    agents="orders-agents",
    delivery="deliveries",
    merge=120.0,
    webhook=True,
)
PLANS = {"shop": PLAN}
MOBILE, HOME = "+79031234567", "+74951234567"


def order(key: str = "k1", **values: Any) -> NewOrder:
    made = NewOrder(
        shop="shop", key=key, number=f"A-{key}", phones=(MOBILE,), items=(Item("cup", 2, 100_000),),
        sum=200_000, name="Anna",
    )  # fmt: skip
    return replace(made, **values)


async def add(store: Store, new: NewOrder, now: float = 100.0, plan: Plan = PLAN) -> Order:
    return (await store.orders.add(new, plan, now)).order


async def waits_on(store: Store, found: Order) -> Lead:
    assert found.lead_id is not None
    lead = await store.leads.get(found.lead_id)
    assert lead is not None
    return lead


async def now_of(store: Store, found: Order) -> Order:
    fresh = await store.orders.get(found.shop, found.key)
    assert fresh is not None
    return fresh


async def events(store: Store) -> list[tuple[str, str]]:
    return [(letter.event, letter.body["order"]["key"]) for letter in await store.outbox.page()]


async def call(
    store: Store, epoch: int, new_id: NewId, lead_id: int, at: float, campaign: str = "robot"
) -> Attempt:
    [attempt] = await store.attempts.claim(epoch, campaign, "city", [lead_id], at, new_id)
    return attempt


async def end(
    store: Store, epoch: int, attempt: Attempt, outcome: Outcome, at: float,
    move: LeadMove = FINAL, agent: str | None = None,
) -> None:  # fmt: skip
    await store.attempts.finish(epoch, attempt.id, outcome, at, None, agent, move, plans=PLANS)


async def test_the_rules_say_who_calls_and_a_lead_waits_for_the_merge_window(store: Store) -> None:
    robot = await add(store, order("k1"))
    agents = await add(store, order("k2", phones=(HOME,), attributes={"in_stock": False}))
    assert (robot.state, agents.state) == (OrderState.ROBOT, OrderState.AGENTS)
    lead = await waits_on(store, robot)
    assert (lead.list, lead.phone, lead.name, lead.state, lead.due_at) == (
        "orders-robot", MOBILE, "Anna", LeadState.SCHEDULED, 220.0,
    )  # fmt: skip
    lead = await waits_on(store, agents)
    assert (lead.list, lead.phone, lead.timezone) == ("orders-agents", HOME, "Europe/Moscow")
    assert await events(store) == []  # the answer said so already
    assert robot.note == "rule 3 (below_sum 100000): robot"


async def test_an_order_that_the_rules_confirm_is_not_called_about_and_its_shop_is_told(store: Store) -> None:
    found = await add(store, order(sum=99_999))
    assert (found.state, found.lead_id) == (OrderState.CONFIRMED, None)
    [letter] = await store.outbox.page()
    assert (letter.shop, letter.event, letter.state, letter.due_at) == ("shop", "confirmed", "waiting", 100.0)
    assert letter.body["by"] == "rules"
    assert letter.body["order"]["state"] == "confirmed"
    assert letter.body["delivery"] == letter.delivery
    assert await store.leads.lists() == []


async def test_the_same_key_twice_is_one_order_and_other_content_says_what_differs(store: Store) -> None:
    first = await store.orders.add(order(delivery=Delivery("2026-11-28", "10:00-14:00")), PLAN, 100.0)
    assert first.new
    again = await store.orders.add(order(delivery=Delivery("2026-11-28", "10:00-14:00")), PLAN, 200.0)
    assert not again.new
    assert again.order == first.order
    with pytest.raises(Differs) as caught:
        await store.orders.add(order(sum=1, phones=(MOBILE, HOME)), PLAN, 300.0)
    assert caught.value.differences == {
        "phones": ([MOBILE], [MOBILE, HOME]),
        "sum": ("2000.00", "0.01"),
        "delivery": ({"date": "2026-11-28", "window": "10:00-14:00"}, None),
    }
    assert [found.id for found in await store.orders.page()] == [first.order.id]
    other = await store.orders.add(replace(order(), shop="other"), PLAN, 300.0)
    assert other.new  # a key is its shop's own


async def test_what_happened_meanwhile_does_not_make_an_order_another(store: Store) -> None:
    found = await add(store, order(delivery=Delivery("2026-11-28")))
    moved = Delivery("2026-12-01", "10:00-14:00")
    await store.orders.tell(found.id, Result.MOVED, "caller", 150.0, PLAN, delivery=moved)
    again = await store.orders.add(order(delivery=Delivery("2026-11-28")), PLAN, 200.0)
    assert (again.new, again.order.delivery, again.order.state) == (False, moved, OrderState.CONFIRMED)


async def test_one_key_posted_many_times_at_once_is_one_order(store: Store) -> None:
    taken = await asyncio.gather(*(store.orders.add(order(), PLAN, 100.0) for _ in range(8)))
    assert sorted(one.new for one in taken) == [False] * 7 + [True]
    assert len(await store.orders.page()) == 1
    assert await store.leads.counts("orders-robot") == {
        LeadState.READY: 0, LeadState.SCHEDULED: 1, LeadState.CLAIMED: 0, LeadState.FINAL: 0,
    }  # fmt: skip


async def test_all_orders_of_a_number_meet_on_one_lead_which_keeps_its_time(store: Store) -> None:
    first = await add(store, order("k1"), 100.0)
    second = await add(store, order("k2"), 210.0)
    assert first.lead_id == second.lead_id
    assert (await waits_on(store, second)).due_at == 220.0
    assert [o.key for o in await store.orders.of_lead(first.lead_id or 0)] == ["k1", "k2"]


async def test_an_order_for_agents_takes_the_robots_orders_of_its_number_along(store: Store) -> None:
    first = await add(store, order("k1"))
    robots = await waits_on(store, first)
    second = await add(store, order("k2", attributes={"in_stock": False}), 130.0)
    first = await now_of(store, first)
    assert (first.state, first.lead_id) == (OrderState.AGENTS, second.lead_id)
    assert (await store.leads.get(robots.id) or robots).state is LeadState.FINAL
    assert [d.text for d in await store.decisions.of("lead", str(robots.id))] == [
        "final: no order is left to call about"
    ]
    assert await events(store) == [("to_agents", "k1")]
    third = await add(store, order("k3"), 140.0)  # the robot's by the rules, but agents are to call anyway
    assert (third.state, third.lead_id) == (OrderState.AGENTS, second.lead_id)
    elsewhere = await add(store, replace(order("k4"), shop="other"), 140.0)
    assert elsewhere.state is OrderState.ROBOT  # other shops' orders are theirs


async def test_the_call_settles_its_orders_and_the_lead_is_done_with_whatever_the_rules_say(
    store: Store, epoch: int, new_id: NewId
) -> None:
    first, second = await add(store, order("k1")), await add(store, order("k2"))
    attempt = await call(store, epoch, new_id, first.lead_id or 0, 230.0)
    await store.orders.tell(first.id, Result.CONFIRMED, "robot", 240.0, PLAN)
    cancelled = await store.orders.tell(second.id, Result.CANCELLED, "robot", 241.0, PLAN)
    assert (cancelled.state, cancelled.lead_id, cancelled.note) == (
        OrderState.CANCELLED, None, "cancelled, by robot",
    )  # fmt: skip
    await end(store, epoch, attempt, Outcome.INTERRUPTED, 242.0, AGAIN)
    lead = await store.leads.get(attempt.lead_id)
    assert lead is not None and lead.state is LeadState.FINAL
    assert await events(store) == [("confirmed", "k1"), ("cancelled", "k2")]


async def test_nobody_reached_in_any_call_is_told_once_and_only_when_no_call_is_left(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await add(store, order())
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 230.0)
    await end(store, epoch, attempt, Outcome.BUSY, 231.0, AGAIN)
    assert (await now_of(store, found)).state is OrderState.ROBOT
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 5001.0)
    await end(store, epoch, attempt, Outcome.BUSY, 5002.0, FINAL)
    after = await now_of(store, found)
    assert (after.state, after.lead_id) == (OrderState.NOT_REACHED, None)
    assert await events(store) == [("not_reached", "k1")]
    confirmed = await store.orders.tell(found.id, Result.CONFIRMED, "caller", 6000.0, PLAN)
    assert confirmed.state is OrderState.CONFIRMED  # the buyer calls us


@pytest.mark.parametrize("result", [Result.NOT_REACHED, Result.WRONG_NUMBER])
async def test_the_next_phone_of_an_order_is_called_before_it_counts_as_not_reached(
    store: Store, epoch: int, new_id: NewId, result: Result
) -> None:
    found = await add(store, order(phones=(MOBILE, HOME)))
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 230.0)
    if result is Result.WRONG_NUMBER:
        await store.orders.tell(found.id, result, "robot", 235.0, PLAN)
    await end(store, epoch, attempt, Outcome.NO_ANSWER, 240.0, FINAL)
    found = await now_of(store, found)
    assert (found.state, found.phone) == (OrderState.ROBOT, HOME)
    lead = await waits_on(store, found)
    assert lead.phone == HOME
    assert (await store.leads.get(attempt.lead_id) or lead).state is LeadState.FINAL
    assert await events(store) == []
    attempt = await call(store, epoch, new_id, lead.id, 1000.0)
    await end(store, epoch, attempt, Outcome.NO_ANSWER, 1001.0, FINAL)
    assert (await now_of(store, found)).state is OrderState.NOT_REACHED
    assert [o.key for o in await store.orders.of_caller(MOBILE, 2000.0, PLANS)] == ["k1"]


async def test_whom_the_robot_reached_without_a_result_agents_call(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await add(store, order())
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 230.0)
    await end(store, epoch, attempt, Outcome.TALKED, 260.0)
    found = await now_of(store, found)
    lead = await waits_on(store, found)
    assert (found.state, lead.list) == (OrderState.AGENTS, "orders-agents")
    attempt = await call(store, epoch, new_id, lead.id, 500.0, "agents")
    await end(store, epoch, attempt, Outcome.TALKED, 600.0, agent="anna")
    assert (await now_of(store, found)).state is OrderState.TALKED
    assert await events(store) == [("to_agents", "k1"), ("talked", "k1")]
    assert [letter.body["by"] for letter in await store.outbox.page()] == ["robot", "agent"]


async def test_an_order_that_comes_during_the_call_is_called_about_in_a_new_life_of_the_lead(
    store: Store, epoch: int, new_id: NewId
) -> None:
    first = await add(store, order("k1"))
    attempt = await call(store, epoch, new_id, first.lead_id or 0, 230.0)
    late = await add(store, order("k2"), 235.0)
    assert late.lead_id == first.lead_id
    await store.orders.tell(first.id, Result.CONFIRMED, "robot", 240.0, PLAN)
    await end(store, epoch, attempt, Outcome.TALKED, 250.0)
    lead = await waits_on(store, await now_of(store, late))
    assert (lead.state, lead.due_at, lead.attempts) == (LeadState.SCHEDULED, 370.0, 0)
    assert (await now_of(store, late)).state is OrderState.ROBOT


async def test_a_new_order_opens_its_numbers_final_lead_anew(store: Store, epoch: int, new_id: NewId) -> None:
    first = await add(store, order("k1"))
    attempt = await call(store, epoch, new_id, first.lead_id or 0, 230.0)
    await end(store, epoch, attempt, Outcome.BUSY, 240.0, FINAL)
    second = await add(store, order("k2"), 1000.0)
    assert second.lead_id == first.lead_id
    lead = await waits_on(store, second)
    assert (lead.state, lead.due_at, lead.attempts, dict(lead.outcomes)) == (
        LeadState.SCHEDULED, 1120.0, 0, {},
    )  # fmt: skip
    attempt = await call(store, epoch, new_id, lead.id, 1200.0)
    assert attempt.number == 2
    await end(store, epoch, attempt, Outcome.BUSY, 1201.0, AGAIN)
    assert (await waits_on(store, second)).attempts == 1


async def test_a_cancelled_order_is_not_called_about(store: Store, epoch: int, new_id: NewId) -> None:
    first, second = await add(store, order("k1")), await add(store, order("k2"))
    await store.orders.tell(first.id, Result.CANCELLED, "shop", 110.0, PLAN)
    assert (await waits_on(store, await now_of(store, second))).state is LeadState.SCHEDULED
    await store.orders.tell(second.id, Result.CANCELLED, "shop", 111.0, PLAN)
    assert (await store.leads.get(first.lead_id or 0) or None) is not None
    assert await store.leads.callable("orders-robot", 9999.0, 5) == []
    again = await store.orders.tell(second.id, Result.CANCELLED, "shop", 112.0, PLAN)
    assert again.changed_at == 111.0
    with pytest.raises(IllegalMove, match="order A-k2: no move from cancelled to confirmed"):
        await store.orders.tell(second.id, Result.CONFIRMED, "robot", 113.0, PLAN)
    with pytest.raises(UnknownOrder):
        await store.orders.tell(99, Result.CONFIRMED, "robot", 113.0, PLAN)
    assert await events(store) == [("cancelled", "k1"), ("cancelled", "k2")]


async def test_an_imported_lead_that_orders_joined_keeps_its_own_life(store: Store) -> None:
    await store.leads.add("orders-agents", [NewLead(MOBILE)], 0.0)
    [lead] = await store.leads.page("orders-agents")
    found = await add(store, order(attributes={"in_stock": False}))
    assert found.lead_id == lead.id
    await store.orders.tell(found.id, Result.CANCELLED, "shop", 110.0, PLAN)
    assert (await store.leads.get(lead.id) or lead).state is LeadState.READY


async def test_the_buyer_of_a_confirmed_order_is_told_of_the_delivery(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await add(store, order())
    await store.orders.tell(found.id, Result.CONFIRMED, "robot", 240.0, PLAN)
    assert (await now_of(store, found)).lead_id is None  # nobody knows the day yet
    day = Delivery("1970-01-05", "10:00-14:00")
    found = await store.orders.deliver(found.id, day, 300.0, PLAN)
    lead = await waits_on(store, found)
    assert (lead.list, lead.due_at) == ("deliveries", 3 * 86400.0)
    assert await store.orders.deliver(found.id, day, 301.0, PLAN) == found
    attempt = await call(store, epoch, new_id, lead.id, 3 * 86400.0)
    await store.orders.tell(found.id, Result.TOLD, "robot", 3 * 86400.0 + 10, PLAN)
    await end(store, epoch, attempt, Outcome.TALKED, 3 * 86400.0 + 11)
    assert (await now_of(store, found)).state is OrderState.TOLD
    found = await store.orders.deliver(found.id, Delivery("1970-01-06"), 3 * 86400.0 + 50, PLAN)
    assert (found.state, found.lead_id) == (OrderState.CONFIRMED, lead.id)
    attempt = await call(store, epoch, new_id, lead.id, 5 * 86400.0)
    await end(store, epoch, attempt, Outcome.BUSY, 5 * 86400.0, FINAL)
    assert (await now_of(store, found)).state is OrderState.CONFIRMED
    assert await events(store) == [(e, "k1") for e in ("confirmed", "moved", "told", "moved", "not_told")]


async def test_buyers_are_told_the_day_before_the_first_of_their_deliveries(store: Store) -> None:
    day = 86400.0
    late = await add(store, order("k1", sum=100, delivery=Delivery("1970-01-20")))
    lead = await waits_on(store, late)
    assert lead.due_at == 18 * day
    soon = await add(store, order("k2", sum=100, delivery=Delivery("1970-01-10")))
    assert soon.lead_id == lead.id
    assert (await waits_on(store, soon)).due_at == 8 * day
    late = await store.orders.deliver(late.id, Delivery("1970-01-05"), 200.0, PLAN)
    assert (await waits_on(store, late)).due_at == 3 * day
    late = await store.orders.deliver(late.id, Delivery("1970-01-15"), 300.0, PLAN)
    assert (await waits_on(store, late)).due_at == 8 * day
    await store.orders.tell(soon.id, Result.CANCELLED, "shop", 400.0, PLAN)
    assert (await waits_on(store, late)).due_at == 13 * day


async def test_a_delivery_that_comes_to_a_running_retry_keeps_the_retrys_time(
    store: Store, epoch: int, new_id: NewId
) -> None:
    day = 86400.0
    found = await add(store, order("k1", sum=100, delivery=Delivery("1970-01-10")))
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 8 * day)
    again = LeadMove(LeadState.SCHEDULED, 8 * day + 3600, "busy: called again")
    await end(store, epoch, attempt, Outcome.BUSY, 8 * day + 1, again)
    joined = await add(store, order("k2", sum=100, delivery=Delivery("1970-01-09")), 8 * day + 2)
    assert (await waits_on(store, joined)).due_at == 8 * day + 3600


async def test_an_order_whose_delivery_changes_while_an_agent_speaks_of_it_is_not_called_again(
    store: Store, epoch: int, new_id: NewId
) -> None:
    found = await add(store, order(attributes={"in_stock": False}))
    attempt = await call(store, epoch, new_id, found.lead_id or 0, 230.0, "agents")
    await store.orders.deliver(found.id, Delivery("1970-01-10"), 240.0, PLAN)
    await end(store, epoch, attempt, Outcome.TALKED, 300.0, agent="anna")
    after = await now_of(store, found)
    assert (after.state, after.lead_id) == (OrderState.TALKED, None)
    lead = await store.leads.get(attempt.lead_id)
    assert lead is not None and lead.state is LeadState.FINAL


async def test_a_delivery_set_during_the_notice_is_told_in_a_call_of_its_own_the_day_before(
    store: Store, epoch: int, new_id: NewId
) -> None:
    day = 86400.0
    first = await add(store, order("k1", sum=100, delivery=Delivery("1970-01-10")))
    attempt = await call(store, epoch, new_id, first.lead_id or 0, 8 * day)
    late = await add(store, order("k2", sum=100, delivery=Delivery("1970-01-20")), 8 * day + 5)
    await store.orders.tell(first.id, Result.TOLD, "robot", 8 * day + 10, PLAN)
    await end(store, epoch, attempt, Outcome.TALKED, 8 * day + 20)
    lead = await waits_on(store, await now_of(store, late))
    assert (lead.state, lead.due_at, lead.attempts) == (LeadState.SCHEDULED, 18 * day, 0)


async def test_a_delivery_set_before_the_call_is_what_the_call_tells(store: Store) -> None:
    found = await add(store, order())
    found = await store.orders.deliver(found.id, Delivery("2026-11-28"), 110.0, PLAN)
    assert (found.state, found.delivery) == (OrderState.ROBOT, Delivery("2026-11-28"))
    await store.orders.tell(found.id, Result.CANCELLED, "shop", 120.0, PLAN)
    with pytest.raises(IllegalMove):
        await store.orders.deliver(found.id, Delivery("2026-11-29"), 130.0, PLAN)


async def test_a_day_that_has_passed_is_no_delivery_but_an_order_that_is_known_may_come_again(
    store: Store,
) -> None:
    day = 86400.0
    past = order("k1", sum=100, delivery=Delivery("1970-01-10"))
    with pytest.raises(BadOrder, match="the day 1970-01-10 of order k1 has passed"):
        await add(store, past, 10 * day)
    assert await store.orders.page() == []
    found = await add(store, past, 9.9 * day)  # on the day itself
    assert await add(store, past, 20 * day) == found
    with pytest.raises(BadOrder, match="1970-01-19"):
        await store.orders.deliver(found.id, Delivery("1970-01-19"), 20 * day, PLAN)


async def test_no_notice_is_planned_for_a_window_that_is_over(store: Store) -> None:
    morning = Delivery("1970-01-10", "08:00-09:00")
    found = await add(store, order("k1", sum=100, delivery=morning), 9 * 86400.0 + 10 * 3600)
    assert (found.state, found.lead_id) == (OrderState.CONFIRMED, None)
    found = await add(store, order("k2", sum=100, delivery=morning), 9 * 86400.0 + 8 * 3600)
    assert found.lead_id is not None


async def test_a_caller_finds_orders_by_any_of_their_phones_but_not_those_that_are_over(store: Store) -> None:
    day = 86400.0
    await add(store, order("k1", phones=(HOME, MOBILE)))
    await add(store, order("k2", sum=100, delivery=Delivery("1970-01-10")))
    await add(store, order("k3", sum=100))
    gone = await add(store, order("k4"))
    await store.orders.tell(gone.id, Result.CANCELLED, "shop", 110.0, PLAN)
    await add(store, order("k5", phones=("+79990000000",)))

    async def keys(at: float) -> list[str]:
        return [o.key for o in await store.orders.of_caller(MOBILE, at, PLANS)]

    assert await keys(9 * day) == ["k1", "k2"]  # k3 is confirmed, and no delivery is known
    assert await keys(10 * day) == ["k1"]


async def test_a_shop_without_campaigns_or_webhook_loses_no_order(store: Store) -> None:
    found = await add(store, order(), plan=Plan())
    assert (found.state, found.lead_id) == (OrderState.NOT_REACHED, None)
    assert found.note.endswith("no campaign calls about orders of this shop")
    assert await events(store) == []


async def test_many_orders_are_taken_together_or_not_at_all(store: Store) -> None:
    await add(store, order("k3"))
    with pytest.raises(Differs):
        await store.orders.add_all([order("k1"), order("k2"), order("k3", sum=1)], PLAN, 100.0)
    assert [o.key for o in await store.orders.page()] == ["k3"]
    taken = await store.orders.add_all([order("k1"), order("k3"), order("k1")], PLAN, 100.0)
    assert [one.new for one in taken] == [True, False, False]


async def test_orders_of_one_number_that_come_at_once_meet(store: Store) -> None:
    for n in range(3):  # the lists are there
        await add(store, order(f"x{n}", phones=(HOME,), attributes={"in_stock": n > 0}))
    news = [order(f"k{n}", attributes={"in_stock": n % 2 == 1}) for n in range(10)]
    await asyncio.gather(*(store.orders.add(new, PLAN, 100.0) for new in news))
    found = await store.orders.page(phone=MOBILE)
    assert {o.state for o in found} == {OrderState.AGENTS}
    assert len({o.lead_id for o in found}) == 1


async def test_the_list_is_filtered_and_paged(store: Store) -> None:
    made = [await add(store, order(f"k{n}", sum=100 if n % 2 else 200_000)) for n in range(5)]
    confirmed = await store.orders.page("shop", OrderState.CONFIRMED)
    assert [o.key for o in confirmed] == ["k1", "k3"]
    assert [o.key for o in await store.orders.page("shop", limit=2, after=made[1].id)] == ["k2", "k3"]
    assert await store.orders.page("other") == []
    assert await store.orders.get("shop", "nope") is None
