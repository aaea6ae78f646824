"""`AMD()` of a real Asterisk on the corpus: as it comes, and at its best."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench._clip_make import Clip
from bench._rig import AMD_DEFAULTS, Heard, Rig
from bench._verdicts import Said
from sounds.screening import Heard as Label

Settings = Mapping[str, int]

AMD_TUNED: Settings = {
    "initial_silence": 3000,
    "greeting": 2000,
    "after_greeting_silence": 1200,
    "total_analysis_time": 7000,
    "min_word_length": 60,
    "between_words_silence": 80,
    "maximum_number_of_words": 6,
    "silence_threshold": 512,
    "maximum_word_length": 3000,
}
"""What `tune` found on the tuning part of the whole corpus, seed 1."""

_STEPS: dict[str, tuple[int, ...]] = {
    "initial_silence": (2000, 2500, 3000, 3500, 4000, 5000),
    "greeting": (1000, 1500, 2000, 2500, 3000, 3500),
    "after_greeting_silence": (300, 400, 500, 600, 700, 800, 1000, 1200),
    "total_analysis_time": (3000, 4000, 5000, 6000, 7000),
    "min_word_length": (60, 80, 100, 120, 160, 200, 300),
    "between_words_silence": (40, 50, 80, 100, 150, 200),
    "maximum_number_of_words": (2, 3, 4, 5, 6, 8, 20),
    "silence_threshold": (64, 128, 256, 384, 512, 768, 1024),
    "maximum_word_length": (800, 1200, 1600, 2000, 3000, 5000),
}
_DRAWN, _KEPT, _ROUNDS = 60, 8, 4
_SAMPLE = 250  # clips that are enough to see which settings are worth a closer look


class Player:
    """The clips in a rig, `at_once` at a time."""

    def __init__(self, rig: Rig, at_once: int) -> None:
        self._rig = rig
        self._free = asyncio.Semaphore(at_once)
        self._names: dict[str, str] = {}

    async def add(self, clips: Sequence[Clip]) -> None:
        for clip in clips:
            if clip.file not in self._names:
                self._names[clip.file] = f"c{len(self._names)}"
                await asyncio.to_thread(self._rig.add, self._names[clip.file], Path(clip.file))

    async def amd(self, clips: Sequence[Clip], settings: Settings) -> list[Said]:
        """What it says of each. Whom it is not sure of goes on as a person."""

        async def one(clip: Clip) -> Said:
            async with self._free:
                heard: Heard = await self._rig.amd(self._names[clip.file], settings)
            return Said(clip, heard.status != "MACHINE", heard.seconds, heard.cause)

        return list(await asyncio.gather(*map(one, clips)))


def errors(said: Sequence[Said]) -> tuple[int, int]:
    """Persons lost, machines passed."""
    lost = sum(one.clip.label == Label.PERSON and not one.person for one in said)
    through = sum(one.clip.label not in (Label.PERSON, Label.SILENCE) and one.person for one in said)
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
    first = await scores([AMD_DEFAULTS, *drawn], some, allowed)
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
