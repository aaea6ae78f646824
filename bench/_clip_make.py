"""A clip from its order: the scene, then the telephone line. The same for the same order, always."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import get_args

import numpy as np

from bench._clip_kinds import KINDS, Scene, background
from bench._clip_sounds import (
    Samples,
    at_level,
    coloured,
    decibels,
    g711,
    lost,
    pcm,
    samples,
    shaped,
    silence,
    tone,
)
from bench._clip_texts import Part

PARTS: tuple[Part, ...] = get_args(Part)
_LATE, _LATEST = 0.35, 0.4
"""Share of the lines that are silent after the answer, and for how many seconds at most."""


@dataclass(frozen=True)
class Clip:
    """One sound and what is known of it. Times are seconds from the answer; `level` is dBov."""

    file: str
    """In the label file relative to it; once loaded, with the folder."""
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
    """Commands, and the folder of Asterisk's own prompts."""

    espeak: Sequence[str]
    sox: Sequence[str]
    prompts: Path


def orders(clips: int, seed: int) -> list[Order]:
    """About `clips` of them: half persons, in both parts alike, of every kind at least one."""
    each = [(name, max(1, round(kind.share * clips / 4))) for name, kind in KINDS.items()]
    return [
        Order(of, name, n, seed)
        for of in PARTS
        for name, count in each
        for n in range(count)
        if of in KINDS[name].parts
    ]


def make(order: Order, programs: Programs) -> tuple[Clip, bytes]:
    digest = sha256(f"{order.part} {order.kind} {order.number} {order.seed}".encode()).digest()
    own = int.from_bytes(digest[:8], "big")
    rng = np.random.default_rng(own)
    kind = KINDS[order.kind]
    s = Scene(order.part, "ru" if order.number % 2 else "en", rng, programs.espeak, programs.prompts)
    language = s.language  # an announcement may change it
    sound = background(s, kind.noise, kind.scene(s))
    level = float(rng.triangular(-35, -22, -10))
    finished, codec, loss = _line(at_level(sound, level), rng, programs.sox)
    late = round(float(rng.uniform(0, _LATEST)), 3) if rng.random() < _LATE else 0.0
    finished = g711(pcm(silence(late)), codec.split()[-1]) + finished
    beep_at, beep_end = s.beep or (None, None)
    clip = Clip(
        order.file,
        order.part,
        order.kind,
        kind.label,
        language,
        speech_at=_short(s.speech_at, late),
        speech_end=_short(s.speech_end, late),
        beep_at=_short(beep_at, late),
        beep_end=_short(beep_end, late),
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


def _short(number: float | None, late: float = 0.0) -> float | None:
    return None if number is None else round(number + late, 3)


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
