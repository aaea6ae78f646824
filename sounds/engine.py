"""Any command-line speech engine: text on standard input, WAV on standard output, no shell."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the worker starts for every new text: it leaves pydantic alone
    from config.forms import Language
    from config.models import SpeechEngine, Voice


class EngineError(Exception):
    """The engine does not speak: `what` is wrong, and how to `mend` it, where that is known."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what}; {mend}" if mend else what)
        self.what, self.mend = what, mend


def command_for(engine: SpeechEngine, voice: Voice) -> list[str]:
    """The engine's command with the voice's name and rate in place."""
    return [
        part.replace("{voice}", voice.voice).replace("{rate}", str(voice.rate)) for part in engine.command
    ]


def voice_of(engine: SpeechEngine, language: Language) -> Voice:
    """The voice of a language; of another, where that has none."""
    return engine.voices.get(language) or next(iter(engine.voices.values()))


def find(engine: SpeechEngine) -> str:
    """Path of the engine's program. Raises `EngineError` where there is none."""
    program = engine.command[0]
    if found := shutil.which(program):
        return found
    mend = "apt-get install espeak-ng" if program == "espeak-ng" else "mend system.speech.command"
    raise EngineError(f"the speech engine {program} is not installed", mend)


def speak(command: list[str], text: str, time_limit: float) -> bytes:
    """The text as a WAV file of the engine's own rate and level. Raises `EngineError`."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, no shell; the text goes to standard input
            command, input=text.encode(), capture_output=True, timeout=time_limit, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"{command[0]} gave no sound within {time_limit:g} s") from None
    except OSError as error:
        raise EngineError(f"{command[0]} does not start: {error.strerror}") from None
    if done.returncode or done.stdout[:4] != b"RIFF":
        said = done.stderr.decode(errors="replace").strip()[:300] or f"exit code {done.returncode}, no WAV"
        raise EngineError(f"{command[0]} failed: {said}")
    return done.stdout
