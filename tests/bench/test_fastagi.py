"""`bench fastagi`: its load is what Asterisk does, and what it counts is so; no time is judged here."""

import socket
import threading

import pytest

from bench._agi_load import load
from bench._agi_servers import COMMANDS, SERVERS
from bench.fastagi import TOTAL, _Server, run


@pytest.mark.parametrize("name", SERVERS)
def test_every_session_of_the_load_is_served_whole_by_every_server(name: str) -> None:
    server = _Server(name, "asyncio")
    try:
        found = load(server.port, at_once=20, total=60)
        seconds, megabytes = server.use()
    finally:
        server.stop()
    assert (len(found.times), found.refused) == (60, 0)
    assert seconds > 0
    assert megabytes > 5


def test_a_session_that_ends_early_counts_as_refused() -> None:
    def one_command_each(listener: socket.socket) -> None:
        for _ in range(4):
            line, _ = listener.accept()
            with line:
                line.recv(4096)
                line.sendall(b"NOOP\n")
                line.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=one_command_each, args=(listener,))
        server.start()
        found = load(listener.getsockname()[1], at_once=2, total=4)
        server.join()
    assert COMMANDS > 1
    assert (found.times, found.refused) == ([], 4)


def test_the_figures_are_there_for_all_servers_and_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in TOTAL:
        monkeypatch.setitem(TOTAL, at_once, 20)
    figures = run(rounds=1)
    assert figures["refused"] == {"ours": 0, "panoramisk": 0, "bare": 0}
    for name in ("sessions_per_second", "p99_ms", "cpu_us"):
        table = figures[name]
        assert isinstance(table, dict)
        assert {(peer, *row) for peer, row in table.items()} == {(one, "1", "100", "1000") for one in SERVERS}
    for name in ("ratio_to_panoramisk", "ratio_to_bare"):
        assert isinstance(ratios := figures[name], dict)
        assert all(ratio > 0 for ratio in ratios.values())
