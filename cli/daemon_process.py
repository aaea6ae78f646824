"""`perezvon run` as a process of its own: for the demo, the benchmarks and the crash tests."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ami_daemon.control import VerbError, ask
from config.models import Site
from lab.instance import die_with_parent


class DaemonFailed(Exception):
    """The daemon ended, or did not come up; the message has the end of its log."""


class DaemonProcess:
    """One daemon for a site; may be started again after it was stopped or killed."""

    def __init__(self, site: Site, site_folder: Path, log: Path) -> None:
        self.site, self.site_folder, self.log = site, site_folder, log
        self.socket = Path(site.system.socket)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None  # noqa: S101 - only a started daemon has one
        return self._process.pid

    async def start(self, within: float = 30.0) -> None:
        """Start it and wait until its link to Asterisk is live."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cli.main", "run", "--site", str(self.site_folder),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent,
            )  # fmt: skip
        async with asyncio.timeout(within):
            while not await self._is_live():  # noqa: ASYNC110 - another process: there is nothing to wait on
                await asyncio.sleep(0.05)

    async def _is_live(self) -> bool:
        if not self.running:
            raise DaemonFailed(f"the daemon ended:\n{self.log.read_text(encoding='utf-8')[-2000:]}")
        with suppress(VerbError):
            return bool((await self.ask("status"))["link"] == "live")
        return False

    async def ask(self, verb: str, **args: Any) -> Any:
        """Ask it over its socket; raises `VerbError`."""
        return await asyncio.to_thread(ask, self.socket, verb, **args)

    async def stop(self, within: float = 90.0) -> int:
        """Ask it to drain and end; its exit code."""
        assert self._process is not None  # noqa: S101 - only a started daemon is stopped
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), within)

    async def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        if self._process is not None and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
