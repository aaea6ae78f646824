"""Asterisk's manager events as typed values: a message's bytes in, a frozen dataclass out. Pure.

Every event has `at`, epoch seconds: Asterisk's own `Timestamp` (manager.conf: timestampevents=yes), else the
time of receipt. Names and order of the headers are checked against recorded dialogues (tests/fixtures/ami).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from ami_daemon.event_reader import Event as Event
from ami_daemon.event_reader import MalformedEvent as MalformedEvent
from ami_daemon.event_reader import Reader as Reader
from ami_daemon.event_reader import headers_of, reader_of


@dataclass(frozen=True, slots=True)
class Newchannel(Event):
    """A channel came into being. `state` is Asterisk's channel state (0 down, 4 ring, 5 ringing, 6 up)."""

    channel: Annotated[str, "Channel"]
    state: Annotated[int, "ChannelState"]
    caller: Annotated[str, "CallerIDNum"]
    account: Annotated[str, "AccountCode"]
    context: Annotated[str, "Context"]
    exten: Annotated[str, "Exten"]
    uniqueid: Annotated[str, "Uniqueid"]
    linkedid: Annotated[str, "Linkedid"]


@dataclass(frozen=True, slots=True)
class Newstate(Event):
    """A channel's state changed; numbers as in `Newchannel`."""

    channel: Annotated[str, "Channel"]
    state: Annotated[int, "ChannelState"]
    uniqueid: Annotated[str, "Uniqueid"]
    linkedid: Annotated[str, "Linkedid"]


@dataclass(frozen=True, slots=True)
class Hangup(Event):
    """A channel is gone. `cause` is the Q.850 number; 0 where Asterisk knows none."""

    channel: Annotated[str, "Channel"]
    context: Annotated[str, "Context", ""]
    exten: Annotated[str, "Exten", ""]
    uniqueid: Annotated[str, "Uniqueid"]
    linkedid: Annotated[str, "Linkedid"]
    cause: Annotated[int, "Cause"]
    cause_text: Annotated[str, "Cause-txt", ""]


@dataclass(frozen=True, slots=True)
class DialBegin(Event):
    """A leg is being dialled, for the channel `uniqueid`; empty for an `Originate`, which has no caller."""

    uniqueid: Annotated[str, "Uniqueid", ""]
    dest_channel: Annotated[str, "DestChannel"]
    dest_uniqueid: Annotated[str, "DestUniqueid"]


@dataclass(frozen=True, slots=True)
class DialState(Event):
    """How the dialling of a leg goes on: RINGING (180), PROGRESS (183: sound before the answer)..."""

    dest_uniqueid: Annotated[str, "DestUniqueid"]
    status: Annotated[str, "DialStatus"]


@dataclass(frozen=True, slots=True)
class DialEnd(Event):
    """How the dialling of a leg ended: ANSWER, BUSY, NOANSWER, CANCEL... May come twice for one leg."""

    dest_uniqueid: Annotated[str, "DestUniqueid"]
    status: Annotated[str, "DialStatus"]


@dataclass(frozen=True, slots=True)
class OriginateResponse(Event):
    """How an asynchronous `Originate` ended: `response` is Success or Failure.

    `reason` is a control frame's number: 0 failure, 3 ring time ran out, 4 answer, 5 busy, 8 congestion. It
    comes before `DialEnd` and `Hangup`, which know better: a line that is busy at once has reason 0 here.
    """

    response: Annotated[str, "Response"]
    reason: Annotated[int, "Reason"]
    uniqueid: Annotated[str, "Uniqueid"]


@dataclass(frozen=True, slots=True)
class QueueCallerJoin(Event):
    """A caller entered a queue. `count` is the number now waiting."""

    channel: Annotated[str, "Channel"]
    uniqueid: Annotated[str, "Uniqueid"]
    queue: Annotated[str, "Queue"]
    position: Annotated[int, "Position"]
    count: Annotated[int, "Count"]


@dataclass(frozen=True, slots=True)
class QueueCallerLeave(Event):
    """A caller left the waiting line, for an agent or otherwise. `count` is the number still waiting."""

    uniqueid: Annotated[str, "Uniqueid"]
    queue: Annotated[str, "Queue"]
    count: Annotated[int, "Count"]


