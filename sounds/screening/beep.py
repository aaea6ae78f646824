"""When to leave the message: after the beep."""

from __future__ import annotations

from sounds.screening.cadence import ALIKE
from sounds.screening.listener import Listener
from sounds.screening.verdict import FRAME_S

_BEEP = 0.1  # s of pure tone
_LOWEST = 400  # Hz: a deeper one is a hum
_AFTER = (
    0.3  # s of quiet behind the tone: speech or another tone there says that it was no beep, or not the last
)
_EDGE = 2  # frames: so long the end of a tone may be taken for a voice
_OVER = 2.5  # s of quiet after words: there is no beep, or it was missed


class BeepListener:
    """Listens to a machine until its beep has ended, or its words have and nothing follows.

    It knows no longest time: who listens says when to give up.
    """

    def __init__(self) -> None:
        self._listener = Listener()
        self._hertz = 0
        self._tone = self._voice = self._quiet = 0
        self._beeped = self._now = False

    def push(self, sound: bytes) -> bool:
        """Whether to leave the message now. `sound`: 20 ms, or any other length."""
        for frame, hertz in self._listener.frames(sound):
            if self._now:
                break
            self._hear(hertz[0] if hertz else 0, frame.voice)
        return self._now

    def _hear(self, hertz: int, voice: bool) -> None:
        if hertz >= _LOWEST:
            self._tone = self._tone + 1 if abs(hertz - self._hertz) <= ALIKE else 1
            self._hertz, self._quiet, self._voice = hertz, 0, 0
            self._beeped = self._tone * FRAME_S >= _BEEP
            return
        self._tone = 0
        self._voice = self._voice + 1 if voice else 0
        if self._voice > _EDGE:
            self._quiet, self._beeped = 0, False
        else:
            self._quiet += 1
        self._now = self._quiet * FRAME_S >= (_AFTER if self._beeped else _OVER)
