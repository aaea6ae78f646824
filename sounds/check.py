"""What is wrong with the prompts of a folder: not built, not for Asterisk, not for ears."""

from __future__ import annotations

import array
import math
import wave
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.forms import Language
from config.models import SpeechEngine
from sounds.engine import EngineError, find
from sounds.finish import EXTENSIONS, LEVEL, SILENCE_DBFS
from sounds.manifest import Folder, Tone, stale

CLIPPED = 10
"""Samples at the end of the scale that make a sound a clipped one."""

TOO_QUIET_DB = 12.0
"""So far under the level of all others a prompt is hard to hear."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: with which file or prompt, what, and how to mend it."""

    severity: Literal["error", "warning"]
    what: str
    told: str
    mend: str


def check(folder: Folder, engine: SpeechEngine, languages: Collection[Language]) -> Iterator[Fault]:
    """All faults; `languages` are those that calls use. Raises `ManifestError`."""
    try:
        find(engine)
    except EngineError as error:
        told = f"{error.what}: texts of orders and new prompts cannot be spoken"
        yield Fault("warning", "speech", told, error.mend)
    for name, language in folder.gaps():
        severity: Literal["error", "warning"] = "error" if language in languages else "warning"
        mend = f"write its {language} text into prompts.yaml, or record it"
        yield Fault(severity, name, f"neither a text nor a recording in {language}", mend)
    for file in folder.unused():
        what, mend = str(file.relative_to(folder.path)), "convert it to WAV: recorded/<language>/<name>.wav"
        yield Fault("warning", what, "no recording that is used", mend)
    for stem, reason in stale(folder, engine).items():
        yield Fault("error", stem, reason, "perezvon sounds build")
    if not folder.has_music():
        yield Fault(
            "error", "moh", "no music on hold: callers in a queue hear silence", "perezvon sounds build"
        )
    built = folder.built()
    for source in folder.sources():
        if isinstance(source.made_from, Tone):
            continue
        by_hand = built.by_hand(folder, source.stem)
        mend = f"put a better one into recorded/{source.language}, then: perezvon sounds build"
        for file in folder.files(source.stem):
            if file.exists():
                for told in faults(file):
                    yield Fault("error", f"{source.language}/{file.name}", told, mend)
        if by_hand:
            yield Fault("warning", source.stem, "put here by hand; neither trimmed nor levelled", mend)


def faults(file: Path) -> list[str]:
    """What is wrong with one file, in words."""
    wanted = next(rate for rate, extension in EXTENSIONS.items() if extension == file.suffix)
    try:
        with wave.open(str(file)) as sound:
            form = (sound.getframerate(), sound.getsampwidth() * 8, sound.getnchannels())
            samples = array.array("h", sound.readframes(sound.getnframes()) if form[1] == 16 else b"")
    except (wave.Error, EOFError, OSError, ValueError) as error:
        return [f"no WAV file: {error}"]
    if form != (wanted, 16, 1):
        return [f"{form[0]} Hz, {form[1]} bits, {form[2]} channels; {wanted} Hz, 16 bits, mono is wanted"]
    if not samples or (peak := max(map(abs, samples))) < 32768 * 10 ** (SILENCE_DBFS / 20):
        return ["silent"]
    found = []
    if peak >= 32700 and sum(abs(one) >= 32700 for one in samples) >= CLIPPED:
        found.append("clipped: too loud for its scale")
    level = 10 * math.log10(sum(one * one for one in samples) / len(samples) / 32768**2)
    if level < LEVEL - TOO_QUIET_DB:
        found.append(f"too quiet: {level:.0f} dBFS, the others have {LEVEL:.0f}")
    return found
