"""A group of agents and its callers, hour by hour: who waits how long, and what could have been told them.

A simulation of its own, so that the estimate is not judged by the model that it was made from: lengths are
log-normal, patience is Weibull, agents have breaks by the clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from predictive.wait import AtWork, WaitLaws

WARM_UP = 900.0


@dataclass(frozen=True)
class Load:
    """A family of load. Times in seconds; `calls` are arrivals per hour at (from second, rate)."""

    name: str
    agents: int
    calls: tuple[tuple[float, float], ...]
    talk: float
    spread: float = 0.8
    """Sigma of the log-normal."""
    wrap_up: float = 20.0
    patience: float = 900.0
    """Mean; a caller who waits longer than theirs is gone."""
    vip: float = 0.0
    """Share of callers who are served first."""
    breaks: tuple[tuple[float, int, float], ...] = ()
    """At that second so many agents want a break, after their call, of that length."""
    hours: float = 4.0


LOADS = (
    Load("calm", 8, ((0, 100),), talk=180),
    Load("busy", 8, ((0, 135),), talk=180),
    Load("rush", 8, ((0, 90), (3600, 240), (5400, 90)), talk=180),
    Load("agents_leave", 8, ((0, 110),), talk=180, breaks=((4000, 3, 1800), (9000, 4, 1200))),
    Load("long_talks", 6, ((0, 40),), talk=480, spread=1.1, patience=1800),
    Load("one_agent", 1, ((0, 14),), talk=180, patience=1800),
    Load("vips", 8, ((0, 135),), talk=180, vip=0.15),
)


@dataclass
class Told:
    """A caller who had to wait, and what they were told on entering; waits in seconds."""

    place: int
    ours: float | None
    holdtime: float
    waited: float = 0.0


@dataclass
class _Agent:
    doing: str = "ready"
    since: float = 0.0
    until: float = 0.0
    leaves: float = 0.0
    """Length of the break that begins when the call is over."""


@dataclass
class Group:
    """One run of a load; `told` fills with those who waited to the end."""

    load: Load
    seed: int
    told: list[Told] = field(default_factory=list)

    def run(self) -> list[Told]:
        self._luck = Random(self.seed)
        self._laws = WaitLaws()
        self._agents = [_Agent() for _ in range(self.load.agents)]
        self._line: dict[bool, deque[tuple[int, float, Told]]] = {True: deque(), False: deque()}
        self._gone: set[int] = set()
        self._holdtime = 0
        self._serial = count()
        self._events: list[tuple[float, int, str, int]] = []
        self._looked = 0.0
        for at in self._arrivals():
            self._at(at, "call")
        for at, agents, seconds in self.load.breaks:
            for n in range(agents):
                self._at(at, "break", n * 100000 + int(seconds))
        while self._events:
            now, _, kind, who = heappop(self._events)
            if now > self.load.hours * 3600:
                break
            self._look(now)
            getattr(self, f"_{kind}")(now, who)
        return self.told

    def _at(self, at: float, kind: str, who: int = 0) -> None:
        heappush(self._events, (at, next(self._serial), kind, who))

    def _arrivals(self) -> Iterator[float]:
        at = 0.0
        while at < self.load.hours * 3600:
            rate = next(rate for start, rate in reversed(self.load.calls) if start <= at)
            at += self._luck.expovariate(rate / 3600)
            yield at

    def _look(self, now: float) -> None:
        """Once a second, as the daemon does; between two events nothing else happens."""
        self._laws.look(now, self._at_work(now), sum(map(len, self._line.values())))

    def _at_work(self, now: float) -> list[AtWork]:
        found = []
        for agent in self._agents:
            if agent.doing == "talking":
                found.append(AtWork(talking=now - agent.since, wrap_up=self.load.wrap_up))
            elif agent.doing == "away":
                found.append(AtWork(away=now - agent.since, wrap_up=self.load.wrap_up))
            else:
                free_in = max(0.0, agent.until - now) if agent.doing == "wrap_up" else 0.0
                found.append(AtWork(free_in=free_in, wrap_up=self.load.wrap_up))
        return found

    # -- what happens ----------------------------------------------------------------------------

    def _call(self, now: float, _who: int) -> None:
        vip = self._luck.random() < self.load.vip
        if vip:
            self._laws.higher.add()
        ready = [n for n, agent in enumerate(self._agents) if agent.doing == "ready"]
        if ready:
            self._take_up(now, ready[0])
            self._held(0.0)
            return
        place = len(self._line[True]) + (0 if vip else len(self._line[False])) + 1
        forecast = self._laws.forecast(self._at_work(now), place)
        told = Told(place, None if forecast is None else forecast.median(place), float(self._holdtime))
        serial = next(self._serial)
        self._line[vip].append((serial, now, told))
        shape = 1.5
        patience = self._luck.weibullvariate(self.load.patience / math.gamma(1 + 1 / shape), shape)
        self._at(now + patience, "quit", serial)

    def _quit(self, _now: float, serial: int) -> None:
        for line in self._line.values():
            for caller in line:
                if caller[0] == serial:
                    line.remove(caller)
                    self._laws.gave_up()
                    return

    def _take_up(self, now: float, n: int) -> None:
        agent = self._agents[n]
        agent.doing, agent.since = "talking", now
        sigma = self.load.spread
        talk = self._luck.lognormvariate(math.log(self.load.talk) - sigma**2 / 2, sigma)
        self._at(now + talk, "talk_over", n)

    def _talk_over(self, now: float, n: int) -> None:
        agent = self._agents[n]
        self._laws.talked(now - agent.since)
        agent.doing, agent.since, agent.until = "wrap_up", now, now + self.load.wrap_up
        self._at(agent.until, "free", n)

    def _free(self, now: float, n: int) -> None:
        agent = self._agents[n]
        if agent.leaves:
            self._laws.left()
            agent.doing, agent.since = "away", now
            self._at(now + agent.leaves, "back", n)
            agent.leaves = 0.0
            return
        agent.doing, agent.since = "ready", now
        for line in (self._line[True], self._line[False]):
            if line:
                _, joined, told = line.popleft()
                told.waited = now - joined
                if joined >= WARM_UP:
                    self.told.append(told)
                self._held(told.waited)
                self._take_up(now, n)
                return

    def _break(self, now: float, what: int) -> None:
        n, seconds = divmod(what, 100000)
        agent = self._agents[n]
        if agent.doing == "ready":
            self._laws.left()
            agent.doing, agent.since = "away", now
            self._at(now + seconds, "back", n)
        else:
            agent.leaves = float(seconds)

    def _back(self, now: float, n: int) -> None:
        self._laws.came_back(now - self._agents[n].since)
        self._free(now, n)

    def _held(self, waited: float) -> None:
        """app_queue's own hold time: whole seconds, a quarter of each new wait."""
        new = int(waited)
        self._holdtime = (3 * self._holdtime + new) >> 2 if self._holdtime else new
