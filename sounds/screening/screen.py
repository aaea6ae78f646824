"""Who answered: pure, frame by frame. Doubt is a person."""

from __future__ import annotations

from sounds.screening.announcement import Announcement
from sounds.screening.cadence import Cadence
from sounds.screening.listener import Listener
from sounds.screening.verdict import FRAME_S, Frame, Heard, Verdict

LONGEST = 3.0
"""Seconds until whoever has said nothing is silent."""

_GREETING = 1.6  # s: a person's hello is shorter
_PAUSE = 0.3  # s of quiet end a hello
_WORD = 0.08  # s of voice at least: less is a click


class Screen:
    """One call after its answer; `early`: before it, where ringback and music are no news."""

    def __init__(self, *, early: bool = False) -> None:
        self.early = early
        self.trace: list[Frame] = []
        self._listener = Listener()
        self._verdict: Verdict | None = None
        self._spoke = self._quiet = 0
        self._cadence = Cadence(early=early)
        self._announcement = Announcement()

    def push(self, sound: bytes) -> Verdict | None:
        """20 ms of sound, or any other length: what is no whole frame yet waits for its rest."""
        if self._verdict is None:
            for frame, hertz in self._listener.frames(sound):
                self.trace.append(frame)
                self._verdict = self._weigh(frame, hertz)
                if self._verdict is not None:
                    break
        return self._verdict

    def end(self) -> Verdict:
        """No more sound comes."""
        if self._verdict is None:
            heard = Heard.PERSON if self._spoke else Heard.SILENCE
            self._verdict = self._say(heard, 0.5, "the sound ended")
        return self._verdict

    def _weigh(self, frame: Frame, hertz: tuple[int, ...]) -> Verdict | None:
        if heard := self._cadence.add(hertz):
            return self._say(heard[0], 0.9, heard[1])
        if self.early:
            why = self._announcement.add(frame)
            return self._say(Heard.MACHINE, 0.8, why) if why else None
        if frame.voice:
            self._spoke, self._quiet = self._spoke + 1, 0
        else:
            self._quiet += 1
        spoke, quiet = self._spoke * FRAME_S, self._quiet * FRAME_S
        if spoke >= _GREETING:
            return self._say(Heard.MACHINE, 0.8, f"spoke {spoke:.2f} s without a pause")
        if spoke >= _WORD and quiet >= _PAUSE:
            return self._say(Heard.PERSON, 0.8, f"spoke {spoke:.2f} s, quiet for {quiet:.2f} s")
        if len(self.trace) * FRAME_S >= LONGEST and spoke < _WORD:
            return self._say(Heard.SILENCE, 0.9, f"nothing was said in {LONGEST:.0f} s")
        return None

    def _say(self, heard: Heard, confidence: float, why: str) -> Verdict:
        return Verdict(heard, confidence, len(self.trace) - 1, why, self._quiet * FRAME_S)
