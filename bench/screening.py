"""Who answered, told by ours and by Asterisk's `AMD()`, default and at its best, on the same labelled sound.

At its best it loses the fewest persons while no more machines pass than by default (`amd_tuned`), or than
pass ours (`amd_as_ours`).

`persons_lost` is the share of persons taken for machines, `machines_passed` that of machines, tones and faxes
taken for persons; `median_s` and `p95_s` are the seconds from the answer to "person", over persons.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bench._amd import AMD_AS_OURS, AMD_TUNED, Search
from bench._capacity import capacity
from bench._clip_make import PARTS, Clip
from bench._clips import CLIPS, BadLabels, corpus, load
from bench._options import whole
from bench._player import Player
from bench._rig import AMD_DEFAULTS, Rig
from bench._verdicts import Said, benchmark, figures, passed
from lab import sound
from lab.provision import default_cache, ensure_asterisk
from sounds.screening import FRAME_BYTES, Screen
from sounds.screening.odds import Weights

AT_ONCE = 100
"""Calls at a time. `AMD()` said the same of each of 800 clips with 400, and of 200 with ten."""
CALLS = 300

_AMD = ("amd", "amd_tuned", "amd_as_ours")


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="only ours, and without an Asterisk: seconds")
    parser.add_argument(
        "--clips", type=whole(), default=CLIPS, help=f"size of the corpus, both parts ({CLIPS})"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the corpus, and of the search for AMD's best")
    parser.add_argument("--part", choices=PARTS, default="test", help="of the corpus (test)")
    parser.add_argument("--recordings", type=Path, help="a folder with real recordings and a labels.jsonl")
    parser.add_argument("--at-once", type=whole(), default=AT_ONCE, help=f"calls at a time ({AT_ONCE})")
    parser.add_argument(
        "--calls", type=whole(0), default=CALLS, help=f"at once on one core ({CALLS}; 0: not)"
    )
    parser.add_argument("--tune-amd", action="store_true", help="look for AMD's best settings anew: an hour")


def run(
    offline: bool = False,
    clips: int = CLIPS,
    seed: int = 1,
    part: str = "test",
    recordings: Path | None = None,
    at_once: int = AT_ONCE,
    calls: int = CALLS,
    tune_amd: bool = False,
) -> dict[str, object]:
    """The figures. Raises `NoProgram`, `AsteriskFailed`."""
    try:
        known = load(recordings) if recordings else []
    except BadLabels as reason:
        raise SystemExit(f"the recordings cannot be used: {reason}") from None
    known = [*load(corpus(clips, seed)), *known]
    chosen = [clip for clip in known if clip.part == part]
    tuning = [clip for clip in known if clip.part == "tuning"] if tune_amd else []
    about: dict[str, object] = {"part": part, "clips": len(chosen), "seed": seed}
    if offline:
        return {**figures(_offline(chosen)), **about, "by": "frames, without Asterisk"}
    folder = Path(tempfile.mkdtemp(prefix="perezvon-screening-"))
    try:
        found = asyncio.run(_in_asterisk(folder, chosen, tuning, at_once, seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        **found,
        **about,
        "by": f"AudioSocket of Asterisk, {at_once} calls at a time",
        **({"capacity": capacity(chosen, calls)} if calls else {}),
    }


async def _in_asterisk(
    folder: Path, clips: Sequence[Clip], tuning: Sequence[Clip], at_once: int, seed: int
) -> dict[str, object]:
    binary = await asyncio.to_thread(ensure_asterisk, default_cache(), lambda _: None)
    async with Rig.open(binary, folder / "rig") as rig:
        player = Player(rig, at_once)
        await player.add([*clips, *tuning])
        ours = figures(await player.ours(clips))
        settings = {"amd": AMD_DEFAULTS, "amd_tuned": AMD_TUNED, "amd_as_ours": AMD_AS_OURS}
        if tuning:
            # The draw alone found 53 lost where 41 are known: AMD() shall have the best that anybody found.
            search = Search(player, tuning, seed, [AMD_TUNED, AMD_AS_OURS])
            settings["amd_tuned"] = await search.best(await search.passed(AMD_DEFAULTS))
            settings["amd_as_ours"] = await search.best(benchmark(ours).machines_passed)
        judges = {
            name: {**figures(await player.amd(clips, own)), "settings": dict(own)}
            for name, own in settings.items()
        }
        return {**ours, **judges, "asterisk": binary.version_text}


def _offline(clips: Sequence[Clip]) -> list[Said]:
    with ProcessPoolExecutor() as pool:
        return list(pool.map(screened, clips, chunksize=16))


def screened(clip: Clip, weights: Weights | None = None) -> Said:
    """Ours, frame by frame, as fast as it goes."""
    data = sound.read(Path(clip.file))
    screen = Screen(weights=weights)
    for at in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES):
        if (verdict := screen.push(data[at : at + FRAME_BYTES])) is not None:
            break
    else:
        verdict = screen.end()
    return Said(clip, passed(verdict.heard), verdict.seconds, verdict.heard)


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    columns = {"ours": figures} | {name: figures[name] for name in _AMD if name in figures}
    counts = figures["counts"]
    yield f"{figures['clips']} clips of the {figures['part']} part, seed {figures['seed']}: " + (
        f"{counts['persons']} persons, {counts['machines']} machines, tones and faxes"
    )
    yield f"{'':24}" + "".join(f"{name:>22}" for name in columns)
    for key in ("persons_lost", "machines_passed"):
        yield f"{key:24}" + "".join(_percent(one[key], one[f"{key}_95"]) for one in columns.values())
    for key in ("median_s", "p95_s"):
        yield f"{key:24}" + "".join(_seconds(one[key], 22) for one in columns.values())
    if counts["unheard"]:
        yield f"{counts['unheard']} clips had no verdict of ours, so persons: the machine is too busy"
    yield "wrong, of clips of a kind, and median seconds"
    for kind, row in figures["kinds"].items():
        cells = (one["kinds"][kind] for one in columns.values())
        yield f"  {row['label']:8} {kind:13}" + "".join(
            f"{cell['wrong']:8} /{cell['clips']:4} {_seconds(cell['median_s'], 7)}" for cell in cells
        )
    if "capacity" in figures:
        yield from _capacity(figures["capacity"])
    yield f"for MEASURED of predictive/screening.py: {benchmark(figures)}"


def _capacity(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['calls']} calls at once on one core: lag of a frame, ms"
    for loop, row in found.items():
        if loop == "calls":
            continue
        lags = ", ".join(f"{name} {row[f'lag_{name}_ms']:.2f}" for name in ("p50", "p99", "max"))
        yield (
            f"  {loop:10} {lags}; {100 * row['core_used']:.0f} % of the core; "
            f"the sender itself late by p99 {row['sender_late_p99_ms']:.2f}"
        )


def _seconds(time: float | None, width: int) -> str:
    return f"{'-':>{width}}" if time is None else f"{time:{width}.2f}"


def _percent(share: float | None, interval: list[float] | None) -> str:
    if share is None or interval is None:
        return f"{'-':>22}"
    return f"{100 * share:8.1f} % ({100 * interval[0]:4.1f}-{100 * interval[1]:4.1f})"
