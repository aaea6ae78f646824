"""The daemon's unix socket: one JSON object a line each way, only for the owner (mode 0600)."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("control")

MAX_LINE = 64 * 1024
Verb = Callable[..., Awaitable[Any]]


class VerbError(Exception):
    """A request that cannot be served: `code` for programs, message and hint for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Control:
    """Serves verbs on a unix socket."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb]) -> None:
        self.path, self.verbs = path, verbs
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left behind by a dead daemon is replaced, one that answers is not.

        Raises `VerbError` where one answers, or where no socket can be made.
        """
        try:
            await self._listen()
        except OSError as error:
            raise VerbError(
                "no_socket",
                f"the socket {self.path} cannot be made: {error.strerror or error}",
                "mend system.socket, or make its folder and let this user write there",
            ) from error

    async def _listen(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            if await _answers(self.path):
                raise VerbError(
                    "already_running",
                    f"another daemon answers on {self.path}",
                    "stop it first: perezvon stop-all, then kill it",
                )
            self.path.unlink()
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self.path), limit=MAX_LINE)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Close the socket and take it away."""
        if self._server is not None:
            self._server.close()
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            log.warning("control_connection_dropped")
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            verb, args = self.verbs[request["verb"]], dict(request.get("args") or {})
        except (ValueError, TypeError, KeyError, AttributeError):
            return _error(
                "bad_request", "not a request of the kind {verb, args}", f"verbs: {', '.join(self.verbs)}"
            )
        try:
            return {"ok": True, "result": await verb(**args)}
        except VerbError as error:
            return _error(error.code, error.message, error.hint)
        except TypeError as error:
            return _error("bad_arguments", str(error), "")
        except Exception:
            log.exception("verb_failed", verb=request["verb"])
            return _error("internal", "the daemon could not do this; its log says why", "")


def _error(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"ok": False, "error": {"code": code, "message": message, "hint": hint}}


async def _answers(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return False
    writer.close()
    return True


def ask(path: Path, verb: str, timeout: float = 30.0, **args: Any) -> Any:
    """Ask a running daemon, from a program without an event loop; VerbError with its words.

    No daemon there is a `VerbError` too, with code `not_running`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        try:
            client.connect(str(path))
            client.sendall(json.dumps({"verb": verb, "args": args}).encode() + b"\n")
            answer = json.loads(client.makefile("rb").readline() or b"null")
        except (OSError, ValueError) as error:
            raise VerbError(
                "not_running", f"no daemon answers on {path} ({error})", "start it: perezvon run"
            ) from error
    if answer is None:
        raise VerbError("not_running", f"the daemon on {path} closed the connection", "look at its log")
    if not answer["ok"]:
        raise VerbError(**answer["error"])
    return answer["result"]
