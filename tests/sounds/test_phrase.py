"""What may be said: names, texts of strangers, digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sounds.phrase import LONGEST_TEXT, Digits, Prompt, Text


@pytest.mark.parametrize("name", ["", "../greeting", "/etc/passwd", "Greeting", "a b", "1a", "a" * 65, "a\n"])
def test_a_prompt_is_called_by_a_name_and_never_by_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="no prompt's name"):
        Prompt(name)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("Чайник «Заря» 1,7 л", "Чайник «Заря» 1,7 л"),
        ("  two\n\nlines\tand\x00more ", "two lines and more"),
        ("tea [[h@'loU]] cup", "tea h@'loU cup"),
        ('<speak><break time="9s"/>cup</speak>', 'speak break time="9s"/ cup /speak'),
        ("so\u00adft \u202ecup", "soft cup"),
        ("e\u0301te", "éte"),
    ],
)
def test_a_strangers_text_loses_markup_and_control_characters(raw: str, said: str) -> None:
    assert Text.of(raw) == Text(said)


@pytest.mark.parametrize("raw", ["", " ", "\n", "<>", "[[]]", "...", "\u202e"])
def test_a_strangers_text_that_says_nothing_is_none(raw: str) -> None:
    assert Text.of(raw) is None


def test_a_long_text_is_cut_between_words() -> None:
    assert Text.of("kettle " * 100, most=20) == Text("kettle kettle")
    assert Text.of("k" * 100, most=20) == Text("k" * 20)


@given(st.text(max_size=2000), st.integers(min_value=1, max_value=LONGEST_TEXT))
def test_whatever_a_stranger_sends_is_a_text_or_nothing(raw: str, most: int) -> None:
    text = Text.of(raw, most)
    assert text is None or (len(text.text) <= most and Text(text.text) == text)


@pytest.mark.parametrize("text", ["", "...", "a\nb", "a <b>", "[[a", " a", "a" * (LONGEST_TEXT + 1)])
def test_a_text_that_was_not_filtered_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a text"):
        Text(text)


def spelt(text: str) -> str:
    short = {"plus": "+", "star": "*", "hash": "#", "pause": " "}
    return "".join(short.get(name, name[-1]) for name in Digits(text).prompts)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("+79123456789", "+7 912 345 67 89"),
        ("+12025550123", "+1 202 555 0123"),
        ("+999", "+999"),
        ("1234", "1234"),
        ("12-34 5", "12 34 5"),
        ("*21#", "*21#"),
    ],
)
def test_numbers_are_read_in_groups(text: str, heard: str) -> None:
    assert spelt(text) == heard


@pytest.mark.parametrize("text", ["", "12a", "+7(912)3456789", "1\n2", "1" * 41, "٣"])
def test_what_is_on_no_key_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="digit by digit"):
        Digits(text)
