"""Who answered: pure, frame by frame. Doubt is a person."""

from __future__ import annotations

import math

from sounds.screening.announcement import Announcement
from sounds.screening.cadence import Cadence
from sounds.screening.listener import Listener
from sounds.screening.odds import IN_PAUSE, Weights, learnt, log_odds
from sounds.screening.talk import Facts, Talk
from sounds.screening.verdict import FRAME_S, Frame, Heard, Verdict

LONGEST = 3.0
"""Seconds until whoever has said nothing is silent."""

_DECIDED = 6.0  # s: then it is the likelier of the two, in doubt a person
_WAITS = 1.6  # s without a loud word: who speaks no more waits for an answer, whatever is behind them
_PAUSE = 0.24  # s of quiet at least behind a person's words: more than at a comma
_OFTEN, _SELDOM = 2, 5  # in a pause every 2nd frame is weighed, in talk every 5th: weighing costs most
_PERSON, _RISE, _FROM = 1.1, 1.05, 0.7
"""Log-odds that a person needs, and by how much they rise for each second of talk after `_FROM`: most persons
are known by then, who is left is rather a machine."""
_MACHINE = -6.5  # log-odds of a machine before `_DECIDED`
_DOUBT = -1.3  # log-odds that divide the two then


class Screen:
    """One call after its answer; `early`: before it, where ringback and music are no news."""

    def __init__(self, *, early: bool = False, weights: Weights | None = None) -> None:
        self.early = early
        self._weights = weights or learnt()
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
        if heard := self._cadence.add(hertz, frame.level):
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
        if facts.weak >= _WAITS:
            why = f"spoke {facts.span - facts.weak + facts.quiet:.2f} s, no loud word for {facts.weak:.2f} s"
            return self._say(Heard.PERSON, 0.7, why, quiet=facts.weak)
        every = _OFTEN if facts.quiet >= _PAUSE else _SELDOM if facts.quiet < IN_PAUSE else 0
        decided = seconds >= _DECIDED
        if not decided and not (every and len(self.trace) % every == 0):
            return None
        odds = log_odds(facts, self._weights)
        person, machine = _PERSON + _RISE * max(0.0, facts.span + facts.quiet - _FROM), _MACHINE
        if decided:
            person = machine = _DOUBT
        why = _words(facts)
        if odds >= person and (facts.quiet >= _PAUSE or decided):
            return self._say(Heard.PERSON, _chance(odds), why)
        if odds <= machine:
            return self._say(Heard.MACHINE, 1 - _chance(odds), why)
        return None

    def _say(self, heard: Heard, confidence: float, why: str, quiet: float | None = None) -> Verdict:
        if quiet is None and self._talk.spoke:
            quiet = self._talk.quiet
        return Verdict(heard, confidence, len(self.trace) - 1, why, quiet)


def _words(facts: Facts) -> str:
    parts = f" in {facts.pauses + 1} parts" if facts.pauses else ""
    return f"spoke {facts.span:.2f} s{parts}, quiet for {facts.quiet:.2f} s"


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
