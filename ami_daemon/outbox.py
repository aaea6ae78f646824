"""Results on their way to shops: signed, one after the other per order, tried until taken or given up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from contextlib import suppress

import httpx
import structlog

from config.models import Site
from config.shops import Webhook
from store import Store
from store.outbox import Letter

log = structlog.get_logger("outbox")

LOOK = 1.0
"""Seconds between two looks for what is due."""
AT_ONCE = 8
"""Letters to one shop at one time."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds between two tries: doubled each time, and up to half as long again, so that letters part."""
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; its status is known before."""
KEPT = 30 * 86400.0
"""Seconds for which letters that were sent or given up can be looked up."""
PRUNE = 3600.0
"""Seconds between two looks for older ones."""


class Outbox:
    """Sends what the store holds for every shop with a webhook; at least once, as the store is told after."""

    def __init__(self, site: Site, store: Store, *, clock: Callable[[], float]) -> None:
        self._site, self._store, self._clock = site, store, clock
        self._luck = random.Random()  # noqa: S311 - spreads tries, guards nothing

    async def run(self) -> None:
        """Send until cancelled. A shop that is slow holds up no other."""
        # No proxy of the environment, no cookies, no redirect: the admin's address and nothing else.
        limits = httpx.Limits(max_connections=AT_ONCE * max(1, len(self._site.shops)))
        async with httpx.AsyncClient(trust_env=False, limits=limits) as client, asyncio.TaskGroup() as group:
            for name, shop in self._site.shops.items():
                if shop.webhook is not None:
                    group.create_task(self._serve(client, name, shop.webhook), name=f"outbox {name}")
            group.create_task(self._prune(), name="outbox pruning")
            await self._give_up_orphans()

    async def _prune(self) -> None:
        while True:
            await self._store.outbox.prune(self._clock() - KEPT)
            await asyncio.sleep(PRUNE)

    async def _serve(self, client: httpx.AsyncClient, shop: str, webhook: Webhook) -> None:
        while True:
            letters = await self._store.outbox.due(shop, self._clock(), AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for letter in letters:
                    group.create_task(self._send(client, letter, webhook))
            if len(letters) < AT_ONCE:
                await asyncio.sleep(LOOK)

    async def _give_up_orphans(self) -> None:
        """Letters to shops that have no webhook any more are for nobody."""
        for shop in await self._store.outbox.waiting_shops():
            if shop in self._site.shops and self._site.shops[shop].webhook is not None:
                continue
            while letters := await self._store.outbox.due(shop, float("inf"), 100):
                for letter in letters:
                    await self._store.outbox.failed(letter.id, "the shop has no webhook any more", None)

    async def _send(self, client: httpx.AsyncClient, letter: Letter, webhook: Webhook) -> None:
        error = await post(client, letter, webhook, self._clock())
        bound = log.bind(shop=letter.shop, delivery=letter.delivery, event_kind=letter.event)
        if error is None:
            await self._store.outbox.sent(letter.id)
            bound.info("sent", tries=letter.tries + 1)
            return
        now = self._clock()
        again: float | None = now + pause(letter.tries, self._luck.random())
        if now - letter.trying_since >= webhook.keep_trying:
            again = None
        await self._store.outbox.failed(letter.id, error, again)
        bound.warning("given_up" if again is None else "not_sent", why=error, tries=letter.tries + 1)


def pause(tries: int, luck: float) -> float:
    """Seconds until the next try after so many; `luck` from 0 to 1."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 20))) * (1 + luck / 2)


async def post(client: httpx.AsyncClient, letter: Letter, webhook: Webhook, now: float) -> str | None:
    """One try; why it failed, without address or secret. 2xx alone counts."""
    body = json.dumps(letter.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "perezvon",
        **signature(webhook.secret.get_secret_value(), letter.delivery, int(now), body),
    }
    try:
        request = client.build_request(
            "POST", webhook.url, content=body, headers=headers, timeout=webhook.timeout
        )
        async with asyncio.timeout(webhook.timeout):
            answer = await client.send(request, stream=True)
            try:
                if answer.is_success:
                    await _read(answer)
            finally:
                await answer.aclose()
        return None if answer.is_success else f"HTTP status {answer.status_code}"
    except TimeoutError:
        return f"no answer within {webhook.timeout:g} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"no answer: {type(error).__name__}"


async def _read(answer: httpx.Response) -> None:
    """Reads a little of the body, so that the connection serves again; what it says is of no interest."""
    size = 0
    with suppress(httpx.HTTPError):  # the shop has said 2xx
        async for part in answer.aiter_raw():
            size += len(part)
            if size > LARGEST_ANSWER:
                return


def signature(secret: str, delivery: str, at: int, body: bytes) -> dict[str, str]:
    """Headers by which the shop knows that a letter is ours, whole, fresh, and not one it has already: those
    of the Standard Webhooks specification. A secret `whsec_...` is base64, as its libraries want it."""
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = hmac.digest(key, f"{delivery}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
