"""Speech engines for tests: programs that a test writes."""

from __future__ import annotations

import math
import struct
import sys
import wave
from pathlib import Path

from config.models import SpeechEngine


def tone(path: Path, *, amplitude: float = 0.3, silence: float = 0.5, rate: int = 22050) -> None:
    """A file as espeak-ng would write it, with silence around a second of sound."""
    quiet = [0] * int(rate * silence)
    loud = [
        int(amplitude * 32767 * math.sin(2 * math.pi * 440 * n / rate) * (0.6 + 0.4 * math.sin(n / 900)))
        for n in range(rate)
    ]
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{len(quiet) * 2 + len(loud)}h", *quiet, *loud, *quiet))


def engine(folder: Path, body: str = "", time_limit: str = "5s") -> SpeechEngine:
    """A stand-in that writes its arguments and text down in `folder/log`, runs `body`, and says a tone."""
    folder.mkdir(exist_ok=True)
    tone(folder / "speech.wav")
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
