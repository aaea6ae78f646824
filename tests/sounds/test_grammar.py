"""What is said in words, against num2words and Babel, and against tables written by hand."""

from __future__ import annotations

from datetime import date, time

import pytest
from babel import Locale
from babel.dates import format_date
from babel.numbers import get_currency_name
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from config.forms import Language
from sounds.catalogue import sounds_dir
from sounds.grammar import GRAMMARS, en, rounding, ru
from sounds.grammar.ru import Case, Gender
from sounds.manifest import Folder
from sounds.phrase import Prompt, Text
from sounds.waiting import place, wait

NUMBERS = st.one_of(st.integers(0, 3000), st.integers(0, 10**12 - 1))
CASES = dict(zip(Case, "ngdaip", strict=True))
GENDERS = dict(zip(Gender, "mfn", strict=True))
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
CLOCK = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(NUMBERS, st.sampled_from(Case), st.sampled_from(Gender))
def test_russian_numerals_are_those_of_num2words_in_every_case_and_gender(
    value: int, case: Case, gender: Gender
) -> None:
    if gender is not Gender.MASCULINE:
        value %= 10**6  # num2words says `одна миллион`
    theirs = num2words(value, lang="ru", case=CASES[case], gender=GENDERS[gender], animate=False)
    assert ru.number(value, case, gender) == theirs


@given(st.integers(1, 99), st.sampled_from(Case), st.sampled_from(Gender))
def test_russian_ordinals_are_those_of_num2words(value: int, case: Case, gender: Gender) -> None:
    theirs = num2words(
        value, to="ordinal", lang="ru", case=CASES[case], gender=GENDERS[gender], animate=False
    )
    assert ru.ordinal(value, case, gender) == theirs


@given(NUMBERS)
def test_english_numbers_are_those_of_num2words(value: int) -> None:
    theirs = num2words(value, lang="en").replace(",", "").replace(" and ", " ")
    assert en.number(value) == theirs


@given(st.integers(1, 99))
def test_english_ordinals_are_those_of_num2words(value: int) -> None:
    assert en.ordinal(value) == num2words(value, to="ordinal", lang="en")


@given(st.integers(0, 10**6))
def test_the_form_of_a_russian_noun_is_that_of_babels_plural_rule(value: int) -> None:
    form = Locale("ru").plural_form(value)
    assert ru.noun_after(value, ru.ITEM) == {"one": "товар", "few": "товара", "many": "товаров"}[form]


@given(st.integers(0, 10**9), st.sampled_from(["RUB", "USD"]), st.sampled_from(["ru", "en"]))
def test_the_name_of_the_money_is_babels(value: int, currency: str, language: Language) -> None:
    theirs = get_currency_name(currency, count=value, locale=language).replace(" США", "").split()[-1]
    ours = GRAMMARS[language].money(value * 100, currency).split()[-1]
    assert ours == theirs.replace("roubles", "rubles").replace("rouble", "ruble")


