"""Which prompt is in a sound: its waveform, in quarter seconds, is looked for by cross-correlation.

In pieces, so that a lost or late packet spoils one of them and not the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.sound import QUIET, RATE, read

_PIECE = RATE // 4
# Of one sound before and after G.711 the pieces are alike by 0.99, of two texts by one voice by 0.5 or less
# in 95 of 100 cases; over music on hold most of the same are alike by 0.77 and more. A packet that is lost or
# late spoils one piece; another word, two neighbours at least.
_ALIKE, _OVER_MUSIC, _OTHER = 0.8, 0.75, 0.6
_SHORT, _SAME = 5, 0.95  # of a single word, with fewer pieces than that, every piece has to be the same
_ENOUGH = 0.75  # of a prompt's pieces are alike, and no two neighbours are other ones
_EARLY, _LATE = RATE // 4, RATE * 3 // 4  # by so much one piece may come so, against the one before
_TAIL = RATE // 20  # the end of a file does not fill its last packet, which is then held back

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """Which share of a prompt's pieces is in a sound, how alike the worst two neighbours are, and where.

    `at` and `end` are seconds.
    """

    share: float
    worst: float = 0.0
    at: float = 0.0
    end: float = 0.0
    pieces: int = 0
    """How many were found."""
    likeness: float = 0.0
    """How alike these are in the mean, up to 1."""

    def __bool__(self) -> bool:
        """Whether the prompt was heard."""
        return self.share >= _ENOUGH and self.worst >= _OTHER

    @property
    def sureness(self) -> tuple[int, float]:
        """Of two prompts in one place the greater is the surer one; while one is not whole yet, both may have
        as many pieces."""
        return self.pieces, self.likeness


NOTHING = Heard(0.0)


def samples(sound: bytes | bytearray | memoryview) -> Samples:
    return np.frombuffer(sound, dtype="<i2").astype(np.float64)


@dataclass(frozen=True)
class Prompt:
    """What is looked for. `pieces` are the loud ones, each with its place in the prompt, in samples."""

    name: str
    pieces: list[tuple[int, Samples]]
    length: int

    @classmethod
    def load(cls, path: Path) -> Prompt:
        """Raises `ValueError` for a prompt in which nothing is to be heard."""
        whole = samples(read(path))[:-_TAIL]
        if len(whole) < _PIECE:  # a beep, a digit
            whole = np.pad(whole, (0, _PIECE - len(whole)))
        last = len(whole) - _PIECE
        pieces = [(at, whole[at : at + _PIECE]) for at in (*range(0, last, _PIECE), last)]
        loud = [(at, piece - piece.mean()) for at, piece in pieces if np.sqrt((piece**2).mean()) > QUIET / 2]
        if not loud:
            raise ValueError(f"{path}: nothing is to be heard in it")
        return cls(path.stem, loud, len(whole))


@dataclass
class Search:
    """Looks for one prompt in a sound that grows. What it has looked through it does not look at again."""

    prompt: Prompt
    begin: int = 0
    """Sample from which on the prompt may begin."""
    over_music: bool = False
    """Whether music on hold plays under what is said."""
    _seen: int = field(default=0, init=False)
    _candidates: list[int] = field(default_factory=list, init=False)

    def update(self, sound: bytes | bytearray, *, cut_short: bool = False) -> Heard:
        """The best match so far.

        A prompt of which the end is not there yet is not heard; with `cut_short` its first third will do.
        """
        self._look_for_beginnings(sound)
        found = [self._follow(sound, start, cut_short) for start in self._candidates]
        return max(found, key=lambda heard: (bool(heard), heard.share), default=NOTHING)

    def ended(self, sound: bytes | bytearray) -> Heard:
        """As `update`, of a call that is over: the last packets of what was said to the end may be lost."""
        heard = self.update(sound, cut_short=True)
        return heard if heard.pieces >= max(1, len(self.prompt.pieces) - 2) else NOTHING

    def _look_for_beginnings(self, sound: bytes | bytearray) -> None:
        """Wherever one of the first two loud pieces is (the first may be the one that a packet spoiled)."""
        seen = max(self._seen, self.begin)
        fresh = samples(memoryview(sound)[2 * seen : len(sound) // 2 * 2])
        if len(fresh) < _PIECE:
            return
        for offset, piece in self.prompt.pieces[:2]:
            for at in _peaks(_alike(fresh, piece), self._least):
                start = seen + at - offset
                if start >= self.begin - _EARLY:
                    self._candidates.append(start)
        self._seen = seen + len(fresh) - _PIECE + 1

    @property
    def _least(self) -> float:
        return _OVER_MUSIC if self.over_music else _ALIKE

    def _follow(self, sound: bytes | bytearray, start: int, cut_short: bool) -> Heard:
        likes: list[float] = []
        place = end = start
        pieces = self.prompt.pieces
        enough = self._least if len(pieces) >= _SHORT else _SAME
        for offset, piece in pieces:
            low = max(self.begin, place + offset - _EARLY)
            around = samples(memoryview(sound)[2 * low : 2 * (place + offset + _LATE + _PIECE)])
            if len(around) < place + offset - low + _PIECE:  # not all of it has come yet
                if not cut_short or len(likes) * 3 < len(pieces):
                    return NOTHING
                # It may all the same be there, earlier by the packets that were lost on the way.
                if len(around) < _PIECE or _alike(around, piece).max() <= enough:
                    break
            alike = _alike(around, piece)
            at = int(alike.argmax())
            likes.append(float(alike[at]))
            if alike[at] > enough:
                place = low + at - offset
                end = low + at + _PIECE
        found = [like for like in likes if like > enough]
        worst = min(map(max, pairwise(likes)), default=likes[0])
        likeness = sum(found) / len(found) if found else 0.0
        return Heard(len(found) / len(likes), worst, max(0, start) / RATE, end / RATE, len(found), likeness)


def hear(recording: Path, prompt: Path) -> Heard:
    """How much of the prompt is in a recording, and where; one that was cut short counts."""
    return Search(Prompt.load(prompt)).update(read(recording), cut_short=True)


def which(sound: bytes | bytearray, prompts: Iterable[Prompt]) -> list[tuple[str, Heard]]:
    """Of all these prompts those that are in the sound, in order; of two in one place the surer one."""
    found = [(prompt.name, Search(prompt).update(sound, cut_short=True)) for prompt in prompts]
    sure: list[tuple[str, Heard]] = []
    for name, heard in sorted(found, key=lambda one: one[1].sureness, reverse=True):
        middle = (heard.at + heard.end) / 2
        if heard and not any(other.at <= middle <= other.end for _, other in sure):
            sure.append((name, heard))
    return sorted(sure, key=lambda one: one[1].at)


def _alike(sound: Samples, piece: Samples) -> Samples:
    """The normalised cross-correlation (-1 to 1) at each place where the piece fits."""
    size = 1 << (len(sound) + len(piece) - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size))
    fits = len(sound) - len(piece) + 1
    raw = np.fft.irfft(product, size)[:fits]
    squares = np.concatenate(([0.0], np.cumsum(sound**2)))
    energy = squares[len(piece) :] - squares[: -len(piece)]
    floor = len(piece) * (QUIET / 4) ** 2  # so that silence is like nothing
    result: Samples = raw / np.sqrt(np.maximum(energy, floor) * (piece**2).sum())
    return result


def _peaks(alike: Samples, least: float) -> Iterator[int]:
    """The best place of each run of places that are alike enough."""
    above = np.flatnonzero(alike > least)
    while len(above):
        near = above[above < above[0] + _PIECE]
        yield int(near[alike[near].argmax()])
        above = above[len(near) :]
