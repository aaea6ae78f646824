"""Which file is played, and that a caller never waits for a bad engine."""

from __future__ import annotations

import asyncio
import errno
import os
import time
import wave
from pathlib import Path

import pytest

from config.models import SpeechEngine, Voice
from sounds.phrase import Digits, Prompt, Text, Utterance
from sounds.speech import Speech
from sounds.worker import prune
from tests.lab.hearing import seconds_of_speech
from tests.sounds.engines import engine, tone
from tests.sounds.engines import said as said_by


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The site's own prompts over those that came with the program."""
    for name in ("own/ru/hello", "base/ru/hello", "base/ru/bye", "base/en/late", "base/ru/unavailable"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        tone(tmp_path / f"{name}.wav")
    return [tmp_path / "own", tmp_path / "base"]


def speech(folders: list[Path], spoken_by: SpeechEngine, tmp_path: Path) -> Speech:
    return Speech(folders, spoken_by, tmp_path / "cache")


async def test_the_sites_prompt_wins_then_ours_then_another_language_then_unavailable(
    folders: list[Path], tmp_path: Path
) -> None:
    own, base = folders
    wanted: list[Utterance] = [Prompt("hello"), Prompt("bye"), Prompt("late"), Prompt("nothing")]
    found = await speech(folders, engine(tmp_path / "bin"), tmp_path).files(wanted, "ru")
    assert found == [
        str(own / "ru/hello"),
        str(base / "ru/bye"),
        str(base / "en/late"),
        str(base / "ru/unavailable"),
    ]


async def test_a_text_is_spoken_once_at_both_rates_and_then_comes_from_the_cache(
    folders: list[Path], tmp_path: Path
) -> None:
    said = speech(folders, engine(tmp_path / "bin"), tmp_path)
    wanted: list[Utterance] = [Text("Пять рублей"), Prompt("bye"), Text("Пять рублей")]
    first, middle, last = await said.files(wanted, "ru")
    assert (first, middle) == (last, str(folders[1] / "ru/bye"))
    for extension, rate in ((".wav", 8000), (".wav16", 16000)):
        with wave.open(first + extension) as sound:
            assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (rate, 2, 1)
            assert (
                1.0 <= sound.getnframes() / rate <= 1.2
            )  # the second of sound without the silence around it
        assert os.stat(first + extension).st_mode & 0o777 == 0o644
    assert await said.files(wanted, "ru") == [first, middle, last]
    assert said_by(tmp_path / "bin") == [[["ru", "165"], "Пять рублей"]]


async def test_another_voice_rate_or_language_is_another_file(folders: list[Path], tmp_path: Path) -> None:
    plain = engine(tmp_path / "bin")
    slow = plain.model_copy(update={"voices": {**plain.voices, "ru": Voice(voice="ru", rate=100)}})
    first, second = (speech(folders, spoken_by, tmp_path) for spoken_by in (plain, slow))
    five: list[Utterance] = [Text("Five")]
    asked = [first.files(five, "ru"), second.files(five, "ru"), first.files(five, "en")]
    assert len({files[0] for files in await asyncio.gather(*asked)}) == 3


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "print('no sound'); sys.exit()",
        "time.sleep(60)",
        "sys.stdout.buffer.write(b'RIFF' + b'0' * 90); sys.exit()",
    ],
    ids=["fails", "gives no WAV", "hangs", "lies"],
)
async def test_a_bad_engine_leaves_an_empty_entry_in_time_and_no_process(
    folders: list[Path], tmp_path: Path, body: str
) -> None:
    said = speech(folders, engine(tmp_path / "bin", body, time_limit="1s"), tmp_path)
    begin = time.monotonic()
    assert await said.files([Text("Five"), Prompt("bye")], "ru") == ["", str(folders[1] / "ru/bye")]
    assert not await said.ready([Text("Five")], "ru")
    assert time.monotonic() - begin < 4
    assert not list(tmp_path.glob("cache/**/*.wav*"))
    assert not list(tmp_path.glob("cache/**/.partial*"))
    while str(tmp_path / "bin/speak") in "".join(_commands()):
        assert time.monotonic() - begin < 5, "the engine still runs"
        await asyncio.sleep(0.01)


def _commands() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


async def test_an_engine_that_is_not_there_is_an_empty_entry(folders: list[Path], tmp_path: Path) -> None:
    missing = SpeechEngine(command=[str(tmp_path / "nothing")])
    assert await speech(folders, missing, tmp_path).files([Text("Five")], "ru") == [""]


async def test_a_machine_that_starts_no_more_processes_is_an_empty_entry(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none_left(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    said = speech(folders, engine(tmp_path / "bin"), tmp_path)
    with monkeypatch.context() as no_processes:
        no_processes.setattr(asyncio, "create_subprocess_exec", none_left)
        assert await said.files([Text("Five"), Prompt("bye")], "ru") == ["", str(folders[1] / "ru/bye")]
        assert not await said.ready([Text("Five")], "ru")
    assert await said.ready([Text("Five")], "ru"), "it is tried again"


async def test_ready_says_whether_all_can_be_said(folders: list[Path], tmp_path: Path) -> None:
    said = speech(folders, engine(tmp_path / "bin"), tmp_path)
    assert await said.ready([Text("Five"), Prompt("bye"), Prompt("late")], "ru")
    assert not await said.ready([Prompt("nothing")], "ru")
    assert not await said.ready([Digits("12")], "ru")


async def test_many_callers_at_once_ask_the_engine_for_a_text_once_or_twice(
    folders: list[Path], tmp_path: Path
) -> None:
    said = speech(folders, engine(tmp_path / "bin"), tmp_path)
    found = await asyncio.gather(*(said.files([Text("Five")], "ru") for _ in range(30)))
    assert len({files[0] for files in found}) == 1
    assert found[0][0]
    assert len(said_by(tmp_path / "bin")) <= 2


async def test_the_loop_runs_on_while_a_text_is_spoken(folders: list[Path], tmp_path: Path) -> None:
    said = speech(folders, engine(tmp_path / "bin", "time.sleep(0.5)"), tmp_path)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    watcher = asyncio.create_task(watch())
    assert await said.ready([Text("Five")], "ru")
    watcher.cancel()
    assert longest < 0.2


def test_the_longest_unused_leave_a_full_cache(tmp_path: Path) -> None:
    for age, name in enumerate(["aa/new", "bb/mid", "cc/old"]):
        stem = tmp_path / name
        stem.parent.mkdir()
        for file in (stem.with_suffix(".wav"), stem.with_suffix(".wav16")):
            file.write_bytes(bytes(500))
            os.utime(file, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "cc/.partial-1").write_bytes(bytes(500))
    os.utime(tmp_path / "cc/.partial-1", (999_000, 999_000))
    prune(tmp_path, 2500)
    assert sorted(path.name for path in tmp_path.glob("*/*")) == [
        "mid.wav",
        "mid.wav16",
        "new.wav",
        "new.wav16",
    ]


async def test_espeak_speaks_both_languages_for_real(espeak: SpeechEngine, tmp_path: Path) -> None:
    said = speech([], espeak, tmp_path)
    short: list[Utterance] = [Text("Сумма заказа — две тысячи рублей."), Text("Доставка завтра.")]
    assert await said.ready(short, "ru")
    long, brief = [Path(f"{stem}.wav") for stem in await said.files(short, "ru")]
    assert seconds_of_speech(long) > 1.5 > seconds_of_speech(brief) > 0.5
    english = (await said.files([Text("Your order comes tomorrow.")], "en"))[0]
    assert seconds_of_speech(Path(f"{english}.wav")) > 0.7
