"""Speech engines for tests: programs that a test writes."""

from __future__ import annotations

import json
import math
import struct
import sys
import wave
from pathlib import Path

from config.models import SpeechEngine


def tone(
    path: Path,
    *,
    amplitude: float = 0.3,
    silence: float = 0.5,
    rate: int = 22050,
    hz: int = 440,
    also: int = 0,
    seconds: float = 1.0,
) -> None:
    """Sound with silence around it; `also` is a second tone of the same strength, Hz."""
    quiet = [0] * int(rate * silence)
    loud = []
    for n in range(int(rate * seconds)):
        angle = 2 * math.pi * n / rate
        wave_form = math.sin(hz * angle) * (0.6 + 0.4 * math.sin(n / 900))
        if also:
            wave_form = (wave_form + math.sin(also * angle)) / 2
        loud.append(int(amplitude * 32767 * wave_form))
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{len(quiet) * 2 + len(loud)}h", *quiet, *loud, *quiet))


def engine(folder: Path, body: str = "", time_limit: str = "5s", seconds: float = 1.0) -> SpeechEngine:
    """A stand-in that writes its arguments and text down in `folder/log`, runs `body`, says a tone."""
    folder.mkdir(exist_ok=True)
    tone(folder / "speech.wav", seconds=seconds, silence=0.2)
    script = folder / "speak"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "text = sys.stdin.buffer.read().decode()\n"
        "with (here / 'log').open('a') as log: log.write(json.dumps([sys.argv[1:], text]) + '\\n')\n"
        f"{body}\n"
        "sys.stdout.buffer.write((here / 'speech.wav').read_bytes())\n"
    )
    script.chmod(0o755)
    return SpeechEngine.model_validate(
        {"command": [str(script), "{voice}", "{rate}"], "time_limit": time_limit}
    )


def said(folder: Path) -> list[list[object]]:
    """What an engine in `folder` was asked: arguments and text."""
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]
