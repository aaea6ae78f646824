"""The live picture, kept from AMI events. Pure.

Events go in, changes come out; the same events give the same picture at any speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ami_daemon import events as ami
from ami_daemon.agent import (
    AUTO_PAUSE,
    IDLE,
    NO_ANSWER,
    PHONE_UNREACHABLE,
    REJECTED,
    UNAVAILABLE,
    Agent,
)
from ami_daemon.call import Call, CallState
from ami_daemon.changes import (
    Change,
    Inbound,
    PreviewAnswered,
    PreviewLeft,
    PreviewMissed,
    WrapUpDeclined,
)
from ami_daemon.picture import RINGING, UP, Picture


class Board(Picture):
    """The picture, with the events that change it."""

    def __init__(self, system: str, queues_of: dict[str, frozenset[str]], wrap_ups: dict[str, int]) -> None:
        super().__init__(system, queues_of, wrap_ups)
        self._handlers: dict[type, Callable[[Any], None]] = {
            ami.Newchannel: self._newchannel,
            ami.Newstate: self._newstate,
            ami.Hangup: self._hangup,
            ami.OriginateResponse: self._originate_response,
            ami.QueueCallerJoin: self._join,
            ami.QueueCallerLeave: self._leave,
            ami.AgentCalled: self._called,
            ami.AgentConnect: self._connect,
            ami.AgentComplete: self._complete,
            ami.AgentRingNoAnswer: self._missed,
            ami.QueueMember: self._member,
            ami.DeviceStateChange: self._device,
            ami.BridgeEnter: self._bridged,
            ami.UserEvent: self._user_event,
        }

    @property
    def event_types(self) -> Iterable[type]:
        """The events that the board wants to hear."""
        return self._handlers

    def handle(self, event: Any) -> list[Change]:
        """Take one typed AMI event; return what it changed."""
        handler = self._handlers.get(type(event))
        if handler is None:
            return []
        handler(event)
        return self._flush()

    # -- calls ---------------------------------------------------------------------------------

    def _answered(self, call: Call, at: float) -> None:
        """Queue events may overtake the channel's own `Newstate` by a moment."""
        if call.answered_at is None:
            self._move(call, CallState.ANSWERED, at)

    def _newchannel(self, event: ami.Newchannel) -> None:
        if call := self._call_of(event.uniqueid):
            call.channel = event.channel
        elif preview := self._preview_leg(event.uniqueid):
            self._legs[event.uniqueid] = preview[0].name

    def _newstate(self, event: ami.Newstate) -> None:
        if call := self._call_of(event.uniqueid):
            if event.state == RINGING and call.state is CallState.PLACED:
                self._move(call, CallState.RINGING, event.at)
            elif event.state == UP and call.answered_at is None:
                self._move(call, CallState.ANSWERED, event.at)
        elif (preview := self._preview_leg(event.uniqueid)) and event.state in (RINGING, UP):
            agent, attempt = preview
            agent.call = self.prefix + attempt
            if event.state == RINGING:
                agent.ringing_leg = event.uniqueid
            elif agent.talking_leg is None:
                agent.ringing_leg, agent.talking_leg = None, event.uniqueid
                self._changes.append(PreviewAnswered(attempt, event.at))
            self._settle(agent, event.at)

    def _hangup(self, event: ami.Hangup) -> None:
        self._inbound_over(event.uniqueid, event.at, "inbound_quit")
        if call := self._call_of(event.uniqueid):
            call.cause = event.cause
            self._move(call, CallState.ENDED, event.at)
        name = self._legs.pop(event.uniqueid, None)
        if preview := self._preview_leg(event.uniqueid):
            self._preview_over(*preview, event.cause, event.at)
        elif name is not None:
            self._leg_gone(self.agents[name], event.uniqueid, event.at)

    def _originate_response(self, event: ami.OriginateResponse) -> None:
        if event.response != "Failure":
            return
        # Where there was a channel its hang-up ends the call, and knows the cause.
        call = self._call_of(event.uniqueid)
        if call and call.channel is None:
            self._move(call, CallState.ENDED, event.at)
        preview = self._preview_leg(event.uniqueid)
        if preview and event.uniqueid not in self._legs:  # a phone without a contact gets no channel
            self._preview_over(*preview, None, event.at)

    def _preview_over(self, agent: Agent, attempt: str, cause: int | None, at: float) -> None:
        if agent.talking_leg is None:
            # Reserved until the pause has its reason, so that this is not taken for a wrap-up.
            reason = REJECTED if cause in _REFUSALS else NO_ANSWER
            if agent.device in UNAVAILABLE:
                reason = PHONE_UNREACHABLE
            self._changes.append(PreviewMissed(attempt, agent.name, reason, at))
        else:
            agent.preview = None
            if (call := self.calls.get(attempt)) and call.state is not CallState.TALKING:
                self._changes.append(PreviewLeft(call, at))
        agent.ringing_leg = agent.talking_leg = agent.call = None
        self._settle(agent, at)

    def _user_event(self, event: ami.UserEvent) -> None:
        if event.name == "PerezvonAbandoned" and (call := self.calls.get(event.headers.get("Attempt", ""))):
            self._move(call, CallState.MESSAGE, event.at)
        elif event.name in ("PerezvonScript", "PerezvonScriptFailed"):
            if call := self.calls.get(event.headers.get("Attempt", "")):
                self._answered(call, event.at)
                self._move(call, CallState.SCRIPT, event.at)
                call.script_failed = event.name == "PerezvonScriptFailed"
        elif event.name == "PerezvonEndWrapUp" and (agent := event.headers.get("Agent", "")) in self.agents:
            self._changes.append(WrapUpDeclined(agent, event.at))

    def _bridged(self, event: ami.BridgeEnter) -> None:
        """The subscriber of a preview call meets the agent who waits for them."""
        call = self._call_of(event.uniqueid)
        if call and call.preview and call.state is CallState.ANSWERED:
            waits = next((a.name for a in self.agents.values() if a.preview == call.attempt), None)
            call.agent = waits or call.agent
            self._move(call, CallState.TALKING, event.at)

    # -- queues --------------------------------------------------------------------------------

    def _join(self, event: ami.QueueCallerJoin) -> None:
        if call := self._call_of(event.uniqueid):
            self._answered(call, event.at)
            self._move(call, CallState.WAITING, event.at)
        elif event.queue in self._queues:
            self.inbound[event.uniqueid] = (event.queue, event.at)
            self._changes.append(Inbound("inbound", event.queue, event.uniqueid, 0.0, event.at))

    def _leave(self, event: ami.QueueCallerLeave) -> None:
        """Leaving goes before `AgentConnect` too; so a caller who quits is known at the hang-up."""

    def _inbound_over(self, uniqueid: str, at: float, kind: str) -> None:
        if (entry := self.inbound.pop(uniqueid, None)) is not None:
            self._changes.append(Inbound(kind, entry[0], uniqueid, at - entry[1], at))

    def _called(self, event: ami.AgentCalled) -> None:
        if agent := self._agent(event.interface):
            self._take_leg(agent, event.dest_uniqueid, event.at)
            agent.ringing_leg, agent.call = event.dest_uniqueid, event.uniqueid
            self._settle(agent, event.at)

    def _connect(self, event: ami.AgentConnect) -> None:
        self._inbound_over(event.uniqueid, event.at, "inbound_connect")
        agent = self._agent(event.interface)
        if agent:
            self._take_leg(agent, event.dest_uniqueid, event.at)
            agent.ringing_leg, agent.talking_leg, agent.call = None, event.dest_uniqueid, event.uniqueid
            self._settle(agent, event.at)
        if call := self._call_of(event.uniqueid):
            call.agent = agent.name if agent else event.interface
            self._answered(call, event.at)
            self._move(call, CallState.TALKING, event.at)

    def _complete(self, event: ami.AgentComplete) -> None:
        agent = self._agent(event.interface)
        if agent and agent.talking_leg is not None and agent.call == event.uniqueid:
            self._legs.pop(agent.talking_leg, None)
            self._talk_over(agent, event.at)

    def _missed(self, event: ami.AgentRingNoAnswer) -> None:
        agent = self._agent(event.interface)
        if agent and agent.talking_leg is None:
            # Our queues have autopause=all: the pauses that follow are taken in one with this. A phone
            # that refuses is told with no ring time.
            agent.missed = NO_ANSWER if event.ring_time else REJECTED
            for queue in agent.queues.values():
                queue.paused, queue.reason = True, AUTO_PAUSE
            self._legs.pop(agent.ringing_leg or "", None)
            self._ring_over(agent, event.at)

    def _take_leg(self, agent: Agent, leg: str, at: float) -> None:
        """The leg is this agent's; where another had it, theirs is gone."""
        if (other := self._legs.get(leg)) is not None and other != agent.name:
            self._leg_gone(self.agents[other], leg, at)
        self._legs[leg] = agent.name

    def _leg_gone(self, agent: Agent, leg: str, at: float) -> None:
        if agent.talking_leg == leg:
            self._talk_over(agent, at)
        elif agent.ringing_leg == leg:
            self._ring_over(agent, at)

    def _ring_over(self, agent: Agent, at: float) -> None:
        agent.ringing_leg = agent.call = None
        agent.device = IDLE
        self._settle(agent, at)

    def _talk_over(self, agent: Agent, at: float) -> None:
        agent.talking_leg = agent.call = None
        agent.device = IDLE  # the device's own event comes a moment later
        longest = max((m.wrap_up for m in agent.queues.values()), default=0)
        # app_queue counts whole seconds: free at the second `last_call + wrapuptime`.
        agent.wrap_until = int(at) + longest if longest else 0.0
        self._settle(agent, at)

    def _member(self, event: ami.QueueMember) -> None:
        if agent := self._take_member(event):
            self._settle(agent, event.at)

    def _device(self, event: ami.DeviceStateChange) -> None:
        if agent := self._agent(event.device):
            agent.device = _DEVICE_STATES.get(event.state, agent.device)
            self._settle(agent, event.at)


_REFUSALS = frozenset({17, 21})  # busy, call rejected (Q.850)
_DEVICE_STATES = {
    "UNKNOWN": 0, "NOT_INUSE": 1, "INUSE": 2, "BUSY": 3, "INVALID": 4, "UNAVAILABLE": 5, "RINGING": 6,
    "RINGINUSE": 7, "ONHOLD": 8,
}  # fmt: skip
