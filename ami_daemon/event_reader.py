"""How an event's class says which headers it is read from, and the function that reads them. Pure.

An annotation names the header a field is read from, and what an absent header means; a field without such a
default must be there. Fields stand in the order in which Asterisk writes them: then one regular expression
finds all in one pass. Any other order is read as well, only more slowly.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints


class MalformedEvent(ValueError):
    """An event lacks a header that it must have, or has a number that is none."""


@dataclass(frozen=True, slots=True)
class Event:
    """What all events have in common."""

    at: float


Reader = Callable[[bytes, float], Event]

_START = r"Event: [^\r]*(?:\r\nPrivilege: [^\r]*)?(?:\r\nTimestamp: ([^\r]*))?"
_CONVERT: dict[type, Callable[[str], object]] = {int: int, bool: "1".__eq__}


def headers_of(text: str) -> dict[str, str]:
    """A message's headers by name."""
    headers = {}
    for line in text.split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name] = value
    return headers


def reader_of(
    kind: type[Event], constants: tuple[str, ...] = (), renamed: Mapping[str, str] | None = None
) -> Reader:
    """The function that makes a `kind` of a message: `constants` come first, `renamed` maps header names."""
    names: list[str] = []
    defaults: list[str | None] = []
    convert: list[tuple[int, Callable[[str], object]]] = []
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind)[1 + len(constants) :]:
        header, *default = hints[field.name].__metadata__
        if hints[field.name].__origin__ in _CONVERT:
            convert.append((len(names), _CONVERT[hints[field.name].__origin__]))
        names.append((renamed or {}).get(header, header))
        defaults.append(default[0] if default else None)
    # Whole lines are skipped up to the header; atomic, so that an odd message costs no backtracking.
    gaps = [rf"(?>\r\n(?:[^\r]*+\r\n)*?{re.escape(name)}: )([^\r]*)" for name in names]
    pattern = re.compile(
        _START + "".join(gap if d is None else f"(?:{gap})?" for gap, d in zip(gaps, defaults, strict=True))
    )

    def read(frame: bytes, received: float) -> Event:
        text = frame.decode("utf-8", "replace")
        found = pattern.match(text)
        values: list[Any]
        stamp, *values = found.groups() if found else (None, None)
        if None in values or (stamp is None and "\r\nTimestamp: " in text):
            # Not all are there, or not in Asterisk's usual order
            headers = headers_of(text)
            stamp = headers.get("Timestamp")
            values = [headers.get(name, default) for name, default in zip(names, defaults, strict=True)]
            if None in values:
                raise MalformedEvent(f"{kind.__name__} has no header {names[values.index(None)]}")
        try:
            for i, change in convert:
                values[i] = change(values[i])
            return kind(float(stamp) if stamp else received, *constants, *values)
        except ValueError as error:
            raise MalformedEvent(f"{kind.__name__}: {error}") from None

    return read
