"""How many abandoned calls the target still permits, and the risk that uses them up and no more."""

from __future__ import annotations

from math import inf, sqrt

from predictive.contract import Spent
from predictive.ledger import is_gone
from predictive.rates import Frequency


class Budget:
    """Counts live answers and abandoned calls of a working day, and says what risk one call may have.

    A day is `day_length` seconds with agents signed in, and the limit holds with and without the first
    `START` of them (a day is often counted from later on); a gap of `NIGHT` ends it too. What matters is
    the day's end: chance moves the count by more than any steering could take back at once, so a debt
    early in the day is paid off over what is left of it, and the later, the less debt is borne.
    """

    START = 900.0
    NIGHT = 3600.0
    MARGIN = 0.97
    """Aim a little below the target: machines that passed as persons are no live answers to others."""
    RESERVE = 1.5
    """Abandoned calls kept for what is under way when the budget runs out."""
    DEBT = 0.15
    """Share of what the rest of the day permits that may be owed already, and a standard deviation more."""
    FEW, DAYS = 15.0, 5
    """Where a day permits fewer abandoned calls than `FEW`, the limit is kept over `DAYS` together."""
    GAIN = 3.0
    LEAST, MOST = 0.5, 1.25
    """Band of the share that is aimed at, in parts of the target."""
    PRIOR_EFFECT, PRIOR_WEIGHT = 0.6, 15.0
    """Abandoned calls for each unit of risk limit, before there is experience, and what it counts for."""
    MEMORY = 3000
    """Live answers over which that experience is forgotten."""

    def __init__(self, target: float, day_length: float) -> None:
        self.target = target
        self.spent: Spent | None = None
        self._aim = target * self.MARGIN
        self._day_length = day_length
        self._pace = Frequency(3600.0)
        self._worked = self._gap = 0.0
        self._live = self._abandoned = 0
        self._early_live = self._early_abandoned = 0
        self._day = 1
        self._owed = 0.0
        """What the day before could not pay off any more."""
        self._limit = 0.0
        self._limits = self.PRIOR_WEIGHT / self.PRIOR_EFFECT
        self._effects = self.PRIOR_WEIGHT

    def pass_time(self, seconds: float, signed_in: bool) -> None:
        """So many seconds went by, with agents signed in or not."""
        if not signed_in:
            self._gap += seconds
            return
        night = self._gap >= self.NIGHT and self._worked > self.START
        if night or self._worked >= self.START + self._day_length:
            self._begin_day()
        self._gap = 0.0
        self._worked += seconds
        self._pace.pass_time(seconds)

    def _begin_day(self) -> None:
        days = self._days
        self._worked = 0.0
        self._day += 1
        if self._day > days:
            self._owed = max(-self.FEW, min(0.0, self.credit))
            self._day, self._live, self._abandoned = 1, 0, 0
            self._early_live = self._early_abandoned = 0

    @property
    def _days(self) -> int:
        """Days over which the limit is kept: several, where the first of them is small as a whole."""
        answers = self._live + self._pace.per_second * self._today
        return self.DAYS if self._day > 1 or self._aim * answers < self.FEW else 1

    def add(self, abandoned: bool) -> None:
        """A person answered and was connected, or abandoned."""
        self._live += 1
        self._abandoned += abandoned
        if self._worked < self.START:
            self._early_live += 1
            self._early_abandoned += abandoned
        self._pace.add()
        if self._limit > 0:
            keep = 1 - 1 / self.MEMORY
            self._limits = self._limits * keep + self._limit
            self._effects = self._effects * keep + abandoned

    def forget(self) -> None:
        """Nobody knows what the outside is like now: experience counts for little."""
        scale = min(1.0, self.PRIOR_WEIGHT / max(self._effects, self.PRIOR_EFFECT * self._limits))
        self._limits, self._effects = self._limits * scale, self._effects * scale

    @property
    def counted(self) -> tuple[float, float]:
        """Live answers and abandoned calls: of the legal window where it is known, else of the day."""
        if self.spent is not None:
            return self.spent.live, self.spent.abandoned
        return self._live, self._abandoned

    @property
    def credit(self) -> float:
        """Abandoned calls that what was answered so far permits; below zero: a debt."""
        late = self._early_abandoned - self._aim * self._early_live
        credit = self._aim * self._live - self._abandoned + self._owed + min(0.0, late)
        return min(credit, self._legal)

    @property
    def _legal(self) -> float:
        """Abandoned calls that the legal window permits still, and one that starts it off."""
        return inf if self.spent is None else self._aim * self.spent.live - self.spent.abandoned + 1

    @property
    def _today(self) -> float:
        """Seconds that are left of the day."""
        return max(0.0, self.START + self._day_length - self._worked)

    @property
    def _to_come(self) -> float:
        """Live answers that the rest of the day will bring; of later days half, for they may not come."""
        later = self._day_length * max(0, self._days - self._day) / 2
        return self._pace.per_second * (self._today + later)

    @property
    def _debt(self) -> float:
        """Abandoned calls that may be owed: as chance makes, while what is to come can pay them off."""
        permitted = self._aim * self._to_come
        chance = sqrt(permitted)
        return min(self.DEBT * permitted + chance, max(0.0, permitted - chance))

    @property
    def gone(self) -> bool:
        """The legal window permits nothing more."""
        spent = self.spent
        return spent is not None and is_gone(spent.live, spent.abandoned, self.target)

    def limit(self) -> float:
        """The most risk that one call may have now; 0 when the legal budget is gone.

        The share of abandoned calls is near enough proportional to the limit, so the limit is the share
        aimed at over the effect that a unit of it was seen to have. It is kept in a narrow band: what is
        gained by more risk grows slower than the risk, so changing limits cost more than a steady one.
        """
        self._limit = 0.0
        if not self.gone:
            aim = self._aim + self.GAIN * self.credit / max(self._to_come, 30.0)
            aim = max(self.LEAST * self._aim, min(aim, self.MOST * self._aim))
            self._limit = min(0.9, aim * self._limits / max(self._effects, 1.0))
            if self.credit < self.RESERVE - self._debt:
                self._limit = min(self._limit, self.target / 30)
        return self._limit
