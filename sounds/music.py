"""Music on hold of our own: a quiet peal of bells (*perezvon*), made from nothing but this file."""

from __future__ import annotations

import array
import math
import warnings
from collections.abc import Iterable
from pathlib import Path

from sounds.finish import write

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub asks for ffmpeg, which WAV does not need
    from pydub import AudioSegment

LEVEL = -27.0
"""Loudness, dBFS (RMS): under speech, so that an announcement stands out."""

BELLS = (1046.5, 880.0, 784.0, 659.3, 587.3, 523.3)
"""The pitches, Hz, highest first: a pentatonic scale, of which any two sound well together."""

PARTIALS = ((0.5, 0.35, 1.0), (1.0, 1.0, 1.6), (1.2, 0.25, 3.0), (1.5, 0.15, 4.0), (2.0, 0.3, 5.0))
"""What makes a tone a bell: share of the pitch, strength, decay a second."""

ROWS = ("012345", "543210", "021354", "203145", "230415", "324051", "342501", "435210")
"""The order of strikes, row by row; between rows the lowest bell rings alone."""

STRIKE_MS = 700
RING_MS = 4000


def compose(rate: int) -> AudioSegment:
    """About 40 s that can be repeated without a seam, 16-bit mono at `rate` samples a second."""
    bells = [_bell(pitch, rate) for pitch in BELLS]
    strikes = [index for row in ROWS for index in [*map(int, row), None, len(BELLS) - 1]]
    length = len(strikes) * STRIKE_MS
    peal = AudioSegment.silent(length + RING_MS, rate)
    for at, index in enumerate(strikes):
        if index is not None:
            peal = peal.overlay(bells[index], position=at * STRIKE_MS)
    whole = peal[:length].overlay(peal[length:])  # the last bells ring on over the first
    return whole.apply_gain(LEVEL - whole.dBFS)


def _bell(pitch: float, rate: int) -> AudioSegment:
    samples = array.array("h")
    for n in range(RING_MS * rate // 1000):
        second = n / rate
        value = sum(
            strength * math.exp(-decay * second) * math.sin(2 * math.pi * pitch * share * second)
            for share, strength, decay in PARTIALS
        )
        samples.append(round(3000 * value * min(1.0, second / 0.004)))
    sound = AudioSegment(samples.tobytes(), sample_width=2, frame_rate=rate, channels=1)
    return sound.fade_out(300)


def make(folder: Path, rates: Iterable[int]) -> None:
    """Write `perezvon` into `folder` at all `rates`."""
    write({rate: compose(rate) for rate in rates}, folder / "perezvon")
