"""Laws of time learnt from what ended: ringing (two ways to end) and lengths (talks, wrap-ups).

Both are life tables: ends at an age over the time spent at it, on a grid, with forgetting. Chances that
follow are the estimates of Kaplan and Meier (1958), and of Aalen and Johansen (1978) for competing ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp, sqrt

MOST = 2.0**200
"""Weights grow instead of the past being shrunk; they are scaled back here."""


class RingLaw:
    """When calls are answered, and when they end unanswered; by whole seconds since the dial.

    What ended is set against the time that calls spent at each age, those still ringing too: counting
    ended calls alone would tell more answers than there are while a burst of calls rings, and fewer when
    it rings out. The answer rate may change at any time: answers of late (`LATE` of them) are compared
    with what the law expected, and where they contradict it, it is scaled to the edge of what they allow.
    """

    LATE = 20.0
    DEVIATIONS = 1.5
    PRIOR_RATE, PRIOR_SECONDS = 0.05, 1.0
    """Before there is experience, answers per second at each age (many: caution), and its weight."""

    MEMORY, MEMORY_SECONDS = 1500, 900.0
    """Ended calls, and time, over which the law is forgotten: whichever is longer."""
    LOWEST = 0.5
    """Few answers of late may be a carrier's fault, and over in a moment."""

    def __init__(self, ring_timeout: float) -> None:
        self.size = int(ring_timeout) + 4
        self.known = 0
        """Answers heard."""
        self._passed = 0.0
        self._weight = 1.0
        self._seconds = [0.0] * self.size
        self._answered = [0.0] * self.size
        self._unanswered = [0.0] * self.size
        self._late_answers = self._late_expected = 0.0
        self._forget_new()
        self._chances: list[float] = []

    def ages(self, now: float, started: Iterable[float]) -> list[int]:
        """How many of the calls that began at these times ring for 0, 1, 2... s; the last entry: longer."""
        counts, last = [0] * self.size, self.size - 1
        for start in started:
            age = now - start
            counts[int(age) if 0 <= age < last else last if age > 0 else 0] += 1
        return counts

    def add(self, answered: bool, seconds: float, unseen: float = 0.0) -> None:
        """A call rang so long, the last `unseen` seconds after the last `pass_time`, and was answered or not.

        It counts from the next `pass_time` on: what was expected must not know of it yet.
        """
        last = self.size - 1
        self._new_ends[answered][min(int(seconds), last)] += 1
        self._new_seconds[min(int(seconds - unseen / 2), last)] += unseen
        self._new += 1
        self.known += answered

    def pass_time(self, seconds: float, counts: list[int]) -> None:
        """So many calls of each age rang for some `seconds` more."""
        self._passed += seconds
        weight, prior = self._weight, self.PRIOR_SECONDS * self._weight
        unanswered, answered = self._new_ends
        expected = answers = 0.0
        for age, count in enumerate(counts):
            rang = count * seconds + self._new_seconds[age]
            if rang or answered[age]:
                # Experience, and no prior: that is there to be contradicted.
                trust = self._seconds[age] / (self._seconds[age] + prior)
                expected += trust * rang * self._answer_rate(age)
                answers += trust * answered[age]
                self._seconds[age] += weight * rang
        # Only what came before is forgotten, of both the same: else a burst would contradict any law.
        keep = min(1.0, self.LATE / (self._late_expected + expected)) if expected else 1.0
        self._late_expected = self._late_expected * keep + expected
        self._late_answers = self._late_answers * keep + answers
        if self._new:
            self._take_in(weight, answered, unanswered)

    def _take_in(self, weight: float, answered: list[int], unanswered: list[int]) -> None:
        for age in range(self.size):
            self._answered[age] += weight * answered[age]
            self._unanswered[age] += weight * unanswered[age]
        self._grow(1 + min(self._new / self.MEMORY, self._passed / self.MEMORY_SECONDS))
        self._passed = 0.0
        self._chances = []
        self._forget_new()

    def _forget_new(self) -> None:
        self._new = 0
        self._new_ends = [0] * self.size, [0] * self.size
        self._new_seconds = [0.0] * self.size

    def doubt(self, answers: float) -> None:
        """What is known counts for so many answers at most: new ones weigh more."""
        self._grow(max(1.0, sum(self._answered) / self._weight / answers))

    def _grow(self, by: float) -> None:
        self._weight *= by
        if self._weight > MOST:
            for counts in (self._seconds, self._answered, self._unanswered):
                counts[:] = [count / MOST for count in counts]
            self._weight /= MOST

    def _answer_rate(self, age: int) -> float:
        prior = self.PRIOR_SECONDS * self._weight
        return (self._answered[age] + self.PRIOR_RATE * prior) / (self._seconds[age] + prior)

    def chances(self) -> list[float]:
        """The chance that a call which rings since 0, 1, 2... s will be answered.

        Worked out again when another call has ended.
        """
        if not self._chances:
            self._chances = self._work_out()
        return self._chances

    def _work_out(self) -> list[float]:
        scale, prior = self._scale(), self.PRIOR_SECONDS * self._weight
        chances, chance = [0.0] * self.size, 0.0
        for age in range(self.size - 2, -1, -1):
            answers = scale * self._answer_rate(age)
            ends = answers + self._unanswered[age] / (self._seconds[age] + prior)
            gone = 1 - exp(-ends)
            chance = (gone * answers / ends if ends > 0 else 0.0) + (1 - gone) * chance
            chances[age] = chance
        return chances

    def _scale(self) -> float:
        """How much more, or less, is answered of late than the law says, where that is no chance.

        Never less before the law stands on `LATE` answers of its own.
        """
        if self._late_expected < self.LATE / 2:
            return 1.0
        late = self._late_answers / self._late_expected
        error = self.DEVIATIONS * sqrt(max(self._late_answers, 1.0)) / self._late_expected
        # A window that forgets exponentially varies as little as one of twice its length.
        error /= sqrt(2)
        lowest = self.LOWEST if self.known >= self.LATE else 1.0
        return max(lowest, min(max(1.0, late - error), late + error))


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
    """The bin of an age, seconds from 0; the last one is open."""
    return bisect_right(EDGES, age) - 1


