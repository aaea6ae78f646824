"""A channel as the AMI shows it, and the codes that go with one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

DOWN, RING, RINGING, UP = 0, 4, 5, 6
STATE_NAMES = {DOWN: "Down", RING: "Ring", RINGING: "Ringing", UP: "Up"}

DEVICE_NUMBERS = {"NOT_INUSE": 1, "INUSE": 2, "UNAVAILABLE": 5, "RINGING": 6, "RINGINUSE": 7}

CAUSE_TEXTS = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    18: "No user responding",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    22: "Number changed",
    26: "Answered elsewhere",
    27: "Destination out of order",
    28: "Invalid number format",
    29: "Facility rejected",
    34: "Circuit/channel congestion",
    38: "Network out of order",
    102: "Recover on timer expiry",
    127: "Interworking, unspecified",
}
_SIP_CAUSES = {
    401: 21, 402: 21, 403: 21, 404: 1, 405: 127, 407: 21, 408: 18, 409: 29, 410: 22, 415: 58, 420: 127,
    480: 19, 481: 127, 482: 127, 483: 127, 484: 28, 485: 1, 486: 17, 488: 58,
    500: 38, 501: 29, 502: 27, 503: 34, 504: 102, 505: 127, 580: 58,
    600: 17, 603: 21, 604: 1, 606: 58,
}  # fmt: skip


def sip_cause(code: int) -> int:
    """Hang-up cause that Asterisk makes of a SIP status."""
    return _SIP_CAUSES.get(code, 127)


def dial_status(cause: int) -> str:
    """`DialStatus` of a call that was refused with this cause."""
    return {17: "BUSY", 34: "CONGESTION"}.get(cause, "NOANSWER")


def _ignore(far_end: bool, cause: int) -> None:
    """A channel that has not been dialed yet cannot be hung up."""


@dataclass(slots=True, eq=False)
class Channel:
    """One leg. `leave(far_end, cause)` ends it in the way of what it is doing: by its person, or by order."""

    name: str
    uniqueid: str
    linkedid: str
    context: str
    device: str
    created: float
    exten: str = "s"
    priority: int = 1
    state: int = DOWN
    cid: str = ""
    connected: str = ""
    account: str = ""
    application: str = ""
    data: str = ""
    bridge: str = ""
    dialed: str = ""
    attempt: str = ""
    leave: Callable[[bool, int], None] = _ignore
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def head(self, prefix: str = "") -> str:
        """The headers that describe it in an event, each ended by CR LF."""
        p = prefix
        return (
            f"{p}Channel: {self.name}\r\n{p}ChannelState: {self.state}\r\n"
            f"{p}ChannelStateDesc: {STATE_NAMES[self.state]}\r\n"
            f"{p}CallerIDNum: {self.cid or '<unknown>'}\r\n{p}CallerIDName: <unknown>\r\n"
            f"{p}ConnectedLineNum: {self.connected or '<unknown>'}\r\n{p}ConnectedLineName: <unknown>\r\n"
            f"{p}Language: en\r\n{p}AccountCode: {self.account}\r\n{p}Context: {self.context}\r\n"
            f"{p}Exten: {self.exten}\r\n{p}Priority: {self.priority}\r\n"
            f"{p}Uniqueid: {self.uniqueid}\r\n{p}Linkedid: {self.linkedid}\r\n"
        )

    def cancel_timers(self) -> None:
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
