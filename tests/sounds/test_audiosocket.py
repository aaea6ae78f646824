"""AudioSocket's messages, however the bytes come."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sounds.audiosocket import (
    LONGEST,
    RATES,
    BadMessage,
    Error,
    Hangup,
    Key,
    Message,
    Messages,
    Named,
    Sound,
    Unknown,
)
from sounds.audiosocket import sound as sound_message

ID = UUID("00112233-4455-0001-8899-aabbccddeeff")


def wire(kind: int, payload: bytes) -> bytes:
    return bytes((kind, *len(payload).to_bytes(2, "big"))) + payload


TALK: list[tuple[bytes, Message]] = [
    (wire(0x01, ID.bytes), Named(ID)),
    (wire(0x10, bytes(range(160)) * 2), Sound(8000, bytes(range(160)) * 2)),
    (wire(0x03, b"5"), Key("5")),
    (wire(0x12, bytes(640)), Sound(16000, bytes(640))),
    (wire(0x10, b""), Sound(8000, b"")),
    (wire(0x42, b"what a newer Asterisk says"), Unknown(0x42)),
    (wire(0xFF, b"\x02"), Error(2)),
    (wire(0xFF, b""), Error(0)),
    (wire(0x00, b""), Hangup()),
]


@given(st.lists(st.integers(0, sum(len(data) for data, _ in TALK)), max_size=40))
def test_messages_are_the_same_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    whole, messages = b"".join(data for data, _ in TALK), Messages()
    found: list[Message] = []
    marks = [0, *sorted(cuts), len(whole)]
    for begin, end in pairwise(marks):
        found += messages.feed(whole[begin:end])
    assert found == [message for _, message in TALK]
    assert messages.rest == 0


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_whatever_comes_is_messages_or_is_refused_and_little_of_it_is_kept(chunks: list[bytes]) -> None:
    messages = Messages()
    try:
        for chunk in chunks:
            list(messages.feed(chunk))
            assert messages.rest < 3 + LONGEST
    except BadMessage:
        pass


@pytest.mark.parametrize("kind, rate", RATES.items())
def test_every_rate_of_asterisk_is_told_apart(kind: int, rate: int) -> None:
    (found,) = Messages().feed(wire(kind, bytes(rate // 50 * 2)))
    assert found == Sound(rate, bytes(rate // 50 * 2))


@pytest.mark.parametrize(
    "data, why",
    [
        (bytes((0x10, 0x20, 0x01)), "8193 bytes"),
        (wire(0x10, bytes(319)), "a sample has two"),
        (wire(0x01, bytes(15)), "an id of 15 bytes"),
        (wire(0x03, b"55"), "no telephone"),
        (wire(0x03, b"\xe9"), "no telephone"),
    ],
)
def test_what_is_no_audiosocket_is_refused_after_what_was(data: bytes, why: str) -> None:
    found = []
    with pytest.raises(BadMessage, match=why):
        for message in Messages().feed(wire(0x03, b"1") + data):
            found.append(message)
    assert found == [Key("1")]


def test_what_is_sent_is_what_is_read() -> None:
    assert list(Messages().feed(sound_message(bytes(320)))) == [Sound(8000, bytes(320))]
