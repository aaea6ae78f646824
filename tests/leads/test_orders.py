"""The rule table, the states, and what a call makes of an order: all of it pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from config.models import Rule
from leads import orders
from leads.lead import LIVE, IllegalMove, Outcome
from leads.orders import (
    MOVES,
    STATES,
    UNSETTLED,
    Delivery,
    Item,
    Order,
    OrderState,
    Plan,
    Result,
    after_call,
    check_move,
    decide,
    is_over,
    notice_at,
)

RULES = [
    Rule(call_me=True, then="agents"),
    Rule(in_stock=False, then="agents"),
    Rule(attributes={"city": "Omsk", "first": True, "floor": 3}, then="agents"),
    Rule(in_stock=True, below_sum=5000, then="confirm"),
    Rule(from_sum=5000, below_sum=100_000, then="robot"),
]
ORDER = Order(
    id=1,
    shop="shop",
    key="k1",
    number="A-17",
    phones=("+79031234567", "+74951234567"),
    phone="+79031234567",
    name="",
    items=(Item("cup", 2, 99_525),),
    sum=199_050,
    delivery=Delivery("2026-11-28", "10:00-14:00"),
    attributes={},
    state=OrderState.ROBOT,
    lead_id=3,
    created_at=0.0,
    changed_at=0.0,
    note="",
)
DAY = 86400.0
NOON = 1_795_608_000.0  # 2026-11-25 12:00 UTC


@pytest.mark.parametrize(
    ("total", "attributes", "then", "reason"),
    [
        (100, {"call_me": True, "in_stock": True}, "agents", "rule 1 (call_me yes): agents"),
        (100, {"call_me": False, "in_stock": False}, "agents", "rule 2 (in_stock no): agents"),
        (499_999, {"in_stock": True}, "confirm", "rule 4 (in_stock yes, below_sum 5000): confirm"),
        (500_000, {"in_stock": True}, "robot", "rule 5 (from_sum 5000, below_sum 100000): robot"),
        (10_000_000, {"in_stock": True}, "agents", "no rule fits: agents"),
        (100, {}, "agents", "no rule fits: agents"),  # whether it is in stock is not known
        (
            100,
            {"in_stock": True, "city": "Omsk", "first": True, "floor": 3},
            "agents",
            "rule 3 (city Omsk, first yes, floor 3): agents",
        ),
        (100, {"in_stock": True, "city": "Omsk", "first": 1, "floor": 3}, "confirm", None),  # 1 is no yes
        (100, {"in_stock": True, "city": "Omsk", "first": True, "floor": "3"}, "confirm", None),
        (100, {"in_stock": True, "city": "omsk", "first": True, "floor": 3}, "confirm", None),
    ],
)
def test_the_first_row_that_fits_decides_and_says_so(
    total: int, attributes: Mapping[str, Any], then: str, reason: str | None
) -> None:
    decision = decide(RULES, total, attributes)
    assert decision.then == then
    assert reason in (None, decision.reason)


def test_a_row_without_conditions_fits_every_order() -> None:
    decision = decide([Rule(then="robot"), Rule(then="confirm")], 0, {})
    assert (decision.then, decision.reason) == ("robot", "rule 1 (always): robot")


def test_every_state_has_its_row_and_every_result_its_state() -> None:
    assert set(MOVES) == set(OrderState)
    assert set(STATES) == set(Result)
    assert all(state not in following for state, following in MOVES.items())


def test_an_illegal_move_names_order_and_states() -> None:
    with pytest.raises(IllegalMove, match="order A-17: no move from cancelled to confirmed"):
        check_move(replace(ORDER, state=OrderState.CANCELLED), OrderState.CONFIRMED)
    check_move(ORDER, OrderState.CONFIRMED)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("had_agent", [False, True])
def test_whatever_the_end_of_a_call_its_result_is_a_legal_move(
    outcome: Outcome, final: bool, had_agent: bool
) -> None:
    for state in (*UNSETTLED, OrderState.CONFIRMED):
        result = after_call(state, outcome, had_agent, final)
        if result is None:
            assert not final
        elif STATES[result] is not state:
            assert STATES[result] in MOVES[state]


@pytest.mark.parametrize(
    ("state", "outcome", "had_agent", "final", "result"),
    [
        (OrderState.ROBOT, Outcome.BUSY, False, False, None),
        (OrderState.ROBOT, Outcome.NO_ANSWER, False, True, Result.NOT_REACHED),
        (OrderState.ROBOT, Outcome.TALKED, False, True, Result.TO_AGENTS),
        (OrderState.ROBOT, Outcome.TALKED, True, True, Result.TALKED),
        (OrderState.ROBOT, Outcome.ABANDONED, False, False, None),
        (OrderState.AGENTS, Outcome.TALKED, True, True, Result.TALKED),
        (OrderState.AGENTS, Outcome.HUNG_UP_BEFORE_TALK, False, True, Result.NOT_REACHED),
        (OrderState.CONFIRMED, Outcome.BUSY, False, False, None),
        (OrderState.CONFIRMED, Outcome.BUSY, False, True, Result.NOT_TOLD),
        (OrderState.CONFIRMED, Outcome.TALKED, False, True, Result.NOT_TOLD),
    ],
)
def test_what_a_call_makes_of_an_order_that_it_did_not_settle(
    state: OrderState, outcome: Outcome, had_agent: bool, final: bool, result: Result | None
) -> None:
    assert after_call(state, outcome, had_agent, final) is result


def test_the_robot_gives_whom_it_reached_to_agents_and_others_to_nobody() -> None:
    given = {o for o in Outcome if after_call(OrderState.ROBOT, o, False, True) is Result.TO_AGENTS}
    assert given == LIVE


def test_the_next_phone_is_the_one_after_the_last_called() -> None:
    assert ORDER.next_phone() == "+74951234567"
    assert replace(ORDER, phone="+74951234567").next_phone() is None


@pytest.mark.parametrize(
    ("date", "due"),
    [
        ("2026-11-28", 1_795_716_000.0 + 0.0),  # 2026-11-27 00:00 in Omsk, UTC+6
        ("2026-11-26", NOON + 60.0),
        ("2026-11-25", NOON + 60.0),
    ],
)
def test_the_buyer_is_told_the_day_before_or_at_once(date: str, due: float) -> None:
    plan = Plan(merge=60.0, zone="Asia/Omsk")
    assert notice_at(Delivery(date), NOON, plan) == due


def test_a_delivery_is_over_when_its_day_is_in_the_shops_zone() -> None:
    late = NOON + DAY / 2 - 1  # 23:59:59 UTC, the next day in Omsk already
    assert not is_over(Delivery("2026-11-25"), late, Plan())
    assert is_over(Delivery("2026-11-25"), late, Plan(zone="Asia/Omsk"))


def test_an_order_for_programs_says_sums_exactly_and_times_with_their_zone() -> None:
    assert orders.as_json(replace(ORDER, lead_id=None, changed_at=0.125)) == {
        "shop": "shop",
        "key": "k1",
        "number": "A-17",
        "phones": ["+79031234567", "+74951234567"],
        "name": "",
        "items": [{"name": "cup", "quantity": 2, "price": "995.25"}],
        "sum": "1990.50",
        "delivery": {"date": "2026-11-28", "window": "10:00-14:00"},
        "attributes": {},
        "state": "robot",
        "reason": "",
        "created_at": "1970-01-01T00:00:00.000+00:00",
        "changed_at": "1970-01-01T00:00:00.125+00:00",
    }
    assert orders.money(5) == "0.05"
