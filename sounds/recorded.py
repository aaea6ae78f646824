"""A recording put into its place in a folder of prompts, the one before kept as a backup."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from config.forms import Language
from sounds.finish import finish
from sounds.manifest import Folder


def place(folder: Folder, language: Language, name: str, recording: bytes) -> Path | None:
    """Make `recording` (a WAV file) the source of a prompt; `build` makes the prompt anew from it.

    Gives the backup of what it replaced. Raises `BadSound` for silence and what is no WAV, with nothing done.
    """
    finish(recording, [8000])
    target = folder.path / "recorded" / language / f"{name}.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    backup = _set_aside(target)
    stem = f"{language}/{name}"
    if folder.built().by_hand(folder, stem):
        backup = _set_aside(folder.path / f"{stem}.wav") or backup
    descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=".partial-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(recording)
    Path(partial).chmod(0o644)
    Path(partial).replace(target)
    return backup


def _set_aside(file: Path) -> Path | None:
    if not file.exists():
        return None
    return file.replace(file.with_name(f"{file.name}.bak"))
