"""Orders of shops: their states, the rule table that says who calls about one, what a call makes of them.

Sums are whole numbers of hundredths (kopecks, cents). An order waits on one lead at most: that of its
number in the list of the campaign that calls about it, where all orders of that number meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from config.models import Rule, Site
from leads.lead import LIVE, IllegalMove, Outcome

Value = str | bool | int
"""Of an attribute."""
Then = Literal["confirm", "robot", "agents"]
By = Literal["rules", "robot", "agent", "caller", "shop", "admin"]
"""Who decided: `caller` is the buyer who called us."""


class OrderState(StrEnum):
    """Every order is in exactly one of these."""

    ROBOT = "robot"
    AGENTS = "agents"
    TALKED = "talked"
    CONFIRMED = "confirmed"
    TOLD = "told"
    CANCELLED = "cancelled"
    NOT_REACHED = "not_reached"


MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.ROBOT: frozenset(
        {
            OrderState.AGENTS,
            OrderState.TALKED,
            OrderState.CONFIRMED,
            OrderState.CANCELLED,
            OrderState.NOT_REACHED,
        }
    ),
    OrderState.AGENTS: frozenset(
        {OrderState.TALKED, OrderState.CONFIRMED, OrderState.CANCELLED, OrderState.NOT_REACHED}
    ),
    OrderState.TALKED: frozenset({OrderState.AGENTS, OrderState.CONFIRMED, OrderState.CANCELLED}),
    OrderState.NOT_REACHED: frozenset(
        {OrderState.AGENTS, OrderState.TALKED, OrderState.CONFIRMED, OrderState.CANCELLED}
    ),
    OrderState.CONFIRMED: frozenset({OrderState.TOLD, OrderState.CANCELLED, OrderState.AGENTS}),
    OrderState.TOLD: frozenset({OrderState.CONFIRMED, OrderState.CANCELLED, OrderState.AGENTS}),
    OrderState.CANCELLED: frozenset(),
}
"""`robot`, `agents`: such a call is to come. `talked`: an agent had the buyer, and the shop hears from them
what came of it. `told`: the buyer knows date and window. `told` goes back to `confirmed` when they change."""

UNSETTLED = (OrderState.ROBOT, OrderState.AGENTS)
"""A call is to come that asks the buyer."""
UNCONFIRMED = (*UNSETTLED, OrderState.TALKED, OrderState.NOT_REACHED)
"""The buyer has neither confirmed nor cancelled."""


class Result(StrEnum):
    """What a call, the buyer or the shop makes of an order; the name of the event that the shop gets."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    MOVED = "moved"
    TO_AGENTS = "to_agents"
    TALKED = "talked"
    WRONG_NUMBER = "wrong_number"
    NOT_REACHED = "not_reached"
    DO_NOT_CALL = "do_not_call"
    TOLD = "told"
    NOT_TOLD = "not_told"


STATES: Mapping[Result, OrderState] = {
    Result.CONFIRMED: OrderState.CONFIRMED,
    Result.CANCELLED: OrderState.CANCELLED,
    Result.MOVED: OrderState.CONFIRMED,
    Result.TO_AGENTS: OrderState.AGENTS,
    Result.TALKED: OrderState.TALKED,
    Result.WRONG_NUMBER: OrderState.NOT_REACHED,
    Result.NOT_REACHED: OrderState.NOT_REACHED,
    Result.DO_NOT_CALL: OrderState.NOT_REACHED,
    Result.TOLD: OrderState.TOLD,
    Result.NOT_TOLD: OrderState.CONFIRMED,
}
"""Where a result leads. `moved`: another delivery was agreed on, which confirms. `not_told`: nobody heard
the delivery notice."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order; `price` is of one piece."""

    name: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A day, `2026-11-28`, and where it is known a window of it, `10:00-14:00`."""

    date: str
    window: str | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a shop sends it. `key` is the shop's own, `number` what the buyer knows it by; `phones`
    are E.164, the first is called first."""

    shop: str
    key: str
    number: str
    phones: tuple[str, ...]
    items: tuple[Item, ...]
    sum: int
    name: str = ""
    delivery: Delivery | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the store holds it. `phone` is the one that is called now, `delivery` the one agreed on;
    `lead_id` is the lead that it waits on, `note` says why it is in its state."""

    id: int
    shop: str
    key: str
    number: str
    phones: tuple[str, ...]
    phone: str
    name: str
    items: tuple[Item, ...]
    sum: int
    delivery: Delivery | None
    attributes: Mapping[str, Value]
    state: OrderState
    lead_id: int | None
    created_at: float
    changed_at: float
    note: str

    def next_phone(self) -> str | None:
        """The one to try after `phone`."""
        return dict(zip(self.phones, self.phones[1:], strict=False)).get(self.phone)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the config says of a shop, as orders need it: lists by who calls from them, seconds of `merge`,
    `zone` for days of delivery, whether the shop wants results."""

    rules: tuple[Rule, ...] = ()
    robot: str | None = None
    agents: str | None = None
    delivery: str | None = None
    merge: float = 120.0
    zone: str = "UTC"
    webhook: bool = False


