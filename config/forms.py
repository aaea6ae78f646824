"""The forms of text that an admin writes: names, numbers, lengths of time, windows."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema


class Form(NamedTuple):
    """What a form is called, what it must look like, and one example of it."""

    title: str
    rule: str
    example: str


FORMS: dict[str, Form] = {}
"""By pattern, for messages."""


def form(title: str, rule: str, pattern: str, *examples: str) -> Any:
    """Text of one form. Title and examples tell editors, `explain` and error messages what to write."""
    FORMS[pattern] = Form(title, rule, examples[0])
    return Field(title=f"{title}: {rule}", pattern=pattern, examples=[*examples])


ID = r"^[a-z][a-z0-9_-]{0,31}$"
Id = Annotated[
    str,
    form(
        "a name",
        "a small Latin letter, then up to 31 small letters, digits, - or _",
        ID,
        "sales",
    ),
]
"""An object's name: what it is called in files, commands, Asterisk and logs."""

Phone = Annotated[
    str, form("a phone number", "in E.164 with its plus, in quotes", r"^\+[1-9][0-9]{6,14}$", "+74951234567")
]
"""A telephone number in E.164 with its plus, quoted: `"+74951234567"`."""

Extension = Annotated[str, form("an extension", "2 to 8 digits, in quotes", r"^[0-9]{2,8}$", "101")]
FeatureCode = Annotated[
    str, form("a feature code", "a star and 1 to 5 digits, in quotes", r"^\*[0-9]{1,5}$", "*21")
]
Prompt = Annotated[
    str,
    form(
        "a prompt's name",
        "a small Latin letter, then small letters, digits, - or _",
        r"^[a-z][a-z0-9_-]{0,63}$",
        "abandoned",
    ),
]
Host = Annotated[
    str,
    form(
        "a host",
        "a host name or an IP address",
        r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,253}[A-Za-z0-9])?$",
        "sip.example.com",
    ),
]
Language = Literal["ru", "en"]
Key = Annotated[str, form("a key", "a digit, * or #, in quotes", r"^[0-9*#]$", "1")]
Day = Annotated[
    str,
    form(
        "a day",
        "a date, or month and day of every year, in quotes",
        r"^(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$",
        "2027-01-08",
        "01-01",
    ),
]
Url = Annotated[
    str,
    form(
        "an address",
        "https:// or http://, with nothing but what an address may hold",
        r"^https?://[A-Za-z0-9._~:/?#@!&'()*+,;=%\[\]-]{1,500}$",
        "https://shop.example/balance",
    ),
]


def one_line(value: str) -> str:
    """Text for people: no control characters, so that it stays text wherever it arrives."""
    if any(ord(c) < 32 or ord(c) == 127 or c in "\u2028\u2029\u0085" for c in value):
        raise ValueError("must be one line without control characters")
    return value


CALLER_BYTES = 79
"""Of a name that Asterisk shows on a phone."""
_MEANT = str.maketrans("", "", '$"\\;<>{}()[]')


def shown(text: str) -> str:
    """A label as a phone shows it, with room for `VIP `; what means something to Asterisk is left out."""
    plain = " ".join(text.translate(_MEANT).split())
    return plain.encode()[: CALLER_BYTES - len("VIP ")].decode(errors="ignore").strip()


Text = Annotated[str, Field(title="one line of text", min_length=1, max_length=200), AfterValidator(one_line)]


DURATION = r"^[0-9]{1,6}(ms|s|m|h|d)$"
_UNIT = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def _seconds(value: object) -> object:
    """`15s`, `2h` to seconds."""
    if isinstance(value, str) and (found := re.fullmatch(DURATION[1:-1], value)):
        return int(value[: found.start(1)]) * _UNIT[found.group(1)] / 1000
    raise ValueError("must be a length of time with its unit")


def written(seconds: float) -> str:
    """A length of time as an admin writes it, in the largest unit that keeps it whole: 900.0 is `15m`."""
    ms = round(seconds * 1000)
    unit = next(unit for unit, size in _UNIT.items() if ms % size == 0) if ms else "s"
    return f"{ms // _UNIT[unit]}{unit}"


FORMS[DURATION] = Form("a length of time", "a whole number with its unit (ms, s, m, h, d)", "15s")

Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DURATION,
            "title": ": ".join(FORMS[DURATION][:2]),
            "examples": ["15s", "2m", "1h"],
        }
    ),
]
"""A length of time: text with a unit in the file, seconds in code."""

_HM = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
Window = Annotated[
    str,
    form("a window", "local time from-to, 24 hours, in quotes", rf"^{_HM}-(?:{_HM}|24:00)$", "09:00-18:00"),
]
_DAY = "mon|tue|wed|thu|fri|sat|sun"
Days = Annotated[
    str,
    form(
        "days",
        "a weekday or a range: mon tue wed thu fri sat sun",
        rf"^(?:{_DAY})(?:-(?:{_DAY}))?$",
        "mon-fri",
        "sat",
    ),
]
Hours = dict[Days, list[Window]]
"""Weekdays to windows of local time: `mon-fri: ["09:00-13:00", "14:00-20:00"]`."""
