"""The simulated world: what befalls calls, agents and callers, and what of it is heard."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

from predictive.contract import Event
from predictive.simulator.figures import Tally
from predictive.simulator.floor import SimulatedFloor
from predictive.simulator.luck import Agent, Caller, Callers, Law, Lead, Leads
from predictive.simulator.scenario import Change, Scenario

Hear = Callable[[float, Event], None]


def unheard(now: float, event: Event) -> None:
    """Nobody listens."""


class World:
    """Whatever happens is a method called with the moment and one thing, and `heap` has what is to come.

    Within a moment the floor changes first, then the event is heard.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.hear: Hear = unheard
        self.floor = SimulatedFloor()
        self.tally = Tally()
        self.heap: list[tuple[float, int, Callable[[float, Any], None], Any]] = []
        self.pushed = 0
        self.known: dict[int, Agent] = {}
        """Everybody who ever logged in."""
        self.staff: dict[str, Agent] = {}
        """Logged in, the longest first."""
        self.leads, self.callers = Leads(scenario, seed), Callers(scenario, seed)
        self.wrap_law = Law(scenario.wrap, scenario.wrap_cv)
        self.inbound_law = Law(scenario.inbound_talk, scenario.talk_cv)
        self.held: dict[str, Lead] = {}
        """The leads of `floor.waiting`."""
        self.queue: dict[str, tuple[float, Caller]] = {}
        """Inbound callers who wait, the longest first."""
        self.used = 0
        """Outbound lines in use."""
        self.calling = False
        """Whether calls are placed now: it is day."""

    def push(self, at: float, what: Callable[[float, Any], None], thing: Any) -> None:
        self.pushed += 1
        heappush(self.heap, (at, self.pushed, what, thing))

    def begin(self, start: float) -> None:
        """A new day: the scenario's own rates, everybody to log in."""
        of = self.scenario
        close = start + of.day_length
        self.leads.reset()
        self.talk_law = Law(of.talk, of.talk_cv)
        self.lines, self.outage_until, self.silence_until = of.trunk_lines, start, start
        self.inbound_rate = of.inbound * of.agents / 3600
        self.inbound_since = 0
        self.close = close
        self.tally.begin_day(start + of.warm_up, close)
        self.calling = True
        for number in range(of.agents):
            self.push(start + of.login_spread * number / of.agents, self.login, number)
        self.newcomer = of.agents
        for change in of.changes:
            self.push(start + change.at, self.change, change)
        self.next_caller(start)
        self.push(close, self.closing, None)

    def closing(self, now: float, _: None) -> None:
        """No more calls are placed. Those under way still get their agents; then everybody goes home."""
        self.calling = False

    def all_home(self, now: float) -> None:
        floor = self.floor
        for name in (*floor.ready, *floor.not_ready):
            self.logout(now, self.staff[name])

    # Calls

    def dial(self, now: float, lead: Lead) -> None:
        self.used += 1
        if self.used == len(self.tally.lines):
            self.tally.lines.append(0.0)
        self.floor.ringing[lead.id] = now
        if now >= self.tally.opens:
            self.tally.attempts += 1
        if now < self.outage_until:
            lead.kind, lead.seconds = "failed", 0.1
        elif now < self.silence_until:
            lead.kind, lead.seconds = "no_answer", self.scenario.ring_timeout
        self.push(now + lead.seconds, self.answered if lead.kind == "answer" else self.unanswered, lead)
        self.hear(now, Event("dial", lead.id))

    def unanswered(self, now: float, lead: Lead) -> None:
        since = self.floor.ringing.pop(lead.id)
        self.used -= 1
        self.hear(now, Event(lead.kind, lead.id, None, now - since))

    def answered(self, now: float, lead: Lead) -> None:
        since = self.floor.ringing.pop(lead.id)
        self.hear(now, Event("answer", lead.id, None, now - since))
        if lead.screening:
            self.floor.screening[lead.id] = now
            self.push(now + lead.screening, self.screened, lead)
        else:
            self.live(now, lead, 0.0)

    def screened(self, now: float, lead: Lead) -> None:
        screening = now - self.floor.screening.pop(lead.id)
        if lead.machine == lead.error:
            self.live(now, lead, screening)
            return
        self.used -= 1
        if not lead.machine and now >= self.tally.opens:
            self.tally.lost += 1
        self.hear(now, Event("machine", lead.id, None, screening))

    def live(self, now: float, lead: Lead, screening: float) -> None:
        tally = self.tally
        if now >= tally.opens:
            if lead.machine:
                tally.machines += 1
            else:
                tally.person(now)
        self.hear(now, Event("live", lead.id, None, screening))
        agent = self.agent_for(lead)
        if agent is not None:
            self.connect(now, agent, lead, 0.0)
        else:
            self.floor.waiting[lead.id] = now
            self.held[lead.id] = lead
            self.push(now + self.scenario.grace, self.grace_over, lead)

    def grace_over(self, now: float, lead: Lead) -> None:
        since = self.floor.waiting.pop(lead.id, None)
        if since is None:
            return
        del self.held[lead.id]
        self.used -= 1
        if since >= self.tally.opens:
            if lead.machine:
                self.tally.abandoned_machines += 1
            else:
                self.tally.person_abandoned(since)
        self.hear(now, Event("abandon", lead.id, None, now - since))

    def connect(self, now: float, agent: Agent, lead: Lead, waited: float) -> None:
        talk = 5 + 7 * lead.talk if lead.machine else self.talk_law.at(lead.talk) * agent.talk_factor
        self.take(now, agent, talk, True)
        self.hear(now, Event("connect", lead.id, agent.id, waited))

    # Agents

    def login(self, now: float, number: int) -> None:
        if not self.calling:
            return
        of = self.scenario
        if number not in self.known:
            self.known[number] = Agent(self.seed, number + 1, of.agent_cv)
        agent = self.known[number]
        breaks, pauses = (of.break_every, of.break_length), (of.pause_every, of.pause_length)
        agent.login(now, self.close, breaks, pauses)
        self._next_pause(agent)
        self.staff[agent.id] = agent
        self.hear(now, Event("login", None, agent.id))
        self.free(now, agent)

    def logout(self, now: float, agent: Agent) -> None:
        """Of an agent who is in no call."""
        since = self.floor.ready.pop(agent.id, None)
        if since is not None:
            self.tally.idle += self.tally.overlap(since, now)
        self.floor.not_ready.pop(agent.id, None)
        del self.staff[agent.id]
        agent.pauses, agent.pending = [], 0.0
        self.hear(now, Event("logout", None, agent.id))

    def take(self, now: float, agent: Agent, talk: float, outbound: bool) -> None:
        tally = self.tally
        tally.idle += tally.overlap(self.floor.ready.pop(agent.id), now)
        if now >= tally.opens:
            tally.taken += 1
        agent.outbound = outbound
        agent.next_wrap(self.wrap_law)
        self.floor.talking[agent.id] = now
        self.push(now + talk, self.talk_end, agent)

    def talk_end(self, now: float, agent: Agent) -> None:
        since = self.floor.talking.pop(agent.id)
        self.tally.talk += self.tally.overlap(since, now)
        if agent.outbound:
            self.used -= 1
        self.floor.wrapping[agent.id] = now
        self.push(now + agent.wrap, self.wrap_end, agent)
        self.hear(now, Event("talk_end", None, agent.id, now - since))

    def wrap_end(self, now: float, agent: Agent) -> None:
        since = self.floor.wrapping.pop(agent.id)
        self.tally.wrap += self.tally.overlap(since, now)
        self.hear(now, Event("wrap_end", None, agent.id, now - since))
        self.free(now, agent)

    def free(self, now: float, agent: Agent) -> None:
        """An agent is through with a call or a pause: home, a pause that is due, or ready."""
        if agent.leaving:
            self.logout(now, agent)
        elif agent.pending:
            self.pause(now, agent)
        else:
            self.floor.ready[agent.id] = now
            self.hear(now, Event("ready", None, agent.id))
            self.serve(now, agent)

    def serve(self, now: float, agent: Agent) -> None:
        """An agent who became ready takes whoever waits: callers first, then persons, the longest first."""
        if self.queue:
            self.take_queued(now, agent, next(iter(self.queue)))
        elif self.held:
            self.take_held(now, agent, next(iter(self.held)))

    def take_held(self, now: float, agent: Agent, name: str) -> None:
        self.connect(now, agent, self.held.pop(name), now - self.floor.waiting.pop(name))

    def take_queued(self, now: float, agent: Agent, name: str) -> None:
        since, caller = self.queue.pop(name)
        self.floor.inbound_waiting -= 1
        self.take_caller(now, agent, caller, now - since)

    def agent_for(self, whom: Lead | Caller) -> Agent | None:
        """Of the agents who are ready: the one for a person who just came. The longest ready."""
        return self.staff[next(iter(self.floor.ready))] if self.floor.ready else None

    def pause(self, now: float, agent: Agent) -> None:
        self.floor.not_ready[agent.id] = now
        agent.on_pause_until = now + agent.pending
        agent.pending = 0.0
        self.push(agent.on_pause_until, self.pause_end, agent)
        self.hear(now, Event("not_ready", None, agent.id))

    def pause_end(self, now: float, agent: Agent) -> None:
        if agent.id not in self.floor.not_ready or now != agent.on_pause_until:
            return  # gone home meanwhile
        if agent.pending:  # one more fell due
            agent.on_pause_until = now + agent.pending
            agent.pending = 0.0
            self.push(agent.on_pause_until, self.pause_end, agent)
            return
        del self.floor.not_ready[agent.id]
        self.free(now, agent)

    def _next_pause(self, agent: Agent) -> None:
        if agent.pauses:
            self.push(agent.pauses[-1][0], self.pause_due, agent)

    def pause_due(self, now: float, agent: Agent) -> None:
        if not agent.pauses or agent.pauses[-1][0] != now:
            return  # gone home meanwhile
        agent.pending += agent.pauses.pop()[1]
        self._next_pause(agent)
        since = self.floor.ready.pop(agent.id, None)
        if since is not None:
            self.tally.idle += self.tally.overlap(since, now)
            self.pause(now, agent)

    # Inbound

    def next_caller(self, now: float) -> None:
        if self.inbound_rate > 0:
            gap, caller = self.callers.next()
            self.push(now + gap / self.inbound_rate, self.caller, (caller, self.inbound_since))

    def caller(self, now: float, arrival: tuple[Caller, int]) -> None:
        caller, since = arrival
        if since != self.inbound_since or not self.calling:
            return  # drawn at a rate that is no longer true
        self.next_caller(now)
        if now >= self.tally.opens:
            self.tally.inbound += 1
        self.hear(now, Event("inbound", caller.id))
        agent = self.agent_for(caller)
        if agent is not None:
            self.take_caller(now, agent, caller, 0.0)
        else:
            self.queue[caller.id] = (now, caller)
            self.floor.inbound_waiting += 1
            self.push(now + caller.patience, self.caller_quits, caller)

    def caller_quits(self, now: float, caller: Caller) -> None:
        if caller.id not in self.queue:
            return
        since, _ = self.queue.pop(caller.id)
        self.floor.inbound_waiting -= 1
        if since >= self.tally.opens:
            self.tally.inbound_quit += 1
            self.tally.inbound_waited += now - since
        self.hear(now, Event("inbound_quit", caller.id, None, now - since))

    def take_caller(self, now: float, agent: Agent, caller: Caller, waited: float) -> None:
        if now - waited >= self.tally.opens:
            self.tally.inbound_waited += waited
        self.take(now, agent, self.inbound_law.at(caller.talk) * agent.talk_factor, False)
        self.hear(now, Event("inbound_connect", caller.id, None, waited))

    # What changes in the day

    def change(self, now: float, change: Change) -> None:
        value, agents = change.value, self.scenario.agents
        match change.field:
            case "answer_rate":
                self.leads.answer_rate = value
            case "machine_share":
                self.leads.machine_share = value
            case "ring":
                self.leads.set_ring(value)
            case "talk":
                self.talk_law = Law(value, self.scenario.talk_cv)
            case "lines":
                self.lines = int(value)
            case "inbound":
                self.inbound_rate = value * agents / 3600
                self.inbound_since += 1
                self.next_caller(now)
            case "outage":
                self.outage_until = now + value
            case "silence":
                self.silence_until = now + value
            case "leave":
                self._leave(now, self.share(value))
            case "join":
                for number in range(self.share(value)):
                    at = now + self.scenario.login_spread * number / agents
                    self.push(at, self.login, self.newcomer + number)
                self.newcomer += self.share(value)

    def share(self, value: float) -> int:
        """So many agents, at least one."""
        return max(1, round(value * self.scenario.agents))

    def _leave(self, now: float, count: int) -> None:
        for agent in [agent for agent in self.staff.values() if not agent.leaving][:count]:
            if agent.id in self.floor.ready or agent.id in self.floor.not_ready:
                self.logout(now, agent)
            else:
                agent.leaving = True
