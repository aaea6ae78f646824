"""Sound to frames: level, voice, tone."""

from __future__ import annotations

import math
import warnings

import webrtcvad

from sounds.screening.tones import pitch
from sounds.screening.verdict import FRAME_BYTES, RATE, Frame

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop  # from Python 3.13 on that of audioop-lts

QUIET = -50.0
"""dBov: what is softer is nobody's voice."""

_MODE = 2  # of webrtcvad, from 0 (much is speech) to 3


class Listener:
    """Turns one call's sound into frames; what is left of a frame waits for its rest."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(_MODE)
        self._rest = b""

    def frames(self, sound: bytes) -> list[Frame]:
        if self._rest:
            sound = self._rest + sound
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        return [self._frame(sound[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES)]

    def _frame(self, sound: bytes) -> Frame:
        rms = audioop.rms(sound, 2)
        level = 20 * math.log10(rms / 32768) if rms else -100.0
        if level < QUIET:
            return Frame(level, False, "")
        voice = self._vad.is_speech(sound, RATE)
        hz = pitch(sound, rms)
        return Frame(level, voice and not hz, f"{hz:.0f}" if hz else "")
