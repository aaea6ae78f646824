"""pyst2's `AGI` with guards: the vocabulary that admins know, without what is wrong with it.

A classic AGI process, started by Asterisk for each call by `AGI(/path/to/script)`:

    from agi.classic import GuardedAGI

    agi = GuardedAGI.of_process()
    agi.stream_file("welcome")

What is wrong with plain pyst2 is shown by `tests/agi/test_pyst2_defects.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIDBError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGIUsageError,
)

from agi.session import HungUp
from agi.wire import BadRequest, Dead, Hangup, Refused, Replies, Reply, command

MOST_BYTES = 65536


class _Quoted(str):
    """An argument that pyst2 quotes: it is sent even when it is empty."""


class GuardedAGI(AGI):  # type: ignore[misc]  # pyst2 has no types
    """`exchange` sends one command's line and gives its reply; it raises `HungUp` and `Refused`."""

    def __init__(self, env: Mapping[str, str], exchange: Callable[[bytes], Reply]) -> None:
        # Not pyst2's own: it takes SIGHUP, which only the main thread may, and writes to stderr.
        self.env = dict(env)
        self._exchange = exchange
        self._got_sighup = False

    @classmethod
    def of_process(cls, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> GuardedAGI:
        """The call of this process; the opening is read at once."""
        source, target = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer
        env: dict[str, str] = {}
        while line := source.readline(MOST_BYTES).decode("utf-8", "replace").strip():
            name, _, value = line.partition(":")
            env[name.strip()] = value.strip()
        return cls(env, _by_streams(source, target))

    def execute(self, command_: str, *args: Any) -> dict[str, tuple[str, str]]:
        """Send a command. What pyst2 leaves unquoted is quoted too, and left out where it is empty."""
        words = [str(word) for word in args if isinstance(word, _Quoted) or str(word)]
        try:
            reply = self._exchange(command(command_.strip(), *words))
        except HungUp:
            raise AGIHangup("the caller hung up") from None
        except Refused as error:
            kind = AGIInvalidCommand if str(error).startswith("510") else AGIUsageError
            raise kind(str(error)) from None
        if reply.data == "hangup" and reply.result == "-1":
            raise AGIResultHangup("the caller hung up")
        if reply.result == "-1":
            raise AGIAppError(f"{command_}: the application failed, or the caller hung up")
        return {"result": (reply.result, reply.data), "endpos": (str(reply.endpos), "")}

    def _quote(self, string: object) -> str:
        return _Quoted(string)

    def get_variable(self, name: str) -> str:
        return self.execute("GET VARIABLE", self._quote(name))["result"][1]

    def get_full_variable(self, name: str, channel: str | None = None) -> str:
        words = [self._quote(name), *([self._quote(channel)] if channel else [])]
        return self.execute("GET FULL VARIABLE", *words)["result"][1]

    def database_get(self, family: str, key: str) -> str:
        found, value = self.execute("DATABASE GET", self._quote(family), self._quote(key))["result"]
        if found != "1":
            raise AGIDBError(f"Key not found in database: family={family}, key={key}")
        return value

    def record_file(self, *args: Any, **kwargs: Any) -> str:
        """The key that ended the recording; "" when its time was over."""
        digit: str = super().record_file(*args, **kwargs)
        return "" if digit == "\0" else digit


def _by_streams(source: BinaryIO, target: BinaryIO) -> Callable[[bytes], Reply]:
    replies = Replies(MOST_BYTES)
    hung_up = False

    def exchange(line: bytes) -> Reply:
        nonlocal hung_up
        if hung_up:
            raise HungUp
        try:
            target.write(line)
            target.flush()
            while data := source.readline(MOST_BYTES):
                for reply in replies.feed(data):
                    if isinstance(reply, (Dead, Hangup)):
                        hung_up = True
                    if isinstance(reply, Reply):
                        return reply
                    if isinstance(reply, Refused):
                        raise reply
                    if isinstance(reply, Dead):
                        raise HungUp
        except (OSError, BadRequest):
            pass
        hung_up = True
        raise HungUp

    return exchange
