"""FastAGI sessions: our server, guards included, beside panoramisk's own and a bare asyncio protocol."""

import multiprocessing
import statistics
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass

from bench._agi_load import Load, load
from bench._agi_servers import SERVERS, serve

TOTAL = {1: 1000, 100: 3000, 1000: 1000}
"""Sessions of a round, by how many are under way at once; the last is one burst."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all servers in turn (5)")
    parser.add_argument(
        "--loop", choices=("asyncio", "uvloop"), default="asyncio", help="event loop of all servers (asyncio)"
    )


class _Server:
    """A server in a process of its own."""

    def __init__(self, name: str, loop: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(name, loop, theirs), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def use(self) -> tuple[float, float]:
        """Seconds of CPU so far, and the peak of memory in MB."""
        self._pipe.send("use")
        seconds, kilobytes = self._pipe.recv()
        return seconds, kilobytes / 1024

    def stop(self) -> None:
        self._pipe.send(None)
        self._process.join()


@dataclass(frozen=True)
class _Measured:
    """One server under one load."""

    load: Load
    cpu: float

    @property
    def rate(self) -> float:
        return len(self.load.times) / self.load.wall

    @property
    def p99_ms(self) -> float:
        times = sorted(self.load.times)
        return 1000 * times[int(0.99 * (len(times) - 1))] if times else float("nan")

    @property
    def cpu_us(self) -> float:
        return 1e6 * self.cpu / max(1, len(self.load.times))


Rounds = list[dict[tuple[str, int], _Measured]]


def _measure(server: _Server, at_once: int) -> _Measured:
    before, _ = server.use()
    found = load(server.port, at_once, TOTAL[at_once])
    return _Measured(found, server.use()[0] - before)


def run(rounds: int = 5, loop: str = "asyncio") -> dict[str, object]:
    """Rounds of all servers in turn; figures are medians, ratios the medians of each round's own."""
    servers = {name: _Server(name, loop) for name in SERVERS}
    found: Rounds = []
    try:
        for _ in range(rounds):
            found.append({(n, c): _measure(s, c) for c in TOTAL for n, s in servers.items()})
        peaks = {name: round(server.use()[1]) for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()

    def table(of: Callable[[_Measured], float], digits: int) -> dict[str, dict[str, float]]:
        return {
            name: {str(c): round(statistics.median(of(one[name, c]) for one in found), digits) for c in TOTAL}
            for name in servers
        }

    def ratio(peer: str, of: Callable[[_Measured, _Measured], float]) -> dict[str, float]:
        return {
            str(c): round(statistics.median(of(one["ours", c], one[peer, c]) for one in found), 2)
            for c in TOTAL
        }

    figures: dict[str, object] = {
        "loop": loop,
        "rounds": rounds,
        "sessions_per_second": table(lambda one: one.rate, 0),
        "p99_ms": table(lambda one: one.p99_ms, 2),
        "cpu_us": table(lambda one: one.cpu_us, 0),
        "refused": {name: sum(one[name, c].load.refused for one in found for c in TOTAL) for name in servers},
        "rss_mb": peaks,
    }
    for peer in ("panoramisk", "bare"):
        figures[f"ratio_to_{peer}"] = ratio(peer, lambda ours, other: ours.rate / other.rate)
        figures[f"cpu_ratio_to_{peer}"] = ratio(peer, lambda ours, other: other.cpu_us / ours.cpu_us)
    return figures
