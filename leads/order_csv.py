"""Orders from CSV files, as spreadsheets write them: one row per item, rows of one key are one order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from config.forms import ID
from leads.importing import BadList, clean, decode, delimiter_of, places_of, rows_of
from leads.order_form import BadOrder, Fault, OrderForm, faults_of, new_order
from leads.orders import NewOrder

MOST_ORDERS = 2000
"""In one file: they are stored in one transaction, which must not keep the dialer waiting for long."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "key": ("key", "ключ"),
    "number": ("number", "номер", "order", "заказ", "номер заказа"),
    "phone": ("phone", "телефон", "phone 1", "телефон 1"),
    "phone 2": ("phone 2", "phone2", "телефон 2"),
    "phone 3": ("phone 3", "phone3", "телефон 3"),
    "name": ("name", "имя", "фио"),
    "item": ("item", "товар", "наименование"),
    "quantity": ("quantity", "количество", "кол-во"),
    "price": ("price", "цена"),
    "sum": ("sum", "сумма"),
    "delivery date": ("delivery date", "дата доставки"),
    "delivery window": ("delivery window", "время доставки", "интервал доставки"),
    "in_stock": ("in stock", "в наличии"),
    "call_me": ("call me", "позвонить"),
}
NEEDED = ("key", "number", "phone", "item", "quantity", "price", "sum")
OF_ITEM = ("item", "quantity", "price")
COLUMNS = {
    "phones.0": "phone", "phones.1": "phone 2", "phones.2": "phone 3", "delivery.date": "delivery date",
    "delivery.window": "delivery window",
}  # fmt: skip
FLAGS = ("in_stock", "call_me")
YES, NO = ("yes", "true", "да", "1", "+"), ("no", "false", "нет", "0", "-")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row, as the spreadsheet numbers it (the header is row 1), in which column."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedOrders:
    """Orders in the file's order; whatever is wrong is in `faults`, and then nothing should be taken."""

    orders: list[NewOrder]
    faults: list[RowFault]
    encoding: str
    delimiter: str
    ignored: tuple[str, ...]
    """Columns whose name is no attribute's: a-z, 0-9, _ and -."""


@dataclass
class _Draft:
    """An order as its rows make it."""

    row: int
    head: dict[str, str]
    items: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def parse_orders(data: bytes, shop: str, country: str) -> ParsedOrders:
    """UTF-8, UTF-16 with its mark, or CP1251; `,` `;` or tabs; columns by English or Russian names, in any
    order; others are attributes where their names can be one's. Raises `BadList`: the file as a whole."""
    text, encoding = decode(data)
    delimiter = delimiter_of(text)
    table = rows_of(text, delimiter)
    header = next((row for _, row, _ in table if any(map(str.strip, row))), None)
    if header is None:
        raise BadList("the file is empty", "export the orders again")
    places = places_of([name.strip() for name in header], NAMES)
    if lacking := [name for name in NEEDED if name not in places]:
        raise BadList(
            f"there is no column {', '.join(lacking)}", f"name the columns: {', '.join(NEEDED)}, ..."
        )
    used = set(places.values())
    rest = [(i, _attribute(name)) for i, name in enumerate(header) if i not in used and name.strip()]
    others = [(i, name) for i, name in rest if re.fullmatch(ID, name)]
    ignored = tuple(name for _, name in rest if not re.fullmatch(ID, name))
    drafts: dict[str, _Draft] = {}
    faults: list[RowFault] = []
    for number, row, problem in table:
        if problem is None and not any(map(str.strip, row)):
            continue
        if problem is not None or len(row) > len(header):
            told = problem or f"has {len(row)} fields, the header has {len(header)}: quote the text"
            faults.append(RowFault(number, "", told))
            continue
        cells = {name: clean(row[i]) if i < len(row) else "" for name, i in places.items()}
        cells |= {f"attribute {name}": clean(row[i]) for i, name in others if i < len(row) and row[i].strip()}
        faults += _take(drafts, number, cells)
    if not drafts and not faults:
        raise BadList("the file has a header and no rows", "export the orders again")
    if len(drafts) > MOST_ORDERS:
        raise BadList(f"the file has more than {MOST_ORDERS} orders", "split it")
    orders = []
    for draft in drafts.values():
        try:
            orders.append(_order(draft, shop, country))
        except BadOrder as error:
            faults += [_row_fault(draft, fault) for fault in error.faults]
    return ParsedOrders(orders, sorted(faults, key=lambda fault: fault.row), encoding, delimiter, ignored)


