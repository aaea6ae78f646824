"""Is a frame a pure tone, and of how many hertz.

`audioop` correlates in C for a third of a microsecond; a Fourier transform by numpy takes 8 us,
and numpy would be needed by nothing else at run time.
"""

from __future__ import annotations

import math
import warnings
from array import array

from sounds.screening.verdict import RATE

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop  # from Python 3.13 on that of audioop-lts

LOWEST, HIGHEST, STEP = 300, 2300, 25
"""Hz: where tones are looked for, and in what steps."""

PURE = 0.8
"""This share of the frame's energy lies in the tone."""

_NOISE = 0.1  # of a tone's energy may be noise, or it is not looked at closely


def _wave(hz: int, phase: float) -> bytes:
    return array(
        "h", (round(16000 * math.cos(2 * math.pi * hz * n / RATE + phase)) for n in range(160))
    ).tobytes()


_WAVES = [(_wave(hz, 0.0), _wave(hz, math.pi / 2)) for hz in range(LOWEST, HIGHEST + STEP, STEP)]


def _power(frame: bytes, index: int) -> float:
    """Mean square of the part of `frame` that swings at the step's frequency."""
    cosine, sine = _WAVES[index]
    return (audioop.findfactor(frame, cosine) ** 2 + audioop.findfactor(frame, sine) ** 2) * 1.28e8


def pitch(frame: bytes, rms: int) -> float:
    """Frequency of the pure tone that a frame is, Hz; 0.0 when it is none. `rms` is the frame's own."""
    # A tone obeys x[n-1] + x[n+1] = 2 cos(w) x[n]; that costs 1 us and leaves few frames for a closer look.
    half = audioop.mul(frame, 2, 0.5)
    around, middle = audioop.add(half[4:], half[:-4], 2), half[2:-2]
    factor = audioop.findfactor(around, middle)
    if not -2.0 < factor < 2.0:
        return 0.0
    back = audioop.findfactor(middle, around)
    if abs(factor) < 0.2:  # about 2 kHz: the two are at right angles there, and say nothing of noise
        noise = 0.0
    else:
        noise = abs(factor / back) * (1 - factor * back) / (2 + factor * factor) if back else 1.0
    if noise > _NOISE:
        return 0.0
    index = round((math.acos(factor / 2) * RATE / (2 * math.pi) - LOWEST) / STEP)
    return _closer(frame, rms, index)


def _closer(frame: bytes, rms: int, index: int) -> float:
    last = len(_WAVES) - 1
    if not -2 <= index <= last + 2:
        return 0.0
    index = min(max(index, 1), last - 1)
    powers = {at: _power(frame, at) for at in (index - 1, index, index + 1)}
    while (best := max(powers, key=powers.__getitem__)) != index:  # noise moves the first guess upwards
        index = best
        if not 1 <= index < last:
            return 0.0
        for at in (index - 1, index + 1):
            if at not in powers:
                powers[at] = _power(frame, at)
    if powers[index] < PURE * rms * rms:
        return 0.0
    below, top, above = (math.sqrt(powers[at]) for at in (index - 1, index, index + 1))
    bend = below - 2 * top + above
    return LOWEST + STEP * (index + (0.5 * (below - above) / bend if bend else 0.0))
