"""Is what comes before the answer an announcement? Music is not: a phone may ring to it.

Speech falls silent between its syllables and words, several times a second; music does so rarely, or for
long. Measured on six pieces of music and on recorded and synthetic speech: see docs/screening.md.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from sounds.screening.listener import QUIET
from sounds.screening.verdict import FRAME_S, Frame

_WINDOW = 250  # frames
_WITHIN = 500  # frames from the first sound on: announcements begin at once, a song may speak later
_EVERY = 10  # frames between two looks
_BELOW = 15.0  # dB under the mean is a gap
_GAPS = 10  # at least
_SILENT = (0.18, 0.6)  # of the frames are in gaps
_VOICE = (0.45, 0.85)  # are voice
_TONE = 0.08  # are tones, at most


class Announcement:
    """The first ten seconds of sound, in windows of five."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=_WINDOW)
        self._heard = 0

    def add(self, frame: Frame) -> str:
        """Why it is one, as soon as that is known."""
        if not self._heard and frame.level < QUIET:
            return ""
        self._heard += 1
        if self._heard > _WITHIN:
            return ""
        self._frames.append(frame)
        if self._heard < _WINDOW or self._heard % _EVERY:
            return ""
        return self._speech()

    def _speech(self) -> str:
        mean = 10 * math.log10(sum(10 ** (frame.level / 10) for frame in self._frames) / _WINDOW)
        low = [frame.level < mean - _BELOW for frame in self._frames]
        gaps = sum(now and not before for before, now in pairwise((False, *low)))
        silent = sum(low) / _WINDOW
        voice = sum(frame.voice for frame in self._frames) / _WINDOW
        tone = sum(bool(frame.tone) for frame in self._frames) / _WINDOW
        if (
            gaps >= _GAPS
            and _SILENT[0] <= silent <= _SILENT[1]
            and _VOICE[0] <= voice <= _VOICE[1]
            and tone <= _TONE
        ):
            return f"speech for {_WINDOW * FRAME_S:.0f} s: voice {voice:.0%}, {gaps} gaps between words"
        return ""
