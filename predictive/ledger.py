"""The abandonment ledger's arithmetic: windows, rates by a law's denominator, what may still be abandoned.

The figures of a law come in as numbers; where they come from is not this room's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Literal

from predictive.contract import Spent

Window = Literal["24h", "30d", "month", "midnight"]
Denominator = Literal["answered", "passed", "connected"]

DAY = 86400.0


def window_start(window: Window, now: float, zone: tzinfo) -> float:
    """When the window that ends now began, in epoch seconds.

    `24h` and `30d` are so many seconds; `month` and `midnight` begin with the first moment of the local month
    or day, also on days on which the clock is changed and midnight comes twice or not at all.
    """
    if window == "24h":
        return now - DAY
    if window == "30d":
        return now - 30 * DAY
    today = datetime.fromtimestamp(now, UTC).astimezone(zone).date()
    first = today.replace(day=1) if window == "month" else today
    # fold=0: of two midnights the first; of a skipped one the moment of the change.
    return datetime.combine(first, time(0), zone).timestamp()


def is_gone(live: float, abandoned: float, permitted: float) -> bool:
    """Whether the budget is used up: only progressive may be dialed until answers have earned it back.

    `permitted` is a share of `live`, and one call is lent, or no campaign could ever begin. Never where
    everything is permitted.
    """
    return permitted < 1 and abandoned >= permitted * live + 1


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls of one window that somebody or something answered."""

    abandoned: int = 0
    """The message was started."""
    late: int = 0
    """An agent came, or the person left, only after the law's connect time: abandoned in its eyes."""
    connected: int = 0
    """An agent came in time."""
    left: int = 0
    """The person left within the connect time, before an agent came."""
    machines: int = 0
    """Hung up by the screen as machines."""


@dataclass(frozen=True, slots=True)
class Screening:
    """Estimated errors of the screen, as shares from 0 to 1; both 0 where nothing is screened or known."""

    persons_among_machines: float = 0.0
    """Of the calls hung up as machines, how many were persons: each was abandoned."""
    machines_among_persons: float = 0.0
    """Of the calls passed as persons, how many were machines: they are no live answers."""


NO_ERRORS = Screening()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands in one window: calls, with estimates in fractions."""

    abandoned: float
    live: float
    """What the rate is a share of."""
    limit: float

    @property
    def rate(self) -> float:
        """The abandonment rate as a share; 1 where calls were abandoned and none counts as live."""
        return self.abandoned / self.live if self.live > 0 else float(self.abandoned > 0)

    @property
    def left(self) -> float:
        """Calls that the limit still permits to be abandoned; below zero: too many already were."""
        return self.limit * self.live - self.abandoned

    @property
    def spent(self) -> Spent:
        """As the pacer takes it."""
        return Spent(live=self.live, abandoned=self.abandoned)


def standing(counts: Counts, of: Denominator, limit: float, screening: Screening = NO_ERRORS) -> Standing:
    """The rate's two sides by a law's denominator.

    With A abandoned or late, T taken by an agent in time, H hung up by the person in time, M hung up as
    machines, p and q the two screening errors:

    * `answered` (16 CFR 310.4(b)(4): calls answered by a live person): (A + pM) of (A + pM) + (1-q)(T + H);
      machines among the abandoned are not taken off, because nobody has heard them;
    * `passed` (Ofcom 2016, annex 3): (1-q)A + pM of that and (1-q)T; machines among the abandoned are taken
      off by the share found among the calls that agents took;
    * `connected` (Garante 2014: for 100 successful calls): (A + pM) of (1-q)T.
    """
    persons = 1.0 - screening.machines_among_persons
    wrong = counts.machines * screening.persons_among_machines
    abandoned = counts.abandoned + counts.late + wrong
    taken = persons * counts.connected
    if of == "connected":
        return Standing(abandoned, taken, limit)
    if of == "passed":
        abandoned = persons * (counts.abandoned + counts.late) + wrong
        return Standing(abandoned, abandoned + taken, limit)
    return Standing(abandoned, abandoned + taken + persons * counts.left, limit)
