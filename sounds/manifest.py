"""What the prompts of a folder are made from, and which of them must be made anew.

A folder of prompts holds `prompts.yaml` (texts), `recorded/<language>/<name>.wav` (recordings, which win over
texts), and what is made from them: `<language>/<name>.wav` and `.wav16`, with a record in `built.json`.
`moh/` is music on hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from config.forms import Language
from config.forms import Prompt as PromptName
from config.models import SpeechEngine
from sounds import catalogue
from sounds.catalogue import LANGUAGES
from sounds.engine import voice_of
from sounds.finish import EXTENSIONS, LEVEL, RECIPE
from sounds.phrase import NAME

Words = Annotated[str, Field(min_length=1, max_length=1000)]


class ManifestError(Exception):
    """A `prompts.yaml` that cannot be used; the message says where and why."""


class Tone(BaseModel):
    """A plain tone; `hz` 0 is silence."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hz: int = Field(ge=0, le=3400)
    ms: int = Field(ge=10, le=10_000)


class Manifest(BaseModel):
    """`prompts.yaml`: texts by prompt name and language."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rates: list[Literal[8000, 16000]] = Field(default=[8000, 16000], min_length=1)
    tones: dict[PromptName, Tone] = {}
    prompts: dict[PromptName, dict[Language, Words]] = {}


@dataclass(frozen=True)
class Source:
    """What one prompt is made from in one language: a recording, a text, or a tone."""

    language: Language
    name: str
    made_from: Path | str | Tone

    @property
    def stem(self) -> str:
        """Its files' name in the folder, without extension."""
        return f"{self.language}/{self.name}"

    @property
    def kind(self) -> Literal["recording", "text", "tone"]:
        if isinstance(self.made_from, Path):
            return "recording"
        return "text" if isinstance(self.made_from, str) else "tone"

    def digest(self, engine: SpeechEngine) -> str:
        """Hash of all that the sound is made from."""
        if isinstance(self.made_from, Path):
            source: object = hashlib.sha256(self.made_from.read_bytes()).hexdigest()
        elif isinstance(self.made_from, Tone):
            source = self.made_from.model_dump()
        else:
            voice = voice_of(engine, self.language)
            source = [engine.command, voice.voice, voice.rate, self.made_from]
        return hashlib.sha256(json.dumps([RECIPE, LEVEL, source]).encode()).hexdigest()


@dataclass(frozen=True)
class Folder:
    """A folder of prompts: the site's own, or the one that came with Perezvon."""

    path: Path

    @property
    def bundled(self) -> bool:
        return self.path == catalogue.sounds_dir()

    @cached_property
    def manifest(self) -> Manifest:
        """Its own texts over those that came with Perezvon. Raises `ManifestError`."""
        own = _read(self.path / "prompts.yaml")
        if self.bundled:
            return own
        base = _read(catalogue.sounds_dir() / "prompts.yaml")
        prompts = {**base.prompts}
        for name, texts in own.prompts.items():
            prompts[name] = {**prompts.get(name, {}), **texts}
        return Manifest(rates=own.rates, tones={**base.tones, **own.tones}, prompts=prompts)

    def sources(self) -> list[Source]:
        """Every prompt in every language that it has. Raises `ManifestError`."""
        found: dict[str, Source] = {}
        for name, tone in self.manifest.tones.items():
            for language in LANGUAGES:
                found[f"{language}/{name}"] = Source(language, name, tone)
        for name, texts in self.manifest.prompts.items():
            for language, text in texts.items():
                found[f"{language}/{name}"] = Source(language, name, text)
        for language in LANGUAGES:
            for file in sorted((self.path / "recorded" / language).glob("*.wav")):
                if not NAME.fullmatch(file.stem):
                    told = "a prompt's name has small Latin letters, digits, - and _ alone; rename it"
                    raise ManifestError(f"{file}: {told}")
                found[f"{language}/{file.stem}"] = Source(language, file.stem, file)
        return [found[stem] for stem in sorted(found)]

    def unused(self) -> list[Path]:
        """Files among the recordings that are none: another format, a language that is not known."""
        used = {self.path / "recorded" / language for language in LANGUAGES}
        return [
            file
            for file in sorted(self.path.glob("recorded/**/*"))
            if file.is_file() and not (file.parent in used and file.name.endswith((".wav", ".wav.bak")))
        ]

    def gaps(self) -> Iterator[tuple[str, Language]]:
        """Prompts and the languages that they lack. Raises `ManifestError`."""
        stems = {source.stem for source in self.sources()}
        for name in sorted({stem.partition("/")[2] for stem in stems}):
            for language in LANGUAGES:
                if f"{language}/{name}" not in stems:
                    yield name, language

    def built(self) -> Built:
        """What was built here."""
        path = self.path / "built.json"
        return Built(json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})

    def has_music(self) -> bool:
        """Whether who is on hold hears something: any `.wav` in `moh/`, ours or the site's."""
        return any((self.path / "moh").glob("*.wav"))

    def files(self, stem: str) -> list[Path]:
        """The files of a prompt, one for each rate that this folder keeps."""
        return [self.path / f"{stem}{EXTENSIONS[rate]}" for rate in sorted(self.manifest.rates)]


@dataclass(frozen=True)
class Built:
    """`built.json`: by stem, the hash of what it was made from and of the `.wav` that was made."""

    entries: dict[str, tuple[str, str]]

    def by_hand(self, folder: Folder, stem: str) -> bool:
        """Whether somebody put a file of their own there: that one is never overwritten."""
        file = folder.path / f"{stem}.wav"
        return file.exists() and (stem not in self.entries or self.entries[stem][1] != content(file))


def content(file: Path) -> str:
    """Hash of what is in a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def stale(folder: Folder, engine: SpeechEngine) -> dict[str, str]:
    """What `build` has to do: stem to the reason; empty when all is well. Raises `ManifestError`."""
    built, wrong = folder.built(), {}
    sources = folder.sources()
    for source in sources:
        if built.by_hand(folder, source.stem):
            continue
        missing = [file.name for file in folder.files(source.stem) if not file.exists()]
        if missing:
            wrong[source.stem] = f"missing: {', '.join(missing)}"
        elif built.entries[source.stem][0] != source.digest(engine):
            wrong[source.stem] = "made from another text, recording or voice"
    for stem in sorted(built.entries.keys() - {source.stem for source in sources}):
        if not built.by_hand(folder, stem):
            wrong[stem] = "no longer in the manifest"
    return wrong


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        return Manifest()
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ManifestError(f"{path}: {error}") from None
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ManifestError(f"{path}: {'; '.join(told[:5])}") from None
