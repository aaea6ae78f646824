"""Orders: taken from shops once, settled by calls and callers, each with its lead and its letter in one
transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, Row, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.inbound import CallbackState
from leads.lead import LeadState, NewLead, Outcome
from leads.order_form import BadOrder, Fault
from leads.orders import (
    STATES,
    UNCONFIRMED,
    UNSETTLED,
    By,
    Delivery,
    NewOrder,
    Order,
    OrderState,
    Plan,
    Result,
    after_call,
    as_json,
    check_move,
    decide,
    is_over,
    notice_at,
)
from leads.phones import zone_of
from leads.rules import LeadMove
from store.engine import Database
from store.leads import lead_of_orders, time_by_orders, withdraw
from store.order_rows import load, locked, of_phone, rows, to_order, values_of
from store.outbox import post
from store.tables import callbacks, do_not_call, leads, lists, order_phones, orders

MARK = "perezvon_shop"
"""The field of a lead's `extra` that says: it was made to call about orders of that shop."""
NONE_LEFT = "no order is left to call about"
CONTENT = ("number", "phones", "name", "items", "sum", "delivery", "attributes")
"""What makes an order that comes again the same."""


class Differs(ValueError):
    """The shop has sent this key before with other content: `differences` by field, (stored, sent)."""

    def __init__(self, key: str, differences: Mapping[str, tuple[Any, Any]]) -> None:
        super().__init__(f"order {key} is known with another {', '.join(differences)}")
        self.differences = differences


@dataclass(frozen=True, slots=True)
class Taken:
    """`new`: it is the first time that the order came."""

    order: Order
    new: bool


class OrderRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewOrder, plan: Plan, now: float) -> Taken:
        """Takes an order, decides it by the rules, and puts it where it is called about. The same key with
        the same content is the same order, whenever it comes; raises `Differs` where the content is another,
        and `BadOrder` where a new one's day of delivery has passed."""
        async with self._database.write() as connection:
            return await add(connection, new, plan, now)

    async def add_all(self, news: list[NewOrder], plan: Plan, now: float) -> list[Taken]:
        """All of them, or none: raises as `add` does, at the first that cannot be taken."""
        async with self._database.write() as connection:
            return [await add(connection, new, plan, now) for new in news]

    async def tell(
        self,
        order_id: int,
        result: Result,
        by: By,
        now: float,
        plan: Plan,
        *,
        delivery: Delivery | None = None,
        note: str = "",
    ) -> Order:
        """What came of an order; gives it as it is now. A result that it has already changes nothing.

        `delivery`: the one agreed on (`moved`). Raises `IllegalMove`, `UnknownOrder`.
        """
        async with self._database.write() as connection:
            order = await locked(connection, order_id)
            return await tell(connection, order, result, by, now, plan, delivery=delivery, note=note)

    async def deliver(self, order_id: int, delivery: Delivery, now: float, plan: Plan) -> Order:
        """The shop sets day and window of an order's delivery; a confirmed buyer is told of them (again).

        Raises `UnknownOrder`, `IllegalMove` for a cancelled order, `BadOrder` for a day that has passed.
        """
        async with self._database.write() as connection:
            order = await locked(connection, order_id)
            if order.state is OrderState.CANCELLED:
                check_move(order, OrderState.CONFIRMED)
            if order.delivery == delivery:
                return order
            _check_day(order.key, "date", delivery, now, plan)
            if order.state in (OrderState.CONFIRMED, OrderState.TOLD):
                return await tell(
                    connection, order, Result.MOVED, "shop", now, plan, delivery=delivery,
                    note="the shop set another delivery",
                )  # fmt: skip
            return await _change(connection, order, now, delivery=delivery)

    async def get(self, shop: str, key: str) -> Order | None:
        async with self._database.read() as connection:
            found = await load(connection, orders.c.shop == shop, orders.c.key == key)
        return found[0] if found else None

    async def of_lead(self, lead_id: int) -> list[Order]:
        """Orders that wait on a lead, oldest first: what its call is about."""
        async with self._database.read() as connection:
            return await load(connection, orders.c.lead_id == lead_id)

    async def of_caller(self, phone: str, now: float, plans: Mapping[str, Plan]) -> list[Order]:
        """Orders that a buyer who calls from this number may speak of, oldest first: not confirmed yet, or
        confirmed with their delivery still to come."""
        live = orders.c.state != OrderState.CANCELLED
        async with self._database.read() as connection:
            found = await load(connection, of_phone(phone), live)
        return [
            order
            for order in found
            if order.state in UNCONFIRMED
            or (order.delivery and not is_over(order.delivery, now, plans.get(order.shop, Plan())))
        ]

    async def page(
        self,
        shop: str | None = None,
        state: OrderState | None = None,
        phone: str | None = None,
        limit: int = 50,
        after: int = 0,
    ) -> list[Order]:
        """By id; `after` is the last id of the page before."""
        wanted = [orders.c.id > after]
        if shop is not None:
            wanted.append(orders.c.shop == shop)
        if state is not None:
            wanted.append(orders.c.state == state)
        if phone is not None:
            wanted.append(of_phone(phone))
        async with self._database.read() as connection:
            return await load(connection, *wanted, limit=limit)


