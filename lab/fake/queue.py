"""`app_queue` in small: members, waiting callers, and who is rung when.

It polls as the real one does: a waiting caller looks for an agent at once and then every second, and a
withdrawal or the end of the wait is noticed at such a look, never while a phone rings.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .channel import DEVICE_NUMBERS, RINGING, UP, Channel, sip_cause

if TYPE_CHECKING:
    from .switch import Switch

_LOOK_EVERY = 1.0
_KEY_WHILE_RINGING = 0.12


@dataclass(slots=True, eq=False)
class Member:
    """An agent in one queue. Times are whole epoch seconds, 0 for never."""

    name: str
    interface: str
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    calls: int = 0
    last_call: int = 0
    last_pause: int = 0
    login: int = 0
    in_call: bool = False


@dataclass(slots=True, eq=False)
class Waiting:
    """A caller in a queue. `then` goes on in the dialplan when nobody came within `timeout` seconds."""

    channel: Channel
    since: float
    timeout: int
    then: Callable[[], None]
    priority: int = 0
    position: int = 0
    legs: dict[Channel, Member] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    withdrawn: bool = False
    look: asyncio.TimerHandle | None = None
    ring_timer: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """A queue's settings; times in seconds."""

    strategy: str = "leastrecent"
    ring_time: int = 15
    wrap_up: int = 0
    autopause: bool = True
    retry: float = 1.0


class Queue:
    """One queue, on the channels of a `Switch`."""

    def __init__(self, switch: Switch, name: str, options: QueueOptions) -> None:
        self.switch, self.name, self.options = switch, name, options
        self.members: dict[str, Member] = {}
        self.waiting: list[Waiting] = []
        self.completed = self.abandoned = 0
        self._random = random.Random(name)
        self._turn = 0

    # -- members -------------------------------------------------------------------------------

    def status(self, member: Member) -> int:
        return DEVICE_NUMBERS[self.switch.device_state(member.interface)]

    def tell(self, event: str, member: Member) -> None:
        m = member
        self.switch.emit(
            "agent",
            event,
            f"Queue: {self.name}\r\nMemberName: {m.name}\r\nInterface: {m.interface}\r\n"
            f"StateInterface: {m.interface}\r\nMembership: dynamic\r\nPenalty: {m.penalty}\r\n"
            f"CallsTaken: {m.calls}\r\nLastCall: {m.last_call}\r\nLastPause: {m.last_pause}\r\n"
            f"LoginTime: {m.login}\r\nInCall: {int(m.in_call)}\r\nStatus: {self.status(m)}\r\n"
            f"Paused: {int(m.paused)}\r\nPausedReason: {m.reason}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n",
        )

    def add(self, interface: str, name: str, penalty: int, paused: bool, reason: str) -> bool:
        """False: already a member."""
        if interface in self.members:
            return False
        now = int(self.switch.clock.now())
        member = Member(name or interface, interface, penalty, paused, reason if paused else "", login=now)
        member.last_pause = now if paused else 0
        self.members[interface] = member
        self.tell("QueueMemberAdded", member)
        return True

    def remove(self, interface: str) -> bool:
        """False: no member."""
        if (member := self.members.pop(interface, None)) is None:
            return False
        self.tell("QueueMemberRemoved", member)
        return True

    def pause(self, interface: str, paused: bool, reason: str) -> bool:
        """False: no member."""
        if (member := self.members.get(interface)) is None:
            return False
        member.paused, member.reason = paused, reason if paused else ""
        if paused:
            member.last_pause = int(self.switch.clock.now())
        self.tell("QueueMemberPause", member)
        return True

    def device_changed(self, device: str) -> None:
        if (member := self.members.get(device)) is not None:
            self.tell("QueueMemberStatus", member)

    def _free(self, member: Member) -> bool:
        now = int(self.switch.clock.now())
        return (
            not member.paused
            and self.status(member) == 1
            and not member.in_call
            and not (member.last_call and now - member.last_call < self.options.wrap_up)
        )

    def _candidates(self, waiting: Waiting) -> list[Member]:
        """Free members that are not being rung, best first. Of equals the one added last."""
        rung = {m.interface for q in self.switch.queues.values() for w in q.waiting for m in w.legs.values()}
        found = [
            m
            for m in reversed(self.members.values())
            if m.interface not in rung and m.interface not in waiting.tried and self._free(m)
        ]
        match self.options.strategy:
            case "fewestcalls":
                found.sort(key=lambda m: (m.penalty, m.calls))
            case "random":
                found.sort(key=lambda m: (m.penalty, self._random.random()))
            case "rrmemory":
                order = {interface: n for n, interface in enumerate(self.members)}
                found.sort(key=lambda m: (m.penalty, (order[m.interface] - self._turn) % len(order)))
            case _:
                found.sort(key=lambda m: (m.penalty, m.last_call))
        return found

    # -- callers -------------------------------------------------------------------------------

    def enter(self, waiting: Waiting) -> None:
        """A caller joins behind all of the same priority or a higher one, and looks for an agent at once."""
        at = sum(other.priority >= waiting.priority for other in self.waiting)
        self.waiting.insert(at, waiting)
        waiting.position = at + 1
        waiting.channel.leave = lambda far_end, cause: self._left(waiting, far_end, cause)
        place = f"Position: {waiting.position}\r\nCount: {len(self.waiting)}\r\n"
        self._tell_caller("QueueCallerJoin", waiting, place)
        self._look(waiting)

    def withdraw(self, caller: str) -> bool:
        """False: no such caller. It takes effect at the caller's next look."""
        for waiting in self.waiting:
            if waiting.channel.name == caller and not waiting.withdrawn:
                waiting.withdrawn = True
                return True
        return False

    def press(self, waiting: Waiting, key: str) -> None:
        """A key of a waiting caller: `D` leaves the queue, another one looks for an agent at once. None is
        heard from the call to a phone until it rings."""
        if waiting.withdrawn or (waiting.legs and RINGING not in {leg.state for leg in waiting.legs}):
            return
        if key == "D":
            waiting.withdrawn = True  # nothing else takes it out meanwhile
            self.switch.later(
                waiting.channel, _KEY_WHILE_RINGING if waiting.legs else 0, lambda: self._out(waiting)
            )
        elif not waiting.legs and waiting.look is not None:
            waiting.look.cancel()
            self._look(waiting)

    def _out(self, waiting: Waiting) -> None:
        if waiting not in self.waiting:
            return
        waiting.channel.context, waiting.channel.exten, waiting.channel.priority = "perezvon-leave", "D", 0
        self._stop_ringing(waiting)
        self._leave(waiting)
        waiting.then()

    def _stop_ringing(self, waiting: Waiting) -> None:
        for leg in self._cancel(waiting):
            self._dial("DialEnd", waiting, leg, "CANCEL")
            self._dial("DialEnd", waiting, leg, "CANCEL")
            self.switch.close(leg, 0)

    def _tell_caller(self, event: str, waiting: Waiting, more: str) -> None:
        self.switch.emit("agent", event, f"{waiting.channel.head()}Queue: {self.name}\r\n{more}")

    def _tell_agent(self, event: str, caller: Channel, leg: Channel, member: Member, more: str = "") -> None:
        self.switch.emit(
            "agent",
            event,
            f"{caller.head()}{leg.head('Dest')}Queue: {self.name}\r\nInterface: {member.interface}\r\n"
            f"MemberName: {member.name}\r\n{more}",
        )

    def _expired(self, waiting: Waiting) -> bool:
        return int(self.switch.clock.now()) >= int(waiting.since) + waiting.timeout

    def _look(self, waiting: Waiting) -> None:
        if waiting.withdrawn or self._expired(waiting):
            self._gave_up(waiting)
            return
        waiting.tried.clear()
        ahead = sum(1 for w in self.waiting[: self.waiting.index(waiting)] if not w.legs)
        candidates = self._candidates(waiting)
        if ahead >= len(candidates):
            waiting.look = self.switch.clock.later(
                self.options.retry if not ahead else _LOOK_EVERY, lambda: self._look(waiting)
            )
            return
        left = int(waiting.since) + waiting.timeout - int(self.switch.clock.now())
        ring_time = min(left, self.options.ring_time)
        waiting.ring_timer = self.switch.clock.later(ring_time, lambda: self._rang_out(waiting, ring_time))
        for member in candidates if self.options.strategy == "ringall" else candidates[:1]:
            self._ring(waiting, member)

    def _ring(self, waiting: Waiting, member: Member) -> None:
        switch, caller = self.switch, waiting.channel
        endpoint = member.interface.removeprefix("PJSIP/")
        leg = switch.open(endpoint, "perezvon-agents", linkedid=caller.linkedid)
        waiting.legs[leg] = member
        waiting.tried.add(member.interface)
        self._turn += 1
        switch.announce(leg)
        if caller.account:
            leg.account = caller.account
            switch.emit("call", "NewAccountCode", leg.head() + "OldAccountCode: \r\n")
        leg.cid = caller.connected or caller.dialed
        if leg.cid:
            switch.new_callerid(leg)
        leg.connected, leg.context = caller.cid, "perezvon-auto-answer"
        switch.emit("call", "NewConnectedLine", leg.head())
        leg.application, leg.data = "AppQueue", "(Outgoing Line)"
        leg.leave = lambda far_end, cause: self._refused(waiting, leg, cause or 16, None)
        both = caller.head() + leg.head("Dest")
        switch.emit("call", "DialBegin", f"{both}DialString: {member.interface}\r\n")
        leg.context, leg.exten = "perezvon-agents", caller.exten
        self._tell_agent("AgentCalled", caller, leg, member)
        if caller.connected != leg.cid:
            caller.connected = leg.cid
            switch.emit("call", "NewConnectedLine", caller.head())

        def ring() -> None:
            switch.set_state(leg, RINGING)
            self._dial("DialState", waiting, leg, "RINGING")
            switch.settle_device(leg.device)

        phone = switch.phones[endpoint.removeprefix("agent-")]
        switch.call(
            leg,
            phone,
            ring,
            lambda: self._answered(waiting, leg),
            lambda code: self._rejected(waiting, leg, code),
        )

    def _dial(self, event: str, waiting: Waiting, leg: Channel, status: str) -> None:
        both = waiting.channel.head() + leg.head("Dest")
        self.switch.emit("call", event, f"{both}DialStatus: {status}\r\n")

    def _cancel(self, waiting: Waiting, *, except_for: Channel | None = None) -> list[Channel]:
        """Stop ringing; the channels are closed by the caller of this, after its own events."""
        legs = [leg for leg in waiting.legs if leg is not except_for]
        waiting.legs.clear()
        for timer in (waiting.ring_timer, waiting.look):
            if timer is not None:
                timer.cancel()
        return legs

    def _answered(self, waiting: Waiting, leg: Channel) -> None:
        switch, caller = self.switch, waiting.channel
        member = waiting.legs[leg]
        others = self._cancel(waiting, except_for=leg)
        leg.cancel_timers()
        switch.set_state(leg, UP)
        self._dial("DialEnd", waiting, leg, "ANSWER")
        for other in others:
            self._dial("DialEnd", waiting, other, "CANCEL")
            switch.close(other, 0)
        member.in_call = True
        self._leave(waiting)
        held = int(switch.clock.now()) - int(waiting.since)
        rung = int(switch.clock.now()) - int(leg.created)
        self._tell_agent("AgentConnect", caller, leg, member, f"HoldTime: {held}\r\nRingTime: {rung}\r\n")
        switch.settle_device(leg.device)
        started = switch.clock.now()
        switch.bridge(leg, caller)

        def over(who: Channel) -> None:
            now = int(switch.clock.now())
            self.completed += 1
            for queue in switch.queues.values():
                if (one := queue.members.get(member.interface)) is not None:
                    one.calls, one.last_call = one.calls + 1, now
            member.in_call = False
            reason = "caller" if who is caller else "agent"
            more = f"HoldTime: {held}\r\nTalkTime: {now - int(started)}\r\nReason: {reason}\r\n"
            self._tell_agent("AgentComplete", caller, leg, member, more)

        switch.talk(caller, leg, over)

    def _rejected(self, waiting: Waiting, leg: Channel, code: int) -> None:
        self.switch.request(leg, sip_cause(code), code)
        self._refused(waiting, leg, sip_cause(code), code)

    def _refused(self, waiting: Waiting, leg: Channel, cause: int, tech: int | None) -> None:
        """An agent's phone said no (or was hung up): the next one is rung at once, if there is one."""
        self._dial("DialEnd", waiting, leg, "NOANSWER")
        self._no_answer(waiting, leg, 0)
        del waiting.legs[leg]
        self.switch.close(leg, cause, tech)
        if waiting.legs:
            return
        if candidates := self._candidates(waiting):
            self._ring(waiting, candidates[0])
            return
        if waiting.ring_timer is not None:
            waiting.ring_timer.cancel()
        waiting.look = self.switch.clock.later(self.options.retry, lambda: self._look(waiting))

    def _no_answer(self, waiting: Waiting, leg: Channel, rung_ms: int) -> None:
        member = waiting.legs[leg]
        self._tell_agent("AgentRingNoAnswer", waiting.channel, leg, member, f"RingTime: {rung_ms}\r\n")
        if self.options.autopause:
            for queue in self.switch.queues.values():
                queue.pause(member.interface, True, "Auto-Pause")

    def _rang_out(self, waiting: Waiting, ring_time: int) -> None:
        """Nobody picked up in time. The caller's own time may be over too."""
        for leg in waiting.legs:
            self._no_answer(waiting, leg, ring_time * 1000)
            self._dial("DialEnd", waiting, leg, "NOANSWER")
        for leg in self._cancel(waiting):
            self._dial("DialEnd", waiting, leg, "CANCEL")
            self.switch.close(leg, 0)
        if self._expired(waiting):
            self._gave_up(waiting)
        else:
            waiting.look = self.switch.clock.later(self.options.retry, lambda: self._look(waiting))

    def _left(self, waiting: Waiting, far_end: bool, cause: int) -> None:
        """The caller is gone while waiting."""
        switch, caller = self.switch, waiting.channel
        if far_end:
            switch.request(caller)
        self._stop_ringing(waiting)
        self._abandon(waiting)
        switch.leave_application(caller)
        switch.ended(caller, "hung_up_waiting" if far_end else "cut")
        switch.finish(caller, 0 if far_end else cause, caller.name if far_end else "")

    def _gave_up(self, waiting: Waiting) -> None:
        self._cancel(waiting)
        self._abandon(waiting)
        waiting.then()

    def _abandon(self, waiting: Waiting) -> None:
        self.abandoned += 1
        held = int(self.switch.clock.now()) - int(waiting.since)
        now_at = self.waiting.index(waiting) + 1
        place = f"Position: {now_at}\r\nOriginalPosition: {waiting.position}\r\nHoldTime: {held}\r\n"
        self._tell_caller("QueueCallerAbandon", waiting, place)
        self._leave(waiting)

    def _leave(self, waiting: Waiting) -> None:
        now_at = self.waiting.index(waiting) + 1
        self.waiting.remove(waiting)
        place = f"Count: {len(self.waiting)}\r\n"
        self._tell_caller("QueueCallerLeave", waiting, f"Position: {now_at}\r\n" + place)

    def die(self) -> None:
        """Callers are gone; members stay, as `persistentmembers` has it, with their counters at zero."""
        for waiting in self.waiting:
            self._cancel(waiting)
        self.waiting.clear()
        self.completed = self.abandoned = 0
        now = int(self.switch.clock.now())
        for member in self.members.values():
            member.calls = member.last_call = 0
            member.in_call, member.login = False, now
