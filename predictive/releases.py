"""When busy agents will be free: talk, then wrap-up, each with a law of its own age."""

from __future__ import annotations

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
        self.people: dict[str, tuple[Person, Person]] = {}
        self.horizon = 0.0
        nobody = [0.0] * len(EDGES)
        self.talking, self.wrapping, self.absent = nobody, nobody, nobody

    def talked(self, agent: str, seconds: float) -> None:
        """An agent's talk had this length."""
        self.talks.add(seconds)
        self._person(agent)[0].add(seconds, self.talks.mean)

    def wrapped(self, agent: str, seconds: float) -> None:
        """An agent's wrap-up had this length."""
        self.wraps.add(seconds)
        self._person(agent)[1].add(seconds, self.wraps.mean)

    def _person(self, agent: str) -> tuple[Person, Person]:
        person = self.people.pop(agent, None) or (Person(), Person())
        self.people[agent] = person
        if len(self.people) > self.MOST_AGENTS:
            del self.people[next(iter(self.people))]
        return person

    def refresh(self, horizon: float) -> None:
        """Work the tables out again, for agents free within `horizon` seconds."""
        self.horizon = horizon
        if self.talks.known < self.FEW:
            return
        talk, wrap = _Survival(self.talks), _Survival(self.wraps)
        step = horizon / STEPS
        no_wrap = self.wraps.known == 0
        after = [1.0 if no_wrap else wrap.ends(0.0, horizon - step * (k + 0.5)) for k in range(STEPS)]
        self.talking = []
        for age in MIDDLES:
            reached = [talk.left(age + step * k) for k in range(STEPS + 1)]
            ended = sum((reached[k] - reached[k + 1]) * after[k] for k in range(STEPS))
            self.talking.append(ended / reached[0] if reached[0] > 1e-12 else after[0])
        self.wrapping = [wrap.ends(age, horizon) for age in MIDDLES]
        if self.absences.known >= self.FEW:
            absence = _Survival(self.absences)
            self.absent = [absence.ends(age, horizon) for age in MIDDLES]

    def expected(self, now: float, passed: float, floor: Floor) -> Sum:
        """Agents who will be free within the horizon; `passed` seconds went by since the last look."""
        mean = variance = 0.0
        for which, (agents, table, law) in enumerate(
            (
                (floor.talking, self.talking, self.talks),
                (floor.wrapping, self.wrapping, self.wraps),
                (floor.not_ready, self.absent, self.absences),
            )
        ):
            counts = [0] * len(EDGES)
            for agent, since in agents.items():
                age = now - since if now > since else 0.0
                place = age_bin(age)
                counts[place] += 1
                person = self.people.get(agent)
                if person is None or which == 2:
                    chance = table[place]
                else:
                    factor = person[which].factor
                    chance = min(1.0, table[age_bin(age / factor)] / factor)
                mean += chance
                variance += chance * (1 - chance)
            law.pass_time(passed, counts)
        return Sum(mean, variance)


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
