"""Results reach the shop whatever happens to it or to us: a real HTTP server that is down, slow, broken,
elsewhere or talks without end, and a sender that is killed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from ami_daemon import outbox as outbox_module
from ami_daemon.outbox import FIRST_PAUSE, LONGEST_PAUSE, Outbox, pause, signature
from config.models import Rule
from leads.orders import Item, NewOrder, Plan, Result
from store import Store, open_store
from store.outbox import Letter, LetterState
from tests.ami_daemon.shop_server import OK, ShopServer
from tests.ami_daemon.shops import SECRET, a_site
from tests.migrated import new_database

PLAN = Plan(rules=(Rule(then="confirm"),), webhook=True)


def status(code: int, headers: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def drop(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "LOOK", 0.02)
    monkeypatch.setattr(outbox_module, "FIRST_PAUSE", 0.02)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(new_database(tmp_path / "a.db")) as opened:
        yield opened


async def order(store: Store, key: str = "k1") -> int:
    """An order that is confirmed: a letter waits."""
    new = NewOrder("shop", key, key, ("+79031234567",), (Item("cup", 1, 100),), 100)
    return (await store.orders.add(new, PLAN, time.time())).order.id


@asynccontextmanager
async def sending(tmp_path: Path, store: Store, url: str, **webhook: Any) -> AsyncIterator[None]:
    outbox = Outbox(a_site(tmp_path, url=url, **webhook), store, clock=time.time)
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def settled(store: Store, state: LetterState, count: int = 1) -> list[Letter]:
    async with asyncio.timeout(10):
        while len(found := await store.outbox.page(state)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_a_result_is_sent_once_signed_over_id_time_and_body(tmp_path: Path, store: Store) -> None:
    await order(store)
    async with ShopServer().open() as shop, sending(tmp_path, store, shop.url):
        [letter] = await settled(store, LetterState.SENT)
        await asyncio.sleep(0.1)
        [got] = shop.got
    assert got.json == letter.body
    assert (got.json["event"], got.json["order"]["key"], got.json["delivery"]) == (
        "confirmed", "k1", letter.delivery,
    )  # fmt: skip
    at = got.headers["webhook-timestamp"]
    assert abs(int(at) - time.time()) < 30
    assert got.headers["webhook-id"] == letter.delivery
    signed = f"{letter.delivery}.{at}.".encode() + got.body
    own = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    assert got.headers["webhook-signature"] == f"v1,{own}"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (status(500), "HTTP status 500"),
        (status(404), "HTTP status 404"),
        (status(302, "Location: http://127.0.0.1:1/\r\n"), "HTTP status 302"),
        (silence, "no answer within 0.3 s"),
        (endless, None),
        (drop, "no answer: "),
        (b"this is no HTTP\r\n\r\n", "no answer: RemoteProtocolError"),
        (status(200, body=b"x" * 1000), None),
    ],
    ids=["500", "404", "redirect", "slow", "endless", "dropped", "no http", "200"],
)
async def test_2xx_alone_counts_and_all_else_is_tried_again_with_the_same_id(
    tmp_path: Path, store: Store, answer: Any, told: str | None
) -> None:
    await order(store)
    with structlog.testing.capture_logs() as logs:
        async with (
            ShopServer([answer, OK]).open() as shop,
            sending(tmp_path, store, shop.url, timeout="300ms"),
        ):
            [letter] = await settled(store, LetterState.SENT)
    tries = 1 if told is None else 2
    assert (len(shop.got), letter.tries) == (tries, tries)
    assert {got.headers["webhook-id"] for got in shop.got} == {letter.delivery}
    assert {got.body for got in shop.got} == {shop.got[0].body}
    if told is not None:
        assert [entry["why"].startswith(told) for entry in logs if entry["event"] == "not_sent"] == [True]
    assert "password" not in str(logs)
    assert SECRET not in str(logs)


async def test_a_shop_that_is_down_gets_it_when_it_is_up_again(tmp_path: Path, store: Store) -> None:
    await order(store)
    async with ShopServer().open() as shop:
        url = shop.url
        port = int(url.rpartition(":")[2].partition("/")[0])
    async with sending(tmp_path, store, url):
        async with asyncio.timeout(10):
            while (await store.outbox.page())[0].tries < 2:
                await asyncio.sleep(0.01)
        assert (await store.outbox.page())[0].error == "no answer: ConnectError"
        async with shop.open(port):
            await settled(store, LetterState.SENT)
    assert len(shop.got) == 1


async def test_results_of_one_order_keep_their_order_and_hold_up_no_other(
    tmp_path: Path, store: Store
) -> None:
    first = await order(store, "k1")
    await store.orders.tell(first, Result.CANCELLED, "shop", time.time(), PLAN)
    await order(store, "k2")
    async with ShopServer([status(500), OK]).open() as shop, sending(tmp_path, store, shop.url):
        await settled(store, LetterState.SENT, 3)
    told = [(got.json["order"]["key"], got.json["event"]) for got in shop.got]
    assert len(told) == 4  # one of the two confirmations twice
    assert set(told) == {("k1", "confirmed"), ("k1", "cancelled"), ("k2", "confirmed")}
    of_first = [event for key, event in told if key == "k1"]
    assert of_first[-1] == "cancelled" and of_first.count("cancelled") == 1


async def test_what_is_not_taken_in_time_is_given_up_and_can_be_sent_again(
    tmp_path: Path, store: Store
) -> None:
    await order(store)
    async with ShopServer([status(500)]).open() as shop:
        async with sending(tmp_path / "1", store, shop.url, keep_trying="200ms"):
            [letter] = await settled(store, LetterState.GIVEN_UP)
        assert letter.error == "HTTP status 500"
        shop.answers = [OK]
        assert await store.outbox.retry([letter.id], time.time()) == 1
        async with sending(tmp_path / "2", store, shop.url, keep_trying="200ms"):
            [sent] = await settled(store, LetterState.SENT)
    assert sent.delivery == letter.delivery
    assert await store.outbox.retry(None, time.time()) == 0


async def test_a_result_that_a_later_one_of_its_order_supersedes_is_not_sent_again(store: Store) -> None:
    first = await order(store)
    await store.orders.tell(first, Result.CANCELLED, "shop", time.time(), PLAN)
    await order(store, "k2")
    confirmed, cancelled, other = await store.outbox.page()
    for letter in (confirmed, cancelled, other):
        await store.outbox.failed(letter.id, "HTTP status 500", None)
    assert await store.outbox.retry(None, time.time()) == 3
    await store.outbox.failed(confirmed.id, "HTTP status 500", None)
    await store.outbox.sent(cancelled.id)
    assert await store.outbox.retry([confirmed.id], time.time()) == 0
    assert await store.outbox.retry(None, time.time()) == 1
    assert [letter.id for letter in await store.outbox.page(LetterState.WAITING)] == [other.id]


async def test_old_letters_are_forgotten_while_the_sender_runs_and_those_that_wait_are_kept(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "PRUNE", 0.02)
    for key in ("k1", "k2", "k3"):
        await order(store, key)
    sent, given_up, waits = await store.outbox.page()
    await store.outbox.sent(sent.id)
    await store.outbox.failed(given_up.id, "HTTP status 500", None)
    await store.outbox.failed(waits.id, "HTTP status 500", time.time() + 60 * 86400)
    now, pruned, prune = time.time(), asyncio.Event(), store.outbox.prune

    async def observed(before: float) -> int:
        pruned.set()
        return await prune(before)

    monkeypatch.setattr(store.outbox, "prune", observed)
    site = a_site(tmp_path, url="http://127.0.0.1:9/hook")
    task = asyncio.create_task(Outbox(site, store, clock=lambda: now).run())
    try:
        await asyncio.wait_for(pruned.wait(), 10)
        assert len(await store.outbox.page()) == 3
        now += outbox_module.KEPT + 60
        async with asyncio.timeout(10):
            while len(left := await store.outbox.page()) > 1:
                await asyncio.sleep(0.01)
        assert [letter.id for letter in left] == [waits.id]
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_letters_of_a_shop_that_has_no_webhook_any_more_are_given_up(
    tmp_path: Path, store: Store
) -> None:
    await order(store)
    task = asyncio.create_task(Outbox(a_site(tmp_path), store, clock=time.time).run())
    [letter] = await settled(store, LetterState.GIVEN_UP)
    assert letter.error == "the shop has no webhook any more"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_sender_that_is_killed_while_it_sends_sends_it_again_with_the_same_id(
    tmp_path: Path, store: Store
) -> None:
    await order(store)
    async with ShopServer([silence, OK]).open() as shop:
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.ami_daemon.sender", str(tmp_path), shop.url
            )
            if len(shop.got) == 0:
                await shop.until(1, 60)  # it waits for the answer
            else:
                await settled_within(store, 60)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            if len(shop.got) == 1:
                assert [letter.state for letter in await store.outbox.page()] == [LetterState.WAITING]
    assert len(shop.got) == 2
    assert len({got.headers["webhook-id"] for got in shop.got}) == 1


async def settled_within(store: Store, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await store.outbox.page(LetterState.SENT):
            await asyncio.sleep(0.05)


def test_pauses_double_up_to_an_hour_and_luck_parts_them() -> None:
    assert outbox_module.LONGEST_PAUSE == LONGEST_PAUSE
    tries = [pause(n, 0.0) for n in range(25)]
    assert tries == sorted(tries)
    assert tries[-1] == LONGEST_PAUSE
    assert pause(3, 1.0) == 1.5 * pause(3, 0.0)
    assert FIRST_PAUSE == 5.0


def test_a_secret_of_standard_webhooks_is_base64_behind_its_mark() -> None:
    """The specification's own example."""
    secret = "whsec_plJ3nmyCDGBKInavdOK15jsl"
    body = b'{"event_type":"ping","data":{"success":true}}'
    made = signature(secret, "msg_loFOjxBNrRLzqYUf", 1731705121, body)
    assert made == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }
