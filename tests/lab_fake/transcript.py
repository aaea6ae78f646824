"""Recorded dialogues: their file form, and what of them two dialogues must have in common."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from pathlib import Path

from .driver import Block, Fields

TRANSCRIPTS = Path(__file__).parent.parent / "fixtures" / "ami" / "transcripts"

_VOLATILE = frozenset({"Timestamp", "Challenge", "Key", "Secret", "Uptime", "LastReload", "Duration"})
_TIMES = frozenset({"LastCall", "LastPause", "LoginTime"})
_SECONDS = frozenset({"HoldTime", "TalkTime", "RingTime", "Wait"})
_STATISTICS = frozenset({"Holdtime", "Completed", "Abandoned", "ServicelevelPerf", "ServicelevelPerf2"})
_INSTALLATION = frozenset({"AsteriskVersion", "CoreProcessedCalls", "SystemName"})
_IDS = re.compile(r"(?<=ours-)\d+\.\d+|(?<=-)[0-9a-f]{8}$|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


_LOOSE_IDS = re.compile(r"(?<=ours-)\d+\.\d+|(?<=-)[0-9a-f]{8}(?=\])")


def dump(log: list[Block]) -> str:
    """The file form: the client's lines begin with `>`, Asterisk's with `<`; a blank line ends a message."""
    blocks = []
    for block in log:
        mark = ">" if block.sent else "<"
        blocks.append("".join(f"{mark} {k}: {v}".rstrip() + "\n" for k, v in block.fields))
    return "\n".join(blocks)


def load(text: str) -> list[Block]:
    blocks = []
    for chunk in text.split("\n\n"):
        lines = chunk.strip("\n").split("\n")
        fields: Fields = []
        for line in lines:
            name, _, value = line[2:].partition(":")
            fields.append((name, value.removeprefix(" ")))
        blocks.append(Block(lines[0].startswith(">"), fields))
    return blocks


def stream(block: Block) -> str | None:
    """Which of the things that Asterisk tells in parallel this belongs to; None: we do not compare it."""
    event = block.get("Event")
    if block.sent:
        return None
    if event is None or block.get("Timestamp") is None:
        return "answers" if event != "DeviceStateChange" or _known(block) else None
    if event == "OriginateResponse":
        return f"originate {block.get('Uniqueid')}"
    if event in ("DialBegin", "DialState", "DialEnd"):
        return f"dial {block.get('DestUniqueid')}"
    if event == "DeviceStateChange":
        return f"device {block.get('Device')}" if _known(block) else None
    if event.startswith(("QueueMember", "PeerStatus")):
        return f"{event[:11]} {block.get('Interface') or block.get('Peer')}"
    if event.startswith("Bridge"):
        return f"bridge {block.get('BridgeUniqueid')}"
    whose = f"{block.get('Uniqueid')} {block.get('Channel')}"
    return f"agents of {whose}" if event.startswith("Agent") else f"channel {whose}"


def cel_streams(text: str) -> dict[str, list[str]]:
    """Each channel's CEL records in order, with what the recovery of the daemon could lean on."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in csv.reader(text.splitlines()):
        kind, _, uniqueid, linkedid, channel, context, exten, app, data, account, peer, extra = row[:12]
        cause = json.loads(extra).get("hangupcause") if extra and kind == "HANGUP" else None
        if app == "Playback":
            data = "*"  # the recorder's sound file
        line = " ".join(f"[{v}]" for v in (kind, linkedid, channel, context, exten, app, data, account, peer))
        found[_IDS.sub("#", f"{uniqueid} {channel}")].append(_LOOSE_IDS.sub("#", f"{line} {cause}"))
    return dict(found)


def _known(block: Block) -> bool:
    """Phones and trunks; not the devices that a queue makes of itself."""
    return not (block.get("Device") or "").startswith("Queue:")


def streams(log: list[Block]) -> dict[str, list[str]]:
    """Each stream's events in order, one line each: name, headers in order, values that matter.

    Generated ids become `#`, times become "zero or not".
    """
    found: dict[str, list[str]] = defaultdict(list)
    for block in log:
        name = stream(block)
        line = " ".join(f"{k}={_value(block, k, v)}" for k, v in block.fields if not _races(block, k))
        if name is not None:
            found[_IDS.sub("#", name)].append(line)
    return {name: _sorted_list(lines) for name, lines in found.items()}


def _races(block: Block, key: str) -> bool:
    """Headers that come from a second thread of Asterisk, a moment before or after."""
    match block.get("Event"):
        case "DialState":
            return key in ("DestChannelState", "DestChannelStateDesc")
        case "QueueMemberStatus":
            return key == "InCall"
        case "AgentComplete":
            return key.startswith("Dest")
    return False


def _value(block: Block, key: str, value: str) -> str:
    if key in _VOLATILE | _STATISTICS | _INSTALLATION or key.startswith(("CoreStartup", "CoreReload")):
        return "*"
    if key in _TIMES:
        return "0" if value == "0" else "T"
    if key in _SECONDS:
        return "*"
    if key == "ListItems" and (block.get("Event") or "").startswith("DeviceState"):
        return "*"  # queues count as devices
    return _IDS.sub("#", value)


def _sorted_list(lines: list[str]) -> list[str]:
    """The items of a list action come in no order."""
    out: list[str] = []
    items: list[str] = []
    for line in lines:
        if re.match(r"Event=(CoreShowChannel|DeviceStateChange) ", line) and "ActionID=" in line:
            items.append(line)
        else:
            out += [*sorted(items), line]
            items.clear()
    return out + sorted(items)
