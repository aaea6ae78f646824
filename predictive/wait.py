"""How long a caller who stands at some place in a queue will wait: a distribution, not a guess. Pure.

The line is played to its end many times over: each agent at work becomes free by the law of lengths at the
age of their talk (a life table), takes who is next, talks as long as people talk, wraps up, sometimes takes
a break. Callers of a higher priority come in between, callers ahead give up. The same facts give the same
forecast.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import accumulate
from random import Random

from predictive.laws import EDGES, WIDTHS, LengthLaw, age_bin
from predictive.rates import Frequency

RUNS = 200
"""Times that the line is played."""
LONGEST = 7200.0
"""Seconds; who waits longer in a run has waited so long."""
FEW = 8
"""Breaks to have seen before anybody's return is counted on."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """One agent of the group, seconds throughout.

    `talking` is how long the talk lasts already; `free_in` when a wrap-up ends, 0 for who is ready; `away`
    how long a break lasts already. One of the three is given. `wrap_up` follows each talk. `share` is the
    part of this agent's calls that are the group's: less than 1 where callers of other groups wait for the
    same agent.
    """

    talking: float | None = None
    free_in: float | None = None
    away: float | None = None
    wrap_up: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Waits from now on, sorted, by place from 1: one for each run."""

    waits: tuple[tuple[float, ...], ...]

    def quantile(self, place: int, share: float) -> float:
        """Seconds in which that share of callers at this place have an agent."""
        runs = self.waits[place - 1]
        return runs[min(len(runs) - 1, int(share * len(runs)))]

    def median(self, place: int) -> float:
        """The wait that is as likely to be too long as too short: what callers are told."""
        return self.quantile(place, 0.5)


class WaitLaws:
    """What a group's waits depend on, learnt as it happens; `forecast` is defined from the start."""

    def __init__(self, talk: float = 180.0) -> None:
        """`talk`: seconds of a talk while none has been heard of."""
        self.talks = LengthLaw(300, talk)
        self.absences = LengthLaw(100, 900.0)
        self.higher = Frequency(3600.0)
        """Callers of a higher priority, as they come."""
        self._calls = self._breaks = 0.0
        self._quits = self._waited = 0.0
        self._looked: float | None = None

    def look(self, now: float, agents: Iterable[AtWork], waiting: int) -> None:
        """Time passes over talks, breaks and callers: those still under way are experience too."""
        passed = 0.0 if self._looked is None else max(0.0, now - self._looked)
        self._looked = now
        talking, away = [0] * len(EDGES), [0] * len(EDGES)
        for agent in agents:
            if agent.talking is not None:
                talking[age_bin(agent.talking)] += 1
            elif agent.away is not None:
                away[age_bin(agent.away)] += 1
        self.talks.pass_time(passed, talking)
        self.absences.pass_time(passed, away)
        self.higher.pass_time(passed)
        self._waited += waiting * passed

    def talked(self, seconds: float) -> None:
        """A talk that `look` has seen ended."""
        self.talks.add(seconds)
        self._calls = _forget(self._calls) + 1
        self._breaks = _forget(self._breaks)

    def left(self) -> None:
        """An agent at work took a break or signed out."""
        self._breaks += 1

    def came_back(self, seconds: float) -> None:
        """A break ended."""
        self.absences.add(seconds)

    def gave_up(self) -> None:
        """A caller hung up while waiting."""
        self._quits, self._waited = _forget(self._quits) + 1, _forget(self._waited)

    def read(self, talks: Iterable[float]) -> None:
        """Lengths of talks of earlier days."""
        for seconds in talks:
            last = age_bin(seconds)
            spent = [*WIDTHS[:last], seconds - EDGES[last]]
            self.talks.pass_time(1.0, spent)
            self.talks.add(seconds)

    def forecast(self, agents: Sequence[AtWork], places: int, *, runs: int = RUNS) -> Forecast | None:
        """Waits at the places 1 to `places`; None where nobody is at work: then nothing can be promised."""
        if not any(agent.away is None for agent in agents):
            return None
        play = _Play(self, agents, places)
        rows = [play.run(Random(run)) for run in range(runs)]  # noqa: S311 - a forecast, not a secret
        return Forecast(tuple(tuple(sorted(waits)) for waits in zip(*rows, strict=True)))

    @property
    def break_share(self) -> float:
        """Of talks, those after which the agent is away."""
        return min(0.9, self._breaks / (self._calls + 10.0))

    @property
    def gives_up(self) -> float:
        """Callers who give up per second of waiting."""
        return self._quits / (self._waited + 600.0)


def _forget(amount: float) -> float:
    return amount * (1 - 1 / 300)


class _Play:
    """One group at one moment."""

    def __init__(self, laws: WaitLaws, agents: Sequence[AtWork], places: int) -> None:
        knows_breaks = laws.absences.known >= FEW
        self._agents = [agent for agent in agents if agent.away is None or knows_breaks]
        self._places = places
        self._talk, self._absence = _Lengths(laws.talks), _Lengths(laws.absences)
        self._break_share = laws.break_share
        self._gives_up, self._higher = laws.gives_up, laws.higher.per_second

    def run(self, luck: Random) -> list[float]:
        """The wait of each place, once."""
        free = [(self._free(agent, luck), n) for n, agent in enumerate(self._agents)]
        heapify(free)
        waits: list[float] = []
        higher = self._next_higher(luck, 0.0)
        while len(waits) < self._places:
            at, n = free[0]
            if at >= LONGEST:
                return waits + [LONGEST] * (self._places - len(waits))
            agent = self._agents[n]
            if higher <= at:
                higher = self._next_higher(luck, higher)
            elif agent.share >= 1.0 or luck.random() < agent.share:
                # Who asks for the wait of a place is taken to stay; those ahead of them may have given up.
                while self._patience(luck) < at and len(waits) < self._places - 1:
                    waits.append(at)
                waits.append(at)
            heapreplace(free, (at + self._cycle(agent, luck), n))
        return waits

    def _free(self, agent: AtWork, luck: Random) -> float:
        if agent.talking is not None:
            return self._talk.left(agent.talking, luck) + agent.wrap_up
        if agent.away is not None:
            return self._absence.left(agent.away, luck)
        return agent.free_in or 0.0

    def _cycle(self, agent: AtWork, luck: Random) -> float:
        """From one call of an agent to their next."""
        seconds = self._talk.left(0.0, luck) + agent.wrap_up
        if self._break_share and luck.random() < self._break_share:
            seconds += self._absence.left(0.0, luck)
        return seconds

    def _patience(self, luck: Random) -> float:
        return luck.expovariate(self._gives_up) if self._gives_up > 0 else LONGEST

    def _next_higher(self, luck: Random, at: float) -> float:
        return at + luck.expovariate(self._higher) if self._higher > 0 else LONGEST


class _Lengths:
    """Draws what is left of a length at an age: its hazard, added up and read backwards."""

    def __init__(self, law: LengthLaw) -> None:
        self._hazards = law.hazards()
        steps = (hazard * width for hazard, width in zip(self._hazards, WIDTHS, strict=True))
        self._sums = list(accumulate(steps, initial=0.0))[:-1]

    def left(self, age: float, luck: Random) -> float:
        place = age_bin(age)
        target = self._sums[place] + self._hazards[place] * (age - EDGES[place]) + luck.expovariate(1.0)
        place = bisect_right(self._sums, target) - 1
        hazard = self._hazards[place]
        return EDGES[place] + (target - self._sums[place]) / hazard - age if hazard > 0 else LONGEST
