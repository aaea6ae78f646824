"""VICIdial's ratio and adaptive dialing (its dialer step and its adapter step).

Left out, as they are off when VICIdial is installed: the threshold that forces level 1, the tally of
calls in conversation, the difference target in calls placed, shared agents, the UK's way of counting.
Its trunk limit and calls per second are the caller's business here.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Literal, get_args

from predictive.contract import Event, Floor
from predictive.peers.measures import Answers, Every
from predictive.peers.peer import Peer, on_the_way
from predictive.settings import Choice, Number, Setting

Method = Literal["hard_limit", "average", "tapered"]

DIALER_STEP = 2.5
SAMPLES = 15
ADAPTER_STEP = 15.0
STATISTICS_STEP = 60.0
LOOPS = 20

_AVAILABLE_ONLY = Choice("available_only", (False, True), False, search=(False, True))


class VicidialRatio(Peer):
    """Keeps `level` calls for each agent, calls and agents in conversation included.

    `available_only` takes the ready agents alone, and leaves the conversations out of both sides.
    """

    settings: ClassVar[tuple[Setting, ...]] = (
        Number("level", 1.0, 20.0, 1.5, search=(*(1 + n / 20 for n in range(11)), 2.0, 3.0, 4.0, 6.0, 8.0)),
        _AVAILABLE_ONLY,
    )

    def __init__(self, level: float, available_only: bool) -> None:
        self.level = level
        self.available_only = available_only
        self._step = Every(DIALER_STEP)
        self._blended = False
        self._on_own_calls: set[str] = set()

    def on_event(self, now: float, event: Event) -> None:
        if event.kind.startswith("inbound"):
            self._blended = True
        elif event.agent is not None and event.kind == "connect":
            self._on_own_calls.add(event.agent)
        elif event.agent is not None and event.kind in ("talk_end", "logout"):
            self._on_own_calls.discard(event.agent)

    def calls_to_place(self, now: float, floor: Floor) -> int:
        due = self._step.due(now)
        self.wake_at = self._step.at
        return self._new_calls(floor) if due else 0

    def _new_calls(self, floor: Floor) -> int:
        """One dialer step: the goal less the calls that exist."""
        ready = len(floor.ready)
        talking = len(floor.talking)
        inbound = talking - len(self._on_own_calls & floor.talking.keys()) if self._blended else 0
        agents, handed_over = ready + talking, 0
        if self.available_only:
            agents, handed_over = ready, talking - inbound
        goal = round(self.level * agents + handed_over)
        exist = on_the_way(floor) + talking - inbound
        if not ready:
            exist += floor.inbound_waiting + inbound
        return max(0, goal - exist)


class VicidialAdapt(VicidialRatio):
    """Moves the level every 15 s towards as many ready agents as waiting calls, under a drop limit.

    The limit is the target, in drops by live answers since the day began. The methods differ in what
    happens over it: `hard_limit` goes to level 1, `average` halves, `tapered` multiplies by the time left
    until `latest` by 1000, hours of the day written as whole numbers (15:30 is 1530). The day begins at
    `opens`, so that eight hours end at `latest` if nothing else is said. The level aims at
    `-(diff_target + diff_share x signed-in agents)` ready agents more than waiting calls.
    """

    takes = ("target", "day_length")
    settings: ClassVar[tuple[Setting, ...]] = (
        Choice("method", get_args(Method), "hard_limit"),
        Number("max_level", 1.0, 20.0, 3.0, search=(1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)),
        Number("diff_target", -100.0, 100.0, 0.0),
        Number("diff_share", -1.0, 1.0, 0.0, search=(-0.2, -0.1, -0.05, 0.0)),
        Number("intensity", -99.0, 99.0, 0.0),
        _AVAILABLE_ONLY,
        Number("opens", 0, 2359, 1300, whole=True),
        Number("latest", 0, 2400, 2100, whole=True),
    )

    def __init__(
        self,
        target: float,
        day_length: float,
        method: Method,
        max_level: float,
        diff_target: float,
        diff_share: float,
        intensity: float,
        available_only: bool,
        opens: int,
        latest: int,
    ) -> None:
        super().__init__(1.0, available_only)
        self.target = target
        self.method = method
        self.max_level = max_level
        self.diff_target = diff_target
        self.diff_share = diff_share
        self.intensity = intensity / 100
        self.opens = opens
        self.latest = latest
        self._sample = Every(1.0)
        self._adapt = Every(ADAPTER_STEP, at_once=False)
        self._count = Every(STATISTICS_STEP, at_once=False)
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=SAMPLES)
        self._loops: deque[tuple[int, int, int]] = deque(maxlen=LOOPS)
        self._today = Answers(day_length)
        self._calls = self._calls_before = self._drops_before = 0
        self._statistics = (0, 0.0, 0, 0)
        """As counted last: calls today, drop ratio today, calls and drops of the minute."""

    def on_event(self, now: float, event: Event) -> None:
        super().on_event(now, event)
        self._new_day(now)
        self._today.on_event(now, event)
        self._calls += event.kind == "dial"

    def calls_to_place(self, now: float, floor: Floor) -> int:
        self._new_day(now)
        self._blended |= floor.inbound_waiting > 0
        seated = len(floor.ready) + len(floor.talking)
        signed_in = seated + len(floor.wrapping) + len(floor.not_ready)
        if self._sample.due(now):
            self._samples.append((len(floor.ready), len(floor.waiting), signed_in))
        if self._count.due(now):
            self._count_up()
        if self._adapt.due(now):
            self._move_level(now)
        due = self._step.due(now)
        if due:
            waiting = len(floor.waiting) + floor.inbound_waiting
            self._loops.append((len(floor.ready), waiting, signed_in))
        self.wake_at = min(timer.at for timer in (self._sample, self._step) if timer.at is not None)
        return self._new_calls(floor) if due else 0

    def _new_day(self, now: float) -> None:
        """At midnight the counts of the day begin again."""
        live = self._today.live
        self._today.since(now)
        if self._today.live < live:
            self._calls = self._calls_before = self._drops_before = 0
            self._statistics = (0, 0.0, 0, 0)

    def _count_up(self) -> None:
        drops = self._today.abandoned
        minute = (self._calls - self._calls_before, drops - self._drops_before)
        self._statistics = (self._calls, self._today.rate, *minute)
        self._calls_before, self._drops_before = self._calls, drops

    def _move_level(self, now: float) -> None:
        """One adapter step."""
        seen = self._loops if self._blended else self._samples
        ready, waiting, signed_in = (sum(column) / len(seen) for column in zip(*seen, strict=True))
        if not signed_in:
            return
        towards = ready - waiting + self.diff_target + self.diff_share * signed_in
        move = towards / signed_in
        move *= 1 + self.intensity if move >= 0 else abs(self.intensity - 1)
        level = max(1.0, min(round(self.level * (1 + move), 3), self.max_level))
        calls, rate, calls_of_minute, drops_of_minute = self._statistics
        if calls_of_minute > 20 and drops_of_minute > calls_of_minute / 2:
            level /= 2
        if calls > 50 and rate > self.target:
            level = self._limited(level, self._today.since(now))
        self.level = max(1.0, level)

    def _limited(self, level: float, since_opening: float) -> float:
        """The level over the drop limit."""
        if self.method == "hard_limit":
            return 1.0
        if self.method == "average":
            return level / 2
        minutes = self.opens // 100 * 60 + self.opens % 100 + int(since_opening // 60)
        left = self.latest - (minutes // 60 * 100 + minutes % 60)
        return 1.0 if left < 0 else level * min(1.0, left / 1000)
