"""The benchmark `screening` on a handful of clips; how good anybody is is not judged here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import predictive.screening
from bench import _amd, _capacity, _player, screening
from bench._amd import Search, errors
from bench._clip_make import Clip, Order
from bench._clips import LABELS, build, load
from bench._player import Player, Settings
from bench._rig import AMD_DEFAULTS, Rig
from bench._verdicts import Said, benchmark, figures
from lab import sound
from lab.provision import AsteriskBinary
from predictive.screening import Trials
from sounds.ear import socket_id

ABOUT = {"part": "test", "clips": 2, "seed": 1}
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
    assert found["counts"] == {
        "persons": 3, "persons_lost": 1, "machines": 2, "machines_passed": 1, "unheard": 0
    }  # fmt: skip


def clip_of(label: str, text: str, voice: str) -> Clip:
    return Clip("", "test", "short", label, texts=(text,) * bool(text), voices=(voice,) * bool(voice))


def test_the_interval_of_clips_that_share_nothing_is_that_of_wilson() -> None:
    found = figures([said("person", n > 0, 1.0) for n in range(100)])
    assert found["persons_lost_95"] == [0.0, 0.0545], "Wilson: 0.0018 to 0.0545; by bootstrap from 0"
    assert found["machines_passed_95"] is None


@pytest.mark.parametrize("shared", ["text", "voice"])
def test_the_interval_is_wider_where_clips_share_their_text_or_their_voice(shared: str) -> None:
    """Ten lost of 200: each on its own, or all that say one thing, or all of one voice."""

    def interval(each: int) -> tuple[float, float]:
        names = [f"{n // each}" for n in range(200)]
        clips = [
            clip_of("person", name if shared == "text" else "", name if shared == "voice" else "")
            for name in names
        ]
        found = figures([Said(clip, n >= 10, 1.0, "") for n, clip in enumerate(clips)])["persons_lost_95"]
        assert isinstance(found, list)
        return found[0], found[1]

    alone, together = interval(1), interval(10)
    assert alone[1] < 0.10
    assert together[0] == 0.0
    assert together[1] >= 0.15


def test_texts_that_differ_in_signs_alone_are_one() -> None:
    names = [name for name in ("Алло?", "алло", "алло!") for _ in range(50)]
    signs = [Said(clip_of("person", name, ""), n >= 10, 1.0, "") for n, name in enumerate(names)]
    same = [Said(clip_of("person", "алло", ""), n >= 10, 1.0, "") for n in range(150)]
    assert figures(signs)["persons_lost_95"] == figures(same)["persons_lost_95"]


def test_times_are_told_as_quantiles_of_all_persons_and_of_all_machines() -> None:
    found = figures(
        [
            *[said("person", n > 0, n / 10) for n in range(21)],
            *[said("machine", n > 0, 1 + n / 10) for n in range(41)],
            said("silence", True, 99.0),
        ]
    )
    known = benchmark(json.loads(json.dumps(found)))
    assert known.persons == Trials(21, 1, tuple(n / 10 for n in range(21)))
    assert known.machines == Trials(41, 40, tuple(1 + n / 5 for n in range(21)))
    assert known == eval(str(known), vars(predictive.screening)), "as it is copied to there"


def test_offline_figures_need_no_asterisk(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "corpus", lambda clips, seed: few)
    found = screening.run(offline=True)
    assert set(KEYS) < set(found)
    assert found["counts"] == {
        "persons": 2, "persons_lost": 0, "machines": 3, "machines_passed": 0, "unheard": 0
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
    for judge in (found, found["amd"], found["amd_tuned"], found["amd_as_ours"]):
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
    told = "\n".join(screening.lines(found))
    assert "amd_tuned" in told
    assert "amd_as_ours" in told


@pytest.mark.asterisk
def test_amd_is_tuned_to_pass_as_many_machines_as_its_defaults_and_as_ours(
    tmp_path: Path, asterisk_binary: AsteriskBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two faxes to tune on one passes the defaults; a machine that says nothing passes ours."""
    (tmp_path / "tests").mkdir()
    wanted = [Order("tuning", kind, 3, 1) for kind in ("short", "fax_answer", "fax_call")]
    build(tmp_path / "clips", wanted)
    sound.write(tmp_path / "tests" / "mute.wav", b"\0\0" * 24000)
    (tmp_path / "tests" / LABELS).write_text('{"file": "mute.wav", "label": "machine", "part": "test"}\n')
    monkeypatch.setattr(screening, "corpus", lambda clips, seed: tmp_path / "clips")
    allowed = []

    async def best(self: Search, share: float) -> Settings:
        allowed.append(share)
        return {**AMD_DEFAULTS, "initial_silence": 2000 + 500 * len(allowed)}

    monkeypatch.setattr(Search, "best", best)
    found = screening.run(recordings=tmp_path / "tests", calls=0, tune_amd=True)
    judges: Any = found
    assert allowed == [0.5, found["machines_passed"]] == [0.5, 1.0]
    assert judges["amd_tuned"]["settings"]["initial_silence"] == 2500
    assert judges["amd_as_ours"]["settings"]["initial_silence"] == 3000


