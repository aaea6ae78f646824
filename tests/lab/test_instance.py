"""One real Asterisk: start, crash, restart, and its end with its parent."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from dialplan.base import render_base
from lab.instance import AsteriskFailed, Instance, directories
from lab.provision import AsteriskBinary

pytestmark = pytest.mark.asterisk


def instance(binary: AsteriskBinary, folder: Path) -> Instance:
    return Instance(binary, folder, render_base(directories(binary, folder), system_name="alone"))


async def test_it_starts_answers_is_killed_and_starts_again(
    asterisk_binary: AsteriskBinary, tmp_path: Path
) -> None:
    asterisk = instance(asterisk_binary, tmp_path)
    await asterisk.start()
    assert asterisk_binary.version_text in await asterisk.console("core show version")
    await asterisk.kill()
    assert not asterisk.is_running
    with pytest.raises(AsteriskFailed, match="does not run"):
        await asterisk.console("core show version")
    await asterisk.start()
    await asterisk.restart()
    assert "alone" in await asterisk.console("core show settings")
    await asterisk.stop()
    assert not asterisk.is_running


async def test_one_that_cannot_start_says_why(asterisk_binary: AsteriskBinary, tmp_path: Path) -> None:
    asterisk = instance(asterisk_binary, tmp_path)
    (asterisk.etc / "modules.conf").write_text("[modules]\nrequire = no_such_module.so\n")
    with pytest.raises(AsteriskFailed, match="no_such_module"):
        await asterisk.start()
    assert not asterisk.is_running


def test_a_path_too_long_for_its_socket_is_refused(asterisk_binary: AsteriskBinary, tmp_path: Path) -> None:
    with pytest.raises(AsteriskFailed, match="choose a shorter path"):
        instance(asterisk_binary, tmp_path / ("x" * 100))


async def test_it_does_not_outlive_a_killed_parent(asterisk_binary: AsteriskBinary, tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(
        "import asyncio, os, pathlib, signal, sys\n"
        "from lab.provision import default_cache, ensure_asterisk\n"
        "from tests.lab.test_instance import instance\n"
        "async def main():\n"
        "    asterisk = instance(ensure_asterisk(default_cache(), print), pathlib.Path(sys.argv[1]))\n"
        "    await asterisk.start()\n"
        "    print(asterisk._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        str(tmp_path / "parent.py"),
        str(tmp_path / "a"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    said, _ = await parent.communicate()
    child = Path("/proc") / said.decode().split()[-1]
    async with asyncio.timeout(5):
        while child.exists() and "Z" not in (child / "stat").read_text().rpartition(")")[2].split()[0]:
            await asyncio.sleep(0.01)
