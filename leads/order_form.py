"""Orders as shops write them, in JSON and in CSV: strict models, and what is wrong by field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import ErrorDetails

from config.fields import Model
from config.forms import FORMS, ID, Text, Window, one_line
from leads.orders import Delivery, Item, NewOrder, OrderState, Value
from leads.phones import BadPhone, parse_phone

MOST_PHONES = 3
MOST_ITEMS = 200
MOST_ATTRIBUTES = 50
LARGEST = 1_000_000_000

KEY = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NUMBER = r"^[0-9A-Za-zА-Яа-яЁё][0-9A-Za-zА-Яа-яЁё /._-]{0,31}$"
DAY = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_FORMS = {
    KEY: "must be up to 64 Latin letters, digits and . _ -, such as 2026-000017",
    NUMBER: "must be up to 32 letters, digits, spaces and / . _ -, such as A-17",
    DAY: "must be a date such as 2026-11-28",
}

Key = Annotated[str, StringConstraints(pattern=KEY)]
Number = Annotated[str, StringConstraints(pattern=NUMBER)]
Money = Annotated[Decimal, Field(ge=0, le=LARGEST, decimal_places=2)]
Whole = Annotated[int, Field(ge=-(10**12), le=10**12)]


def _real(value: str) -> str:
    """A date that the calendar has."""
    date.fromisoformat(value)
    return value


Day = Annotated[str, StringConstraints(pattern=DAY), AfterValidator(_real)]


class ItemForm(Model):
    """A line of an order."""

    name: Text
    quantity: int = Field(ge=1, le=100_000)
    price: Money = Field(description="Of one piece")


def _forward(window: str) -> str:
    """A window that ends after it begins."""
    begin, _, end = window.partition("-")
    if end <= begin:
        raise ValueError(f"the window {window} ends before it begins")
    return window


class DeliveryForm(Model):
    """When it is delivered."""

    date: Day = Field(description="The day", examples=["2026-11-28"])
    window: Annotated[Window, AfterValidator(_forward)] | None = Field(
        default=None, description="A window of that day", examples=["10:00-14:00"]
    )

    def delivery(self) -> Delivery:
        return Delivery(self.date, self.window)


def _value(value: object, check: ValidatorFunctionWrapHandler) -> object:
    try:
        return check(value)
    except ValidationError:
        told = "must be true or false, a whole number, or a line of text of up to 200 characters"
        raise ValueError(told) from None


class AttributesForm(Model, extra="allow"):
    """What the rule table may ask; any other name with true or false, a whole number or a text."""

    __pydantic_extra__: dict[str, Annotated[bool | Whole | Text, WrapValidator(_value)]] = Field(init=False)

    in_stock: bool | None = Field(default=None, description="Everything is in stock")
    call_me: bool | None = Field(default=None, description="The buyer asks for a call")

    @model_validator(mode="after")
    def _names(self) -> AttributesForm:
        if len(self.__pydantic_extra__) > MOST_ATTRIBUTES:
            raise ValueError(f"more than {MOST_ATTRIBUTES} attributes")
        for name in self.__pydantic_extra__:
            if not re.fullmatch(ID, name):
                raise ValueError(f"{name[:40]!r} is no name: a-z, 0-9, _ and -, beginning with a letter")
        return self


class OrderForm(Model):
    """An order as a shop sends it."""

    key: Key = Field(description="The shop's own key: sent twice, it is one order", examples=["2026-000017"])
    number: Number = Field(description="What the buyer knows it by, read out", examples=["A-17"])
    phones: list[Annotated[str, StringConstraints(min_length=1, max_length=40)]] = Field(
        min_length=1,
        max_length=MOST_PHONES,
        description="In any form that the system's country writes; the first is called first",
        examples=[["8 903 123-45-67"]],
    )
    name: Annotated[str, Field(max_length=200), AfterValidator(one_line)] = Field(
        default="", description="The buyer's"
    )
    items: list[ItemForm] = Field(min_length=1, max_length=MOST_ITEMS)
    sum: Money = Field(description="To be paid, with delivery and discounts", examples=["1990.50"])
    delivery: DeliveryForm | None = None
    attributes: AttributesForm = AttributesForm()


class OrderView(OrderForm):
    """An order as Perezvon holds it: what the shop sent, and what became of it."""

    shop: str
    state: OrderState
    reason: str = Field(description="Why it is in this state")
    created_at: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field, by its path (`items.0.price`)."""

    field: str
    reason: str


class BadOrder(ValueError):
    """The order as it stands cannot be taken; all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = faults


def read_order(body: bytes, shop: str, country: str) -> NewOrder:
    """An order from its JSON. Raises `BadOrder`."""
    try:
        form = OrderForm.model_validate_json(body)
    except ValidationError as error:
        raise BadOrder(faults_of(error)) from None
    return new_order(form, shop, country)


def new_order(form: OrderForm, shop: str, country: str) -> NewOrder:
    """The order with its phones in E.164; a phone that is written twice counts once. Raises `BadOrder`."""
    phones: dict[str, None] = {}
    faults = []
    for place, text in enumerate(form.phones):
        try:
            phones[parse_phone(text, country)] = None
        except BadPhone as error:
            faults.append(Fault(f"phones.{place}", error.reason))
    if faults:
        raise BadOrder(faults)
    return NewOrder(
        shop=shop,
        key=form.key,
        number=form.number,
        phones=tuple(phones),
        name=form.name,
        items=tuple(Item(item.name, item.quantity, hundredths(item.price)) for item in form.items),
        sum=hundredths(form.sum),
        delivery=None if form.delivery is None else form.delivery.delivery(),
        attributes=_attributes(form.attributes),
    )


def _attributes(form: AttributesForm) -> dict[str, Value]:
    return {name: value for name, value in form.model_dump().items() if value is not None}


def hundredths(money: Decimal) -> int:
    return int(money.scaleb(2))


def faults_of(error: ValidationError) -> list[Fault]:
    """In words, without the values: they may be somebody's data."""
    return [Fault(_path(found), _reason(found)) for found in error.errors(include_url=False)]


def _path(found: ErrorDetails) -> str:
    return ".".join(str(part) for part in found["loc"]) or "body"


def _reason(found: ErrorDetails) -> str:
    known = {
        "missing": "is missing",
        "extra_forbidden": "is no field of ours",
        "json_invalid": "is no JSON",
        "decimal_parsing": "must be a sum such as 1990.50",
        "decimal_type": "must be a sum such as 1990.50",
        "decimal_max_places": "must be a sum with two decimals at most, such as 1990.50",
        "bool_type": "must be true or false (in a file: yes or no)",
        "int_type": "must be a whole number",
    }
    if found["type"] == "string_pattern_mismatch":
        pattern = found["ctx"]["pattern"]
        return _FORMS.get(pattern) or f"must be {FORMS[pattern].title}: {FORMS[pattern].rule}"
    return known.get(found["type"], found["msg"].removeprefix("Value error, "))
