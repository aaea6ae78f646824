"""Sound to frames: level, voice, tone."""

from __future__ import annotations

import math
import warnings
from bisect import insort
from collections.abc import Iterator

import webrtcvad

from sounds.screening.tones import tone
from sounds.screening.verdict import FRAME_BYTES, RATE, SILENT, Frame

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop  # from Python 3.13 on that of audioop-lts

QUIET = -50.0
"""dBov: what is softer is nobody's voice."""

_ABOVE = (
    6.0  # dB over the line's noise a voice is; webrtcvad takes its first frames for voice whatever they are
)
_BELOW = (
    26.0  # dB under the loudest so far it still is; webrtcvad goes on for a tenth of a second after its end
)
_LOUD = -30.0  # dBov: no line's noise, but music, or a voice from the first moment on
_CODED = 8  # what A-law makes of digital silence
_MODE = 2  # of webrtcvad, from 0 (much is speech) to 3
_LEVELS = 250  # frames by which the line's noise is judged


class Listener:
    """Turns one call's sound into frames; what is left of a frame waits for its rest."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(_MODE)
        self._rest = b""
        self._levels: list[float] = []
        self._loudest = SILENT

    @property
    def noise(self) -> float:
        """dBov: what the quietest tenth of the frames so far stays under."""
        return self._levels[len(self._levels) // 10] if self._levels else SILENT

    def frames(self, sound: bytes) -> Iterator[tuple[Frame, tuple[int, ...]]]:
        """Whole frames of `sound` with their tones' frequencies, Hz, as they are asked for."""
        if self._rest:
            sound = self._rest + sound
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        return (self._frame(sound[at : at + FRAME_BYTES]) for at in range(0, whole, FRAME_BYTES))

    def _frame(self, sound: bytes) -> tuple[Frame, tuple[int, ...]]:
        rms = audioop.rms(sound, 2)
        if rms <= _CODED and len(set(audioop.minmax(sound, 2))) == 1:
            rms = 0
        level = 20 * math.log10(rms / 32768) if rms else SILENT
        # Before any sound has come the silence is the network's: it says nothing of the line's noise.
        if (rms or self._levels) and len(self._levels) < _LEVELS:
            insort(self._levels, level)
        # The detector learns what noise is, so it has to hear all.
        voice = self._vad.is_speech(sound, RATE)
        if level < QUIET:
            return Frame(level, False, ""), ()
        hertz = tone(sound, rms)
        voice = voice and not hertz and level >= max(min(self.noise + _ABOVE, _LOUD), self._loudest - _BELOW)
        if voice and level > self._loudest:
            self._loudest = level
        return Frame(level, voice, "+".join(map(str, hertz))), hertz