@given(DAYS)
def test_months_and_weekdays_are_babels(day: date) -> None:
    assert ru.day(day).split()[-1] == format_date(day, "d MMMM", locale="ru").split()[-1]
    weekday, said = ru.day(day, weekday=True).split(", ")
    assert weekday.split()[-1][:4] == format_date(day, "EEEE", locale="ru")[:4]
    assert said == ru.day(day)
    _, weekday, month, *_ = en.day(day, weekday=True).replace(",", "").split()
    assert f"{weekday} {month}" == format_date(day, "EEEE MMMM", locale="en")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (ru.number(0), "ноль"),
        (ru.number(0, Case.GENITIVE), "ноля"),
        (ru.number(-1_002_003), "минус один миллион две тысячи три"),
        (ru.pieces(1), "одна штука"),
        (ru.pieces(22), "двадцать две штуки"),
        (ru.pieces(5), "пять штук"),
        (ru.items(1), "один товар"),
        (ru.items(2), "два товара"),
        (ru.items(5), "пять товаров"),
        (ru.items(11), "одиннадцать товаров"),
        (ru.items(21), "двадцать один товар"),
        (ru.items(112), "сто двенадцать товаров"),
        (ru.money(0, "RUB"), "ноль рублей"),
        (ru.money(100, "RUB"), "один рубль"),
        (ru.money(123_450, "RUB"), "одна тысяча двести тридцать четыре рубля пятьдесят копеек"),
        (ru.money(41, "RUB"), "сорок одна копейка"),
        (ru.money(-202, "RUB"), "минус два рубля две копейки"),
        (ru.money(2_201, "USD"), "двадцать два доллара один цент"),
        (ru.money(500, "EUR"), "пять евро"),
        (ru.day(date(2026, 11, 26)), "двадцать шестого ноября"),
        (ru.day(date(2026, 11, 26), weekday=True), "в четверг, двадцать шестого ноября"),
        (ru.day(date(2026, 12, 1), weekday=True), "во вторник, первого декабря"),
        (ru.day(date(2026, 5, 3)), "третьего мая"),
        (ru.day(date(2026, 5, 30)), "тридцатого мая"),
        (ru.near_day(date(2026, 11, 26), date(2026, 11, 26)), "сегодня"),
        (ru.near_day(date(2027, 1, 1), date(2026, 12, 31)), "завтра"),
        (ru.near_day(date(2026, 11, 30), date(2026, 11, 26)), "в понедельник, тридцатого ноября"),
        (ru.at(time(9)), "в девять часов"),
        (ru.at(time(1)), "в один час"),
        (ru.at(time(21)), "в двадцать один час"),
        (ru.at(time(10, 30)), "в десять тридцать"),
        (ru.at(time(10, 1)), "в десять ноль одну"),
        (ru.at(time(0)), "в полночь"),
        (ru.window(time(10), time(14)), "с десяти до четырнадцати часов"),
        (ru.window(time(10), time(21)), "с десяти до двадцати одного часа"),
        (ru.window(time(10, 30), time(14)), "с десяти тридцати до четырнадцати часов"),
        (ru.window(time(9), time(9, 5)), "с девяти до девяти ноль пяти"),
        (ru.window(time(18), time(0)), "с восемнадцати часов до полуночи"),
        (ru.window(time(0), time(6)), "с полуночи до шести часов"),
        (ru.window(time(1), time(2)), "с часу до двух"),
        (ru.window(time(0), time(1)), "с полуночи до часу"),
        (ru.window(time(1, 30), time(2)), "с одного тридцати до двух часов"),
        (en.items(1), "one item"),
        (en.pieces(2), "two pieces"),
        (en.money(120_050, "RUB"), "one thousand two hundred rubles and fifty kopecks"),
        (en.money(101, "USD"), "one dollar and one cent"),
        (en.day(date(2026, 11, 26), weekday=True), "on Thursday, November the twenty-sixth"),
        (en.near_day(date(2026, 11, 27), date(2026, 11, 26)), "tomorrow"),
        (en.at(time(10, 5)), "at ten oh five a.m."),
        (en.at(time(12)), "at noon"),
        (en.at(time(0, 30)), "at twelve thirty a.m."),
        (en.window(time(10), time(14)), "between ten a.m. and two p.m."),
        (en.window(time(20), time(0)), "between eight p.m. and midnight"),
    ],
)  # fmt: skip
def test_phrases(said: str, wanted: str) -> None:
    assert said == wanted


@pytest.mark.parametrize("grammar", [ru, en])
def test_what_cannot_be_said_is_an_error(grammar: object) -> None:
    for module in (ru, en):
        with pytest.raises(ValueError, match="too large"):
            module.number(10**12)
        with pytest.raises(ValueError, match="no currency"):
            module.money(100, "GBP")
        with pytest.raises(ValueError, match="no place"):
            module.ordinal(0)


@given(NUMBERS, DAYS, DAYS, CLOCK, CLOCK)
def test_every_phrase_can_be_spoken(value: int, day: date, today: date, start: time, end: time) -> None:
    for grammar in GRAMMARS.values():
        for said in (
            grammar.number(value), grammar.money(value, "RUB"), grammar.items(value), grammar.pieces(value),
            grammar.day(day), grammar.near_day(day, today), grammar.at(start), grammar.window(start, end),
        ):  # fmt: skip
            Text(said)


MANIFEST = Folder(sounds_dir()).manifest.prompts


@given(st.integers(1, 200))
def test_the_prompt_of_a_place_says_that_place(turn: int) -> None:
    texts = MANIFEST[place(turn).name]
    if turn <= 10:
        assert texts["ru"] == f"Вы {ru.ordinal(turn)} в очереди."
        assert texts["en"] == f"You are {en.ordinal(turn)} in the queue."
    else:
        assert place(turn) == Prompt("place-later")
        assert (
            texts["ru"] == f"Перед вами не меньше {ru.number(10, Case.GENITIVE)} человек."
        )  # the eleventh has ten
        assert texts["en"] == "There are ten or more people before you."


@given(st.floats(0, 7200))
def test_the_prompt_of_a_wait_says_that_wait(seconds: float) -> None:
    texts = MANIFEST[wait(seconds).name]
    minutes = rounding.minutes(seconds)
    if wait(seconds) == Prompt("wait-later"):
        assert seconds >= 1800
    elif minutes:
        spoken = ru.number(minutes, Case.GENITIVE, Gender.FEMININE)
        assert texts["ru"].startswith(f"Время ожидания — около {spoken} минут")
        assert texts["en"].startswith(f"Your waiting time is about {en.number(minutes)} minute")
    else:
        assert texts["ru"] == "Время ожидания — меньше минуты."
