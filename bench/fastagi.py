"""FastAGI sessions: our server, guards included, beside panoramisk's own and a bare asyncio protocol."""

import multiprocessing
import statistics
from argparse import ArgumentParser

from bench._agi_load import Load, load
from bench._agi_servers import SERVERS, serve

AT_ONCE = (1, 100, 1000)
TOTAL = {1: 1000, 100: 3000, 1000: 3000}


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all servers in turn (5)")
    parser.add_argument(
        "--loop", choices=("asyncio", "uvloop"), default="asyncio", help="event loop of all servers"
    )


def _percentile(times: list[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))] if times else float("nan")


class _Server:
    def __init__(self, name: str, loop: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(name, loop, theirs), daemon=True)
        self.process.start()
        self.port: int = self.pipe.recv()

    def use(self) -> tuple[float, int]:
        self.pipe.send("use")
        seconds, peak = self.pipe.recv()
        return seconds, peak

    def stop(self) -> None:
        self.pipe.send(None)
        self.process.join()


def run(rounds: int = 5, loop: str = "asyncio") -> dict[str, object]:
    """Rounds of all servers in turn; figures are medians, ratios the medians of each round's own."""
    servers = {name: _Server(name, loop) for name in SERVERS}
    loads: dict[tuple[str, int], list[tuple[Load, float]]] = {}
    try:
        for _ in range(rounds):
            for at_once in AT_ONCE:
                for name, server in servers.items():
                    before, _ = server.use()
                    one = load(server.port, at_once, TOTAL[at_once])
                    loads.setdefault((name, at_once), []).append((one, server.use()[0] - before))
        peaks = {name: server.use()[1] / 1024 for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()
    figures: dict[str, object] = {"loop": loop, "rounds": rounds}
    for (name, at_once), found in loads.items():
        figures[f"{name}_{at_once}"] = {
            "sessions_per_second": round(statistics.median(len(one.times) / one.wall for one, _ in found)),
            "p99_ms": round(1000 * statistics.median(_percentile(one.times, 0.99) for one, _ in found), 2),
            "cpu_us": round(1e6 * statistics.median(cpu / TOTAL[at_once] for _, cpu in found)),
            "refused": sum(one.refused for one, _ in found),
        }
    figures["rss_mb"] = {name: round(peak) for name, peak in peaks.items()}
    return figures
