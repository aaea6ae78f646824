"""Russian: numerals with case and gender, and what is said with them."""

from __future__ import annotations

from datetime import date, time, timedelta
from enum import IntEnum
from typing import NamedTuple


class Case(IntEnum):
    """Grammatical case; the value is the column in the tables below."""

    NOMINATIVE = 0
    GENITIVE = 1
    DATIVE = 2
    ACCUSATIVE = 3
    INSTRUMENTAL = 4
    PREPOSITIONAL = 5


class Gender(IntEnum):
    """Grammatical gender."""

    MASCULINE = 0
    FEMININE = 1
    NEUTER = 2


class Noun(NamedTuple):
    """An inanimate noun: singular and plural in the order of `Case`."""

    gender: Gender
    singular: list[str]
    plural: list[str]


NOM, GEN, ACC = Case.NOMINATIVE, Case.GENITIVE, Case.ACCUSATIVE
MASCULINE, FEMININE, NEUTER = Gender.MASCULINE, Gender.FEMININE, Gender.NEUTER


def _forms(text: str) -> list[str]:
    return text.split()


def _noun(gender: Gender, singular: str, plural: str) -> Noun:
    return Noun(gender, _forms(singular), _forms(plural))


HOUR = _noun(
    MASCULINE,
    "час часа часу час часом часе",
    "часы часов часам часы часами часах",
)
ITEM = _noun(
    MASCULINE,
    "товар товара товару товар товаром товаре",
    "товары товаров товарам товары товарами товарах",
)
PIECE = _noun(
    FEMININE,
    "штука штуки штуке штуку штукой штуке",
    "штуки штук штукам штуки штуками штуках",
)
THOUSAND = _noun(
    FEMININE,
    "тысяча тысячи тысяче тысячу тысячей тысяче",
    "тысячи тысяч тысячам тысячи тысячами тысячах",
)
MILLION = _noun(
    MASCULINE,
    "миллион миллиона миллиону миллион миллионом миллионе",
    "миллионы миллионов миллионам миллионы миллионами миллионах",
)
MILLIARD = _noun(
    MASCULINE,
    "миллиард миллиарда миллиарду миллиард миллиардом миллиарде",
    "миллиарды миллиардов миллиардам миллиарды миллиардами миллиардах",
)
_ROUBLE = _noun(
    MASCULINE,
    "рубль рубля рублю рубль рублём рубле",
    "рубли рублей рублям рубли рублями рублях",
)
_KOPECK = _noun(
    FEMININE,
    "копейка копейки копейке копейку копейкой копейке",
    "копейки копеек копейкам копейки копейками копейках",
)
_DOLLAR = _noun(
    MASCULINE,
    "доллар доллара доллару доллар долларом долларе",
    "доллары долларов долларам доллары долларами долларах",
)
_CENT = _noun(
    MASCULINE,
    "цент цента центу цент центом центе",
    "центы центов центам центы центами центах",
)
_EURO = _noun(MASCULINE, "евро евро евро евро евро евро", "евро евро евро евро евро евро")
CURRENCIES = {"RUB": (_ROUBLE, _KOPECK), "USD": (_DOLLAR, _CENT), "EUR": (_EURO, _CENT)}

