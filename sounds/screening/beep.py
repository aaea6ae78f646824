"""When to leave the message: after the beep."""

from __future__ import annotations

from sounds.screening.listener import Listener
from sounds.screening.verdict import FRAME_S

_BEEP = 0.1  # s of pure tone
_OVER = 2.0  # s of quiet after the greeting: there was no beep, or it was missed


class BeepListener:
    """Listens to a machine until its beep has ended, or its greeting is over and nothing follows."""

    def __init__(self) -> None:
        self._listener = Listener()
        self._tone = self._quiet = 0
        self._now = False

    def push(self, sound: bytes) -> bool:
        """Whether to leave the message now."""
        for frame in self._listener.frames(sound):
            if self._now:
                break
            if frame.tone:
                self._tone, self._quiet = self._tone + 1, 0
                continue
            self._now = self._tone * FRAME_S >= _BEEP
            self._tone = 0
            self._quiet = 0 if frame.voice else self._quiet + 1
            self._now = self._now or self._quiet * FRAME_S >= _OVER
        return self._now
