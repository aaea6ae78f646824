"""Make the prompts of a folder: recordings where there are some, else speech."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.models import SpeechEngine
from sounds import catalogue, music
from sounds.engine import EngineError, command_for, find, speak, voice_of
from sounds.finish import BadSound, finish, tone, write
from sounds.manifest import Built, Folder, Source, Tone, content, stale


@dataclass(frozen=True)
class Made:
    """One prompt that `build` looked at; `why` is the reason, or the error of one that failed."""

    stem: str
    what: Literal["made", "copied", "removed", "failed"]
    why: str


def build(folder: Folder, engine: SpeechEngine, only: Collection[str] = ()) -> Iterator[Made]:
    """Make what is stale and drop what no longer belongs, one at a time; what failed stays as it was.

    `only` these stems, where some are named. Without an engine the prompts that came with Perezvon are copied
    where the text is the same. Raises `ManifestError` before anything is done.
    """
    todo = stale(folder, engine)
    if only:
        todo = {stem: why for stem, why in todo.items() if stem in only}
    elif not folder.has_music():
        music.make(folder.path / "moh", folder.manifest.rates)
        yield Made("moh/perezvon", "made", "no music on hold")
    sources = {source.stem: source for source in folder.sources()}
    entries = dict(folder.built().entries)
    for stem, why in todo.items():
        source = sources.get(stem)
        if source is None:
            for path in (folder.path / f"{stem}.wav", folder.path / f"{stem}.wav16"):
                path.unlink(missing_ok=True)
            del entries[stem]
            yield Made(stem, "removed", why)
        else:
            try:
                what = _make(folder, source, engine)
            except (EngineError, BadSound, OSError) as error:
                yield Made(stem, "failed", str(error))
                continue
            entries[stem] = (source.digest(engine), content(folder.path / f"{stem}.wav"))
            yield Made(stem, what, why)
        _note(folder, Built(entries))


def _make(folder: Folder, source: Source, engine: SpeechEngine) -> Literal["made", "copied"]:
    target, rates = folder.path / source.stem, folder.manifest.rates
    match source.made_from:
        case Path() as recording:
            sounds = finish(recording.read_bytes(), rates, hum=True)
        case Tone(hz=hz, ms=ms):
            sounds = tone(hz, ms, rates)
        case text:
            try:
                find(engine)
            except EngineError:
                if not _bundled(source, engine):
                    raise
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(catalogue.sounds_dir() / f"{source.stem}.wav", f"{target}.wav")
                return "copied"
            command = command_for(engine, voice_of(engine, source.language))
            sounds = finish(speak(command, text, engine.time_limit), rates)
    write(sounds, target)
    return "made"


def _bundled(source: Source, engine: SpeechEngine) -> bool:
    """Whether the file that came with Perezvon says the same in the same voice."""
    entry = Folder(catalogue.sounds_dir()).built().entries.get(source.stem)
    return entry is not None and entry[0] == source.digest(engine)


def _note(folder: Folder, built: Built) -> None:
    """Write `built.json` whole: an interrupted build goes on from where it was."""
    partial = folder.path / ".partial-built.json"
    partial.write_text(json.dumps(built.entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(folder.path / "built.json")