@dataclass(frozen=True, slots=True)
class QueueCallerAbandon(Event):
    """A waiting caller hung up after `hold_time` seconds."""

    uniqueid: Annotated[str, "Uniqueid"]
    queue: Annotated[str, "Queue"]
    hold_time: Annotated[int, "HoldTime"]


@dataclass(frozen=True, slots=True)
class AgentCalled(Event):
    """A member's phone is being called for the caller `uniqueid`."""

    uniqueid: Annotated[str, "Uniqueid"]
    dest_uniqueid: Annotated[str, "DestUniqueid"]
    queue: Annotated[str, "Queue"]
    interface: Annotated[str, "Interface"]


@dataclass(frozen=True, slots=True)
class AgentConnect(Event):
    """A member answered the caller `uniqueid`. `hold_time` and `ring_time` are whole seconds."""

    uniqueid: Annotated[str, "Uniqueid"]
    dest_uniqueid: Annotated[str, "DestUniqueid"]
    queue: Annotated[str, "Queue"]
    interface: Annotated[str, "Interface"]
    hold_time: Annotated[int, "HoldTime"]
    ring_time: Annotated[int, "RingTime"]


@dataclass(frozen=True, slots=True)
class AgentComplete(Event):
    """A talk ended after `talk_time` seconds. `reason` says by whom: agent, caller or transfer."""

    uniqueid: Annotated[str, "Uniqueid", ""]
    dest_uniqueid: Annotated[str, "DestUniqueid", ""]
    queue: Annotated[str, "Queue"]
    interface: Annotated[str, "Interface"]
    talk_time: Annotated[int, "TalkTime"]
    reason: Annotated[str, "Reason"]


@dataclass(frozen=True, slots=True)
class AgentRingNoAnswer(Event):
    """A member's phone rang in vain. `ring_time` is in milliseconds here (Asterisk's own difference)."""

    uniqueid: Annotated[str, "Uniqueid"]
    queue: Annotated[str, "Queue"]
    interface: Annotated[str, "Interface"]
    ring_time: Annotated[int, "RingTime"]


@dataclass(frozen=True, slots=True)
class QueueMember(Event):
    """A member of a queue, after a change or in an answer to `QueueStatus`.

    `kind` is added, removed, status, pause or snapshot; a handler gets the first four, and
    `read()` makes the last. `status` is the device state's number; `wrapup` is seconds; `last_call`,
    `last_pause` and `login_time` are epoch seconds (0: never).
    """

    kind: str
    queue: Annotated[str, "Queue"]
    name: Annotated[str, "MemberName"]
    interface: Annotated[str, "Interface"]
    penalty: Annotated[int, "Penalty"]
    last_call: Annotated[int, "LastCall"]
    last_pause: Annotated[int, "LastPause", "0"]
    login_time: Annotated[int, "LoginTime", "0"]
    in_call: Annotated[bool, "InCall"]
    status: Annotated[int, "Status"]
    paused: Annotated[bool, "Paused"]
    reason: Annotated[str, "PausedReason", ""]
    wrapup: Annotated[int, "Wrapuptime", "0"]


@dataclass(frozen=True, slots=True)
class DeviceStateChange(Event):
    """A device's state by name: NOT_INUSE, INUSE, RINGING, UNAVAILABLE..."""

    device: Annotated[str, "Device"]
    state: Annotated[str, "State"]


@dataclass(frozen=True, slots=True)
class DTMFEnd(Event):
    """A key was pressed on a channel: `direction` is Received, or Sent for what we play to it."""

    uniqueid: Annotated[str, "Uniqueid"]
    digit: Annotated[str, "Digit"]
    direction: Annotated[str, "Direction"]


@dataclass(frozen=True, slots=True)
class MusicOnHoldStart(Event):
    """A channel hears music from now on."""

    uniqueid: Annotated[str, "Uniqueid"]


@dataclass(frozen=True, slots=True)
class MusicOnHoldStop(Event):
    """A channel hears no music now."""

    uniqueid: Annotated[str, "Uniqueid"]


