"""Which prompt is in a recording: the loudness over time of one is looked for in the other."""

from __future__ import annotations

import math
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from sounds.catalogue import sounds_dir

FRAME = 0.02  # seconds
_SILENCE = 30.0


@dataclass(frozen=True)
class Heard:
    """How surely (1 is certain) a prompt is in a recording, and at which second it begins."""

    likeness: float
    at: float


def hear(recording: Path, prompt: str | Path, language: str = "ru") -> Heard:
    """Where in the recording the prompt, by name or by file, is most likely."""
    file = prompt if isinstance(prompt, Path) else sounds_dir() / language / f"{prompt}.wav"
    sound = _loudness(recording)
    wanted = _loudness(file)
    shortest = len(wanted) // 3  # who hangs up early has heard a part
    best = Heard(-1.0, 0.0)
    for start in range(max(1, len(sound) - shortest)):
        part = sound[start : start + len(wanted)]
        likeness = _correlation(wanted[: len(part)], part)
        if likeness > best.likeness:
            best = Heard(likeness, start * FRAME)
    return best


def said(recording: Path | None, prompt: str) -> bool:
    """Whether the prompt was heard."""
    return recording is not None and hear(recording, prompt).likeness > 0.9


def _loudness(path: Path) -> list[float]:
    with wave.open(str(path)) as file:
        samples = array("h", file.readframes(file.getnframes()))
        step = round(file.getframerate() * FRAME)
    parts = (samples[at : at + step] for at in range(0, len(samples) - step + 1, step))
    return [math.log(_SILENCE + math.sqrt(sum(s * s for s in part) / step)) for part in parts]


def _correlation(a: list[float], b: list[float]) -> float:
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    spread_a = sum((x - mean_a) ** 2 for x in a)
    spread_b = sum((y - mean_b) ** 2 for y in b)
    if spread_a == 0 or spread_b == 0:
        return 0.0
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return both / math.sqrt(spread_a * spread_b)
