"""What the daemon answers: the verbs behind the socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from ami_daemon.agent_orders import AgentOrders, BadOrder
from ami_daemon.board import Board
from ami_daemon.call import Call
from ami_daemon.caller import Caller
from ami_daemon.control import Verb, VerbError
from ami_daemon.dialer import Dialer
from ami_daemon.link import ActionFailed, ActionTimeout, AmiLink, ConnectionLost, LinkError, NotConnected
from ami_daemon.prompt_recording import PromptRecording
from ami_daemon.words import budget, describe, figures, screen_figures, screened
from leads.inbound import caller_number
from leads.lead import IllegalMove, Lead, LeadState
from leads.phones import mask
from leads.rules import span
from predictive.screening import NO_MARKS
from store import CampaignState, Store


@dataclass
class Verbs:
    """One method per verb of `docs/architecture.md`; results are plain JSON values."""

    board: Board
    dialer: Dialer
    orders: AgentOrders
    recording: PromptRecording
    link: AmiLink
    store: Store
    clock: Callable[[], float]
    started_at: float
    asterisk: Callable[[], str]
    stop: Callable[[float], Awaitable[None]]

    def table(self) -> dict[str, Verb]:
        """Verbs by name."""
        return {
            "status": self.status,
            "campaigns": self.campaigns,
            "campaign": self.campaign,
            "campaign_status": self.campaign_status,
            "agents": self.agents,
            "agent_set": self.agent_set,
            "record": self.record,
            "calls": self.calls,
            "callers": self.callers,
            "why": self.why,
            "stop_all": self.stop_all,
            "shutdown": self.shutdown,
        }

    async def status(self) -> dict[str, Any]:
        """The whole at a glance."""
        due = await self.store.callbacks.due(self.clock())
        return {
            "link": self.link.state.value,
            "asterisk": self.asterisk(),
            "uptime": self.clock() - self.started_at,
            "draining": self.dialer.draining,
            "calls": _count(call.state for call in self.board.calls.values()),
            "inbound_waiting": len(self.board.inbound),
            "callers": _count(caller.state for caller in self.board.callers.values()),
            "callbacks_due": due,
            "agents": _count(agent.state for agent in self.board.agents.values()),
            "campaigns": {name: str(state) for name, state in self.dialer.states.items()},
            "screening": {name: told for name in self.dialer.states if (told := self._screening(name))},
            "warnings": [
                f"{count} call-backs are due and campaign {name} is {self.dialer.states.get(name, 'gone')}:"
                f" perezvon campaign start {name}"
                for name, count in sorted(due.items())
                if not self.dialer.dials(name)
            ],
        }

    async def campaigns(self) -> list[dict[str, Any]]:
        """Every campaign with its state."""
        return [await self._campaign(name) for name in self.dialer.site.campaigns]

    async def campaign(self, name: str, action: str) -> dict[str, Any]:
        """Start, pause or stop a campaign."""
        self._known(name)
        states = {
            "start": CampaignState.RUNNING,
            "pause": CampaignState.PAUSED,
            "stop": CampaignState.STOPPED,
        }
        if action not in states:
            raise VerbError("bad_arguments", f"no such action: {action!r}", f"one of {', '.join(states)}")
        try:
            await self.dialer.set_state(name, states[action], f"{action} was ordered")
        except IllegalMove as error:
            raise VerbError("illegal_move", str(error)) from error
        return await self._campaign(name)

    async def campaign_status(self, name: str) -> dict[str, Any]:
        """A campaign in figures: leads by state, outcomes, live calls, abandonment, last decision."""
        self._known(name)
        abandoned, live = await self.store.attempts.abandonment(name, 0.0)
        outcomes = await self.store.attempts.outcomes(name, 0.0)
        said = await self.store.decisions.of("campaign", name, 1)
        return {
            **await self._campaign(name),
            "outcomes": {str(outcome): count for outcome, count in outcomes.items()},
            "abandonment": {"abandoned": abandoned, "live": live, "rate": abandoned / live if live else 0.0},
            "dispositions": await self.store.attempts.dispositions(name, by_agents=True),
            "robot_dispositions": await self.store.attempts.dispositions(name, by_agents=False),
            "calls": _count(call.state for call in self.board.calls.values() if call.campaign == name),
            "last_decision": said[-1].text if said else "",
            **self._pacing(name),
        }

    def _pacing(self, name: str) -> dict[str, Any]:
        """What the pacer wants and why, and where the campaign stands with its law; none of a preview."""
        pacing = self.dialer.pacing
        if name not in pacing.pacers:
            return {}
        decision = pacing.last.get(name)
        return {
            "pacing": decision and figures(decision, name in pacing.starved),
            "budget": budget(self.dialer.budgets.standing(name), self.dialer.site.campaigns[name].rules),
            **({"screening": told} if (told := self._screening(name)) else {}),
        }

    def _screening(self, name: str) -> dict[str, Any] | None:
        """How often the campaign's screen errs; None where there is none."""
        budgets = self.dialer.budgets
        screening = budgets.screening(name) if name in self.dialer.pacing.pacers else None
        if screening is None:
            return None
        return screen_figures(screening, budgets.marks.get(name, NO_MARKS))

    async def agents(self) -> list[dict[str, Any]]:
        """Every agent with state, since when, and what is pending."""
        return [self._agent(name) for name in sorted(self.board.agents)]

    async def agent_set(self, agent: str, state: str, reason: str = "") -> dict[str, Any]:
        """Order an agent's state; during a call it takes effect afterwards."""
        try:
            await self.orders.give(agent, state, reason)
        except BadOrder as error:
            raise VerbError("bad_order", str(error)) from error
        except (NotConnected, ConnectionLost, ActionTimeout, ActionFailed) as error:
            raise VerbError(
                "asterisk", f"Asterisk did not do it: {error}", "look at perezvon status"
            ) from error
        return self._agent(agent)

    async def record(self, agent: str) -> dict[str, Any]:
        """Record a prompt by an agent's phone; answers at the end of that call."""
        try:
            return await self.recording.record(agent)
        except BadOrder as error:
            raise VerbError("bad_order", str(error)) from error
        except (LinkError, TimeoutError) as error:
            raise VerbError(
                "asterisk", f"Asterisk did not do it: {error or 'it says nothing'}", "look at perezvon status"
            ) from error

    async def calls(self) -> list[dict[str, Any]]:
        """Our calls under way."""
        return [self._call(call) for call in sorted(self.board.calls.values(), key=lambda c: c.placed_at)]

    async def callers(self) -> list[dict[str, Any]]:
        """Callers on our lines, who came first first."""
        return [self._caller(one) for one in sorted(self.board.callers.values(), key=lambda c: c.arrived_at)]

    async def why(self, kind: str, id: str) -> list[dict[str, Any]]:
        """Reasons for what is and is not happening, newest last: when, and in words."""
        if kind == "agent":
            return [{"at": self.clock(), "text": line} for line in self._why_agent(id)]
        if kind == "campaign":
            self._known(id)
        elif kind == "lead":
            return await self._why_lead(id)
        else:
            raise VerbError("bad_arguments", f"no such kind: {kind!r}", "one of lead, agent, campaign")
        return await self._said("campaign", id) + await self._why_campaign(id)

    async def _why_campaign(self, name: str) -> list[dict[str, Any]]:
        """The campaign's state, and which of its waiting leads may not be called at this hour."""
        now = self.clock()
        lines = [f"campaign {name} is {self.dialer.states[name]}"]
        if self.dialer.dials(name) and (decision := self.dialer.pacing.last.get(name)) is not None:
            lines += describe(decision, name in self.dialer.pacing.starved)
        budgets = self.dialer.budgets
        if name in self.dialer.pacing.pacers and (screening := budgets.screening(name)) is not None:
            lines += screened(screening, budgets.marks.get(name, NO_MARKS))
        for zone in sorted(await self.store.leads.zones(self.dialer.site.campaigns[name].list), key=str):
            time = self.dialer.call_time(name, zone, now)
            if not time.allowed:
                lines.append(f"leads of {f'zone {zone}' if zone else 'no zone of their own'}: {time.reason}")
        return [{"at": now, "text": line} for line in lines]

    async def _said(self, kind: Literal["lead", "campaign"], subject: str) -> list[dict[str, Any]]:
        return [{"at": d.at, "text": d.text} for d in await self.store.decisions.of(kind, subject, 20)]

    async def _why_lead(self, id: str) -> list[dict[str, Any]]:
        lead = await self.store.leads.get(int(id)) if id.isdecimal() else None
        if lead is None:
            raise VerbError(
                "unknown_lead", f"no lead has the number {id!r}", "perezvon leads list shows them"
            )
        lines, now = await self._said("lead", id), self.clock()
        text = f"lead {lead.id} of list {lead.list} is {lead.state}, {lead.attempts} attempts were made"
        if lead.due_at is not None and lead.due_at > now:
            text += f", due in {span(lead.due_at - now)}"
        lines.append({"at": now, "text": text})
        told = await self._held(lead, now) or await self._own_agent(lead, now)
        lines += [{"at": now, "text": text} for text in told]
        for name, campaign in self.dialer.site.campaigns.items():
            if campaign.list == lead.list and lead.state is not LeadState.FINAL:
                time = self.dialer.call_time(name, lead.timezone, now)
                state = self.dialer.states[name]
                lines.append({"at": now, "text": f"campaign {name} is {state}; {time.reason}"})
                lines += [{"at": now, "text": text} for text in await self._locked_out(name, lead.phone, now)]
        return lines

    async def _held(self, lead: Lead, now: float) -> list[str]:
        """Why no campaign calls the lead's number, if so."""
        if (entry := await self.store.do_not_call.get(lead.phone)) is not None:
            told = f"nothing calls it: the number is on the do-not-call list, by {entry.source}"
            return [f"{told}, for {span(now - entry.added_at)}"]
        caps = self.dialer.site.system.frequency
        if (until := await self.store.leads.held_until(lead.id, caps)) <= now:
            return []
        most = ", ".join(f"{cap.calls} in {span(cap.per)}" for cap in caps)
        told = f"no campaign calls it for another {span(until - now)}: the number was called too often"
        return [f"{told}, at most {most} (system.frequency)"]

    async def _own_agent(self, lead: Lead, now: float) -> list[str]:
        """For whom the lead waits, if a fault cut its talk."""
        campaigns = self.dialer.site.campaigns
        mine = [name for name in campaigns if campaigns[name].list == lead.list and self.dialer.dials(name)]
        for cut in await self.store.attempts.cut(mine, now):
            if cut.lead_id == lead.id and (agent := self.board.agents.get(cut.agent or "")) is not None:
                is_there = campaigns[cut.campaign].group in agent.queues
                told = "is rung for it first" if is_there else "would be rung for it first, and is signed out"
                rest = span((lead.due_at or now) - now)
                return [f"a fault cut its talk: agent {cut.agent} {told}; in {rest} it is whoever is free"]
        return []

    async def _locked_out(self, name: str, phone: str, now: float) -> list[str]:
        """Why the campaign must not call a number that was abandoned, if so."""
        lockouts = self.dialer.site.lockouts(name)
        longest = max(lockouts.values(), default=0.0)
        ends = [
            (a.at + lockouts.get(a.campaign, longest), a) for a in await self.store.leads.abandonments(phone)
        ]
        if not lockouts or not ends or (last := max(ends, key=lambda end: end[0]))[0] <= now:
            return []
        until, abandoned = last
        return [
            f"campaign {name} does not call it for another {span(until - now)}: campaign {abandoned.campaign}"
            f" abandoned this number {span(now - abandoned.at)} ago; a preview may call it"
        ]

    async def stop_all(self) -> dict[str, Any]:
        """Pause every running campaign at once; nothing is dialed until one is started again."""
        return {"paused": await self.dialer.halt("stop-all was ordered")}

    async def shutdown(self, drain: float = 60.0) -> dict[str, Any]:
        """Stop dialing, wait at most `drain` seconds for calls under way, and exit."""
        await self.stop(drain)
        return {"calls": len(self.board.calls)}

    def _known(self, name: str) -> None:
        if name not in self.dialer.site.campaigns:
            raise VerbError(
                "unknown_campaign",
                f"no campaign is called {name!r}",
                f"one of {', '.join(self.dialer.site.campaigns)}",
            )

    async def _campaign(self, name: str) -> dict[str, Any]:
        settings = self.dialer.site.campaigns[name]
        leads = await self.store.leads.counts(settings.list)
        return {
            "campaign": name,
            "title": settings.title,
            "mode": str(settings.mode),
            "state": str(self.dialer.states[name]),
            "list": settings.list,
            "leads": {str(state): count for state, count in leads.items()},
        }

    def _agent(self, name: str) -> dict[str, Any]:
        agent = self.board.agents[name]
        attempt = agent.call.removeprefix(self.board.prefix) if agent.call else None
        return {
            "agent": name,
            "name": self.dialer.site.agents[name].name,
            "state": str(agent.state),
            "reason": agent.reason,
            "since": agent.since,
            "overdue": self._overdue(agent.reason, agent.since),
            "pending": self.orders.pending(name),
            "attempt": attempt if attempt in self.board.calls else None,
        }

    def _overdue(self, reason: str, since: float) -> float | None:
        """Seconds past the most that the pause reason allows; `None` where it is not exceeded."""
        paused = self.dialer.site.pause_reasons.get(reason)
        if paused is None or paused.max_time is None or (over := self.clock() - since - paused.max_time) <= 0:
            return None
        return over

    def _call(self, call: Call) -> dict[str, Any]:
        return {
            "attempt": call.attempt,
            "campaign": call.campaign,
            "lead": call.lead,
            "phone": mask(call.phone),
            "state": str(call.state),
            "since": call.since(),
            "agent": call.agent,
        }

    def _caller(self, caller: Caller) -> dict[str, Any]:
        number = caller_number(caller.number, self.dialer.site.system.country)
        waits_until = caller.connected_at or self.clock()
        return {
            "call": caller.channel,
            "line": caller.line,
            "number": number and mask(number),
            "caller_class": caller.caller_class,
            "group": caller.group,
            "state": str(caller.state),
            "since": caller.since(),
            "waited": None if caller.waiting_at is None else max(0.0, waits_until - caller.waiting_at),
            "agent": caller.agent,
        }

    def _why_agent(self, name: str) -> list[str]:
        if name not in self.board.agents:
            raise VerbError(
                "unknown_agent", f"no agent is called {name!r}", f"one of {', '.join(self.board.agents)}"
            )
        agent = self.board.agents[name]
        reason = f" ({agent.reason})" if agent.reason else ""
        lines = [f"{name} is {agent.state}{reason} for {max(0.0, self.clock() - agent.since):.0f} s"]
        lines += [_HINTS[agent.reason]] if agent.reason in _HINTS else []
        if pending := self.orders.pending(name):
            lines.append(f"after the call: {pending}")
        groups = ", ".join(self.orders.queues[name]) or "no group"
        lines.append(f"serves {groups}")
        for campaign, settings in self.dialer.site.campaigns.items():
            if settings.group in self.orders.queues[name]:
                lines.append(f"campaign {campaign} is {self.dialer.states[campaign]}")
        return lines


_HINTS = {
    "signed_in": "signed in, and not ready yet: dial the ready code",
    "no_answer": "the phone rang and was not answered: dial the ready code when you are back",
    "phone_unreachable": "the phone is not registered: look at its network and password",
    "on_phone": "the phone is in use by another call",
    "preview": "a preview call is being set up",
}


def _count(states: Any) -> dict[str, int]:
    return {str(state): count for state, count in sorted(Counter(states).items())}
