"""`docs/orders.md` is true: its own curl sends its request, and its verifier takes a real letter alone."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from ami_daemon.api import Api
from ami_daemon.openapi import openapi
from ami_daemon.outbox import signature
from leads.orders import MOVES, Result
from store import open_store
from tests.ami_daemon.shops import SECRET, TOKEN, a_site
from tests.migrated import new_database

PAGE = (Path(__file__).parents[2] / "docs/orders.md").read_text(encoding="utf-8")


def block(kind: str, holding: str) -> str:
    found: list[str] = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return next(text for text in found if holding in text)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's example needs curl")
async def test_the_request_of_the_page_is_taken(tmp_path: Path) -> None:
    async with open_store(new_database(tmp_path / "a.db")) as store:
        api = Api(a_site(tmp_path), store, clock=lambda: 1_795_665_600.0)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        script = block("sh", "curl").replace(":8085/", f":{port}/")
        async with api.served(port):
            answers = []
            for _ in range(2):
                curl = await asyncio.create_subprocess_exec(
                    "sh", "-c", script, env={"PATH": "/usr/bin:/bin", "TOKEN": TOKEN, "no_proxy": "*"},
                    stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                answers.append(json.loads((await curl.communicate())[0]))
        assert answers[0] == answers[1]
        assert answers[0]["phones"] == ["+79031234567", "+74951234567"]
        [order] = await store.orders.page()
        assert (order.key, order.sum) == ("2026-000017", 199050)


def test_the_verifier_of_the_page_takes_a_letter_once_and_nothing_else() -> None:
    page: dict[str, Any] = {}
    exec(block("python", "def verified"), page)  # the page's own code
    verified = page["verified"]
    body = '{"event":"confirmed","order":{"name":"Анна"}}'.encode()
    headers = signature(SECRET, "d1", 1_800_000_000, body)
    now = 1_800_000_100
    assert verified(headers, body, SECRET, set(), now)
    assert not verified(headers, body, SECRET, {"d1"}, now)
    assert not verified(headers, body + b" ", SECRET, set(), now)
    assert not verified(headers, body, "another secret", set(), now)
    assert not verified(headers, body, SECRET, set(), now + 300)
    assert not verified(headers | {"webhook-id": "d2"}, body, SECRET, set(), now)
    assert not verified(headers | {"webhook-timestamp": "1800000001"}, body, SECRET, set(), now)


def test_every_state_event_and_request_is_told() -> None:
    for word in (*MOVES, *Result):
        assert f"`{word.value}`" in PAGE
    for path in openapi()["paths"]:
        assert path.replace("{shop}", "SHOP").replace("{key}", "KEY") in PAGE
