"""Numbers, sums, dates and times in words, for the speech engine: `GRAMMARS[language]`.

Pure functions over tables. Every module of a language has the same functions, those of `Grammar`.
"""

from __future__ import annotations

from datetime import date, time
from typing import Protocol

from config.forms import Language
from sounds.grammar import en, ru


class Grammar(Protocol):
    """What every language can say. All raise `ValueError` for what is out of range."""

    def number(self, value: int) -> str:
        """A whole number under 10¹² in size: `двадцать один`, `twenty-one`."""

    def money(self, minor: int, currency: str) -> str:
        """A sum in kopecks or cents of RUB, USD or EUR: `сто рублей пятьдесят копеек`."""

    def items(self, count: int) -> str:
        """So many goods: `один товар`, `two items`."""

    def pieces(self, count: int) -> str:
        """So many of one article: `две штуки`, `two pieces`."""

    def day(self, day: date, *, weekday: bool = False) -> str:
        """When, by day: `двадцать шестого ноября`, `on Thursday, November the twenty-sixth`."""

    def near_day(self, day: date, today: date) -> str:
        """When, by day as people say it: `сегодня`, `завтра`, else the day with its weekday."""

    def at(self, moment: time) -> str:
        """When, by the clock: `в десять тридцать`, `at ten thirty a.m.`."""

    def window(self, start: time, end: time) -> str:
        """From when to when: `с десяти до четырнадцати часов`; an `end` of 00:00 is midnight."""


GRAMMARS: dict[Language, Grammar] = {"ru": ru, "en": en}
