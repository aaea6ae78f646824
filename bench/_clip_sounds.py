"""Noise, music, tones and the line, as numpy arrays: 8 kHz, 1.0 is full scale. Pure: all chance is `rng`."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop  # from Python 3.13 on that of audioop-lts

RATE = 8000
FRAME = 160
"""Samples of a packet: 20 ms."""

Samples = NDArray[np.float64]


def silence(seconds: float) -> Samples:
    return np.zeros(max(0, round(seconds * RATE)))


def decibels(level: float) -> float:
    """A level in dB as a factor of amplitude."""
    return float(10 ** (level / 20))


def loudness(sound: Samples) -> float:
    """Level in dBov (0: a full-scale square wave) of the frames that are not far below the loudest."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = (frames**2).mean(axis=1)
    if not len(power) or power.max() <= 0:
        return -100.0
    return 10 * math.log10(power[power > power.max() / 100].mean())


def at_level(sound: Samples, level: float) -> Samples:
    """The sound with the loudness `level`, dBov."""
    return sound * decibels(level - loudness(sound)) if sound.any() else sound


def resample(sound: Samples, rate: float) -> Samples:
    """From `rate` to 8 kHz, by its spectrum: nothing folds back."""
    wanted = round(len(sound) * RATE / rate)
    spectrum = np.fft.rfft(sound)
    cut = np.zeros(wanted // 2 + 1, dtype=complex)
    kept = min(len(cut), len(spectrum))
    cut[:kept] = spectrum[:kept]
    return np.fft.irfft(cut, wanted) * (wanted / len(sound))


def shaped(sound: Samples, points: list[tuple[float, float]]) -> Samples:
    """Filtered: gain in dB at frequencies in Hz, straight lines between them."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = np.interp(hertz, [f for f, _ in points], [g for _, g in points])
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(sound))


def tone(seconds: float, *hertz: float) -> Samples:
    """Pure tones at once, with soft edges of 2 ms."""
    t = np.arange(round(seconds * RATE)) / RATE
    sound = sum((np.sin(2 * np.pi * f * t) for f in hertz), np.zeros(len(t))) / max(1, len(hertz))
    edge = min(16, len(sound) // 2)
    if edge:
        sound[:edge] *= np.linspace(0, 1, edge)
        sound[-edge:] *= np.linspace(1, 0, edge)
    return np.asarray(sound)


def cadence(seconds: float, on: float, off: float, *hertz: float) -> Samples:
    """A tone that comes and goes."""
    period = np.concatenate([tone(on, *hertz), silence(off)])
    return np.tile(period, math.ceil(seconds * RATE / len(period)))[: round(seconds * RATE)]


def coloured(seconds: float, slope: float, rng: Generator) -> Samples:
    """Noise that falls by `slope` dB per octave above 100 Hz: 0 is white, 3 pink, 6 brown."""
    samples = max(2, round(seconds * RATE))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 1.0)
    gain = decibels(1) ** (-slope * np.log2(np.maximum(hertz, 100) / 100)) * np.minimum(1, hertz / 60)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * gain, samples)
    return np.asarray(noise / np.abs(noise).max())


def car(seconds: float, rng: Generator) -> Samples:
    """Inside a car: tyres and wind, with the engine's harmonics."""
    t = np.arange(round(seconds * RATE)) / RATE
    engine = rng.uniform(60, 110) * (1 + 0.05 * np.sin(2 * np.pi * rng.uniform(0.05, 0.3) * t))
    phase = 2 * np.pi * np.cumsum(engine) / RATE
    harmonics = sum((np.sin(k * phase) / k for k in (1, 2, 3, 4, 6)), np.zeros(len(t)))
    return coloured(seconds, 6, rng) + 0.15 * harmonics


def street(seconds: float, rng: Generator) -> Samples:
    """Traffic: a rumble that swells with every car that passes, now and then a horn."""
    t = np.arange(round(seconds * RATE)) / RATE
    swell = np.full(len(t), 0.4)
    for _ in range(rng.poisson(seconds / 3) + 1):
        passes, long = rng.uniform(0, seconds), rng.uniform(0.5, 1.5)
        swell += rng.uniform(0.3, 1.5) * np.exp(-(((t - passes) / long) ** 2))
    noise = swell * coloured(seconds, rng.uniform(2, 4), rng)
    if rng.random() < 0.25:
        horn = tone(rng.uniform(0.2, 0.7), rng.uniform(350, 450), rng.uniform(450, 550))
        at = int(rng.integers(0, max(1, len(t) - len(horn))))
        noise[at : at + len(horn)] += 0.5 * horn[: len(noise) - at]
    return noise


def music(seconds: float, rng: Generator) -> Samples:
    """Chords, a tune above them and, mostly, a drum."""
    beat = 60 / rng.uniform(70, 150)
    root, minor = rng.uniform(110, 220), rng.random() < 0.5
    chords = [(0, 4, 7), (5, 9, 12), (-3, 0, 4), (7, 11, 14)]
    scale = [0, 2, 4, 7, 9, 12]
    if minor:
        chords, scale = [(0, 3, 7), (-4, 0, 3), (-2, 2, 5), (5, 8, 12)], [0, 3, 5, 7, 10, 12]
    partials, drum = int(rng.integers(1, 7)), rng.random() < 0.7
    sound = silence(seconds + 4 * beat)

    def play(at: float, note: float, long: float, loud: float) -> None:
        t = np.arange(round(long * RATE)) / RATE
        hertz = root * 2 ** (note / 12)
        each = (np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, partials + 1))
        wave = sum(each, np.zeros(len(t)))
        wave = wave * np.minimum(1, t / 0.01) * np.exp(-2.5 * t / long) * loud
        start = round(at * RATE)
        end = min(len(sound), start + len(wave))
        sound[start:end] += wave[: max(0, end - start)]

    at = -float(rng.uniform(0, beat)) + beat
    beats = 0
    while at < seconds:
        if beats % 4 == 0:
            for note in chords[beats // 4 % 4]:
                play(at, note, 4 * beat, 0.4)
        if rng.random() < 0.8:
            play(at, 12 + rng.choice(scale), beat * float(rng.choice([0.5, 1, 2])), 0.7)
        if drum:
            hit = rng.standard_normal(400) * np.exp(-np.arange(400) / 80)
            start = round(at * RATE)
            sound[start : start + 400] += 0.5 * hit[: len(sound) - start]
        at += beat
        beats += 1
    return sound[: round(seconds * RATE)]


def lost(sound: Samples, share: float, burst: float, *, repeat: bool, rng: Generator) -> Samples:
    """Packets fall out in bursts of `burst` on average: silence in their place, or the last one, fading."""
    sound = sound.copy()
    gone, fade = False, 1.0
    for at in range(FRAME, len(sound) - FRAME + 1, FRAME):
        gone = rng.random() < (1 - 1 / burst if gone else share / burst / (1 - share))
        if not gone:
            fade = 1.0
            continue
        fade *= 0.7
        last = sound[at - FRAME : at]
        sound[at : at + FRAME] = 0.7 * last if repeat and fade > 0.2 else 0.0
    return sound


def pcm(sound: Samples) -> bytes:
    """16-bit signed little-endian; what is too loud is clipped."""
    return np.clip(np.round(sound * 32768), -32768, 32767).astype("<i2").tobytes()


def samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def g711(sound: bytes, law: str) -> bytes:
    """There and back: `alaw` or `ulaw`."""
    if law == "alaw":
        return audioop.alaw2lin(audioop.lin2alaw(sound, 2), 2)
    return audioop.ulaw2lin(audioop.lin2ulaw(sound, 2), 2)
