"""What a call script says: ready prompts, texts that the engine speaks, numbers digit by digit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

LONGEST_TEXT = 500
"""Characters of one spoken text; a longer one is several."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_MARKUP = re.compile(r"[<>{}\\^`|]|\[\[|\]\]")
"""What speech engines may take for an order to them: SSML, and espeak's phonemes."""

KEYS = {**{str(digit): f"digit-{digit}" for digit in range(10)}, "+": "plus", "*": "star", "#": "hash"}
"""What stands for each character of `Digits`, as a prompt's name."""


@dataclass(frozen=True)
class Prompt:
    """A prompt of the manifest by its name. Raises `ValueError` for what is no name."""

    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no prompt's name: small Latin letters, digits, - and _")


@dataclass(frozen=True)
class Text:
    """A text that the engine speaks; what a customer's system sent comes in through `Text.of`.

    Raises `ValueError` for nothing, too much (`LONGEST_TEXT`), control characters and markup.
    """

    text: str

    def __post_init__(self) -> None:
        if not any(character.isalnum() for character in self.text):
            raise ValueError("a text without a letter or digit says nothing")
        if len(self.text) > LONGEST_TEXT:
            raise ValueError(f"a text has at most {LONGEST_TEXT} characters, this one {len(self.text)}")
        if _clean(self.text) != self.text:
            raise ValueError("a text holds control characters, markup or odd spaces; use Text.of for it")

    @classmethod
    def of(cls, raw: str, most: int = 120) -> Text | None:
        """What is left of a stranger's text: one line without markup, `most` characters, cut between words.

        None where nothing is left that could be said.
        """
        text = _clean(raw[: 10 * LONGEST_TEXT])
        if len(text) > most:
            text = text[:most].rpartition(" ")[0] or text[:most]
        return cls(text) if any(character.isalnum() for character in text) else None


@dataclass(frozen=True)
class Digits:
    """A telephone number (with `+`) or a code, read digit by digit from ready prompts.

    A number is read in its country's groups, a code in the groups it is written in (`12-34`). Raises
    `ValueError` for characters that are no key of a telephone, `+`, space or hyphen.
    """

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9*#+ -]{1,40}", self.text):
            raise ValueError(f"{self.text!r} is nothing to be read digit by digit")

    @property
    def prompts(self) -> list[str]:
        """Names of the prompts in order, `pause` between groups."""
        names: list[str] = []
        for group in re.split(r"[ -]+", _grouped(self.text).strip(" -")):
            names += [*(["pause"] if names else []), *(KEYS[character] for character in group)]
        return names


Utterance = Prompt | Text | Digits


def _clean(raw: str) -> str:
    text = "".join(_plain(character) for character in unicodedata.normalize("NFC", raw))
    return " ".join(_MARKUP.sub(" ", text).split())


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf":  # soft hyphens, marks of direction: they stand inside words
        return ""
    return " " if kind[0] in "CZ" else character


def _grouped(text: str) -> str:
    if not text.startswith("+"):
        return text
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return form if re.fullmatch(r"[0-9+ -]+", form) else text
