"""How prompts are made; a stand-in on the PATH plays espeak-ng, so no speech program is needed."""

from __future__ import annotations

import json
import math
import struct
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sounds import build as building
from sounds.manifest import Speech, load, stale

HELLO = Speech("en", "hello", 'Say "hi" && $(touch no)', "en-us", 160, -20.0)


def tone(path: Path, *, amplitude: float = 0.3, silence: float = 0.5) -> None:
    """A file as espeak-ng would write it: 22,050 Hz, with silence around a second of sound."""
    quiet = [0] * int(22050 * silence)
    loud = [
        int(amplitude * 32767 * math.sin(2 * math.pi * 440 * n / 22050) * (0.6 + 0.4 * math.sin(n / 900)))
        for n in range(22050)
    ]
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 22050, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{len(quiet) * 2 + len(loud)}h", *quiet, *loud, *quiet))


@pytest.fixture
def espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with a stand-in; it writes down its arguments and its standard input."""
    programs = tmp_path / "bin"
    programs.mkdir()
    tone(programs / "speech.wav")
    script = programs / "espeak-ng"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys\n"
        "here = pathlib.Path(__file__).parent\n"
        "said = [sys.argv[1:], sys.stdin.buffer.read().decode()]\n"
        "with (here / 'log').open('a') as log: log.write(json.dumps(said) + '\\n')\n"
        "sys.stdout.buffer.write((here / 'speech.wav').read_bytes())\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return programs


def said(programs: Path) -> list[list[object]]:
    log = programs / "log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_text_reaches_the_program_as_it_is_and_only_on_standard_input(espeak: Path, tmp_path: Path) -> None:
    assert building.build([HELLO], tmp_path) == ["en/hello.wav"]
    assert said(espeak) == [[["-v", "en-us", "-s", "160", "--stdout", "--stdin"], HELLO.text]]


def test_only_what_changed_is_built_again(espeak: Path, tmp_path: Path) -> None:
    other = replace(HELLO, name="other")
    building.build([HELLO, other], tmp_path)
    assert building.build([HELLO, other], tmp_path) == []
    assert building.build([HELLO, replace(other, rate=150)], tmp_path) == ["en/other.wav"]
    assert len(said(espeak)) == 3


def test_a_file_that_left_the_manifest_is_removed(espeak: Path, tmp_path: Path) -> None:
    building.build([HELLO, replace(HELLO, name="old")], tmp_path)
    assert building.build([HELLO], tmp_path) == ["en/old.wav"]
    assert not (tmp_path / "en/old.wav").exists()
    assert stale([HELLO], tmp_path) == {}


@pytest.mark.parametrize("amplitude", [0.02, 0.3, 0.95])
def test_finished_sound_is_trimmed_levelled_and_of_telephone_rate(tmp_path: Path, amplitude: float) -> None:
    tone(tmp_path / "in.wav", amplitude=amplitude)
    sound = building.finish((tmp_path / "in.wav").read_bytes(), -20.0)
    assert (sound.frame_rate, sound.channels, sound.sample_width) == (8000, 1, 2)
    assert 1000 <= len(sound) <= 1000 + 2 * building.MARGIN_MS + 20
    assert sound.dBFS == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "en/hello.wav").unlink(), "missing"),
        (lambda folder: (folder / "built.json").unlink(), "another text"),
        (lambda folder: (folder / "built.json").write_text('{"en/hello.wav": "0"}'), "another text"),
    ],
    ids=["file gone", "record gone", "text changed"],
)
def test_a_stale_file_is_noticed(
    espeak: Path, tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    building.build([HELLO], tmp_path)
    spoil(tmp_path)
    assert reason in stale([HELLO], tmp_path)["en/hello.wav"]


def test_check_names_the_stale_file_and_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prompts.yaml").write_text(
        "level: -20.0\nvoices: {en: {voice: en-us, rate: 160}}\nprompts: {hello: {en: Hello.}}\n"
    )
    monkeypatch.setattr(building, "sounds_dir", lambda: tmp_path)
    assert building.main(["--check"]) == 1
    assert capsys.readouterr().out == "sounds/en/hello.wav: missing; mend: python -m sounds.build\n"


def test_without_espeak_the_error_says_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prompts.yaml").write_text(
        "level: -20.0\nvoices: {en: {voice: en-us, rate: 160}}\nprompts: {hello: {en: Hello.}}\n"
    )
    monkeypatch.setattr(building, "sounds_dir", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert building.main([]) == 1
    assert "apt-get install espeak-ng" in capsys.readouterr().err


def test_a_prompt_without_a_language_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text(
        "level: -20.0\n"
        "voices: {en: {voice: en-us, rate: 160}, ru: {voice: ru, rate: 160}}\n"
        "prompts: {hello: {en: Hello.}}\n"
    )
    with pytest.raises(ValueError, match="hello"):
        load(path)
