"""What CEL proves of an attempt whose channel is gone, and what stays in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_daemon.call import Call, CallState
from ami_daemon.cel import Cel, parse_cel, read_cel
from ami_daemon.recovery import Fate, Verdict, in_doubt, judge
from config.laws import LAWS, LawName
from leads.attempt import Attempt, AttemptState
from leads.lead import LIVE, Outcome
from sounds.screening import Heard
from store.ledger import verdict as counts_as

PREFIX = "pz-demo-"
ID = "0193a5c2f1e8a4b7"
PLACED_AT, UP_BEFORE, UP_AFTER, NOW = 1000.0, 500.0, 1003.0, 1010.0


def line(
    kind: str, at: float, app: str = "", peer: str = "", extra: str = "", place: tuple[str, str] = ("", "")
) -> str:
    cells = (kind, at, PREFIX + ID, PREFIX + ID, "PJSIP/trunk-city-01", *place, app, "", ID, peer, extra)
    return ",".join('"' + str(cell).replace('"', '""') + '"' for cell in cells)


START = line("CHAN_START", 1000.1)
ANSWER = line("ANSWER", 1002.0)
QUEUE = line("APP_START", 1002.1, "Queue")
BRIDGE = line("BRIDGE_ENTER", 1002.2, "Queue", "PJSIP/agent-ivan-0000000a", '{"bridge_id":"b"}')
MESSAGE = line("APP_START", 1004.1, "Playback")


def hangup(cause: int) -> str:
    return line("HANGUP", 1006.0, extra=f'{{"hangupcause":{cause},"hangupsource":""}}')


LATER = line("CHAN_START", 1008.0).replace(ID, "f" * 16)
EARLIER = line("CHAN_START", 900.0).replace(ID, "e" * 16)


def cel_of(lines: list[str] | None) -> Cel | None:
    if lines is None:
        return None
    found = list(parse_cel(lines))
    own = [record for record in found if record.uniqueid == PREFIX + ID]
    times = [record.at for record in found] or [0.0]
    return Cel({PREFIX + ID: own} if own else {}, min(times), max(times))


def verdict_of(call: Call, lines: list[str] | None, started_at: float = UP_BEFORE) -> Verdict:
    return judge(call, cel_of(lines), PREFIX + ID, started_at, NOW)


CASES = {
    # what CEL has, when Asterisk started: fate, outcome
    "busy": ([START, hangup(17)], UP_BEFORE, Fate.ENDED, Outcome.BUSY),
    "talked": ([START, ANSWER, QUEUE, BRIDGE, hangup(16)], UP_BEFORE, Fate.ENDED, Outcome.TALKED),
    "left the queue": (
        [START, ANSWER, QUEUE, hangup(16)],
        UP_BEFORE,
        Fate.ENDED,
        Outcome.HUNG_UP_BEFORE_TALK,
    ),
    "message": ([START, ANSWER, QUEUE, MESSAGE, hangup(16)], UP_BEFORE, Fate.ENDED, Outcome.ABANDONED),
    "ended, then Asterisk restarted": ([START, hangup(17)], UP_AFTER, Fate.ENDED, Outcome.BUSY),
    "killed while ringing": ([START], UP_AFTER, Fate.ENDED, Outcome.IN_DOUBT),
    "killed before CEL was written": ([], UP_AFTER, Fate.ENDED, Outcome.IN_DOUBT),
    "killed while waiting": ([START, ANSWER, QUEUE], UP_AFTER, Fate.ENDED, Outcome.ABANDONED),
    "killed in the talk": ([START, ANSWER, QUEUE, BRIDGE], UP_AFTER, Fate.ENDED, Outcome.INTERRUPTED),
    "restarted in the second of the dialing": ([], 1000.0 - 0.9, Fate.ENDED, Outcome.IN_DOUBT),
    "never seen by a running Asterisk": ([EARLIER, LATER], UP_BEFORE, Fate.NEVER_PLACED, None),
    "not seen, but nothing was written since": ([EARLIER], UP_BEFORE, Fate.UNKNOWN, None),
    "not seen, but the file begins later": ([LATER], UP_BEFORE, Fate.UNKNOWN, None),
    "not seen in an empty file": ([], UP_BEFORE, Fate.UNKNOWN, None),
    "begun, and its end not written yet": ([START], UP_BEFORE, Fate.UNKNOWN, None),
    "no CEL file to read": (None, UP_BEFORE, Fate.UNKNOWN, None),
    "no CEL file, and restarted": (None, UP_AFTER, Fate.ENDED, Outcome.IN_DOUBT),
}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict(name: str) -> None:
    lines, started_at, fate, outcome = CASES[name]
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT)
    verdict = verdict_of(call, lines, started_at)
    assert verdict.fate is fate
    if outcome is not None:
        assert verdict.outcome is outcome


SCRIPT = line("APP_START", 1002.1, "AGI")
ROBOTS = {
    "left while the robot spoke": ([START, ANSWER, SCRIPT, hangup(16)], Outcome.HUNG_UP_BEFORE_TALK, False),
    "the script failed": ([START, ANSWER, SCRIPT, MESSAGE, hangup(16)], Outcome.HUNG_UP_BEFORE_TALK, True),
    "an agent took it after that": (
        [START, ANSWER, SCRIPT, MESSAGE, QUEUE, BRIDGE, hangup(16)],
        Outcome.TALKED,
        True,
    ),
}


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robots_call_is_never_abandoned_and_cel_tells_whether_its_script_failed(name: str) -> None:
    lines, outcome, failed = ROBOTS[name]
    call = Call(ID, 1, "robot", "sales", "city", "+74950000001", PLACED_AT, robot=True)
    verdict = verdict_of(call, lines)
    assert (verdict.outcome, call.script_at, call.script_failed) == (outcome, 1002.1, failed)


MACHINE, FAX, SIT = ("perezvon-machine", "spring"), ("perezvon-nobody", "fax"), ("perezvon-nobody", "sit")
LEFT = line("APP_START", 1003.0, "Playback", place=MACHINE)


def gone(place: tuple[str, str]) -> str:
    return line("HANGUP", 1006.0, extra='{"hangupcause":16,"hangupsource":""}', place=place)


SCREENS = {
    "a machine hung up on": ([START, ANSWER, gone(MACHINE)], UP_BEFORE, Outcome.MACHINE, Heard.MACHINE),
    "left a message": ([START, ANSWER, LEFT, gone(MACHINE)], UP_BEFORE, Outcome.MACHINE, Heard.MACHINE),
    "a fax": ([START, ANSWER, gone(FAX)], UP_BEFORE, Outcome.FAX, Heard.FAX),
    "the tones of a dead number": ([START, ANSWER, gone(SIT)], UP_BEFORE, Outcome.FAILED, Heard.SIT),
    "they left while it listened": (
        [START, ANSWER, gone(("perezvon-screen", "s"))], UP_BEFORE, Outcome.HUNG_UP_BEFORE_TALK, None,
    ),
    "a person who got the message": (
        [START, ANSWER, QUEUE, MESSAGE, hangup(16)], UP_BEFORE, Outcome.ABANDONED, Heard.PERSON,
    ),
    "a person who talked": (
        [START, ANSWER, QUEUE, BRIDGE, hangup(16)], UP_BEFORE, Outcome.TALKED, Heard.PERSON,
    ),
    "Asterisk died while it listened": ([START, ANSWER], UP_AFTER, Outcome.ABANDONED, None),
    "Asterisk died in the message": ([START, ANSWER, LEFT], UP_AFTER, Outcome.MACHINE, Heard.MACHINE),
    "Asterisk died while they waited": ([START, ANSWER, QUEUE], UP_AFTER, Outcome.ABANDONED, Heard.PERSON),
}  # fmt: skip


@pytest.mark.parametrize("name", SCREENS)
def test_the_verdict_on_a_call_that_is_screened(name: str) -> None:
    lines, started_at, outcome, heard = SCREENS[name]
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT, screened=True)
    assert verdict_of(call, lines, started_at).outcome is outcome
    assert call.heard is heard


@pytest.mark.parametrize("robot", [False, True])
def test_who_answered_and_heard_nothing_until_asterisk_died_stays_in_the_ledger(robot: bool) -> None:
    """Only what is `LIVE` is in it, and there as abandoned: an interrupted call would count as a good one."""
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT, screened=True, robot=robot)
    found = verdict_of(call, [START, ANSWER], UP_AFTER)
    assert found.outcome in LIVE
    made = Attempt(
        ID, 1, "spring", "city", 1, call.phone, 1, AttemptState.ENDED, PLACED_AT,
        answered_at=call.answered_at, ended_at=found.at, outcome=found.outcome,
    )  # fmt: skip
    assert counts_as(made, LAWS[LawName.US]) == "abandoned"


SEEN = {
    # the state, who was heard, a robot's: outcome where nothing proves the end
    "ringing": (CallState.RINGING, None, False, Outcome.IN_DOUBT),
    "being listened to": (CallState.ANSWERED, None, False, Outcome.ABANDONED),
    "waiting": (CallState.WAITING, Heard.PERSON, False, Outcome.ABANDONED),
    "hearing the message": (CallState.MESSAGE, Heard.PERSON, False, Outcome.ABANDONED),
    "a machine": (CallState.NO_PERSON, Heard.MACHINE, False, Outcome.MACHINE),
    "talking": (CallState.TALKING, Heard.PERSON, False, Outcome.IN_DOUBT),
    "answered by a robot": (CallState.ANSWERED, None, True, Outcome.IN_DOUBT),
}


@pytest.mark.parametrize("name", SEEN)
def test_where_nothing_proves_the_end_what_was_seen_stands_and_none_who_waited_leaves_the_ledger(
    name: str,
) -> None:
    state, heard, robot, expected = SEEN[name]
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT, state, robot=robot)
    call.screened, call.heard = True, heard
    assert in_doubt(call, NOW).outcome is expected


def test_asterisk_died_while_the_robot_spoke() -> None:
    call = Call(ID, 1, "robot", "sales", "city", "+74950000001", PLACED_AT, robot=True)
    assert verdict_of(call, [START, ANSWER, SCRIPT], UP_AFTER).outcome is Outcome.INTERRUPTED


def test_a_talk_found_in_cel_has_its_times_and_its_agent() -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT)
    verdict_of(call, [START, ANSWER, QUEUE, BRIDGE, hangup(16)])
    assert (call.answered_at, call.connected_at, call.ended_at) == (1002.0, 1002.2, 1006.0)
    assert call.agent == "ivan"


def test_a_call_that_was_seen_is_never_said_not_to_be_placed() -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+74950000001", PLACED_AT, state=CallState.RINGING)
    assert verdict_of(call, [EARLIER, LATER]).fate is Fate.UNKNOWN


def test_the_file_is_read_with_the_one_before_it_and_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "cel-custom"
    folder.mkdir()
    (folder / "perezvon.csv.1").write_text(
        START + "\n" + line("CHAN_START", 1.0).replace(PREFIX, "x-") + "\n"
    )
    (folder / "perezvon.csv").write_text(ANSWER + "\n" + hangup(16)[:40])
    found = read_cel(tmp_path, PREFIX)
    assert found is not None
    assert {key: [r.kind for r in records] for key, records in found.records.items()} == {
        PREFIX + ID: ["CHAN_START", "ANSWER"]
    }
    assert (found.first, found.last) == (1000.1, 1002.0)
    assert read_cel(tmp_path / "nowhere", PREFIX) is None
