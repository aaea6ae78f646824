"""`perezvon sounds build` and `check` on a site's own folder: each fault has its name and its mend."""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cli.doctor import _prompts
from cli.main import app
from config.load import load_site
from config.secrets import create_missing
from sounds.catalogue import prompts
from tests.conftest import SITE
from tests.sounds.engines import engine, tone

Spoil = Callable[[Path], object]


BASE = ("greeting", "abandoned", "star")
"""What comes with Perezvon, as far as these tests go: what the demo site says, and one more."""

BOTH = {"ru": "Слово", "en": "Word"}


@pytest.fixture(scope="module", autouse=True)
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fewer prompts come with Perezvon."""
    base = tmp_path_factory.mktemp("base")
    (base / "prompts.yaml").write_text(json.dumps({"prompts": dict.fromkeys(BASE, BOTH)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sounds.catalogue.sounds_dir", lambda: base)
        yield


@pytest.fixture(scope="module")
def built(few: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one prompt of its own, its prompts made with a stand-in for the engine."""
    folder = tmp_path_factory.mktemp("built")
    site = folder / "site"
    shutil.copytree(SITE, site)
    create_missing(site)
    spoken_by = engine(folder / "bin", seconds=0.1)
    own = folder / "sounds"
    own.mkdir()
    (own / "prompts.yaml").write_text("prompts: {ours: {ru: Наше, en: Ours}}\nrates: [8000]\n")
    yaml = YAML()
    system = yaml.load((site / "system.yaml").read_text())
    system.update(sounds_dir=str(own), speech={"command": spoken_by.command})
    with (site / "system.yaml").open("w") as file:
        yaml.dump(system, file)
    done = CliRunner().invoke(app, ["sounds", "build", "--site", str(site), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["failed"], {one["what"] for one in told["prompts"]}) == (0, {"made"})
    return folder


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt by a test."""
    shutil.copytree(built / "sounds", tmp_path / "sounds")
    shutil.copytree(built / "site", tmp_path / "site")
    path = tmp_path / "site/system.yaml"
    path.write_text(path.read_text().replace(str(built / "sounds"), str(tmp_path / "sounds")))
    return tmp_path


def faults(site: Path) -> tuple[int, dict[str, list[str]]]:
    done = CliRunner().invoke(app, ["sounds", "check", "--site", str(site / "site"), "--json"])
    found: dict[str, list[str]] = {}
    for one in json.loads(done.stdout)["faults"]:
        assert one["mend"]
        found.setdefault(one["what"], []).append(f"{one['severity']}: {one['told']}")
    return done.exit_code, found


def test_what_was_built_is_whole_and_has_no_fault(site: Path) -> None:
    assert prompts(site / "sounds") == {"ru": {*BASE, "ours"}, "en": {*BASE, "ours"}}
    assert faults(site) == (0, {})


def silence(path: Path) -> None:
    tone(path, rate=8000, amplitude=0)


def clipped(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\xff\x7f\x01\x80" * 4000)


@pytest.mark.parametrize(
    ("spoil", "what", "told"),
    [
        (lambda s: recording(s, "ru/ours.mp3"), "recorded/ru/ours.mp3", "warning: no recording that is used"),
        (lambda s: recording(s, "de/ours.wav"), "recorded/de/ours.wav", "warning: no recording that is used"),
        (lambda s: shutil.rmtree(s / "moh"), "moh", "error: no music on hold"),
        (lambda s: (s / "ru/ours.wav").unlink(), "ru/ours", "error: missing: ours.wav"),
        (lambda s: (s / "prompts.yaml").write_text("rates: [8000]"), "ru/ours", "error: no longer in"),
        (lambda s: (s / "prompts.yaml").write_text("rates: [16000]"), "ru/star", "error: missing: star"),
        (lambda s: silence(s / "ru/ours.wav"), "ru/ours.wav", "error: silent"),
        (lambda s: clipped(s / "ru/ours.wav"), "ru/ours.wav", "error: clipped"),
        (lambda s: tone(s / "ru/ours.wav", rate=8000, amplitude=0.01), "ru/ours.wav", "error: too quiet"),
        (lambda s: tone(s / "ru/ours.wav"), "ru/ours.wav", "error: 22050 Hz, 16 bits, 1 channels; 8000 Hz"),
        (lambda s: (s / "ru/ours.wav").write_bytes(b"RIFF, or so"), "ru/ours.wav", "error: no WAV file"),
        (lambda s: tone(s / "ru/ours.wav", rate=8000), "ru/ours", "warning: put here by hand"),
        (lambda s: new_text(s, {"ru": "Новое"}), "new", "warning: neither a text nor a recording in en"),
        (lambda s: new_text(s, {"en": "New"}), "new", "error: neither a text nor a recording in ru"),
    ],
)  # fmt: skip
def test_a_fault_is_found_and_named(site: Path, spoil: Spoil, what: str, told: str) -> None:
    spoil(site / "sounds")
    code, found = faults(site)
    assert any(one.startswith(told) for one in found[what]), found
    assert code == any(one.startswith("error") for all_of_it in found.values() for one in all_of_it)


def recording(sounds: Path, name: str) -> None:
    file = sounds / "recorded" / name
    file.parent.mkdir(parents=True)
    file.touch()


def test_a_recording_whose_name_is_none_is_refused(site: Path) -> None:
    recording(site / "sounds", "ru/Our promo.wav")
    done = CliRunner().invoke(app, ["sounds", "check", "--site", str(site / "site")])
    assert done.exit_code == 1
    assert "rename it" in done.output


def new_text(sounds: Path, texts: object) -> None:
    text = {"prompts": {"ours": {"ru": "Наше", "en": "Ours"}, "new": texts}, "rates": [8000]}
    (sounds / "prompts.yaml").write_text(json.dumps(text))


def test_the_list_tells_what_each_prompt_is_made_from(site: Path) -> None:
    recording(site / "sounds", "ru/ours.wav")
    done = CliRunner().invoke(app, ["sounds", "list", "--site", str(site / "site"), "--json"])
    rows = {(row["name"], row["language"]): row for row in json.loads(done.stdout)}
    assert rows["ours", "ru"] == {"name": "ours", "language": "ru", "made_from": "recording", "text": "Наше"}
    assert rows["greeting", "en"]["made_from"] == "text"


def test_an_engine_that_is_missing_is_a_warning_with_the_mend(site: Path) -> None:
    path = site / "site/system.yaml"
    path.write_text(path.read_text().replace("/bin/speak", "/bin/nothing"))
    _, found = faults(site)
    assert "is not installed" in found["speech"][0]


def test_strict_makes_a_warning_count(site: Path) -> None:
    tone(site / "sounds/ru/ours.wav", rate=8000)
    command = ["sounds", "check", "--site", str(site / "site")]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert CliRunner().invoke(app, [*command, "--strict"]).exit_code == 3


def test_build_says_which_prompt_failed_and_ends_with_1(site: Path) -> None:
    new_text(site / "sounds", {"ru": "Новое", "en": "New"})
    path = site / "site/system.yaml"
    path.write_text(path.read_text().replace("/bin/speak", "/bin/nothing"))
    done = CliRunner().invoke(app, ["sounds", "build", "--site", str(site / "site")])
    assert done.exit_code == 1
    assert "failed   ru/new: the speech engine" in done.output


def test_a_site_without_prompts_of_its_own_has_nothing_to_build(site: Path) -> None:
    path = site / "site/system.yaml"
    yaml = YAML()
    system = yaml.load(path.read_text())
    del system["sounds_dir"]
    with path.open("w") as file:
        yaml.dump(system, file)
    done = CliRunner().invoke(app, ["sounds", "build", "--site", str(site / "site")])
    assert done.exit_code == 1
    assert "system.sounds_dir" in done.output


def test_doctor_says_whether_the_engine_is_there(site: Path) -> None:
    assert [(one.level, one.what) for one in _prompts(load_site(site / "site"))] == [
        *(("ok", "prompts"), ("ok", "speech"))
    ]
    path = site / "site/system.yaml"
    path.write_text(path.read_text().replace("/bin/speak", "/bin/nothing"))
    _, speech = _prompts(load_site(site / "site"))
    assert (speech.level, speech.hint) == ("warn", "mend system.speech.command")