class LengthLaw:
    """The law of a length in seconds, as the rate of ending at each age.

    As with ringing, ends are set against the time spent at each age by all, those still under way too,
    so that the first ones to end do not tell that all are short. Where little is known of an age the
    rate is that of all ages together: `doubt` lengths of that kind are mixed in.
    """

    FASTEST = 10.0
    """Ends per second, at most: at an age that nobody was seen at the rate would have no bound."""

    def __init__(self, memory: float, start: float, doubt: float = 3.0) -> None:
        self._growth = 1 + 1 / memory
        self._weight = 1.0
        self._start, self._doubt = start, doubt
        self._ends = [0.0] * len(EDGES)
        self._seconds = [0.0] * len(EDGES)
        self.known = 0

    def pass_time(self, seconds: float, counts: Sequence[float]) -> None:
        """So many of each bin of `EDGES` went on for some `seconds` more."""
        spent, weight = self._seconds, self._weight * seconds
        for place, count in enumerate(counts):
            if count:
                spent[place] += weight * count

    def add(self, seconds: float) -> None:
        """One ended at this length."""
        self._ends[age_bin(seconds)] += self._weight
        self.known += 1
        self._weight *= self._growth
        if self._weight > MOST:
            for counts in (self._ends, self._seconds):
                counts[:] = [count / MOST for count in counts]
            self._weight /= MOST

    @property
    def mean(self) -> float:
        """Mean length, seconds."""
        weight = self._doubt * self._weight
        return (sum(self._seconds) + weight * self._start) / (sum(self._ends) + weight)

    def hazards(self) -> list[float]:
        """The rate of ending, per second, in each bin of `EDGES`."""
        mean, left = self.mean, self._doubt * self._weight
        hazards = []
        for ends, seconds, width in zip(self._ends, self._seconds, WIDTHS, strict=True):
            going = left * (1 - exp(-width / mean))  # of those mixed in
            left -= going
            spent = seconds + going * mean
            rate = (ends + going) / spent if spent > 0 else 1 / mean
            hazards.append(min(rate, self.FASTEST))
        return hazards
