"""From what is to be said to the files that Asterisk plays."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import structlog

from config.forms import Language
from config.models import SpeechEngine, System
from sounds.catalogue import LANGUAGES, sounds_dir
from sounds.engine import command_for, voice_of
from sounds.finish import LEVEL, RECIPE
from sounds.phrase import Digits, Prompt, Text, Utterance

log = structlog.get_logger("speech")

WORKERS = 2
"""Worker processes at one time."""

START = 2.0
"""Seconds that a worker process may need beside the engine."""

UNAVAILABLE = "unavailable"
"""The prompt that stands for one that exists in no language."""


class Speech:
    """Prompts from `folders` (the first that has it wins), texts from the engine by way of the cache."""

    def __init__(self, folders: Sequence[Path], engine: SpeechEngine, cache: Path) -> None:
        self._folders, self._engine, self._cache = folders, engine, cache
        self._workers = asyncio.Semaphore(WORKERS)

    @classmethod
    def of(cls, system: System) -> Speech:
        """The site's prompts over the installed ones."""
        own = [Path(system.sounds_dir).resolve()] if system.sounds_dir else []
        return cls([*own, sounds_dir()], system.speech, Path(system.cache_dir) / "speech")

    async def files(self, utterances: Sequence[Utterance], language: Language) -> list[str]:
        """Absolute paths without extension, in order; `Digits` and long phrases give several.

        Never raises and never waits longer than the engine's time limit: a prompt that this language lacks is
        taken from another, and a text that cannot be spoken is an empty entry and an error in the log.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._engine.time_limit):
                await self._synthesise(utterances, language)
        found: list[str] = []
        for one in utterances:
            match one:
                case Prompt(name):
                    found.append(self._prompt(name, language))
                case Digits():
                    found += [self._prompt(name, language) for name in one.prompts]
                case Text(text):
                    stem = self._stem(text, language)
                    found.append(str(stem) if _is_there(stem) else "")
                    if not found[-1]:
                        log.error("a text could not be spoken", language=language, length=len(text))
        return found

    async def ready(self, utterances: Sequence[Utterance], language: Language) -> bool:
        """Prepare all of it, before a call is placed; False where some of it could not be made.

        Waits for its turn at the engine, then for as many time limits as there are texts, at most.
        """
        await self._synthesise(utterances, language)
        missing = [one for one in utterances if isinstance(one, Text) and not self._has(one, language)]
        unknown = [name for name in _names(utterances) if self._find(name, (language, *LANGUAGES)) is None]
        return not missing and not unknown

    def _has(self, text: Text, language: Language) -> bool:
        return _is_there(self._stem(text.text, language))

    def _prompt(self, name: str, language: Language) -> str:
        if found := self._find(name, (language,)):
            return found
        if found := self._find(name, LANGUAGES):
            log.error("a prompt is missing, said in another language", prompt=name, language=language)
            return found
        log.error("a prompt is missing in every language", prompt=name)
        return self._find(UNAVAILABLE, (language, *LANGUAGES)) or ""

    def _find(self, name: str, languages: Iterable[Language]) -> str | None:
        for language in languages:
            for folder in self._folders:
                if _is_there(stem := folder / language / name):
                    return str(stem)
        return None

    def _stem(self, text: str, language: Language) -> Path:
        """The cache's name of a text: a hash of all that the sound is made from, and nothing of the text."""
        made_from = [RECIPE, LEVEL, command_for(self._engine, voice_of(self._engine, language)), text]
        digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
        return self._cache / digest[:2] / digest

    async def _synthesise(self, utterances: Sequence[Utterance], language: Language) -> None:
        """Speak the texts that the cache lacks, in a process of its own that is gone when this returns."""
        texts = {str(self._stem(one.text, language)): one.text for one in utterances if isinstance(one, Text)}
        for stem in texts:
            with contextlib.suppress(OSError):
                os.utime(f"{stem}.wav")  # used now: the oldest leave the cache first
        if all(_is_there(Path(stem)) for stem in texts):
            return
        async with self._workers:
            missing = {stem: text for stem, text in texts.items() if not _is_there(Path(stem))}
            if missing:
                await self._work(missing, language)

    async def _work(self, missing: dict[str, str], language: Language) -> None:
        job = {
            "command": command_for(self._engine, voice_of(self._engine, language)),
            "time_limit": self._engine.time_limit,
            "texts": missing,
            "cache": str(self._cache),
            "cache_bytes": self._engine.cache_mb * 1_000_000,
        }
        try:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sounds.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:  # no processes, memory or files left
            log.error("the speech engine could not be started", why=str(error))
            return
        try:
            async with asyncio.timeout(self._engine.time_limit * len(missing) + START):
                _, said = await worker.communicate(json.dumps(job).encode())
            if worker.returncode:
                log.error("the speech engine failed", said=said.decode(errors="replace").strip()[-500:])
        except TimeoutError:
            log.error("the speech engine took too long", texts=len(missing))
        finally:
            if worker.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGKILL)
                await worker.wait()


def _names(utterances: Iterable[Utterance]) -> Iterator[str]:
    """Prompts that are said, those of `Digits` too."""
    for one in utterances:
        if isinstance(one, Prompt):
            yield one.name
        elif isinstance(one, Digits):
            yield from one.prompts


def _is_there(stem: Path) -> bool:
    """Whether Asterisk finds a sound of this name."""
    return any(stem.with_name(stem.name + end).is_file() for end in (".wav", ".wav16"))
