"""How somebody talks: what has been said so far and how long it has been quiet, from frames."""

from __future__ import annotations

from bisect import insort
from typing import NamedTuple

from sounds.screening.verdict import FRAME_S, SILENT

_NEAR = 16  # dB under the loudest so far is still the one who answered; softer is what is behind them
_LOUD = 10  # dB: the kernel of words; people behind seldom reach it
_GAP = 10  # frames of quiet divide two utterances
_WORD = 4  # frames of voice at least: less is a click or a rustle
_FLOOR = -80.0  # dBov: softer noise says nothing more


class Facts(NamedTuple):
    """Seconds and dB, of one moment."""

    quiet: float
    """Since the last voice."""
    span: float
    """From the first voice to the last."""
    word: float
    """Length of the last utterance."""
    pauses: int
    """Between utterances."""
    longest: float
    """Of those pauses."""
    weak: float
    """Since the voice was last as loud as in its loudest words."""
    rest: float
    """How far the sound has fallen under the voice, in a pause of three frames and more; else 0."""
    background: float
    """How far the quietest tenth of all frames lies under the voice."""


class Talk:
    """One call's talk so far."""

    def __init__(self) -> None:
        self._frame = -1
        self._first = self._last = self._start = self._loud = -1
        self._utterances = self._voices = self._spoke = self._longest = 0
        self._before = (-1, -1, -1, 0, 0)
        self._loudest, self._sum = -100.0, 0.0
        self._levels: list[float] = []  # sorted
        self._recent = (_FLOOR, _FLOOR, _FLOOR)

    def add(self, level: float, voice: bool) -> None:
        """One frame: `level` in dBov."""
        self._frame += 1
        heard = max(level, _FLOOR)
        if self._levels or level > SILENT:  # before any sound comes the silence is the network's
            insort(self._levels, heard)
        self._recent = (*self._recent[1:], heard)
        if not voice:
            if self._voices < _WORD and self._utterances > 1 and self._frame - self._last >= _GAP:
                self._last, self._loud, self._start, self._voices, self._longest = self._before
                self._utterances -= 1  # it was a click
            return
        self._loudest = max(self._loudest, level)
        if level < self._loudest - _NEAR:
            return
        gap = self._frame - self._last - 1
        if self._first < 0 or gap >= _GAP:
            self._begin(gap)
        self._voices += 1
        self._spoke += 1
        self._sum += level
        self._last = self._frame
        if level >= self._loudest - _LOUD:
            self._loud = self._frame

    def _begin(self, gap: int) -> None:
        """A new utterance; if all before it was a click, it is the first."""
        if self._utterances == 1 and self._voices < _WORD:
            self._first, self._utterances, self._spoke, self._sum = -1, 0, 0, 0.0
        if self._first < 0:
            self._first = self._frame
        self._before = self._last, self._loud, self._start, self._voices, self._longest
        if self._utterances:
            self._longest = max(self._longest, gap)
        self._start, self._voices = self._frame, 0
        self._utterances += 1

    @property
    def quiet(self) -> float:
        """Seconds since the last voice, or since the start."""
        return (self._frame - self._last) * FRAME_S

    @property
    def spoke(self) -> float:
        """Seconds of voice."""
        return self._spoke * FRAME_S

    @property
    def silent(self) -> bool:
        """Whether not a word was said."""
        return self._utterances < 2 and self._voices < _WORD

    def facts(self) -> Facts | None:
        """None until a word was said, and in the first moment of any later one."""
        if self._first < 0 or self._voices < _WORD:
            return None
        mean, quiet = self._sum / self._spoke, self._frame - self._last
        return Facts(
            quiet * FRAME_S,
            (self._last - self._first + 1) * FRAME_S,
            (self._last - self._start + 1) * FRAME_S,
            self._utterances - 1,
            self._longest * FRAME_S,
            (self._frame - self._loud) * FRAME_S,
            mean - sum(self._recent) / 3 if quiet >= 3 else 0.0,
            mean - self._levels[len(self._levels) // 10],
        )
