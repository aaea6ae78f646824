"""Asks the customer's system about a caller, and trusts nothing that it answers."""

from __future__ import annotations

import asyncio
import json
import ssl
from decimal import Decimal
from functools import cache
from typing import Any, NoReturn

import httpx

from config.models import Lookup

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer."""


class NoAnswer(Exception):
    """The service gave nothing that can be said; the message says why, without what it sent."""


async def ask(lookup: Lookup, number: str | None, line: str, call: str) -> dict[str, Any]:
    """The service's answer within the look-up's time limit: a JSON object of at most 64 KB.

    Its fractions are `Decimal`. Raises `NoAnswer`. No redirect is followed, no proxy of the environment is
    used, nothing is unpacked.
    """
    question = {"number": number, "line": line, "call": call}
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if lookup.token is not None:
        headers["Authorization"] = f"Bearer {lookup.token.get_secret_value()}"
    try:
        async with (
            asyncio.timeout(lookup.timeout),
            httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=lookup.timeout) as client,
            client.stream("POST", lookup.url, json=question, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise NoAnswer(f"its status is {answer.status_code}, not 200")
            return _object(await _read(answer))
    except (TimeoutError, httpx.TimeoutException):
        raise NoAnswer(f"no whole answer within {lookup.timeout:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(f"it cannot be asked: {type(error).__name__}") from error


@cache
def _tls() -> ssl.SSLContext:
    """Read the system's certificates once: that takes longer than a question."""
    return ssl.create_default_context()


async def _read(answer: httpx.Response) -> bytes:
    read = bytearray()
    async for chunk in answer.aiter_raw():
        read += chunk
        if len(read) > LARGEST_ANSWER:
            raise NoAnswer(f"its answer has more than {LARGEST_ANSWER} bytes")
    return bytes(read)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NoAnswer("its answer is no JSON") from None
    if not isinstance(found, dict):
        raise NoAnswer("its answer is JSON, but no object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