@pytest.mark.asterisk
async def test_calls_that_nobody_heard_are_told(
    few: Path, tmp_path: Path, asterisk_binary: AsteriskBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        _player, "socket_id", lambda token, phase, attempt: socket_id("f" * 12, phase, attempt)
    )
    clips = [clip for clip in load(few) if clip.kind in ("short", "voicemail")]
    async with Rig.open(asterisk_binary, tmp_path / "rig") as rig:
        player = Player(rig, 2)
        await player.add(clips)
        found = figures(await player.ours(clips))
    assert found["counts"] == {
        "persons": 1, "persons_lost": 0, "machines": 1, "machines_passed": 1, "unheard": 2
    }  # fmt: skip
    assert "2 clips had no verdict of ours" in "\n".join(screening.lines({**found, **ABOUT}))


@pytest.mark.asterisk
async def test_settings_reach_amd(few: Path, tmp_path: Path, asterisk_binary: AsteriskBinary) -> None:
    silent = [clip for clip in load(few) if clip.kind == "nothing"]
    async with Rig.open(asterisk_binary, tmp_path / "rig") as rig:
        player = Player(rig, 20)
        await player.add(silent)
        (hasty,) = await player.amd(silent, {**AMD_DEFAULTS, "initial_silence": 1000})
    assert hasty.as_what.startswith("INITIALSILENCE")
    assert hasty.seconds == pytest.approx(1.0, abs=0.3)


class ByLength(Player):
    """Takes for a machine whoever talks for longer than the setting `greeting`."""

    def __init__(self) -> None:
        self.tried: list[tuple[object, ...]] = []

    async def amd(self, clips: Sequence[Clip], settings: Settings) -> list[Said]:
        self.tried.append((len(clips), *settings.values()))
        return [Said(c, 1000 * (c.speech_end or 0) <= settings["greeting"], 1.0, "") for c in clips]


PERSONS = [Clip("", "tuning", "short", "person", speech_end=0.5 + n / 10) for n in range(24)]  # to 2.8 s
MACHINES = [Clip("", "tuning", "voicemail", "machine", speech_end=2.55 + n / 10) for n in range(20)]


@pytest.mark.parametrize(("drawn", "rounds"), [(60, 0), (0, 6)], ids=["drawn", "stepped"])
@pytest.mark.parametrize(("allowed", "greeting", "wrong"), [(0.04, 2500, (3, 0)), (0.26, 3000, (0, 5))])
async def test_amd_at_its_best_loses_the_fewest_persons_while_so_many_machines_pass(
    drawn: int,
    rounds: int,
    allowed: float,
    greeting: int,
    wrong: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Far from the defaults, and nothing else is known beforehand: each way of the search finds it."""
    monkeypatch.setattr(_amd, "_DRAWN", drawn)
    monkeypatch.setattr(_amd, "_ROUNDS", rounds)
    player = ByLength()
    settings = await Search(player, [*PERSONS, *MACHINES], 1).best(allowed)
    assert settings["greeting"] == greeting
    assert errors(await player.amd([*PERSONS, *MACHINES], settings)) == wrong
    assert wrong < errors(await player.amd([*PERSONS, *MACHINES], AMD_DEFAULTS)) == (13, 0)


async def test_what_is_found_is_never_worse_than_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_amd, "_DRAWN", 0)
    monkeypatch.setattr(_amd, "_ROUNDS", 0)
    known = {**AMD_DEFAULTS, "greeting": 2500}
    assert (await Search(ByLength(), [*PERSONS, *MACHINES], 1).best(0.04))["greeting"] == 1500
    assert await Search(ByLength(), [*PERSONS, *MACHINES], 1, [known]).best(0.04) == known


async def test_two_searches_try_the_same_settings_once_and_allow_what_the_defaults_pass() -> None:
    player = ByLength()
    search = Search(player, [*PERSONS, *MACHINES], 1)
    assert await search.passed(AMD_DEFAULTS) == 0
    assert await search.passed({**AMD_DEFAULTS, "greeting": 3000}) == 0.25
    await search.best(0)
    await search.best(0.25)
    assert len(player.tried) == len(set(player.tried))


def test_a_time_of_nobody_is_no_time() -> None:
    lost = figures([said("person", False, 1.0), said("machine", False, 1.0)])
    told = {line.split()[0]: line.split()[1:] for line in screening.lines({**lost, **ABOUT}) if line.strip()}
    assert told["median_s"] == told["p95_s"] == ["-"]


def test_bad_recordings_end_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="recordings cannot be used"):
        screening.run(recordings=tmp_path)
