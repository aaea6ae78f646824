"""Tones of networks, fax machines and answering machines, by synthesis."""

from __future__ import annotations

import pytest

from sounds.screening import Heard
from tests.sounds.screening.synthesis import added, noise, quiet, scaled, tone, verdict

_SIT = tone(0.33, 950) + tone(0.33, 1400) + tone(0.33, 1800)
_SIT_US = tone(0.274, 913.8) + tone(0.274, 1370.6) + tone(0.38, 1776.7)
_SIT_GAPS = tone(0.33, 985.2) + quiet(0.03) + tone(0.33, 1428.5) + quiet(0.03) + tone(0.33, 1776.7)

KNOWN = {
    "Russian busy": ((tone(0.35, 425) + quiet(0.35)) * 3, Heard.BUSY),
    "Russian congestion": ((tone(0.175, 425) + quiet(0.175)) * 4, Heard.BUSY),
    "American busy": ((tone(0.5, 480, 620) + quiet(0.5)) * 3, Heard.BUSY),
    "American reorder": ((tone(0.25, 480, 620) + quiet(0.25)) * 4, Heard.BUSY),
    "British busy": ((tone(0.375, 400) + quiet(0.375)) * 4, Heard.BUSY),
    "three tones": (_SIT, Heard.SIT),
    "three tones, American": (_SIT_US, Heard.SIT),
    "three tones with gaps": (_SIT_GAPS, Heard.SIT),
    "calling fax": (tone(0.5, 1100) + quiet(3), Heard.FAX),
    "answering fax": (quiet(0.2) + tone(3, 2100), Heard.FAX),
    "Russian ringback": ((tone(1, 425) + quiet(4)) * 2, Heard.RINGBACK),
    "American ringback": ((tone(2, 440, 480) + quiet(4)) * 2, Heard.RINGBACK),
    "dial tone": (tone(3, 350, 440), Heard.RINGBACK),
    "a beep": (quiet(0.5) + tone(0.3, 1000) + quiet(1), Heard.MACHINE),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("level", [-10.0, -35.0])
def test_a_tone_is_known_at_any_level_and_through_noise(name: str, level: float) -> None:
    sound, heard = KNOWN[name]
    said = verdict(added(scaled(sound, level + 20), noise(len(sound) / 16000, level - 22)))
    assert said and said.heard is heard, said


@pytest.mark.parametrize("off", [-0.015, 0.015])
@pytest.mark.parametrize(
    ("hz", "heard"), [(1100, Heard.FAX), (2100, Heard.FAX), (425, Heard.RINGBACK), (480, Heard.RINGBACK)]
)
def test_a_tone_may_be_off_its_pitch_by_a_little(hz: float, heard: Heard, off: float) -> None:
    said = verdict(tone(1.5, hz * (1 + (off if hz < 2000 else off / 3))))
    assert said and said.heard is heard, said


@pytest.mark.parametrize(
    "ring",
    [
        tone(1, 425) + quiet(4),
        tone(0.8, 425) + quiet(3.2),
        tone(2, 440, 480) + quiet(4),
        tone(0.4, 400, 450) + quiet(0.2) + tone(0.4, 400, 450) + quiet(2),
    ],
    ids=["Russian", "short", "American", "British"],
)
def test_ringback_before_the_answer_is_no_news(ring: bytes) -> None:
    assert verdict(ring * 4, early=True) is None


@pytest.mark.parametrize(
    "name", [name for name, (_, heard) in KNOWN.items() if heard in (Heard.BUSY, Heard.SIT)]
)
def test_busy_and_the_three_tones_are_known_before_the_answer_too(name: str) -> None:
    sound, heard = KNOWN[name]
    said = verdict(sound * 2, early=True)
    assert said and said.heard is heard, said


@pytest.mark.parametrize("missed", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
def test_who_comes_late_to_the_three_tones_before_the_answer_knows_them_by_the_rest(missed: float) -> None:
    three = tone(0.33, 950) + tone(0.33, 1400) + tone(0.33, 1800)
    said = verdict(three[round(missed * 8000) * 2 :] + quiet(1), early=True)
    assert said and said.heard is Heard.SIT, said


def test_the_end_of_the_ringback_does_not_hide_the_person() -> None:
    sound = tone(0.3, 425) + quiet(0.3) + noise(0.5, -20) + quiet(2)
    said = verdict(added(sound, noise(len(sound) / 16000, -50)))
    assert said and said.heard is Heard.PERSON


def test_the_vowels_of_a_high_voice_are_no_busy_tone() -> None:
    """As pure as tones and as even as their beats; but they glide, and swell."""
    glide = b"".join(tone(0.02, 350 + 3 * step, level=-32 + step) for step in range(12))
    said = verdict((glide + quiet(0.24)) * 4 + quiet(3))
    assert said is None or said.heard not in (Heard.BUSY, Heard.RINGBACK), said
    said = verdict((tone(0.24, 375) + quiet(0.24)) * 4)
    assert said and said.heard is Heard.BUSY