async def add(connection: AsyncConnection, new: NewOrder, plan: Plan, now: float) -> Taken:
    """`OrderRepository.add` inside a write."""
    # Orders of one shop take turns, so that none misses another of its number.
    turn = select(lists.c.id).where(lists.c.name.in_([plan.robot, plan.agents]))
    await connection.execute(turn.order_by(lists.c.id).with_for_update())
    same = orders.c.shop == new.shop, orders.c.key == new.key
    if known := await rows(connection, *same):
        return _again(known[0], new)
    if new.delivery is not None:
        _check_day(new.key, "delivery.date", new.delivery, now, plan)
    decision = decide(plan.rules, new.sum, new.attributes)
    state = {"confirm": OrderState.CONFIRMED, "robot": OrderState.ROBOT, "agents": OrderState.AGENTS}
    values = values_of(new) | {"state": state[decision.then], "created_at": now, "changed_at": now}
    try:
        async with connection.begin_nested():
            query = insert(orders).values(**values, note=decision.reason).returning(orders.c.id)
            order_id = int((await connection.execute(query)).scalar_one())
    except IntegrityError:  # another process was quicker
        return _again((await rows(connection, *same))[0], new)
    phones = [{"order_id": order_id, "place": n, "phone": phone} for n, phone in enumerate(new.phones)]
    await connection.execute(insert(order_phones), phones)
    order = to_order((await rows(connection, orders.c.id == order_id))[0])
    if order.state is OrderState.CONFIRMED:
        return Taken(await _settle(connection, order, Result.CONFIRMED, "rules", now, plan, order.note), True)
    if order.state is OrderState.AGENTS:
        await _merge(connection, order, now, plan)
    elif await rows(connection, *_others(order), orders.c.state == OrderState.AGENTS):
        told = f"{order.note}; agents are to call this number, so about this order too"
        order = replace(order, state=OrderState.AGENTS, note=told)
    return Taken(await _queue(connection, order, order.state, "rules", now, plan, order.note), True)


async def tell(
    connection: AsyncConnection,
    order: Order,
    result: Result,
    by: By,
    now: float,
    plan: Plan,
    *,
    delivery: Delivery | None = None,
    note: str = "",
) -> Order:
    """`OrderRepository.tell` inside a write; the order's row is locked."""
    new, told = STATES[result], note or f"{result.value.replace('_', ' ')}, by {by}"
    moved = delivery is not None and delivery != order.delivery
    kept = result is Result.CONFIRMED and order.state in (OrderState.CONFIRMED, OrderState.TOLD)
    if kept or (new is order.state and not moved and result is not Result.NOT_TOLD):
        return order
    if new is not order.state:
        check_move(order, new)
    if delivery is not None:
        order = replace(order, delivery=delivery)
    if result is Result.TO_AGENTS:
        return await _queue(connection, order, OrderState.AGENTS, by, now, plan, told)
    missed = result in (Result.NOT_REACHED, Result.WRONG_NUMBER) and order.state in UNSETTLED
    if missed and (phone := order.next_phone()) is not None:
        told = f"{told}; the next phone is called"
        return await _queue(connection, replace(order, phone=phone), order.state, by, now, plan, told)
    return await _settle(connection, order, result, by, now, plan, told)


