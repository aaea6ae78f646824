"""From a caller's answer to the first sound, on a real pair: by the daemon, and by the dialplan alone."""

import asyncio
import shutil
import statistics
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from cli.daemon_process import DaemonProcess
from cli.demo_world import demo_site
from lab import sound
from lab.pair import Pair
from lab.provision import default_cache, ensure_asterisk
from sounds.catalogue import sounds_dir

LINE = "main"
AT_ONCE = 4
LISTEN = 3.0
"""Seconds that a caller stays on the line."""
FRAME = 160
"""Samples that are looked at together: 20 ms."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--calls", type=int, default=100, help="calls by each of the two ways (100)")


def run(calls: int = 100) -> dict[str, object]:
    """Milliseconds; the silence with which the prompt's own file begins is in all of them."""
    folder = Path(tempfile.mkdtemp(prefix="perezvon-prompt-"))
    try:
        return asyncio.run(_run(folder, calls))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path, calls: int) -> dict[str, object]:
    binary = await asyncio.to_thread(ensure_asterisk, default_cache(), lambda _: None)
    source = demo_site(folder / "source")
    async with Pair.open(binary, source, folder / "pair", sounds_dir=sounds_dir()) as pair:
        without = await _times(pair, calls)
        daemon = DaemonProcess(pair.site, pair.site_folder, folder / "daemon.log")
        await daemon.start()
        try:
            ours = await _times(pair, calls)
        finally:
            await daemon.kill()
    return {
        **_figures("", ours),
        **_figures("dialplan_", without),
        "over_dialplan_p50_ms": round(statistics.median(ours) - statistics.median(without), 1),
        "calls": calls,
        "at_once": AT_ONCE,
        "asterisk": binary.version_text,
    }


def _figures(prefix: str, times: list[float]) -> dict[str, float]:
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return {f"{prefix}p50_ms": round(percentiles[49], 1), f"{prefix}p99_ms": round(percentiles[98], 1)}


async def _times(pair: Pair, calls: int) -> list[float]:
    free = asyncio.Semaphore(AT_ONCE)
    number = pair.site.lines[LINE].numbers[0]

    async def call(serial: int) -> float:
        async with free:
            return await _first_sound(pair, number, f"+7903555{serial:04d}")

    return list(await asyncio.gather(*(call(serial) for serial in range(calls))))


async def _first_sound(pair: Pair, number: str, caller_id: str) -> float:
    """Milliseconds from the answer, as the city's Asterisk tells it, to the first sound that is heard."""
    async with pair.city.caller(number, caller_id) as caller:
        began = time.time() - caller.now
        await asyncio.sleep(LISTEN)
    if caller.dialed is None or caller.dialed.answered_at is None:
        raise RuntimeError(f"the call of {caller_id} was not answered")
    heard = bytes(caller.all_heard)
    for at in range(0, len(heard), 2 * FRAME):
        if sound.seconds_above_silence(heard[at : at + 2 * FRAME]):
            return 1000 * (began + at / 2 / sound.RATE - caller.dialed.answered_at)
    raise RuntimeError(f"{caller_id} heard nothing")
