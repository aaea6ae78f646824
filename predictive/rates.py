"""Shares and lengths learnt from a stream, and forgotten."""

from __future__ import annotations

import math


class Share:
    """A share of yes among yes and no, tracked by a slow mean that a fast one may contradict.

    The slow mean forgets over `slow` outcomes and is steady; the fast one over `fast` and is quick. The
    answer is the slow one while it stays within `deviations` standard errors of the fast one, else the
    nearest edge of that band: steady in steady times, and quick when the outside changes. Until `fast`
    outcomes are known both are plain means.
    """

    def __init__(self, slow: float, fast: float, deviations: float = 1.5) -> None:
        self._memory_slow, self._memory_fast, self._deviations = slow, fast, deviations
        self._slow = self._fast = 0.0
        self._known = 0.0

    @property
    def known(self) -> float:
        """Outcomes that the answer rests on."""
        return self._known

    def add(self, yes: bool) -> None:
        """One more outcome."""
        self._known = min(self._known + 1, self._memory_slow)
        self._slow += (yes - self._slow) / self._known
        self._fast += (yes - self._fast) / min(self._known, self._memory_fast)

    def doubt(self, most: float) -> None:
        """What is known counts for `most` outcomes at most: new ones weigh more."""
        self._known = min(self._known, most)

    @property
    def value(self) -> float:
        """The share, above 0 and below 1; one half of a yes is added while little is known."""
        known = min(self._known, self._memory_fast)
        if known == 0:
            return 0.5
        slow, fast = self._slow, self._fast
        # A window of n outcomes that forgets exponentially has the variance of 2n - 1 plain ones.
        plain = 2 * known - 1 if self._known > self._memory_fast else known
        middle = (fast * known + 0.5) / (known + 1)
        error = self._deviations * math.sqrt(middle * (1 - middle) / plain)
        return min(max(slow, fast - error, 0.5 / (known + 1)), fast + error, 1 - 0.5 / (known + 1))

    @property
    def cautious(self) -> float:
        """The share, and one standard error more."""
        value = self.value
        return min(1.0, value + math.sqrt(value * (1 - value) / max(1.0, self._known)))


class Mean:
    """A mean that forgets over `memory` values; `start` counts as one value."""

    def __init__(self, memory: float, start: float) -> None:
        self.value = start
        self.known = 0.0
        self._memory = memory

    def add(self, value: float) -> None:
        self.known = min(self.known + 1, self._memory)
        self.value += (value - self.value) / (self.known + (self.known < self._memory))


class Frequency:
    """Events per second, over `memory` seconds; nothing is known before the first."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._count = 0.0
        self._time = 0.0

    def pass_time(self, seconds: float) -> None:
        """So much time went by in which an event could have come."""
        keep = math.exp(-seconds / self._memory)
        self._count *= keep
        self._time = self._time * keep + self._memory * (1 - keep)

    def add(self) -> None:
        self._count += 1

    @property
    def per_second(self) -> float:
        return self._count / (self._time + 60.0)
