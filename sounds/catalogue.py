"""Which prompts exist, and where."""

from __future__ import annotations

from pathlib import Path


def sounds_dir() -> Path:
    """Absolute folder of the installed prompts: `<language>/<name>.wav`."""
    return Path(__file__).resolve().parent


def prompts(folder: Path) -> dict[str, set[str]]:
    """Names of the prompts in `folder`, by language; a language is a subfolder that holds `.wav` files.

    Raises `FileNotFoundError` where there is no such folder.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (names := {file.stem for file in path.glob("*.wav")}):
            found[path.name] = names
    return found
