"""How often the screen errs in a campaign: the benchmark's figures, moved by what its agents mark."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from predictive.ledger import Counts, Screening


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a screen did to clips whose truth is known, as shares."""

    persons_lost: float
    """Of the persons, how many were taken for machines."""
    machines_passed: float
    """Of the machines, how many were taken for persons."""
    seconds: tuple[float, float] = (0.5, 2.3)
    """Shortest and longest time of a verdict, for simulations that know no other law than an even one."""


MEASURED = Benchmark(persons_lost=0.005, machines_passed=0.243)
"""`python -m bench screening --offline`, November 2026: 2 of 400 persons and 101 of 416 machines of the part
that was never tuned on. The times have its median of 1.38 s; its slowest (4.5 s at p95) are left out."""
MACHINES_AMONG_ANSWERED = 1 / 3
"""Where nothing is known of a campaign yet."""
WEIGHT = 100.0
"""How many calls of the campaign's own what was known before is worth: made-up clips are not its people."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What those agents who mark machines said of the calls that they had, in one window; and the sample."""

    talks: int = 0
    """All that they had."""
    machines: int = 0
    """Marked as machines, of these."""
    checked: int = 0
    """Talks that the screen had taken for machines, and that were passed on all the same, as a sample."""
    checked_machines: int = 0
    """Marked as machines, of these."""
    passed_on: int = 0
    """The whole of that sample, whoever had them and whatever became of them."""


NO_MARKS = Marks()


def is_checked(attempt: str, share: float) -> bool:
    """Whether a call is in a sample of that share. Drawn from its id: whoever asks again gets the same."""
    return int.from_bytes(hashlib.sha256(attempt.encode()).digest()[:4]) < share * 2**32


def errors(counts: Counts, marks: Marks, known: Benchmark = MEASURED) -> Screening:
    """The two errors as the ledger takes them: posterior means of a Beta law.

    The benchmark says how the screen errs on persons and on machines; the ledger wants to know what there
    is among the calls that it passed and hung up, which hangs on how many machines there are. That share
    is taken from the screen's own verdicts, corrected for its errors (Rogan and Gladen, Am J Epidemiol 107,
    1978: (apparent + specificity - 1) / (sensitivity + specificity - 1)); by Bayes' rule it turns the
    benchmark's figures into the means of the two priors, each worth `WEIGHT` calls. Marks then count as
    trials: the mean is (a + k) / (a + b + n) (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4).
    The check sample was heard as machines and is among the passed: it counts on both sides.

    Where no agent marked a machine in the window the priors stand: that they mark nothing says nothing.
    """
    heard = counts.machines + marks.passed_on
    machines = _machines(counts, heard, known)
    persons = 1.0 - machines
    lost, caught = known.persons_lost * persons, (1 - known.machines_passed) * machines
    sample = _share(marks.passed_on, heard)
    through = machines - (1 - sample) * caught
    wrong = _share(lost, lost + caught)
    missed = _share(through, through + persons - (1 - sample) * lost)
    if not marks.machines:
        return Screening(wrong, missed)
    return Screening(
        persons_among_machines=_mean(wrong, marks.checked - marks.checked_machines, marks.checked),
        machines_among_persons=_mean(missed, marks.machines, marks.talks),
    )


def _machines(counts: Counts, found: int, known: Benchmark) -> float:
    """The share of machines among all that answered, where the screen found so many."""
    power = 1 - known.machines_passed - known.persons_lost
    usual = known.persons_lost + power * MACHINES_AMONG_ANSWERED
    answered = counts.abandoned + counts.late + counts.connected + counts.left + counts.machines
    heard = _mean(usual, min(found, answered), answered)
    return min(1.0, max(0.0, (heard - known.persons_lost) / power))


def _mean(before: float, found: int, of: int) -> float:
    return (WEIGHT * before + found) / (WEIGHT + of)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
