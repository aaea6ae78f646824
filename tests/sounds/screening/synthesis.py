"""Sound made here: tones, noise, speech-like bursts, as 16-bit samples at 8 kHz."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable

from sounds.screening import FRAME_BYTES, Screen, Verdict


def tone(seconds: float, *hertz: float, level: float = -20.0) -> bytes:
    """Equal tones together, in phase at the start; `level` in dBov, of the whole."""
    peak = 32768 * 10 ** (level / 20) * math.sqrt(2 / len(hertz))
    turns = [2 * math.pi * hz / 8000 for hz in hertz]
    return samples(peak * sum(math.sin(turn * n) for turn in turns) for n in range(round(seconds * 8000)))


def noise(seconds: float, level: float, seed: int = 1) -> bytes:
    chance, sigma = random.Random(seed), 32768 * 10 ** (level / 20)
    return samples(chance.gauss(0, sigma) for _ in range(round(seconds * 8000)))


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * 8000))


def samples(values: Iterable[float]) -> bytes:
    return array("h", (max(-32768, min(32767, round(value))) for value in values)).tobytes()


def scaled(sound: bytes, gain: float) -> bytes:
    """Louder by `gain` dB."""
    return samples(one * 10 ** (gain / 20) for one in array("h", sound))


def added(one: bytes, two: bytes) -> bytes:
    return samples(a + b for a, b in zip(array("h", one), array("h", two), strict=False))


def verdict(sound: bytes, *, early: bool = False) -> Verdict | None:
    screen = Screen(early=early)
    for at in range(0, len(sound), FRAME_BYTES):
        if said := screen.push(sound[at : at + FRAME_BYTES]):
            return said
    return None
