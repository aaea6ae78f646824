"""The first seconds of screened calls, kept for a time with what the screen noted of each 20 ms.

Two files per call, named by its attempt's id: the sound, which any player plays, and the trace. The trace is
kept and not made anew from the sound: a later version of the screen would tell another story.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import wave
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import structlog

from sounds.ear import RATE, Listened, Phase
from sounds.screening import Frame

log = structlog.get_logger("evidence")

EVERY = 3600.0
"""Seconds between two looks at what is too old."""
LONGEST = 8.0
"""Seconds of a call that are kept, at most."""
WAITING = 500
"""Calls that may wait to be written: a disk that is slower than that keeps nothing of further ones."""

_OURS = re.compile(r"[0-9a-f]{16}(-early)?\.(wav|json)")


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of a call: the sound's file, and the trace as the screen of that day noted it."""

    sound: Path
    trace: list[Frame]


@cache
def screen_version() -> str:
    """Which screen this is: a hash of its rules and weights, 8 hex digits."""
    digest = hashlib.sha256()
    files = resources.files("sounds.screening").iterdir()
    rules = [file for file in files if file.name.endswith((".py", ".json"))]
    for file in sorted(rules, key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


class Evidence:
    """The folder. `keep` is in seconds; 0 keeps nothing, and forgets what there is. `clock` is epoch time."""

    def __init__(self, folder: Path, keep: float, clock: Callable[[], float]) -> None:
        self._folder, self._keep, self._clock = folder, keep, clock
        self._waiting: asyncio.Queue[Listened] = asyncio.Queue(WAITING)
        self._trouble = ""

    def take(self, listened: Listened) -> None:
        """Keep a call soon; never waits, and never fails."""
        if not self._keep:
            return
        try:
            self._waiting.put_nowait(listened)
        except asyncio.QueueFull:
            self._complain("the disk is too slow")

    async def run(self) -> None:
        """Write what was taken, and forget what is too old, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            group.create_task(self._clean())

    async def flushed(self) -> None:
        """Return when all that was taken is written."""
        await self._waiting.join()

    async def _write(self) -> None:
        while True:
            listened = await self._waiting.get()
            try:
                await asyncio.to_thread(self.save, listened)
                self._trouble = ""
            except OSError as error:
                self._complain(error.strerror or str(error))
            except Exception as error:  # of this call: the next one's may be written
                self._complain(repr(error))
            finally:
                self._waiting.task_done()

    async def _clean(self) -> None:
        while True:
            try:
                if gone := await asyncio.to_thread(self.forget, self._clock() - self._keep):
                    log.info("evidence_deleted", count=gone)
            except OSError as error:
                log.warning("evidence_not_deleted", folder=str(self._folder), why=error.strerror)
            await asyncio.sleep(EVERY)

    def _complain(self, why: str) -> None:
        """Once for each trouble: calls go on, and each would say the same."""
        if why != self._trouble:
            self._trouble = why
            log.warning("evidence_not_kept", folder=str(self._folder), why=why)

    def save(self, listened: Listened) -> None:
        """Write both files, or none. `OSError`: they cannot be."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sound, trace = self._files(listened.attempt, listened.phase)
        most = int(LONGEST * RATE) * 2
        told = {"screen": screen_version(), "frames": [astuple(frame) for frame in listened.trace]}
        try:
            with open(sound, "wb", opener=_private) as file, wave.open(file) as wav:
                wav.setnchannels(1)
                wav.setsampwidth(2)
                wav.setframerate(RATE)
                wav.writeframes(listened.sound[:most])
            with open(trace, "w", encoding="utf-8", opener=_private) as text:
                json.dump(told, text)
        except Exception:
            sound.unlink(missing_ok=True)
            trace.unlink(missing_ok=True)
            raise

    def find(self, attempt: str, phase: Phase) -> Kept | None:
        """What there is of the attempt; None: nothing was kept, or its time is over. `OSError` where that
        cannot be told: the folder is the daemon's alone."""
        sound, trace = self._files(attempt, phase)
        try:
            frames = [Frame(*frame) for frame in json.loads(trace.read_text("utf-8"))["frames"]]
        except FileNotFoundError:
            return None
        except (ValueError, LookupError, TypeError):
            return None  # the disk was full, or the machine stopped; or another version's
        return Kept(sound, frames) if sound.exists() else None

    def forget(self, before: float) -> int:
        """Delete what was written before; gives how many files. What is not ours stays."""
        if not self._folder.is_dir():
            return 0
        gone = 0
        for entry in os.scandir(self._folder):
            if _OURS.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < before:
                Path(entry.path).unlink(missing_ok=True)
                gone += 1
        return gone

    def _files(self, attempt: str, phase: Phase) -> tuple[Path, Path]:
        name = f"{attempt}-early" if phase is Phase.EARLY else attempt
        if not _OURS.fullmatch(f"{name}.wav"):
            raise ValueError(f"{attempt!r} is no attempt's id")
        return self._folder / f"{name}.wav", self._folder / f"{name}.json"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def spans(trace: list[Frame]) -> list[tuple[str, int, int]]:
    """What was heard, in order: `voice` or a tone's name, its first frame and the one after its last."""
    found: list[tuple[str, int, int]] = []
    for at, frame in enumerate(trace):
        what = frame.tone or ("voice" if frame.voice else "")
        if not what:
            continue
        if found and found[-1][0] == what and found[-1][2] == at:
            found[-1] = (what, found[-1][1], at + 1)
        else:
            found.append((what, at, at + 1))
    return found
