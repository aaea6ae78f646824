"""The corpus of the benchmark `screening`: made, labelled and split as it says."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from bench import _clips
from bench._clip_kinds import KINDS
from bench._clip_make import PARTS, Clip, Order, Programs, make, orders
from bench._clip_sounds import RATE, Samples, lost, loudness, samples, tone
from bench._clip_texts import ACCENTS, part, voices
from bench._clip_texts import texts as listed
from bench._clips import LABELS, BadLabels, build, load
from config.models import SpeechEngine
from lab.provision import AsteriskBinary, default_cache, ensure_sox
from lab.sound import write
from sounds.screening import Heard

SPOKEN = (
    *("short", "longer", "company", "child", "tv", "voicemail", "short_start", "announcement", "assistant"),
    "menu",
)
FEW = ("short", "car", "repeated", "child", "voicemail", "sit", "fax_answer", "engaged", "nothing")


@pytest.fixture(scope="module")
def programs(espeak: SpeechEngine, asterisk_binary: AsteriskBinary) -> Programs:
    program = espeak.command[: len(espeak.command) - len(SpeechEngine().command) + 1]
    sox = ensure_sox(default_cache(), lambda _: None)
    return Programs(program, sox, asterisk_binary.data_dir / "sounds")


@pytest.fixture(scope="module")
def made(programs: Programs) -> dict[str, tuple[Clip, Samples]]:
    clips = {kind: make(Order("tuning", kind, 1, 1), programs) for kind in FEW}
    clips["recorded"] = make(Order("test", "recorded", 1, 1), programs)
    return {kind: (clip, samples(sound)) for kind, (clip, sound) in clips.items()}


def test_no_text_and_no_voice_of_one_part_is_heard_in_the_other(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the speech program was given, those behind the one who answered included."""
    given: list[list[str]] = []
    run = subprocess.run

    def noting(command: list[str], **options: Any) -> Any:
        if "-v" in command:
            given.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", noting)
    heard: dict[str, tuple[set[str], set[str]]] = {}
    for of in PARTS:
        given.clear()
        for number in range(2):
            for kind in SPOKEN:
                make(Order(of, kind, number, 1), programs)
        texts = {_letters(command[-1]) for command in given}
        heard[of] = texts, {command[command.index("-v") + 1].partition("+")[2] for command in given}
    (texts, voices), (other_texts, other_voices) = heard["tuning"], heard["test"]
    of_both = {
        _letters(text)
        for language in ACCENTS
        for text in set(listed("hello", language, "tuning")) & set(listed("hello", language, "test"))
    }
    assert min(len(texts), len(other_texts)) > 30
    assert min(len(voices), len(other_voices)) > 10
    assert texts & other_texts <= of_both
    assert len(of_both) <= 12, "a few hellos that everybody says"
    assert not voices & other_voices


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def test_texts_that_sound_alike_are_in_one_part() -> None:
    assert part("Алло?") == part("алло") == part("алло!")


def test_the_whole_corpus_is_as_large_as_is_wanted_and_half_of_it_persons() -> None:
    wanted = orders(_clips.CLIPS, 1)
    assert len({order.file for order in wanted}) == len(wanted) >= 1200
    for of in PARTS:
        persons = sum(KINDS[order.kind].label == "person" for order in wanted if order.part == of)
        assert persons >= 300
        assert 0.4 < persons / sum(order.part == of for order in wanted) < 0.6
    assert {KINDS[order.kind].label for order in wanted} == set(Heard)


def test_a_clip_is_the_same_every_time(made: dict[str, tuple[Clip, Samples]], programs: Programs) -> None:
    for kind in ("short", "voicemail"):
        clip, sound = make(Order("tuning", kind, 1, 1), programs)
        assert clip == made[kind][0]
        assert np.array_equal(samples(sound), made[kind][1])
    assert make(Order("tuning", "short", 1, 2), programs)[0] != made["short"][0]


def test_clips_are_labelled_as_their_kind_and_are_long_enough_for_any_judge(
    made: dict[str, tuple[Clip, Samples]],
) -> None:
    for kind, (clip, sound) in made.items():
        assert clip.kind == kind
        assert clip.label == KINDS[kind].label
        assert len(sound) / RATE >= 6.9
        assert set(clip.voices) <= set(voices(clip.part))


def test_a_clip_is_about_as_loud_as_its_label_says(made: dict[str, tuple[Clip, Samples]]) -> None:
    """The label has the level before the line, whose band takes some of it, and of a car's noise most."""
    off = [
        abs(loudness(sound) - (clip.level or 0.0))
        for kind, (clip, sound) in made.items()
        if kind != "nothing"
    ]
    assert median(off) < 2
    assert max(off) < 9


def test_a_greeting_is_where_its_label_says(made: dict[str, tuple[Clip, Samples]]) -> None:
    clip, sound = made["short"]
    assert clip.speech_at is not None
    assert clip.speech_end is not None
    said = sound[int(clip.speech_at * RATE) : int(clip.speech_end * RATE)]
    after = sound[int((clip.speech_end + 0.1) * RATE) : int((clip.speech_end + 0.6) * RATE)]
    assert loudness(said) > loudness(after) + 10


