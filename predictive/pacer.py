"""The predictive pacer: as many calls as keep agents busy, within the budget of abandoned calls.

One rule: a call is placed while the risk that its person would find no agent, all calls under way and
all agents soon free taken together, stays within a limit; the limit is steered by what came of it
(`budget.py`). Everything else here is learning the chances that go in. See docs/pacing.md.
"""

from __future__ import annotations

from collections import Counter
from math import exp, inf, isfinite

from predictive.budget import Budget
from predictive.contract import Bound, Event, Floor, Reasons, Spent
from predictive.laws import RingLaw
from predictive.rates import Frequency, Mean, Share
from predictive.releases import Releases
from predictive.risk import MOST, Sum, places

REST = 0.25
"""Seconds between two decisions: nothing that matters resolves faster."""
REFRESH = 60.0
"""Seconds between two looks at the laws of talks and wrap-ups; a quarter of it while little is known."""
LONGEST_STEP = 2.0
"""Seconds between two decisions that tell what went on in them: who is there now was there."""
AT_ONCE = 4
"""Seconds in which calls end that do not get through."""
RIVALRY = 0.03
"""Risk that callers on a line take a free agent first, up to which one call is placed for that agent."""
MOST_CALLS = 20_000
"""Calls under way that are remembered."""
LONG_PAUSE = 1800.0
"""Seconds in which no call stopped ringing, after which the outside may have changed."""
UNASKED = 60.0
"""Seconds between two decisions from which on nobody was at work: the dialer asks every second."""

_RINGING, _SCREENING, _WAITING = "ringing", "screening", "waiting"
_NEXT: dict[str, tuple[str, str | None]] = {
    "busy": (_RINGING, None),
    "no_answer": (_RINGING, None),
    "failed": (_RINGING, None),
    "answer": (_RINGING, _SCREENING),
    "machine": (_SCREENING, None),
    "live": (_SCREENING, _WAITING),
    "connect": (_WAITING, None),
    "abandon": (_WAITING, None),
}
"""Events of a call, with the stage it must be in and the stage it goes to."""
_OF_AGENTS = frozenset(("talk_end", "wrap_end", "ready", "not_ready", "login", "logout"))
_OF_CALLERS = frozenset(("inbound_connect", "inbound_quit"))


