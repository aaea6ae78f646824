"""Is a frame a tone of a telephone network or a machine, and of how many hertz.

`audioop` correlates in C for a third of a microsecond; a Fourier transform by numpy takes 8 us,
and numpy would be needed by nothing else at run time.
"""

from __future__ import annotations

import math
import warnings
from array import array
from operator import mul

from sounds.screening.verdict import FRAME_BYTES, RATE

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop  # from Python 3.13 on that of audioop-lts

LOWEST, HIGHEST, STEP = 300, 2300, 25
"""Hz: where tones are looked for, and in what steps."""

PAIRS = ((350, 440), (400, 450), (440, 480), (480, 620))
"""Hz: dial tone of the United States, British ringback, their own ringback and busy tone."""

PURE = 0.9
"""This share of a frame's energy lies in the tone."""

_NOISE = 0.1  # of a tone's energy may be noise, or it is not looked at closely
_LOW = 1.6  # this factor and more have all pairs, some noise included
_AMPLITUDE = 16000
_SAMPLES = FRAME_BYTES // 2


def _wave(hz: int, phase: float) -> list[float]:
    return [math.cos(2 * math.pi * hz * n / RATE + phase) for n in range(_SAMPLES)]


def _table(wave: list[float]) -> tuple[bytes, float]:
    """A wave as samples, and its mean square."""
    scale = _AMPLITUDE / max(map(abs, wave))
    samples = array("h", (round(scale * value) for value in wave))
    return samples.tobytes(), sum(map(mul, samples, samples)) / _SAMPLES


def _span(*hertz: int) -> tuple[tuple[bytes, float], ...]:
    """Waves at right angles to each other that add up to all tones of these frequencies."""
    basis: list[list[float]] = []
    for wave in (_wave(hz, phase) for hz in hertz for phase in (0.0, math.pi / 2)):
        rest = wave
        for other in basis:
            share = sum(map(mul, rest, other)) / sum(map(mul, other, other))
            rest = [one - share * two for one, two in zip(rest, other, strict=True)]
        basis.append(rest)
    return tuple(_table(wave) for wave in basis)


_SINGLE = [_span(hz) for hz in range(LOWEST, HIGHEST + STEP, STEP)]
_DOUBLE = [_span(*pair) for pair in PAIRS]


def _power(frame: bytes, span: tuple[tuple[bytes, float], ...]) -> float:
    """Mean square of the part of `frame` that lies in `span`."""
    return sum(audioop.findfactor(frame, wave) ** 2 * square for wave, square in span)


def tone(frame: bytes, rms: int) -> tuple[int, ...]:
    """The frequencies, Hz, of the tone or pair of tones that a frame is; empty when it is neither.

    `frame` is 20 ms; `rms` its own.
    """
    # A tone obeys x[n-1] + x[n+1] = 2 cos(w) x[n]; that costs 1 us and leaves few frames for a closer look.
    half = audioop.mul(frame, 2, 0.5)
    around, middle = audioop.add(half[4:], half[:-4], 2), half[2:-2]
    factor = audioop.findfactor(around, middle)
    if not -2.0 < factor < 2.0:
        return ()
    back = audioop.findfactor(middle, around)
    # near 2 kHz the two are at right angles, and say nothing of noise
    if abs(factor) < 0.2 or (back and factor / back * (1 - factor * back) < _NOISE * (2 + factor * factor)):
        guess = (math.acos(factor / 2) * RATE / (2 * math.pi) - LOWEST) / STEP
        if hz := _closer(frame, rms, round(guess)):
            return (hz,)
    if factor > _LOW:
        for pair, span in zip(PAIRS, _DOUBLE, strict=True):
            if _power(frame, span) >= PURE * rms * rms:
                return pair
    return ()


def _closer(frame: bytes, rms: int, index: int) -> int:
    """From step `index` on, which noise moves upwards, to the one with most power; finer by a parabola."""
    last = len(_SINGLE) - 1
    powers: dict[int, float] = {}
    for _ in range(8):
        if not 1 <= index < last:
            return 0
        for at in (index - 1, index, index + 1):
            if at not in powers:
                powers[at] = _power(frame, _SINGLE[at])
        best = max(index - 1, index, index + 1, key=powers.__getitem__)
        if best == index:
            break
        index = best
    else:
        return 0
    below, top, above = (math.sqrt(powers[at]) for at in (index - 1, index, index + 1))
    bend = below - 2 * top + above
    off = 0.5 * (below - above) / bend if bend else 0.0
    # half a step beside the table's wave costs a tone 19 % of its power
    if powers[index] * (1 + 0.94 * off * off) < PURE * rms * rms:
        return 0
    return round(LOWEST / 5 + STEP / 5 * (index + off)) * 5
