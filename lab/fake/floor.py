"""Channels, devices and bridges, and what Asterisk tells of them. No I/O of its own.

The clock and the sink of events are handed in.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, insort
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .behaviour import Phone
from .cel import Cel
from .channel import CAUSE_TEXTS, DOWN, RINGING, UP, Channel
from .clock import LoopClock

if TYPE_CHECKING:
    from .queue import Queue

Emit = Callable[[str, str, str], None]
"""Privilege, event name, headers ended by CR LF each."""

LIMIT = 102
"""Hang-up cause of a call that its time limit cut."""


@dataclass(slots=True)
class FakeCall:
    """One call as the carrier's other side saw it. Times are epoch seconds; `how` is how it ended.

    `how`: `busy`, `rejected`, `no_answer`, `cancelled` (by us, before an answer), `hung_up_waiting` (by the
    person, with nobody on the line), `heard_message`, `talked`, `cut` (by us), `killed`; `machine`, `fax`,
    `sit`... (hung up on, as the screen heard who it is); empty while
    it lives.
    """

    number: str
    channel_id: str
    placed_at: float
    answered_at: float | None = None
    bridged_at: float | None = None
    ended_at: float | None = None
    how: str = ""
    message: bool = False


class Floor:
    """What is up, and what is said about it."""

    def __init__(
        self,
        clock: LoopClock,
        emit: Emit,
        phones: dict[str, Phone],
        trunks: Collection[str],
        system: str,
        cel: Path | None,
    ) -> None:
        self.clock, self.emit, self.system = clock, emit, system
        self.phones, self.trunks = phones, frozenset(trunks)
        self.cel = Cel(cel)
        self.queues: dict[str, Queue] = {}
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, list[Channel]] = {}
        self.registered = {f"PJSIP/agent-{agent}" for agent in phones}
        self.ledger: list[FakeCall] = []
        self.processed = 0
        self.live: dict[str, FakeCall] = {}
        self._ids: list[str] = []
        self._busy: dict[str, list[int]] = {}
        self._shown: dict[str, str] = {}
        self._number = 0

    # -- channels and devices ------------------------------------------------------------------

    def open(
        self, endpoint: str, context: str, uniqueid: str = "", linkedid: str = "", **known: str
    ) -> Channel:
        """A new channel on an endpoint, announced."""
        name = f"PJSIP/{endpoint}-{self._number:08x}"
        self._number += 1
        uniqueid = uniqueid or f"{self.system}-{int(self.clock.now())}.{self._number}"
        device = f"PJSIP/{endpoint}"
        channel = Channel(name, uniqueid, linkedid or uniqueid, context, device, self.clock.now())
        for key, value in known.items():
            setattr(channel, key, value)
        self.channels[uniqueid] = channel
        insort(self._ids, uniqueid.lower())
        self.processed += 1
        return channel

    def announce(self, channel: Channel) -> None:
        """`Newchannel`, and its line in the CEL."""
        self.emit("call", "Newchannel", channel.head())
        self.cel.write("CHAN_START", self.clock.now(), channel)

    def find(self, name: str) -> Channel | None:
        """By unique id or by name."""
        return self.channels.get(name) or next((c for c in self.channels.values() if c.name == name), None)

    def conflicts(self, uniqueid: str) -> bool:
        """Whether Asterisk refuses the id: a live one is the same, or begins with it."""
        wanted = uniqueid.lower()
        at = bisect_left(self._ids, wanted)
        return at < len(self._ids) and self._ids[at].startswith(wanted)

    def set_state(self, channel: Channel, state: int) -> None:
        """Move a channel to another state and say so; devices are told by `settle_device`."""
        self.count(channel, -1)
        channel.state = state
        self.count(channel, 1)
        self.emit("call", "Newstate", channel.head())
        if state == UP:
            self.cel.write("ANSWER", self.clock.now(), channel)
            if (call := self.live.get(channel.uniqueid)) is not None:
                call.answered_at = self.clock.now()

    def count(self, channel: Channel, by: int) -> None:
        """A channel begins (1) or stops (-1) to count in its device's state."""
        if channel.state != DOWN:
            self._busy.setdefault(channel.device, [0, 0])[channel.state != RINGING] += by

    def device_state(self, device: str) -> str:
        ringing, up = self._busy.get(device, (0, 0))
        if ringing or up:
            return ("RINGINUSE" if up else "RINGING") if ringing else "INUSE"
        if device.startswith("PJSIP/agent-") and device not in self.registered:
            return "UNAVAILABLE"
        return "NOT_INUSE"

    def devices(self) -> list[str]:
        """All that have a state."""
        return [
            *(f"PJSIP/trunk-{t}" for t in sorted(self.trunks)),
            *(f"PJSIP/agent-{a}" for a in self.phones),
        ]

    def settle_device(self, device: str) -> None:
        """Tell the world and the queues where a device's state changed."""
        state = self.device_state(device)
        if self._shown.get(device, "NOT_INUSE") == state:
            return
        self._shown[device] = state
        self.emit("call", "DeviceStateChange", f"Device: {device}\r\nState: {state}\r\n")
        for queue in self.queues.values():
            queue.device_changed(device)

    def register(self, agent: str, there: bool) -> None:
        """An agent's phone registers, or vanishes."""
        device = f"PJSIP/agent-{agent}"
        (self.registered.add if there else self.registered.discard)(device)
        status = "Reachable" if there else "Unreachable"
        self.emit("system", "PeerStatus", f"ChannelType: PJSIP\r\nPeer: {device}\r\nPeerStatus: {status}\r\n")
        self.settle_device(device)

    # -- ends ----------------------------------------------------------------------------------

    def close(self, channel: Channel, cause: int, tech: int | None = None, source: str = "") -> None:
        """`Hangup`, and everything forgotten."""
        channel.cancel_timers()
        channel.leave = lambda far_end, cause: None
        body = f"Cause: {cause}\r\nCause-txt: {CAUSE_TEXTS.get(cause, 'Unknown')}\r\n"
        self.emit("call", "Hangup", channel.head() + body + (f"TechCause: {tech}\r\n" if tech else ""))
        now = self.clock.now()
        self.cel.write("HANGUP", now, channel, hangupcause=cause, hangupsource=source, dialstatus="")
        self.cel.write("CHAN_END", now, channel)
        self.count(channel, -1)
        del self.channels[channel.uniqueid]
        del self._ids[bisect_left(self._ids, channel.uniqueid.lower())]
        self.settle_device(channel.device)

    def ended(self, channel: Channel, how: str) -> None:
        """Write in the ledger how a call ended, where nothing is written yet."""
        if (call := self.live.pop(channel.uniqueid, None)) is not None:
            call.ended_at, call.how = self.clock.now(), how

    def request(self, channel: Channel, cause: int = 0, code: int | None = None) -> None:
        """`HangupRequest`: the far end ended it, before an answer with a SIP status."""
        why = (f"Cause: {cause}\r\n" if cause else "") + (f"TechCause: {code}\r\n" if code else "")
        self.emit("call", "HangupRequest", channel.head() + why)

    def finish(self, channel: Channel, cause: int, source: str = "dialplan/builtin") -> None:
        """The dialplan of a channel is over."""
        if cause == LIMIT:
            channel.exten, channel.priority = "T", 1
        self.emit("call", "SoftHangupRequest", channel.head() + "Cause: 16\r\n")
        self.close(channel, cause, source=source)

    def application(self, channel: Channel, name: str, data: str) -> None:
        """The dialplan enters an application (and leaves the one before)."""
        self.leave_application(channel)
        channel.application, channel.data = name, data
        self.cel.write("APP_START", self.clock.now(), channel)

    def leave_application(self, channel: Channel) -> None:
        if channel.application in ("Queue", "Playback", "Bridge", "Wait"):
            if channel.application != "Wait":
                self.cel.write("APP_END", self.clock.now(), channel)
            outgoing = channel.state == UP and not channel.dialed
            channel.application, channel.data = ("AppDial2", "(Outgoing Line)") if outgoing else ("", "")

    # -- bridges -------------------------------------------------------------------------------

    def _tell_bridge(self, event: str, bridge: str, technology: str, channel: Channel, peer: str) -> None:
        self.cel.write(event, self.clock.now(), channel, peer, bridge_id=bridge, bridge_technology=technology)

    def bridge(self, first: Channel, second: Channel) -> str:
        """Put two channels into a new bridge, in this order."""
        found = str(uuid.uuid4())
        self.bridges[found] = [first, second]
        self.emit("call", "BridgeCreate", bridge_head(found, "simple_bridge", 0))
        for number, channel in enumerate((first, second), 1):
            channel.bridge = found
            self.emit("call", "BridgeEnter", bridge_head(found, "simple_bridge", number) + channel.head())
            peer = first.name if channel is second else ""
            self._tell_bridge("BRIDGE_ENTER", found, "simple_bridge", channel, peer)
            if (call := self.live.get(channel.uniqueid)) is not None:
                call.bridged_at = self.clock.now()
        return found

    def unbridge(self, first: Channel, second: Channel) -> None:
        """Take two channels out of their bridge, in this order."""
        found = first.bridge
        for left, channel in ((1, first), (0, second)):
            channel.bridge = ""
            self.emit("call", "BridgeLeave", bridge_head(found, "native_rtp", left) + channel.head())
            peer = second.name if channel is first else ""
            self._tell_bridge("BRIDGE_EXIT", found, "native_rtp", channel, peer)
        self.emit("call", "BridgeDestroy", bridge_head(found, "native_rtp", 0))
        del self.bridges[found]

    def die(self) -> None:
        """Asterisk is gone: no event, no CEL line; every channel and timer is forgotten."""
        for channel in self.channels.values():
            channel.cancel_timers()
            self.ended(channel, "killed")
        for queue in self.queues.values():
            queue.die()
        self.channels.clear()
        self.bridges.clear()
        self._ids.clear()
        self._busy.clear()
        self._shown.clear()
        self.processed = 0


def bridge_head(bridge: str, technology: str, channels: int) -> str:
    """The headers of a bridge in an event."""
    return (
        f"BridgeUniqueid: {bridge}\r\nBridgeType: basic\r\nBridgeTechnology: {technology}\r\n"
        f"BridgeCreator: <unknown>\r\nBridgeName: <unknown>\r\nBridgeNumChannels: {channels}\r\n"
        "BridgeVideoSourceMode: none\r\n"
    )
