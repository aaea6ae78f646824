"""What the peers measure with: periods, sliding counts, shares, lengths. All of bounded size."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque

from predictive.contract import Event, Floor


class Every:
    """Says when a period has passed; missed periods are not made up for."""

    def __init__(self, period: float, *, at_once: bool = True) -> None:
        self.period = period
        self.at: float | None = None
        self._first = 0.0 if at_once else period

    def due(self, now: float) -> bool:
        """Whether it is time; asked with true, the next period begins."""
        if self.at is None or self.at - now > self.period:  # the first time, or the clock stepped back
            self.at = now + self._first
        if now < self.at:
            return False
        self.at += self.period
        if self.at <= now:
            self.at = now + self.period
        return True


class Recent:
    """Counts of the last `window` seconds, kept in slots of `window / slots`."""

    def __init__(self, window: float, slots: int = 30) -> None:
        self.window = window
        self._width = window / slots
        self._counts: deque[tuple[int, int]] = deque(maxlen=slots + 1)

    def add(self, now: float) -> None:
        slot = int(now // self._width)
        if self._counts and slot < self._counts[-1][0]:  # the clock stepped back
            self._counts.clear()
        if self._counts and self._counts[-1][0] == slot:
            self._counts[-1] = (slot, self._counts[-1][1] + 1)
        else:
            self._counts.append((slot, 1))

    def total(self, now: float) -> int:
        oldest = (now - self.window) // self._width
        return sum(count for slot, count in self._counts if slot > oldest)


class Share:
    """A share of yes, learnt: it starts at 1 as if seen `first` times, and forgets beyond `memory` answers.

    Starting at 1 makes a rule that divides by it start with one call for each agent.
    """

    def __init__(self, first: int = 10, memory: int = 300) -> None:
        self.value = 1.0
        self._seen = first
        self._memory = memory

    def add(self, yes: bool) -> None:
        self._seen = min(self._seen + 1, self._memory)
        self.value += (yes - self.value) / self._seen


class Answers:
    """Live answers and abandoned calls since the day began; `target` is compared with their ratio."""

    def __init__(self, day_length: float) -> None:
        self._day_length = day_length
        self._began: float | None = None
        self.live = self.abandoned = 0

    def on_event(self, now: float, event: Event) -> None:
        self.since(now)
        if event.kind in ("connect", "abandon"):
            self.live += 1
            self.abandoned += event.kind == "abandon"

    def since(self, now: float) -> float:
        """Seconds since the day began; a new day starts the counts afresh."""
        if self._began is None or not 0 <= now - self._began < self._day_length:
            self._began = now
            self.live = self.abandoned = 0
        return now - self._began

    @property
    def rate(self) -> float:
        return self.abandoned / self.live if self.live else 0.0


class Handling:
    """How long agents are taken by a call (talk and wrap-up), and so who will soon be free."""

    def __init__(self, keep: int = 500) -> None:
        self._keep = keep
        self._second = Every(1.0)
        self._soon = 0.0
        self._lengths: deque[float] = deque()
        self._sorted: list[float] = []
        self._talked: dict[str, float] = {}

    def on_event(self, event: Event) -> None:
        if event.agent is None:
            return
        if event.kind == "talk_end":
            self._talked[event.agent] = event.seconds
        elif event.kind in ("wrap_end", "ready", "not_ready", "logout") and event.agent in self._talked:
            self._add(self._talked.pop(event.agent) + event.seconds * (event.kind == "wrap_end"))

    def _add(self, seconds: float) -> None:
        if len(self._lengths) == self._keep:
            del self._sorted[bisect_left(self._sorted, self._lengths.popleft())]
        self._lengths.append(seconds)
        insort(self._sorted, seconds)

    def ends_within(self, age: float, window: float) -> float:
        """The share that ended within `window` seconds among those that lasted longer than `age`."""
        over = bisect_right(self._sorted, age)
        longer = len(self._sorted) - over
        return (bisect_right(self._sorted, age + window) - over) / longer if longer else 0.0

    def soon_free(self, now: float, floor: Floor, window: float) -> float:
        """Expected number of busy agents who will be free within `window` seconds, as of this second."""
        if self._second.due(now):
            ages = [now - start for start in floor.talking.values()]
            ages += [now - start + self._talked.get(agent, 0.0) for agent, start in floor.wrapping.items()]
            self._soon = sum(self.ends_within(age, window) for age in ages)
        return self._soon
