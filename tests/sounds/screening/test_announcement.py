"""What comes before the answer: words of the network, or music."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.sound import read
from sounds.catalogue import sounds_dir
from sounds.screening import Heard
from tests.sounds.screening.synthesis import verdict

WORDS = [
    path for language in ("ru", "en") for path in sorted((sounds_dir() / language).glob("*.wav"))
    if len(read(path)) > 5.2 * 16_000
]  # fmt: skip
"""Our own prompts of more than five seconds are as long, and as quick, as an operator's announcements."""
MUSIC = read(sounds_dir() / "moh/perezvon.wav")


@pytest.mark.parametrize("path", WORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_words_are_an_announcement_after_five_seconds(path: Path) -> None:
    said = verdict(bytes(16_000) + read(path), early=True)
    assert said is not None and said.heard is Heard.MACHINE
    assert 5.0 <= said.seconds < 8.0
    assert "gaps between words" in said.why


@pytest.mark.parametrize("start", range(0, 24, 4))
def test_music_is_none_wherever_it_begins(start: int) -> None:
    assert verdict(MUSIC[start * 16_000 : (start + 20) * 16_000], early=True) is None


def test_nor_is_a_hello_or_what_is_said_after_a_while() -> None:
    """Who speaks after ten seconds of music may be a singer."""
    words = read(WORDS[0])
    assert verdict(words[: 3 * 16_000] + bytes(10 * 16_000), early=True) is None
    assert verdict(MUSIC[: 11 * 16_000] + words + words, early=True) is None
