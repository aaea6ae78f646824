"""The corpus of answered calls: made, cached, read. A clip is a WAV file (8 kHz, mono, 16 bits) with a label.

`labels.jsonl` in a folder has a JSON object per line: `file`, `label` (a value of `Heard`), and for what was
made here all that was drawn. Folders with real recordings are read by the same function.
"""

from __future__ import annotations

import audioop
import json
import os
import shutil
import sys
import tempfile
import wave
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields
from functools import partial
from hashlib import sha256
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from bench._clip_make import PARTS, Clip, Order, Programs, make, orders
from bench._clip_texts import Part, part
from lab.provision import default_cache, ensure_asterisk, ensure_sox, ensure_speech
from lab.sound import read, write
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


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", coerce_numbers_to_str=True))
class _Line(Clip):
    """A line of a label file: of a clip all that was drawn, of a recording as much as somebody wrote down."""

    label: Heard
    kind: str = "recording"
    part: Part | None = None  # type: ignore[assignment]  # where nobody says it the speaker's name does
    speaker: str | None = None


_LINE = TypeAdapter(_Line)
_EXAMPLE = '{"file": "0412.wav", "label": "person"}'


def load(folder: Path) -> list[Clip]:
    """The clips of a folder, by its `labels.jsonl`. Raises `BadLabels`.

    `part` is by default told by the hash of `speaker`, or of the file's name where that is missing. A speaker
    is the clip's voice, where it names none.
    """
    path = folder / LABELS
    if not path.is_file():
        raise BadLabels(f"{path} is missing: it has a line for each WAV file, {_EXAMPLE}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadLabels(f"{path} is not UTF-8 ({error}); save it as such") from None
    clips = [_clip(line, folder, f"{path}, line {n}") for n, line in enumerate(lines, 1) if line.strip()]
    if not clips:
        raise BadLabels(f"{path} names no file: it has a line for each, {_EXAMPLE}")
    return clips


def _clip(text: str, folder: Path, where: str) -> Clip:
    try:
        line = _LINE.validate_json(text)
    except ValidationError as bad:
        wrong = "; ".join(": ".join([*map(str, one["loc"]), one["msg"]]) for one in bad.errors())
        raise BadLabels(f"{where}: {wrong}. A line is like {_EXAMPLE}") from None
    file = folder / line.file
    if not file.is_file():
        raise BadLabels(f"{where}: there is no file {file}")
    try:
        empty = not read(file)
    except (OSError, wave.Error, EOFError, audioop.error) as error:
        mend = "sox RECORDING -r 8000 -c 1 -b 16 -e signed FILE.wav makes one"
        raise BadLabels(f"{where}: {file} is no WAV file of 16-bit samples ({error}); {mend}") from None
    if empty:
        raise BadLabels(f"{where}: {file} has no sound; leave it out, or record it again")
    known = {field.name: getattr(line, field.name) for field in fields(Clip)}
    return Clip(
        **known
        | {
            "file": str(file),
            "label": line.label.value,
            "part": line.part or part(line.speaker or line.file),
            "voices": line.voices or ((line.speaker,) if line.speaker else ()),
        }
    )
