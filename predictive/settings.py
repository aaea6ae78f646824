"""Settings of pacers: what may be set, within what, and what a search may try."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Value = float | str
"""A number, a word, or yes and no."""


@dataclass(frozen=True, slots=True)
class Number:
    """A setting that is a number from `low` to `high`."""

    name: str
    low: float
    high: float
    default: float
    search: tuple[float, ...] = ()
    """What a search for the best setting tries; empty: it stays at the default."""
    whole: bool = False

    def problem(self, value: Value) -> str | None:
        """What is wrong with `value`, or `None`."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and self.low <= float(value) <= self.high and not (self.whole and value != int(value)):
            return None
        return f"must be a {'whole ' * self.whole}number from {self.low:g} to {self.high:g}, not {value!r}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that is one of a few words, or yes or no."""

    name: str
    options: tuple[Value, ...]
    default: Value
    search: tuple[Value, ...] = ()

    def problem(self, value: Value) -> str | None:
        """What is wrong with `value`, or `None`."""
        if any(value is option or (isinstance(value, str) and value == option) for option in self.options):
            return None
        return f"must be one of {', '.join(map(str, self.options))}, not {value!r}"


Setting = Number | Choice


def checked(owner: str, settings: Iterable[Setting], given: Mapping[str, Value]) -> dict[str, Value]:
    """All `settings` by name: what is given, else the default.

    Raises ValueError for a setting that `owner` does not have, or a value that it cannot take.
    """
    by_name = {setting.name: setting for setting in settings}
    if unknown := sorted(set(given) - set(by_name)):
        known = f"it has {', '.join(by_name)}" if by_name else "it has none"
        raise ValueError(f"{owner} has no setting {', '.join(unknown)}; {known}")
    for name, value in given.items():
        if problem := by_name[name].problem(value):
            raise ValueError(f"{owner}: {name} {problem}")
    return {name: given.get(name, setting.default) for name, setting in by_name.items()}


def grid(settings: Iterable[Setting]) -> Iterator[dict[str, Any]]:
    """Every combination of what the settings declare for a search, as keywords; `{}` if nothing."""
    tried = [setting for setting in settings if setting.search]
    for values in itertools.product(*(setting.search for setting in tried)):
        yield {setting.name: value for setting, value in zip(tried, values, strict=True)}
