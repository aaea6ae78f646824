"""What a called person does: by number, by a seeded mix, or as set at run time.

A behaviour travels into the city's dialplan as text, `kind-ring-seconds-code-more`, so that the dialplan
alone decides; `decide` is the same decision in Python.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """The people of the city."""

    ANSWERS = "answers"
    """Answers, talks for `seconds`, hangs up."""
    TALKS_ON = "talks_on"
    """Answers, and talks until the other side hangs up."""
    HANGS_UP = "hangs_up"
    """Answers and hangs up at once."""
    LEAVES = "leaves"
    """Answers, says nothing, hangs up after `seconds`: leaves a queue that is slower."""
    MACHINE = "machine"
    """Answers, speaks for `seconds`, beeps, then is silent for a minute."""
    BUSY = "busy"
    """486."""
    NO_ANSWER = "no_answer"
    """Rings on."""
    REFUSED = "refused"
    """The network or the phone refuses with the SIP `code`."""
    PRESSES = "presses"
    """Answers, is silent, presses `keys`, hangs up after `seconds` (0: never)."""
    SPEAKS = "speaks"
    """Answers, plays the file `sound`, then sends nothing; hangs up `seconds` after it (0: never)."""
    EARLY = "early"
    """Before the answer (183) the network plays the file `sound`. Then it refuses with `code`, or (0) someone
    answers, says nothing, and hangs up after `seconds`."""
    LIVE = "live"
    """Answers, and does as a test tells them: see `City.person`."""


DRAWN = tuple(kind for kind in Kind if kind not in (Kind.PRESSES, Kind.SPEAKS, Kind.EARLY, Kind.LIVE))
"""What a mix can draw; the others are for named numbers."""


@dataclass(frozen=True)
class Behaviour:
    """One person's way: `ring` seconds before the answer or refusal, then what `kind` says."""

    kind: Kind
    ring: float = 0.0
    seconds: float = 0.0
    code: int = 0
    keys: tuple[tuple[float, str], ...] = ()
    """Seconds after the answer, rising, and the keys pressed then: `0`-`9`, `*`, `#`, `A`-`D`."""
    party: str = ""
    """Of `LIVE`: the id by which the call finds who speaks for it."""
    sound: str = ""
    """Of `SPEAKS` and `EARLY`: a WAV file (8 kHz, 16 bits), without its ending."""

    def __str__(self) -> str:
        more = self.party or self.sound or "/".join(f"{second:g}:{keys}" for second, keys in self.keys)
        return f"{self.kind}-{self.ring:g}-{self.seconds:g}-{self.code}" + (f"-{more}" if more else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        kind, ring, seconds, code, *rest = text.split("-", 4)
        way = cls(Kind(kind), float(ring), float(seconds), int(code))
        if not rest:
            return way
        if way.kind is Kind.LIVE:
            return replace(way, party=rest[0])
        if way.kind in (Kind.SPEAKS, Kind.EARLY):
            return replace(way, sound=rest[0])
        presses = (press.split(":") for press in rest[0].split("/"))
        return replace(way, keys=tuple((float(second), keys) for second, keys in presses))


SPECIAL_PREFIX = "7499"
SPECIAL_KINDS = {
    "0": (Kind.ANSWERS, 0),
    "1": (Kind.BUSY, 0),
    "2": (Kind.NO_ANSWER, 0),
    "3": (Kind.REFUSED, 404),
    "4": (Kind.REFUSED, 480),
    "5": (Kind.REFUSED, 503),
    "6": (Kind.REFUSED, 603),
    "7": (Kind.MACHINE, 0),
    "8": (Kind.LEAVES, 0),
    "9": (Kind.TALKS_ON, 0),
}
"""Special numbers are `+7499KRTTNNN`: K one of these, R half seconds of ringing, TT `seconds`, NNN any."""


def special(number: str) -> Behaviour | None:
    """The behaviour that a special number spells; `None` for any other. `number` has no plus."""
    if len(number) != 11 or not number.startswith(SPECIAL_PREFIX):
        return None
    kind, code = SPECIAL_KINDS[number[4]]
    return Behaviour(kind, int(number[5]) / 2, float(number[6:8]), code)


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Shares of the people by kind (weights, of any sum), and ranges of their times in seconds."""

    answers: float = 0.0
    talks_on: float = 0.0
    hangs_up: float = 0.0
    leaves: float = 0.0
    machine: float = 0.0
    busy: float = 0.0
    no_answer: float = 0.0
    refused: float = 0.0
    ring: tuple[float, float] = (0.2, 1.0)
    talk: tuple[float, float] = (2.0, 6.0)
    patience: tuple[float, float] = (0.5, 3.0)
    codes: tuple[int, ...] = (404, 480, 503, 603)

    def table(self, seed: int) -> list[Behaviour]:
        """256 people drawn by the seed, in exact shares; a number's hash chooses one."""
        weights: dict[Kind, float] = {kind: getattr(self, kind) for kind in DRAWN}
        total = sum(weights.values())
        if total <= 0 or min(weights.values()) < 0:
            raise ValueError("a mix needs shares of 0 or more, one of them above 0")
        draw = random.Random(seed)
        people: list[Behaviour] = []
        upto = 0.0
        for kind, weight in weights.items():
            upto += weight
            while len(people) < round(256 * upto / total):
                people.append(self._draw(kind, draw))
        draw.shuffle(people)
        return people

    def _draw(self, kind: Kind, draw: random.Random) -> Behaviour:
        ring = round(draw.uniform(*self.ring), 2)
        if kind is Kind.REFUSED:
            return Behaviour(kind, ring, code=draw.choice(self.codes))
        ranges = {Kind.ANSWERS: self.talk, Kind.MACHINE: self.talk, Kind.LEAVES: self.patience}
        seconds = round(draw.uniform(*ranges[kind]), 2) if kind in ranges else 0.0
        return Behaviour(kind, ring, seconds)


EVERYBODY_TALKS = Mix(answers=1.0)


def slot(seed: int, number: str) -> int:
    """Which of the 256 people a number is. The dialplan does the same with `MD5()`."""
    return int(hashlib.md5(f"{seed}:{number}".encode(), usedforsecurity=False).hexdigest()[:2], 16)


def decide(number: str, people: Mapping[str, Behaviour], mix: Mix, seed: int) -> Behaviour:
    """What the city does with a call to `number` (digits): as named in `people`, as spelled, as drawn."""
    return people.get(number) or special(number) or mix.table(seed)[slot(seed, number)]
