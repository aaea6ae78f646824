"""What was said of the clips of a corpus, as figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from bench._clip_make import Clip
from sounds.screening import Heard

_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Said:
    """`person`: the call went on as a person's. `seconds`: from the answer to that."""

    clip: Clip
    person: bool
    seconds: float
    as_what: str
    """The verdict's own word: of `Heard`, or `AMD()`'s cause."""


def passed(heard: Heard) -> bool:
    """Whether a verdict sends the call on as a person's; silence does, that nobody is lost."""
    return heard in (Heard.PERSON, Heard.SILENCE)


def figures(said: Iterable[Said]) -> dict[str, object]:
    """Shares of 1 with their 95 % intervals (Wilson), counts, seconds. Clips of silence are in none."""
    said = list(said)
    persons = [one for one in said if one.clip.label == Heard.PERSON]
    machines = [one for one in said if one.clip.label not in (Heard.PERSON, Heard.SILENCE)]
    lost, through = sum(not one.person for one in persons), sum(one.person for one in machines)
    times = [one.seconds for one in persons if one.person]
    return {
        "persons_lost": _share(lost, len(persons)),
        "persons_lost_95": _wilson(lost, len(persons)),
        "machines_passed": _share(through, len(machines)),
        "machines_passed_95": _wilson(through, len(machines)),
        "median_s": _percentile(times, 50),
        "p95_s": _percentile(times, 95),
        "counts": {
            "persons": len(persons),
            "persons_lost": lost,
            "machines": len(machines),
            "machines_passed": through,
        },
        "kinds": {kind: _kind([one for one in said if one.clip.kind == kind]) for kind in _kinds(said)},
    }


def _kinds(said: Sequence[Said]) -> list[str]:
    return list(dict.fromkeys(one.clip.kind for one in said))


def _kind(said: Sequence[Said]) -> dict[str, object]:
    """One kind: `wrong` are persons lost, or machines passed."""
    wrong = sum(one.person != (one.clip.label in (Heard.PERSON, Heard.SILENCE)) for one in said)
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


def _wilson(some: int, all_: int) -> list[float] | None:
    """The interval that holds the true share in 95 of 100 such samples."""
    if not all_:
        return None
    share, spread = some / all_, _Z * _Z / all_
    middle = share + spread / 2
    half = _Z * math.sqrt(share * (1 - share) / all_ + spread / 4 / all_)
    return [round(max(0.0, (middle + way * half) / (1 + spread)), 4) for way in (-1, 1)]


def _percentile(times: Sequence[float], percent: int) -> float | None:
    if not times:
        return None
    if len(times) == 1:
        return round(times[0], 3)
    return round(quantiles(times, n=100, method="inclusive")[percent - 1], 3)