class PredictivePacer:
    """Learns a campaign from its own events; told nothing but the target and what the dialer does.

    `target` is the share of live answers that may be abandoned, over `day_length` seconds of the
    agents' time (and, through `spent`, over the legal window); `grace` and `ring_timeout` are seconds.
    """

    def __init__(self, *, target: float, grace: float, ring_timeout: float, day_length: float) -> None:
        self.wake_at: float | None = None
        self.reasons: Reasons | None = None
        self.oddities: Counter[str] = Counter()
        """Events that could not be, by what was odd: counted, and otherwise left alone."""
        self.budget = Budget(target, day_length)
        self._grace, self._ring_timeout = grace, ring_timeout
        self._lives = Share(400, 60)
        self._rings = RingLaw(ring_timeout)
        self._lead = Mean(300, ring_timeout / 2)
        self._screening = Mean(300, 0.0)
        self._releases = Releases()
        self._stay = Share(300, 60)
        self._leaves = Frequency(20000.0)
        self._inbound = Frequency(1800.0)
        self._calls: dict[str, tuple[str, float]] = {}
        self._agents: dict[str, tuple[str, float]] = {}
        self._now = -inf
        self._signed_in = 0
        self._ready = 0
        self._rest_until = -inf
        self._decided_at = inf
        self._refresh_at = -inf
        self._heard_at = -inf

    @property
    def spent(self) -> Spent | None:
        """What the ledger counted over the legal window; set by the caller."""
        return self.budget.spent

    @spent.setter
    def spent(self, spent: Spent | None) -> None:
        self.budget.spent = spent

    # -- learning ------------------------------------------------------------------------------

    def on_event(self, now: float, event: Event) -> None:
        """Learn from what happened; what cannot be is counted in `oddities`."""
        now = self._in_order(now)
        if not (isfinite(event.seconds) and 0 <= event.seconds < 86400):
            self.oddities["length"] += 1
        elif event.kind == "dial":
            self._dial(now, event.call)
        elif event.kind in _NEXT:
            self._call_event(now, event)
        elif event.kind == "inbound":
            self._inbound.add()
        elif event.kind in _OF_AGENTS or (event.kind in _OF_CALLERS and event.agent is not None):
            self._agent_event(now, event)
        elif event.kind not in _OF_CALLERS:
            self.oddities["kind"] += 1

    def _in_order(self, now: float) -> float:
        """The moment of an event: one from before the last is late, and counts as of now."""
        if now >= self._now and isfinite(now):
            self._now = now
            return now
        self.oddities["clock"] += 1
        self._now = self._now if isfinite(self._now) else 0.0
        return self._now

    def _step_back(self, now: float) -> None:
        """The dialer's clock was set back: nothing waits until it is as late again as it was."""
        self.oddities["clock"] += 1
        self._now = self._rest_until = self._refresh_at = now
        self._decided_at, self._heard_at = min(self._decided_at, now), min(self._heard_at, now)
        for known in (self._calls, self._agents):
            for name, (what, since) in known.items():
                known[name] = (what, min(since, now))

    def _pass_time(self, now: float) -> float:
        """Seconds since the last decision, for what is counted by time."""
        passed = max(0.0, now - self._decided_at)
        self._decided_at = now
        at_work = passed < UNASKED
        self._inbound.pass_time(passed)
        self._leaves.pass_time(passed * self._ready if at_work else 0.0)
        self.budget.pass_time(passed, at_work and self._signed_in > 0)
        if now - self._heard_at > LONG_PAUSE:
            self._doubt()
            self._heard_at = now
        return passed

    def _doubt(self) -> None:
        """After a long pause what was known is worth less."""
        self._rings.doubt(10)
        self._lives.doubt(40)
        self.budget.forget()

    def _dial(self, now: float, call: str | None) -> None:
        if call is None or call in self._calls:
            self.oddities["dial"] += 1
            return
        if len(self._calls) >= MOST_CALLS:
            del self._calls[next(iter(self._calls))]
            self.oddities["lost"] += 1
        self._calls[call] = (_RINGING, now)

    def _call_event(self, now: float, event: Event) -> None:
        expected, after = _NEXT[event.kind]
        stage, _ = self._calls.get(event.call or "", (None, 0.0))
        if stage != expected or event.call is None:
            self.oddities[event.kind] += 1
            return
        if after is None:
            del self._calls[event.call]
        else:
            self._calls[event.call] = (after, now)
        if expected == _RINGING:
            self._heard_at = now
            unseen = min(max(0.0, now - self._decided_at), event.seconds, LONGEST_STEP)
            self._rings.add(event.kind == "answer", event.seconds, unseen)
            if event.kind == "answer":
                self._lead.add(event.seconds)
        elif expected == _SCREENING:
            self._lives.add(event.kind == "live")
            self._screening.add(event.seconds)
        else:
            self.budget.add(event.kind == "abandon")
            if event.agent is not None:
                self._agents[event.agent] = ("talking", now)

    def _agent_event(self, now: float, event: Event) -> None:
        agent, kind = event.agent, event.kind
        if agent is None:
            self.oddities["no agent"] += 1
            return
        was, since = self._agents.get(agent, ("", now))
        if was == kind:
            self.oddities["twice"] += 1
            return
        if not was and kind != "login":
            self.oddities["agent"] += 1
        self._agents.pop(agent, None)
        if kind == "logout":
            if was == "ready":
                self._leaves.add()
            return
        if kind == "talk_end":
            self._releases.talked(agent, event.seconds)
        elif kind == "wrap_end":
            self._releases.wrapped(agent, event.seconds)
        elif kind == "ready" and was == "not_ready":
            self._releases.absences.add(now - since)
        elif kind == "not_ready" and was == "ready":
            self._leaves.add()
        if kind in ("ready", "not_ready") and was in ("talk_end", "wrap_end"):
            self._stay.add(kind == "ready")
        self._agents[agent] = (kind, now)
        if len(self._agents) > Releases.MOST_AGENTS:
            del self._agents[next(iter(self._agents))]

    # -- deciding ------------------------------------------------------------------------------

    def calls_to_place(self, now: float, floor: Floor) -> int:
        """The calls whose risk is within the limit, and one for each free agent that no caller will take."""
        if now < self._now and isfinite(now):
            self._step_back(now)
        now = self._in_order(now)
        if now < self._rest_until:
            self.wake_at = self._rest_until
            return 0
        self.wake_at, self._rest_until = None, now + REST
        passed = min(self._pass_time(now), LONGEST_STEP)
        self._ready = len(floor.ready)
        busy = len(floor.talking) + len(floor.wrapping)
        self._signed_in = self._ready + busy + len(floor.not_ready)
        # As old as they were in the middle of what passed, or nobody's first second would be seen.
        ringing = self._rings.ages(now - passed / 2, floor.ringing.values())
        self._rings.pass_time(passed, ringing)
        agents = self._releases.expected(now, passed, floor)
        if now >= self._refresh_at:
            self._refresh(now)
        free = self._ready - len(floor.waiting) - max(0, floor.inbound_waiting)
        under_way = len(floor.ringing) + len(floor.screening)
        each_one = max(0, free - under_way)
        if self._signed_in == 0:
            return self._decided(0, free, 0.0, 0.0, "no agents", floor)
        if self._rings.known < 10:
            return self._decided(each_one, free, 0.0, 0.0, "nothing known", floor)
        return self._weigh(floor, free, each_one, ringing, agents)

    def _weigh(self, floor: Floor, free: int, each_one: int, ringing: list[int], agents: Sum) -> int:
        human = self._lives.cautious
        chances = [chance * human for chance in self._rings.chances()]
        persons = self._persons(ringing, chances)
        # Of a call that gets through: a carrier that fails all at once may be back for the next call.
        chance = max(chances[:AT_ONCE])
        screening = len(floor.screening)
        certain = Sum(screening * human, screening * human * (1 - human))
        stay = self._stay.value if self._stay.known > 20 else 1.0
        coming = agents.mean * stay
        agents = Sum(coming, coming - stay * stay * (agents.mean - agents.variance))
        limit = self.budget.limit()
        wanted = places(free, persons, certain, agents, chance, limit) if limit > 0 else 0
        bound: Bound = "risk" if limit > 0 else "budget"
        if wanted == MOST:
            bound = "nothing"
        elif free <= 0 and wanted == 0:
            bound = "agents"
        if wanted < each_one:
            # One for each free agent, but where callers on a line will want those agents too.
            lone = places(free, persons, certain, agents, chance, RIVALRY)
            wanted = max(wanted, min(each_one, lone))
        return self._decided(
            wanted,
            free + agents.mean,
            persons.mean + certain.mean + wanted * chance,
            chances[0],
            bound,
            floor,
        )

    def _persons(self, ringing: list[int], chances: list[float]) -> Sum:
        """From calls that ring, and rivals for the agents: callers to come, agents who will leave."""
        horizon = self._releases.horizon
        mean = variance = 0.0
        for count, chance in zip(ringing, chances, strict=True):
            mean += count * chance
            variance += count * chance * (1 - chance)
        rivals = self._inbound.per_second * horizon
        rivals += self._ready * (1 - exp(-self._leaves.per_second * horizon / 2))
        return Sum(mean + rivals, variance + rivals)

    def _refresh(self, now: float) -> None:
        self._refresh_at = now + (REFRESH if self._releases.talks.known > 50 else REFRESH / 4)
        self._releases.refresh(self._lead.value + self._screening.value + self._grace)
        stale = now - self._ring_timeout - 120
        for call in [call for call, (_, since) in self._calls.items() if since < stale]:
            del self._calls[call]
            self.oddities["lost"] += 1

    def _decided(
        self, wanted: int, free: float, persons: float, chance: float, bound: Bound, floor: Floor
    ) -> int:
        live, abandoned = self.budget.counted
        under_way = len(floor.ringing) + len(floor.screening) + wanted
        self.reasons = Reasons(
            wanted=wanted,
            under_way=persons,
            free=free,
            live_rate=chance,
            level=under_way / free if free > 0 else 0.0,
            abandoned=abandoned,
            rate=abandoned / live if live else 0.0,
            credit=self.budget.credit,
            bound=bound,
        )
        return wanted
