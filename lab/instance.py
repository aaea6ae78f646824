"""One running Asterisk in a folder of its own, as the current user."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab.provision import AsteriskBinary

_SUBFOLDERS = ("etc", "lib", "db", "spool", "run", "log")
_SOCKET_PATH_LIMIT = 107  # bytes, of a unix socket's address
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class AsteriskFailed(Exception):
    """Asterisk did not start, or did not answer; the text ends with the tail of its log."""


def directories(binary: AsteriskBinary, folder: Path) -> dict[str, Path]:
    """The `[directories]` of `asterisk.conf` for an instance in `folder`."""
    return {
        "astetcdir": folder / "etc",
        "astmoddir": binary.modules_dir,
        "astvarlibdir": folder / "lib",
        "astdbdir": folder / "db",
        "astkeydir": folder / "lib",
        "astdatadir": binary.data_dir,
        "astagidir": folder / "lib",
        "astspooldir": folder / "spool",
        "astrundir": folder / "run",
        "astlogdir": folder / "log",
        "astsbindir": folder / "run",
    }


class Instance:
    """An Asterisk that lives in `folder` and never outlives this process.

    `files` (name to text) are written to `folder/etc` at once and must hold an `asterisk.conf` whose
    directories are those of `directories`.
    """

    def __init__(self, binary: AsteriskBinary, folder: Path, files: Mapping[str, str]) -> None:
        self.binary = binary
        self.folder = folder.resolve()
        if len(os.fsencode(self.folder / "run/asterisk.ctl")) > _SOCKET_PATH_LIMIT:
            raise AsteriskFailed(f"{self.folder}: too long for Asterisk's socket; choose a shorter path")
        for name in _SUBFOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.folder / "etc" / name).write_text(text, encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def command(self) -> list[str]:
        """The program with its configuration, for this instance's console too."""
        return [*self.binary.command, "-C", str(self.etc / "asterisk.conf")]

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, deadline: float = 60.0) -> None:
        """Start, and wait until fully booted. Raises `AsteriskFailed` after `deadline` seconds."""
        if self.is_running:
            raise RuntimeError(f"the Asterisk in {self.folder} runs already")
        with (self.folder / "log/stdout").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                "-f",
                "-n",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C at the terminal is for the parent, which stops us in order
                preexec_fn=die_with_parent,
            )
        try:
            async with asyncio.timeout(deadline):
                await self._booted(self._process)
        except BaseException as error:
            await self.kill()
            if isinstance(error, TimeoutError):
                raise AsteriskFailed(f"not up after {deadline:g} s; its log:\n{self.log_tail()}") from None
            raise

    async def _booted(self, process: asyncio.subprocess.Process) -> None:
        control = self.folder / "run/asterisk.ctl"
        while process.returncode is None:
            if control.exists() and "fully booted" in await self._ask("core waitfullybooted"):
                return
            await asyncio.sleep(0.05)
        raise AsteriskFailed(f"ended with code {process.returncode}; its log:\n{self.log_tail()}")

    async def console(self, command: str, deadline: float = 20.0) -> str:
        """What the console answers. Raises `AsteriskFailed` where it does not run or does not answer."""
        if not self.is_running:
            raise AsteriskFailed(f"the Asterisk in {self.folder} does not run")
        try:
            async with asyncio.timeout(deadline):
                return await self._ask(command)
        except TimeoutError:
            raise AsteriskFailed(f"no answer to {command!r} within {deadline:g} s") from None

    async def _ask(self, command: str) -> str:
        asked = await asyncio.create_subprocess_exec(
            *self.command,
            "-rx",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            answer, _ = await asked.communicate()
        finally:
            if asked.returncode is None:
                asked.kill()
        return answer.decode(errors="replace")

    async def stop(self) -> None:
        """End in order (calls are hung up); by force after 10 s. Nothing happens where it does not run."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """`kill -9`, as a crash would."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def holds(self, path: Path) -> bool:
        """Whether it has the file open, as long as it records."""
        if self._process is None or not self.is_running:
            return False
        for descriptor in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with suppress(OSError):  # closed in this moment
                if descriptor.readlink() == path:
                    return True
        return False

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of `log/full`, or of the standard output where there is no log yet."""
        for name in ("full", "stdout"):
            path = self.folder / "log" / name
            if path.is_file() and (text := path.read_text(errors="replace").strip()):
                return "\n".join(text.splitlines()[-lines:])
        return "(no log)"


def die_with_parent() -> None:
    """In the child, before the program: the kernel kills it when our process ends, however it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
