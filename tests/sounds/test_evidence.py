"""What is kept of a screened call, for how long, and that no call suffers from it."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import sounds.screening
from sounds.ear import Listened, Phase
from sounds.evidence import LONGEST, Evidence, screen_version, spans
from sounds.screening import FRAME_BYTES, Frame, Heard, Verdict

ATTEMPT = "00192aa5c0f12345"
TRACE = [Frame(-100.0, False, ""), Frame(-20.0, True, ""), Frame(-12.5, False, "425")]
SOUND = bytes(range(256)) * 5
VERDICT = Verdict(Heard.PERSON, 0.8, 2, "spoke 0.02 s")
NOW = 1_800_000_000.0


def heard(attempt: str = ATTEMPT, phase: Phase = Phase.SCREEN, sound: bytes = SOUND) -> Listened:
    return Listened(attempt, phase, VERDICT, TRACE, sound)


def evidence(folder: Path, keep: float = 60.0, now: float = 0.0) -> Evidence:
    return Evidence(folder, keep, lambda: now)


def test_the_sound_is_playable_and_the_trace_comes_back_as_it_was(tmp_path: Path) -> None:
    there = evidence(tmp_path / "a" / "b")
    there.save(heard())
    kept = there.find(ATTEMPT, Phase.SCREEN)
    assert kept is not None
    assert kept.trace == TRACE
    with wave.open(str(kept.sound)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
        assert wav.readframes(10_000) == SOUND
    assert there.find(ATTEMPT, Phase.EARLY) is None


def test_nobody_else_can_read_what_people_said(tmp_path: Path) -> None:
    there = evidence(tmp_path / "kept")
    there.save(heard())
    there.save(heard(phase=Phase.EARLY))
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    files = sorted((tmp_path / "kept").iterdir())
    assert [file.name.removeprefix(ATTEMPT) for file in files] == [
        "-early.json",
        "-early.wav",
        ".json",
        ".wav",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_was_there_keeps_its_rights_and_its_files_are_nobody_elses(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    evidence(tmp_path).save(heard())
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("attempt", ["../../etc/passwd", "", "00192AA5C0F12345", ATTEMPT + "\n"])
def test_what_is_no_id_names_no_file(tmp_path: Path, attempt: str) -> None:
    with pytest.raises(ValueError, match="no attempt's id"):
        evidence(tmp_path).save(heard(attempt))
    assert list(tmp_path.iterdir()) == []


def test_no_more_is_kept_than_the_first_seconds(tmp_path: Path) -> None:
    there = evidence(tmp_path)
    there.save(heard(sound=bytes(FRAME_BYTES) * 1000))
    kept = there.find(ATTEMPT, Phase.SCREEN)
    assert kept is not None
    with wave.open(str(kept.sound)) as wav:
        assert wav.getnframes() == LONGEST * 8000


def test_what_is_too_old_is_deleted_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    there = evidence(tmp_path)
    old, new = ATTEMPT, "00192aa5c0f12346"
    for attempt in (old, new):
        there.save(heard(attempt))
    (tmp_path / "notes.txt").write_text("mine")
    for file in tmp_path.iterdir():
        written_at = NOW - 59 if file.name.startswith(new) else NOW - 61
        os.utime(file, (written_at, written_at))
    assert there.forget(NOW - 60) == 2
    assert {file.name for file in tmp_path.iterdir()} == {f"{new}.wav", f"{new}.json", "notes.txt"}
    assert there.find(old, Phase.SCREEN) is None


@pytest.mark.parametrize(
    "trace", ['{"frames": [[-1', '{"frames": [[-1.0, true, "", 3]]}', '{"frames": 5}', "{}", "[]"]
)
def test_half_a_trace_or_one_of_another_version_is_none(tmp_path: Path, trace: str) -> None:
    there = evidence(tmp_path)
    there.save(heard())
    (tmp_path / f"{ATTEMPT}.json").write_text(trace)
    assert there.find(ATTEMPT, Phase.SCREEN) is None


async def running(there: Evidence, work: Callable[[], None]) -> None:
    """Do it while the keeper runs, and until all is written."""
    task = asyncio.create_task(there.run())
    work()
    async with asyncio.timeout(10):
        await there.flushed()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_disk_that_takes_nothing_is_told_once_and_calls_go_on(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    there = evidence(tmp_path / "kept")

    def three() -> None:
        for n in range(3):
            there.take(heard(f"00192aa5c0f1234{n}"))

    with capture_logs() as logs:
        await running(there, three)
        assert [line["event"] for line in logs] == ["evidence_not_kept"]
        (tmp_path / "kept").unlink()
        await running(there, three)
        assert len(list((tmp_path / "kept").iterdir())) == 6
        there.forget(float("inf"))
        (tmp_path / "kept").rmdir()
        (tmp_path / "kept").write_text("again")
        await running(there, three)
    assert [line["event"] for line in logs] == ["evidence_not_kept"] * 2


async def test_nothing_half_written_stays_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sounds.evidence.json.dump", full)
    there = evidence(tmp_path)
    with capture_logs() as logs:
        await running(there, lambda: there.take(heard()))
    assert [(line["event"], line["why"]) for line in logs] == [
        ("evidence_not_kept", "No space left on device")
    ]
    assert list(tmp_path.iterdir()) == []


async def test_evidence_that_cannot_be_written_costs_neither_the_next_call_its_own_nor_the_daemon(
    tmp_path: Path,
) -> None:
    there = evidence(tmp_path)
    next = "00192aa5c0f12346"
    broken = Listened(ATTEMPT, Phase.SCREEN, VERDICT, [object()], SOUND)  # type: ignore[list-item]

    def two() -> None:
        there.take(broken)
        there.take(heard(next))

    with capture_logs() as logs:
        await running(there, two)
    assert [line["event"] for line in logs] == ["evidence_not_kept"]
    assert {file.name for file in tmp_path.iterdir()} == {f"{next}.wav", f"{next}.json"}


async def test_zero_keeps_nothing_and_forgets_what_there_is(tmp_path: Path) -> None:
    evidence(tmp_path).save(heard())
    for file in tmp_path.iterdir():
        os.utime(file, (NOW - 1, NOW - 1))
    there = evidence(tmp_path, keep=0.0, now=NOW)
    task = asyncio.create_task(there.run())
    there.take(heard("00192aa5c0f12346"))
    async with asyncio.timeout(10):
        while list(tmp_path.iterdir()):
            await asyncio.sleep(0.01)
    task.cancel()


async def test_a_disk_that_is_too_slow_makes_nobody_wait(tmp_path: Path) -> None:
    there = evidence(tmp_path)
    with capture_logs() as logs:
        for _ in range(600):  # nothing writes
            there.take(heard())
    assert [(line["event"], line["why"]) for line in logs] == [("evidence_not_kept", "the disk is too slow")]


def test_spells_of_voice_and_tones_are_told_in_order() -> None:
    quiet, voice, tone = Frame(-70.0, False, ""), Frame(-20.0, True, ""), Frame(-20.0, False, "425")
    assert spans([quiet, voice, voice, quiet, voice, tone, tone]) == [
        ("voice", 1, 3), ("voice", 4, 5), ("425", 5, 7),
    ]  # fmt: skip


def test_the_version_of_the_screen_is_of_its_rules_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "screening"
    shutil.copytree(Path(sounds.screening.__file__).parent, rules)
    monkeypatch.setattr("sounds.evidence.resources.files", lambda _: rules)
    version = screen_version.__wrapped__
    assert version() == screen_version() and len(version()) == 8
    for name in ("weights.json", "verdict.py"):
        before = version()
        with (rules / name).open("a") as file:
            file.write(" ")
        assert version() != before
