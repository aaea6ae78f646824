"""What is heard at the far end of an answered call, by kind, before the telephone line gets at it.

All chance is the clip's own `rng`; how each thing is drawn, and after what, stands in docs/screening.md.
"""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.random import Generator

from bench._clip_sounds import (
    RATE,
    Samples,
    at_level,
    cadence,
    car,
    coloured,
    decibels,
    loudness,
    music,
    resample,
    samples,
    silence,
    street,
    tone,
)
from bench._clip_texts import ACCENTS, WOMEN, Language, Part, texts, voices
from lab.sound import read


@dataclass
class Scene:
    """One clip on its way: what was drawn, for the label file, and the means to draw more."""

    part: Part
    language: Language
    rng: Generator
    espeak: Sequence[str]
    prompts: Path
    texts: list[str] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)
    speech_at: float | None = None
    """Seconds until the first word; `speech_end`: until the end of the first greeting."""
    speech_end: float | None = None
    beep: tuple[float, float] | None = None
    noise: str = ""
    snr: float | None = None

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def text(self, kind: str) -> str:
        """One of the list. Hellos stand with the commonest first, and are drawn by the law of Zipf."""
        among = texts(kind, self.language, self.part)
        weights = 1 / np.arange(1, len(among) + 1) if kind == "hello" else np.ones(len(among))
        return str(self.rng.choice(among, p=weights / weights.sum()))

    def speaker(self, *, child: bool = False, slow: bool = False) -> Speaker:
        """Somebody of the part: a child has a woman's voice, higher, from a shorter throat."""
        among = voices(self.part)
        if child:
            among = [voice for voice in among if voice in WOMEN]
        variant = str(self.rng.choice(among))
        self.voices.append(variant)
        speed = self.uniform(80, 115) if slow else float(np.clip(self.rng.normal(170, 25), 120, 240))
        pitch = self.uniform(75, 99) if child else float(np.clip(self.rng.normal(50, 16), 10, 90))
        throat = self.uniform(1.12, 1.3) if child else float(np.clip(self.rng.normal(1, 0.05), 0.88, 1.12))
        accent = str(self.rng.choice(ACCENTS[self.language]))
        return Speaker(f"{accent}+{variant}", round(speed / throat), round(pitch), throat)

    def say(self, speaker: Speaker, text: str) -> Samples:
        self.texts.append(text)
        return self.voice(speaker, text)

    def voice(self, speaker: Speaker, text: str) -> Samples:
        """The text as this speaker says it, without silence around it, at -20 dBov."""
        options = ["-v", speaker.voice, "-s", str(speaker.speed), "-p", str(speaker.pitch), "--stdout", text]
        done = subprocess.run([*self.espeak, *options], capture_output=True, check=True, timeout=60)
        with wave.open(io.BytesIO(done.stdout)) as file:
            rate, sound = file.getframerate(), samples(file.readframes(1 << 30))
        sound = resample(sound, rate * speaker.throat)
        loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max(initial=1e-9))
        if not len(loud):
            raise ValueError(f"{speaker.voice} says nothing for {text!r}")
        return at_level(sound[loud[0] : loud[-1] + 1], -20)


@dataclass(frozen=True)
class Speaker:
    """`throat`: above 1, the formants lie higher by so much."""

    voice: str
    speed: int
    pitch: int
    throat: float


def _person(kind: str) -> Callable[[Scene], Samples]:
    def scene(s: Scene) -> Samples:
        speaker = s.speaker(child=kind == "child", slow=kind == "slow")
        onset = _onset(s) if kind != "late" else s.uniform(1.0, 2.2)
        saying = {"longer": "longer", "company": "company"}.get(kind) or (
            "longer" if s.chance(0.15) else "hello"
        )
        greeting = s.say(speaker, s.text(saying))
        sound = [_picked_up(s, onset), greeting]
        if kind == "repeated":
            again = decibels(s.uniform(-2, 4))
            sound += [silence(s.uniform(0.5, 1.5)), again * s.say(speaker, s.texts[0].rstrip("?") + "?")]
        s.speech_at, s.speech_end = onset, onset + len(greeting) / RATE
        # Nobody answers them: most people say hello once more.
        if s.chance(0.7):
            sound += [silence(s.uniform(1.5, 3.5)), s.say(speaker, s.text("hello"))]
        whole = np.concatenate(sound)
        return np.concatenate([whole, silence(max(1.0, 7.0 - len(whole) / RATE))])

    return scene


