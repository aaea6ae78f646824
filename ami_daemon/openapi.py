"""The API for shops as an OpenAPI document, its schemas made from the models that check."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from leads.order_form import DeliveryForm, OrderForm, OrderView
from leads.orders import OrderState

REF = "#/components/schemas/{model}"


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1."""
    _, made = models_json_schema(
        [(OrderForm, "validation"), (DeliveryForm, "validation"), (OrderView, "validation")],
        ref_template=REF,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Perezvon: orders of shops", "version": "1"},
        "paths": {
            "/orders": {
                "post": _operation(
                    "Take an order",
                    OrderForm,
                    {"201": "New", "200": "Known"},
                    "409",
                    "413",
                    "415",
                    "422",
                ),
                "get": {
                    **_operation("The shop's orders", None, {}, "422"),
                    "parameters": [
                        _query("state", {"type": "string", "enum": [state.value for state in OrderState]}),
                        _query("phone", {"type": "string", "maxLength": 40}),
                        _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
                        _query(
                            "after", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0}
                        ),
                    ],
                },
            },
            "/orders/{shop}/{key}": _of_order(get=_operation("One order", None, {"200": "It"}, "403", "404")),
            "/orders/{shop}/{key}/cancel": _of_order(
                post=_operation("Cancel it", None, {"200": "Cancelled"}, "403", "404", "409")
            ),
            "/orders/{shop}/{key}/confirm": _of_order(
                post=_operation("Confirm it", None, {"200": "Confirmed"}, "403", "404", "409")
            ),
            "/orders/{shop}/{key}/delivery": _of_order(
                post=_operation(
                    "Set its delivery", DeliveryForm, {"200": "Set"}, "403", "404", "409", "413", "415", "422"
                )
            ),
            "/openapi.json": {"get": _operation("This document", None, {})},
        },
        "components": {
            "schemas": {
                **made["$defs"],
                "Problem": PROBLEM,
                "Orders": ORDERS,
                "Document": {"type": "object"},
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
        "differences": {"type": "object"},
    },
}
ORDERS: dict[str, Any] = {
    "type": "object",
    "required": ["orders", "next"],
    "properties": {
        "orders": {"type": "array", "items": {"$ref": REF.format(model="OrderView")}},
        "next": {"type": ["integer", "null"]},
    },
}
ANSWERS = {"Problem": PROBLEM, "Orders": ORDERS, "Document": {"type": "object"}}
REFUSALS = {
    "401": "No token, or none of ours",
    "403": "The token is another shop's",
    "404": "No such order",
    "409": "Known with other content, or no such move from its state",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "422": "A field is wrong: `errors` says which and why",
    "503": "The store does not answer; `Retry-After` says when to try again",
}


def _operation(summary: str, body: type | None, done: dict[str, str], *refusals: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        status: {"description": told, "content": _content("OrderView")} for status, told in done.items()
    }
    if not done:
        answers["200"] = {"description": summary, "content": _content("Orders" if refusals else "Document")}
    for status in ("401", *refusals, "503"):
        answers[status] = {
            "description": REFUSALS[status],
            "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
        }
    wanted = {"requestBody": {"required": True, "content": _content(body.__name__)}} if body else {}
    return {"summary": summary, **wanted, "responses": answers}


def _content(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(model=model)}}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _of_order(**operations: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
    parameters = [{"name": name, "in": "path", "required": True, "schema": text} for name in ("shop", "key")]
    return {"parameters": parameters, **operations}
