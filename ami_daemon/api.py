"""The API for shops, on loopback: orders in, and what became of them (`docs/orders.md`)."""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog
import uvicorn
from pydantic import Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ami_daemon.openapi import openapi
from config.fields import Model
from config.models import Site
from leads.lead import IllegalMove
from leads.order_form import BadOrder, DeliveryForm, Fault, faults_of, read_order
from leads.orders import Order, OrderState, Result, as_json, plans
from leads.phones import BadPhone, mask, parse_phone
from store import Store, StoreError
from store.orders import Differs

log = structlog.get_logger("api")

LOOPBACK = "127.0.0.1"
LARGEST = 256 * 1024
"""Bytes of a body."""
PATIENCE = 10.0
"""Seconds for a body to come, and for the store to answer."""
RETRY_AFTER = "5"
AT_ONCE = 64
"""Requests at one time; uvicorn refuses more with 503."""


class Problem(Exception):
    """A refusal, as problem+json (RFC 9457)."""

    def __init__(self, status: int, detail: str, faults: Sequence[Fault] = (), **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.faults, self.more = status, detail, faults, more


class Filter(Model):
    """What a list of orders is asked for."""

    state: OrderState | None = Field(default=None, strict=False)
    phone: str | None = Field(default=None, max_length=40)
    limit: int = Field(default=50, ge=1, le=500, strict=False)
    after: int = Field(default=0, ge=0, le=2**31 - 1, strict=False)


class Api:
    """The routes; each is refused without a shop's token, and shows a shop its own orders alone."""

    def __init__(self, site: Site, store: Store, *, clock: Callable[[], float]) -> None:
        self._site, self._store, self._clock = site, store, clock
        self._plans = plans(site)
        self._tokens = {name: shop.token.get_secret_value() for name, shop in site.shops.items()}
        self.routes = [
            Route("/orders", self.add, methods=["POST"]),
            Route("/orders", self.list, methods=["GET"]),
            Route("/orders/{shop}/{key}", self.get, methods=["GET"]),
            Route("/orders/{shop}/{key}/cancel", self.cancel, methods=["POST"]),
            Route("/orders/{shop}/{key}/confirm", self.confirm, methods=["POST"]),
            Route("/orders/{shop}/{key}/delivery", self.deliver, methods=["POST"]),
            Route("/openapi.json", self.describe, methods=["GET"]),
        ]
        refused = (Problem, HTTPException, BadOrder, IllegalMove, StoreError, TimeoutError)
        handlers: Mapping[Any, Any] = dict.fromkeys(refused, _refuse)
        app = Starlette(routes=self.routes, exception_handlers=handlers)
        self.app: ASGIApp = _Guard(app, self._tokens)

    async def add(self, request: Request) -> JSONResponse:
        """Take an order; 201 where it is new, 200 where it has come before."""
        shop = request.state.shop
        new = read_order(await _body(request), shop, self._site.system.country)
        try:
            async with asyncio.timeout(PATIENCE):
                taken = await self._store.orders.add(new, self._plans[shop], self._clock())
        except Differs as error:
            pairs = error.differences.items()
            differences = {name: {"stored": old, "sent": sent} for name, (old, sent) in pairs}
            raise Problem(409, str(error), differences=differences) from None
        order = taken.order
        log.info(
            "order", shop=shop, key=order.key, phone=mask(order.phone), state=order.state.value, new=taken.new
        )
        headers = {"Location": f"/orders/{shop}/{order.key}"}
        return JSONResponse(as_json(order), 201 if taken.new else 200, headers)

    async def list(self, request: Request) -> JSONResponse:
        """The shop's orders, oldest first; `next` is the `after` of the next page."""
        try:
            asked = Filter.model_validate(dict(request.query_params))
            phone = None if asked.phone is None else parse_phone(asked.phone, self._site.system.country)
        except ValidationError as error:
            raise Problem(422, "the question cannot be understood", faults_of(error)) from None
        except BadPhone as error:
            raise Problem(422, "the question cannot be understood", [Fault("phone", error.reason)]) from None
        async with asyncio.timeout(PATIENCE):
            found = await self._store.orders.page(
                request.state.shop, asked.state, phone, asked.limit, asked.after
            )
        after = found[-1].id if len(found) == asked.limit else None
        return JSONResponse({"orders": [as_json(order) for order in found], "next": after})

    async def get(self, request: Request) -> JSONResponse:
        """One order."""
        return JSONResponse(as_json(await self._order(request)))

    async def cancel(self, request: Request) -> JSONResponse:
        """The shop cancels: nobody calls about it any more."""
        return await self._tell(request, Result.CANCELLED)

    async def confirm(self, request: Request) -> JSONResponse:
        """The shop has the buyer's word: nobody needs to ask."""
        return await self._tell(request, Result.CONFIRMED)

    async def deliver(self, request: Request) -> JSONResponse:
        """The shop sets day and window of the delivery."""
        order = await self._order(request)
        try:
            form = DeliveryForm.model_validate_json(await _body(request))
        except ValidationError as error:
            raise BadOrder(faults_of(error)) from None
        async with asyncio.timeout(PATIENCE):
            order = await self._store.orders.deliver(
                order.id, form.delivery(), self._clock(), self._plans[order.shop]
            )
        return JSONResponse(as_json(order))

    async def describe(self, request: Request) -> JSONResponse:
        """This API as an OpenAPI document."""
        return JSONResponse(openapi())

    async def _tell(self, request: Request, result: Result) -> JSONResponse:
        order = await self._order(request)
        async with asyncio.timeout(PATIENCE):
            plan = self._plans[order.shop]
            order = await self._store.orders.tell(order.id, result, "shop", self._clock(), plan)
        log.info("order", shop=order.shop, key=order.key, state=order.state.value)
        return JSONResponse(as_json(order))

    async def _order(self, request: Request) -> Order:
        shop, key = request.path_params["shop"], request.path_params["key"]
        if shop != request.state.shop:
            raise Problem(403, f"this token is not of shop {shop}")
        async with asyncio.timeout(PATIENCE):
            order = await self._store.orders.get(shop, key)
        if order is None:
            raise Problem(404, f"shop {shop} has no order {key}")
        return order

    @asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """Answer on the loopback address while the block runs. OSError: the port cannot be had."""
        with socket.create_server((LOOPBACK, port), backlog=1024) as listening:
            config = uvicorn.Config(
                self.app, log_config=None, access_log=False, lifespan="off", server_header=False,
                limit_concurrency=AT_ONCE, timeout_keep_alive=5, timeout_graceful_shutdown=5,
            )  # fmt: skip
            server = _Server(config)
            serving = asyncio.create_task(server.serve([listening]), name="api")
            try:
                yield
            finally:
                server.should_exit = True
                await serving


class _Server(uvicorn.Server):
    """The daemon hears the signals, not the server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Guard:
    """Before any route: which shop's token is it?"""

    def __init__(self, app: ASGIApp, tokens: Mapping[str, str]) -> None:
        self._app, self._tokens = app, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        given = Request(scope).headers.get("authorization", "")
        shop = self._shop(given.removeprefix("Bearer ")) if given.startswith("Bearer ") else None
        if shop is None:
            answer = _answer(401, "a shop's token is wanted", headers={"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})["shop"] = shop
        await self._app(scope, receive, send)

    def _shop(self, token: str) -> str | None:
        """All are compared, each in constant time: an answer's delay tells nothing."""
        given = token.encode("latin-1", "replace")
        fits = [name for name, own in self._tokens.items() if hmac.compare_digest(own.encode(), given)]
        return fits[0] if fits else None


async def _body(request: Request) -> bytes:
    """The JSON that was sent, bounded in size and time."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "send application/json")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    raise Problem(413, f"the body is larger than {LARGEST} bytes")
    except TimeoutError:
        raise Problem(408, f"the body did not come within {PATIENCE:.0f} s") from None
    return bytes(body)


TITLES = {
    401: "No token",
    403: "Not this shop's",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    415: "Not JSON",
    422: "Not understood",
    503: "Not now",
}


def _answer(
    status: int,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    problem: dict[str, Any] = {"title": TITLES.get(status, "Refused"), "status": status, "detail": detail}
    if faults:
        problem["errors"] = [{"field": fault.field, "reason": fault.reason} for fault in faults]
    return JSONResponse(problem | more, status, headers, "application/problem+json")


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    match error:
        case Problem():
            return _answer(error.status, error.detail, error.faults, **error.more)
        case HTTPException():
            return _answer(error.status_code, error.detail, headers=error.headers)
        case BadOrder():
            return _answer(422, "it cannot be taken as it is", error.faults)
        case IllegalMove():
            return _answer(409, str(error))
        case _:
            log.error("store", why=str(error) or "no answer in time")
            told = "the store did not answer in time; send it again: it is taken once"
            return _answer(503, told, headers={"Retry-After": RETRY_AFTER})
