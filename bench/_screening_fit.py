"""Learns `sounds/screening/weights.json`: `python -m bench._screening_fit [--clips 6400] [--seed 77]`.

From the tuning part alone. First every clip is screened with weights that were learnt from other texts and
other voices, and what follows is printed; then the weights are learnt from all of it and written. One
logistic regression for pauses and one for talk, with a ridge; a clip's frames weigh by the root of their
number.
"""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sounds.screening
from bench._clip_make import Clip
from bench._clips import corpus, load
from bench._verdicts import Said, figures
from bench.screening import screened
from lab import sound
from sounds.screening.cadence import Cadence
from sounds.screening.listener import Listener
from sounds.screening.odds import IN_PAUSE, NAMES, WEIGHTS, Weights, terms
from sounds.screening.talk import Talk
from sounds.screening.verdict import FRAME_BYTES, FRAME_S, Heard

Floats = NDArray[np.float64]

_FOLDS, _RIDGE, _STEPS = 3, 8.0, 12
_SECONDS, _QUIET = 8.0, 2.2
"""Learnt from is also what comes somewhat after any verdict: how talk goes on."""
_THIN = {True: 2, False: 5}  # of a pause's frames every second is learnt from, of talk's every fifth


@dataclass(frozen=True)
class Learnt:
    """One clip's frames with talk: `rows` of terms, whether each is `quiet`."""

    clip: Clip
    rows: Floats
    quiet: NDArray[np.bool_]


def learnt(clip: Clip) -> Learnt:
    talk, cadence, rows, quiet = Talk(), Cadence(), [], []
    data = sound.read(Path(clip.file))[: round(_SECONDS / FRAME_S) * FRAME_BYTES]
    for at, (frame, hertz) in enumerate(Listener().frames(data), 1):
        if cadence.add(hertz, frame.level):
            break
        talk.add(frame.level, frame.voice)
        if (facts := talk.facts()) is None:
            continue
        if facts.quiet >= _QUIET:
            break
        pause = facts.quiet >= IN_PAUSE
        if at % _THIN[pause] == 0:
            rows.append(terms(facts))
            quiet.append(pause)
    return Learnt(clip, np.array(rows).reshape(-1, len(NAMES)), np.array(quiet, bool))


def fit(of: Sequence[Learnt]) -> Weights:
    return Weights(*(_fit(of, quiet=quiet) for quiet in (True, False)))


def _fit(of: Iterable[Learnt], *, quiet: bool) -> list[float]:
    """Weights by Newton's method, on terms of mean 0 and spread 1."""
    parts = [(one.rows[one.quiet == quiet], len(one.rows), one.clip.label == Heard.PERSON) for one in of]
    x = np.concatenate([rows for rows, _, _ in parts])
    y = np.concatenate([np.full(len(rows), float(person)) for rows, _, person in parts])
    heavy = np.concatenate([np.full(len(rows), 3 / math.sqrt(max(6, count))) for rows, count, _ in parts])
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
    return [round(float(weight), 3) for weight in plain]


def fold(names: Sequence[str], clip: Clip) -> int:
    """By the first of its texts, or of its voices; tones have neither."""
    return sha256((names or (clip.file,))[0].encode()).digest()[0] % _FOLDS


def crossed(of: Sequence[Learnt]) -> list[Said]:
    """What is said of clips by weights learnt from clips of other folds, of texts and of voices alike."""
    folds = [(fold(one.clip.texts, one.clip), fold(one.clip.voices, one.clip)) for one in of]
    said: list[Said] = []
    with ProcessPoolExecutor() as pool:
        for text, voice in product(range(_FOLDS), repeat=2):
            others = [one for one, at in zip(of, folds, strict=True) if at[0] != text and at[1] != voice]
            left = [one.clip for one, at in zip(of, folds, strict=True) if at == (text, voice)]
            said += pool.map(partial(screened, weights=fit(others)), left, chunksize=16)
    return said


def main() -> None:
    parser = ArgumentParser("python -m bench._screening_fit", description=__doc__)
    parser.add_argument("--clips", type=int, default=6400, help="size of the corpus, both parts (6400)")
    parser.add_argument("--seed", type=int, default=77)
    options = parser.parse_args()
    clips = load(corpus(options.clips, options.seed))
    wanted = [clip for clip in clips if clip.part == "tuning" and clip.label != Heard.SILENCE]
    with ProcessPoolExecutor() as pool:
        known = list(pool.map(learnt, wanted, chunksize=16))
    print(json.dumps({"clips": len(known), **figures(crossed(known))}))
    write(fit(known))


def write(weights: Weights) -> None:
    told = {state: dict(zip(NAMES, of, strict=True)) for state, of in weights._asdict().items()}
    path = Path(sounds.screening.__file__).parent / WEIGHTS
    content = {"made by": "python -m bench._screening_fit", **told}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
