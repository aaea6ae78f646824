"""Clips on a real Asterisk: what `AMD()` and what our ear say of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench._clip_make import Clip
from bench._rig import Heard, Rig
from bench._verdicts import UNHEARD, Said, passed
from sounds.ear import HOST, Ear, Listened, Phase, socket_id
from sounds.screening import Verdict

Settings = Mapping[str, int]

_TOKEN = "0123456789ab"


class Player:
    """The clips in a rig, `at_once` at a time."""

    def __init__(self, rig: Rig, at_once: int) -> None:
        self._rig = rig
        self._free = asyncio.Semaphore(at_once)
        self._names: dict[str, str] = {}

    async def add(self, clips: Sequence[Clip]) -> None:
        for clip in clips:
            if clip.file not in self._names:
                self._names[clip.file] = f"c{len(self._names)}"
                await asyncio.to_thread(self._rig.add, self._names[clip.file], Path(clip.file))

    async def ours(self, clips: Sequence[Clip]) -> list[Said]:
        """What our ear says of each, over AudioSocket. Who goes without a verdict goes on as a person."""
        verdicts: dict[str, Verdict] = {}

        async def decided(listened: Listened) -> None:
            verdicts[listened.attempt] = listened.verdict

        ear = Ear(_TOKEN, lambda phase, attempt: True, decided)
        address = f"{HOST}:{await ear.start(0)}"

        async def one(number: int, clip: Clip) -> Said:
            attempt = f"{number:016x}"
            async with self._free:
                ended = await self._rig.ear(
                    self._names[clip.file], socket_id(_TOKEN, Phase.SCREEN, attempt), address
                )
            if (verdict := verdicts.get(attempt)) is None:
                return Said(clip, True, ended.seconds, f"{UNHEARD}: {ended.status}")
            return Said(clip, passed(verdict.heard), ended.seconds, verdict.heard)

        try:
            return list(await asyncio.gather(*(one(n, clip) for n, clip in enumerate(clips))))
        finally:
            await ear.stop()

    async def amd(self, clips: Sequence[Clip], settings: Settings) -> list[Said]:
        """What it says of each. Whom it is not sure of goes on as a person."""

        async def one(clip: Clip) -> Said:
            async with self._free:
                heard: Heard = await self._rig.amd(self._names[clip.file], settings)
            return Said(clip, heard.status != "MACHINE", heard.seconds, heard.cause)

        return list(await asyncio.gather(*map(one, clips)))