def _take(drafts: dict[str, _Draft], row: int, cells: dict[str, str]) -> list[RowFault]:
    item = {name: cells.pop(name) for name in OF_ITEM}
    draft = drafts.setdefault(cells["key"], _Draft(row, cells))
    draft.items.append(
        {"name": item["item"], "quantity": _whole(item["quantity"]), "price": _money(item["price"])}
    )
    draft.rows.append(row)
    return [
        RowFault(row, name, f"is another than in row {draft.row}, which has the same key")
        for name, value in cells.items()
        if value and value != draft.head.get(name, "")
    ]


def _order(draft: _Draft, shop: str, country: str) -> NewOrder:
    head = draft.head
    day = head.get("delivery date", "")
    attributes: dict[str, Any] = {
        name.removeprefix("attribute "): _typed(value, flag=name in FLAGS)
        for name, value in head.items()
        if value and (name.startswith("attribute ") or name in FLAGS)
    }
    window = re.sub(r"\s*[-–—]\s*", "-", head.get("delivery window", ""))
    delivery = {"date": _day(day), "window": window or None} if day or window else None
    form = {
        "key": head["key"],
        "number": head["number"],
        "phones": [head[name] for name in ("phone", "phone 2", "phone 3") if head.get(name)],
        "name": head.get("name", ""),
        "items": draft.items,
        "sum": _money(head["sum"]),
        "delivery": delivery,
        "attributes": attributes,
    }
    try:
        return new_order(OrderForm.model_validate_json(json.dumps(form)), shop, country)
    except ValidationError as error:
        raise BadOrder(faults_of(error)) from None


def _row_fault(draft: _Draft, fault: Fault) -> RowFault:
    """By row and column: an item's fault is in the item's own row."""
    if found := re.fullmatch(r"items\.([0-9]+)\.(\w+)", fault.field):
        column = {"name": "item"}.get(found[2], found[2])
        return RowFault(draft.rows[int(found[1])], column, fault.reason)
    column = COLUMNS.get(fault.field, fault.field.removeprefix("attributes."))
    return RowFault(draft.row, "phone" if column == "phones" else column, fault.reason)


def _whole(text: str) -> Any:
    found = re.fullmatch(r"([0-9]+)(?:[.,]0+)?", text)
    return int(found[1]) if found else text


def _money(text: str) -> str:
    """`1 990,50` to `1990.50`."""
    return re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")


def _day(text: str) -> str:
    """`28.11.2026` to `2026-11-28`."""
    if found := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text):
        try:
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
        except ValueError:
            return text
    return text


def _typed(text: str, *, flag: bool) -> Any:
    """Yes or no, a whole number, or a text; 1 and 0 are yes and no where a `flag` is asked for."""
    lower = text.lower()
    if lower in (*YES, *NO) and (flag or lower not in ("0", "1")):
        return lower in YES
    return int(text) if re.fullmatch(r"-?[0-9]{1,12}", text) else text


def _attribute(name: str) -> str:
    """A column's name as an attribute's: `Loyal client` is `loyal_client`."""
    return "_".join(clean(name).lower().split())


def columns(faults: Sequence[RowFault]) -> list[dict[str, Any]]:
    """Faults as rows for people and programs."""
    return [{"row": fault.row, "column": fault.column, "reason": fault.reason} for fault in faults]
