"""Two recipes of the cookbook on a real Asterisk: what their callers hear, and what comes of it."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cli.daemon_process import DaemonProcess
from config.models import SpeechEngine
from lab.pair import Pair
from lab.phones import Answer
from lab.provision import AsteriskBinary
from leads.inbound import CallbackKind
from leads.schedule import hours_of
from sounds.catalogue import sounds_dir
from sounds.opening import we_open
from sounds.speech import Speech
from store import open_store
from tests.daemon.centre import Centre
from tests.daemon.site import edit, in_three_days

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

COOKBOOK = Path(__file__).resolve().parents[2] / "docs/cookbook"
NUMBER = "+74951234567"
KNOWN, UNKNOWN = "+79161234567", "+79035551099"


@asynccontextmanager
async def cooked(
    site: Path, folder: Path, asterisk: AsteriskBinary, speech: SpeechEngine
) -> AsyncIterator[Centre]:
    """The site on a pair of its own, with its daemon."""
    pair_of = Pair.open(
        asterisk, site, folder / "pair", sounds_dir=sounds_dir(), record=True, speech=speech.command
    )
    async with pair_of as pair:
        daemon = DaemonProcess(pair.site, pair.site_folder, folder / "daemon.log")
        async with open_store(pair.site.system.database) as store:
            try:
                await daemon.start()
                yield Centre(pair, daemon, store)
            finally:
                await daemon.kill()


async def test_hours_who_calls_when_it_is_closed_is_promised_a_call_at_opening(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path: Path
) -> None:
    site = tmp_path / "hours"
    shutil.copytree(COOKBOOK / "hours", site)
    edit(site / "schedules/office.yaml", hours={in_three_days(): ["10:00-11:00"]}, exceptions=None)
    async with cooked(site, tmp_path, asterisk_binary, espeak) as centre:
        system = centre.pair.site.system
        opens = hours_of(centre.pair.site.schedules["office"], system.timezone, time.time()).opens
        assert opens is not None
        said = we_open(opens, opens.fromtimestamp(time.time(), opens.tzinfo).date(), "en")
        (stem,) = await Speech.of(system).files([said], "en")
        async with centre.pair.city.caller(NUMBER, KNOWN) as caller:
            await caller.hears("closed", 20.0, language="en")
            await caller.hears(Path(f"{stem}.wav"), at_once=True)
            await caller.hears("closed-promise", language="en", at_once=True)
            await caller.hears("closed-goodbye", language="en", at_once=True)
            await caller.until_over(5.0)
        task = await centre.store.callbacks.open_of(KNOWN)
        assert task is not None
        assert (task.kind, task.campaign, task.due_at) == (
            CallbackKind.MISSED,
            "callbacks",
            opens.timestamp(),
        )


async def test_own_script_says_the_callers_order_and_brings_others_to_an_agent(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path: Path
) -> None:
    async with cooked(COOKBOOK / "own-script", tmp_path, asterisk_binary, espeak) as centre:
        async with centre.pair.city.caller(NUMBER, KNOWN) as caller:
            await caller.hears("menu-main", 20.0, language="en")
            await caller.press("1")
            await caller.hears("order-number", language="en", at_once=True)
            for digit in "1042":
                await caller.hears(f"digit-{digit}", language="en", at_once=True)
            await caller.hears("operator-key", language="en", at_once=True)
            await caller.hears("goodbye", language="en", at_once=True)
            await caller.until_over(5.0)
        await centre.pair.phones.set("anna", Answer(talk=1.0))
        await centre.ready("anna")
        async with centre.pair.city.caller(NUMBER, UNKNOWN) as caller:
            await caller.hears("menu-main", 20.0, language="en")
            await caller.press("1")
            await caller.hears("order-not-found", language="en", at_once=True)
            await centre.comes_to("anna", "talking")