def _onset(s: Scene) -> float:
    """Seconds to the first word: one law for persons and machines, as it is the line's and the hand's."""
    return float(s.rng.triangular(0.1, 0.25, 1.2))


def _picked_up(s: Scene, seconds: float) -> Samples:
    """The time before the first word: often a rustle, as a hand takes the phone."""
    sound = silence(seconds)
    if s.chance(0.35):
        rustle = at_level(coloured(s.uniform(0.03, 0.2), s.uniform(0, 6), s.rng), s.uniform(-45, -28))
        at = int(s.rng.integers(0, max(1, len(sound) - len(rustle))))
        sound[at : at + len(rustle)] += rustle[: len(sound) - at]
    return sound


def _spoken(
    s: Scene, speaker: Speaker, said: Sequence[str], low: float = 0.15, high: float = 0.9
) -> list[Samples]:
    """Sentences with pauses between them."""
    sound: list[Samples] = []
    for text in said:
        sound += [s.say(speaker, text), silence(s.uniform(low, high))]
    return sound


def _greeting(s: Scene, speaker: Speaker, least: float = 4.0, most: float = 15.0) -> list[Samples]:
    """A voice mailbox's words: 4 to 15 s."""
    sound = _spoken(s, speaker, [s.text("opening")])
    length = s.uniform(least, 10.0) * RATE
    while sum(map(len, sound)) < length:
        sound += _spoken(s, speaker, [s.text("middle")])
    if s.chance(0.6):
        sound += _spoken(s, speaker, [s.text("ending")])
    return [np.concatenate(sound)[: round(most * RATE)]]


def _machine(s: Scene, sound: list[Samples], *, onset: float | None = None, beep: float = 0.0) -> Samples:
    onset = _onset(s) if onset is None else onset
    whole = np.concatenate([silence(onset), *sound])
    s.speech_at, s.speech_end = onset, len(whole) / RATE
    if s.chance(beep):
        whole = np.concatenate([whole, silence(s.uniform(0, 1.0))])
        length = s.uniform(0.15, 1.0)
        s.beep = (len(whole) / RATE, len(whole) / RATE + length)
        hertz = float(s.rng.choice([440, 620, 800, 850, 950, 1000, 1000, 1330, 1400, 2000]))
        whole = np.concatenate([whole, decibels(s.uniform(-22, -12)) * tone(length, hertz)])
    return np.concatenate([whole, silence(max(3.0, 7.0 - len(whole) / RATE))])


def _voicemail(s: Scene) -> Samples:
    return _machine(s, _greeting(s, s.speaker()), beep=0.9)


def _short_start(s: Scene) -> Samples:
    """The hard one: a hello like a person's, a pause, and then the rest."""
    speaker = s.speaker()
    start = _spoken(s, speaker, [s.text("start")], 0.4, 1.2)
    return _machine(s, start + _greeting(s, speaker, most=13.0), beep=0.9)


def _short_mailbox(s: Scene) -> Samples:
    """A second or two of words, as long a silence, and words again."""
    speaker = s.speaker()
    start = _spoken(s, speaker, [s.text("opening")], 1.2, 2.4)
    return _machine(s, [*start, *_spoken(s, speaker, [s.text("ending")])], beep=0.9)


def _beep(s: Scene) -> Samples:
    """A mailbox with a name or nothing for a greeting."""
    words = _spoken(s, s.speaker(), [s.text("start")], 0.1, 0.6) if s.chance(0.5) else []
    return _machine(s, words, beep=1.0)


def _assistant(s: Scene) -> Samples:
    return _machine(
        s, _spoken(s, s.speaker(), [s.text("assistant"), s.text("assistant")], 0.2, 1.0), beep=0.3
    )


def _menu(s: Scene) -> Samples:
    jingle = [] if s.chance(0.7) else [decibels(-8) * music(s.uniform(0.8, 2.5), s.rng)]
    return _machine(s, jingle + _spoken(s, s.speaker(), [s.text("menu"), s.text("menu")]))


def _announced(s: Scene) -> list[Samples]:
    """An operator's words, said twice, or in the other language too."""
    speaker = s.speaker()
    words = s.text("announcement")
    sound = _spoken(s, speaker, [words], 0.5, 1.5)
    if s.chance(0.5):
        s.language = "en" if s.language == "ru" else "ru"
        words, speaker = s.text("announcement"), s.speaker()
    return sound + _spoken(s, speaker, [words], 0.5, 1.5)


