"""Learns `sounds/screening/weights.json`: `python -m bench._screening_fit [--clips 4800] [--seed 77]`.

From the tuning part alone. First every talk is scored by weights that were learnt without its text (five
folds), and what follows is printed; then the weights are learnt from all of it and written. One logistic
regression for pauses and one for talk, with a ridge; a clip's frames weigh by the root of their number.
"""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sounds.screening
from bench._clip_make import Clip
from bench._clips import corpus, load
from lab import sound
from sounds.screening.cadence import Cadence
from sounds.screening.listener import Listener
from sounds.screening.odds import IN_PAUSE, NAMES, WEIGHTS, terms
from sounds.screening.talk import Talk
from sounds.screening.verdict import Heard

Floats = NDArray[np.float64]

LONG_QUIET = 1.5
"""Seconds: what comes after so long a pause decides nothing any more."""

_SECONDS = 6.4
_FOLDS, _RIDGE, _STEPS = 5, 8.0, 12
_THIN = {True: 4, False: 8}  # of a pause's frames every fourth is learnt from, of talk's every eighth


@dataclass(frozen=True)
class Learnt:
    """One clip's frames with talk: `rows` of terms, whether each is `quiet`."""

    clip: Clip
    rows: Floats
    quiet: NDArray[np.bool_]


def learnt(clip: Clip) -> Learnt:
    talk, cadence, rows, quiet = Talk(), Cadence(), [], []
    data = sound.read(Path(clip.file))[: int(_SECONDS * 16000)]
    for at, (frame, hertz) in enumerate(Listener().frames(data)):
        if cadence.add(hertz):
            break
        talk.add(frame.level, frame.voice)
        if (facts := talk.facts()) is None:
            continue
        pause = facts.quiet >= IN_PAUSE
        if at % _THIN[pause] == 0 or (pause and facts.quiet < 0.3 and at % 2 == 0):
            rows.append(terms(facts))
            quiet.append(pause)
        if facts.quiet >= LONG_QUIET:
            break
    return Learnt(clip, np.array(rows).reshape(-1, len(NAMES)), np.array(quiet, bool))


def fit(of: Iterable[Learnt], *, quiet: bool) -> Floats:
    """Weights by Newton's method, on terms of mean 0 and spread 1."""
    parts = [(one.rows[one.quiet == quiet], one.clip.label == Heard.PERSON) for one in of]
    x = np.concatenate([rows for rows, _ in parts])
    y = np.concatenate([np.full(len(rows), float(person)) for rows, person in parts])
    heavy = np.concatenate([np.full(len(rows), 3 / math.sqrt(max(6, len(rows)))) for rows, _ in parts])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    mean[0], spread[0] = 0, 1
    z, weights = (x - mean) / spread, np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[0] = 1e-3
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(z @ weights, -30, 30)))
        slope = z.T @ (heavy * (y - chance)) - ridge * weights
        bend = (z * (heavy * chance * (1 - chance))[:, None]).T @ z + np.diag(ridge)
        weights += np.linalg.solve(bend, slope)
    plain: Floats = weights / spread
    plain[0] = weights[0] - float((weights[1:] * mean[1:] / spread[1:]).sum())
    return plain


def fold(clip: Clip) -> int:
    return sha256((clip.texts or (clip.file,))[0].encode()).digest()[0] % _FOLDS


def crossed(of: list[Learnt]) -> dict[str, float]:
    """Mean cost in nats of a frame whose text was not learnt from; guessing costs 0.69."""
    costs: dict[str, list[float]] = {"quiet": [], "talking": []}
    for number in range(_FOLDS):
        others = [one for one in of if fold(one.clip) != number]
        for state, quiet in (("quiet", True), ("talking", False)):
            weights = fit(others, quiet=quiet)
            for one in (one for one in of if fold(one.clip) == number):
                odds = one.rows[one.quiet == quiet] @ weights
                sign = 1 if one.clip.label == Heard.PERSON else -1
                costs[state] += np.logaddexp(0, -sign * odds).tolist()
    return {f"{state}_nats": round(float(np.mean(cost)), 3) for state, cost in costs.items()}


def main() -> None:
    parser = ArgumentParser("python -m bench._screening_fit", description=__doc__)
    parser.add_argument("--clips", type=int, default=4800)
    parser.add_argument("--seed", type=int, default=77)
    options = parser.parse_args()
    clips = [clip for clip in load(corpus(options.clips, options.seed)) if clip.part == "tuning"]
    with ProcessPoolExecutor() as pool:
        known = list(pool.map(learnt, [clip for clip in clips if clip.label != Heard.SILENCE], chunksize=16))
    print(json.dumps({"clips": len(known), **crossed(known)}))
    write({"quiet": fit(known, quiet=True), "talking": fit(known, quiet=False)})


def write(weights: dict[str, Floats]) -> None:
    about = "python -m bench._screening_fit"
    told = {
        state: {name: round(float(w), 3) for name, w in zip(NAMES, of, strict=True)}
        for state, of in weights.items()
    }
    path = Path(sounds.screening.__file__).parent / WEIGHTS
    path.write_text(json.dumps({"made by": about, **told}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
