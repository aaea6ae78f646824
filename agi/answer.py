"""An answer of the customer's system in words: typed fields through the grammar, texts through the filter."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeVar

from config.forms import Language
from config.template import Field, FieldKind, parts
from sounds.grammar import GRAMMARS, Grammar
from sounds.phrase import Digits, Text, Utterance

LARGEST = 10**9
"""Numbers and sums beyond it are a mistake of the service, not a balance."""


_Moment = TypeVar("_Moment", date, time)


class Unsayable(ValueError):
    """A field that is missing, of the wrong type or out of range; the message names it, not its value."""


def in_words(
    template: str, answer: Mapping[str, Any], language: Language, currency: str
) -> Sequence[Utterance]:
    """What to say; `answer` is JSON whose fractions are `Decimal`. Raises `Unsayable`."""
    grammar = GRAMMARS[language]
    said: list[Utterance] = []
    sentence = ""
    for part in parts(template):
        if isinstance(part, Field) and part.kind is FieldKind.DIGITS:
            said += [*_texts(sentence), Digits(_digits(answer.get(part.name), part))]
            sentence = ""
        else:
            sentence += (
                part if isinstance(part, str) else _words(answer.get(part.name), part, grammar, currency)
            )
    return [*said, *_texts(sentence)]


def _texts(sentence: str) -> Iterator[Text]:
    """Nothing for what is only a full stop behind a number."""
    if (text := Text.of(sentence.lstrip(" .,:;"), most=500)) is not None:
        yield text


def _words(value: Any, field: Field, grammar: Grammar, currency: str) -> str:
    match field.kind:
        case FieldKind.NUMBER:
            return grammar.number(_whole(value, 1, field))
        case FieldKind.MONEY:
            return grammar.money(_whole(value, 100, field), currency)
        case FieldKind.DATE:
            return grammar.day(_parsed(value, date.fromisoformat, r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", field))
        case FieldKind.TIME:
            return grammar.at(_parsed(value, time.fromisoformat, r"[0-9]{2}:[0-9]{2}", field))
        case _:
            text = Text.of(value) if isinstance(value, str) else None
            if text is None:
                raise Unsayable(f"the field {field.name} is no text that can be said")
            return text.text


def _whole(value: Any, parts_of_one: int, field: Field) -> int:
    """A number of hundredths (`parts_of_one` 100) or of whole things."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not -LARGEST <= value <= LARGEST:
        raise Unsayable(f"the field {field.name} is no number from -{LARGEST} to {LARGEST}")
    scaled = Decimal(value) * parts_of_one
    if scaled % 1:
        raise Unsayable(f"the field {field.name} has more decimals than a {field.kind}")
    return int(scaled)


def _parsed(value: Any, parse: Callable[[str], _Moment], pattern: str, field: Field) -> _Moment:
    if isinstance(value, str) and re.fullmatch(pattern, value):
        with contextlib.suppress(ValueError):
            return parse(value)
    raise Unsayable(f"the field {field.name} is no {field.kind}")


def _digits(value: Any, field: Field) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\+?[0-9][0-9 -]{0,38}", value):
        raise Unsayable(f"the field {field.name} is no text of 1 to 40 digits")
    return value
