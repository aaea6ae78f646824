"""The screen's verdicts on sound made here."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sounds.screening import FRAME_BYTES, BeepListener, Heard, Screen, Verdict


def tone(hz: float, seconds: float, level: float = 3000.0) -> bytes:
    return array(
        "h", (round(level * math.sin(2 * math.pi * hz * n / 8000)) for n in range(int(seconds * 8000)))
    ).tobytes()


def verdict(sound: bytes, *, early: bool = False) -> Verdict | None:
    screen = Screen(early=early)
    for at in range(0, len(sound), FRAME_BYTES):
        if said := screen.push(sound[at : at + FRAME_BYTES]):
            return said
    return None


def test_who_says_nothing_is_silent() -> None:
    said = verdict(bytes(16000 * 4))
    assert said and said.heard is Heard.SILENCE and 2.9 < said.seconds < 3.1


@pytest.mark.parametrize(("hz", "heard"), [(1100, Heard.FAX), (2100, Heard.FAX), (425, Heard.RINGBACK)])
def test_a_long_tone_is_known(hz: float, heard: Heard) -> None:
    said = verdict(tone(hz, 1.5))
    assert said and said.heard is heard


def test_ringback_before_the_answer_is_no_news() -> None:
    assert verdict((tone(425, 1) + bytes(64000)) * 3, early=True) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=700), max_size=60))
def test_however_the_sound_is_split_the_verdict_is_the_same(pieces: list[bytes]) -> None:
    whole, split = Screen(), Screen()
    whole.push(b"".join(pieces))
    for piece in pieces:
        split.push(piece)
    assert whole.end() == split.end() and whole.trace == split.trace


def test_the_message_is_left_when_the_beep_has_ended() -> None:
    listener = BeepListener()
    sound = tone(1000, 0.4) + bytes(16000)
    heard = [listener.push(sound[at : at + FRAME_BYTES]) for at in range(0, len(sound), FRAME_BYTES)]
    assert heard.index(True) == 20