@dataclass(frozen=True, slots=True)
class UserEvent(Event):
    """The dialplan's own event. `headers` has every header but the envelope's, the channel's among them."""

    name: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BridgeEnter(Event):
    """A channel entered a bridge. `num_channels` counts it."""

    bridge: Annotated[str, "BridgeUniqueid"]
    num_channels: Annotated[int, "BridgeNumChannels"]
    channel: Annotated[str, "Channel"]
    uniqueid: Annotated[str, "Uniqueid"]
    linkedid: Annotated[str, "Linkedid"]


@dataclass(frozen=True, slots=True)
class BridgeLeave(Event):
    """A channel left a bridge. `num_channels` counts those that stay."""

    bridge: Annotated[str, "BridgeUniqueid"]
    num_channels: Annotated[int, "BridgeNumChannels"]
    channel: Annotated[str, "Channel"]
    uniqueid: Annotated[str, "Uniqueid"]
    linkedid: Annotated[str, "Linkedid"]


@dataclass(frozen=True, slots=True)
class ContactStatus(Event):
    """A SIP contact became Reachable, Unreachable, Removed..."""

    status: Annotated[str, "ContactStatus"]
    endpoint: Annotated[str, "EndpointName"]


@dataclass(frozen=True, slots=True)
class FullyBooted(Event):
    """Asterisk is up, for `uptime` whole seconds. Sent to every session at its login as well."""

    uptime: Annotated[int, "Uptime", "0"]


@dataclass(frozen=True, slots=True)
class Shutdown(Event):
    """Asterisk is going down."""


@dataclass(frozen=True, slots=True)
class Reload(Event):
    """A module was reloaded; `All` for all of them."""

    module: Annotated[str, "Module"]


E = TypeVar("E", bound=Event)

_ENVELOPE = frozenset({"Event", "Privilege", "Timestamp", "UserEvent"})


def _read_user_event(frame: bytes, received: float) -> Event:
    headers = headers_of(frame.decode("utf-8", "replace"))
    try:
        at = float(headers.get("Timestamp", received))
        name = headers["UserEvent"]
    except (KeyError, ValueError) as error:
        raise MalformedEvent(f"UserEvent: {error}") from None
    return UserEvent(at, name, {k: v for k, v in headers.items() if k not in _ENVELOPE})


_PLAIN: tuple[type[Event], ...] = (
    Newchannel,
    Newstate,
    Hangup,
    DialBegin,
    DialState,
    DialEnd,
    OriginateResponse,
    QueueCallerJoin,
    QueueCallerLeave,
    QueueCallerAbandon,
    AgentCalled,
    AgentConnect,
    AgentComplete,
    AgentRingNoAnswer,
    DeviceStateChange,
    DTMFEnd,
    MusicOnHoldStart,
    MusicOnHoldStop,
    BridgeEnter,
    BridgeLeave,
    ContactStatus,
    FullyBooted,
    Shutdown,
    Reload,
)
_MEMBER_NAMES = {
    b"QueueMemberAdded": "added",
    b"QueueMemberRemoved": "removed",
    b"QueueMemberStatus": "status",
    b"QueueMemberPause": "pause",
}
_read_listed_member = reader_of(QueueMember, ("snapshot",), {"MemberName": "Name", "Interface": "Location"})

READERS: dict[bytes, Reader] = {
    **{kind.__name__.encode(): reader_of(kind) for kind in _PLAIN},
    **{name: reader_of(QueueMember, (kind,)) for name, kind in _MEMBER_NAMES.items()},
    b"UserEvent": _read_user_event,
}
"""How each live event is read, by the name on the wire."""


def names(kind: type[Event]) -> tuple[bytes, ...]:
    """The wire names of the live events that become a `kind`. KeyError for a class that is none of ours."""
    if kind is QueueMember:
        return tuple(_MEMBER_NAMES)
    if (name := kind.__name__.encode()) not in READERS:
        raise KeyError(f"{kind.__name__} is not an event that can be subscribed to")
    return (name,)


def read(kind: type[E], frame: bytes, received: float) -> E:
    """The `kind` in a message's bytes (a listed message's `raw`). MalformedEvent for anything else."""
    name = frame.partition(b"\r")[0].removeprefix(b"Event: ")
    reader = _read_listed_member if name == b"QueueMember" else READERS.get(name)
    event = reader(frame, received) if reader else None
    if not isinstance(event, kind):
        raise MalformedEvent(f"{name.decode('utf-8', 'replace')} is not a {kind.__name__}")
    return event
