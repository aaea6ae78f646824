"""The benchmark `screening` on a handful of clips; how good anybody is is not judged here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import _capacity, screening
from bench._amd import errors, tune
from bench._clip_make import Clip, Order
from bench._clips import LABELS, build, load
from bench._player import Player, Settings
from bench._rig import AMD_DEFAULTS, Rig
from bench._verdicts import Said, figures
from lab import sound
from lab.provision import AsteriskBinary

KEYS = ("persons_lost", "machines_passed", "median_s", "p95_s")


def said(label: str, person: bool, seconds: float, kind: str = "short") -> Said:
    return Said(Clip("", "test", kind, label), person, seconds, "")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips of which nobody is in doubt."""
    folder = tmp_path_factory.mktemp("corpus") / "clips"
    kinds = ("short", "child", "voicemail", "recorded", "fax_answer", "nothing")
    build(folder, [Order("test", kind, 4 if kind == "voicemail" else 3, 1) for kind in kinds])
    return folder


def test_shares_are_of_persons_and_of_machines_and_times_of_persons_heard() -> None:
    found = figures(
        [
            *[said("person", True, 1.0), said("person", True, 2.0), said("person", False, 9.0)],
            *[said("machine", True, 0.1), said("fax", False, 0.1), said("silence", True, 3.0)],
        ]
    )
    assert found["persons_lost"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["machines_passed"] == 0.5
    assert (found["median_s"], found["p95_s"]) == (1.5, 1.95)
    assert found["counts"] == {"persons": 3, "persons_lost": 1, "machines": 2, "machines_passed": 1}


def test_the_interval_is_that_of_wilson() -> None:
    found = figures([said("person", n > 0, 1.0) for n in range(100)])
    assert found["persons_lost_95"] == [0.0018, 0.0545]
    assert found["machines_passed_95"] is None


def test_offline_figures_need_no_asterisk(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "corpus", lambda clips, seed: few)
    found = screening.run(offline=True)
    assert set(KEYS) < set(found)
    assert found["counts"] == {
        "persons": 2, "persons_lost": 0, "machines": 3, "machines_passed": 0
    }  # fmt: skip
    assert "short" in "\n".join(screening.lines(json.loads(json.dumps(found))))


@pytest.mark.asterisk
def test_ours_and_amd_hear_the_same_clips_in_a_real_asterisk(
    few: Path, tmp_path: Path, asterisk_binary: AsteriskBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound.write(tmp_path / "real.wav", b"\0\0" * 24000)
    (tmp_path / LABELS).write_text('{"file": "real.wav", "label": "machine", "part": "test"}\n')
    monkeypatch.setattr(screening, "corpus", lambda clips, seed: few)
    monkeypatch.setattr(_capacity, "SECONDS", 1.5)
    monkeypatch.setattr(_capacity, "WARM", 1.0)
    found = json.loads(json.dumps(screening.run(recordings=tmp_path, calls=10)))
    for judge in (found, found["amd"], found["amd_tuned"]):
        assert set(KEYS) < set(judge)
        assert (judge["counts"]["persons"], judge["counts"]["machines"]) == (2, 4)
        assert judge["kinds"]["recording"]["clips"] == 1
    assert found["kinds"]["voicemail"]["wrong"] == found["amd"]["kinds"]["voicemail"]["wrong"] == 0
    assert 0.3 < found["median_s"] < 4
    assert found["amd"]["kinds"]["nothing"]["median_s"] == pytest.approx(2.5, abs=0.4)
    for loop in ("asyncio", "uvloop"):
        row = found["capacity"][loop]
        assert row["frames"] > 100
        assert 0 < row["lag_p50_ms"] <= row["lag_p99_ms"] <= row["lag_max_ms"]
        assert 0 < row["core_used"] < 1
    assert "amd_tuned" in "\n".join(screening.lines(found))


@pytest.mark.asterisk
async def test_settings_reach_amd(few: Path, tmp_path: Path, asterisk_binary: AsteriskBinary) -> None:
    silent = [clip for clip in load(few) if clip.kind == "nothing"]
    async with Rig.open(asterisk_binary, tmp_path / "rig") as rig:
        player = Player(rig, 20)
        await player.add(silent)
        (hasty,) = await player.amd(silent, {**AMD_DEFAULTS, "initial_silence": 1000})
    assert hasty.as_what.startswith("INITIALSILENCE")
    assert hasty.seconds == pytest.approx(1.0, abs=0.3)


async def test_amd_at_its_best_loses_fewer_persons_and_passes_no_more_machines() -> None:
    class ByLength(Player):
        """Takes for a machine whoever talks for longer than the setting `greeting`."""

        def __init__(self) -> None:
            pass

        async def amd(self, clips: Sequence[Clip], settings: Settings) -> list[Said]:
            return [Said(c, 1000 * (c.speech_end or 0) <= settings["greeting"], 1.0, "") for c in clips]

    persons = [Clip("", "tuning", "short", "person", speech_end=0.5 + n / 10) for n in range(16)]  # to 2.0 s
    machines = [Clip("", "tuning", "voicemail", "machine", speech_end=2.2 + n) for n in range(10)]
    settings = await tune(ByLength(), [*persons, *machines], 1)
    assert settings["greeting"] == 2000
    assert errors(await ByLength().amd(persons, AMD_DEFAULTS)) == (5, 0)


def test_bad_recordings_end_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="recordings cannot be used"):
        screening.run(recordings=tmp_path)
