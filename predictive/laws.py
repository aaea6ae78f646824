"""Laws of time learnt from what ended: ringing (two ways to end) and lengths (talks, wrap-ups).

Both are life tables: what share of those that reached an age ended at it. That is the Kaplan-Meier
estimate (1958) with competing ends (Aalen and Johansen, 1978), on a grid, with forgetting.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise
from math import exp

MOST = 2.0**200
"""Weights grow instead of the past being shrunk; they are scaled back here."""


class RingLaw:
    """When calls are answered, and when they end unanswered; by whole seconds since the dial."""

    def __init__(self, ring_timeout: float, memory: float) -> None:
        self._size = int(ring_timeout) + 4
        self._growth = 1 + 1 / memory
        self._weight = 1.0
        self._answered = [0.0] * self._size
        self._unanswered = [0.0] * self._size

    def add(self, answered: bool, seconds: float) -> None:
        """A call rang so long, and was answered or not."""
        counts = self._answered if answered else self._unanswered
        counts[min(int(seconds), self._size - 1)] += self._weight
        self._weight *= self._growth
        if self._weight > MOST:
            self._weight /= MOST
            self._answered = [count / MOST for count in self._answered]
            self._unanswered = [count / MOST for count in self._unanswered]

    def chances(self, rate: float) -> list[float]:
        """The chance that a call which rings since 0, 1, 2... s will be answered (Bayes).

        `rate` is the share of placed calls that is answered now. The last entry stands for all later
        seconds.
        """
        answered, unanswered = _reached(self._answered), _reached(self._unanswered)
        chances = []
        for yes, no in zip(answered, unanswered, strict=True):
            yes, no = rate * yes, (1 - rate) * no
            chances.append(yes / (yes + no) if yes + no > 0 else 0.0)
        chances[-1] = 0.0
        return chances


def _reached(counts: list[float]) -> list[float]:
    """The share that was still ringing in the middle of each second."""
    total = sum(counts)
    if total == 0:
        return [1.0] * len(counts)
    later = list(accumulate(reversed(counts)))[::-1]
    return [(here - count / 2) / total for here, count in zip(later, counts, strict=True)]


def _edges(first: float, growth: float, last: float) -> list[float]:
    edges = [0.0]
    width = first
    while edges[-1] < last:
        edges.append(edges[-1] + width)
        width *= growth
    return edges


EDGES = _edges(3.0, 1.09, 7200.0)
"""Ages at which the bins of a `LengthLaw` begin: 3 s wide at first, then 9 % wider each."""
WIDTHS = [after - before for before, after in pairwise(EDGES)] + [3600.0]


def age_bin(age: float) -> int:
    """The bin of an age; the last one is open."""
    return bisect_right(EDGES, age) - 1


class LengthLaw:
    """The law of a length in seconds, as the rate of ending at each age.

    Until data says otherwise the rate is the same at every age (exponential): `doubt` lengths of that
    kind are mixed in.
    """

    def __init__(self, memory: float, start: float, doubt: float = 3.0) -> None:
        self._growth = 1 + 1 / memory
        self._weight = 1.0
        self._start, self._doubt = start, doubt
        self._ends = [0.0] * len(EDGES)
        self._sum = 0.0
        self._total = 0.0
        self.known = 0

    def add(self, seconds: float) -> None:
        """One more length."""
        self._ends[age_bin(seconds)] += self._weight
        self._sum += self._weight * seconds
        self._total += self._weight
        self.known += 1
        self._weight *= self._growth
        if self._weight > MOST:
            self._ends = [count / MOST for count in self._ends]
            self._weight, self._sum, self._total = (
                self._weight / MOST,
                self._sum / MOST,
                self._total / MOST,
            )

    @property
    def mean(self) -> float:
        """Mean length, seconds."""
        return self._sum / self._total if self._total else self._start

    def hazards(self) -> list[float]:
        """The rate of ending, per second, in each bin of `EDGES`."""
        mean = self.mean
        scale = self._doubt * (self._weight if self._total else 1.0)
        reached, left = self._total + scale, 1.0  # `left`: share of the mixed-in that got here
        hazards = []
        for ends, width in zip(self._ends, WIDTHS, strict=True):
            going = left * (1 - exp(-width / mean))
            left -= going
            gone = ends + scale * going
            stayed = max(reached - gone, 0.0)
            exposure = width * (reached + stayed) / 2
            hazards.append(gone / exposure if exposure > 1e-9 * width * (self._total + 1) else 1 / mean)
            reached = stayed
        return hazards
