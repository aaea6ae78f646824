"""How prompts are made in a site's folder: recordings, speech, tones; what is never overwritten."""

from __future__ import annotations

import cmath
import json
import math
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from pydub import AudioSegment

from config.models import SpeechEngine, Voice
from sounds.build import Made, build
from sounds.finish import LEVEL, MARGIN_MS, finish
from sounds.manifest import Folder, ManifestError, stale
from tests.sounds.engines import engine, said, tone

TEXT = 'Say "hi" && $(touch no)'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A site's folder with two texts, over an installed one without prompts."""
    own, base = tmp_path / "own", tmp_path / "base"
    (own / "moh").mkdir(parents=True)
    (own / "moh/own.wav").touch()  # music of the site's own, or every test would compose
    base.mkdir()
    monkeypatch.setattr("sounds.catalogue.sounds_dir", lambda: base)
    write(own, {"hello": {"en": TEXT, "ru": "Привет"}})
    return Folder(own)


def write(folder: Path, prompts: object, **more: object) -> None:
    (folder / "prompts.yaml").write_text(json.dumps({"prompts": prompts, **more}))


def made(folder: Folder, spoken_by: SpeechEngine) -> dict[str, str]:
    return {one.stem: one.what for one in build(Folder(folder.path), spoken_by)}


def test_text_reaches_the_program_as_it_is_and_only_on_standard_input(folder: Folder, tmp_path: Path) -> None:
    assert made(folder, engine(tmp_path / "bin")) == {"en/hello": "made", "ru/hello": "made"}
    assert said(tmp_path / "bin") == [[["en-us", "170"], TEXT], [["ru", "165"], "Привет"]]


def test_a_prompt_is_made_at_8_and_16_khz_under_the_names_that_asterisk_knows(
    folder: Folder, tmp_path: Path
) -> None:
    made(folder, engine(tmp_path / "bin"))
    for extension, rate in ((".wav", 8000), (".wav16", 16000)):
        with wave.open(str(folder.path / f"en/hello{extension}")) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (rate, 2, 1)


def test_only_what_changed_is_made_again(folder: Folder, tmp_path: Path) -> None:
    spoken_by = engine(tmp_path / "bin")
    made(folder, spoken_by)
    assert made(folder, spoken_by) == {}
    write(folder.path, {"hello": {"en": "Hello.", "ru": "Привет"}})
    assert made(folder, spoken_by) == {"en/hello": "made"}
    slow = spoken_by.model_copy(update={"voices": {**spoken_by.voices, "ru": Voice(voice="ru", rate=100)}})
    assert made(folder, slow) == {"ru/hello": "made"}


def test_a_prompt_that_left_the_manifest_is_removed(folder: Folder, tmp_path: Path) -> None:
    made(folder, engine(tmp_path / "bin"))
    write(folder.path, {"hello": {"en": TEXT}})
    assert made(folder, engine(tmp_path / "bin")) == {"ru/hello": "removed"}
    assert not list((folder.path / "ru").iterdir())


def test_a_recording_wins_over_the_text_whatever_its_rate(folder: Folder, tmp_path: Path) -> None:
    recording = folder.path / "recorded/en/hello.wav"
    recording.parent.mkdir(parents=True)
    tone(recording, rate=44100, amplitude=0.02)
    assert made(folder, engine(tmp_path / "bin")) == {"en/hello": "made", "ru/hello": "made"}
    assert [text for _, text in said(tmp_path / "bin")] == ["Привет"]
    tone(recording, rate=48000)
    assert made(folder, engine(tmp_path / "bin")) == {"en/hello": "made"}
    recording.unlink()
    assert made(folder, engine(tmp_path / "bin")) == {"en/hello": "made"}
    assert [text for _, text in said(tmp_path / "bin")] == ["Привет", TEXT]


def test_a_file_that_somebody_put_there_is_never_overwritten(folder: Folder, tmp_path: Path) -> None:
    made(folder, engine(tmp_path / "bin"))
    own = folder.path / "en/hello.wav"
    tone(own)
    before = own.read_bytes()
    write(folder.path, {"hello": {"ru": "Пока"}})
    assert made(folder, engine(tmp_path / "bin")) == {"ru/hello": "made"}
    assert own.read_bytes() == before


def test_what_failed_is_named_and_stays_as_it_was(folder: Folder, tmp_path: Path) -> None:
    made(folder, engine(tmp_path / "bin"))
    before = (folder.path / "en/hello.wav").read_bytes()
    write(folder.path, {"hello": {"en": "New", "ru": "Новое"}})
    broken = engine(tmp_path / "bin", "sys.exit('no voice') if text == 'New' else None")
    found = {one.stem: one for one in build(Folder(folder.path), broken)}
    assert found["ru/hello"].what == "made"
    assert found["en/hello"].what == "failed"
    assert "no voice" in found["en/hello"].why
    assert (folder.path / "en/hello.wav").read_bytes() == before
    assert made(folder, engine(tmp_path / "bin")) == {"en/hello": "made"}


