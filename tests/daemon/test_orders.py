"""An order on a real Asterisk: posted to the daemon, called about by an agent, told to its shop."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from tests.ami_daemon.shop_server import ShopServer
from tests.daemon.centre import Centre, until
from tests.daemon.site import RATIO

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

SHOP = "demo"


def shop_port(centre: Centre) -> int:
    hook = centre.pair.site.shops[SHOP].webhook
    assert hook is not None
    return int(hook.url.rpartition(":")[2].partition("/")[0])


def client(centre: Centre) -> httpx.AsyncClient:
    token = centre.pair.site.shops[SHOP].token.get_secret_value()
    port = centre.pair.site.system.api_port
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )


def order(phone: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "number": key,
        "phones": [phone],
        "items": [{"name": "Чайник", "quantity": 1, "price": "1000"}],
        "sum": "1000.00",
        "attributes": attributes,
    }


async def test_two_orders_of_a_number_are_one_call_by_an_agent_and_the_shop_hears_of_both(
    centre: Centre,
) -> None:
    phone = await centre.person(Behaviour(Kind.ANSWERS, 0.0, 0.6))
    await centre.pair.phones.set("anna", Answer())
    async with ShopServer().open(shop_port(centre)) as shop, client(centre) as api:
        for key in (f"{phone[1:]}-1", f"{phone[1:]}-2"):
            answer = await api.post("/orders", json=order(phone, key, call_me=True))
            assert (answer.status_code, answer.json()["state"]) == (201, "agents"), answer.text
        await centre.ready("anna")
        await centre.ask("campaign", name=RATIO, action="start")
        ended = await centre.ended(phone, 30.0)
        assert ended.agent == "anna"
        got = await shop.until(2, 20.0)
        assert sorted(one.json["order"]["key"] for one in got) == [f"{phone[1:]}-1", f"{phone[1:]}-2"]
        assert {(one.json["event"], one.json["by"]) for one in got} == {("talked", "agent")}
        assert len(centre.city(phone)) == 1
        shown = await api.get(f"/orders/{SHOP}/{phone[1:]}-1")
        assert shown.json()["state"] == "talked"


async def test_who_is_put_on_the_do_not_call_list_is_not_called_and_the_shop_hears_it(
    centre: Centre,
) -> None:
    phone, free = await centre.people(2, Behaviour(Kind.ANSWERS, 0.0, 0.6))
    await centre.pair.phones.set("anna", Answer())
    async with ShopServer().open(shop_port(centre)) as shop, client(centre) as api:
        for number in (phone, free):
            await api.post("/orders", json=order(number, number[1:], call_me=True))
        code, said = await centre.cli("dnc", "add", phone)
        assert code == 0, said
        await centre.ready("anna")
        await centre.ask("campaign", name=RATIO, action="start")
        await until(lambda: len(shop.got) == 2, "both results", 20.0)
        events = {one.json["order"]["key"]: one.json["event"] for one in shop.got}
        assert events == {phone[1:]: "do_not_call", free[1:]: "talked"}
        assert centre.city(phone) == []
        lead = await centre.lead(phone)
        assert "the number is on the do-not-call list" in await centre.why("lead", str(lead.id))
