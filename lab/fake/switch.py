"""The call model: the way of an originated and of an inbound call. No I/O of its own.

Behind it stand `queue.py` and the contexts that `docs/architecture.md` names; how each is followed is held to
transcripts of a real Asterisk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from .behaviour import Answer, Phone, Reject, Ring, Subscriber
from .channel import RING, RINGING, UP, Channel, dial_status, sip_cause
from .clock import LoopClock
from .floor import LIMIT, Emit, FakeCall, Floor
from .queue import Waiting

_INVITE = 0.002
_PREVIEW_WAIT = 37
QUEUE_OPTIONS = "irb(perezvon-auto-answer^s^1)"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the dialplan does with an answered call: `timeout` is the `Queue()`'s, in whole seconds."""

    group: str
    timeout: int = 2
    message_seconds: float = 1.0
    max_talk: float | None = None
    screened: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An `Originate`. `timeout` is in seconds."""

    channel: str
    channel_id: str = ""
    context: str = ""
    exten: str = ""
    priority: int = 1
    timeout: float = 30.0
    cid: str = ""
    account: str = ""
    attempt: str = ""
    action_id: str = ""


class Switch(Floor):
    """Everything that is true inside the fake Asterisk."""

    def __init__(
        self,
        clock: LoopClock,
        emit: Emit,
        subscriber: Callable[[str], Subscriber],
        phones: dict[str, Phone],
        campaigns: dict[str, Campaign],
        trunks: Collection[str],
        system: str = "ours",
        cel: Path | None = None,
    ) -> None:
        super().__init__(clock, emit, phones, trunks, system, cel)
        self.subscriber, self.campaigns = subscriber, campaigns
        self.id_uses: Counter[str] = Counter()
        self.refused_ids: Counter[str] = Counter()

    # -- dialing -------------------------------------------------------------------------------

    def originate(self, order: Order) -> None:
        """Place a call; what comes of it is told by events."""
        number, _, endpoint = order.channel.removeprefix("PJSIP/").rpartition("@")
        if order.channel_id:
            self.id_uses[order.channel_id] += 1
        if order.channel_id and self.conflicts(order.channel_id):
            self.refused_ids[order.channel_id] += 1
            self._response(order, None, 0)
            return
        trunk = next((t for t in self.trunks if re.fullmatch(rf"trunk-{t}(-[0-9a-f]{{16}})?", endpoint)), "")
        if not (number and trunk) and (number or f"PJSIP/{endpoint}" not in self.registered):
            self._response(order, None, 0)
            return
        context = f"perezvon-in-{trunk}" if number else "perezvon-agents"
        channel = self.open(
            f"trunk-{trunk}" if number else endpoint, context, order.channel_id, attempt=order.attempt
        )
        if number:
            call = FakeCall(number, channel.uniqueid, self.clock.now())
            self.ledger.append(call)
            self.live[channel.uniqueid] = call
        self._begin(order, channel)
        who = self.subscriber(number) if number else self.phones[endpoint.removeprefix("agent-")]
        self._await_answer(order, channel, who)

    def _begin(self, order: Order, channel: Channel) -> None:
        self.announce(channel)
        if order.account:
            channel.account = order.account
            self.emit("call", "NewAccountCode", channel.head() + "OldAccountCode: \r\n")
        if order.cid:
            channel.cid = order.cid
            self.new_callerid(channel)
            channel.connected = order.cid
            self.emit("call", "NewConnectedLine", channel.head())
        channel.application, channel.data = "AppDial2", "(Outgoing Line)"
        dialed = order.channel.removeprefix("PJSIP/")
        self.emit("call", "DialBegin", channel.head("Dest") + f"DialString: {dialed}\r\n")

    def new_callerid(self, channel: Channel) -> None:
        shown = "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n"
        self.emit("call", "NewCallerid", channel.head() + shown)

    def _await_answer(self, order: Order, channel: Channel, who: Subscriber | Phone) -> None:
        def ring() -> None:
            self.set_state(channel, RINGING)
            self.emit("call", "DialState", channel.head("Dest") + "DialStatus: RINGING\r\n")
            self.settle_device(channel.device)

        def answer() -> None:
            channel.cancel_timers()
            at_once = isinstance(who, Answer) and who.hang_up_after == 0
            if at_once:
                self.request(channel)
            self.set_state(channel, UP)
            self.emit("call", "DialEnd", channel.head("Dest") + "DialStatus: ANSWER\r\n")
            self.settle_device(channel.device)
            channel.context, channel.exten, channel.priority = order.context, order.exten, order.priority
            self._response(order, channel, 4)
            if at_once:
                self.ended(channel, "hung_up_waiting")
                self.finish(channel, 0, channel.name)
                return
            if isinstance(who, Answer) and who.hang_up_after is not None:
                self.later(channel, who.hang_up_after, lambda: channel.leave(True, 0))
            self._enter(channel)

        def reject(code: int) -> None:
            cause = sip_cause(code)
            self.request(channel, cause, code)
            how = "busy" if cause == 17 else "rejected"
            fail(cause, f"DialStatus: {dial_status(cause)}\r\n", 0, how, code)

        def fail(cause: int, status: str, reason: int, how: str, tech: int | None) -> None:
            if status:
                self.emit("call", "DialEnd", channel.head("Dest") + status)
            self._response(order, None, reason)
            self.ended(channel, how)
            self.close(channel, cause, tech)

        channel.leave = lambda _, cause: fail(cause, "DialStatus: NOANSWER\r\n", 0, "cancelled", None)
        self.later(channel, order.timeout, lambda: fail(19, "", 3, "no_answer", 480))
        self.call(channel, who, ring, answer, reject)

    def call(
        self,
        channel: Channel,
        who: Subscriber | Phone,
        ring: Callable[[], None],
        answer: Callable[[], None],
        reject: Callable[[int], None],
    ) -> None:
        """Let the called one behave: `ring`, then `answer` or `reject(SIP status)`, or nothing more."""
        if not isinstance(who, Reject):
            self.later(channel, _INVITE + who.ring_after, ring)
        match who:
            case Reject(code=code, after=after) | Phone(reject=int(code), answer_after=float(after)):
                self.later(channel, _INVITE + after, lambda: reject(code))
            case Answer(after=after) | Phone(answer_after=float(after)):
                self.later(channel, _INVITE + max(after, who.ring_after), answer)
            case Ring() | Phone():
                pass

    def later(self, channel: Channel, delay: float, action: Callable[[], None]) -> None:
        """Do something unless the channel (or what it does) is over by then."""
        channel.timers.append(self.clock.later(delay, action))

    def _response(self, order: Order, answered: Channel | None, reason: int) -> None:
        uniqueid = order.channel_id or (answered.uniqueid if answered else "<unknown>")
        self.emit(
            "call",
            "OriginateResponse",
            (f"ActionID: {order.action_id}\r\n" if order.action_id else "")
            + f"Response: {'Success' if answered else 'Failure'}\r\n"
            f"Channel: {answered.name if answered else order.channel}\r\n"
            f"Context: {order.context}\r\nExten: {order.exten}\r\nReason: {reason}\r\n"
            f"Uniqueid: {uniqueid}\r\n"
            f"CallerIDNum: {order.cid or '<unknown>'}\r\nCallerIDName: <unknown>\r\n",
        )

    # -- the dialplan ----------------------------------------------------------------------------

    def _enter(self, channel: Channel) -> None:
        name = channel.exten
        campaign = self.campaigns.get(name)
        if campaign is not None and campaign.max_talk is not None:
            self.later(channel, campaign.max_talk, lambda: channel.leave(False, LIMIT))
        if campaign is not None and channel.context == "perezvon-answered":
            if campaign.screened:
                self._screen(channel, name)
            else:
                self._to_queue(channel, name)
        elif campaign is not None and channel.context == "perezvon-preview":
            channel.priority, channel.application, channel.data = 4, "Wait", str(_PREVIEW_WAIT)
            channel.leave = lambda far_end, cause: self._leave_dialplan(channel, far_end, cause)
            self.later(channel, _PREVIEW_WAIT, lambda: self.finish(channel, 16))
        elif campaign is not None and channel.context == "perezvon-preview-answered":
            self._preview(channel, name)
        else:
            self.finish(channel, 16)

    def _to_queue(self, channel: Channel, name: str) -> None:
        campaign = self.campaigns[name]
        channel.context, channel.exten, channel.priority = "perezvon-answered", name, 5
        self._queue(channel, campaign.group, campaign.timeout, lambda: self._message(channel, name), 10)

    def _screen(self, channel: Channel, name: str) -> None:
        """An ear listens, and only a person, or silence, goes on to the queue."""
        who = self.subscriber(self.live[channel.uniqueid].number)
        heard, after = (who.heard, who.screen) if isinstance(who, Answer) else ("person", 0.6)
        channel.context, channel.exten, channel.priority = "perezvon-screen", "s", 5
        channel.application, channel.data = "AudioSocket", "ear"
        channel.leave = lambda far_end, cause: self._leave_dialplan(channel, far_end, cause)

        def decided() -> None:
            channel.application, channel.priority = "", 13
            said = f"UserEvent: PerezvonHeard\r\nAttempt: {channel.attempt}\r\nHeard: {heard}\r\n"
            self.emit("user", "UserEvent", channel.head() + said + "Quiet: 0.30\r\nBy: ear\r\n")
            if heard in ("person", "silence"):
                self._to_queue(channel, name)
                return
            machine = heard == "machine"
            channel.context = "perezvon-machine" if machine else "perezvon-nobody"
            channel.exten, channel.priority = name if machine else heard, 1
            self.ended(channel, heard)
            self.finish(channel, 16)

        self.later(channel, after, decided)

    def _queue(
        self, channel: Channel, group: str, timeout: int, then: Callable[[], None], priority: int = 0
    ) -> None:
        self.application(channel, "Queue", f"{group},{QUEUE_OPTIONS},,,{timeout}")
        self.queues[group].enter(Waiting(channel, self.clock.now(), timeout, then, priority))

    def _leave_dialplan(self, channel: Channel, far_end: bool, cause: int) -> None:
        """Hung up while in an application that ends with the channel."""
        if far_end:
            self.request(channel)
        self.leave_application(channel)
        self.ended(channel, "hung_up_waiting" if far_end else "cut")
        self.finish(channel, 0 if far_end else cause, channel.name if far_end else "")

    def press(self, channel: Channel, key: str) -> None:
        """A key of the channel's person; it means something in a queue only."""
        for queue in self.queues.values():
            for waiting in queue.waiting:
                if waiting.channel is channel:
                    queue.press(waiting, key)
                    return

    def _message(self, channel: Channel, name: str) -> None:
        """Nobody came: the message, then the end."""
        self.leave_application(channel)
        campaign = self.campaigns[name]
        channel.context, channel.exten, channel.priority = "perezvon-abandoned", name, 1
        said = f"UserEvent: PerezvonAbandoned\r\nAttempt: {channel.attempt}\r\n"
        self.emit("user", "UserEvent", channel.head() + said)
        if (call := self.live.get(channel.uniqueid)) is not None:
            call.message = True
        channel.priority = 2
        self.application(channel, "Playback", "message")
        channel.leave = lambda far_end, cause: self._leave_dialplan(channel, far_end, cause)

        def over() -> None:
            channel.priority = 3
            self.leave_application(channel)
            self.ended(channel, "heard_message")
            self.finish(channel, 16)

        self.later(channel, campaign.message_seconds, over)

    def _preview(self, channel: Channel, name: str) -> None:
        """The subscriber of a preview call: to the agent who waits, or else to the message."""
        channel.priority = 3
        wanted = "pza-" + channel.uniqueid.removeprefix("pz-")
        leg = self.channels.get(wanted)
        self.application(channel, "Bridge", f"{wanted},x")
        if leg is None or leg.bridge:
            self.leave_application(channel)
            self._message(channel, name)
            return
        leg.cancel_timers()
        leg.priority, leg.application, leg.data, channel.linkedid = 5, "", "", leg.linkedid
        self.bridge(leg, channel)
        leg.connected, channel.connected = channel.cid, leg.cid
        for one in (leg, channel):
            self.emit("call", "NewConnectedLine", one.head())
        self.talk(channel, leg, lambda who: None)

    # -- talks -----------------------------------------------------------------------------------

    def talk(self, caller: Channel, agent: Channel, over: Callable[[Channel], None]) -> None:
        """Two bridged channels: whoever leaves first ends both; `over(who)` is told."""

        def leave(who: Channel, other: Channel, far_end: bool, cause: int) -> None:
            if far_end:
                self.request(who)
            self.unbridge(who, other)
            self.leave_application(caller)
            if cause == LIMIT:
                caller.exten, caller.priority = "T", 1
            over(who)
            self.ended(caller, "talked" if far_end else "cut")
            source = who.name if far_end else ""
            self.close(agent, 16 if cause == LIMIT else cause, source=source)
            if caller.context == "perezvon-preview-answered" and who is agent:
                caller.priority = 6
            self.finish(caller, cause, source)

        caller.leave = lambda far_end, cause: leave(caller, agent, far_end, cause or 16)
        agent.leave = lambda far_end, cause: leave(agent, caller, far_end, cause or 16)
        person = self.live.get(caller.uniqueid)
        who = self.subscriber(person.number) if person is not None else None
        if isinstance(who, Answer) and who.talk is not None:
            self.later(caller, who.talk, lambda: caller.leave(True, 16))
        phone = self.phones[agent.device.removeprefix("PJSIP/agent-")]
        if phone.talk is not None:
            self.later(agent, phone.talk, lambda: agent.leave(True, 16))

    # -- inbound ---------------------------------------------------------------------------------

    def inbound(
        self, trunk: str, number: str, caller: str, group: str, wait: int = 600, line: str = "office"
    ) -> Channel:
        """A caller on one of our lines; it stands in the group's queue half a second later."""
        channel = self.open(f"trunk-{trunk}", f"perezvon-in-{trunk}", exten=number, cid=caller, dialed=number)
        channel.state = RING
        self.count(channel, 1)
        self.announce(channel)
        channel.context, channel.exten, channel.priority = "perezvon-line", line, 2
        self.emit("user", "UserEvent", channel.head() + f"UserEvent: PerezvonCaller\r\nLine: {line}\r\n")
        channel.priority = 4
        channel.application = "Answer"
        self.set_state(channel, UP)
        self.settle_device(channel.device)
        channel.leave = lambda far_end, cause: self._leave_dialplan(channel, far_end, cause)

        def enter() -> None:
            channel.context, channel.exten, channel.priority = "perezvon-group", group, 1
            self._queue(channel, group, wait, lambda: self.finish(channel, 16), 20)

        self.later(channel, 0.5, enter)
        return channel
