"""Speaks texts into the cache: `python -m sounds.worker`, the job as JSON on standard input.

A process of its own: pydub keeps the interpreter busy, and an engine may hang. Who started it kills it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sounds.engine import EngineError, speak
from sounds.finish import BadSound, finish, write


def main() -> int:
    """Exit code 1, with the reason on standard error, where some text could not be spoken."""
    job = json.load(sys.stdin)
    failed = 0
    for stem, text in job["texts"].items():
        try:
            write(finish(speak(job["command"], text, job["time_limit"])), Path(stem))
        except (EngineError, BadSound, OSError) as error:
            print(error, file=sys.stderr)
            failed = 1
    prune(Path(job["cache"]), job["cache_bytes"])
    return failed


def prune(cache: Path, most: int) -> None:
    """Remove what was not used for longest, until the cache holds at most `most` bytes."""
    sizes: dict[Path, tuple[float, int]] = {}
    for file in [*cache.glob("??/*.wav"), *cache.glob("??/.partial-*")]:  # partial: its writer was killed
        both = [file, file.with_suffix(".wav16")]
        try:
            size = sum(one.stat().st_size for one in both if one.exists())
            sizes[file] = (file.stat().st_mtime, size)
        except FileNotFoundError:
            continue  # another worker prunes too
    total = sum(size for _, size in sizes.values())
    for file, (_, size) in sorted(sizes.items(), key=lambda item: item[1]):
        if total <= most:
            return
        file.unlink(missing_ok=True)
        file.with_suffix(".wav16").unlink(missing_ok=True)
        total -= size


if __name__ == "__main__":
    sys.exit(main())