_ONE = (
    _forms("один одного одному один одним одном"),
    _forms("одна одной одной одну одной одной"),
    _forms("одно одного одному одно одним одном"),
)
_TWO = (
    _forms("два двух двум два двумя двух"),
    _forms("две двух двум две двумя двух"),
    _forms("два двух двум два двумя двух"),
)
_SMALL = {
    0: "ноль ноля нолю ноль нолём ноле",
    3: "три трёх трём три тремя трёх",
    4: "четыре четырёх четырём четыре четырьмя четырёх",
    8: "восемь восьми восьми восемь восемью восьми",
    40: "сорок сорока сорока сорок сорока сорока",
    80: "восемьдесят восьмидесяти восьмидесяти восемьдесят восемьюдесятью восьмидесяти",
    90: "девяносто девяноста девяноста девяносто девяноста девяноста",
    100: "сто ста ста сто ста ста",
    200: "двести двухсот двумстам двести двумястами двухстах",
    300: "триста трёхсот трёмстам триста тремястами трёхстах",
    400: "четыреста четырёхсот четырёмстам четыреста четырьмястами четырёхстах",
    800: "восемьсот восьмисот восьмистам восемьсот восемьюстами восьмистах",
}
_REGULAR = {
    5: "пять", 6: "шесть", 7: "семь", 9: "девять", 10: "десять", 11: "одиннадцать", 12: "двенадцать",
    13: "тринадцать", 14: "четырнадцать", 15: "пятнадцать", 16: "шестнадцать", 17: "семнадцать",
    18: "восемнадцать", 19: "девятнадцать", 20: "двадцать", 30: "тридцать",
}  # fmt: skip
"""They all decline as `пять` does, and so do both halves of 50 to 70 and of 500 to 900."""

_FORMS: dict[int, list[str]] = {value: _forms(forms) for value, forms in _SMALL.items()}
for _value, _word in _REGULAR.items():
    _i = _word.removesuffix("ь") + "и"
    _FORMS[_value] = [_word, _i, _i, _word, _word + "ю", _i]
for _value in (5, 6, 7):
    _five, _of_five, _, _, _by_five, _ = _FORMS[_value]
    _FORMS[_value * 10] = [_five + "десят", _of_five + "десяти", _of_five + "десяти"]
    _FORMS[_value * 10] += [_five + "десят", _by_five + "десятью", _of_five + "десяти"]
for _value in (5, 6, 7, 9):
    _five, _of_five, _, _, _by_five, _ = _FORMS[_value]
    _FORMS[_value * 100] = [_five + "сот", _of_five + "сот", _of_five + "стам"]
    _FORMS[_value * 100] += [_five + "сот", _by_five + "стами", _of_five + "стах"]

_SCALES = ((10**9, MILLIARD), (10**6, MILLION), (10**3, THOUSAND))


def number(value: int, case: Case = NOM, gender: Gender = MASCULINE) -> str:
    """A whole number in words; the gender is that of what is counted."""
    if abs(value) >= 10**12:
        raise ValueError(f"{value} is too large to be said")
    if value < 0:
        return f"минус {number(-value, case, gender)}"
    if value == 0:
        return _FORMS[0][case]
    words = []
    for size, noun in _SCALES:
        if part := value // size % 1000:
            words += [*_under_thousand(part, case, noun.gender), noun_after(part, noun, case)]
    return " ".join(words + _under_thousand(value % 1000, case, gender))


