"""The corpus of answered calls: made, cached, read. A clip is a WAV file (8 kHz, mono, 16 bits) with a label.

`labels.jsonl` in a folder has a JSON object per line: `file`, `label` (a value of `Heard`), and for what was
made here all that was drawn. Folders with real recordings are read by the same function.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import wave
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench._clip_make import PARTS, Clip, Order, Programs, make, orders
from bench._clip_texts import part
from lab.provision import default_cache, ensure_asterisk, ensure_sox, ensure_speech
from lab.sound import write
from sounds.screening import Heard

CLIPS = 1600
LABELS = "labels.jsonl"


def _make_into(folder: Path, programs: Programs, order: Order) -> Clip:
    clip, sound = make(order, programs)
    write(folder / clip.file, sound)
    return clip


def corpus(clips: int = CLIPS, seed: int = 1) -> Path:
    """The folder of the whole corpus: the cache's, made where it is missing. Raises `NoProgram`."""
    folder = default_cache() / f"clips-{_recipe(clips, seed)}"
    if not (folder / LABELS).is_file():
        build(folder, orders(clips, seed))
    return folder


def _recipe(clips: int, seed: int) -> str:
    """Names a corpus by all that it depends on but the programs: a change of any makes another."""
    here = Path(__file__).parent
    digest = sha256(f"{clips} {seed}".encode())
    for file in sorted([*here.glob("_clip_*.py"), here / "clips.yaml"]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def build(folder: Path, wanted: Sequence[Order]) -> None:
    """Make the clips into `folder`, by all processors; the label file is written last, when all is there."""
    cache = default_cache()
    prompts = ensure_asterisk(cache, _say).data_dir / "sounds"
    programs = Programs(ensure_speech(cache, _say), ensure_sox(cache, _say), prompts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial_folder = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        for of in PARTS:
            (partial_folder / of).mkdir()
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            work = pool.map(partial(_make_into, partial_folder, programs), wanted, chunksize=4)
            made = list(_counted(work, len(wanted)))
        lines = (json.dumps(asdict(clip), ensure_ascii=False) for clip in made)
        (partial_folder / LABELS).write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial_folder.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        partial_folder.rename(folder)
    finally:
        shutil.rmtree(partial_folder, ignore_errors=True)


def _counted(work: Iterable[Clip], total: int) -> Iterator[Clip]:
    for done, clip in enumerate(work, 1):
        if sys.stderr.isatty() or done % 200 == 0 or done == total:
            print(f"\rclips made: {done}/{total}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr)
        yield clip


def _say(line: str) -> None:
    print(line, file=sys.stderr)


class BadLabels(Exception):
    """A label file that cannot be read; the text says where and how to mend it."""


def load(folder: Path) -> list[Clip]:
    """The clips of a folder, by its `labels.jsonl`. Raises `BadLabels`.

    `part` is by default told by the hash of `speaker`, or of the file's name where that is missing.
    """
    path = folder / LABELS
    if not path.is_file():
        raise BadLabels(f'{path} is missing: one line for each WAV file, {{"file": ..., "label": ...}}')
    clips = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            clips.append(_clip(line, folder, f"{path}, line {number}"))
    return clips


def _clip(line: str, folder: Path, where: str) -> Clip:
    try:
        told = json.loads(line)
        file, label = told["file"], Heard(told["label"])
    except (ValueError, KeyError, TypeError) as error:
        labels = ", ".join(Heard)
        raise BadLabels(f'{where}: needs "file" and "label" (one of {labels}): {error}') from None
    if not (folder / file).is_file():
        raise BadLabels(f"{where}: there is no file {folder / file}")
    try:
        with wave.open(str(folder / file)):
            pass
    except (wave.Error, EOFError) as error:
        mend = "sox RECORDING -r 8000 -c 1 -b 16 -e signed FILE.wav makes one"
        raise BadLabels(
            f"{where}: {folder / file} is no WAV file of 16-bit samples ({error}); {mend}"
        ) from None
    speaker = told.pop("speaker", file)
    known = {key: value for key, value in told.items() if key in Clip.__dataclass_fields__}
    known |= {
        "file": str(folder / file),
        "label": label.value,
        "kind": told.get("kind", "recording"),
        "part": told.get("part", part(speaker)),
    }
    known |= {key: tuple(known[key]) for key in ("voices", "texts") if key in known}
    if known["part"] not in PARTS:
        raise BadLabels(f"{where}: part must be {' or '.join(PARTS)}")
    return Clip(**known)