async def end_call(
    connection: AsyncConnection,
    lead_id: int,
    claimed_at: float,
    outcome: Outcome,
    had_agent: bool,
    move: LeadMove,
    at: float,
    plans: Mapping[str, Plan],
) -> LeadMove:
    """Inside the write that ends an attempt: what its call makes of the orders that wait on the lead, and
    where the lead goes: it is done with when no order is left, and called again for one that came late."""
    final = move.state is LeadState.FINAL
    late: list[float] = []
    for row in await rows(connection, orders.c.lead_id == lead_id, lock=True):
        order, plan = to_order(row), plans.get(row.shop, Plan())
        if row.queued_at > claimed_at:  # the call was not about it
            late.append(max(row.due_at, at + plan.merge))
        elif result := after_call(order.state, outcome, had_agent, final):
            await tell(connection, order, result, "agent" if had_agent else "robot", at, plan)
    if late and final:
        await connection.execute(update(leads).where(leads.c.id == lead_id).values(reopened_at=at))
        return LeadMove(LeadState.SCHEDULED, min(late), f"{move.reason}; an order came during the call")
    if not final and await is_idle(connection, lead_id):
        return LeadMove(LeadState.FINAL, None, f"{move.reason}; but {NONE_LEFT}: final")
    return move


async def stop_calling(
    connection: AsyncConnection, phones: Collection[str], by: By, now: float, plans: Mapping[str, Plan]
) -> None:
    """Inside another aggregate's write: these numbers must not be called, so their orders are not reached."""
    for row in await rows(connection, orders.c.phone.in_(phones), orders.c.lead_id.is_not(None), lock=True):
        order, plan = to_order(row), plans.get(row.shop, Plan())
        result = Result.NOT_TOLD if order.state is OrderState.CONFIRMED else Result.DO_NOT_CALL
        await _settle(connection, order, result, by, now, plan, "the number is not to be called")


async def is_idle(connection: AsyncConnection, lead_id: int) -> bool:
    """Whether the lead was made for orders, of which none is left, and nobody owes it a call-back either."""
    return await connection.scalar(select(leads.c.id).where(leads.c.id == lead_id, *_IDLE)) is not None


_IDLE = (
    leads.c.extra[MARK].as_string().is_not(None),
    ~exists(select(orders.c.id).where(orders.c.lead_id == leads.c.id).correlate(leads)),
    ~exists(
        select(callbacks.c.id)
        .where(callbacks.c.lead_id == leads.c.id, callbacks.c.state == CallbackState.OPEN)
        .correlate(leads)
    ),
)


def _check_day(key: str, field: str, delivery: Delivery, now: float, plan: Plan) -> None:
    """A window of today that is just over is late; a day that has passed is an error. Raises `BadOrder`."""
    if is_over(Delivery(delivery.date), now, plan):
        raise BadOrder([Fault(field, f"the day {delivery.date} of order {key} has passed")])


async def _queue(
    connection: AsyncConnection, order: Order, state: OrderState, by: By, now: float, plan: Plan, note: str
) -> Order:
    """Has the order called about, by its phone or the next that may be called, together with the others of
    that number."""
    robot = state is OrderState.ROBOT and plan.robot is not None
    into = plan.robot if robot else plan.agents
    if into is None:
        told = f"{note}; no campaign calls about orders of this shop"
        return await _settle(connection, order, Result.NOT_REACHED, by, now, plan, told)
    phones = order.phones[order.phones.index(order.phone) :]
    barred = set(await connection.scalars(select(do_not_call.c.phone).where(do_not_call.c.phone.in_(phones))))
    phone = next((phone for phone in phones if phone not in barred), None)
    if phone is None:
        told = f"{note}; the number is on the do-not-call list"
        return await _settle(connection, order, Result.DO_NOT_CALL, by, now, plan, told)
    due_at = now + plan.merge
    lead_id = await lead_of_orders(connection, into, _lead(order, phone), due_at, now)
    asked = order.state is not state  # else the shop knows that somebody calls
    order = await _change(
        connection, order, now, due_at, lead_id=lead_id, phone=phone, note=note,
        state=OrderState.ROBOT if robot else OrderState.AGENTS,
    )  # fmt: skip
    if asked and plan.webhook:
        await post(connection, order, Result.TO_AGENTS, by, now)
    return order


