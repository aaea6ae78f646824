"""The API for shops, by a client that speaks HTTP to it: what it takes, what it refuses and why, and that
nothing is half stored."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from ami_daemon import api as api_module
from ami_daemon.api import LARGEST, Api
from ami_daemon.openapi import openapi
from leads.order_form import OrderView
from store import Store, StoreError, open_store
from tests.ami_daemon.shops import OTHER, TOKEN, a_site
from tests.migrated import new_database

ORDER: dict[str, Any] = {
    "key": "2026-17",
    "number": "A-17",
    "phones": ["8 (903) 123-45-67", "+7 495 123-45-67"],
    "name": "Анна",
    "items": [{"name": "Чашка", "quantity": 2, "price": "995.25"}],
    "sum": 1990.5,
    "delivery": {"date": "2026-11-28", "window": "10:00-14:00"},
    "attributes": {"in_stock": True, "call_me": False, "city": "Омск", "floor": 3},
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(new_database(tmp_path / "a.db")) as opened:
        yield opened


@pytest.fixture
def api(tmp_path: Path, store: Store) -> Api:
    return Api(a_site(tmp_path), store, clock=lambda: 1_795_665_600.0)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as found:
        yield found


def without(*names: str, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in (ORDER | values).items() if name not in names}


async def test_an_order_is_taken_once_and_shown_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", json=ORDER)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/orders/shop/2026-17"
    taken = answer.json()
    assert (taken["phones"], taken["sum"], taken["state"]) == (
        ["+79031234567", "+74951234567"], "1990.50", "agents",
    )  # fmt: skip
    assert taken["attributes"] == ORDER["attributes"]
    assert taken["reason"] == "rule 2 (always): agents"
    OrderView.model_validate_json(answer.text)
    again = await client.post("/orders", json=ORDER | {"sum": "1990.50"})
    assert (again.status_code, again.json()) == (200, taken)
    assert (await client.get("/orders/shop/2026-17")).json() == taken


async def test_the_same_key_with_other_content_says_what_differs(client: httpx.AsyncClient) -> None:
    await client.post("/orders", json=ORDER)
    answer = await client.post("/orders", json=ORDER | {"sum": 2, "name": ""})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["differences"] == {
        "sum": {"stored": "1990.50", "sent": "2.00"},
        "name": {"stored": "Анна", "sent": ""},
    }


@pytest.mark.parametrize(
    ("order", "field", "reason"),
    [
        (without("key"), "key", "is missing"),
        (without(key="a/b"), "key", "64 Latin letters"),
        (without(phones=[]), "phones", "at least 1"),
        (without(phones=["112"]), "phones.0", "an emergency number"),
        (without(phones=["+79031234567", "12"]), "phones.1", "short"),
        (without(phones=["+7903123456\u0000"]), "phones.0", "belongs to no number"),
        (without(items=[]), "items", "at least 1"),
        (without(items=[{"name": "x", "quantity": 0, "price": 1}]), "items.0.quantity", "greater"),
        (without(items=[{"name": "x\ny", "quantity": 1, "price": 1}]), "items.0.name", "one line"),
        (without(items=[{"name": "x", "quantity": "1", "price": 1}]), "items.0.quantity", "a whole number"),
        (without(sum="1.555"), "sum", "two decimals"),
        (without(sum=-1), "sum", "greater"),
        (without(sum="NaN"), "sum", "finite"),
        (without(delivery={"date": "2026-02-30"}), "delivery.date", "day is out of range"),
        (
            without(delivery={"date": "2026-02-20", "window": "25:00-26:00"}),
            "delivery.window",
            "must be a window: local time",
        ),
        (without(attributes={"in_stock": 1}), "attributes.in_stock", "true or false"),
        (without(delivery={"date": "2026-12-20", "window": "14:00-10:00"}), "delivery.window", "ends before"),
        (without(delivery={"date": "2026-12-20", "window": "14:00-14:00"}), "delivery.window", "ends before"),
        (without(delivery={"date": "2026-11-25"}), "delivery.date", "has passed"),
        (without(attributes={"x": [1]}), "attributes.x", "must be true or false, a whole number"),
        (without(attributes={"Big Name": 1}), "attributes", "is no name"),
        (without(colour="red"), "colour", "is no field of ours"),
        (["a list"], "body", "object"),
    ],
)
async def test_a_malformed_order_is_refused_by_field_and_nothing_is_stored(
    client: httpx.AsyncClient, store: Store, order: Any, field: str, reason: str
) -> None:
    answer = await client.post("/orders", json=order)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [fault] = answer.json()["errors"]
    assert fault["field"] == field
    assert reason in fault["reason"]
    assert await store.orders.page() == []
    assert await store.leads.lists() == []


async def test_what_is_no_json_too_large_or_of_another_kind_is_refused(client: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "application/json"}
    assert (await client.post("/orders", content=b"{", headers=kind)).status_code == 422
    assert (await client.post("/orders", content=b"\xff\xfe", headers=kind)).status_code == 422
    assert (await client.post("/orders", content=b"x" * (LARGEST + 1), headers=kind)).status_code == 413
    for other in ("text/csv", "", "application/x-www-form-urlencoded"):
        answer = await client.post("/orders", content=b"{}", headers={"Content-Type": other})
        assert answer.status_code == 415
    assert (await client.put("/orders", json=ORDER)).status_code == 405
    assert (await client.get("/nothing")).status_code == 404


def paths(api: Api) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"\{[a-z]+\}", "shop", route.path))
        for route in api.routes
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]


@pytest.mark.parametrize(
    "header", [None, "", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ", "Bearer \u00e9"]
)
async def test_every_route_is_refused_without_a_shops_token(
    client: httpx.AsyncClient, api: Api, store: Store, header: str | None
) -> None:
    del client.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    asked = [*paths(api), ("GET", "/nothing"), ("POST", "/openapi.json")]
    assert len(asked) >= 9
    for method, path in asked:
        answer = await client.request(method, path, json=ORDER, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert await store.orders.page() == []


async def test_a_shop_sees_and_changes_its_own_orders_alone(client: httpx.AsyncClient, store: Store) -> None:
    await client.post("/orders", json=ORDER)
    theirs = {"Authorization": f"Bearer {OTHER}"}
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/confirm"), ("POST", "/delivery")):
        answer = await client.request(
            method, f"/orders/shop/2026-17{path}", headers=theirs, json={"date": "2026-11-29"}
        )
        assert answer.status_code == 403
    assert (await client.get("/orders", headers=theirs)).json() == {"orders": [], "next": None}
    assert (await client.get("/orders/shop/other-key")).status_code == 404
    [order] = await store.orders.page()
    assert order.state == "agents"
    assert (await client.post("/orders", json=ORDER, headers=theirs)).status_code == 201  # a key of their own


async def test_the_shop_cancels_confirms_and_sets_the_delivery(client: httpx.AsyncClient) -> None:
    await client.post("/orders", json=ORDER)
    answer = await client.post("/orders/shop/2026-17/delivery", json={"date": "2026-12-01"})
    assert answer.json()["delivery"] == {"date": "2026-12-01", "window": None}
    wrong = await client.post("/orders/shop/2026-17/delivery", json={"date": "soon"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "date")
    answer = await client.post("/orders/shop/2026-17/confirm")
    assert (answer.json()["state"], answer.json()["reason"]) == ("confirmed", "confirmed, by shop")
    for _ in range(2):
        answer = await client.post("/orders/shop/2026-17/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    answer = await client.post("/orders/shop/2026-17/confirm")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "order A-17: no move from cancelled to confirmed"


async def test_the_list_is_filtered_and_paged(client: httpx.AsyncClient) -> None:
    for n in range(5):
        await client.post("/orders", json=ORDER | {"key": f"k{n}", "sum": 500 if n % 2 else 5000})
    confirmed = (await client.get("/orders", params={"state": "confirmed"})).json()
    assert [order["key"] for order in confirmed["orders"]] == ["k1", "k3"]
    page = (await client.get("/orders", params={"limit": "2"})).json()
    page = (await client.get("/orders", params={"limit": "2", "after": page["next"]})).json()
    assert [order["key"] for order in page["orders"]] == ["k2", "k3"]
    mine = (await client.get("/orders", params={"phone": "8 903 123 45 67"})).json()
    assert len(mine["orders"]) == 5
    for wrong in ({"state": "lost"}, {"limit": "0"}, {"after": "x"}, {"phone": "12"}, {"colour": "red"}):
        answer = await client.get("/orders", params=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(wrong)))


@pytest.mark.parametrize("failure", [StoreError("the disk is full", "free some"), None])
async def test_a_store_that_is_down_is_503_with_the_time_to_come_again(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch, failure: StoreError | None
) -> None:
    async def fails(*_: Any) -> None:
        if failure is not None:
            raise failure
        await asyncio.Event().wait()

    monkeypatch.setattr(api_module, "PATIENCE", 0.05)
    monkeypatch.setattr(store.orders, "add", fails)
    answer = await client.post("/orders", json=ORDER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "disk" not in answer.text
    assert answer.json()["detail"] == "the store did not answer in time; send it again: it is taken once"


async def test_many_at_once_are_all_taken_each_once(client: httpx.AsyncClient, store: Store) -> None:
    sent = [ORDER | {"key": f"k{n % 20}"} for n in range(60)]
    answers = await asyncio.gather(*(client.post("/orders", json=order) for order in sent))
    assert sorted(answer.status_code for answer in answers) == [200] * 40 + [201] * 20
    assert len(await store.orders.page()) == 20


async def test_the_document_names_every_route_and_its_schemas_are_the_models(
    client: httpx.AsyncClient, api: Api
) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document == json.loads(json.dumps(openapi()))
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    served = {(method, route.path) for route in api.routes for method in (route.methods or set()) - {"HEAD"}}
    assert described == served
    for refs in re.findall(r'"#/components/schemas/([A-Za-z]+)"', json.dumps(document)):
        assert refs in document["components"]["schemas"]
    order = document["components"]["schemas"]["OrderForm"]
    assert set(order["required"]) == {"key", "number", "phones", "items", "sum"}
    assert order["additionalProperties"] is False


async def test_it_is_served_on_loopback_and_leaves_the_port_free_again(api: Api) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with api.served(port), httpx.AsyncClient(trust_env=False) as plain:
        answer = await plain.get(
            f"http://127.0.0.1:{port}/orders", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert (answer.status_code, answer.json()["orders"]) == (200, [])
        with pytest.raises(OSError, match="in use"):
            async with api.served(port):
                pass
    with socket.create_server(("127.0.0.1", port)):
        pass


async def test_a_body_that_never_ends_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with api.served(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{".encode()
        )
        async with asyncio.timeout(5):
            assert b" 408 " in await reader.readline()
        writer.close()
