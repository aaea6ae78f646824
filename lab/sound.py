"""Sounds in memory: 8 kHz, mono, 16 bits; read from and written to WAV files."""

from __future__ import annotations

import audioop
import wave
from pathlib import Path

RATE = 8000
QUIET = 200.0
"""RMS below which nobody speaks."""
_FRAME_BYTES = RATE // 50 * 2


def read(path: Path) -> bytes:
    """A WAV file's sound; also one whose header was never finished. Raises `OSError`, `wave.Error`."""
    with wave.open(str(path)) as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        sound: bytes = file.readframes(file.getnframes() or 1 << 30)
    if channels == 2:
        sound = audioop.tomono(sound, width, 0.5, 0.5)
    if width != 2:
        sound = audioop.lin2lin(sound, width, 2)
    if rate != RATE:
        sound, _ = audioop.ratecv(sound, 2, 1, rate, RATE, None)
    return sound


def write(path: Path, sound: bytes | bytearray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound)


def seconds_above_silence(sound: bytes | bytearray) -> float:
    """For how long the sound is louder than silence, in frames of 20 ms."""
    starts = range(0, len(sound) - _FRAME_BYTES + 1, _FRAME_BYTES)
    return 0.02 * sum(audioop.rms(sound[at : at + _FRAME_BYTES], 2) > QUIET for at in starts)
