"""The screen as it ships, on clips of the part it was tuned on: a ruined one would be noticed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench._clip_make import Clip, orders
from bench._clips import build, load
from bench._verdicts import figures
from bench.screening import screened
from lab import sound
from sounds.screening import FRAME_BYTES

CLIPS = 320


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("held") / "clips"
    build(folder, [order for order in orders(CLIPS, 5) if order.part == "tuning"])
    return load(folder)


def test_the_screen_is_as_good_as_its_documents_say(clips: list[Clip]) -> None:
    found: dict[str, Any] = figures([screened(clip) for clip in clips])
    assert found["counts"]["persons"] > 70
    assert found["counts"]["persons_lost"] <= 3, found
    assert found["machines_passed"] < 0.4, found
    assert found["median_s"] < 1.6, found


def test_sound_that_comes_late_changes_the_time_and_hardly_a_verdict(clips: list[Clip]) -> None:
    """Half a second of nothing is the network's path, and says nothing of who answered."""
    known = [screened(clip) for clip in clips]
    for clip in clips:
        path = Path(clip.file)
        sound.write(path, bytes(25 * FRAME_BYTES) + sound.read(path))
    late = [screened(clip) for clip in clips]
    persons = [(now, then) for now, then in zip(late, known, strict=True) if now.clip.label == "person"]
    assert sum(now.person != then.person for now, then in persons) <= 2
    delays = sorted(now.seconds - then.seconds for now, then in persons)
    assert delays[len(delays) // 2] == pytest.approx(0.5, abs=0.05)
