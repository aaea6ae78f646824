"""Rows of the table of orders to `Order` and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from leads.orders import Delivery, Item, NewOrder, Order, OrderState
from store.tables import order_phones, orders


class UnknownOrder(LookupError):
    """There is no such order."""


def of_phone(phone: str) -> ColumnElement[bool]:
    """Orders that have this phone, whichever of theirs it is."""
    return orders.c.id.in_(select(order_phones.c.order_id).where(order_phones.c.phone == phone))


async def locked(connection: AsyncConnection, order_id: int) -> Order:
    found = await rows(connection, orders.c.id == order_id, lock=True)
    if not found:
        raise UnknownOrder(f"there is no order {order_id}")
    return to_order(found[0])


async def rows(
    connection: AsyncConnection, *wanted: ColumnElement[bool], limit: int | None = None, lock: bool = False
) -> Sequence[Row[Any]]:
    """Orders by id."""
    query = select(orders).where(*wanted).order_by(orders.c.id).limit(limit)
    return (await connection.execute(query.with_for_update() if lock else query)).all()


async def load(
    connection: AsyncConnection, *wanted: ColumnElement[bool], limit: int | None = None
) -> list[Order]:
    return [to_order(row) for row in await rows(connection, *wanted, limit=limit)]


def to_order(row: Row[Any]) -> Order:
    return Order(
        id=row.id,
        shop=row.shop,
        key=row.key,
        number=row.number,
        phones=tuple(row.phones),
        phone=row.phone,
        name=row.name,
        items=tuple(Item(**item) for item in row.items),
        sum=row.sum,
        delivery=None if row.delivery_date is None else Delivery(row.delivery_date, row.delivery_window),
        attributes=row.attributes,
        state=OrderState(row.state),
        lead_id=row.lead_id,
        created_at=row.created_at,
        changed_at=row.changed_at,
        note=row.note,
    )


def values_of(new: NewOrder) -> dict[str, Any]:
    delivery = new.delivery and asdict(new.delivery)
    return {
        "shop": new.shop,
        "key": new.key,
        "number": new.number,
        "phones": [*new.phones],
        "phone": new.phones[0],
        "name": new.name,
        "items": [asdict(item) for item in new.items],
        "sum": new.sum,
        "delivery_date": new.delivery and new.delivery.date,
        "delivery_window": new.delivery and new.delivery.window,
        "posted_delivery": delivery,
        "attributes": dict(new.attributes),
    }
