"""The days of a simulated campaign, one event after the other."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop

from predictive.simulator.luck import Lead
from predictive.simulator.scenario import Scenario
from predictive.simulator.world import World

DAY = 86400.0
PROGRESS_EVERY = 300.0
SOONEST = 0.001
"""Nobody is asked again sooner than this without an event, seconds."""

Progress = Callable[[float], None]
"""Told the share that is done."""


def no_progress(_: float) -> None:
    """No progress wanted."""


def _part_of(progress: Progress, day: int, days: int) -> Progress:
    return lambda share: progress((day + share) / days)


class Engine(World):
    """Runs the world, and has calls placed after everything that happens, and when `place_calls` wants."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, seed)
        self.rate_limit = scenario.rate_limit
        self.burst = max(1.0, self.rate_limit)
        self.tokens = self.tokens_at = 0.0

    def place_calls(self, now: float) -> float:
        """Place what shall be placed now; returns when to be asked again at the latest."""
        raise NotImplementedError

    def run(self, days: int, progress: Progress = no_progress) -> None:
        """So many days on end. Raises `ValueError` for fewer than one."""
        if days < 1:
            raise ValueError(f"days must be at least 1, not {days}")
        start = 0.0
        for day in range(days):
            self.begin(start)
            self.tokens, self.tokens_at = self.burst, start
            ended = self._run_day(_part_of(progress, day, days))
            self.tally.end_day()
            start = DAY * (1 + ended // DAY)

    def _run_day(self, progress: Progress) -> float:
        """Through the heap to the day's end; returns when the last agent was gone."""
        heap, seconds, close = self.heap, self.tally.lines, self.close
        now = last = self.tally.opens
        report_at = ask_at = start = close - self.scenario.day_length
        while heap:
            at = heap[0][0]
            if self.calling and ask_at < at:
                now = ask_at
                what = None
            else:
                now, _, what, thing = heappop(heap)
            if last < now <= close:
                seconds[self.used] += now - last
                last = now
            if now >= report_at:
                progress(min(1.0, (now - start) / (close - start)))
                report_at = now + PROGRESS_EVERY
            if what is not None:
                what(now, thing)
            if self.calling:
                self.refill(now)
                ask_at = self.place_calls(now)
            elif not self.held and not self.queue and not self.floor.ringing and not self.floor.screening:
                self.all_home(now)
        progress(1.0)
        return now

    def refill(self, now: float) -> None:
        """The lines and the calls that the limits permit now."""
        tokens = self.tokens + (now - self.tokens_at) * self.rate_limit
        self.tokens = tokens = tokens if tokens < self.burst else self.burst
        self.tokens_at = now
        free = self.lines - self.used
        self.floor.free_lines = free if free > 0 else 0
        self.floor.allowance = int(tokens)

    def place(self, now: float, lead: Lead) -> None:
        self.tokens -= 1
        self.dial(now, lead)

    def next_token(self, now: float) -> float:
        """When the limits permit one call more than they do now."""
        return now + (1 - self.tokens % 1) / self.rate_limit + SOONEST
