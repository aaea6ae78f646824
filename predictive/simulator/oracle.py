"""The clairvoyant oracle: what could be had if every attempt's fate and every call's end were known.

It runs in the same world as the pacers, under the same limits, and dials every lead of the list. But
it knows what will become of a lead, when each agent will be free and when callers will call, so that
it dials a lead that will go live just so early that it goes live in the moment in which an agent
becomes free, and that agent takes it. Leads that will not go live disturb nobody and are dialed
whenever a line is free. What it does not know: the rates of the list some minutes ahead. The fate of
a lead is drawn when the oracle first looks at it, up to `AHEAD` live leads before it is dialed.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from predictive.simulator.engine import Engine, Progress, no_progress
from predictive.simulator.figures import Figures
from predictive.simulator.luck import Agent, Caller, Lead
from predictive.simulator.scenario import Change, Scenario

AHEAD = 8
"""Live leads to choose among: after a very short call only one that answers fast is in time."""
SOON = 1.0
"""Agents for whom nothing is planned are looked at this often, seconds."""


def oracle(scenario: Scenario, seed: int, *, days: int = 1, progress: Progress = no_progress) -> Figures:
    """The oracle's figures, with the luck that any pacer has under this seed."""
    engine = Oracle(scenario, seed)
    engine.run(days, progress)
    return engine.tally.figures(None, None)


