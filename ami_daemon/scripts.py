"""Call scripts in the daemon: the FastAGI server with ours and the admin's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import structlog

from agi.desk import Desk
from agi.live import endpoints
from agi.own import OwnScripts
from agi.server import AgiServer, Endpoint, Request
from agi.session import places
from sounds.speech import Speech

log = structlog.get_logger("scripts")

SCRIPT_ENDS = 5.0
"""Seconds that a script may need to save a decision after its caller has hung up."""


class Scripts:
    """`folder` is the site's `scripts/`, with the admin's own; `ended` is told when a call leaves one."""

    def __init__(self, desk: Desk, speech: Speech, folder: Path | None, *, ended: Callable[[], None]) -> None:
        self.server = AgiServer(desk.site.agi_token, ended=ended)
        self._recordings = Path(desk.site.system.recordings_dir)
        self._running: dict[str, asyncio.Task[Any]] = {}
        for name, endpoint in endpoints(desk, speech).items():
            self.server.add_route(name, self._tracked(endpoint))
        if folder is not None:
            self.server.add_route("own", self._tracked(OwnScripts(folder, places(desk.site)).serve))

    def _tracked(self, endpoint: Endpoint) -> Endpoint:
        async def serve(request: Request) -> None:
            channel = request.opening.headers.get("agi_uniqueid", "")
            if (task := asyncio.current_task()) is not None:
                self._running[channel] = task
            try:
                await endpoint(request)
            finally:
                self._running.pop(channel, None)

        return serve

    async def until_ended(self, channel: str, within: float = SCRIPT_ENDS) -> None:
        """Return when no script runs for the channel, which may be gone already, or after so many seconds."""
        if (task := self._running.get(channel)) is not None:
            await asyncio.wait([task], timeout=within)

    def _start(self, port: int) -> None:
        try:
            self._recordings.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.warning("no_recordings_dir", folder=str(self._recordings), why=error.strerror)
        self.server.start(port)

    @contextlib.asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """Scripts run while this lasts, and are cancelled at its end. `OSError`: the port cannot be had."""
        self._start(port)
        try:
            yield
        finally:
            await self.server.stop()
