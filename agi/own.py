"""An admin's own scripts: plain files in the site's folder, in pyst2's verbs, one thread per call."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import linecache
import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from asterisk.agi import AGIHangup

from agi.classic import GuardedAGI
from agi.server import Request
from agi.session import HungUp, Place
from agi.wire import Reply

log = structlog.get_logger("own")

SECONDS = 900.0
"""That one call may stay in a script."""
THREADS = 20
"""Calls in own scripts at one time."""
LONGEST_COMMAND = 600.0


class OwnScriptError(Exception):
    """The script cannot be used; the message says why, with file and line."""


class OwnAGI(GuardedAGI):
    """pyst2's verbs on a call of the daemon's, and `go`."""

    def __init__(
        self, request: Request, exchange: Callable[[bytes], Reply], places: Mapping[Place, Collection[str]]
    ) -> None:
        super().__init__(request.opening.headers, exchange)
        self.query = request.opening.query
        """What the dialplan says of the call: `line`."""
        self._places = places

    def go(self, place: str, name: str) -> None:
        """When the script ends, the caller goes on there: `go("group", "sales")`, `go("line", "main")`.

        `ValueError` for what the site does not have.
        """
        context = Place.__members__.get(place.upper())
        if context is None or name not in self._places.get(context, ()):
            raise ValueError(f"the site has no {place} {name!r} to send a caller to")
        self.execute("EXEC Goto", f"{context},{name},1")


class OwnScripts:
    """The scripts of a folder, read anew whenever a file changed; the endpoint of `/TOKEN/own/NAME`."""

    def __init__(
        self,
        folder: Path,
        places: Mapping[Place, Collection[str]],
        *,
        threads: int = THREADS,
        seconds: float = SECONDS,
    ) -> None:
        self._folder, self._places, self._seconds = folder, places, seconds
        self._free = threads
        self._loaded: dict[str, tuple[tuple[int, int], Callable[[OwnAGI], Any]]] = {}
        self._loading = threading.Lock()

    async def serve(self, request: Request) -> None:
        """Run the script that the request names. Whatever goes wrong, the dialplan goes on."""
        name = request.opening.path[2] if len(request.opening.path) == 3 else ""
        if not self._free:
            log.error("own_script_refused", own=name, why="too many calls are in own scripts")
            return
        self._free -= 1
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        context = structlog.contextvars.get_contextvars()

        def end(failed: bool) -> None:
            self._free += 1
            request.app.failed += failed
            ended.set()

        def work() -> None:
            failed = True
            structlog.contextvars.bind_contextvars(**context)
            try:
                failed = self._run(name, OwnAGI(request, self._exchange(loop, request), self._places))
            finally:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the daemon is gone
                    loop.call_soon_threadsafe(end, failed)

        threading.Thread(target=work, name=f"own {name}", daemon=True).start()
        try:
            async with asyncio.timeout(self._seconds):
                await ended.wait()
        except TimeoutError:
            log.error("own_script_out_of_time", own=name, seconds=self._seconds)

    @staticmethod
    def _exchange(loop: asyncio.AbstractEventLoop, request: Request) -> Callable[[bytes], Reply]:
        async def ask(line: bytes) -> Reply:
            return await request.connection.exchange(line, LONGEST_COMMAND)

        def exchange(line: bytes) -> Reply:
            if loop.is_closed():  # the thread outlived the daemon
                raise HungUp
            try:
                return asyncio.run_coroutine_threadsafe(ask(line), loop).result()
            except CancelledError:
                raise HungUp from None

        return exchange

    def _run(self, name: str, agi: OwnAGI) -> bool:
        """In the thread: one call, start to end; whether it failed."""
        try:
            self._load(name)(agi)
        except AGIHangup:
            log.debug("caller_hung_up")
        except SystemExit:
            pass  # sys.exit() is how a classic script ends
        except OwnScriptError as error:
            log.error("own_script_failed", own=name, why=str(error))
            return True
        except BaseException as error:  # whatever an admin's file raises
            why = f"{type(error).__name__}: {error}"
            log.error("own_script_failed", own=name, why=why, at=self._at(error))
            return True
        return False

    def _at(self, error: BaseException) -> str:
        """File and line of the innermost frame that is the admin's."""
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(str(self._folder))
        ]
        return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""

    def _load(self, name: str) -> Callable[[OwnAGI], Any]:
        with self._loading:
            path = self._folder / f"{name}.py"
            if name not in own_scripts(self._folder):
                raise OwnScriptError(f"there is no {path}")
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            known = self._loaded.get(name)
            if known is None or known[0] != version:
                known = self._loaded[name] = (version, _read(path))
            return known[1]


def own_scripts(folder: Path) -> list[str]:
    """Names of the scripts that a site has."""
    return sorted(path.stem for path in folder.glob("*.py") if path.is_file())


def _read(path: Path) -> Callable[[OwnAGI], Any]:
    """The script's function. Raises `OwnScriptError`, and what the file itself raises."""
    linecache.checkcache(str(path))
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except (SyntaxError, ValueError) as error:
        raise OwnScriptError(f"{path}:{getattr(error, 'lineno', 1)}: {error}") from None
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    exec(code, module.__dict__)  # noqa: S102 - the admin's own file
    for name in ("run", "main"):
        function = getattr(module, name, None)
        if callable(function):
            if inspect.iscoroutinefunction(function):
                raise OwnScriptError(f"{path}: {name} is async; own scripts are plain functions")
            found: Callable[[OwnAGI], Any] = function
            return found
    raise OwnScriptError(f"{path}: it has no function run(agi) or main(agi)")
