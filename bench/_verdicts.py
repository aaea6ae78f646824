"""What was said of the clips of a corpus, as figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench._clip_make import Clip
from predictive.screening import Benchmark, Trials
from sounds.screening import Heard

UNHEARD = "none"
"""What is said of a call that has had no verdict."""
_Z = 1.96  # 95 %
_DRAWN = 2000  # samples of a bootstrap
_STEP = 5  # % between two quantiles of a time


@dataclass(frozen=True)
class Said:
    """`person`: the call went on as a person's. `seconds`: from the answer to that."""

    clip: Clip
    person: bool
    seconds: float
    as_what: str
    """The verdict's own word: of `Heard`, or `AMD()`'s cause; or `UNHEARD` and what Asterisk knows."""


def passed(heard: Heard) -> bool:
    """Whether a verdict sends the call on as a person's; silence does, that nobody is lost."""
    return heard in (Heard.PERSON, Heard.SILENCE)


def figures(said: Iterable[Said]) -> dict[str, object]:
    """Shares of 1 with their 95 % intervals, counts, seconds. Clips of silence are in none.

    `quantiles_s` are of all verdicts, right or wrong, each 5 % from the shortest time to the longest.
    """
    said = list(said)
    persons = [one for one in said if one.clip.label == Heard.PERSON]
    machines = [one for one in said if one.clip.label not in (Heard.PERSON, Heard.SILENCE)]
    lost, through = sum(map(_is_wrong, persons)), sum(map(_is_wrong, machines))
    times = [one.seconds for one in persons if one.person]
    return {
        "persons_lost": _share(lost, len(persons)),
        "persons_lost_95": _interval(persons),
        "machines_passed": _share(through, len(machines)),
        "machines_passed_95": _interval(machines),
        "median_s": _percentile(times, 50),
        "p95_s": _percentile(times, 95),
        "counts": {
            "persons": len(persons),
            "persons_lost": lost,
            "machines": len(machines),
            "machines_passed": through,
            "unheard": sum(one.as_what.startswith(UNHEARD) for one in said),
        },
        "quantiles_s": {"persons": _quantiles(persons), "machines": _quantiles(machines)},
        "kinds": {kind: _kind([one for one in said if one.clip.kind == kind]) for kind in _kinds(said)},
    }


def benchmark(figures: dict[str, Any]) -> Benchmark:
    """What the pacer takes of `figures`. Raises `KeyError`, `TypeError` for anything else."""
    counts, seconds = figures["counts"], figures["quantiles_s"]
    return Benchmark(
        Trials(counts["persons"], counts["persons_lost"], tuple(seconds["persons"])),
        Trials(counts["machines"], counts["machines_passed"], tuple(seconds["machines"])),
    )


def _is_wrong(one: Said) -> bool:
    """Whether it is a person who was lost, or a machine that passed."""
    return one.person != (one.clip.label in (Heard.PERSON, Heard.SILENCE))


def _kinds(said: Sequence[Said]) -> list[str]:
    return list(dict.fromkeys(one.clip.kind for one in said))


def _kind(said: Sequence[Said]) -> dict[str, object]:
    """One kind: `wrong` are persons lost, or machines passed."""
    wrong = sum(map(_is_wrong, said))
    times = [one.seconds for one in said]
    return {
        "label": said[0].clip.label,
        "clips": len(said),
        "wrong": wrong,
        "median_s": _percentile(times, 50),
        "p95_s": _percentile(times, 95),
    }


def _share(some: int, all_: int) -> float | None:
    return round(some / all_, 4) if all_ else None


def _interval(said: Sequence[Said]) -> list[float] | None:
    """The interval that holds the true share of wrong ones in 95 of 100 such samples.

    Many clips share a text or a voice, and what is lost once of these is lost often. So it is the widest that
    Wilson's formula says, which takes clips for independent, and bootstraps over texts and over voices.
    """
    if not said:
        return None
    found = [
        _wilson(sum(map(_is_wrong, said)), len(said)),
        _bootstrap(said, lambda clip: [text.lower().strip("?!. ") for text in clip.texts[:1]]),
        _bootstrap(said, lambda clip: clip.voices[:1]),
    ]
    return [round(min(low for low, _ in found), 4), round(max(high for _, high in found), 4)]


def _bootstrap(said: Sequence[Said], group: Callable[[Clip], Sequence[str]]) -> tuple[float, float]:
    """By drawing whole groups; a clip that has none is one of its own."""
    groups: dict[object, list[bool]] = {}
    for number, one in enumerate(said):
        groups.setdefault(tuple(group(one.clip)) or number, []).append(_is_wrong(one))
    wrong, clips = np.array([(sum(each), len(each)) for each in groups.values()]).T
    drawn = np.random.default_rng(1).integers(len(groups), size=(_DRAWN, len(groups)))
    low, high = np.percentile(wrong[drawn].sum(axis=1) / clips[drawn].sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def _wilson(some: int, all_: int) -> tuple[float, float]:
    share, spread = some / all_, _Z * _Z / all_
    middle = share + spread / 2
    half = _Z * math.sqrt(share * (1 - share) / all_ + spread / 4 / all_)
    return max(0.0, (middle - half) / (1 + spread)), (middle + half) / (1 + spread)


def _quantiles(said: Sequence[Said]) -> list[float]:
    times = [one.seconds for one in said]
    return [round(float(each), 2) for each in np.percentile(times, range(0, 101, _STEP))] if times else []


def _percentile(times: Sequence[float], percent: int) -> float | None:
    return round(float(np.percentile(times, percent)), 3) if times else None
