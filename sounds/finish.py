"""A WAV file made fit for the telephone: trimmed, level-matched, at 8 and 16 kHz.

In a worker process or on the command line alone: it takes too long beside the event loop.
"""

from __future__ import annotations

import io
import math
import os
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub asks for ffmpeg, which WAV does not need
    import audioop  # from Python 3.13 on that of audioop-lts

    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError
    from pydub.generators import Sine
    from pydub.silence import detect_leading_silence

RECIPE = 2
"""Raised when the way of finishing changes, so that every file counts as stale."""

EXTENSIONS = {8000: ".wav", 16000: ".wav16"}
"""Samples a second to the end of the name, by which Asterisk picks what suits the call's codec best."""

BAND = {8000: 3400, 16000: 7000}
"""What is left below half of the rate, Hz; without the filter the lower rate would alias."""

LEVEL = -20.0
"""Loudness of every prompt, dBFS (RMS)."""

HALF_TAPS = 32
"""Of the low-pass filter: some 50 dB down within 1.2 kHz at 22 kHz."""

MARGIN_MS = 60
SILENCE_DBFS = -42.0
PEAK_DBFS = -1.0


class BadSound(Exception):
    """Not a sound that can be used: no WAV, or nothing but silence."""


def finish(
    spoken: bytes, rates: Iterable[int] = tuple(EXTENSIONS), *, hum: bool = False
) -> dict[int, AudioSegment]:
    """By rate: 16-bit mono, silence cut at both ends, RMS at `LEVEL`, peaks under `PEAK_DBFS`.

    `hum` takes out what is under 120 Hz, which only a recording can have. Raises `BadSound`.
    """
    try:
        sound = AudioSegment.from_wav(io.BytesIO(spoken))
    except (CouldntDecodeError, EOFError, ValueError, IndexError) as error:
        raise BadSound(f"no WAV file: {error}") from None
    sound = sound.set_channels(1).set_sample_width(2).remove_dc_offset()
    if not len(sound) or sound.max_dBFS < SILENCE_DBFS:
        raise BadSound("nothing but silence")
    return {rate: _finish(sound, rate, hum) for rate in rates}


def tone(hz: int, ms: int, rates: Iterable[int]) -> dict[int, AudioSegment]:
    """A plain tone at `LEVEL` by rate; `hz` 0 is silence."""
    if not hz:
        return {rate: AudioSegment.silent(ms, rate) for rate in rates}
    plain = {rate: Sine(hz, sample_rate=rate).to_audio_segment(ms) for rate in rates}
    return {
        rate: sound.apply_gain(LEVEL - sound.dBFS).fade_in(5).fade_out(10) for rate, sound in plain.items()
    }


def _finish(sound: AudioSegment, rate: int, hum: bool) -> AudioSegment:
    band = min(BAND[rate], 0.43 * sound.frame_rate)
    if sound.frame_rate < rate:
        sound = _low_pass(sound.set_frame_rate(rate), band)
    else:
        sound = _low_pass(sound, band).set_frame_rate(rate)
    if hum:
        sound = sound.high_pass_filter(120)
    sound = sound.apply_gain(LEVEL - sound.dBFS)
    start = detect_leading_silence(sound, SILENCE_DBFS, chunk_size=5)
    end = detect_leading_silence(sound.reverse(), SILENCE_DBFS, chunk_size=5)
    sound = sound[max(0, start - MARGIN_MS) : len(sound) - max(0, end - MARGIN_MS)]
    sound = sound.apply_gain(min(LEVEL - sound.dBFS, PEAK_DBFS - sound.max_dBFS))
    return sound.fade_in(5).fade_out(10)


def _low_pass(sound: AudioSegment, hz: float) -> AudioSegment:
    """A windowed sinc as a sum of shifted copies: pydub's own filter takes many times as long."""
    share, places = 2 * hz / sound.frame_rate, range(-HALF_TAPS, HALF_TAPS + 1)
    taps = [
        share * (math.sin(math.pi * share * at) / (math.pi * share * at) if at else 1.0)
        * (0.54 + 0.46 * math.cos(math.pi * at / HALF_TAPS))
        for at in places
    ]  # fmt: skip
    wide = audioop.lin2lin(sound.raw_data, 2, 4)
    edge = bytes(4 * HALF_TAPS)
    padded, total = edge + wide + edge, bytes(len(wide))
    for index, tap in enumerate(taps):
        total = audioop.add(total, audioop.mul(padded[4 * index : 4 * index + len(wide)], 4, tap), 4)
    return sound._spawn(audioop.lin2lin(total, 4, 2))


def write(sounds: dict[int, AudioSegment], stem: Path) -> None:
    """`stem` with each rate's extension, each whole or not at all; the 8 kHz file comes last."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for rate in sorted(sounds, reverse=True):
        descriptor, partial = tempfile.mkstemp(dir=stem.parent, prefix=".partial-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                sounds[rate].export(file, format="wav")
                os.fchmod(file.fileno(), 0o644)  # Asterisk is another user
            Path(partial).replace(stem.with_name(stem.name + EXTENSIONS[rate]))
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
