"""When the message may begin, on greetings made here."""

from __future__ import annotations

import pytest

from sounds.screening import FRAME_BYTES, BeepListener
from tests.sounds.screening.synthesis import added, noise, quiet, tone


def words(seconds: float) -> bytes:
    """Bursts of noise as long as syllables, with short gaps."""
    return (noise(0.18, -20) + quiet(0.06)) * round(seconds / 0.24)


def begins(sound: bytes) -> float | None:
    """Seconds until the message may begin."""
    listener = BeepListener()
    for at in range(0, len(sound), FRAME_BYTES):
        if listener.push(sound[at : at + FRAME_BYTES]):
            return (at + FRAME_BYTES) / 16000
    return None


@pytest.mark.parametrize("hz", [400, 440, 850, 1000, 1400, 2000, 2200])
@pytest.mark.parametrize("seconds", [0.15, 0.5, 1.5])
def test_the_message_begins_soon_after_the_beep(hz: int, seconds: float) -> None:
    before = words(3) + quiet(0.5)
    line = before + tone(seconds, hz) + quiet(3)
    begun = begins(added(line, noise(len(line) / 16000, -50)))
    end = len(before) / 16000 + seconds
    assert begun is not None and end < begun <= end + 0.4


def test_a_faint_beep_is_heard_too() -> None:
    before = words(2) + quiet(0.5)
    begun = begins(before + tone(0.4, 1000, level=-40) + quiet(3))
    assert begun is not None and begun <= len(before) / 16000 + 0.4 + 0.4


def test_it_waits_for_the_last_of_several_beeps() -> None:
    line = words(2) + quiet(0.5) + (tone(0.15, 1000) + quiet(0.2)) * 4
    begun = begins(line + tone(0.8, 1000) + quiet(3))
    assert begun is not None and begun > len(line) / 16000 + 0.8


def test_a_tone_within_the_greeting_is_not_the_beep() -> None:
    line = words(1) + tone(0.2, 800) + words(3)
    begun = begins(line + quiet(0.4) + tone(0.3, 1000) + quiet(3))
    assert begun is not None and begun > len(line) / 16000


def test_without_a_beep_the_end_of_the_words_will_do() -> None:
    line = words(3)
    begun = begins(added(line + quiet(4), noise(len(line) / 16000 + 4, -50)))
    assert begun == pytest.approx(len(line) / 16000 + 2.5, abs=0.15)


def test_pauses_between_sentences_are_no_end() -> None:
    assert begins((words(2) + quiet(1.2)) * 4) is None


def test_music_is_not_the_beep() -> None:
    notes = b"".join(tone(0.25, hz, hz * 1.5, hz * 2) for hz in (523, 587, 659, 698, 784, 659) * 4)
    assert begins(notes) is None
