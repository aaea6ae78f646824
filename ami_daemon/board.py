"""The live picture, kept from AMI events. Pure.

Events go in, changes come out; the same events give the same picture at any speed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
from ami_daemon.call import EARLY, UNANSWERED, Call, CallState
from ami_daemon.caller import GROUP_CONTEXT, Caller, CallerState
from ami_daemon.changes import (
    CallerEnded,
    CallerMoved,
    Change,
    EarlyHeard,
    Inbound,
    PreviewAnswered,
    PreviewLeft,
    PreviewMissed,
    RingMissed,
    WrapUpDeclined,
)
from ami_daemon.picture import RINGING, UP, Picture
from sounds.screening import Heard


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

    def _person(self, call: Call, at: float) -> None:
        """They are let through: answered, and where the screen's word was not heard, a person."""
        self._answered(call, at)
        self._hear(call, Heard.PERSON, at)

    def _newchannel(self, event: ami.Newchannel) -> None:
        if call := self._call_of(event.uniqueid):
            call.channel = event.channel
        elif preview := self._preview_leg(event.uniqueid):
            self._legs[event.uniqueid] = preview[0].name

    def _newstate(self, event: ami.Newstate) -> None:
        if event.state == RINGING:
            self._rings.rang(event.uniqueid)
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
        self._caller_over(event)
        self.lines.gone(event.uniqueid)
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
        if event.name == "PerezvonCaller":
            self._arrived(event)
        elif event.name == "PerezvonAbandoned" and (call := self.calls.get(event.headers.get("Attempt", ""))):
            self._move(call, CallState.MESSAGE, event.at)
        elif event.name in ("PerezvonScript", "PerezvonScriptFailed"):
            if call := self.calls.get(event.headers.get("Attempt", "")):
                self._person(call, event.at)
                self._move(call, CallState.SCRIPT, event.at)
                call.script_failed = event.name == "PerezvonScriptFailed"
        elif event.name == "PerezvonEarly":
            self._heard_early(event)
        elif event.name == "PerezvonMessageLeft":
            if call := self.calls.get(event.headers.get("Attempt", "")):
                call.message_left = True
        elif event.name == "PerezvonHeard":
            if call := self.calls.get(event.headers.get("Attempt", "")):
                self._answered(call, event.at)
                heard, quiet = _heard(event.headers)
                self._hear(call, heard, event.at, quiet)
        elif event.name == "PerezvonEndWrapUp" and (agent := event.headers.get("Agent", "")) in self.agents:
            self._changes.append(WrapUpDeclined(agent, event.at))

    def _heard_early(self, event: ami.UserEvent) -> None:
        """The dialplan hands on what the ear heard; an answer may have overtaken it."""
        call, heard = self.calls.get(event.headers.get("Attempt", "")), event.headers.get("Heard", "")
        if call is not None and call.state in UNANSWERED and heard in EARLY:
            call.early = Heard(heard)
            self._changes.append(EarlyHeard(call, call.early, event.at))

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
            self._person(call, event.at)
            self._move(call, CallState.WAITING, event.at)
        elif event.queue in self._queues and not event.uniqueid.startswith(
            self.prefix
        ):  # else: settled before
            self.lines.joined(event)
            self._waits(event.uniqueid, event.queue, event.at)
            known = self.inbound.get(event.uniqueid, ("", 0.0))[0]
            if known == event.queue:
                return  # they come back: the wait goes on
            if known:
                self._inbound_over(event.uniqueid, event.at, "inbound_quit")
            self.inbound[event.uniqueid] = (event.queue, self.lines.first[event.uniqueid])
            self._changes.append(Inbound("inbound", event.queue, event.uniqueid, 0.0, event.at))

    def _leave(self, event: ami.QueueCallerLeave) -> None:
        """Leaving goes before `AgentConnect` too; so a caller who quits is known at the hang-up."""
        self.lines.left(event.uniqueid)

    def _inbound_over(self, uniqueid: str, at: float, kind: str) -> None:
        if (entry := self.inbound.pop(uniqueid, None)) is not None:
            self._changes.append(Inbound(kind, entry[0], uniqueid, at - entry[1], at))

    def _arrived(self, event: ami.UserEvent) -> None:
        """The dialplan says that a call came in, and on which line."""
        channel, line = event.headers.get("Uniqueid", ""), event.headers.get("Line", "")
        if channel and line and channel not in self.callers:
            number = event.headers.get("CallerIDNum", "")
            caller = self.callers[channel] = Caller(channel, line, number, event.at)
            self._changes.append(CallerMoved(caller, CallerState.ARRIVED, event.at))

    def _waits(self, channel: str, group: str, at: float) -> None:
        if (caller := self.callers.get(channel)) is None:
            return
        other = caller.group != group
        caller.group = group
        if caller.reaches(CallerState.WAITING):
            self._caller_moves(caller, CallerState.WAITING, at)
        elif other:
            self._changes.append(CallerMoved(caller, CallerState.WAITING, at))

    def _caller_moves(self, caller: Caller, state: CallerState, at: float) -> None:
        if caller.reaches(state):
            caller.move(state, at)
            self._changes.append(CallerMoved(caller, state, at))

    def _caller_over(self, event: ami.Hangup) -> None:
        if (missed := self._rings.leg_over(event.uniqueid, event.cause, event.at)) is not None:
            self._changes.append(RingMissed(*missed))
        for ring in self._rings.caller_over(event.uniqueid, event.at):
            self._changes.append(RingMissed(event.uniqueid, ring))
        if (caller := self.callers.pop(event.uniqueid, None)) is not None:
            if event.context == GROUP_CONTEXT and caller.waiting_at is None:
                caller.group = event.exten  # the queue was full
                self._caller_moves(caller, CallerState.WAITING, event.at)
            caller.move(CallerState.ENDED, event.at)
            self._changes.append(CallerEnded(caller, event.at))

    def _called(self, event: ami.AgentCalled) -> None:
        if agent := self._agent(event.interface):
            self._take_leg(agent, event.dest_uniqueid, event.at)
            self._rings.called(event.dest_uniqueid, event.uniqueid, agent.name, event.queue, event.at)
            agent.ringing_leg, agent.call = event.dest_uniqueid, event.uniqueid
            agent.wrap_until = 0.0  # over, says the queue, whose clock it goes by
            self._settle(agent, event.at)

    def _connect(self, event: ami.AgentConnect) -> None:
        self._inbound_over(event.uniqueid, event.at, "inbound_connect")
        self._rings.answered(event.uniqueid)
        self.lines.gone(event.uniqueid)
        agent = self._agent(event.interface)
        if caller := self.callers.get(event.uniqueid):
            caller.agent = agent.name if agent else event.interface
            caller.group = event.queue
            self._caller_moves(caller, CallerState.TALKING, event.at)
        if agent:
            self._take_leg(agent, event.dest_uniqueid, event.at)
            agent.ringing_leg, agent.talking_leg, agent.call = None, event.dest_uniqueid, event.uniqueid
            self._settle(agent, event.at)
        if call := self._call_of(event.uniqueid):
            call.agent = agent.name if agent else event.interface
            self._person(call, event.at)
            self._move(call, CallState.TALKING, event.at)

    def _complete(self, event: ami.AgentComplete) -> None:
        if (caller := self.callers.get(event.uniqueid)) and caller.state is CallerState.TALKING:
            self._caller_moves(caller, CallerState.AFTER_TALK, event.at)
        agent = self._agent(event.interface)
        if agent and agent.talking_leg is not None and agent.call == event.uniqueid:
            self._legs.pop(agent.talking_leg, None)
            self._talk_over(agent, event.at)

    def _missed(self, event: ami.AgentRingNoAnswer) -> None:
        agent = self._agent(event.interface)
        if agent and agent.talking_leg is None:
            self._rings.not_answered(agent.ringing_leg or "", event.ring_time / 1000)
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


def _heard(headers: Mapping[str, str]) -> tuple[Heard, float | None]:
    """Who answered, as the dialplan says (what cannot be is a person), and seconds of quiet before that."""
    said, quiet = headers.get("Heard", ""), headers.get("Quiet", "")
    return (
        Heard(said) if said in list(Heard) else Heard.PERSON,
        float(quiet) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", quiet) else None,
    )


_REFUSALS = frozenset({17, 21})  # busy, call rejected (Q.850)
_DEVICE_STATES = {
    "UNKNOWN": 0, "NOT_INUSE": 1, "INUSE": 2, "BUSY": 3, "INVALID": 4, "UNAVAILABLE": 5, "RINGING": 6,
    "RINGINUSE": 7, "ONHOLD": 8,
}  # fmt: skip
