"""Keys by SIP INFO as no telephone sends them, on a real Asterisk: the menu goes on, no session is stuck."""

from __future__ import annotations

import asyncio
import time

import pytest

from lab.sound import seconds_above_silence
from tests.daemon.centre import Centre, until
from tests.daemon.sip_caller import SipCaller, sip_caller
from tests.daemon.site import SHOP

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

LONG = 20.0
RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
ODD = [
    (b"Signal=X\r\nDuration=160\r\n", RELAY),
    (b"Signal=E\r\nDuration=160\r\n", RELAY),
    (b"Signal=z", RELAY),
    (b"Signal=\r\nDuration=160\r\n", RELAY),
    (b"Signal=", RELAY),
    (b"Signal=99\r\nDuration=160\r\n", RELAY),
    (b"Signal=-1\r\nDuration=-1\r\n", RELAY),
    (b"Duration=160\r\n", RELAY),
    (b"", RELAY),
    (b"\x00\xff\xfe=\r\n=\r\n", RELAY),
    (b"hello", PLAIN),
    ("я".encode(), PLAIN),
    (b"", PLAIN),
    (b"signal", PLAIN),
    (b"Signal=X\r\nX-More: " + b"2" * 10_000, RELAY),
    (b"2" * 10_000, PLAIN),
]
"""Nothing of this is a key, and Asterisk answers it."""


UNANSWERED = [
    (b"2", "text/plain"),
    (b"<key>2</key>", "application/x-nobody-knows"),
    (b"Signal=2", "application/dtmf-relay-2"),
]
"""Asterisk has no answer to contents that it does not know."""


async def test_a_menu_goes_on_whatever_comes_as_a_key_and_the_right_one_works(centre: Centre) -> None:
    before, began = len(centre.log_lines()), time.time()
    async with sip_caller(centre.pair, SHOP, "+79035552001") as caller:
        await _hears_something(caller)
        for body, kind in ODD:
            code = await caller.info(body, kind)
            assert code in (200, 415, 500, 501), (body, kind, code)
        await asyncio.gather(*(_unanswered(caller, body, kind) for body, kind in UNANSWERED))
        sent = caller.now
        menu = await caller.hears("menu-main", LONG)
        assert sent < menu.end, "the menu was over before all of it was sent"
        await caller.press("2")
        await caller.hears("menu-delivery", LONG, at_once=True)
        await caller.press("1")
        await caller.hears("info-delivery", LONG, at_once=True)
    await _ended_cleanly(centre, before, began)


async def test_who_hangs_up_amid_it_leaves_no_session_behind(centre: Centre) -> None:
    before, began = len(centre.log_lines()), time.time()
    async with sip_caller(centre.pair, SHOP, "+79035552002") as caller:
        await _hears_something(caller)
        await asyncio.gather(*(caller.info(body, kind) for body, kind in ODD))
    await _ended_cleanly(centre, before, began)


async def _hears_something(caller: SipCaller) -> None:
    await until(lambda: seconds_above_silence(caller.all_heard) > 0.5, "the menu begins", LONG)


async def _unanswered(caller: SipCaller, body: bytes, kind: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await caller.info(body, kind)


async def _ended_cleanly(centre: Centre, before: int, began: float) -> None:
    """The call is in the books as over, no script goes on, and the daemon says nothing bad in its log."""

    async def over() -> bool:
        (call,) = await centre.store.inbound.between(began, time.time())
        return call.ended_at is not None

    await until(over, "the call is over in the books")
    stopping = time.time()
    assert await centre.daemon.stop() == 0  # which waits for scripts that go on
    assert time.time() - stopping < 10.0
    lines = centre.log_lines()[before:]
    bad = [line for line in lines if line.get("level") not in ("debug", "info") or "Traceback" in str(line)]
    assert bad == []
