"""One pair with one daemon for the whole folder; every test begins with no calls, agents or leads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from cli.daemon_process import DaemonProcess
from config.load import load_site
from config.models import SpeechEngine
from lab.pair import Pair
from lab.provision import AsteriskBinary
from sounds.catalogue import sounds_dir
from store import open_store
from tests.daemon.centre import Centre
from tests.daemon.site import LOCAL, NIGHT, edit, in_three_days, write_site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Centre]:
    folder = tmp_path_factory.mktemp("centre")
    source = write_site(folder / "source")
    async with Pair.open(
        asterisk_binary,
        source,
        folder / "pair",
        sounds_dir=sounds_dir(),
        record=True,
        speech=espeak.command,
    ) as pair:
        campaigns = pair.site_folder / "campaigns"
        edit(campaigns / f"{NIGHT}.yaml", hours={in_three_days(): ["10:00-11:00"]})
        edit(campaigns / f"{LOCAL}.yaml", hours={"mon-sun": [_this_hour()]})
        site = load_site(pair.site_folder)
        daemon = DaemonProcess(site, pair.site_folder, folder / "daemon.log")
        async with open_store(site.system.database) as store:
            try:
                yield Centre(pair, daemon, store)
            finally:
                await daemon.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def centre(running: Centre) -> AsyncIterator[Centre]:
    """The centre with its daemon up, and nothing else."""
    await running.begin()
    yield running
    await running.clean()


def _this_hour() -> str:
    """An hour and a half around now in Moscow, as far as the day goes."""
    now = datetime.now(ZoneInfo("Europe/Moscow"))
    minute = now.hour * 60 + now.minute
    start, end = max(0, minute - 45), min(24 * 60, minute + 45)
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
