"""A look-up against real servers on this machine: good ones, slow ones, dead ones, liars."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from agi.answer import Unsayable, in_words
from agi.lookup import LARGEST_ANSWER, NoAnswer, ask
from agi.paper import named
from config.models import Lookup

LIMIT = 0.5
"""Of the slow ones; liars have time, for a machine that is busy with other tests."""
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


@asynccontextmanager
async def service(serve: Serve) -> AsyncIterator[Lookup]:
    """A server on a port of its own, and the look-up that asks it."""

    serving: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/order")
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)


def of(url: str, timeout: str = "9s") -> Lookup:
    return Lookup.model_validate(
        {"url": url, "token": "t0ken", "timeout": timeout, "say": {"ru": "{a}"}, "fallback": "lookup-failed"}
    )


def says(*parts: bytes, every: float = 0.0) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)

    return serve


async def test_the_question_names_number_line_and_call_and_carries_the_token() -> None:
    heard: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        heard.append((head, json.loads(await reader.readexactly(length))))
        writer.write(http(b'{"balance": 12.5, "owner": null}'))
        await writer.drain()

    async with service(serve) as lookup:
        found = await ask(lookup, "+79161234567", "shop", "pz1-1")
    assert found == {"balance": Decimal("12.5"), "owner": None}
    ((head, question),) = heard
    assert head.startswith("post /order http/1.1\r\n")
    assert "authorization: bearer t0ken\r\n" in head
    assert question == {"number": "+79161234567", "line": "shop", "call": "pz1-1"}


LIARS = {
    "html": (says(http(b"<html><body>Login</body></html>", kind="text/html")), "no JSON"),
    "ten megabytes": (says(http(b"[" + b" " * 10_000_000 + b"]")), "more than 65536 bytes"),
    "one byte too many": (says(http(b'"' + b"x" * (LARGEST_ANSWER - 1) + b'"')), "more than 65536 bytes"),
    "endless": (says(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1000] * 1000), "more than 65536 bytes"),
    "half of it": (says(http(b'{"a": 1}')[:-3]), "cannot be asked"),
    "an array": (says(http(b"[1, 2]")), "no object"),
    "not a number": (says(http(b'{"a": NaN}')), "no JSON"),
    "a deep one": (says(http(b"[" * 60_000)), "no JSON"),
    "a long number": (says(http(b'{"a": ' + b"9" * 60_000 + b"}")), "no JSON"),
    "not UTF-8": (says(http(b'{"a": "\xff"}')), "no JSON"),
    "packed": (says(http(gzip.compress(b'{"a": 1}'), extra="Content-Encoding: gzip\r\n")), "no JSON"),
    "an error": (says(http(b'{"a": 1}', "500 Oops")), "status is 500"),
    "a redirect": (says(http(b"", "302 Found", extra="Location: http://127.0.0.1:1/\r\n")), "status is 302"),
    "nothing": (says(), "cannot be asked"),
    "noise": (says(b"\x00\xff\r\n\r\n" * 100), "cannot be asked"),
    "long headers": (
        says(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"y" * 1000 + b"\r\n"] * 1000),
        "cannot be asked",
    ),
}


SLOW = {
    "slow": says(b"", http(b'{"a": 1}'), every=60),
    "trickling": says(*[bytes([c]) for c in http(b'{"a": 1}')], every=0.1),
    "trickling body": says(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 1000, every=0.1),
    "trickling headers": says(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 1000, every=0.1),
}


@pytest.mark.parametrize(("serve", "why"), LIARS.values(), ids=LIARS.keys())
async def test_a_service_that_lies_gives_no_answer(serve: Serve, why: str) -> None:
    async with service(serve) as lookup:
        with pytest.raises(NoAnswer, match=why):
            await ask(lookup, "+79161234567", "shop", "pz1-1")


@pytest.mark.parametrize("serve", SLOW.values(), ids=SLOW.keys())
async def test_a_service_that_is_slow_gives_no_answer_within_the_limit(serve: Serve) -> None:
    async with service(serve) as lookup:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
            await ask(of(lookup.url, "500ms"), "+79161234567", "shop", "pz1-1")
        assert time.monotonic() - began < LIMIT + 2


async def test_a_service_that_is_down_gives_no_answer() -> None:
    with pytest.raises(NoAnswer, match="cannot be asked"):
        await ask(of("http://127.0.0.1:9/"), None, "shop", "pz1-1")


async def test_the_largest_answer_is_taken() -> None:
    body = b'{"a": "' + b"x" * (LARGEST_ANSWER - 9) + b'"}'
    async with service(says(http(body))) as lookup:
        assert len((await ask(lookup, None, "shop", "pz1-1"))["a"]) == LARGEST_ANSWER - 9


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with service(says(http(b'{"a": 1}'))) as lookup:
        assert await ask(lookup, None, "shop", "pz1-1") == {"a": 1}


# -- in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        ("Ваш тариф {a}.", "Большой", ["Ваш тариф Большой."]),
        ("У вас {a:number} бонусов.", 21, ["У вас двадцать один бонусов."]),
        ("Баланс {a:money}.", -5, ["Баланс минус пять рублей."]),
        ("Баланс {a:money}.", Decimal("1.1"), ["Баланс один рубль десять копеек."]),
        ("Оплата {a:date}.", "2027-03-08", ["Оплата восьмого марта."]),
        ("Приём {a:time}.", "09:30", ["Приём в девять тридцать."]),
        ("Договор {a:digits}.", "12-34", ["Договор", "12-34"]),
        ("{a:digits}", "+79161234567", ["+79161234567"]),
        ("Ждите.", None, ["Ждите."]),
    ],
)
def test_a_field_is_said_as_its_kind(template: str, value: object, said: list[str]) -> None:
    assert [named(one) for one in in_words(template, {"a": value}, "ru", "RUB")] == said


NOT_SAID: dict[str, list[object]] = {
    "text": [None, 1, "", "  ", "<>", ["a"], {"b": 1}, True],
    "number": [None, "1", True, Decimal("1.5"), 10**10, Decimal("1e999999"), [1]],
    "money": [None, "1", False, Decimal("1.005"), -(10**10), {}],
    "date": [None, 20270308, "2027-02-30", "1999-01-01", "2027-3-8", "2027-03-08T10:00"],
    "time": [None, 930, "9:30", "24:00", "09:60", "09:30:00"],
    "digits": [None, 12, "", "12a", "1" * 41, "${X}", "1\n", "+"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, one) for kind in NOT_SAID for one in NOT_SAID[kind]])
def test_a_field_of_another_type_or_out_of_range_is_not_said(kind: str, value: object) -> None:
    with pytest.raises(Unsayable, match="the field a"):
        in_words(f"{{a:{kind}}}", {"a": value}, "ru", "RUB")


def test_a_field_that_is_missing_is_not_said_and_one_too_many_does_not_matter() -> None:
    with pytest.raises(Unsayable, match="the field a"):
        in_words("{a}", {"b": "x"}, "ru", "RUB")
    assert in_words("Да.", {"b": "x"}, "ru", "RUB")


def test_a_strangers_text_loses_its_markup_and_its_length() -> None:
    (text,) = in_words("{a}", {"a": '<say-as level="x">[[raus]]\x07' + "слово " * 500}, "ru", "RUB")
    assert len(named(text)) <= 120
    assert not set(named(text)) & set("<>[]\x07")


def test_braces_in_an_answer_are_no_fields() -> None:
    (text,) = in_words("{a} {b}", {"a": "{b}", "b": "тайна"}, "ru", "RUB")
    assert named(text) == "b тайна"
