"""The wire: framing, what an action may hold, and when it is answered."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_daemon.protocol import ActionFailed, Framer, LinkAction, LinkCounters, LinkProtocol, Message

messages = st.lists(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=30).map(
        str.encode
    ),
    max_size=8,
)


@given(messages, st.randoms(use_true_random=False))
def test_any_cutting_of_the_stream_gives_the_same_messages(texts: list[bytes], chance: random.Random) -> None:
    stream = b"".join(text + chance.choice((b"\r\n\r\n", b"\r\n\n")) for text in texts)
    framer, got, at = Framer(), [], 0
    while at < len(stream):
        size = chance.randrange(1, 12)
        got += framer.feed(stream[at : at + size])
        at += size
    assert got == texts


def test_a_message_without_end_is_refused_at_the_limit() -> None:
    framer = Framer(limit=1000)
    assert framer.feed(b"x" * 900) == []
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        framer.feed(b"x" * 200)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Value": "a\rb"}, r"Value holds '\\r'"),
        ({"Value": "a\nb"}, r"Value holds '\\n'"),
        ({"Value": "a\0b"}, r"Value holds '\\x00'"),
        ({"Variable": ["a=1", "b=\n"]}, "Variable holds"),
        ({"A: b\r\nC": "d"}, "cannot be a header"),
        ({"ActionID": "mine"}, "cannot be a header"),
        ({"action": "Command"}, "cannot be a header"),
        ({"V": "x" * 1020}, "a line of 1023 bytes"),
        ({"V": "Ж" * 510}, "a line of 1023 bytes"),
        ({"V": ["x"] * 127}, "129 headers"),
        ({f"V{n}": 1 for n in range(127)}, "129 headers"),
        ({"V": "\udc80"}, "surrogates"),
    ],
)
async def test_an_action_that_asterisk_would_misread_is_refused(
    headers: dict[str, str | int | list[str]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        LinkAction("Setvar", headers)


async def test_the_name_of_an_action_is_checked_as_well() -> None:
    with pytest.raises(ValueError, match="Action holds"):
        LinkAction("Ping\r\nAction: Command", {})


async def test_an_action_at_the_limits_is_written_whole() -> None:
    action = LinkAction("Setvar", {"V": ["x" * 1019] * 126})
    lines = str(action).split("\r\n")
    assert len(lines) - 2 == 128
    assert max(map(len, lines)) == 1022


def reply(*lines: str) -> Message:
    return Message("\r\n".join(lines).encode())


async def test_a_list_ends_with_complete_and_holds_the_items_alone() -> None:
    action = LinkAction("QueueStatus", {}, listing=True)
    assert not action.add_message(reply("Response: Success", "EventList: start"))
    assert not action.add_message(reply("Event: QueueMember", "Name: ivanov"))
    assert not action.add_message(
        reply("Event: SomethingComplete", "Name: by its name it only looks like an end")
    )
    assert action.add_message(reply("Event: QueueStatusComplete", "EventList: Complete", "ListItems: 2"))
    assert [item.text("Event") for item in action.future.result()] == ["QueueMember", "SomethingComplete"]


async def test_a_second_answer_changes_nothing() -> None:
    action = LinkAction("Ping", {})
    assert action.add_message(reply("Response: Success", "N: 1"))
    assert action.add_message(reply("Response: Success", "N: 2"))
    assert action.future.result()["N"] == "1"


@pytest.mark.parametrize(
    "answers",
    [
        [reply("Response: Error", "Message: no")],
        [reply("Response: Success", "Message: this is no list")],
        [reply("Response: Success", "EventList: start"), reply("Event: End", "EventList: Cancelled")],
    ],
    ids=["refused", "no list", "cancelled"],
)
async def test_a_list_that_does_not_come_whole_fails(answers: list[Message]) -> None:
    action = LinkAction("Status", {}, listing=True)
    for answer in answers:
        action.add_message(answer)
    assert isinstance(action.future.exception(), ActionFailed)


@pytest.mark.parametrize("cut", range(0, 60, 7))
async def test_the_event_after_a_superfluous_blank_line_is_not_lost(cut: int) -> None:
    """A build of Asterisk with its tests, as Debian's is, ends each TestEvent with a blank line more."""
    got: list[bytes] = []
    protocol = LinkProtocol(
        {b"Hangup"}, lambda name, frame, at: got.append(frame), lambda: 0.0, LinkCounters()
    )
    protocol.closed, protocol.version = False, None
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    stream = b"Event: TestEvent\r\nType: StateChange\r\n\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n"
    protocol.data_received(stream[:cut])
    protocol.data_received(stream[cut:])
    assert got == [b"Event: Hangup\r\nCause: 16"]
