"""The screen's verdicts on sound made here."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sounds.screening import Heard, Screen
from tests.sounds.screening.synthesis import added, noise, quiet, verdict


def test_who_says_nothing_is_silent() -> None:
    said = verdict(quiet(4))
    assert said and said.heard is Heard.SILENCE and 2.9 < said.seconds < 3.1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=700), max_size=60))
def test_however_the_sound_is_split_the_verdict_is_the_same(pieces: list[bytes]) -> None:
    whole, split = Screen(), Screen()
    whole.push(b"".join(pieces))
    for piece in pieces:
        split.push(piece)
    assert whole.end() == split.end() and whole.trace == split.trace


def test_what_goes_on_behind_them_does_not_delay_the_end_of_their_greeting() -> None:
    """The law's time runs from their last loud word, not from the last sound of a television."""
    hello, behind = (noise(0.18, -20) + quiet(0.04)) * 2, (noise(0.18, -33) + quiet(0.04)) * 20
    said = verdict(quiet(0.3) + hello + behind)
    assert said and said.heard is Heard.PERSON, said
    assert said.quiet == pytest.approx(said.seconds - 0.3 - 0.4, abs=0.06), said
    assert "no loud word for 1.6" in said.why


def test_a_click_after_the_hello_does_not_keep_the_person_waiting() -> None:
    hello = quiet(0.3) + (noise(0.18, -20) + quiet(0.04)) * 2
    plain, clicked = hello + quiet(4), hello + quiet(0.3) + noise(0.04, -18, seed=2) + quiet(4)
    for sound in (plain, clicked):
        said = verdict(added(sound, noise(len(sound) / 16000, -52)))
        assert said and said.heard is Heard.PERSON and said.seconds < 2.6, said