def _under_thousand(value: int, case: Case, gender: Gender) -> list[str]:
    hundreds, rest = value // 100 * 100, value % 100
    tens, ones = (0, rest) if rest < 20 else (rest // 10 * 10, rest % 10)
    words = [_FORMS[part][case] for part in (hundreds, tens) if part]
    if ones in (1, 2):
        words.append((_ONE if ones == 1 else _TWO)[gender][case])
    elif ones:
        words.append(_FORMS[ones][case])
    return words


def noun_after(value: int, noun: Noun, case: Case = NOM) -> str:
    """The form of a noun after a numeral: `товар` after 21, `товара` after 2, `товаров` after 5."""
    value = abs(value)
    last = 0 if value % 100 in range(11, 15) else value % 10
    if last == 1:
        return noun.singular[case]
    if case not in (NOM, ACC):
        return noun.plural[case]
    return noun.singular[GEN] if last in (2, 3, 4) else noun.plural[GEN]


def count(value: int, noun: Noun, case: Case = NOM) -> str:
    """A numeral and its noun: `две тысячи один товар`, `двух минут`."""
    return f"{number(value, case, noun.gender)} {noun_after(value, noun, case)}"


def items(count_of: int) -> str:
    """See `Grammar.items`."""
    return count(count_of, ITEM)


def pieces(count_of: int) -> str:
    """See `Grammar.pieces`."""
    return count(count_of, PIECE)


def money(minor: int, currency: str) -> str:
    """See `Grammar.money`."""
    if currency not in CURRENCIES:
        raise ValueError(f"{currency} is no currency that can be said: {', '.join(CURRENCIES)}")
    if minor < 0:
        return f"минус {money(-minor, currency)}"
    major_noun, minor_noun = CURRENCIES[currency]
    major, rest = divmod(minor, 100)
    words = [count(major, major_noun)] if major or not rest else []
    return " ".join([*words, count(rest, minor_noun)] if rest else words)


# ---- ordinals, days ----

_ORDINALS: dict[int, str] = {
    1: "первый", 2: "второй", 4: "четвёртый", 5: "пятый", 6: "шестой", 7: "седьмой", 8: "восьмой",
    9: "девятый", 10: "десятый", 40: "сороковой", 50: "пятидесятый", 60: "шестидесятый",
    70: "семидесятый", 80: "восьмидесятый", 90: "девяностый",
} | {value: _FORMS[value][NOM].removesuffix("ь") + "ый" for value in (*range(11, 21), 30)}  # fmt: skip

_ENDINGS = (
    ("", "ого", "ому", "", "ым", "ом"),
    ("ая", "ой", "ой", "ую", "ой", "ой"),
    ("ое", "ого", "ому", "ое", "ым", "ом"),
)
_THIRD = (
    _forms("третий третьего третьему третий третьим третьем"),
    _forms("третья третьей третьей третью третьей третьей"),
    _forms("третье третьего третьему третье третьим третьем"),
)


def ordinal(value: int, case: Case = NOM, gender: Gender = MASCULINE) -> str:
    """`третий`, `двадцать шестого`: 1 to 99."""
    if not 1 <= value <= 99:
        raise ValueError(f"{value} is no place from 1 to 99")
    if value > 20 and value % 10:
        return f"{_FORMS[value // 10 * 10][NOM]} {ordinal(value % 10, case, gender)}"
    if value == 3:
        return _THIRD[gender][case]
    ending = _ENDINGS[gender][case]
    return _ORDINALS[value][:-2] + ending if ending else _ORDINALS[value]


_MONTHS = _forms("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
_WEEKDAYS = (
    "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
)  # fmt: skip


def day(day: date, *, weekday: bool = False) -> str:
    """See `Grammar.day`."""
    said = f"{ordinal(day.day, GEN)} {_MONTHS[day.month - 1]}"
    return f"{_WEEKDAYS[day.weekday()]}, {said}" if weekday else said


def near_day(day_: date, today: date) -> str:
    """See `Grammar.near_day`."""
    near = {today: "сегодня", today + timedelta(days=1): "завтра"}
    return near.get(day_) or day(day_, weekday=True)


# ---- the clock ----


def at(moment: time) -> str:
    """See `Grammar.at`."""
    if moment.hour == moment.minute == 0:
        return "в полночь"
    return f"в {_clock(moment, ACC, alone=True)}"


def window(start: time, end: time) -> str:
    """See `Grammar.window`."""
    midnight = end.hour == end.minute == 0
    first = _NAMED.get(start) or _clock(start, GEN, alone=midnight)
    last = _NAMED.get(end) or _clock(end, GEN, alone=start != time(1))
    return f"с {first} до {last}"


_NAMED = {time(0): "полуночи", time(1): "часу"}
"""Ends of a window that are said without a number: `с часу до двух`."""


def _clock(moment: time, case: Case, *, alone: bool) -> str:
    """`десять тридцать`, `десять ноль пять`; a whole hour with its noun where it stands `alone`."""
    if moment.minute == 0:
        return count(moment.hour, HOUR, case) if alone else number(moment.hour, case)
    nought = f"{_FORMS[0][NOM]} " if moment.minute < 10 else ""
    return f"{number(moment.hour, case)} {nought}{number(moment.minute, case, FEMININE)}"
