"""Which prompts exist, and where."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from config.forms import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)


def sounds_dir() -> Path:
    """Absolute folder of the installed prompts: `<language>/<name>.wav`."""
    return Path(__file__).resolve().parent


def prompts(folder: Path) -> dict[str, set[str]]:
    """Names of the prompts in `folder`, by language; a language is a subfolder that holds `.wav` files.

    Raises `FileNotFoundError` where there is no such folder.
    """
    there = {path.name for path in folder.iterdir()}
    found = {one: {file.stem for file in (folder / one).glob("*.wav")} for one in LANGUAGES if one in there}
    return {language: names for language, names in found.items() if names}
