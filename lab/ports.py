"""Free ports on the loopback addresses.

Only ports below the kernel's range for outgoing connections are handed out, so that no connection takes
one between the choice and its use. Two runs that start at the same moment choose at random, far apart.
"""

from __future__ import annotations

import secrets
import socket

_FIRST, _LAST = 10000, 20000
_RTP_FIRST, _RTP_LAST = 20000, 32000
_RTP_BLOCK = 1000

_given: set[int] = set()
"""Handed out in this process: what is not bound yet is not free."""


def free_port(kind: socket.SocketKind, address: str = "127.0.0.1") -> int:
    """A port that nobody uses now, never the same twice: `SOCK_DGRAM` for SIP, `SOCK_STREAM` for AMI."""
    for _ in range(200):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if port not in _given and _is_free(kind, address, port):
            _given.add(port)
            return port
    raise OSError(f"no free port on {address} between {_FIRST} and {_LAST}")


def free_rtp_ranges(count: int) -> list[tuple[int, int]]:
    """`count` ranges (first, last) that do not overlap, each good for 250 calls.

    Asterisk tries the next port where one of a range is taken, so only a few are tested.
    """
    starts = list(range(_RTP_FIRST, _RTP_LAST, _RTP_BLOCK))
    secrets.SystemRandom().shuffle(starts)
    tested = range(0, _RTP_BLOCK, 50)
    free = [start for start in starts if all(_is_free(socket.SOCK_DGRAM, "", start + i) for i in tested)]
    if len(free) < count:
        raise OSError(f"no {count} free RTP ranges between {_RTP_FIRST} and {_RTP_LAST}")
    return [(start, start + _RTP_BLOCK - 1) for start in free[:count]]


def _is_free(kind: socket.SocketKind, address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
