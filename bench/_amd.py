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
"""What the dialplan uses: the best that `tune` found on the tuning part, seed 1, and by further steps from
there. Of 400 persons 74 are lost, of 392 machines 49 pass."""

_STEPS: dict[str, tuple[int, ...]] = {
    "initial_silence": (2000, 2500, 3000, 3500, 4000, 5000),
    "greeting": (1000, 1500, 2000, 2500, 3000, 3500),
    "after_greeting_silence": (300, 400, 500, 600, 700, 800, 1000, 1200, 1600, 2000),
    "total_analysis_time": (3000, 4000, 5000, 6000, 7000),
    "min_word_length": (40, 60, 80, 100, 120, 160, 200, 300),
    "between_words_silence": (40, 50, 80, 100, 150, 200),
    "maximum_number_of_words": (2, 3, 4, 5, 6, 8, 20),
    "silence_threshold": (64, 128, 256, 384, 512, 768, 1024),
    "maximum_word_length": (800, 1200, 1600, 2000, 3000, 5000),
}
_DRAWN, _KEPT, _ROUNDS = 60, 8, 4
_SAMPLE = 250  # clips that are enough to see which settings are worth a closer look


def errors(said: Sequence[Said]) -> tuple[int, int]:
    """Persons lost, machines passed."""
    lost = sum(one.clip.label == Heard.PERSON and not one.person for one in said)
    through = sum(one.clip.label not in (Heard.PERSON, Heard.SILENCE) and one.person for one in said)
    return lost, through


async def tune(player: Player, clips: Sequence[Clip], seed: int) -> Settings:
    """The settings that lose the fewest persons while they pass no more machines than the defaults do.

    Drawn at random and tried on some of the clips; the best on all of them; then step by step from the best
    one, a setting at a time, as long as that helps.
    """
    rng = random.Random(seed)
    some = rng.sample(list(clips), min(_SAMPLE, len(clips)))

    async def score(settings: Settings, on: Sequence[Clip], allowed: int) -> tuple[int, int, int]:
        lost, through = errors(await player.amd(on, settings))
        return max(0, through - allowed), lost, through

    async def scores(
        candidates: Sequence[Settings], on: Sequence[Clip], allowed: int
    ) -> list[tuple[tuple[int, int, int], Settings]]:
        found = await asyncio.gather(*(score(one, on, allowed) for one in candidates))
        return sorted(zip(found, candidates, strict=True), key=lambda pair: pair[0])

    drawn: list[Settings] = [{key: rng.choice(steps) for key, steps in _STEPS.items()} for _ in range(_DRAWN)]
    allowed = errors(await player.amd(some, AMD_DEFAULTS))[1]
    first = await scores([AMD_DEFAULTS, AMD_TUNED, *drawn], some, allowed)
    allowed = errors(await player.amd(clips, AMD_DEFAULTS))[1]
    best, settings = (await scores([one for _, one in first[:_KEPT]], clips, allowed))[0]
    for _ in range(_ROUNDS):
        print(f"tuning AMD: (over, lost, passed) {best} {dict(settings)}", file=sys.stderr)
        found, better = (await scores(_neighbours(settings), clips, allowed))[0]
        if found >= best:
            break
        best, settings = found, better
    return settings


def _neighbours(settings: Settings) -> list[Settings]:
    """One setting a step lower or higher."""
    near: list[Settings] = []
    for key, steps in _STEPS.items():
        at = steps.index(settings[key])
        near += [{**settings, key: steps[n]} for n in (at - 1, at + 1) if 0 <= n < len(steps)]
    return near
