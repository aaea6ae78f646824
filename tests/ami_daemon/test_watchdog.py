"""systemd hears of a loop that turns, and of nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from ami_daemon.watchdog import keep_alive


@pytest.mark.parametrize("abstract", [False, True])
async def test_a_loop_that_turns_is_told_again_and_again(tmp_path: Path, abstract: bool) -> None:
    name = f"@perezvon-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:] if abstract else name)
        systemd.setblocking(False)
        telling = asyncio.create_task(keep_alive({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000"}))
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            assert [await loop.sock_recv(systemd, 100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "/run/notify"},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "no"},
    ],
)
async def test_without_systemds_wish_nothing_is_told(environment: dict[str, str]) -> None:
    telling = asyncio.create_task(keep_alive(environment))
    done, _ = await asyncio.wait([telling], timeout=10)
    assert done and telling.exception() is None


async def test_a_socket_that_is_gone_does_not_end_it(tmp_path: Path) -> None:
    gone = {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "2000"}
    telling = asyncio.create_task(keep_alive(gone))
    done, _ = await asyncio.wait([telling], timeout=0.05)
    assert not done
    telling.cancel()
