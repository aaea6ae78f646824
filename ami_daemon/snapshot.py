"""What is true now: Asterisk's channels, queues and start time, asked after every login."""

from __future__ import annotations

from dataclasses import dataclass

from ami_daemon import events as ami
from ami_daemon.link import AmiLink


@dataclass(frozen=True, slots=True)
class Channel:
    """One line of `CoreShowChannels`."""

    uniqueid: str
    name: str
    state: int
    application: str
    bridge: str
    linkedid: str = ""
    age: float = 0.0
    """Whole seconds since the channel came into being."""
    context: str = ""
    exten: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answers, with the moment they were taken (epoch seconds)."""

    version: str
    started_at: float
    channels: list[Channel]
    members: list[ami.QueueMember]
    waiting: dict[str, tuple[str, float]]
    at: float


async def take(link: AmiLink, now: float) -> Snapshot:
    """Ask Asterisk; raises what the link raises."""
    settings = await link.action("CoreSettings", {})
    channels = [
        Channel(
            row.text("Uniqueid", ""),
            row.text("Channel", ""),
            int(row.text("ChannelState", "0") or 0),
            row.text("Application", ""),
            row.text("BridgeId", ""),
            row.text("Linkedid", ""),
            _seconds(row.text("Duration", "")),
            row.text("Context", ""),
            row.text("Exten", ""),
        )
        for row in await link.listing("CoreShowChannels", {})
    ]
    members: list[ami.QueueMember] = []
    waiting: dict[str, tuple[str, float]] = {}
    for row in await link.listing("QueueStatus", {}):
        match row.text("Event"):
            case "QueueMember":
                members.append(ami.read(ami.QueueMember, row.raw, now))
            case "QueueEntry":
                waiting[row.text("Uniqueid", "")] = (
                    row.text("Queue", ""),
                    now - int(row.text("Wait", "0") or 0),
                )
    return Snapshot(
        settings.text("AsteriskVersion", "?"), link.asterisk_started_at, channels, members, waiting, now
    )


def _seconds(clock: str) -> float:
    """`00:01:05` to 65; what is not written so is 0."""
    parts = clock.split(":")
    return sum(60.0**n * int(part) for n, part in enumerate(reversed(parts)) if part.isdecimal())
