"""Who answered: pure, frame by frame. Doubt is a person."""

from __future__ import annotations

from sounds.screening.listener import Listener
from sounds.screening.verdict import FRAME_S, Frame, Heard, Verdict

LONGEST = 3.0
"""Seconds until whoever has said nothing is silent."""

_GREETING = 1.6  # s: a person's hello is shorter
_PAUSE = 0.3  # s of quiet end a hello
_WORD = 0.08  # s of voice at least: less is a click


class Screen:
    """One call after its answer; `early`: before it, where ringback is no news."""

    def __init__(self, *, early: bool = False) -> None:
        self.early = early
        self.trace: list[Frame] = []
        self._listener = Listener()
        self._verdict: Verdict | None = None
        self._spoke = self._quiet = 0
        self._tone, self._toned = "", 0

    def push(self, sound: bytes) -> Verdict | None:
        """20 ms of sound, or any other length: what is no whole frame yet waits for its rest."""
        if self._verdict is None:
            for frame in self._listener.frames(sound):
                self.trace.append(frame)
                self._verdict = self._weigh(frame)
                if self._verdict is not None:
                    break
        return self._verdict

    def end(self) -> Verdict:
        """No more sound comes."""
        if self._verdict is None:
            heard = Heard.PERSON if self._spoke else Heard.SILENCE
            self._verdict = self._say(heard, 0.5, "the sound ended")
        return self._verdict

    def _weigh(self, frame: Frame) -> Verdict | None:
        if frame.tone:
            self._toned = self._toned + 1 if frame.tone else 0
            self._tone = frame.tone
            return self._hear_tone(float(frame.tone)) if self._toned * FRAME_S >= 0.4 else None
        self._toned = 0
        if frame.voice:
            self._spoke, self._quiet = self._spoke + 1, 0
        else:
            self._quiet += 1
        spoke, quiet = self._spoke * FRAME_S, self._quiet * FRAME_S
        if spoke >= _GREETING:
            return self._say(Heard.MACHINE, 0.8, f"spoke {spoke:.2f} s without a pause")
        if self.early:
            return None
        if spoke >= _WORD and quiet >= _PAUSE:
            return self._say(Heard.PERSON, 0.8, f"spoke {spoke:.2f} s, quiet for {quiet:.2f} s")
        if len(self.trace) * FRAME_S >= LONGEST and spoke < _WORD:
            return self._say(Heard.SILENCE, 0.9, f"nothing was said in {LONGEST:.0f} s")
        return None

    def _hear_tone(self, hz: float) -> Verdict | None:
        seconds = self._toned * FRAME_S
        if any(abs(hz - fax) < 40 for fax in (1100, 2100)):
            return self._say(Heard.FAX, 0.9, f"a fax tone of {hz:.0f} Hz for {seconds:.2f} s")
        if self.early:
            return None
        if 400 <= hz <= 480:
            return self._say(Heard.RINGBACK, 0.9, f"a tone of {hz:.0f} Hz for {seconds:.2f} s")
        return self._say(Heard.MACHINE, 0.8, f"a tone of {hz:.0f} Hz for {seconds:.2f} s")

    def _say(self, heard: Heard, confidence: float, why: str) -> Verdict:
        return Verdict(heard, confidence, len(self.trace) - 1, why, self._quiet * FRAME_S)
