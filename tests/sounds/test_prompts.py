"""Every built prompt is fit for a telephone, and made from what the manifest says today."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

import pytest
import webrtcvad

from sounds.catalogue import prompts, sounds_dir
from sounds.manifest import Speech, load, stale

FOLDER = sounds_dir()
SPEECHES = load(FOLDER / "prompts.yaml")
FILES = [speech.file for speech in SPEECHES]


def samples(path: Path) -> array.array[int]:
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return array.array("h", sound.readframes(sound.getnframes()))


def dbfs(window: array.array[int]) -> float:
    return 10 * math.log10(max(sum(value * value for value in window) / len(window), 1) / 32768**2)


@pytest.mark.parametrize("file", FILES)
def test_it_is_speech(file: str) -> None:
    sound, vad, frame = samples(FOLDER / file), webrtcvad.Vad(2), 240
    frames = [sound[at : at + frame].tobytes() for at in range(0, len(sound) - frame + 1, frame)]
    voiced = sum(vad.is_speech(data, 8000) for data in frames) / len(frames)
    assert voiced > 0.6, f"{voiced:.0%} of the frames are voiced"


@pytest.mark.parametrize("speech", SPEECHES, ids=FILES)
def test_it_is_as_loud_as_the_others_and_not_clipped(speech: Speech) -> None:
    sound = samples(FOLDER / speech.file)
    assert abs(dbfs(sound) - speech.level) <= 2
    assert max(abs(value) for value in sound) < 32000


@pytest.mark.parametrize("file", FILES)
def test_no_silence_before_or_after(file: str) -> None:
    sound, window = samples(FOLDER / file), 80
    loud = [at for at in range(0, len(sound) - window + 1, window) if dbfs(sound[at : at + window]) > -45]
    assert loud[0] / 8000 <= 0.15
    assert (len(sound) - loud[-1] - window) / 8000 <= 0.15


def test_built_files_fit_the_manifest() -> None:
    assert stale(SPEECHES, FOLDER) == {}, "run: python -m sounds.build"


def test_catalogue_finds_the_same_prompts_in_both_languages() -> None:
    names = {speech.name for speech in SPEECHES}
    assert prompts(FOLDER) == {"ru": names, "en": names}
    assert {"abandoned", "greeting", "agent-ready", "agent-not-ready", "agent-after-call"} <= names


def test_they_stay_small() -> None:
    assert sum((FOLDER / file).stat().st_size for file in FILES) < 1_500_000
