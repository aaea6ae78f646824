"""What became of an attempt whose channel is gone: proven by CEL, or in doubt. Pure but for one file read."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ami_daemon.call import UNANSWERED, Call, CallState, outcome
from leads.lead import Outcome


class Fate(StrEnum):
    """What is known of an attempt."""

    ENDED = "ended"
    NEVER_PLACED = "never_placed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate, and for `ended` the outcome, when, and a note for people."""

    fate: Fate
    outcome: Outcome = Outcome.IN_DOUBT
    at: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CelRecord:
    """One line of our CEL file."""

    at: float
    kind: str
    uniqueid: str
    application: str
    peer: str
    extra: str


@dataclass(frozen=True, slots=True)
class Cel:
    """Records of our own channels by unique id, and the time that the file covers, whoever's the calls."""

    records: dict[str, list[CelRecord]]
    first: float
    last: float

    def covers(self, at: float) -> bool:
        """Whether something was written before and after that time: only then silence about it counts."""
        return self.first <= at <= self.last


def read_cel(log_dir: Path, prefix: str) -> Cel | None:
    """What the CEL file, and the one rotated before it, have of channels whose id begins with `prefix`.

    `None` where there is nothing to read: then nothing is proven, neither a call nor its absence. A line
    that a crash cut short is left out. Reads the whole file: call it in a thread.
    """
    records: dict[str, list[CelRecord]] = {}
    first, last = math.inf, 0.0
    for name in ("perezvon.csv.1", "perezvon.csv"):
        try:
            with (log_dir / "cel-custom" / name).open(encoding="utf-8", errors="replace") as lines:
                line = ""
                for number, line in enumerate(lines):
                    if number == 0 or prefix in line:
                        for record in parse_cel([line]):
                            first, last = min(first, record.at), max(last, record.at)
                            if record.uniqueid.startswith(prefix):
                                records.setdefault(record.uniqueid, []).append(record)
                for record in parse_cel([line]):
                    last = max(last, record.at)
        except OSError:
            continue
    return Cel(records, first, last) if last else None


def parse_cel(lines: Iterable[str]) -> Iterable[CelRecord]:
    """Lines of our CEL file (its columns stand in `dialplan/templates/cel_custom.conf.j2`) to records."""
    for row in csv.reader(line.replace("\0", "") for line in lines):
        try:
            kind, at, uniqueid, _, _, _, _, application, _, _, peer, extra = row
            yield CelRecord(float(at), kind, uniqueid, application.lower(), peer, extra)
        except ValueError:
            continue


def follow(call: Call, records: Iterable[CelRecord]) -> float | None:
    """Bring the call to where its records leave it; return when it ended, if they show its end."""
    for record in records:
        if record.kind == "ANSWER" and call.answered_at is None:
            call.answered_at, call.state = record.at, CallState.ANSWERED
        elif record.kind == "APP_START" and call.connected_at is None and call.answered_at is not None:
            if record.application == "agi" and call.robot and call.script_at is None:
                call.script_at, call.state = record.at, CallState.SCRIPT
            elif record.application == "queue":
                call.waiting_at, call.state = record.at, CallState.WAITING
            elif record.application == "playback" and call.robot:
                call.script_failed = True
            elif record.application == "playback":
                call.state = CallState.MESSAGE
        elif record.kind == "BRIDGE_ENTER" and call.connected_at is None:
            call.connected_at, call.state = record.at, CallState.TALKING
            call.agent = call.agent or _agent(record.peer)
        elif record.kind == "HANGUP":
            call.ended_at = record.at
            call.cause = _cause(record.extra)
    return call.ended_at


def judge(call: Call, cel: Cel | None, uniqueid: str, asterisk_started_at: float, now: float) -> Verdict:
    """The verdict on a call that has no channel `uniqueid` any more; `cel` is `None` where it cannot be read.

    `asterisk_started_at` is known to the second: a start in the second of the dialing counts as after it.
    """
    records = [] if cel is None else cel.records.get(uniqueid, [])
    if (ended_at := follow(call, records)) is not None:
        return Verdict(Fate.ENDED, outcome(call.state, call.cause), ended_at, "found in CEL after a restart")
    restarted = asterisk_started_at + 1.0 > call.placed_at
    if not restarted:
        never = cel is not None and cel.covers(call.placed_at) and not records
        never = never and call.channel is None and call.state is CallState.PLACED
        return Verdict(Fate.NEVER_PLACED if never else Fate.UNKNOWN)
    if call.state is CallState.TALKING:
        return Verdict(Fate.ENDED, Outcome.INTERRUPTED, now, "Asterisk died during the talk")
    if call.state not in UNANSWERED and call.robot:
        return Verdict(Fate.ENDED, Outcome.INTERRUPTED, now, "Asterisk died while the robot spoke")
    if call.state not in UNANSWERED:
        return Verdict(Fate.ENDED, Outcome.ABANDONED, now, "Asterisk died while the person waited")
    return Verdict(Fate.ENDED, Outcome.IN_DOUBT, now, "Asterisk died; nothing proves how far the call came")


def in_doubt(now: float) -> Verdict:
    """The verdict when waiting for proof is over."""
    return Verdict(Fate.ENDED, Outcome.IN_DOUBT, now, "the channel is gone and nothing proves what happened")


def _agent(peer: str) -> str | None:
    name = peer.removeprefix("PJSIP/agent-").rpartition("-")[0]
    return name if peer.startswith("PJSIP/agent-") else None


def _cause(extra: str) -> int | None:
    try:
        return int(json.loads(extra)["hangupcause"])
    except (ValueError, KeyError, TypeError):
        return None
