"""The corpus of answered calls: made, cached, read. A clip is a WAV file (8 kHz, mono, 16 bits) with a label.

`labels.jsonl` in a folder has a JSON object per line: `file`, `label` (a value of `Heard`), and for what was
made here all that was drawn. Folders with real recordings are read by the same function.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import get_args

import numpy as np

from bench._clip_kinds import KINDS, Scene, background
from bench._clip_sounds import Samples, at_level, coloured, decibels, g711, lost, pcm, samples, shaped, tone
from bench._clip_texts import Part, part
from lab.provision import default_cache, ensure_sox, ensure_speech
from lab.sound import write
from sounds.screening import Heard

PARTS: tuple[Part, ...] = get_args(Part)
CLIPS = 1600
LABELS = "labels.jsonl"


@dataclass(frozen=True)
class Clip:
    """One sound and what is known of it. Times are seconds from the answer; `level` is dBov."""

    file: str
    part: Part
    kind: str
    label: str
    language: str = ""
    speech_at: float | None = None
    speech_end: float | None = None
    beep_at: float | None = None
    beep_end: float | None = None
    voices: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    noise: str = ""
    snr: float | None = None
    level: float | None = None
    codec: str = ""
    loss: float = 0.0
    seed: int | None = None


@dataclass(frozen=True)
class Order:
    """A clip to be made."""

    part: Part
    kind: str
    number: int
    seed: int

    @property
    def file(self) -> str:
        return f"{self.part}/{KINDS[self.kind].label}-{self.kind}-{self.number:03d}.wav"


@dataclass(frozen=True)
class Programs:
    espeak: Sequence[str]
    sox: Sequence[str]


def orders(clips: int, seed: int) -> list[Order]:
    """About `clips` of them: half persons, in both parts alike, of every kind at least one."""
    each = [(name, max(1, round(kind.share * clips / 4))) for name, kind in KINDS.items()]
    return [Order(of, name, n, seed) for of in PARTS for name, count in each for n in range(count)]


def make(order: Order, programs: Programs) -> tuple[Clip, bytes]:
    """The clip and its sound; the same for the same order, always."""
    digest = sha256(f"{order.part} {order.kind} {order.number} {order.seed}".encode()).digest()
    own = int.from_bytes(digest[:8], "big")
    rng = np.random.default_rng(own)
    kind = KINDS[order.kind]
    s = Scene(order.part, "ru" if order.number % 2 else "en", rng, programs.espeak)
    language = s.language  # an announcement may change it
    sound = background(s, kind.noise, kind.scene(s))
    level = float(rng.triangular(-35, -22, -10))
    finished, codec, loss = _line(at_level(sound, level), rng, programs.sox)
    beep_at, beep_end = s.beep or (None, None)
    clip = Clip(
        order.file,
        order.part,
        order.kind,
        kind.label,
        language,
        speech_at=_short(s.speech_at),
        speech_end=_short(s.speech_end),
        beep_at=_short(beep_at),
        beep_end=_short(beep_end),
        voices=tuple(s.voices),
        texts=tuple(s.texts),
        noise=s.noise,
        snr=_short(s.snr),
        level=_short(level),
        codec=codec,
        loss=loss,
        seed=own,
    )
    return clip, finished


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def _line(sound: Samples, rng: np.random.Generator, sox: Sequence[str]) -> tuple[bytes, str, float]:
    """Through microphone, network and codecs: the sound, its codecs, and the share of lost packets."""
    low, high, tilt = rng.uniform(150, 350), rng.uniform(3000, 3600), rng.uniform(-6, 6)
    sound = shaped(sound, [(0, -50), (low / 2, -25), (low, 0), (1000, 0), (high, tilt), (high + 300, -30)])
    seconds = len(sound) / 8000
    if rng.random() < 0.85:  # the rest is as silent as a digital line can be
        sound = sound + at_level(coloured(seconds, rng.uniform(0, 4), rng), rng.uniform(-75, -48))
    if rng.random() < 0.1:
        sound = sound + decibels(rng.uniform(-65, -45)) * tone(seconds, 50.0, 150.0)[: len(sound)]
    data, codec = pcm(sound), str(rng.choice(["alaw", "ulaw"], p=[0.65, 0.35]))
    if rng.random() < 0.35:
        data, codec = _gsm(data, sox), f"gsm {codec}"
    share = round(float(rng.uniform(0.01, 0.05)), 3) if rng.random() < 0.25 else 0.0
    if share:
        missed = lost(samples(data), share, rng.uniform(1, 3), repeat=rng.random() < 0.5, rng=rng)
        data = pcm(missed)
    return g711(data, codec.split()[-1]), codec, share


def _gsm(data: bytes, sox: Sequence[str]) -> bytes:
    """There and back by GSM full rate (06.10): the handset of a mobile network."""
    raw = ["-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-"]
    gsm = ["-t", "gsm", "-r", "8000", "-c", "1", "-"]

    def through(sound: bytes, *way: str) -> bytes:
        command = [*sox, "-D", "-V1", *way]
        return subprocess.run(command, input=sound, capture_output=True, check=True, timeout=60).stdout

    coded = through(data, *raw, *gsm)
    return through(coded, *gsm, *raw)[: len(data)].ljust(len(data), b"\0")


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
    """Names a corpus: by all that it depends on but the programs."""
    own = sorted(Path(__file__).parent.glob("*clip*"))
    digest = sha256(f"{clips} {seed}".encode())
    for file in own:
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def build(folder: Path, wanted: Sequence[Order]) -> None:
    """Make the clips into `folder`, by all processors; the label file is written last, when all is there."""
    programs = Programs(ensure_speech(default_cache(), _say), ensure_sox(default_cache(), _say))
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
    speaker = told.pop("speaker", file)
    known = {key: value for key, value in told.items() if key in Clip.__dataclass_fields__}
    known |= {
        "label": label.value,
        "kind": told.get("kind", "recording"),
        "part": told.get("part", part(speaker)),
    }
    known |= {key: tuple(known[key]) for key in ("voices", "texts") if key in known}
    if known["part"] not in PARTS:
        raise BadLabels(f"{where}: part must be one of {', '.join(PARTS)}")
    return Clip(**known)
