"""Every built prompt is fit for a telephone, and made from what the manifest says today."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

import pytest
import webrtcvad

from config.models import SpeechEngine
from sounds.catalogue import prompts, sounds_dir
from sounds.check import check
from sounds.finish import LEVEL
from sounds.manifest import Folder, Tone
from sounds.phrase import KEYS
from sounds.speech import UNAVAILABLE

FOLDER = sounds_dir()
SOURCES = Folder(FOLDER).sources()
FILES = [f"{source.stem}.wav" for source in SOURCES if not isinstance(source.made_from, Tone)]
SPEECHES = [
    file for file in FILES if file.split("-")[0].split("/")[1] not in {"digit", "star", "hash", "plus"}
]


def samples(path: Path) -> array.array[int]:
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return array.array("h", sound.readframes(sound.getnframes()))


def dbfs(window: array.array[int]) -> float:
    return 10 * math.log10(max(sum(value * value for value in window) / len(window), 1) / 32768**2)


@pytest.mark.parametrize("file", SPEECHES)
def test_it_is_speech(file: str) -> None:
    sound, vad, frame = samples(FOLDER / file), webrtcvad.Vad(2), 240
    frames = [sound[at : at + frame].tobytes() for at in range(0, len(sound) - frame + 1, frame)]
    voiced = sum(vad.is_speech(data, 8000) for data in frames) / len(frames)
    assert voiced > 0.6, f"{voiced:.0%} of the frames are voiced"


@pytest.mark.parametrize("file", FILES)
def test_it_is_as_loud_as_the_others_and_not_clipped(file: str) -> None:
    sound = samples(FOLDER / file)
    assert abs(dbfs(sound) - LEVEL) <= 2
    assert max(abs(value) for value in sound) < 32000


@pytest.mark.parametrize("file", FILES)
def test_no_silence_before_or_after(file: str) -> None:
    sound, window = samples(FOLDER / file), 80
    loud = [at for at in range(0, len(sound) - window + 1, window) if dbfs(sound[at : at + window]) > -45]
    assert loud[0] / 8000 <= 0.15
    assert (len(sound) - loud[-1] - window) / 8000 <= 0.15


def test_built_files_fit_the_manifest_and_have_no_fault(tmp_path: Path) -> None:
    found = [one for one in check(Folder(FOLDER), SpeechEngine(), {"ru", "en"}) if one.what != "speech"]
    assert found == [], "run: perezvon sounds build --bundled"


def test_catalogue_finds_the_same_prompts_in_both_languages() -> None:
    names = {source.name for source in SOURCES}
    assert prompts(FOLDER) == {"ru": names, "en": names}
    assert {UNAVAILABLE, "pause", *KEYS.values()} <= names


def test_they_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*/*.wav")) < 12_000_000