def _announcement(s: Scene) -> Samples:
    return _machine(s, _announced(s))


def _sit(s: Scene) -> Samples:
    """Special information tones (ITU-T E.180), mostly with the words that they announce."""
    long, short = 0.38, 0.276
    first, second = (985.2, 1428.5) if s.chance(0.5) else (913.8, 1370.6)
    tones = [tone(long if s.chance(0.5) else short, hertz) for hertz in (first, second, 1776.7)]
    level = decibels(s.uniform(-20, -12))
    sound = [level * np.concatenate(tones), silence(s.uniform(0.1, 0.5))]
    return _machine(s, sound + (_announced(s) if s.chance(0.7) else []))


def _music(s: Scene) -> Samples:
    return _machine(s, [music(s.uniform(6, 9), s.rng)])


def _music_speech(s: Scene) -> Samples:
    """Music, and somebody who speaks over it after a while."""
    words = np.concatenate(_spoken(s, s.speaker(), [s.text("menu")]))
    start = silence(s.uniform(0.3, 3.0))
    tune = at_level(music((len(start) + len(words)) / RATE, s.rng), s.uniform(-35, -24))
    over = np.concatenate([start, words])
    return _machine(s, [over + tune[: len(over)]])


_PROMPTS = (
    *(("vm-theperson", "*", "*", "*", "vm-isunavail", "vm-intro"), ("vm-nobodyavail", "vm-intro")),
    *(("vm-theperson", "*", "*", "*", "vm-isonphone", "vm-intro"), ("ss-noservice",), ("tt-allbusy",)),
    *(("queue-youarenext", "queue-thankyou"), ("pbx-invalid",), ("demo-congrats",), ("privacy-prompt",)),
)  # `*` is a digit


def _recorded(s: Scene) -> Samples:
    """A human voice: Asterisk's own prompts, as its voice mail and queues say them."""
    names = _PROMPTS[int(s.rng.integers(len(_PROMPTS)))]
    said = [f"digits/{s.rng.integers(10)}" if name == "*" else name for name in names]
    s.texts += said
    sound = [samples(read(s.prompts / s.language / f"{name}.wav")) for name in said]
    whole = np.concatenate(sound)[: 15 * RATE]
    loud = np.flatnonzero(np.abs(whole) > 0.01 * np.abs(whole).max())
    beep = 0.95 if names[-1] == "vm-intro" else 0.0
    return _machine(s, [at_level(whole[loud[0] :], -20)], beep=beep)


_RINGING = [(0.8, 3.2, 425), (1.0, 4.0, 425), (2.0, 4.0, 440, 480), (0.4, 0.2, 400, 450)]
_ENGAGED = [
    (0.3, 0.3, 425),
    (0.35, 0.35, 425),
    (0.5, 0.5, 480, 620),
    (0.375, 0.375, 400),
    (0.25, 0.25, 480, 620),
]


def _progress(cadences: Sequence[tuple[float, ...]]) -> Callable[[Scene], Samples]:
    """A national tone (ITU-T E.180 supplement 2), begun anywhere in its cadence."""

    def scene(s: Scene) -> Samples:
        on, off, *hertz = cadences[int(s.rng.integers(len(cadences)))]
        sound = cadence(14.0, on, off, *hertz)[int(s.uniform(0, on + off) * RATE) :]
        return _machine(s, [decibels(s.uniform(-24, -12)) * sound[: 9 * RATE]], onset=s.uniform(0, 0.4))

    return scene


