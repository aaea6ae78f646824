"""What the fake answers to each AMI action. An action not here is refused as unknown, as Asterisk does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .floor import bridge_head
from .queue import Queue
from .switch import Order

if TYPE_CHECKING:
    from .server import FakeAsterisk, Session

VERSION = "22.10.1"
AMI_VERSION = "11.0.0"
_FORBIDDEN = frozenset(
    {"command", "reload", "getconfig", "updateconfig", "pjsipshowcontacts", "dbput", "filter"}
)
"""Actions that need a class which our account does not have."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action as it arrived; header names in lower case, the last of equals wins."""

    name: str
    headers: dict[str, str]
    variables: dict[str, str]

    def get(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def on(self, name: str) -> bool:
        return self.get(name).lower() in ("1", "true", "yes", "y", "t", "on")


Handler = Callable[["FakeAsterisk", "Session", Action], None]


def answer(fake: FakeAsterisk, session: Session, action: Action) -> None:
    """Answer one action of a session that is logged in."""
    if action.name.lower() in _FORBIDDEN:
        session.reply(action, "Error", Message="Permission denied")
    elif (handler := _HANDLERS.get(action.name.lower())) is not None:
        handler(fake, session, action)
    else:
        text = f"Invalid/unknown command: {action.name}. Use Action: ListCommands to show available commands."
        session.reply(action, "Error", Message=text)


def _ping(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.reply(action, "Success", Ping="Pong", Timestamp=f"{fake.clock.now():.6f}")


def _logoff(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.reply(action, "Goodbye", Message="Thanks for all the fish.")
    session.close()


def _events(fake: FakeAsterisk, session: Session, action: Action) -> None:
    mask = action.get("EventMask").lower()
    session.wanted = None if mask in ("on", "all", "") else frozenset(mask.replace("off", "").split(","))
    session.reply(action, "Success", Events="Off" if mask == "off" else "On")


def _core_status(fake: FakeAsterisk, session: Session, action: Action) -> None:
    at = time.gmtime(fake.started_at)
    day, clock = time.strftime("%Y-%m-%d", at), time.strftime("%H:%M:%S", at)
    session.reply(
        action,
        "Success",
        CoreStartupDate=day,
        CoreStartupTime=clock,
        CoreReloadDate=day,
        CoreReloadTime=clock,
        CoreCurrentCalls=str(sum(1 for c in fake.switch.channels.values() if c.linkedid == c.uniqueid)),
        CoreProcessedCalls=str(fake.switch.processed),
    )


def _core_settings(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.reply(
        action,
        "Success",
        AMIversion=AMI_VERSION,
        AsteriskVersion=VERSION,
        SystemName=fake.system,
        CoreMaxCalls="0",
        CoreMaxLoadAvg="0.000000",
        CoreRunUser="",
        CoreRunGroup="",
        CoreMaxFilehandles="0",
        CoreRealTimeEnabled="No",
        CoreCDRenabled="No",
        CoreHTTPenabled="No",
        SoundsSearchCustomDir="No",
    )


def _core_show_channels(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.start_list(action, "Channels will follow")
    for channel in fake.switch.channels.values():
        age = time.strftime("%H:%M:%S", time.gmtime(fake.clock.now() - channel.created))
        session.item(
            "CoreShowChannel",
            session.action_id(action)
            + channel.head()
            + f"Application: {channel.application}\r\nApplicationData: {channel.data}\r\n"
            f"Duration: {age}\r\nBridgeId: {channel.bridge}\r\n",
        )
    session.end_list(action, "CoreShowChannelsComplete", len(fake.switch.channels))


def _bridge_list(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.start_list(action, "Bridge listing will follow")
    for bridge, channels in fake.switch.bridges.items():
        head = bridge_head(bridge, "native_rtp", len(channels))
        session.item("BridgeListItem", session.action_id(action) + head)
    session.end_list(action, "BridgeListComplete", len(fake.switch.bridges))


def _device_state_list(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.start_list(action, "Device State Changes will follow")
    devices = fake.switch.devices()
    for device in devices:
        state = fake.switch.device_state(device)
        session.item(
            "DeviceStateChange", f"{session.action_id(action)}Device: {device}\r\nState: {state}\r\n"
        )
    session.end_list(action, "DeviceStateListComplete", len(devices))


def _queue_status(fake: FakeAsterisk, session: Session, action: Action) -> None:
    session.start_list(action, "Queue status will follow")
    items = 0
    for queue in fake.switch.queues.values():
        if action.get("Queue") in ("", queue.name):
            items += _one_queue(fake, session, action, queue)
    session.end_list(action, "QueueStatusComplete", items)


def _one_queue(fake: FakeAsterisk, session: Session, action: Action, queue: Queue) -> int:
    end = session.action_id(action)
    session.item(
        "QueueParams",
        f"Queue: {queue.name}\r\nMax: 0\r\nStrategy: {queue.options.strategy}\r\n"
        f"Calls: {len(queue.waiting)}\r\n"
        f"Holdtime: 0\r\nTalkTime: 0\r\nCompleted: {queue.completed}\r\nAbandoned: {queue.abandoned}\r\n"
        f"ServiceLevel: 0\r\nServicelevelPerf: 0.0\r\nServicelevelPerf2: 0.0\r\nWeight: 0\r\n{end}",
    )
    members = [m for m in queue.members.values() if action.get("Member") in ("", m.interface)]
    for m in members:
        session.item(
            "QueueMember",
            f"Queue: {queue.name}\r\nName: {m.name}\r\nLocation: {m.interface}\r\n"
            f"StateInterface: {m.interface}\r\nMembership: dynamic\r\nPenalty: {m.penalty}\r\n"
            f"CallsTaken: {m.calls}\r\nLastCall: {m.last_call}\r\n"
            f"LastPause: {m.last_pause}\r\nLoginTime: {m.login}\r\nInCall: {int(m.in_call)}\r\n"
            f"Status: {queue.status(m)}\r\nPaused: {int(m.paused)}\r\nPausedReason: {m.reason}\r\n"
            f"Wrapuptime: 0\r\n{end}",
        )
    for position, w in enumerate(queue.waiting, 1):
        c = w.channel
        session.item(
            "QueueEntry",
            f"Queue: {queue.name}\r\nPosition: {position}\r\nChannel: {c.name}\r\nUniqueid: {c.uniqueid}\r\n"
            f"CallerIDNum: {c.cid or 'unknown'}\r\nCallerIDName: unknown\r\n"
            f"ConnectedLineNum: {c.connected or 'unknown'}\r\nConnectedLineName: unknown\r\n"
            f"Wait: {int(fake.clock.now() - w.since)}\r\nPriority: {w.priority}\r\n{end}",
        )
    return 1 + len(members) + len(queue.waiting)


def _queue_add(fake: FakeAsterisk, session: Session, action: Action) -> None:
    queue = fake.switch.queues.get(action.get("Queue"))
    if queue is None:
        session.reply(action, "Error", Message="Unable to add interface to queue: No such queue")
        return
    interface = action.get("Interface")
    name, penalty = action.get("MemberName"), int(action.get("Penalty") or 0)
    if queue.add(interface, name, penalty, action.on("Paused"), action.get("Reason")):
        session.reply(action, "Success", Message="Added interface to queue")
    else:
        session.reply(action, "Error", Message="Unable to add interface: Already there")


def _queue_remove(fake: FakeAsterisk, session: Session, action: Action) -> None:
    queue = fake.switch.queues.get(action.get("Queue"))
    if queue is None:
        session.reply(action, "Error", Message="Unable to remove interface from queue: No such queue")
    elif queue.remove(action.get("Interface")):
        session.reply(action, "Success", Message="Removed interface from queue")
    else:
        session.reply(action, "Error", Message="Unable to remove interface: Not there")


def _named(fake: FakeAsterisk, action: Action) -> list[Queue]:
    name = action.get("Queue")
    return [queue for queue in fake.switch.queues.values() if name in ("", queue.name)]


def _queue_pause(fake: FakeAsterisk, session: Session, action: Action) -> None:
    paused, interface = action.on("Paused"), action.get("Interface")
    done = [queue.pause(interface, paused, action.get("Reason")) for queue in _named(fake, action)]
    if any(done):
        word = "paused" if paused else "unpaused"
        session.reply(action, "Success", Message=f"Interface {word} successfully")
    else:
        session.reply(action, "Error", Message="Interface not found")


def _queue_penalty(fake: FakeAsterisk, session: Session, action: Action) -> None:
    found = False
    for queue in _named(fake, action):
        if (member := queue.members.get(action.get("Interface"))) is not None:
            found, member.penalty = True, int(action.get("Penalty") or 0)
            queue.tell("QueueMemberPenalty", member)
    if found:
        session.reply(action, "Success", Message="Interface penalty set successfully")
    else:
        session.reply(action, "Error", Message="Invalid interface, queuename or penalty")


def _queue_withdraw(fake: FakeAsterisk, session: Session, action: Action) -> None:
    queue = fake.switch.queues.get(action.get("Queue"))
    if queue is not None and queue.withdraw(action.get("Caller")):
        session.reply(action, "Success", Message="Withdraw requested successfully")
    else:
        why = "No such queue" if queue is None else "No such caller"
        session.reply(action, "Error", Message=f"Unable to request withdraw from queue: {why}")


def _hangup(fake: FakeAsterisk, session: Session, action: Action) -> None:
    channel = fake.switch.find(action.get("Channel"))
    if channel is None:
        session.reply(action, "Error", Message="No such channel")
        return
    session.reply(action, "Success", Message="Channel Hungup")
    channel.leave(False, int(action.get("Cause") or 0))


def _play_dtmf(fake: FakeAsterisk, session: Session, action: Action) -> None:
    channel = fake.switch.find(action.get("Channel"))
    if channel is None:
        session.reply(action, "Error", Message="Channel not found")
        return
    session.reply(action, "Success", Message="DTMF successfully queued")
    if action.on("Receive"):
        fake.switch.press(channel, action.get("Digit"))


def _originate(fake: FakeAsterisk, session: Session, action: Action) -> None:
    channel = action.get("Channel")
    if not channel:
        session.reply(action, "Error", Message="Channel not specified")
        return
    if "/" not in channel:
        session.reply(action, "Error", Message="Invalid channel")
        return
    number = re.search(r"<([^>]*)>", action.get("CallerID"))
    session.reply(action, "Success", Message="Originate successfully queued")
    fake.switch.originate(
        Order(
            channel=channel,
            channel_id=action.get("ChannelId"),
            context=action.get("Context"),
            exten=action.get("Exten"),
            priority=int(action.get("Priority") or 1),
            timeout=int(action.get("Timeout") or 30000) / 1000,
            cid=number.group(1) if number else action.get("CallerID"),
            account=action.get("Account"),
            attempt=action.variables.get("__PZ_ATTEMPT", ""),
            action_id=action.get("ActionID"),
        )
    )


_HANDLERS: dict[str, Handler] = {
    "ping": _ping,
    "logoff": _logoff,
    "events": _events,
    "corestatus": _core_status,
    "coresettings": _core_settings,
    "coreshowchannels": _core_show_channels,
    "bridgelist": _bridge_list,
    "devicestatelist": _device_state_list,
    "queuestatus": _queue_status,
    "queueadd": _queue_add,
    "queueremove": _queue_remove,
    "queuepause": _queue_pause,
    "queuepenalty": _queue_penalty,
    "queuewithdrawcaller": _queue_withdraw,
    "hangup": _hangup,
    "playdtmf": _play_dtmf,
    "originate": _originate,
}
