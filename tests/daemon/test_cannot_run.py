"""Where the daemon cannot run: a plain message, an exit code, no traceback, and nothing dialed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lab.ports import free_port
from tests.daemon.centre import Centre, until
from tests.daemon.site import SPRING, edit

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True)
class End:
    """How a `perezvon run` ended."""

    code: int
    text: str


def site_with(centre: Centre, folder: Path, **system: Any) -> Path:
    """A copy of the site with other settings; database, socket and port are its own unless given."""
    folder.mkdir()
    shutil.copytree(centre.pair.site_folder, folder / "site")
    own = {
        "database": f"sqlite+aiosqlite:///{folder / 'perezvon.db'}",
        "socket": str(folder / "daemon.sock"),
        "agi_port": free_port(socket.SOCK_STREAM),
        "ear_port": free_port(socket.SOCK_STREAM),
        "api_port": free_port(socket.SOCK_STREAM),
    }
    edit(folder / "site/system.yaml", **{**own, **system})
    return folder / "site"


async def run(site: Path, connect_within: int = 20) -> End:
    """Run a daemon that cannot run."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "run", "--site", str(site), "--connect-within", str(connect_within),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    return End(process.returncode or 0, output.decode())


def lock(database: Path) -> sqlite3.Connection:
    """A program that writes into the database and does not come to an end."""
    connection = sqlite3.connect(database, check_same_thread=False)
    connection.execute("begin immediate")
    return connection


async def locked(site: Path, database: Path) -> End:
    sqlite3.connect(database).close()
    holder = lock(database)
    try:
        return await run(site)
    finally:
        holder.close()


async def locked_later(site: Path, control: Path, database: Path) -> End:
    """Its lease, renewed every 5 s, cannot be written for 10 s: that is the end."""
    running = asyncio.create_task(run(site))
    await until(lambda: control.exists() or running.done(), "the daemon is up", 40.0)
    holder = lock(database)
    await asyncio.wait({running}, timeout=18)
    holder.close()  # that the lease can be given back
    return await running


CASES = {
    "Asterisk does not answer": (4, "no Asterisk answers on 127.0.0.1"),
    "a wrong secret": (4, "Asterisk refuses the login of perezvon_dialer"),
    "a second dialer": (4, "another dialer"),
    "a second dialer on the same Asterisk": (4, "another program is logged in to Asterisk"),
    "a socket that is taken": (1, "another daemon answers on"),
    "no folder for the database": (1, "there is no folder"),
    "a folder in the database's place": (1, "cannot be opened"),
    "no database in the file": (1, "not a database"),
    "a locked database": (1, "locked"),
    "a database that is locked later": (1, "locked"),
    "an unwritable database": (1, "let this user write"),
}
BESIDE_ANOTHER = ("a second dialer", "a second dialer on the same Asterisk", "a socket that is taken")
ALONE = (
    "Asterisk does not answer",
    "a wrong secret",
    "no folder for the database",
    "a folder in the database's place",
    "no database in the file",
)
BRIEF = ("Asterisk does not answer", "a second dialer on the same Asterisk")
"""Those that wait for Asterisk until they give up."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ends(running: Centre, tmp_path_factory: pytest.TempPathFactory) -> dict[str, End]:
    """All cases, those that may at once; a second dialer beside one that runs well."""
    await running.begin()
    await running.leads(SPRING, [await running.person()])
    folder = tmp_path_factory.mktemp("cannot")
    sites: dict[str, Path] = {}
    for index, (name, system) in enumerate(_systems(running, folder).items()):
        sites[name] = site_with(running, folder / str(index), **system)
    secret = sites["a wrong secret"] / "secrets/ami"
    secret.chmod(0o600)
    secret.write_text("not-this-one-not-this-one-1234\n")
    (folder / "garbage.db").write_text("not a database " * 100)
    later = sites["a database that is locked later"].parent

    async def work(name: str) -> tuple[str, End]:
        return name, await run(sites[name], 4 if name in BRIEF else 20)

    found = dict(await asyncio.gather(*map(work, BESIDE_ANOTHER)))
    assert (await running.ask("status"))["link"] == "live", "the good daemon is not disturbed"
    assert await running.daemon.stop() == 0  # Asterisk lets one program in as perezvon_dialer
    alone = asyncio.gather(*map(work, ALONE))
    held = asyncio.create_task(
        locked(sites["a locked database"], sites["a locked database"].parent / "perezvon.db")
    )
    found |= dict(await alone)
    found["a database that is locked later"] = await locked_later(
        sites["a database that is locked later"], later / "daemon.sock", later / "perezvon.db"
    )
    found["a locked database"] = await held
    await running.begin()
    assert await running.store.attempts.open_attempts() == []
    await running.clean()
    return found


def _systems(centre: Centre, folder: Path) -> dict[str, dict[str, Any]]:
    url = "sqlite+aiosqlite:///{}"
    ami = {"host": "127.0.0.1", "port": centre.pair.site.system.ami.port, "secret": "${file:secrets/ami}"}
    return {
        "Asterisk does not answer": {"ami": {**ami, "port": free_port(socket.SOCK_STREAM)}},
        "a wrong secret": {},
        "a second dialer": {"database": url.format(centre.database)},
        "a second dialer on the same Asterisk": {},
        "a socket that is taken": {"socket": str(centre.daemon.socket)},
        "no folder for the database": {"database": url.format(folder / "nowhere/perezvon.db")},
        "a folder in the database's place": {"database": url.format(folder)},
        "no database in the file": {"database": url.format(folder / "garbage.db")},
        "a locked database": {},
        "a database that is locked later": {},
    }


@pytest.mark.parametrize("name", [name for name in CASES if name != "an unwritable database"])
async def test_it_says_so_plainly_and_ends(ends: dict[str, End], name: str) -> None:
    code, words = CASES[name]
    assert ends[name].code == code, ends[name].text
    assert words in ends[name].text
    assert "Traceback" not in ends[name].text
    errors = [line for line in ends[name].text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, ends[name].text
    assert "not-this-one" not in ends[name].text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
async def test_an_unwritable_database_is_said_plainly(centre: Centre, tmp_path: Path) -> None:
    site = site_with(centre, tmp_path / "own")
    database = tmp_path / "own/perezvon.db"
    database.touch(0o400)
    end = await run(site)
    assert end.code == 1
    assert CASES["an unwritable database"][1] in end.text
    assert "Traceback" not in end.text
