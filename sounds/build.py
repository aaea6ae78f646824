"""Speak the manifest into WAV files: `python -m sounds.build [--check]`.

Needs espeak-ng; only who changes a text needs to run it, because the built files are committed.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

from sounds.catalogue import sounds_dir
from sounds.manifest import Speech, load, stale

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub asks for ffmpeg, which WAV does not need
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

RATE = 8000
"""Samples a second: what `.wav` means to Asterisk."""

MARGIN_MS = 60
SILENCE_DBFS = -42.0
PEAK_DBFS = -1.0


class BuildError(Exception):
    """Speech cannot be made; the message says how to mend it."""


def speak(speech: Speech) -> bytes:
    """The text as a WAV file of espeak-ng's own rate and level."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise BuildError("espeak-ng is not installed; mend: apt-get install espeak-ng")
    command = [program, "-v", speech.voice, "-s", str(speech.rate), "--stdout", "--stdin"]
    done = subprocess.run(command, input=speech.text.encode(), capture_output=True, check=False)  # noqa: S603
    if done.returncode or not done.stdout:
        raise BuildError(f"espeak-ng failed on {speech.file}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def finish(spoken: bytes, level: float) -> AudioSegment:
    """A WAV file made fit for the telephone.

    Telephone band, 8 kHz 16-bit mono, silence cut at both ends, RMS at `level` dBFS, peaks under -1 dBFS.
    """
    sound = AudioSegment.from_wav(io.BytesIO(spoken))
    sound = sound.set_channels(1).set_sample_width(2).remove_dc_offset()
    for _ in range(4):  # each pass is only 6 dB an octave; without it the lower rate would alias
        sound = sound.low_pass_filter(3400)
    sound = sound.high_pass_filter(120).set_frame_rate(RATE)
    sound = sound.apply_gain(level - sound.dBFS)
    start = detect_leading_silence(sound, SILENCE_DBFS, chunk_size=5)
    end = detect_leading_silence(sound.reverse(), SILENCE_DBFS, chunk_size=5)
    sound = sound[max(0, start - MARGIN_MS) : len(sound) - max(0, end - MARGIN_MS)]
    sound = sound.apply_gain(min(level - sound.dBFS, PEAK_DBFS - sound.max_dBFS))
    return sound.fade_in(5).fade_out(10)


def build(speeches: list[Speech], folder: Path) -> list[str]:
    """Make the stale files, drop those that no longer belong; returns the files that changed."""
    changed = stale(speeches, folder)
    wanted = {speech.file: speech for speech in speeches}
    for file in changed:
        if speech := wanted.get(file):
            sound = finish(speak(speech), speech.level)
            (folder / file).parent.mkdir(exist_ok=True)
            sound.export(folder / file, format="wav").close()
        else:
            (folder / file).unlink(missing_ok=True)
    record = {file: wanted[file].digest for file in sorted(wanted)}
    (folder / "built.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return sorted(changed)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 done or nothing to do, 1 stale files (`--check`) or an error."""
    parser = argparse.ArgumentParser(prog="python -m sounds.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which files are stale; exit 1 if any")
    only_check: bool = parser.parse_args(argv).check
    folder = sounds_dir()
    try:
        speeches = load(folder / "prompts.yaml")
        if only_check:
            wrong = stale(speeches, folder)
            for file, reason in wrong.items():
                print(f"sounds/{file}: {reason}; mend: python -m sounds.build")
            return 1 if wrong else 0
        for file in build(speeches, folder):
            print(f"built sounds/{file}")
    except (BuildError, ValueError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
