"""What is said in the corpus, and by which voices: two parts that share but a few hellos. Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Literal

from ruamel.yaml import YAML

Language = Literal["ru", "en"]
Part = Literal["tuning", "test"]

ACCENTS: dict[Language, tuple[str, ...]] = {
    "ru": ("ru", "ru", "ru", "ru-lv"),
    "en": ("en-us", "en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-029"),
}
"""Voices of espeak-ng, as often as they are drawn."""

_VARIANTS = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f4", "Alex"),
    *("Andrea", "Andy", "Annie", "anika", "aunty", "belinda", "benjamin", "boris", "david"),
    *("Diogo", "ed", "edward", "Gene", "Gene2", "grandma", "grandpa", "iven", "iven2", "Jacky", "john"),
    *("kaukovalta", "klatt", "klatt2", "klatt3", "klatt4", "klatt6", "Lee", "linda", "marcelo", "Mario"),
    *("max", "Michael", "miguel", "Mike", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert"),
    *("shelby", "steph", "steph2", "steph3", "travis", "zac"),
)  # of espeak-ng: each is one speaker, in every language; those with `breath` are not the same every time
WOMEN = ("f1", "f4", "Andrea", "Annie", "anika", "belinda", "linda", "shelby", "steph", "steph2", "steph3")
_COMMON = 6  # hellos of a list are what most people say
_SALT = 1775  # it cuts the lists evenly in two; no sound was looked at
_TEXTS: dict[str, dict[Language, list[str]]] = YAML(typ="safe").load(
    Path(__file__).with_name("clips.yaml").read_text(encoding="utf-8")
)

COMMONEST = [text for language in ACCENTS for text in _TEXTS["hello"][language][:_COMMON]]
"""Hellos of both parts: without them neither would be an exam."""


def part(name: str) -> Part:
    """Which part a text or a voice belongs to: by its hash; texts that sound alike go together."""
    said = " ".join(re.findall(r"\w+", name.lower()))
    return "test" if sha256(f"{_SALT} {said}".encode()).digest()[0] & 1 else "tuning"


def texts(kind: str, language: Language, of: Part) -> list[str]:
    """The texts of a list of `clips.yaml` that belong to the part; the commonest hellos belong to both."""
    known = _TEXTS[kind][language]
    return [text for text in known if part(text) == of or (kind == "hello" and text in COMMONEST)]


def voices(of: Part) -> list[str]:
    return [variant for variant in _VARIANTS if part(variant) == of]
