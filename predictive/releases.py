"""When busy agents will be free: talk, then wrap-up, each with a law of its own age."""

from __future__ import annotations

from bisect import bisect_right
from math import exp

from predictive.contract import Floor
from predictive.laws import EDGES, WIDTHS, LengthLaw, age_bin
from predictive.risk import Sum

STEPS = 4
"""Parts of the horizon in which a talk may end, for the wrap-up that follows it."""
MIDDLES = [edge + width / 2 for edge, width in zip(EDGES, WIDTHS, strict=True)]


class Person:
    """How much longer or shorter than all others one agent takes: a factor, drawn to 1 by little data."""

    __slots__ = ("count", "factor", "ratio")

    PRIOR = 50.0
    """Lengths vary far more than agents do (variances about 50 to 1), so one agent's say little."""
    MEMORY = 400.0

    def __init__(self) -> None:
        self.count = 0.0
        self.ratio = 0.0
        self.factor = 1.0

    def add(self, seconds: float, mean: float) -> None:
        """One more length of this agent, where `mean` is that of all."""
        self.count = min(self.count + 1, self.MEMORY)
        self.ratio += (min(seconds / mean, 20.0) - self.ratio) / self.count
        self.factor = (self.PRIOR + self.count * self.ratio) / (self.PRIOR + self.count)


class Releases:
    """Chances that an agent is free within the horizon, by what they do and since when."""

    FEW = 8
    """Lengths to know before anybody's release is counted on."""
    MOST_AGENTS = 2000
    """Agents remembered; those not heard of for the longest are forgotten first."""

    def __init__(self) -> None:
        self.talks = LengthLaw(600, 120.0)
        self.wraps = LengthLaw(600, 20.0)
        self.absences = LengthLaw(200, 600.0)
        self.horizon = 0.0
        self._talkers: dict[str, Person] = {}
        self._wrappers: dict[str, Person] = {}
        nobody = [0.0] * len(EDGES)
        self._talking, self._wrapping, self._absent = nobody, nobody, nobody

    def talked(self, agent: str, seconds: float) -> None:
        """An agent's talk had this length."""
        _learn(self.talks, self._talkers, agent, seconds)

    def wrapped(self, agent: str, seconds: float) -> None:
        """An agent's wrap-up had this length."""
        _learn(self.wraps, self._wrappers, agent, seconds)

    def refresh(self, horizon: float) -> None:
        """Work the tables out again, for agents free within `horizon` seconds."""
        self.horizon = horizon
        if self.talks.known < self.FEW:
            return
        talk, wrap = _Survival(self.talks), _Survival(self.wraps)
        step = horizon / STEPS
        no_wrap = self.wraps.known == 0
        after = [1.0 if no_wrap else wrap.ends(0.0, horizon - step * (k + 0.5)) for k in range(STEPS)]
        self._talking = []
        for age in MIDDLES:
            reached = [talk.left(age + step * k) for k in range(STEPS + 1)]
            ended = sum((reached[k] - reached[k + 1]) * after[k] for k in range(STEPS))
            self._talking.append(ended / reached[0] if reached[0] > 1e-12 else after[0])
        self._wrapping = [wrap.ends(age, horizon) for age in MIDDLES]
        if self.absences.known >= self.FEW:
            absence = _Survival(self.absences)
            self._absent = [absence.ends(age, horizon) for age in MIDDLES]

    def expected(self, now: float, passed: float, floor: Floor) -> Sum:
        """Agents who will be free within the horizon; `passed` seconds went by since the last look."""
        mean = variance = 0.0
        for agents, table, law, people in (
            (floor.talking, self._talking, self.talks, self._talkers),
            (floor.wrapping, self._wrapping, self.wraps, self._wrappers),
            (floor.not_ready, self._absent, self.absences, _NOBODY),
        ):
            counts = [0] * len(EDGES)
            for agent, since in agents.items():
                person = people.get(agent)
                factor = 1.0 if person is None else person.factor
                place = bisect_right(EDGES, (now - since) / factor) - 1 if now > since else 0
                counts[place] += 1
                chance = table[place] / factor
                if chance > 1:
                    chance = 1.0
                mean += chance
                variance += chance * (1 - chance)
            law.pass_time(passed, counts)
        return Sum(mean, variance)


_NOBODY: dict[str, Person] = {}


def _learn(law: LengthLaw, people: dict[str, Person], agent: str, seconds: float) -> None:
    """The law is that of an average agent: a length counts as what that one would have taken."""
    person = people.pop(agent, None) or Person()
    people[agent] = person
    if len(people) > Releases.MOST_AGENTS:
        del people[next(iter(people))]
    law.add(seconds / person.factor)
    person.add(seconds, law.mean)


class _Survival:
    """The share of lengths longer than an age, from a law's hazards."""

    def __init__(self, law: LengthLaw) -> None:
        self._hazards = law.hazards()
        self._sums = [0.0]
        for hazard, width in zip(self._hazards, WIDTHS, strict=True):
            self._sums.append(self._sums[-1] + hazard * width)

    def _sum(self, age: float) -> float:
        place = age_bin(age)
        return self._sums[place] + self._hazards[place] * (age - EDGES[place])

    def left(self, age: float) -> float:
        return exp(-self._sum(age))

    def ends(self, age: float, within: float) -> float:
        """The chance that a length which reached `age` ends `within` seconds more."""
        return 1 - exp(self._sum(age) - self._sum(age + within))
