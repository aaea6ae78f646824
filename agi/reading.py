"""An order in words, as callers hear it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from config.forms import Language
from config.models import Site
from leads.orders import Delivery, Order
from sounds.grammar import GRAMMARS
from sounds.phrase import Digits, Prompt, Text, Utterance

MOST_ITEMS = 5
"""Items that are read out by name; of the rest the caller hears how many they are."""
LONGEST_NAME = 80
"""Characters of an item's name that are said."""

_REST = {"ru": "и ещё {}", "en": "and {} more"}


def order_number(number: str) -> Sequence[Utterance]:
    """Its number, digit by digit where it is of digits."""
    if re.fullmatch(r"[0-9]{1,20}(?:-[0-9]{1,19})?", number):
        return [Digits(number)]
    return _text(number)


def items(order: Order, language: Language) -> Sequence[Utterance]:
    """What was ordered: `Чайник, две штуки`; one piece is said by its name alone."""
    grammar = GRAMMARS[language]
    said: list[Utterance] = []
    for item in order.items[:MOST_ITEMS]:
        if (name := Text.of(item.name, LONGEST_NAME)) is not None:
            pieces = f", {grammar.pieces(item.quantity)}" if item.quantity != 1 else ""
            said.append(Text(name.text + pieces))
    unsaid = len(order.items) - len(said)
    if unsaid:
        said.append(Text(_REST[language].format(grammar.items(unsaid)) if said else grammar.items(unsaid)))
    return said


def delivery(agreed: Delivery, language: Language, today: date) -> Text:
    """`завтра, с десяти до четырнадцати часов`."""
    grammar = GRAMMARS[language]
    parts = [grammar.near_day(date.fromisoformat(agreed.date), today)]
    if agreed.window is not None:
        parts.append(grammar.window(*hours(agreed.window)))
    return Text(", ".join(parts))


def hours(window: str) -> tuple[time, time]:
    """Begin and end of `10:00-14:00`; 24:00 is 00:00."""
    begin, _, end = window.partition("-")
    return time.fromisoformat(begin), time() if end == "24:00" else time.fromisoformat(end)


def reading(order: Order, site: Site, language: Language, now: float) -> Sequence[Utterance]:
    """The whole of it: number, items, sum, delivery."""
    currency = site.shops[order.shop].currency if order.shop in site.shops else "RUB"
    return [
        Prompt("order-number"),
        *order_number(order.number),
        Prompt("order-items"),
        *items(order, language),
        Prompt("order-sum"),
        Text(GRAMMARS[language].money(order.sum, currency)),
        *delivered(order, site, language, now),
    ]


def delivered(order: Order, site: Site, language: Language, now: float) -> Sequence[Utterance]:
    """When it comes; nothing where that is not agreed on."""
    if order.delivery is None:
        return []
    return [Prompt("order-delivery"), delivery(order.delivery, language, today(site, now))]


def readings(orders: Iterable[Order], site: Site, language: Language, now: float) -> list[Utterance]:
    """Several, one after the other, with a pause between."""
    said: list[Utterance] = []
    for order in orders:
        said += [*([Prompt("pause")] if said else []), *reading(order, site, language, now)]
    return said


def today(site: Site, now: float) -> date:
    """The day in the site's time zone."""
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.system.timezone)).date()


def _text(raw: str) -> Sequence[Utterance]:
    text = Text.of(raw, LONGEST_NAME)
    return [] if text is None else [text]
