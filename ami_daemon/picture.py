"""The live picture: every attempt and every agent, and what a snapshot makes of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ami_daemon import events as ami
from ami_daemon.agent import MOVES, NO_ANSWER, PREVIEW, Agent, AgentState, Membership
from ami_daemon.call import PASSED, Call, CallState, outcome
from ami_daemon.caller import Caller
from ami_daemon.changes import (
    AgentMoved,
    CallEnded,
    CallHeard,
    CallMoved,
    Change,
    Illegal,
    PreviewAnswered,
    PreviewLeft,
    PreviewMissed,
)
from ami_daemon.line import Lines
from ami_daemon.rings import Rings
from ami_daemon.snapshot import Channel
from leads.lead import IllegalMove
from sounds.screening import Heard

RINGING, UP = 5, 6  # AST_STATE_RINGING, AST_STATE_UP
_AGENT_INTERFACE = "PJSIP/agent-"
MACHINE_CONTEXT, NOBODY_CONTEXT = "perezvon-machine", "perezvon-nobody"
"""Where calls are that no person answered; in the second one the extension is what was heard."""


def heard_by_place(context: str, exten: str) -> Heard | None:
    """What the screen heard, by where the dialplan has led the call; None where it was a person, or is
    not known yet."""
    if context == NOBODY_CONTEXT:
        return Heard(exten)
    return Heard.MACHINE if context == MACHINE_CONTEXT else None


class Picture:
    """Calls by attempt id, agents by name, and callers by their channel's unique id.

    `queues_of` names each agent's queues (from the site), so that events of other members and
    queues are left alone; `wrap_ups` has every queue's wrap-up time in whole seconds; `inbound` the
    queue of each caller who waits, and since when.
    """

    def __init__(self, system: str, queues_of: dict[str, frozenset[str]], wrap_ups: dict[str, int]) -> None:
        self.prefix, self.preview_prefix = f"pz-{system}-", f"pza-{system}-"
        self.calls: dict[str, Call] = {}
        self.agents = {name: Agent(name) for name in queues_of}
        self.inbound: dict[str, tuple[str, float]] = {}
        self.callers: dict[str, Caller] = {}
        self._rings = Rings()
        self._queues_of, self._wrap_ups = queues_of, wrap_ups
        self._queues = frozenset().union(*queues_of.values()) if queues_of else frozenset()
        self.lines = Lines(self._queues, self.prefix)
        self._legs: dict[str, str] = {}
        self._changes: list[Change] = []

    # -- what the daemon does ------------------------------------------------------------------

    def place(self, call: Call) -> None:
        """An attempt is about to be originated."""
        self.calls[call.attempt] = call

    def forget(self, attempt: str) -> bool:
        """Whoever settles an attempt takes it away first; False where somebody else has done so."""
        return self.calls.pop(attempt, None) is not None

    def adopt(self, caller: Caller) -> None:
        """A caller who came, or went on, while nobody looked."""
        known = self.callers.get(caller.channel)
        if known is None or caller.reaches(known.state) is False:
            self.callers[caller.channel] = caller

    def reserve(self, agent: str, attempt: str | None) -> None:
        """The agent, who is about to be paused with reason `preview`, is kept for this attempt (or none)."""
        self.agents[agent].preview = attempt

    def tick(self, now: float) -> list[Change]:
        """Time passed: wrap-ups may be over."""
        for agent in self.agents.values():
            if agent.state is AgentState.WRAP_UP:
                self._settle(agent, now)
        return self._flush()

    def next_wrap_end(self, now: float) -> float | None:
        """When the next wrap-up ends, if any is running that ends by the clock."""
        return min((a.wrap_until for a in self.agents.values() if a.wrap_until > now), default=None)

    # -- snapshot ------------------------------------------------------------------------------

    def restore(
        self,
        channels: Iterable[Channel],
        members: Iterable[ami.QueueMember],
        waiting: dict[str, tuple[str, float]],
        at: float,
    ) -> tuple[list[Change], list[Call]]:
        """Make the picture agree with a snapshot; return the changes, and calls without a channel.

        `waiting` maps unique ids of queued callers to queue and join time.
        """
        by_id = {channel.uniqueid: channel for channel in channels}
        self._legs.clear()
        known = {agent.name: agent.call for agent in self.agents.values()}
        for agent in self.agents.values():
            agent.queues.clear()
            agent.ringing_leg = agent.talking_leg = agent.call = None
        for member in members:
            self._take_member(member)
        self._rings.keep(by_id)
        self.callers = {uid: caller for uid, caller in self.callers.items() if uid in by_id}
        self.lines.restore(waiting, by_id)
        self.inbound = {
            uid: (queue, self.lines.first.get(uid, since))
            for uid, (queue, since) in waiting.items()
            if not uid.startswith(self.prefix)
        }
        self._restore_agents(by_id)
        self._restore_previews(by_id, at)
        missing = [call for call in self.calls.values() if self.prefix + call.attempt not in by_id]
        for call in self.calls.values():
            if (channel := by_id.get(self.prefix + call.attempt)) is not None:
                self._restore_call(call, channel, by_id, at)
        for agent in self.agents.values():
            self._settle(agent, at, legal=False)
            if agent.state is AgentState.TALKING and agent.call != known[agent.name]:
                leg = by_id.get(agent.talking_leg or "")
                agent.since = at - (leg.age if leg else 0.0)  # the talk began while nobody looked
        return self._flush(), missing

    def _restore_agents(self, channels: dict[str, Channel]) -> None:
        callers = {
            c.bridge: c for c in channels.values() if c.bridge and not c.name.startswith(_AGENT_INTERFACE)
        }
        for channel in channels.values():
            agent = self._agent_of_channel(channel.name)
            if agent is None:
                continue
            if channel.bridge and channel.bridge in callers:
                agent.talking_leg, agent.call = channel.uniqueid, callers[channel.bridge].uniqueid
                self._legs[channel.uniqueid] = agent.name
            elif channel.state == RINGING:
                agent.ringing_leg, agent.call = channel.uniqueid, channel.linkedid
                self._legs[channel.uniqueid] = agent.name

    def _restore_previews(self, channels: dict[str, Channel], at: float) -> None:
        """Agents who were reserved before: their phone may have been answered, or given up, meanwhile."""
        for channel in channels.values():  # by their name, for a daemon that knows nothing of them yet
            known = channel.uniqueid.removeprefix(self.preview_prefix)
            if known != channel.uniqueid and (rung := self._agent_of_channel(channel.name)):
                rung.preview = rung.preview or known
                if (call := self.calls.get(known)) is not None:
                    call.preview, call.robot, call.screened = True, False, False
        for agent in self.agents.values():
            if (attempt := agent.preview) is None:
                continue
            leg = channels.get(self.preview_prefix + attempt)
            if leg is None and (call := self.calls.get(attempt)):
                agent.preview = None
                self._changes.append(PreviewLeft(call, at))
            elif leg is None:
                self._changes.append(PreviewMissed(attempt, agent.name, NO_ANSWER, at))
            else:
                self._legs[leg.uniqueid], agent.call = agent.name, self.prefix + attempt
                if leg.state == UP and agent.talking_leg is None:
                    agent.ringing_leg, agent.talking_leg = None, leg.uniqueid
                    if attempt not in self.calls:
                        self._changes.append(PreviewAnswered(attempt, at))

    def _restore_call(self, call: Call, channel: Channel, channels: dict[str, Channel], at: float) -> None:
        call.channel = channel.name
        nobody = heard_by_place(channel.context, channel.exten)
        found = CallState.PLACED
        if channel.state == RINGING:
            found = CallState.RINGING
        elif channel.state == UP:
            application = channel.application.lower()
            found = {"queue": CallState.WAITING, "playback": CallState.MESSAGE}.get(
                application, CallState.ANSWERED
            )
            if nobody is not None:
                found = CallState.ANSWERED
            elif call.robot and application in ("agi", "playback"):
                found, call.script_failed = CallState.SCRIPT, application == "playback"
            partner = next(
                (
                    c
                    for c in channels.values()
                    if channel.bridge and c.bridge == channel.bridge and c is not channel
                ),
                None,
            )
            if partner is not None:
                found = CallState.TALKING
                agent = self._agent_of_channel(partner.name)
                call.agent = agent.name if agent else call.agent
        path = [CallState.RINGING, CallState.ANSWERED, CallState.WAITING, CallState.TALKING]
        if found is CallState.MESSAGE:
            path = [CallState.RINGING, CallState.ANSWERED, CallState.MESSAGE]
        elif call.robot:
            path.insert(2, CallState.SCRIPT)
        for step in path[: path.index(found) + 1] if found in path else []:
            if step in (CallState.RINGING, CallState.WAITING) and step is not found:
                continue
            if step not in (CallState.RINGING, CallState.ANSWERED):
                self._hear(call, Heard.PERSON, at)
            self._move(call, step, at)
        if nobody is not None:
            self._hear(call, nobody, at)

    # -- calls and agents ----------------------------------------------------------------------

    def _call_of(self, uniqueid: str) -> Call | None:
        return (
            self.calls.get(uniqueid.removeprefix(self.prefix)) if uniqueid.startswith(self.prefix) else None
        )

    def _move(self, call: Call, state: CallState, at: float) -> None:
        if _RANK[state] <= _RANK[call.state]:
            return  # told twice: in the snapshot, and again in the stream
        try:
            old = call.move(state, at)
        except IllegalMove as error:
            self._changes.append(Illegal(str(error)))
            return
        if state is CallState.ENDED:
            del self.calls[call.attempt]
            self._changes.append(CallEnded(call, old, outcome(old, call.cause, call.heard), at))
        else:
            self._changes.append(CallMoved(call, old, state, at))

    def _hear(self, call: Call, heard: Heard, at: float, quiet: float | None = None) -> None:
        """It is known who answered, or known enough: who is let through is a person. `quiet`: so many seconds
        ago their greeting ended."""
        if not call.screened or call.heard is not None:
            return
        call.heard, call.heard_at = heard, at
        if heard is Heard.SILENCE:
            call.greeted_at = at  # there was no greeting
        elif heard is Heard.PERSON and quiet is not None and call.answered_at is not None:
            call.greeted_at = max(call.answered_at, at - quiet)
        self._changes.append(CallHeard(call, heard, at))
        if heard not in PASSED:
            self._move(call, CallState.NO_PERSON, at)

    def _agent(self, interface: str) -> Agent | None:
        return (
            self.agents.get(interface.removeprefix(_AGENT_INTERFACE))
            if interface.startswith(_AGENT_INTERFACE)
            else None
        )

    def _agent_of_channel(self, channel: str) -> Agent | None:
        return self._agent(channel.rpartition("-")[0])

    def _preview_leg(self, uniqueid: str) -> tuple[Agent, str] | None:
        if not uniqueid.startswith(self.preview_prefix):
            return None
        attempt = uniqueid.removeprefix(self.preview_prefix)
        return next(((a, attempt) for a in self.agents.values() if a.preview == attempt), None)

    def _take_member(self, event: ami.QueueMember) -> Agent | None:
        agent = self._agent(event.interface)
        if agent is None or event.queue not in self._queues_of[agent.name]:
            return None
        if event.kind == "removed":
            agent.queues.pop(event.queue, None)
            if not agent.queues:
                agent.wrap_until = 0.0
            return agent
        if event.kind == "added" and event.queue not in agent.queues and event.last_call == 0:
            agent.wrap_until = 0.0
        wrap_up = event.wrapup or self._wrap_ups[event.queue]  # 0 is "as the queue has it"
        agent.queues[event.queue] = Membership(event.paused, event.reason, wrap_up)
        agent.device = event.status
        if (
            event.kind == "pause"  # one that says something else: the reservation is over
            and not any(queue.reason == PREVIEW for queue in agent.queues.values())
            and agent.talking_leg is None
            and agent.ringing_leg is None
        ):
            agent.preview = None
        if event.last_call and wrap_up:
            agent.wrap_until = max(agent.wrap_until, float(event.last_call + wrap_up))
        return agent

    def _settle(self, agent: Agent, at: float, *, legal: bool = True) -> None:
        state, reason = agent.derive(at)
        if (state, reason) == (agent.state, agent.reason):
            return
        if legal and state is not agent.state and state not in MOVES[agent.state]:
            self._changes.append(Illegal(f"agent {agent.name}: {agent.state} -> {state}"))
        self._changes.append(
            AgentMoved(agent.name, agent.state, agent.reason, state, reason, at, max(0.0, at - agent.since))
        )
        agent.state, agent.reason, agent.since = state, reason, at

    def _flush(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes


_RANK = {state: rank for rank, state in enumerate(CallState)}