def plans(site: Site) -> dict[str, Plan]:
    """The plan of every shop."""

    def listed(campaign: str | None) -> str | None:
        return None if campaign is None else site.campaigns[campaign].list

    return {
        name: Plan(
            tuple(shop.rules), listed(shop.robot), listed(shop.agents), listed(shop.delivery),
            shop.merge, site.system.timezone, shop.webhook is not None,
        )
        for name, shop in site.shops.items()
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule table says of an order, and why in a plain sentence."""

    then: Then
    reason: str


def decide(rules: Sequence[Rule], total: int, attributes: Mapping[str, Value]) -> Decision:
    """The first row that fits decides; none fits: agents. An attribute that the order does not bring fits
    no row that asks for it."""
    for number, rule in enumerate(rules, 1):
        asked = _conditions(rule)
        if all(_holds(name, wanted, total, attributes) for name, wanted in asked):
            told = ", ".join(f"{name} {_written(wanted)}" for name, wanted in asked) or "always"
            return Decision(rule.then, f"rule {number} ({told}): {rule.then}")
    return Decision("agents", "no rule fits: agents")


def _conditions(rule: Rule) -> list[tuple[str, Value]]:
    named = ("in_stock", "call_me", "from_sum", "below_sum")
    asked = [(name, value) for name in named if (value := getattr(rule, name)) is not None]
    return [*asked, *rule.attributes.items()]


def _holds(name: str, wanted: Value, total: int, attributes: Mapping[str, Value]) -> bool:
    if name == "from_sum":
        return total >= 100 * int(wanted)
    if name == "below_sum":
        return total < 100 * int(wanted)
    found = attributes.get(name)
    return type(found) is type(wanted) and found == wanted  # True is no 1


def _written(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def check_move(order: Order, new: OrderState) -> None:
    """Raises `IllegalMove` where the table has no such move."""
    if new not in MOVES[order.state]:
        raise IllegalMove(f"order {order.number}", order.state, new)


def after_call(state: OrderState, outcome: Outcome, had_agent: bool, final: bool) -> Result | None:
    """What a call that ended makes of an order that it did not settle; None: it waits for the next call.

    `final`: the lead is not called again. `had_agent`: an agent had the buyer on the line.
    """
    if not final:
        return None
    if state in UNSETTLED and had_agent and outcome is Outcome.TALKED:
        return Result.TALKED
    if state is OrderState.CONFIRMED:
        return Result.NOT_TOLD
    if state is OrderState.ROBOT and outcome in LIVE:
        return Result.TO_AGENTS  # there is somebody, with whom the robot got nowhere
    return Result.NOT_REACHED


def notice_at(delivery: Delivery, now: float, plan: Plan) -> float:
    """When the buyer is to be told of the delivery: the day before, or after the merge window where that
    has begun already."""
    day = datetime.combine(datetime.fromisoformat(delivery.date), time(), ZoneInfo(plan.zone))
    return max(now + plan.merge, (day - timedelta(days=1)).timestamp())


def is_over(delivery: Delivery, now: float, plan: Plan) -> bool:
    """Whether the window of the delivery has passed, or its day where it has none."""
    day, zone = datetime.fromisoformat(delivery.date).date(), ZoneInfo(plan.zone)
    _, _, end = (delivery.window or "00:00-24:00").partition("-")
    if end == "24:00":
        ends = datetime.combine(day + timedelta(days=1), time(), zone)
    else:
        ends = datetime.combine(day, time.fromisoformat(end), zone)
    return ends.timestamp() <= now


def money(hundredths: int) -> str:
    """`1990.50`."""
    return str(Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01")))


def as_json(order: Order) -> dict[str, Any]:
    """An order as shops get it, by the API and by webhook, and as `--json` prints it."""
    return {
        "shop": order.shop,
        "key": order.key,
        "number": order.number,
        "phones": [*order.phones],
        "name": order.name,
        "items": [
            {"name": item.name, "quantity": item.quantity, "price": money(item.price)} for item in order.items
        ],
        "sum": money(order.sum),
        "delivery": order.delivery and {"date": order.delivery.date, "window": order.delivery.window},
        "attributes": dict(order.attributes),
        "state": order.state.value,
        "reason": order.note,
        "created_at": when(order.created_at),
        "changed_at": when(order.changed_at),
    }


def when(at: float) -> str:
    """Epoch seconds for programs: `2026-11-26T19:59:00.125+00:00`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
