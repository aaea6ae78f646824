"""AudioSocket, Asterisk's way to hand a call's sound to a program: messages as bytes. Pure.

A message is a kind (1 byte), a length (2 bytes, big-endian) and so many bytes. Asterisk begins with an
id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

LONGEST = 8192
"""Bytes that a message may carry: 20 ms at the highest of Asterisk's rates are 7680."""

_HANGUP, _ID, _KEY, _SOUND, _ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
RATES = {
    0x10: 8000, 0x11: 12000, 0x12: 16000, 0x13: 24000, 0x14: 32000, 0x15: 44100, 0x16: 48000, 0x17: 96000,
    0x18: 192000,
}  # fmt: skip
"""Samples a second, by the kind of message."""

HANGUP = bytes((_HANGUP, 0, 0))
"""What ends the connection: Asterisk goes on in the dialplan."""


class BadMessage(ValueError):
    """What came is no AudioSocket: the connection is of no further use."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whose sound this is."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Sound:
    """16-bit signed little-endian samples, `rate` a second."""

    rate: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Hangup:
    """The caller is gone."""


@dataclass(frozen=True, slots=True)
class Error:
    """Asterisk says that it failed; its code, 0 where it gives none."""

    code: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind that is not known here: a newer Asterisk's, to be passed over."""

    kind: int


Message = Named | Key | Sound | Hangup | Error | Unknown


class Messages:
    """Bytes as they come to whole messages; a half one waits for its rest."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def rest(self) -> int:
        """Bytes of a message that has not come whole."""
        return len(self._rest)

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole now. Raises `BadMessage`, after those before it."""
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        try:
            while end - at >= 3:
                length = data[at + 1] << 8 | data[at + 2]
                if length > LONGEST:
                    raise BadMessage(f"a message of {length} bytes; {LONGEST} are the most")
                if end - at < 3 + length:
                    break
                start, at = at, at + 3 + length
                yield _message(data[start], data[start + 3 : at])
        finally:
            self._rest = data[at:]


def sound(samples: bytes) -> bytes:
    """A message to Asterisk with sound of 8000 samples a second."""
    return bytes((_SOUND, *len(samples).to_bytes(2, "big"))) + samples


def _message(kind: int, payload: bytes) -> Message:
    if (rate := RATES.get(kind)) is not None:
        if len(payload) % 2:
            raise BadMessage(f"sound of {len(payload)} bytes; a sample has two")
        return Sound(rate, payload)
    if kind == _HANGUP:
        return Hangup()
    if kind == _ID:
        if len(payload) != 16:
            raise BadMessage(f"an id of {len(payload)} bytes; it has 16")
        return Named(UUID(bytes=payload))
    if kind == _KEY:
        if len(payload) != 1 or chr(payload[0]) not in "0123456789*#ABCD":
            raise BadMessage("a key that no telephone has")
        return Key(chr(payload[0]))
    if kind == _ERROR:
        return Error(payload[0] if payload else 0)
    return Unknown(kind)
