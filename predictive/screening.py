"""How often the screen errs in a campaign: the benchmark's figures, moved by what its agents mark."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from predictive.ledger import Counts, Screening


@dataclass(frozen=True, slots=True)
class Trials:
    """What a screen said of clips of one truth."""

    clips: int
    wrong: int
    seconds: tuple[float, ...] = ()
    """When it said so, from the answer: quantiles, evenly spaced from the shortest time to the longest."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a screen did to clips whose truth is known."""

    persons: Trials
    machines: Trials
    """Tones and faxes among them."""

    @property
    def persons_lost(self) -> float:
        """Of the persons, the share that was taken for machines."""
        return _share(self.persons.wrong, self.persons.clips)

    @property
    def machines_passed(self) -> float:
        """Of the machines, the share that was taken for persons."""
        return _share(self.machines.wrong, self.machines.clips)


MEASURED = Benchmark(
    persons=Trials(
        clips=400,
        wrong=3,
        seconds=(
            *(0.52, 0.72, 0.84, 0.92, 0.96, 1.04, 1.12, 1.2, 1.28, 1.36, 1.52),
            *(1.64, 1.88, 2.12, 2.45, 2.84, 3.2, 3.52, 4.12, 4.82, 6.0),
        ),
    ),
    machines=Trials(
        clips=416,
        wrong=113,
        seconds=(
            *(0.42, 0.98, 1.16, 1.29, 1.46, 1.66, 2.2, 3.21, 4.92, 5.27, 5.6),
            *(6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 7.26),
        ),
    ),
)
"""Of the part of the corpus that is never tuned on. `python -m bench screening --offline` ends with this, and
what it says is copied to here: nothing else in the project states these figures for programs."""
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


def is_screened(counts: Counts, on: bool) -> bool:
    """Whether the screen's errors count: when it is off they do as long as somebody whom it hung up on is in
    the window."""
    return on or counts.machines > 0


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
