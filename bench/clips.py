"""The corpus of the benchmark `screening`, as WAV files with labels in a folder."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from bench._clip_make import PARTS
from bench._clips import CLIPS, LABELS, corpus, load
from bench._options import whole


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--clips", type=whole(), default=CLIPS, help=f"about so many ({CLIPS})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=PARTS, help="only these (default: both)")
    parser.add_argument("--folder", type=Path, help="where to copy them to (default: they stay in the cache)")


def run(
    clips: int = CLIPS, seed: int = 1, part: str | None = None, folder: Path | None = None
) -> dict[str, object]:
    """How many there are, by part and label, and where."""
    made = corpus(clips, seed)
    chosen = [clip for clip in load(made) if part in (None, clip.part)]
    if folder is not None:
        for clip in chosen:
            target = folder / Path(clip.file).relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(clip.file, target)
        lines = (made / LABELS).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if part is None or f'"part": "{part}"' in line]
        (folder / LABELS).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return {
        "folder": str(folder or made),
        "clips": len(chosen),
        **{of: dict(Counter(clip.label for clip in chosen if clip.part == of)) for of in PARTS},
    }
