"""`AMD()` of a real Asterisk on the corpus: as it comes, and at its best."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence

from bench._clip_make import Clip
from bench._player import Player, Settings
from bench._rig import AMD_DEFAULTS
from bench._verdicts import Said
from dialplan.render import AMD
from sounds.screening import Heard

AMD_TUNED: Settings = dict(zip(AMD_DEFAULTS, AMD, strict=True))
"""What the dialplan uses: the best of 5,392 settings on the tuning part, seed 1, tried with the algorithm of
`AMD()` instead of an Asterisk. Of 400 persons 38 are lost, of 392 machines 52 pass."""

AMD_AS_OURS: Settings = dict(zip(AMD_DEFAULTS, (5000, 3000, 1600, 7000, 20, 80, 10, 1024, 2000), strict=True))
"""The best where as many machines may pass as pass ours, 93: 23 are lost, 82 pass."""

_STEPS: dict[str, tuple[int, ...]] = {
    "initial_silence": (2000, 2500, 3000, 3500, 4000, 5000),
    "greeting": (1000, 1500, 2000, 2500, 3000, 3500),
    "after_greeting_silence": (300, 400, 500, 600, 700, 800, 1000, 1200, 1400, 1600, 2000),
    "total_analysis_time": (3000, 4000, 5000, 6000, 7000),
    "min_word_length": (20, 40, 60, 80, 100, 120, 160, 200, 300),
    "between_words_silence": (40, 50, 80, 100, 150, 200),
    "maximum_number_of_words": (2, 3, 4, 5, 6, 8, 10, 20),
    "silence_threshold": (64, 128, 256, 384, 512, 768, 1024),
    "maximum_word_length": (800, 1200, 1600, 2000, 3000, 5000),
}
_DRAWN, _KEPT, _ROUNDS = 60, 8, 6
_SAMPLE = 250  # clips that are enough to see which settings are worth a closer look

Score = tuple[float, int, int]
"""Machines passed beyond what is allowed, persons lost, machines passed: the lowest is the best."""


def errors(said: Sequence[Said]) -> tuple[int, int]:
    """Persons lost, machines passed."""
    lost = sum(one.clip.label == Heard.PERSON and not one.person for one in said)
    through = sum(one.clip.label not in (Heard.PERSON, Heard.SILENCE) and one.person for one in said)
    return lost, through


class Search:
    """For the settings of `AMD()` that lose the fewest persons while no more machines pass than are allowed.

    Drawn at random and tried on some of the clips; the best on all of them; then step by step from the best
    one, a setting at a time, as long as that helps. The same settings are not tried twice.
    """

    def __init__(
        self, player: Player, clips: Sequence[Clip], seed: int, known: Sequence[Settings] = ()
    ) -> None:
        """`known`: settings that may not be worse than what is found, whatever the luck of the draw."""
        rng = random.Random(seed)
        self._player, self._clips = player, clips
        self._some = rng.sample(list(clips), min(_SAMPLE, len(clips)))
        drawn = [{key: rng.choice(steps) for key, steps in _STEPS.items()} for _ in range(_DRAWN)]
        self._drawn: list[Settings] = [AMD_DEFAULTS, *drawn]
        self._known = known
        self._tried: dict[tuple[int, ...], tuple[int, int]] = {}

    async def passed(self, settings: Settings) -> float:
        """The share of the machines that pass."""
        return (await self._errors(settings, self._clips))[1] / _machines(self._clips)

    async def best(self, allowed: float) -> Settings:
        """`allowed`: the share of the machines that may pass."""
        first = await self._scores(self._drawn, self._some, allowed)
        kept = [*(one for _, one in first[:_KEPT]), *self._known]
        best, settings = (await self._scores(kept, self._clips, allowed))[0]
        for _ in range(_ROUNDS):
            print(f"tuning AMD: (over, lost, passed) {best} {dict(settings)}", file=sys.stderr)
            found, better = (await self._scores(_neighbours(settings), self._clips, allowed))[0]
            if found >= best:
                break
            best, settings = found, better
        return settings

    async def _scores(
        self, candidates: Sequence[Settings], on: Sequence[Clip], allowed: float
    ) -> list[tuple[Score, Settings]]:
        """The best first."""

        async def score(settings: Settings) -> Score:
            lost, through = await self._errors(settings, on)
            return round(max(0.0, through - allowed * _machines(on)), 3), lost, through

        found = await asyncio.gather(*map(score, candidates))
        return sorted(zip(found, candidates, strict=True), key=lambda pair: pair[0])

    async def _errors(self, settings: Settings, on: Sequence[Clip]) -> tuple[int, int]:
        trial = (len(on), *settings.values())
        if trial not in self._tried:
            self._tried[trial] = errors(await self._player.amd(on, settings))
        return self._tried[trial]


def _machines(clips: Sequence[Clip]) -> int:
    return sum(clip.label not in (Heard.PERSON, Heard.SILENCE) for clip in clips)


def _neighbours(settings: Settings) -> list[Settings]:
    """One setting a step lower or higher."""
    near: list[Settings] = []
    for key, steps in _STEPS.items():
        at = steps.index(settings[key])
        near += [{**settings, key: steps[n]} for n in (at - 1, at + 1) if 0 <= n < len(steps)]
    return near
