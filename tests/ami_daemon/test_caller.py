"""Callers on the board and by CEL, from dialogues of a real Asterisk 22; and who did not answer them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ami_daemon import events as ami
from ami_daemon.board import Board
from ami_daemon.caller import MOVES, Caller, CallerState, Ring, follow, ring_reason, rings_of
from ami_daemon.cel import CelRecord, parse_cel, read_calls
from ami_daemon.changes import CallerEnded, CallerMoved, Change, Inbound, RingMissed
from leads.inbound import RingReason
from leads.lead import IllegalMove
from tests.ami_daemon.test_board import TRANSCRIPTS, a_board, events_of

CALLER = "+79990000001"


def arrival(channel: str, at: float, line: str = "office") -> ami.UserEvent:
    return ami.UserEvent(at, "PerezvonCaller", {"Line": line, "Uniqueid": channel, "CallerIDNum": CALLER})


def play(name: str, board: Board) -> list[Change]:
    """The recorded dialogue's changes."""
    return [change for event in events_of(name) for change in board.handle(event)]


def story(changes: Sequence[Change]) -> list[str]:
    return [
        str(c.new) if isinstance(c, CallerMoved) else "ended"
        for c in changes
        if isinstance(c, CallerMoved | CallerEnded)
    ]


def records(name: str) -> list[CelRecord]:
    """The recorded CEL."""
    return list(parse_cel((TRANSCRIPTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def nothing(_context: str, _number: str) -> str | None:
    return None


# -- by events ---------------------------------------------------------------------------------------


def test_a_caller_who_is_served_goes_through_all_states() -> None:
    board = a_board()
    changes = play("inbound_talk", board)
    assert story(changes) == ["arrived", "waiting", "talking", "after_talk", "ended"]
    assert board.callers == {}
    caller = next(c.caller for c in changes if isinstance(c, CallerEnded))
    assert (caller.line, caller.number, caller.group, caller.agent) == ("office", CALLER, "sales", "ivanov")
    times = (caller.arrived_at, caller.waiting_at, caller.connected_at, caller.talk_ended_at, caller.ended_at)
    assert list(times) == sorted(at for at in times if at is not None)


def test_a_caller_who_leaves_ends_while_waiting() -> None:
    board = a_board()
    changes = play("inbound_abandons", board)
    assert story(changes) == ["arrived", "waiting", "ended"]


def test_who_comes_back_into_the_queue_has_waited_since_the_first_time() -> None:
    board = a_board()
    board.handle(arrival("1.1", 1.0))
    first = board.handle(ami.QueueCallerJoin(2.0, "PJSIP/x", "1.1", "sales", 1, 1))
    board.handle(ami.QueueCallerLeave(5.0, "1.1", "sales", 0))
    again = board.handle(ami.QueueCallerJoin(9.0, "PJSIP/x", "1.1", "sales", 1, 1))
    assert [type(change) for change in first] == [CallerMoved, Inbound]
    assert again == [], "neither the books nor a pacer hear of a second caller"
    assert board.callers["1.1"].waiting_at == 2.0
    assert board.inbound == {"1.1": ("sales", 2.0)}


def test_who_is_sent_to_another_group_goes_on_waiting_there() -> None:
    board = Board("ours", {"ivanov": frozenset({"sales", "support"})}, {"sales": 0, "support": 0})
    board.handle(arrival("1.1", 1.0))
    board.handle(ami.QueueCallerJoin(2.0, "PJSIP/x", "1.1", "sales", 1, 1))
    changes = board.handle(ami.QueueCallerJoin(9.0, "PJSIP/x", "1.1", "support", 1, 1))
    assert story(changes) == ["waiting"]
    caller = board.callers["1.1"]
    assert (caller.group, caller.waiting_at, board.inbound["1.1"]) == ("support", 2.0, ("support", 2.0))


def test_who_finds_the_queue_full_asked_for_an_agent_too() -> None:
    board = a_board()
    board.handle(arrival("1.1", 1.0))
    changes = board.handle(ami.Hangup(2.0, "PJSIP/x", "perezvon-group", "sales", "1.1", "1.1", 16, ""))
    assert story(changes) == ["waiting", "ended"]
    board.handle(arrival("2.2", 1.0))
    changes = board.handle(ami.Hangup(2.0, "PJSIP/x", "perezvon-line", "office", "2.2", "2.2", 16, ""))
    assert story(changes) == ["ended"]


@pytest.mark.parametrize("old", CallerState)
@pytest.mark.parametrize("new", CallerState)
def test_moves_that_the_table_does_not_have_name_both_states(old: CallerState, new: CallerState) -> None:
    caller = Caller("1.1", "office", CALLER, 1.0, state=old)
    if new in MOVES[old]:
        assert caller.move(new, 5.0) is old
        assert (caller.state, caller.since()) == (new, 5.0)
    else:
        with pytest.raises(IllegalMove, match=f"caller 1.1: no move from {old} to {new}"):
            caller.move(new, 5.0)


# -- phones that were not answered -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "missed"),
    [
        ("agent_rejects", [("ivanov", RingReason.BUSY)]),
        ("agent_rings_no_answer", [("ivanov", RingReason.NO_ANSWER)]),
        ("caller_leaves_while_agent_rings", [("ivanov", RingReason.CALLER_LEFT)]),
        ("inbound_talk", []),
        ("inbound_abandons", []),
        ("talk_ended_by_agent", []),
    ],
)
def test_a_real_dialogue_tells_who_did_not_answer_and_why(
    name: str, missed: list[tuple[str, RingReason]]
) -> None:
    board = a_board()
    changes = play(name, board)
    found = [change.ring for change in changes if isinstance(change, RingMissed)]
    assert [(ring.agent, ring.reason) for ring in found] == missed
    assert all(0 <= ring.seconds < 3 and ring.group == "sales" for ring in found)


def test_a_phone_may_ring_before_the_queue_says_that_it_dials_it() -> None:
    """Told by two threads of Asterisk's."""
    events = list(events_of("agent_rings_no_answer"))
    (called,) = [event for event in events if isinstance(event, ami.AgentCalled)]
    leg = called.dest_uniqueid
    (rings,) = [event for event in events if isinstance(event, ami.Newstate) and event.uniqueid == leg]
    assert events.index(called) < events.index(rings)
    late = [event for event in events if event is not called]
    late.insert(late.index(rings) + 1, called)
    board = a_board()
    changes = [change for event in late for change in board.handle(event)]
    found = [change.ring for change in changes if isinstance(change, RingMissed)]
    assert [(ring.agent, ring.reason) for ring in found] == [("ivanov", RingReason.NO_ANSWER)]


def test_a_phone_whose_end_is_told_after_the_callers_rang_until_the_caller_left() -> None:
    events = list(events_of("caller_leaves_while_agent_rings"))
    ends = [event for event in events if isinstance(event, ami.Hangup)]
    assert len(ends) == 2
    board, late = a_board(), [event for event in events if event is not ends[0]] + [ends[0]]
    changes = [change for event in late for change in board.handle(event)]
    found = [change.ring for change in changes if isinstance(change, RingMissed)]
    assert [(ring.agent, ring.reason) for ring in found] == [("ivanov", RingReason.CALLER_LEFT)]


@pytest.mark.parametrize(
    ("cause", "refused", "rang", "reason"),
    [
        (17, True, True, RingReason.BUSY),
        (21, True, True, RingReason.REJECTED),
        (34, True, True, RingReason.REJECTED),
        (20, True, False, RingReason.PHONE_UNREACHABLE),
        (0, False, True, RingReason.NO_ANSWER),
        (0, False, False, RingReason.PHONE_UNREACHABLE),
        (None, False, True, RingReason.NO_ANSWER),
    ],
)
def test_why_a_phone_was_not_answered(
    cause: int | None, refused: bool, rang: bool, reason: RingReason
) -> None:
    assert ring_reason(cause, refused=refused, rang=rang) is reason


def test_a_phone_that_stops_because_another_was_answered_missed_nothing() -> None:
    board = Board("ours", dict.fromkeys(("ivanov", "petrova"), frozenset({"sales"})), {"sales": 0})
    changes: list[Change] = []
    for leg, agent in (("a", "ivanov"), ("b", "petrova")):
        changes += board.handle(ami.AgentCalled(1.0, "1.1", leg, "sales", f"PJSIP/agent-{agent}"))
    changes += board.handle(ami.AgentConnect(4.0, "1.1", "a", "sales", "PJSIP/agent-ivanov", 3, 3))
    for leg, at in (("b", 4.1), ("a", 60.0), ("1.1", 60.1)):
        changes += board.handle(ami.Hangup(at, "PJSIP/x", "", "", leg, "1.1", 16, ""))
    assert [change for change in changes if isinstance(change, RingMissed)] == []


# -- by CEL ------------------------------------------------------------------------------------------


def test_cel_proves_a_talk_with_its_line_group_agent_and_times() -> None:
    of = records("inbound_talk")
    caller = follow(of, nothing)
    assert caller is not None
    assert (caller.line, caller.number, caller.group, caller.agent) == ("office", CALLER, "sales", "ivanov")
    assert caller.state is CallerState.ENDED
    by_event = {(r.kind, r.uniqueid == caller.channel): r.at for r in of}
    assert caller.waiting_at == by_event["APP_START", True]
    assert caller.connected_at == by_event["BRIDGE_ENTER", True]
    assert caller.talk_ended_at == by_event["BRIDGE_EXIT", True]
    assert caller.ended_at == by_event["HANGUP", True]
    assert list(rings_of(of, caller)) == []


def test_cel_proves_how_far_a_call_is_that_goes_on() -> None:
    of = records("inbound_talk")
    enter = next(i for i, r in enumerate(of) if r.kind == "BRIDGE_EXIT")
    caller = follow(of[:enter], nothing)
    assert caller is not None
    assert (caller.state, caller.ended_at) == (CallerState.TALKING, None)


def test_the_number_dialed_tells_the_line_where_the_dialplan_did_not_get_so_far() -> None:
    start = [r for r in records("inbound_abandons") if r.kind in ("CHAN_START", "HANGUP")]
    start = [replace(r, context="perezvon-in-city", exten="+74950000001") for r in start]
    lines = {("perezvon-in-city", "+74950000001"): "shop"}
    caller = follow(start, lambda context, number: lines.get((context, number)))
    assert caller is not None
    assert (caller.line, caller.waiting_at, caller.state) == ("shop", None, CallerState.ENDED)
    assert follow(start, nothing) is None, "a number that the site does not have any more"


def test_calls_that_are_not_a_callers_and_lines_from_before_numbers_were_written_prove_nothing() -> None:
    old = [replace(record, caller=None) for record in records("inbound_talk")]
    assert follow(old, nothing) is None
    phone = [replace(r, context="perezvon-agents") for r in records("inbound_talk")]
    assert follow(phone, nothing) is None
    assert follow([], nothing) is None


def cel(kind: str, at: float, channel: str, unique: str, cause: int = 0, application: str = "") -> CelRecord:
    context = "perezvon-in-city" if kind == "CHAN_START" else "perezvon-group"
    extra = json.dumps({"hangupcause": cause})
    data = "sales,irb" if application else ""
    return CelRecord(at, kind, unique, "1.1", channel, context, "sales", application, data, "", extra, CALLER)


def test_cel_proves_whose_phones_rang_in_vain() -> None:
    trunk, anna, lev, vera = ("PJSIP/trunk-1", *(f"PJSIP/agent-{n}-1" for n in ("anna", "lev", "vera")))
    of = [
        cel("CHAN_START", 1.0, trunk, "1.1"),
        cel("APP_START", 2.0, trunk, "1.1", application="queue"),
        cel("CHAN_START", 2.0, anna, "a"),
        cel("HANGUP", 5.0, anna, "a"),
        cel("CHAN_START", 6.0, lev, "l"),
        cel("HANGUP", 6.5, lev, "l", cause=17),
        cel("CHAN_START", 7.0, vera, "v"),
        cel("HANGUP", 9.0, vera, "v"),
        cel("HANGUP", 9.1, trunk, "1.1"),
    ]
    caller = follow(of, lambda *_: "main")
    assert caller is not None
    assert list(rings_of(of, caller)) == [
        Ring("anna", "sales", 5.0, 3.0, RingReason.NO_ANSWER),
        Ring("lev", "sales", 6.5, 0.5, RingReason.BUSY),
        Ring("vera", "sales", 9.0, 2.0, RingReason.CALLER_LEFT),
    ]


def test_the_file_is_read_from_a_time_on_and_without_our_own_calls(tmp_path: Path) -> None:
    folder = tmp_path / "cel-custom"
    folder.mkdir()
    talk, later, ours = (
        (TRANSCRIPTS / f"{name}.csv").read_text(encoding="utf-8")
        for name in ("inbound_talk", "inbound_abandons", "caller_leaves_while_agent_rings")
    )
    first, second = (next(iter(parse_cel(text.splitlines()))) for text in (talk, later))
    (folder / "perezvon.csv.1").write_text(talk + ours, encoding="utf-8")
    (folder / "perezvon.csv").write_text(later + '"HANGUP","179', encoding="utf-8")
    everything = read_calls(tmp_path, 0.0, ("pz-ours-", "pza-ours-"))
    assert sorted(everything) == [first.linkedid, second.linkedid]
    assert len(everything[first.linkedid]) == len(talk.splitlines())
    assert sorted(read_calls(tmp_path, second.at, ("pz-ours-", "pza-ours-"))) == [second.linkedid]
    assert read_calls(tmp_path / "nowhere", 0.0, ()) == {}
