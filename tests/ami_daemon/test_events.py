"""Events against dialogues recorded from Asterisk 22: originated calls through a queue, and their mishaps."""

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_daemon import events as e
from ami_daemon.protocol import Framer, Message

FIXTURES = Path(__file__).parent.parent / "fixtures/ami"


def recorded(*names: str) -> list[bytes]:
    """The messages of the dialogues, without the banners."""
    streams = [(FIXTURES / name).read_bytes().partition(b"\n")[2] for name in names]
    return [frame for stream in streams for frame in Framer().feed(stream)]


FRAMES = recorded("queue_call.txt", "reload.txt")


def wire_name(frame: bytes) -> bytes:
    return frame.partition(b"\r")[0].removeprefix(b"Event: ")


EVENT_FRAMES = [frame for frame in FRAMES if wire_name(frame) in e.READERS]
EVENTS = [e.READERS[wire_name(frame)](frame, -1.0) for frame in EVENT_FRAMES]


def of(kind: type[e.E]) -> list[e.E]:
    return [event for event in EVENTS if isinstance(event, kind)]


def test_the_dialogue_has_every_kind_of_event() -> None:
    seen = Counter(wire_name(frame) for frame in EVENT_FRAMES)
    # Status comes while a member talks, Removed when one goes: each name must have been seen for real
    # (keys and music are in tests/daemon/test_waiting.py).
    assert set(seen) == set(e.READERS) - {b"DTMFEnd", b"MusicOnHoldStart", b"MusicOnHoldStop"}


def test_every_field_was_really_in_the_dialogue() -> None:
    """A mistyped header name would always give the default."""
    for kind in {type(event) for event in EVENTS} - {e.UserEvent}:
        hints = get_type_hints(kind, include_extras=True)
        for field in fields(kind)[1:]:
            if field.name == "kind":
                continue
            header = f"\r\n{hints[field.name].__metadata__[0]}: ".encode()
            names = e.names(kind)
            assert any(header in frame for frame in EVENT_FRAMES if wire_name(frame) in names), (
                kind,
                field.name,
            )


def test_an_originated_call_is_talked_with_an_agent() -> None:
    call = "pz-ours-0197ab34cd000001"
    story = [
        type(event).__name__
        for event in EVENTS
        if call in (getattr(event, "uniqueid", ""), getattr(event, "dest_uniqueid", ""))
    ]
    assert story == [
        "Newchannel",
        "DialBegin",
        "Newstate",
        "DialState",
        "Newstate",
        "OriginateResponse",
        "DialEnd",
        "QueueCallerJoin",
        "AgentCalled",
        "DialBegin",
        "QueueCallerLeave",
        "AgentConnect",
        "BridgeEnter",
        "AgentComplete",
        "BridgeLeave",
        "Hangup",
    ]
    leg = "ours-1795411346.1"
    assert of(e.AgentConnect) == [
        e.AgentConnect(1795411346.009173, call, leg, "sales", "PJSIP/agent-ivanov", hold_time=1, ring_time=0)
    ]
    assert of(e.AgentComplete) == [
        e.AgentComplete(
            1795411349.513796, call, leg, "sales", "PJSIP/agent-ivanov", talk_time=3, reason="agent"
        )
    ]
    assert of(e.QueueCallerJoin)[0] == e.QueueCallerJoin(
        1795411346.003944, "PJSIP/trunk-city-00000000", call, "sales", position=1, count=1
    )
    assert of(e.Newchannel)[0] == e.Newchannel(
        1795411345.693686,
        "PJSIP/trunk-city-00000000",
        state=0,
        caller="<unknown>",
        account="",
        context="none",
        exten="s",
        uniqueid=call,
        linkedid=call,
    )
    assert of(e.DialState)[0] == e.DialState(1795411345.702218, call, "RINGING")
    assert (of(e.DialBegin)[0].uniqueid, of(e.DialBegin)[1].uniqueid) == ("", call)
    assert {event.linkedid for event in of(e.BridgeEnter)} == {call}