async def _settle(
    connection: AsyncConnection, order: Order, result: Result, by: By, now: float, plan: Plan, note: str
) -> Order:
    """Writes a result, has the shop told, and the buyer of the delivery where that is what comes next."""
    lead_id = due_at = None
    if result in (Result.CONFIRMED, Result.MOVED) and plan.delivery and order.delivery:
        barred = await connection.scalar(select(do_not_call).where(do_not_call.c.phone == order.phone))
        if not barred and not is_over(order.delivery, now, plan):
            due_at = notice_at(order.delivery, now, plan)
            lead_id = await lead_of_orders(connection, plan.delivery, _lead(order, order.phone), due_at, now)
    order = await _change(connection, order, now, due_at, state=STATES[result], lead_id=lead_id, note=note)
    if plan.webhook:
        await post(connection, order, result, by, now)
    return order


async def _merge(connection: AsyncConnection, order: Order, now: float, plan: Plan) -> None:
    """Agents are to call about an order: so they do about all of its number, unless the robot is just
    calling."""
    idle = select(leads.c.id).where(leads.c.id == orders.c.lead_id, leads.c.state != LeadState.CLAIMED)
    for row in await rows(
        connection, *_others(order), orders.c.state == OrderState.ROBOT, exists(idle.correlate(orders)),
        lock=True,
    ):  # fmt: skip
        told = f"agents are to call this number about order {order.number}, so about this one too"
        await tell(connection, to_order(row), Result.TO_AGENTS, "rules", now, plan, note=told)


def _others(order: Order) -> tuple[ColumnElement[bool], ...]:
    return orders.c.phone == order.phone, orders.c.shop == order.shop, orders.c.id != order.id


def _lead(order: Order, phone: str) -> NewLead:
    zone = zone_of(phonenumbers.parse(phone))
    return NewLead(phone=phone, name=order.name, timezone=zone, extra={MARK: order.shop})


async def _change(
    connection: AsyncConnection, order: Order, now: float, due_at: float | None = None, **values: Any
) -> Order:
    """Writes the order as it is with these changes; where they name a lead, it waits on that from now on, and
    its call is due at `due_at`. A lead that no order waits on any more is done with."""
    left, order = order.lead_id, replace(order, changed_at=now, **values)
    row = {
        "phone": order.phone,
        "delivery_date": order.delivery and order.delivery.date,
        "delivery_window": order.delivery and order.delivery.window,
        "state": order.state,
        "lead_id": order.lead_id,
        "changed_at": now,
        "note": order.note,
    }
    if "lead_id" in values:
        row |= {"queued_at": None if order.lead_id is None else now, "due_at": due_at}
    await connection.execute(update(orders).where(orders.c.id == order.id).values(**row))
    for lead_id in (left, order.lead_id):
        if lead_id is not None:
            await time_by_orders(connection, lead_id)
    if left is not None and await is_idle(connection, left):
        await withdraw(connection, left, f"final: {NONE_LEFT}", now)
    return order


def _again(row: Row[Any], new: NewOrder) -> Taken:
    """The order that is there, where the content is the same."""
    order = to_order(row)
    was = {**as_json(order), "delivery": row.posted_delivery}
    now = as_json(replace(order, **{name: getattr(new, name) for name in CONTENT}))
    differences = {name: (was[name], now[name]) for name in CONTENT if was[name] != now[name]}
    if differences:
        raise Differs(new.key, differences)
    return Taken(order, False)
