"""Who answered: pure, frame by frame. Doubt is a person."""

from __future__ import annotations

import math

from sounds.screening.announcement import Announcement
from sounds.screening.cadence import Cadence
from sounds.screening.listener import Listener
from sounds.screening.odds import IN_PAUSE, log_odds
from sounds.screening.talk import Facts, Talk
from sounds.screening.verdict import FRAME_S, Frame, Heard, Verdict

LONGEST = 3.0
"""Seconds until whoever has said nothing is silent."""

_DECIDED = 6.0  # s: then it is the likelier of the two, in doubt a person
_DOUBT = -1.9
_PAUSE = 0.2  # s of quiet at least behind a person's words
_WAITS = 1.5  # s of quiet: who speaks no more waits for an answer
_OFTEN, _SELDOM = 2, 5  # so many frames of a pause, and of talk, to one that is weighed: that costs most
_PERSON, _LATER = (2.2, 0.4), 1.2
"""Log-odds from which on it is a person, so much more for each second after `_LATER`: fewer are left."""
_MACHINE, _LENGTHY, _CLEAR = (-6.4, 0.6), 2.2, -1.4
"""Log-odds down to which it is in doubt, so much more for each second after `_LENGTHY`, up to `_CLEAR`."""


class Screen:
    """One call after its answer; `early`: before it, where ringback and music are no news."""

    def __init__(self, *, early: bool = False) -> None:
        self.early = early
        self.trace: list[Frame] = []
        self._listener = Listener()
        self._verdict: Verdict | None = None
        self._talk = Talk()
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
            heard = Heard.PERSON if self._talk.spoke else Heard.SILENCE
            self._verdict = self._say(heard, 0.5, "the sound ended")
        return self._verdict

    def _weigh(self, frame: Frame, hertz: tuple[int, ...]) -> Verdict | None:
        if heard := self._cadence.add(hertz):
            return self._say(heard[0], 0.9, heard[1])
        if self.early:
            why = self._announcement.add(frame)
            return self._say(Heard.MACHINE, 0.8, why) if why else None
        self._talk.add(frame.level, frame.voice)
        seconds, facts = len(self.trace) * FRAME_S, self._talk.facts()
        if facts is None:
            if seconds >= LONGEST and self._talk.silent:
                return self._say(Heard.SILENCE, 0.9, f"nothing was said in {LONGEST:.0f} s")
            return None
        if facts.quiet >= _WAITS:
            return self._say(Heard.PERSON, 0.7, _words(facts))
        every = _OFTEN if facts.quiet >= _PAUSE else _SELDOM if facts.quiet < IN_PAUSE else 0
        if seconds < _DECIDED and not (every and len(self.trace) % every == 0):
            return None
        odds = log_odds(facts)
        person = _PERSON[0] + _PERSON[1] * max(0.0, seconds - _LATER)
        machine = min(_CLEAR, _MACHINE[0] + _MACHINE[1] * max(0.0, seconds - _LENGTHY))
        if seconds >= _DECIDED:
            person = machine = _DOUBT
        why = _words(facts)
        if odds >= person and (facts.quiet >= _PAUSE or seconds >= _DECIDED):
            return self._say(Heard.PERSON, _chance(odds), why)
        if odds <= machine:
            return self._say(Heard.MACHINE, 1 - _chance(odds), why)
        return None

    def _say(self, heard: Heard, confidence: float, why: str) -> Verdict:
        return Verdict(
            heard, confidence, len(self.trace) - 1, why, self._talk.quiet if self._talk.spoke else None
        )


def _words(facts: Facts) -> str:
    parts = f" in {facts.pauses + 1} parts" if facts.pauses else ""
    return f"spoke {facts.span:.2f} s{parts}, quiet for {facts.quiet:.2f} s"


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
