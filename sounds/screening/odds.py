"""How likely it is a person: the facts of a talk, bent at a few knots, times weights that were learnt.

`python -m bench._screening_fit` learns `weights.json`, from the part of the corpus that is for tuning.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from operator import mul
from typing import NamedTuple

from sounds.screening.talk import Facts

WEIGHTS = "weights.json"

KNOTS: tuple[tuple[str, float, tuple[float, ...]], ...] = (
    ("quiet", 1.5, (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.1, 1.3)),
    ("span", 4.6, (0, 0.25, 0.4, 0.55, 0.75, 1.0, 1.4, 1.8, 2.3, 2.8, 3.4, 4.0)),
    ("word", 3.0, (0, 0.3, 0.6, 1.0, 1.5, 2.0)),
    ("longest", 1.5, (0, 0.3, 0.5, 0.7, 0.9, 1.1)),
    ("weak", 2.0, (0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3)),
    ("rest", 50.0, (0, 6, 12, 18, 24, 30, 40)),
    ("background", 55.0, (0, 8, 14, 20, 26, 32, 40)),
)
"""Each fact's name, the most it counts for, and where its line may bend."""

_NOISY, _SHALLOW = (24.0, 14.0), (22.0, 14.0)
"""dB: a voice that stands out from its background by less than the first is somewhat in noise; by the second
less than that, wholly. Likewise for how far the sound falls in a pause."""
_MANY = (1, 2, 3)
_LONG = (0.4, 1.0, 2.0, 3.0)
_SHORT = (0.1, 0.3, 0.6)
_QUIETS = (0.25, 0.5, 0.8, 1.2)
_SPANS = ((0.4, 0.9), (0.9, 1.6), (1.6, 2.6))


def _share(value: float) -> float:
    return 0.0 if value < 0 else min(value, 1.0)


def terms(facts: Facts) -> list[float]:
    """What the weights are for, in the order of `NAMES`."""
    found = [1.0]
    for (_, most, knots), value in zip(KNOTS, _curved(facts), strict=True):
        value = min(value, most)
        found += [value - knot if value > knot else 0.0 for knot in knots]
    quiet, span, weak = min(facts.quiet, 1.5), min(facts.span, 4.6), min(facts.weak, 2.0)
    noisy = _share((_NOISY[0] - facts.background) / _NOISY[1])
    shallow = _share((_SHALLOW[0] - facts.rest) / _SHALLOW[1]) if facts.quiet >= 0.1 else 0.0
    found += [float(facts.pauses >= many) for many in _MANY]
    found += [noisy * max(0.0, span - long) for long in _LONG]
    for short in _SHORT:
        found += [shallow * max(0.0, min(quiet, 1.0) - short), noisy * max(0.0, weak - short)]
    spans = [_share((span - low) / (high - low)) for low, high in _SPANS]
    again, deep = float(facts.pauses >= 1), _share((30 - facts.rest) / 20)
    for most in _QUIETS:
        some = min(quiet, most)
        found += [some * share for share in (*spans, again, deep)]
    return found


def _curved(facts: Facts) -> tuple[float, ...]:
    return (*facts[:3], *facts[4:])  # all but the count of pauses


def _names() -> list[str]:
    names = ["always"]
    names += [f"{fact} over {knot}" for fact, _, knots in KNOTS for knot in knots]
    names += [f"pauses: {many} or more" for many in _MANY]
    names += [f"noisy, span over {long}" for long in _LONG]
    for short in _SHORT:
        names += [f"shallow, quiet over {short}", f"noisy, weak over {short}"]
    for most in _QUIETS:
        names += [f"quiet to {most}, span from {low}" for low, _ in _SPANS]
        names += [f"quiet to {most}, spoke again", f"quiet to {most}, not deep"]
    return names


NAMES = _names()


class Weights(NamedTuple):
    """In the order of `NAMES`: for pauses and for talk."""

    quiet: list[float]
    talking: list[float]


@cache
def learnt() -> Weights:
    """Those of the package."""
    told = json.loads(files("sounds.screening").joinpath(WEIGHTS).read_text(encoding="utf-8"))
    return Weights(*([told[state][name] for name in NAMES] for state in Weights._fields))


IN_PAUSE = 0.06
"""Seconds of quiet from which on it is a pause."""


def log_odds(facts: Facts, weights: Weights) -> float:
    """Natural logarithm of the odds that it is a person, of as many persons as machines."""
    return float(sum(map(mul, weights.quiet if facts.quiet >= IN_PAUSE else weights.talking, terms(facts))))