class Oracle(Engine):
    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, seed)
        screening = max(times[-1] for times in scenario.screening) if scenario.screening else 0.0
        self.horizon = scenario.ring_timeout + screening
        """No call takes longer from the dial to live: plans are made so long before an agent is free."""
        self.live_leads: deque[Lead] = deque()
        self.others: deque[Lead] = deque()
        """Leads that will not go live, to be dialed when lines are free."""
        self.due: list[tuple[float, int, Lead, float]] = []
        """Leads that will go live, by the time to dial them; last: when their agent is free."""
        self.agent_of: dict[str, Agent] = {}
        """Who will take a lead or a caller, by id."""
        self.expecting: set[str] = set()
        """Agents for whom something is planned."""
        self.coming: deque[tuple[float, Caller]] = deque()
        """Callers drawn and not yet promised to anybody, and when they call."""
        self.day = self.drawn_until = 0.0
        self.changes = sorted(scenario.changes)

    def begin(self, start: float) -> None:
        for left in (self.live_leads, self.others, self.due, self.agent_of, self.expecting, self.coming):
            left.clear()
        self.day = self.drawn_until = start
        super().begin(start)

    # Plans

    def place_calls(self, now: float) -> float:
        floor = self.floor
        for name in floor.ready:
            if name not in self.expecting:
                self.plan(now, (self.staff[name], now))
        free = min(floor.free_lines, floor.allowance)
        while free > 0 and self.others:
            self.place(now, self.others.popleft())
            free -= 1
        while free > 0 and self.due and self.due[0][0] <= now:
            dial_at, _, lead, free_at = heappop(self.due)
            agent = self.agent_of[lead.id]
            if dial_at < now and self._postponed(now, agent, lead, free_at):
                continue
            self.place(now, lead)
            free -= 1
        if free == 0:  # a line that becomes free is an event, a call that the limit permits is none
            return self.next_token(now) if floor.free_lines > floor.allowance else now + SOON
        return min(now + SOON, self.due[0][0]) if self.due else now + SOON

    def _postponed(self, now: float, agent: Agent, lead: Lead, free_at: float) -> bool:
        """Whether an idle agent's pause comes between: lines were short, and the call is late."""
        reach = lead.seconds + lead.screening
        if agent.id in self.floor.not_ready:
            free_at = max(free_at, agent.on_pause_until + agent.pending)
        live_at = self.live_at(agent, now + reach, free_at, reach)
        gone = agent.id not in self.staff or live_at >= self.leaves_at(now, agent)
        if gone:
            self._forget(lead.id)
            self.live_leads.appendleft(lead)
        elif live_at > now + reach:
            self._call(lead, live_at - reach, free_at)
        return gone or live_at > now + reach

    def _call(self, lead: Lead, at: float, free_at: float) -> None:
        self.pushed += 1
        heappush(self.due, (at, self.pushed, lead, free_at))

    def plan(self, now: float, whom: tuple[Agent, float]) -> None:
        """Find the next call for an agent who is free, or will be at a known time."""
        agent, free_at = whom
        if agent.id in self.expecting or agent.id not in self.staff:
            return
        while len(self.live_leads) < AHEAD:
            lead = self.leads.next()
            (self.live_leads if lead.goes_live else self.others).append(lead)
        reach = [lead.seconds + lead.screening for lead in self.live_leads]
        fits = [at for at, seconds in enumerate(reach) if now + seconds <= free_at]
        at = fits[0] if fits else reach.index(min(reach))
        live_at = self.live_at(agent, now + reach[at], free_at, reach[at])
        if live_at >= self.leaves_at(now, agent) or self._promise_caller(now, agent, free_at, live_at):
            return
        lead = self.live_leads[at]
        del self.live_leads[at]
        self._promise(lead.id, agent)
        self._call(lead, live_at - reach[at], free_at)

    def ready_at(self, agent: Agent, free_at: float) -> float:
        """When an agent, through with a call at `free_at`, is back from the pauses due till then."""
        free_at += agent.pending
        for due, length in reversed(agent.pauses):
            if due > free_at:
                break
            free_at += length
        return free_at

    def live_at(self, agent: Agent, earliest: float, free_at: float, reach: float) -> float:
        """The first moment in which the agent can be given a call that was dialed `reach` before."""
        live_at = max(free_at, earliest)
        for change in self.changes:
            begun = self.day + change.at
            if change.field in ("outage", "silence") and begun <= live_at - reach < begun + change.value:
                live_at = begun + change.value + reach
        back = free_at
        for due, length in reversed(agent.pauses):
            if free_at < due <= max(live_at, back):  # begins at once, in the idle agent's wait
                back = max(back, due) + length
        return max(live_at, back)

    def leaves_at(self, now: float, agent: Agent) -> float:
        """When the agent goes home: at the close, or sent by a change."""
        if agent.leaving:
            return now
        leaves = [change for change in self.changes if change.field == "leave" and self.day + change.at > now]
        if leaves:
            before = [name for name, other in self.staff.items() if not other.leaving].index(agent.id)
            for change in leaves:
                before -= self.share(change.value)
                if before < 0:
                    return self.day + change.at
        return self.close

    def _promise_caller(self, now: float, agent: Agent, free_at: float, live_at: float) -> bool:
        """Callers come first: the agent takes the first who calls by `live_at` and is still there."""
        self.next_caller(now)
        while self.coming and self.coming[0][0] <= live_at:
            at, caller = self.coming.popleft()
            here = at > now or caller.id in self.queue
            if here and at + caller.patience > free_at:
                self._promise(caller.id, agent)
                return True
        return False

    def _promise(self, name: str, agent: Agent) -> None:
        self.agent_of[name] = agent
        self.expecting.add(agent.id)

    def _forget(self, name: str) -> None:
        agent = self.agent_of.pop(name, None)
        if agent is not None:
            self.expecting.discard(agent.id)

    # The world, where it asks for a choice or breaks a promise

    def agent_for(self, whom: Lead | Caller) -> Agent | None:
        promised = self.agent_of.get(whom.id)
        if promised is not None:
            return promised if promised.id in self.floor.ready else None
        return next((self.staff[name] for name in self.floor.ready if name not in self.expecting), None)

    def serve(self, now: float, agent: Agent) -> None:
        for name in self.queue:
            if self.agent_of.get(name) is agent:
                self.take_queued(now, agent, name)
                return
        for name in self.held:
            if self.agent_of.get(name) is agent:
                self.take_held(now, agent, name)
                return
        if agent.id not in self.expecting:
            super().serve(now, agent)

    def take(self, now: float, agent: Agent, talk: float, outbound: bool) -> None:
        super().take(now, agent, talk, outbound)
        self.expecting.discard(agent.id)
        free_at = self.ready_at(agent, now + talk + agent.wrap)
        self.push(max(now, free_at - self.horizon), self.plan, (agent, free_at))

    def connect(self, now: float, agent: Agent, lead: Lead, waited: float) -> None:
        self._forget(lead.id)
        super().connect(now, agent, lead, waited)

    def take_caller(self, now: float, agent: Agent, caller: Caller, waited: float) -> None:
        self._forget(caller.id)
        super().take_caller(now, agent, caller, waited)

    def unanswered(self, now: float, lead: Lead) -> None:
        self._forget(lead.id)  # in an outage
        super().unanswered(now, lead)

    def grace_over(self, now: float, lead: Lead) -> None:
        if lead.id in self.held:
            self._forget(lead.id)
        super().grace_over(now, lead)

    def caller_quits(self, now: float, caller: Caller) -> None:
        if caller.id in self.queue:
            self._forget(caller.id)
        super().caller_quits(now, caller)

    def next_caller(self, now: float) -> None:
        """Draws the callers of the whole horizon instead of one."""
        while self.inbound_rate > 0 and self.drawn_until <= now + 2 * self.horizon:
            gap, caller = self.callers.next()
            self.drawn_until += gap / self.inbound_rate
            self.coming.append((self.drawn_until, caller))
            self.push(self.drawn_until, self.caller, (caller, self.inbound_since))

    def change(self, now: float, change: Change) -> None:
        if change.field == "inbound":  # those drawn at the old rate will not call
            for _, caller in self.coming:
                self._forget(caller.id)
            self.coming.clear()
            self.drawn_until = now
        super().change(now, change)
