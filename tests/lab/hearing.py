"""What is in a recording."""

from __future__ import annotations

import wave
from pathlib import Path

import webrtcvad

from lab.hearing import hear
from sounds.catalogue import sounds_dir

_FRAME = 160  # samples: 20 ms at 8 kHz


def seconds_of_speech(recording: Path) -> float:
    """How long somebody speaks, as webrtcvad hears it."""
    with wave.open(str(recording)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        sound = file.readframes(file.getnframes())
    vad = webrtcvad.Vad(3)
    frames = (sound[at : at + 2 * _FRAME] for at in range(0, len(sound) - 2 * _FRAME + 1, 2 * _FRAME))
    return 0.02 * sum(1 for frame in frames if vad.is_speech(frame, 8000))


def said(recording: Path | None, prompt: str) -> bool:
    """Whether the Russian prompt of that name was heard, if there is a recording at all."""
    return recording is not None and bool(hear(recording, sounds_dir() / "ru" / f"{prompt}.wav"))
