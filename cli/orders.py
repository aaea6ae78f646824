"""`perezvon orders`: orders of shops, by CSV, and what became of them. Works on the store, without daemon."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.session import Json, SiteFolder, ask_store, fail, read_list, show, site_of, write_csv
from config.models import Shop, Site
from config.problems import did_you_mean
from leads.importing import BadList, guarded
from leads.order_csv import ParsedOrders, columns, parse_orders
from leads.order_form import BadOrder
from leads.orders import NewOrder, Order, OrderState, decide, plans
from leads.orders import as_json as told_of
from leads.phones import BadPhone, mask, parse_phone
from store import Store
from store.orders import Differs, Taken

orders = typer.Typer(help="Orders of shops.", no_args_is_help=True)

PAGE = 500
EXPORTED = (
    "shop", "key", "number", "phones", "name", "items", "sum", "delivery_date", "delivery_window",
    "attributes", "state", "reason", "created_at", "changed_at",
)  # fmt: skip

ShopName = Annotated[str, typer.Option("--shop", help="The shop's name.")]
OfShop = Annotated[str | None, typer.Option("--shop", help="Only this shop's.", show_default=False)]
InState = Annotated[OrderState | None, typer.Option("--state", help="Only orders in this state.")]
Full = Annotated[bool, typer.Option("--full", help="Show whole phone numbers.")]


@orders.command("import")
def import_orders(
    file: Annotated[Path, typer.Argument(help="A CSV file, one row per item, with named columns.")],
    shop: ShopName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Take a file of orders: all of them, or none where a row is wrong (exit code 1).

    An order that came before with the same content is left as it is, so a file may be imported again.
    """
    checked = site_of(site)
    _shop(checked, shop)
    parsed = read_orders(file, shop, checked, as_json=as_json)
    told = {
        "shop": shop,
        "orders": len(parsed.orders),
        "encoding": parsed.encoding,
        "ignored_columns": list(parsed.ignored),
    }
    if dry_run:
        rules = checked.shops[shop].rules
        found = [decide(rules, new.sum, new.attributes).then for new in parsed.orders]
        show(told | {"would": {then: found.count(then) for then in sorted(set(found))}}, as_json)
        return
    taken = _import(checked, parsed.orders, file)
    new = [one.order.state.value for one in taken if one.new]
    came = {"new": len(new), "already_there": len(taken) - len(new)}
    show(told | came | {"states": {state: new.count(state) for state in sorted(set(new))}}, as_json)


def read_orders(file: Path, shop: str, site: Site, *, as_json: bool) -> ParsedOrders:
    """The orders of a CSV file; its faults are shown, and are the end."""
    try:
        parsed = parse_orders(read_list(file), shop, site.system.country)
    except BadList as error:
        fail(f"{file}: {error.message}", error.hint)
    if parsed.faults:
        show(columns(parsed.faults), as_json)
        fail(f"{file}: {len(parsed.faults)} faults; nothing was imported", "mend the rows, import it again")
    return parsed


def _import(site: Site, news: list[NewOrder], file: Path) -> list[Taken]:
    plan = plans(site)[news[0].shop]
    now = time.time()  # noqa: TID251 - the edge
    try:
        return ask_store(site.system, lambda store: store.orders.add_all(news, plan, now), write=True)
    except Differs as error:
        there = {
            name: (_masked(name, old), _masked(name, new)) for name, (old, new) in error.differences.items()
        }
        told = ", ".join(f"{name}: {old} there, {new} here" for name, (old, new) in there.items())
        fail(f"{file}: {error}; nothing was imported", f"{told}; a changed order needs a key of its own")
    except BadOrder as error:
        fail(f"{file}: {error}; nothing was imported", "mend the file, import it again")


def _masked(field: str, value: Any) -> Any:
    return [mask(phone) for phone in value] if field == "phones" else value


@orders.command("list")
def list_orders(
    shop: OfShop = None,
    state: InState = None,
    phone: Annotated[str | None, typer.Option(help="Only orders with this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Orders at most.")] = 50,
    after: Annotated[int, typer.Option(help="Only orders with a higher id: the next page.")] = 0,
    full: Full = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Orders, oldest first."""
    checked = site_of(site)
    number = None if phone is None else _phone(phone, checked)
    found = ask_store(checked.system, lambda store: store.orders.page(shop, state, number, limit, after))
    rows = [
        {
            "id": order.id,
            "shop": order.shop,
            "key": order.key,
            "number": order.number,
            "phone": order.phone if full else mask(order.phone),
            "sum": told_of(order)["sum"],
            "delivery": order.delivery and f"{order.delivery.date} {order.delivery.window or ''}".strip(),
            "state": order.state.value,
            "reason": order.note,
        }
        for order in found
    ]
    show(rows if rows or as_json else ["no orders"], as_json)


@orders.command("show")
def show_order(
    key: Annotated[str, typer.Argument(help="The order's key.")],
    shop: ShopName,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """One order, and the lead that it waits on."""
    checked = site_of(site)
    _shop(checked, shop)
    order = ask_store(checked.system, lambda store: store.orders.get(shop, key))
    if order is None:
        fail(f"shop {shop} has no order {key}", "`perezvon orders list` shows all")
    found = told_of(order) | {"lead": order.lead_id}
    if not as_json:
        found |= {"phones": ", ".join(found["phones"]), "items": _items(found)}
    show(found, as_json)


@orders.command("export")
def export_orders(
    shop: OfShop = None,
    state: InState = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; default: standard output.")
    ] = None,
    site: SiteFolder = None,
) -> None:
    """Orders and what became of them, as CSV for spreadsheets."""
    checked = site_of(site)

    async def rows(store: Store) -> list[dict[str, Any]]:
        return [_exported(order) async for order in _all(store, shop, state)]

    write_csv(output, EXPORTED, ask_store(checked.system, rows))


async def _all(store: Store, shop: str | None, state: OrderState | None) -> AsyncIterator[Order]:
    after = 0
    while page := await store.orders.page(shop, state, None, PAGE, after):
        for order in page:
            yield order
        after = page[-1].id


def _exported(order: Order) -> dict[str, Any]:
    found = told_of(order)
    row = {
        **found,
        "phones": ", ".join(found["phones"]),
        "items": _items(found),
        "delivery_date": order.delivery.date if order.delivery else "",
        "delivery_window": (order.delivery.window or "") if order.delivery else "",
        "attributes": ", ".join(f"{name}={value}" for name, value in found["attributes"].items()),
    }
    return dict(zip(EXPORTED, guarded([str(row[name]) for name in EXPORTED]), strict=True))


def _items(order: dict[str, Any]) -> str:
    return ", ".join(f"{item['name']} {item['quantity']} x {item['price']}" for item in order["items"])


def _shop(site: Site, name: str) -> Shop:
    if name not in site.shops:
        fail(f"no shop is called {name}", did_you_mean(name, site.shops) or f"write shops/{name}.yaml")
    return site.shops[name]


def _phone(text: str, site: Site) -> str:
    try:
        return parse_phone(text, site.system.country)
    except BadPhone as error:
        fail(f"{text} is no number: {error.reason}")
