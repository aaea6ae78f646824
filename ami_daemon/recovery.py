"""What became of an attempt whose channel is gone: proven by CEL, or in doubt. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ami_daemon.call import UNANSWERED, Call, CallState, outcome
from ami_daemon.cel import Cel, CelRecord
from ami_daemon.picture import heard_by_place
from leads.lead import Outcome
from sounds.screening import Heard


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


def follow(call: Call, records: Iterable[CelRecord]) -> float | None:
    """Bring the call to where its records leave it; return when it ended, if they show its end."""
    for record in records:
        if record.kind == "ANSWER" and call.answered_at is None:
            call.answered_at, call.state = record.at, CallState.ANSWERED
        elif call.state is CallState.ANSWERED and (nobody := heard_by_place(record.context, record.exten)):
            call.heard, call.heard_at, call.state = nobody, record.at, CallState.NO_PERSON
        elif call.state is CallState.NO_PERSON and record.kind != "HANGUP":
            continue  # a message is left
        elif record.kind == "APP_START" and call.connected_at is None and call.answered_at is not None:
            if call.screened and call.heard is None:
                call.heard, call.heard_at = Heard.PERSON, record.at
            if record.application == "agi" and call.robot and call.script_at is None:
                call.script_at, call.state = record.at, CallState.SCRIPT
            elif record.application == "queue":
                call.waiting_at, call.state = record.at, CallState.WAITING
            elif record.application == "playback" and call.robot and call.state is CallState.SCRIPT:
                call.script_failed = True
            elif record.application == "playback":
                call.state = CallState.MESSAGE
        elif record.kind == "BRIDGE_ENTER" and call.connected_at is None:
            call.connected_at, call.state = record.at, CallState.TALKING
            call.agent = call.agent or _agent(record.peer)
        if record.kind == "HANGUP":
            call.ended_at = record.at
            call.cause = record.cause
    return call.ended_at


def judge(call: Call, cel: Cel | None, uniqueid: str, asterisk_started_at: float, now: float) -> Verdict:
    """The verdict on a call that has no channel `uniqueid` any more; `cel` is `None` where it cannot be read.

    `asterisk_started_at` is known to the second: a start in the second of the dialing counts as after it.
    """
    records = [] if cel is None else cel.records.get(uniqueid, [])
    if (ended_at := follow(call, records)) is not None:
        return Verdict(
            Fate.ENDED, outcome(call.state, call.cause, call.heard), ended_at, "found in CEL after a restart"
        )
    restarted = asterisk_started_at + 1.0 > call.placed_at
    if not restarted:
        never = cel is not None and cel.covers(call.placed_at) and not records
        never = never and call.channel is None and call.state is CallState.PLACED
        return Verdict(Fate.NEVER_PLACED if never else Fate.UNKNOWN)
    if call.state is CallState.TALKING:
        return Verdict(Fate.ENDED, Outcome.INTERRUPTED, now, "Asterisk died during the talk")
    if call.state is CallState.NO_PERSON:
        ended = outcome(call.state, None, call.heard)
        return Verdict(Fate.ENDED, ended, now, "Asterisk died when no person had been heard")
    if call.state is CallState.ANSWERED and call.screened and call.heard is None:
        # Most who answer are persons, and this one heard nothing: doubt must not take them out of the ledger.
        return Verdict(Fate.ENDED, Outcome.ABANDONED, now, "Asterisk died before it was known who answered")
    if call.state not in UNANSWERED and call.robot:
        return Verdict(Fate.ENDED, Outcome.INTERRUPTED, now, "Asterisk died while the robot spoke")
    if call.state not in UNANSWERED:
        return Verdict(Fate.ENDED, Outcome.ABANDONED, now, "Asterisk died while the person waited")
    return Verdict(Fate.ENDED, Outcome.IN_DOUBT, now, "Asterisk died; nothing proves how far the call came")


def in_doubt(call: Call, now: float) -> Verdict:
    """The verdict when waiting for proof is over: what was seen stands. Of a person who had answered nobody
    knows that an agent took them; that doubt must not take them out of the ledger."""
    note = "the channel is gone and nothing proves what happened"
    if call.state in (CallState.MESSAGE, CallState.NO_PERSON):
        return Verdict(Fate.ENDED, outcome(call.state, None, call.heard), now, note)
    if call.state in (CallState.ANSWERED, CallState.WAITING) and not call.robot:
        return Verdict(Fate.ENDED, Outcome.ABANDONED, now, note)
    return Verdict(Fate.ENDED, Outcome.IN_DOUBT, now, note)


def _agent(peer: str) -> str | None:
    name = peer.removeprefix("PJSIP/agent-").rpartition("-")[0]
    return name if peer.startswith("PJSIP/agent-") else None
