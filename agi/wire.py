"""AGI as bytes: the opening block, commands and replies. No I/O.

Asterisk's side is `res/res_agi.c`. Where it is looser than a line protocol should be (a variable's value
may hold line breaks, a usage text spans lines) the parser follows it, so that no reply is ever taken for
another command's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

LINE_BYTES = 2048
"""What every Asterisk we serve reads as one command."""

_REPLY = re.compile(r"200 result=(-?[0-9]*)(?: \((.*)\))?(?: endpos=(-?[0-9]+))?[ \r]*", re.DOTALL)

_USUAL = re.compile(rb"200 result=([0-9]+)(?: \(([^()\n]*)\))?\n")
_HEADER = re.compile(r"^(agi_[a-z0-9_]+): ?(.*)$", re.MULTILINE)
_BREAK = re.compile(r"[\n\r\0]")


class BadRequest(ValueError):
    """What came is no AGI; the message says why."""


class Refused(Exception):
    """Asterisk knows no such command, or not with these arguments."""


class Reply(NamedTuple):
    """`200 result=<result> (<data>) endpos=<endpos>`."""

    result: str
    data: str = ""
    endpos: int = 0


class Dead(NamedTuple):
    """`511`: the channel is gone, and the command is not for the dead."""


class Hangup(NamedTuple):
    """`HANGUP`: the channel went. It answers no command."""


@lru_cache(maxsize=1024)  # all callers hear the same prompts
def command(verb: str, *arguments: str | int) -> bytes:
    """One line; every argument stands in quotes. `ValueError` for what does not fit into one."""
    line = verb
    for argument in arguments:
        text = str(argument)
        if '"' in text or "\\" in text:
            text = text.replace("\\", "\\\\").replace('"', '\\"')
        line += f' "{text}"'
    if _BREAK.search(line):
        raise ValueError(f"{verb}: a line break or NUL in {line!r}")
    data = line.encode() + b"\n"
    if len(data) > LINE_BYTES:
        raise ValueError(f"{verb}: {len(data)} bytes are more than the {LINE_BYTES} of a command")
    return data


class Opening(NamedTuple):
    """What Asterisk says first. The request `agi://host/TOKEN/line/main?group=sales` is taken apart."""

    headers: dict[str, str]
    path: list[str]
    query: dict[str, str]
    arguments: tuple[str, ...]
    """`agi_arg_1` and so on."""


def opening(block: bytes, most: int) -> Opening:
    """The block without its empty line. Raises `BadRequest`, also for more than `most` headers."""
    text = block.decode("utf-8", "replace")
    headers = dict(_HEADER.findall(text))
    if (lines := text.count("\n") + 1) > most:
        raise BadRequest(f"{lines} headers, of at most {most}")
    if len(headers) != lines:
        raise BadRequest("lines that are no AGI headers, or one that comes twice")
    request = headers.get("agi_network_script")
    if request is None:
        raise BadRequest("no agi_network_script")
    path, _, query = request.partition("?")
    parts = path.strip("/").split("/")
    arguments: tuple[str, ...] = ()
    while (argument := headers.get(f"agi_arg_{len(arguments) + 1}")) is not None:
        arguments += (argument,)
    return Opening(
        headers,
        [unquote(part) for part in parts] if "%" in path else parts,
        dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        arguments,
    )


class Replies:
    """Bytes in, replies out, whatever way they are cut. At most `most` bytes of one reply are held."""

    def __init__(self, most: int) -> None:
        self._rest = b""
        self._open: list[str] = []
        self._held = 0
        self._most = most

    def feed(self, data: bytes) -> list[Reply | Dead | Hangup | Refused]:
        """Replies that are complete by now. Raises `BadRequest` for what is none."""
        if not self._rest and not self._open and (match := _USUAL.fullmatch(data)):  # half the work
            return [Reply(match[1].decode(), (match[2] or b"").decode("utf-8", "replace"))]
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        found = []
        for line in lines:
            self._held += len(line)
            if (reply := self._line(line.decode("utf-8", "replace"))) is not None:
                found.append(reply)
                self._held = 0
        if self._held + len(self._rest) > self._most:
            raise BadRequest(f"a reply of more than {self._most} bytes")
        return found

    def _line(self, line: str) -> Reply | Dead | Hangup | Refused | None:
        if self._open:
            return self._further(line)
        if line.startswith("200 result="):
            return self._result(line)
        if line.startswith("520-"):
            self._open = [line]
            return None
        if line == "HANGUP":
            return Hangup()
        if line.startswith("511"):
            return Dead()
        if line.startswith(("510", "520")):
            return Refused(line)
        if line.startswith("100"):
            return None
        raise BadRequest(f"{line[:40]!r} is no AGI reply")

    def _further(self, line: str) -> Reply | Refused | None:
        """A further line of a usage text, or of a value that holds line breaks."""
        self._open.append(line)
        if not self._open[0].startswith("520"):
            return self._result("\n".join(self._open))
        if not line.startswith("520 "):
            return None
        text, self._open = "\n".join(self._open), []
        return Refused(text)

    def _result(self, text: str) -> Reply | None:
        if match := _REPLY.fullmatch(text):
            self._open = []
            return Reply(match[1], match[2] or "", int(match[3] or 0))
        if "(" not in text:
            raise BadRequest(f"{text[:40]!r} is no AGI reply")
        self._open = self._open or [text]
        return None