def test_a_machine_talks_for_longer_than_four_seconds_and_beeps_where_its_label_says(
    made: dict[str, tuple[Clip, Samples]],
) -> None:
    clip, sound = made["voicemail"]
    assert clip.speech_at is not None
    assert clip.speech_end is not None
    assert 4 <= clip.speech_end - clip.speech_at <= 15.5
    assert clip.beep_at is not None
    assert clip.beep_end is not None
    beep = np.abs(np.fft.rfft(sound[int((clip.beep_at + 0.02) * RATE) : int((clip.beep_end - 0.02) * RATE)]))
    assert (beep**2)[beep.argmax() - 2 : beep.argmax() + 3].sum() > 0.6 * (beep**2).sum()


def test_tones_have_their_frequency(made: dict[str, tuple[Clip, Samples]]) -> None:
    clip, sound = made["fax_answer"]
    assert clip.speech_at is not None
    second = np.abs(np.fft.rfft(sound[int((clip.speech_at + 0.05) * RATE) :][:3200]))
    assert abs(second.argmax() * RATE / 3200 - 2100) < 30


def test_lost_packets_are_as_many_as_is_said_and_fall_silent_or_repeat() -> None:
    whole = tone(60.0, 300.0) * 0.5
    for repeat in (False, True):
        heard = lost(whole, 0.04, 2.0, repeat=repeat, rng=np.random.default_rng(1))
        frames = heard.reshape(-1, 160)
        changed = (frames != whole.reshape(-1, 160)).any(axis=1)
        assert 0.02 < changed.mean() < 0.06
        assert (frames[changed] == 0).all() != repeat


def test_a_folder_is_built_whole_with_its_labels_and_read_back(tmp_path: Path) -> None:
    wanted = [Order(of, "engaged", n, 1) for of in PARTS for n in range(2)]
    build(tmp_path / "clips", wanted)
    clips = load(tmp_path / "clips")
    assert [Path(clip.file).relative_to(tmp_path / "clips").as_posix() for clip in clips] == [
        o.file for o in wanted
    ]
    assert {clip.label for clip in clips} == {"busy"}
    assert all(Path(clip.file).stat().st_size > 100_000 for clip in clips)
    assert [entry.name for entry in tmp_path.iterdir()] == ["clips"]


def recordings(folder: Path, *lines: object) -> Path:
    write(folder / "one.wav", b"\0\0" * 8000)
    (folder / "two.wav").write_text("no sound")
    write(folder / "empty.wav", b"")
    (folder / LABELS).write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    )
    return folder


def test_recordings_join_with_a_file_and_a_label(tmp_path: Path) -> None:
    clips = load(recordings(tmp_path, {"file": "one.wav", "label": "machine", "speaker": "carrier 1"}))
    one = Clip(str(tmp_path / "one.wav"), part("carrier 1"), "recording", "machine", voices=("carrier 1",))
    assert clips == [one]
    assert json.loads(json.dumps(asdict(clips[0])))["label"] == "machine"


def test_a_speaker_may_be_a_number_or_nobody(tmp_path: Path) -> None:
    line = {"file": "one.wav", "label": "person"}
    numbered, nobody, unsaid = load(
        recordings(tmp_path, {**line, "speaker": 412}, {**line, "speaker": None}, line)
    )
    assert (numbered.voices, numbered.part) == (("412",), part("412"))
    assert nobody == unsaid
    assert (unsaid.voices, unsaid.part) == ((), part("one.wav"))


def test_labels_that_windows_wrote_are_read(tmp_path: Path) -> None:
    recordings(tmp_path)
    text = '{"file": "one.wav", "label": "person", "kind": "мобильный"}\r\n'
    (tmp_path / LABELS).write_text(text, encoding="utf-8-sig")
    assert [clip.kind for clip in load(tmp_path)] == ["мобильный"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"file": "one.wav", "label": "robot"}, "label: Input should be 'person', 'machine'"),
        ({"file": "one.wav"}, "label: Field required"),
        ({"label": "person"}, "file: Field required"),
        ({"file": 5, "label": "person"}, "there is no file .*5"),
        ({"file": "", "label": "person"}, "there is no file"),
        ({"file": "one.wav", "label": "person", "voices": 5}, "voices: Input should be a valid array"),
        ({"file": "one.wav", "label": "person", "kind": ["x"]}, "kind: Input should be a valid string"),
        ({"file": "one.wav", "label": "person", "speeker": "x"}, "speeker: Unexpected"),
        ([], "should be an object"),
        ("not json", "Invalid JSON"),
        ({"file": "three.wav", "label": "person"}, "there is no file"),
        ({"file": "two.wav", "label": "person"}, "sox"),
        ({"file": "empty.wav", "label": "person"}, "has no sound"),
        ({"file": "one.wav", "label": "person", "part": "training"}, "'tuning' or 'test'"),
    ],
)
def test_a_bad_label_is_told_with_its_place_and_its_mend(tmp_path: Path, line: object, said: str) -> None:
    with pytest.raises(BadLabels, match=said) as told:
        load(recordings(tmp_path, line))
    assert "line 1" in str(told.value)


@pytest.mark.parametrize(
    ("text", "said"), [(b"", "names no file"), (b"\n\n", "names no file"), (b"\xff\xfe{}", "is not UTF-8")]
)
def test_a_label_file_of_nothing_or_of_another_code_is_told(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / LABELS).write_bytes(text)
    with pytest.raises(BadLabels, match=rf"labels\.jsonl {said}"):
        load(tmp_path)


def test_a_folder_without_labels_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadLabels, match=r"labels\.jsonl is missing"):
        load(tmp_path)