def test_silence_is_no_recording(folder: Folder, tmp_path: Path) -> None:
    recording = folder.path / "recorded/en/hello.wav"
    recording.parent.mkdir(parents=True)
    tone(recording, amplitude=0)
    found = {one.stem: one for one in build(folder, engine(tmp_path / "bin"))}
    assert found["en/hello"] == Made("en/hello", "failed", "nothing but silence")


def test_without_an_engine_our_own_files_are_copied_and_the_rest_says_how_to_mend(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    base = tmp_path / "base"
    write(base, {"bye": {"en": "Goodbye."}, "hello": {"en": "Hello."}}, rates=[8000])
    (base / "en").mkdir()
    tone(base / "en/bye.wav")
    source = next(one for one in Folder(base).sources() if one.name == "bye")
    (base / "built.json").write_text(json.dumps({"en/bye": [source.digest(SpeechEngine()), ""]}))
    found = {one.stem: one for one in build(folder, SpeechEngine())}
    assert {stem: one.what for stem, one in found.items()} == {
        "en/bye": "copied",
        "en/hello": "failed",
        "ru/hello": "failed",
    }
    assert "apt-get install espeak-ng" in found["en/hello"].why
    assert (folder.path / "en/bye.wav").read_bytes() == (base / "en/bye.wav").read_bytes()


@pytest.mark.parametrize("amplitude", [0.02, 0.3, 0.95])
def test_finished_sound_is_trimmed_and_levelled(tmp_path: Path, amplitude: float) -> None:
    tone(tmp_path / "in.wav", amplitude=amplitude)
    for rate, sound in finish((tmp_path / "in.wav").read_bytes()).items():
        assert (sound.frame_rate, sound.channels, sound.sample_width) == (rate, 1, 2)
        assert 1000 <= len(sound) <= 1000 + 2 * MARGIN_MS + 20
        assert sound.dBFS == pytest.approx(LEVEL, abs=0.7)


def share(sound: AudioSegment, hz: int, of: int = 440) -> float:
    """How strong one tone is beside another."""
    samples: list[int] = list(sound.get_array_of_samples())

    def power(hz: int) -> float:
        turn = 2j * math.pi * hz / sound.frame_rate
        return float(abs(sum(one * cmath.exp(turn * n) for n, one in enumerate(samples))))

    return power(hz) / power(of)


def test_what_is_above_half_the_rate_does_not_come_back_as_another_tone(tmp_path: Path) -> None:
    """6 kHz at 8,000 samples a second would be heard as 2 kHz."""
    tone(tmp_path / "in.wav", hz=6000, also=440)
    sounds = finish((tmp_path / "in.wav").read_bytes())
    assert share(sounds[8000], 2000) < 0.01
    assert share(sounds[16000], 6000) > 0.3


def test_a_recording_loses_its_hum_and_no_more(tmp_path: Path) -> None:
    tone(tmp_path / "in.wav", hz=50, also=440)
    recording = (tmp_path / "in.wav").read_bytes()
    plain, clean = finish(recording, [8000])[8000], finish(recording, [8000], hum=True)[8000]
    assert share(clean, 50) < share(plain, 50) / 2


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "en/hello.wav").unlink(), "missing: hello.wav"),
        (lambda folder: (folder / "en/hello.wav16").unlink(), "missing: hello.wav16"),
        (lambda folder: write(folder, {"hello": {"en": "Other", "ru": "Привет"}}), "another text"),
    ],
    ids=["file gone", "16 kHz gone", "text changed"],
)
def test_a_stale_file_is_noticed(
    folder: Folder, tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    spoken_by = engine(tmp_path / "bin")
    made(folder, spoken_by)
    spoil(folder.path)
    assert reason in stale(Folder(folder.path), spoken_by)["en/hello"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prompts: {hello: {de: Hallo}}", "prompts.hello.de"),
        ("prompts: {Hello: {en: Hi}}", "prompts.Hello"),
        ("prompts: {hello: {en: ''}}", "prompts.hello.en"),
        ("prompts: [", "prompts.yaml"),
        ("promts: {}", "promts"),
    ],
)
def test_a_bad_manifest_is_refused_with_the_place(folder: Folder, text: str, told: str) -> None:
    (folder.path / "prompts.yaml").write_text(text)
    with pytest.raises(ManifestError, match=told):
        Folder(folder.path).sources()
