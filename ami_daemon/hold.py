"""Who is called back by a certain agent: that agent is kept for them.

Call-backs that keep a place in the queue get the agent whose turn it is to serve them. An agent is kept while
they wrap up, so that the queue does not give them somebody who came later; or, where they are ready and
nobody stands before the call-back, at once. From there on it is a preview call like any other.

Before them, who was cut off from an agent by a fault gets the same agent again, until the retry by the
campaign's rule is due and anybody may have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from ami_daemon.agent import PREVIEW, Agent, AgentState
from ami_daemon.agent_orders import AgentOrders
from ami_daemon.dialer import Dialer
from ami_daemon.floor import rung_for
from ami_daemon.line import Free, Waiter, turns
from config.models import Mode
from leads.attempt import Attempt
from leads.inbound import Callback, caller_number
from leads.lead import Lead, LeadState
from store import CampaignState

log = structlog.get_logger("hold")

FIRST_RETRY = 1
"""Attempts after which a place is still kept."""
ASKED_AGAIN = 60.0
"""Seconds after which a lead whose claim was refused is tried again: a cap or a lock-out lasts for hours."""
SETTLED = 10.0
"""Seconds from a cut to the call after it: before, a phone that lost its network is not back yet, or is busy
with the rest of the talk or with calling us."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A call-back that may be made now, and its lead."""

    task: Callback
    lead: Lead