def _fax_answer(s: Scene) -> Samples:
    """CED of T.30: 2100 Hz for 2.6 to 4 s; of newer machines (V.8) with turns of phase and a tremble."""
    sound = tone(s.uniform(2.6, 4.0), 2100)
    if s.chance(0.5):
        t = np.arange(len(sound)) / RATE
        sound = sound * np.where((t // 0.45) % 2 > 0, -1, 1) * (1 + 0.2 * np.sin(2 * np.pi * 15 * t))
    return _machine(s, [decibels(s.uniform(-20, -10)) * sound], onset=s.uniform(0.2, 2.0))


def _fax_call(s: Scene) -> Samples:
    """CNG of T.30: 1100 Hz, 0.5 s of every 3.5 s."""
    return _machine(s, [decibels(s.uniform(-20, -10)) * cadence(9, 0.5, 3.0, 1100)], onset=s.uniform(0, 2.0))


def _nothing(s: Scene) -> Samples:
    return silence(8.0)


@dataclass(frozen=True)
class Kind:
    """`share` of all persons or of all that are none; `noise`: what is behind the voice."""

    label: str
    share: float
    scene: Callable[[Scene], Samples]
    noise: str = "room"
    parts: tuple[Part, ...] = ("tuning", "test")


KINDS: dict[str, Kind] = {
    "short": Kind("person", 0.50, _person("short")),
    "longer": Kind("person", 0.10, _person("longer")),
    "company": Kind("person", 0.05, _person("company")),
    "street": Kind("person", 0.05, _person("short"), "street"),
    "car": Kind("person", 0.04, _person("short"), "car"),
    "babble": Kind("person", 0.02, _person("short"), "babble"),
    "tv": Kind("person", 0.02, _person("short"), "tv"),
    "with_music": Kind("person", 0.02, _person("short"), "music"),
    "slow": Kind("person", 0.04, _person("slow")),
    "repeated": Kind("person", 0.08, _person("repeated")),
    "child": Kind("person", 0.04, _person("child")),
    "late": Kind("person", 0.04, _person("late")),
    "voicemail": Kind("machine", 0.26, _voicemail, "faint"),
    "short_start": Kind("machine", 0.08, _short_start, "faint"),
    "short_mailbox": Kind("machine", 0.04, _short_mailbox, "faint"),
    "beep": Kind("machine", 0.04, _beep, "faint"),
    "announcement": Kind("machine", 0.15, _announcement, "studio"),
    "recorded": Kind("machine", 0.06, _recorded, "studio", ("test",)),
    "assistant": Kind("machine", 0.08, _assistant, "studio"),
    "menu": Kind("machine", 0.09, _menu, "studio"),
    "music": Kind("machine", 0.05, _music, ""),
    "music_speech": Kind("machine", 0.03, _music_speech, ""),
    "sit": Kind("sit", 0.05, _sit, ""),
    "ringing": Kind("ringback", 0.03, _progress(_RINGING), ""),
    "engaged": Kind("busy", 0.03, _progress(_ENGAGED), ""),
    "fax_answer": Kind("fax", 0.03, _fax_answer, ""),
    "fax_call": Kind("fax", 0.02, _fax_call, ""),
    "nothing": Kind("silence", 0.02, _nothing, ""),
}
"""All kinds. The shares of persons sum to 1, and so do those of all others that are in both parts."""


_SUPPRESSED = {"room": 0.3, "studio": 0.6}
"""Share that has nothing behind the voice: a phone that suppresses noise, a good studio."""


def background(s: Scene, noise: str, sound: Samples) -> Samples:
    """The sound with what is behind it, of a drawn distance in level."""
    if noise in ("room", "studio") and s.chance(_SUPPRESSED[noise]):
        noise = ""
    if not noise:
        return sound
    seconds = len(sound) / RATE
    if noise in ("faint", "studio"):  # behind a greeting that somebody recorded at home, or on the go
        noise = str(s.rng.choice(["room", "room", "room", "street", "car"]))
        s.snr = s.uniform(15, 40)
    else:
        s.snr = s.uniform(25, 50) if noise == "room" else float(s.rng.triangular(4, 12, 25))
    s.noise = noise
    if noise in ("babble", "tv"):
        behind = _voices(s, seconds, 1 if noise == "tv" else int(s.rng.integers(2, 7)))
    else:
        make = {"street": street, "car": car, "music": music}
        behind = make[noise](seconds, s.rng) if noise in make else coloured(seconds, s.uniform(3, 6), s.rng)
    level = loudness(sound) - s.snr if sound.any() else s.uniform(-60, -35)
    return sound + at_level(behind, level)[: len(sound)]


def _voices(s: Scene, seconds: float, people: int) -> Samples:
    """People behind, or a television, in the middle of their talk."""
    mixed = silence(seconds)
    for _ in range(people):
        speaker, talk = s.speaker(), [silence(0)]
        while sum(map(len, talk)) < (seconds + 2) * RATE:
            said = s.voice(speaker, s.text(str(s.rng.choice(["middle", "menu", "opening", "longer"]))))
            talk += [said * decibels(s.uniform(-4, 4)), silence(s.uniform(0.1, 0.8))]
        start = int(s.uniform(0, 2) * RATE)
        mixed += np.concatenate(talk)[start : start + len(mixed)]
    return mixed
