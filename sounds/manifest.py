"""What the built prompts are made from, and which of them are stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

RECIPE = 1
"""Raised when the way of building changes, so that every file counts as stale."""


class Voice(BaseModel):
    """A voice of espeak-ng and its speed, words a minute."""

    model_config = ConfigDict(extra="forbid", strict=True)

    voice: str
    rate: int


class Manifest(BaseModel):
    """`prompts.yaml`: texts by prompt name and language."""

    model_config = ConfigDict(extra="forbid", strict=True)

    level: float
    voices: dict[str, Voice]
    prompts: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Speech:
    """One file to be built: `<language>/<name>.wav`."""

    language: str
    name: str
    text: str
    voice: str
    rate: int
    level: float

    @property
    def file(self) -> str:
        return f"{self.language}/{self.name}.wav"

    @property
    def digest(self) -> str:
        """Hash of all that the file is made from."""
        source = json.dumps([RECIPE, self.text, self.voice, self.rate, self.level], ensure_ascii=False)
        return hashlib.sha256(source.encode()).hexdigest()


def load(path: Path) -> list[Speech]:
    """Every file that the manifest asks for; a prompt must have a text in each language that has a voice.

    Raises `ValueError` (pydantic's, or one that names the prompt).
    """
    manifest = Manifest.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    speeches: list[Speech] = []
    for name, texts in manifest.prompts.items():
        if set(texts) != set(manifest.voices):
            wanted = ", ".join(manifest.voices)
            raise ValueError(
                f"{path.name}: prompt {name} has texts in {sorted(texts)}; write one for {wanted}"
            )
        for language, text in texts.items():
            voice = manifest.voices[language]
            speeches.append(Speech(language, name, text, voice.voice, voice.rate, manifest.level))
    return speeches


def stale(speeches: list[Speech], folder: Path) -> dict[str, str]:
    """Files of `folder` that do not fit the manifest, each with the reason; empty when all is well."""
    record = folder / "built.json"
    built: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    wrong: dict[str, str] = {}
    for speech in speeches:
        if not (folder / speech.file).exists():
            wrong[speech.file] = "missing"
        elif built.get(speech.file) != speech.digest:
            wrong[speech.file] = "made from another text, voice or level"
    wanted = {speech.file for speech in speeches}
    for file in sorted(built.keys() - wanted):
        wrong[file] = "no longer in the manifest"
    return wrong
