"""How many abandoned calls the target still permits, and the risk that uses them up and no more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import exp, log

from predictive.contract import Spent

SLOTS = 96
"""Parts of a day in the rolling count."""
DAYS = 5
"""A day of a small team permits so few abandoned calls that the limit is kept over several days."""
FEW = 10.0
"""A day that permits fewer abandoned calls than these may be over by a part of one."""
MARGIN = 0.985
"""Aim a little below the target: what the law counts may differ in the last call."""


@dataclass(slots=True)
class _Slot:
    live: int = 0
    abandoned: int = 0


class Budget:
    """Counts live answers and abandoned calls over the last day and days of the agents' time.

    The clock of the counts stands still while nobody is signed in, so that a window ends where the
    working day does. The first `START` seconds earn no credit: a day is often counted from later on.
    """

    START = 900.0

    def __init__(self, target: float, day_length: float) -> None:
        self.target = target
        self.spent: Spent | None = None
        self._slot_length = day_length / SLOTS
        self._slots: deque[_Slot] = deque([_Slot()])
        self._day = _Slot()
        self._days = _Slot()
        self._worked = 0.0
        self._day_length = day_length

    def pass_time(self, seconds: float) -> None:
        """Agents were signed in for so long since the last call of this."""
        before = int(self._worked / self._slot_length)
        self._worked += seconds
        for _ in range(min(int(self._worked / self._slot_length) - before, SLOTS * DAYS)):
            self._slots.append(_Slot())
            if len(self._slots) > SLOTS:
                _take(self._day, self._slots[-SLOTS - 1])
            if len(self._slots) > SLOTS * DAYS:
                _take(self._days, self._slots.popleft())

    def add(self, abandoned: bool) -> None:
        """A person answered and was connected, or abandoned."""
        earns = self._worked >= self.START
        for slot in (self._slots[-1], self._day, self._days):
            slot.live += earns
            slot.abandoned += abandoned

    @property
    def counted(self) -> tuple[float, float]:
        """Live answers and abandoned calls: of the legal window where it is known, else of the day."""
        if self.spent is not None:
            return self.spent.live, self.spent.abandoned
        return self._day.live, self._day.abandoned

    @property
    def permitted(self) -> float:
        """Abandoned calls that a day like the last one permits."""
        return self.target * self._day.live

    @property
    def credit(self) -> float:
        """Abandoned calls that may still be added now; below zero: over the target."""
        target = self.target * MARGIN
        # One call is lent at the start of the first day, and is paid back by the last quarter of it.
        lent = max(0.0, 1 - self._worked / (0.75 * self._day_length))
        odd = max(0.0, 1 - self.permitted / FEW) if self._worked > self._day_length else 0.0
        credit = min(
            target * self._day.live - self._day.abandoned + max(lent, odd),
            target * self._days.live - self._days.abandoned + lent,
        )
        if self.spent is not None:
            credit = min(credit, target * self.spent.live - self.spent.abandoned + 1)
        return credit


def _take(sum_: _Slot, slot: _Slot) -> None:
    sum_.live -= slot.live
    sum_.abandoned -= slot.abandoned


class Throttle:
    """The risk that one call may have, steered by what came of it.

    An integral controller on the logarithm: every person moves it up a little, every abandoned one down
    by so much that it rests where the share of abandoned is the aim. The aim follows the credit: above
    the target while credit is plenty, below while it is short; with none left the risk is nought.
    """

    STEP = 1 / 300

    def __init__(self, target: float) -> None:
        self._target = target
        self._log = log(target)

    def add(self, abandoned: bool, budget: Budget) -> None:
        """A person was connected, or abandoned."""
        scale = 2 + budget.permitted / 10
        aim = self._target * (1 + 0.5 * max(-1.0, min((budget.credit - 1.5) / scale, 1.0)))
        self._log += self.STEP * (1 - abandoned / aim)
        self._log = max(log(self._target / 30), min(self._log, log(0.9)))

    def calm(self) -> None:
        """Nobody knows what the outside is like now: no more risk than at the start."""
        self._log = min(self._log, log(self._target))

    def risk(self, budget: Budget) -> float:
        """The most risk of one call; 0 when the budget is gone."""
        return exp(self._log) * max(0.0, min((budget.credit - 0.25) / 0.75, 1.0))
