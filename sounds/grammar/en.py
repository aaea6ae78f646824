"""English: numbers, and what is said with them."""

from __future__ import annotations

from datetime import date, time, timedelta


def _words(text: str) -> list[str]:
    return text.split()


_SMALL = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MONTHS = _words("January February March April May June July August September October November December")
_WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
CURRENCIES = {
    "RUB": ("ruble", "rubles", "kopeck", "kopecks"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
}


def number(value: int) -> str:
    """See `Grammar.number`."""
    if abs(value) >= 10**12:
        raise ValueError(f"{value} is too large to be said")
    if value < 0:
        return f"minus {number(-value)}"
    words = []
    for size, name in _SCALES:
        if part := value // size % 1000:
            words.append(f"{_under_thousand(part)} {name}")
    if value % 1000 or not words:
        words.append(_under_thousand(value % 1000))
    return " ".join(words)


def _under_thousand(value: int) -> str:
    if value >= 100:
        rest = value % 100
        return f"{_SMALL[value // 100]} hundred" + (f" {_under_thousand(rest)}" if rest else "")
    if value < 20:
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")


def ordinal(value: int) -> str:
    """`third`, `twenty-sixth`: 1 to 99."""
    if not 1 <= value <= 99:
        raise ValueError(f"{value} is no place from 1 to 99")
    before, hyphen, last = number(value).rpartition("-")
    regular = last.removesuffix("y") + "ieth" if last.endswith("y") else f"{last}th"
    return before + hyphen + _ORDINALS.get(last, regular)


def count(value: int, one: str, many: str) -> str:
    """A number and its noun: `one item`, `two items`."""
    return f"{number(value)} {one if abs(value) == 1 else many}"


def items(count_of: int) -> str:
    """See `Grammar.items`."""
    return count(count_of, "item", "items")


def pieces(count_of: int) -> str:
    """See `Grammar.pieces`."""
    return count(count_of, "piece", "pieces")


def money(minor: int, currency: str) -> str:
    """See `Grammar.money`."""
    if currency not in CURRENCIES:
        raise ValueError(f"{currency} is no currency that can be said: {', '.join(CURRENCIES)}")
    if minor < 0:
        return f"minus {money(-minor, currency)}"
    one, many, small, smalls = CURRENCIES[currency]
    major, rest = divmod(minor, 100)
    words = [count(major, one, many)] if major or not rest else []
    return " and ".join([*words, count(rest, small, smalls)] if rest else words)


def day(day: date, *, weekday: bool = False) -> str:
    """See `Grammar.day`."""
    said = f"{_MONTHS[day.month - 1]} the {ordinal(day.day)}"
    return f"on {_WEEKDAYS[day.weekday()]}, {said}" if weekday else f"on {said}"


def near_day(day_: date, today: date) -> str:
    """See `Grammar.near_day`."""
    near = {today: "today", today + timedelta(days=1): "tomorrow"}
    return near.get(day_) or day(day_, weekday=True)


def at(moment: time) -> str:
    """See `Grammar.at`."""
    return f"at {_clock(moment)}"


def window(start: time, end: time) -> str:
    """See `Grammar.window`."""
    return f"between {_clock(start)} and {_clock(end)}"


def _clock(moment: time) -> str:
    if moment.minute == 0 and moment.hour in (0, 12):
        return "noon" if moment.hour else "midnight"
    words = [number(moment.hour % 12 or 12)]
    if moment.minute:
        words.append(f"oh {number(moment.minute)}" if moment.minute < 10 else number(moment.minute))
    return " ".join([*words, "a.m." if moment.hour < 12 else "p.m."])
