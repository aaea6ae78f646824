"""A prompt recorded by phone, on a real Asterisk with a real daemon: what the phone spoke is what is kept."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from cli.daemon_process import DaemonProcess
from cli.main import app
from config.models import SpeechEngine
from lab.hearing import hear
from lab.pair import Pair
from lab.party import Party
from lab.phones import Reject
from lab.provision import AsteriskBinary
from sounds.catalogue import sounds_dir
from sounds.check import faults
from sounds.manifest import Folder
from sounds.recorded import place
from tests.conftest import SITE
from tests.sounds.engines import tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

SPOKEN = sounds_dir() / "ru/agent-not-signed-in.wav"
OTHER = sounds_dir() / "ru/agent-wrap-up-ended.wav"


@dataclass(frozen=True)
class Studio:
    """A pair whose site has prompts of its own, with its daemon."""

    pair: Pair
    sounds: Path

    async def record(self, *more: str) -> Result:
        site = str(self.pair.site_folder)
        command = ["sounds", "record", "promo", "--site", site, "--json", *more]
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, command))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    own = folder / "sounds"
    shutil.copytree(sounds_dir(), own, ignore=shutil.ignore_patterns("*.py", "__pycache__", "grammar"))
    (own / "prompts.yaml").write_text("prompts: {promo: {ru: Скидки до пятницы., en: Sale until Friday.}}\n")
    async with Pair.open(
        asterisk_binary, SITE, folder / "pair", sounds_dir=own, speech=espeak.command
    ) as pair:
        daemon = DaemonProcess(pair.site, pair.site_folder, folder / "daemon.log")
        await daemon.start()
        try:
            yield Studio(pair, own)
        finally:
            await daemon.kill()


async def speak(agent: Party, file: Path) -> None:
    """Answer, listen to what is wanted, and say a file after the tone; the keys are being told then."""
    await agent.until_answered()
    await agent.hears("record-start")
    await asyncio.sleep(0.8)  # the tone
    await agent.says(file)
    await asyncio.sleep(0.4)  # nobody presses a key while they speak
    await agent.press("#")
    await asyncio.sleep(1.0)


async def test_a_prompt_is_spoken_listened_to_kept_and_put_in_place(studio: Studio) -> None:
    async with studio.pair.city.agent("anna") as anna:
        recording = asyncio.create_task(studio.record("--phone", "anna"))
        await speak(anna, SPOKEN)
        await anna.hears("record-keys")
        await anna.press("2")
        await anna.hears(SPOKEN)
        await asyncio.sleep(1.0)  # the keys are told again
        await anna.press("1")
        await anna.hears("record-saved")
        await anna.until_over()
    done = await recording
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["backup"] is None
    kept = studio.sounds / "recorded/ru/promo.wav"
    assert hear(kept, SPOKEN)
    for made in (studio.sounds / "ru/promo.wav", studio.sounds / "ru/promo.wav16"):
        assert faults(made) == []
    assert hear(studio.sounds / "ru/promo.wav", SPOKEN)
    assert not hear(studio.sounds / "ru/promo.wav", OTHER)
    assert "ru/promo" in Folder(studio.sounds).built().entries


async def test_one_that_is_recorded_anew_by_extension_keeps_the_old_one_as_a_backup(studio: Studio) -> None:
    tone(studio.sounds / "old.wav")
    before = (studio.sounds / "old.wav").read_bytes()
    place(Folder(studio.sounds), "ru", "promo", before)
    async with studio.pair.city.agent("boris") as boris:
        extension = studio.pair.site.agents["boris"].extension
        recording = asyncio.create_task(studio.record("--phone", extension))
        await speak(boris, OTHER)
        await boris.press("3")
        await speak(boris, SPOKEN)
        await boris.press("1")
        await boris.until_over()
    done = await recording
    assert done.exit_code == 0, done.output
    assert Path(json.loads(done.stdout)["backup"]).read_bytes() == before
    assert hear(studio.sounds / "recorded/ru/promo.wav", SPOKEN)


@pytest.mark.parametrize("how", ["cancels", "hangs up", "is silent"])
async def test_who_gives_up_changes_nothing(studio: Studio, how: str) -> None:
    before = {path: path.read_bytes() for path in studio.sounds.rglob("promo*")}
    async with studio.pair.city.agent("vera") as vera:
        recording = asyncio.create_task(studio.record("--phone", "vera"))
        if how == "is silent":
            await vera.until_answered()
            await vera.hears("record-start")
            await asyncio.sleep(2.0)
            await vera.press("#")
            await asyncio.sleep(1.0)
            await vera.press("1")  # while the keys are told
        else:
            await speak(vera, SPOKEN)
            if how == "cancels":
                await vera.press("0")
                await vera.hears("record-cancelled")
            else:
                await vera.hang_up()
        await vera.until_over()
    done = await recording
    assert done.exit_code == 1
    assert "nothing was recorded" in done.output
    assert {path: path.read_bytes() for path in studio.sounds.rglob("promo*")} == before


async def test_a_phone_that_refuses_and_bad_words_are_told(studio: Studio) -> None:
    await studio.pair.phones.set("gleb", Reject(486))
    refused = await studio.record("--phone", "gleb")
    nobody = await studio.record("--phone", "nobody")
    foreign = await studio.record("--phone", "gleb", "--language", "de")
    assert (refused.exit_code, nobody.exit_code, foreign.exit_code) == (1, 1, 1)
    assert "not answered" in refused.output
    assert "no agent is called 'nobody'" in nobody.output
    assert "one of ru, en" in foreign.output
    site = str(studio.pair.site_folder)
    unknown = CliRunner().invoke(app, ["sounds", "record", "promos", "--phone", "gleb", "--site", site])
    assert unknown.exit_code == 1
    assert "there is no prompt promos" in unknown.output
