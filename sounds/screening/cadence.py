"""Tones in their order: busy, ringback, the three of special information, fax, a beep.

Lengths and pitches are those of ITU-T E.180 and its national variants, with room for inexact lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from sounds.screening.verdict import FRAME_S, Heard

ALIKE = 25
"""Hz: frames of one tone do not differ by more."""

_HOLE = 4  # frames: lost packets, or a tone's change of phase, do not end it

_BEEP = 0.14  # s at least; voices are pure for a frame or two
_FAX = 0.38  # s: a calling fax sends 0.5 s, an answering one 3 s
_RING = 0.78  # s: rings are longer than any busy tone's beat, or come in two of this length at least, ...
_RINGS = 0.3  # s
_BEAT = (0.12, 0.76)  # s of tone, and of quiet, in the busy and congestion tones of the world
_EVEN = 1.7  # times as long one of the two may be
_SIT = (0.2, 0.5)  # s
_LEVEL, _PITCH, _MOST = 3.0, 10, 0.8
"""A network's tone keeps its level, dB, and pitch, Hz, so closely for this share of its frames; voices and
music do not."""


def _kind(hertz: tuple[int, ...]) -> str:
    """What a tone may be by its pitch alone."""
    if all(330 <= hz <= 640 for hz in hertz):
        return "progress"
    for kind, low, high in (
        ("sit", 890, 1010), ("calling", 1060, 1140), ("middle", 1340, 1460), ("last", 1740, 1820),
    ):  # fmt: skip
        if low <= hertz[0] <= high:
            return kind
    return "answering" if 2080 <= hertz[0] <= 2120 else "beep"


@dataclass(slots=True)
class Run:
    """Frames of one tone after another; of no tone, where `hertz` is empty."""

    kind: str
    hertz: tuple[int, ...]
    frames: int = 1
    levels: list[float] = field(default_factory=list)
    pitches: list[int] = field(default_factory=list)
    """Of the frames that are one tone, not two."""

    @property
    def seconds(self) -> float:
        return self.frames * FRAME_S

    @property
    def steady(self) -> bool:
        return _alike(self.levels, _LEVEL) and _alike(self.pitches, _PITCH)

    def __str__(self) -> str:
        return f"a tone of {'+'.join(map(str, self.hertz))} Hz for {self.seconds:.2f} s"


class Cadence:
    """The runs so far; `early`: before the answer, where rings are no news and busy has to be sure."""

    def __init__(self, *, early: bool = False) -> None:
        self._early = early
        self._runs = [Run("", (), 0)]
        self._idle = 0

    def add(self, hertz: tuple[int, ...], level: float) -> tuple[Heard, str] | None:
        """One frame's tone and level, dBov; what the tones so far say, and why."""
        runs = self._runs
        if hertz:
            self._tone(hertz)
            runs[-1].levels.append(level)
            if len(hertz) == 1:
                runs[-1].pitches.append(hertz[0])
            self._idle = 0
        elif runs[-1].hertz:
            runs.append(Run("", ()))
        else:
            runs[-1].frames += 1
        if len(runs) > 8:
            del runs[:2]
        self._idle += 1
        return self._judge() if len(runs) > 1 and self._idle <= _HOLE + 2 else None

    def _tone(self, hertz: tuple[int, ...]) -> None:
        runs, kind = self._runs, _kind(hertz)

        def same(run: Run) -> bool:
            if kind == "progress":  # two tones at once look like one between them, now and then
                return run.kind == kind
            return bool(run.hertz) and len(run.hertz) == 1 and abs(run.hertz[0] - hertz[0]) <= ALIKE

        if same(runs[-1]):
            runs[-1].frames += 1
        elif len(runs) > 1 and not runs[-1].hertz and runs[-1].frames <= _HOLE and same(runs[-2]):
            runs[-2].frames += runs.pop().frames + 1
        else:
            runs.append(Run(kind, hertz))

    def _judge(self) -> tuple[Heard, str] | None:
        tones = [run for run in self._runs if run.hertz]
        last, seconds = tones[-1], tones[-1].seconds
        gap = 0 if self._runs[-1].hertz else self._runs[-1].frames
        if last.kind in ("calling", "answering") and seconds >= _FAX:
            return Heard.FAX, str(last)
        if last.kind == "middle" and len(tones) > 1 and seconds >= _SIT[0] / 2 and not gap:
            first = tones[-2]
            if first.kind == "sit" and _SIT[0] <= first.seconds <= _SIT[1]:
                return Heard.SIT, f"{first}, then {last}"
        if self._early and last.kind == "last" and len(tones) > 1 and seconds >= _SIT[0] / 2 and not gap:
            middle = tones[-2]  # who comes late to a call may have missed the first of the three
            if middle.kind == "middle" and _SIT[0] / 2 <= middle.seconds <= _SIT[1]:
                return Heard.SIT, f"{middle}, then {last}"
        if last.kind == "progress":
            return self._progress(last, gap)
        if not self._early and seconds >= _BEEP and (gap > _HOLE or seconds >= _RING):
            return Heard.MACHINE, str(last)
        return None

    def _progress(self, last: Run, gap: int) -> tuple[Heard, str] | None:
        beats = 5 if self._early else 3  # of tone and quiet in turn
        if not gap and last.seconds >= _BEAT[0] and len(self._runs) >= beats:
            whole = self._runs[-beats:-1]
            pairs = list(zip(whole[::2], whole[1::2], strict=True))
            if all(_busy(on, off) and _alike(on.pitches + last.pitches, _PITCH) for on, off in pairs):
                on, off = pairs[-1]
                return Heard.BUSY, f"{on}, again after {off.seconds:.2f} s"
        if self._early or gap:
            return None
        rings = (run for run in self._runs if run.kind == "progress" and run.seconds >= _RINGS)
        rung = sum(run.seconds for run in rings if run.steady)
        return (Heard.RINGBACK, str(last)) if rung >= _RING else None


def _alike(values: Sequence[float], room: float) -> bool:
    """Whether most of them are near the middle one."""
    if not values:
        return True
    middle = median(values)
    return sum(abs(value - middle) <= room for value in values) >= _MOST * len(values)


def _busy(on: Run, off: Run) -> bool:
    low, high = _BEAT
    if on.kind != "progress" or not (low <= on.seconds <= high and low <= off.seconds <= high):
        return False
    return max(on.frames, off.frames) <= _EVEN * min(on.frames, off.frames) and on.steady