class Hold:
    """Who keeps a place, and which agents are kept for them."""

    def __init__(self, dialer: Dialer, orders: AgentOrders, *, clock: Callable[[], float]) -> None:
        self._dialer, self._orders, self._clock = dialer, orders, clock
        self._site, self._board, self._store = dialer.site, dialer.board, dialer.store
        self._reserved = dialer.pacing.reserved
        self._campaigns = {group.callback for group in self._site.groups.values() if group.callback}
        self._kept: dict[int, Kept] = {}
        self._later: dict[str, tuple[Attempt, str]] = {}
        """By agent who is kept, and not yet rung: the attempt, and its lead's name."""
        self._cut: dict[str, Attempt] = {}
        """By attempt that an agent is kept for: the talk that was cut."""
        self._refused: dict[str, float] = {}
        """Cut talks whose lead must not be called now, by attempt, and when that was found."""

    def calls_back(self, group: str) -> bool:
        """Whether a caller of the group may be promised a call back in their turn."""
        name = self._site.groups[group].callback
        return name is not None and self._may(name, None)

    def _may(self, campaign: str, zone: str | None) -> bool:
        running = self._dialer.states.get(campaign) is CampaignState.RUNNING and not self._dialer.draining
        return running and self._dialer.call_time(campaign, zone, self._clock()).allowed

    def kept(self, group: str) -> list[Waiter]:
        """The places in the group's line that nobody on the phone has."""
        return [
            Waiter(one.task.place_since or 0.0, task=id)
            for id, one in self._kept.items()
            if one.task.group == group
        ]

    def comes_first(self, campaign: str) -> bool:
        """Whether people wait in line whom the campaign's other leads must not be called before."""
        groups = [name for name, group in self._site.groups.items() if group.callback == campaign]
        waiting = any(self._board.lines.queues.get(group) for group in groups)
        return waiting or any(one.task.campaign == campaign for one in self._kept.values())

    async def look(self) -> None:
        """Take from the store who keeps a place and may be called now."""
        found = {}
        for name in sorted(self._campaigns):
            if name in self._site.campaigns and self._site.campaigns[name].mode is Mode.PREVIEW:
                for task in await self._store.callbacks.waiting(name):
                    if task.place_since is None or task.group not in self._site.groups:
                        continue
                    lead = await self._store.leads.get(task.lead_id)
                    if lead is not None and self._is_due(lead) and self._may(name, lead.timezone):
                        found[task.id] = Kept(task, lead)
        self._kept = found

    def _is_due(self, lead: Lead) -> bool:
        due = lead.state is LeadState.SCHEDULED and (lead.due_at or 0.0) <= self._clock()
        return (due or lead.state is LeadState.READY) and lead.attempts <= FIRST_RETRY

    async def serve(self) -> dict[str, str]:
        """Keep agents whose turn has come; gives them with the attempts that they are to be paused for."""
        kept = await self._serve_cut()
        await self.look()
        for agent, waiter in self._turns().items():
            if (one := self._kept.pop(waiter.task or 0, None)) is None:
                continue
            if (attempt := await self._keep(agent, one.task.campaign, one.lead)) is not None:
                log.info(
                    "agent_kept", attempt=attempt.id, agent=agent, group=one.task.group,
                    since=one.task.place_since,
                )  # fmt: skip
                kept[agent] = attempt.id
        return kept

    async def _serve_cut(self) -> dict[str, str]:
        """The same for those whose talk with the agent was cut."""
        free = {one.agent: one.groups for one in self._free()}
        running = [name for name in self._site.campaigns if self._dialer.dials(name)]
        if not free or not running:
            return {}
        now, kept = self._clock(), {}
        self._cut = {id: cut for id, cut in self._cut.items() if id in self._reserved}
        self._refused = {id: at for id, at in self._refused.items() if now - at < ASKED_AGAIN}
        for cut in await self._store.attempts.cut(running, now):
            agent = cut.agent or ""
            serves = self._site.campaigns[cut.campaign].group in free.get(agent, ())
            if not serves or agent in kept or (cut.ended_at or now) > now - SETTLED:
                continue
            if cut.id in self._refused or self._is_on_the_phone(cut.phone):
                continue
            lead = await self._store.leads.get(cut.lead_id)
            if lead is not None and (attempt := await self._keep(agent, cut.campaign, lead, cut)) is not None:
                log.info("agent_kept", attempt=attempt.id, agent=agent, cut=cut.id)
                why = f"agent {agent} is rung for it first: a fault cut their talk"
                await self._store.decisions.add("lead", str(lead.id), why, now)
                kept[agent] = attempt.id
        return kept

    def _is_on_the_phone(self, phone: str) -> bool:
        """Whether they have called us meanwhile."""
        country = self._site.system.country
        return any(caller_number(one.number, country) == phone for one in self._board.callers.values())

    def _can_have(self, agent: Agent) -> bool:
        """Whether the agent may be taken out of turn: from the queue's own wrap-up, if nobody waits for
        them; or where no call that was dialed before would miss them."""
        if agent.state is AgentState.WRAP_UP:
            return agent.wrap_until > self._clock() and not self._dialer.pacing.is_awaited(agent.name)
        return agent.state is AgentState.READY and self._dialer.pacing.can_spare(agent.name)

    def over(self, agent: str) -> tuple[str, Attempt, str] | None:
        """The agent is paused, and has no wrap-up any more: whom to ring for, if they are kept."""
        attempt, name = self._later.pop(agent, (None, ""))
        if attempt is None or self._board.agents[agent].preview != attempt.id:
            return None
        return agent, attempt, name

    async def said(self, attempt: str) -> bool:
        """Whether the agent, kept for the attempt since the talk was cut, has said in the wrap-up what came
        of that talk all the same."""
        cut = self._cut.get(attempt)
        talk = cut and await self._store.attempts.get(cut.id)
        return talk is not None and talk.disposition_by is not None

    def _turns(self) -> dict[str, Waiter]:
        if not self._kept:
            return {}
        served = rung_for(self._board)
        lines = {
            group: [
                one for one in self._board.lines.line(group, self.kept(group)) if one.channel not in served
            ]
            for group in self._board.lines.queues
        }
        return turns(lines, self._free())

    def _free(self) -> Iterator[Free]:
        for name, agent in self._board.agents.items():
            whole = agent.preview is None and self._orders.is_in_all_queues(name)
            if whole and (at := self._free_at(agent)) is not None:
                yield Free(
                    name, at, {group: self._orders.queues[name].get(group, 0) for group in agent.queues}
                )

    def _free_at(self, agent: Agent) -> float | None:
        if agent.state is AgentState.READY:
            return agent.since
        if agent.state is AgentState.WRAP_UP and agent.standing()[1] in ("", PREVIEW):
            longest = max((queue.wrap_up for queue in agent.queues.values()), default=0)
            return max(agent.wrap_until, agent.since + longest)
        return None

    async def _keep(self, agent: str, name: str, lead: Lead, cut: Attempt | None = None) -> Attempt | None:
        """Claim the lead, and pause the agent for it; None where something came in between."""
        dialer = self._dialer
        async with dialer.rounds:
            if dialer.pacing.free_lines(name) < 1 or not self._may(name, lead.timezone):
                return None
            if cut is None:
                trunk, ids = self._site.campaigns[name].trunk, [lead.id]
                claimed = await self._store.attempts.claim(
                    dialer.epoch, name, trunk, ids, self._clock(), dialer.new_id
                )
            elif self._can_have(self._board.agents[agent]):
                claimed = await dialer.claim(name, [lead], ahead_of=lead.due_at)
            else:
                return None
            if not claimed:
                if cut is not None:
                    self._refused[cut.id] = self._clock()
                return None
            attempt = self._reserved[claimed[0].id] = claimed[0]
            self._board.reserve(agent, attempt.id)
            self._later[agent] = attempt, lead.name
            if cut is not None:
                self._cut[attempt.id] = cut
        return attempt