def test_a_busy_line_is_told_by_the_hangup_and_not_by_the_response() -> None:
    busy = "pz-ours-0197ab34cd000002"
    assert [(r.response, r.reason) for r in of(e.OriginateResponse) if r.uniqueid == busy] == [("Failure", 0)]
    assert [(h.cause, h.cause_text) for h in of(e.Hangup) if h.uniqueid == busy] == [(17, "User busy")]
    assert "BUSY" in [d.status for d in of(e.DialEnd) if d.dest_uniqueid == busy]


def test_a_member_is_followed_from_in_to_out() -> None:
    story = [(m.kind, m.name, m.paused, m.reason, m.in_call, m.status) for m in of(e.QueueMember)]
    assert story[:6] == [
        ("added", "ivanov", True, "signed_in", False, 1),
        ("pause", "ivanov", True, "signed_in", False, 1),
        ("pause", "ivanov", False, "", False, 1),
        ("status", "ivanov", False, "", True, 2),
        ("status", "ivanov", False, "", False, 1),
        ("removed", "ivanov", False, "", False, 1),
    ]
    assert ("pause", "petrova", True, "Auto-Pause") in [item[:4] for item in story]
    assert of(e.AgentRingNoAnswer)[0].ring_time == 2000  # milliseconds
    assert of(e.QueueCallerAbandon)[0].hold_time == 2


def test_a_listed_member_reads_as_a_snapshot() -> None:
    frames = [frame for frame in FRAMES if wire_name(frame) == b"QueueMember"]
    members = [e.read(e.QueueMember, Message(frame).raw, 7.0) for frame in frames]
    assert [(m.at, m.kind, m.interface, m.paused, m.in_call) for m in members] == [
        (7.0, "snapshot", "PJSIP/agent-ivanov", True, False),
        (7.0, "snapshot", "PJSIP/agent-ivanov", False, True),
        (7.0, "snapshot", "PJSIP/agent-ivanov", False, False),
    ]
    assert members[2].last_call == 1795411349
    with pytest.raises(e.MalformedEvent, match="QueueMember is not a Hangup"):
        e.read(e.Hangup, frames[0], 7.0)


def test_a_user_event_has_the_channels_headers_and_its_own() -> None:
    abandoned, bell = of(e.UserEvent)
    assert (abandoned.name, abandoned.headers["Attempt"]) == ("PerezvonAbandoned", "0197ab34cd000004")
    assert abandoned.headers["Uniqueid"] == "pz-ours-0197ab34cd000004"
    assert (bell.name, bell.headers["Note"]) == ("Bell", "Колокол")


def test_asterisks_own_time_counts_and_else_the_time_of_receipt() -> None:
    assert of(e.FullyBooted)[0].at == -1.0  # sent without a Timestamp
    assert of(e.Shutdown)[0].at == 1795411377.804068
    assert [event.module for event in of(e.Reload)] == ["app_queue.so", "All"]


@given(st.data())
def test_the_order_of_headers_does_not_matter(data: st.DataObject) -> None:
    frame = data.draw(st.sampled_from(EVENT_FRAMES))
    first, *rest = frame.split(b"\r\n")
    shuffled = b"\r\n".join([first, *data.draw(st.permutations(rest))])
    assert e.READERS[wire_name(frame)](shuffled, -1.0) == e.READERS[wire_name(frame)](frame, -1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b"Cause: 16", b"Cause: many"), "Hangup: invalid literal"),
        ((b"Cause: 16\r\n", b""), "Hangup has no header Cause"),
        ((b"Uniqueid: ", b"Uniqued: "), "Hangup has no header Uniqueid"),
        ((b"Timestamp: 1", b"Timestamp: x"), "Hangup: could not convert"),
    ],
)
def test_a_malformed_event_says_what_is_wrong(change: tuple[bytes, bytes], words: str) -> None:
    hangup = next(frame for frame in EVENT_FRAMES if wire_name(frame) == b"Hangup")
    with pytest.raises(e.MalformedEvent, match=words):
        e.READERS[b"Hangup"](hangup.replace(*change), 0.0)


def test_only_real_events_can_be_named() -> None:
    assert e.names(e.Hangup) == (b"Hangup",)
    assert b"QueueMember" not in e.names(e.QueueMember)
    with pytest.raises(KeyError, match="Event is not"):
        e.names(e.Event)
