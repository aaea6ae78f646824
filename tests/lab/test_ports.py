"""Free ports."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest

from lab import ports
from lab.ports import free_port, free_rtp_ranges


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_free_port_can_be_bound(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", free_port(kind)))


def test_a_taken_port_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind(("127.0.0.1", free_port(socket.SOCK_STREAM)))
        taken = sock.getsockname()[1]
        monkeypatch.setattr("lab.ports.secrets.randbelow", lambda _: taken - ports._FIRST)
        monkeypatch.setattr(ports, "_given", set())
        with pytest.raises(OSError, match="no free port"):
            free_port(socket.SOCK_STREAM)


def test_a_port_that_is_handed_out_and_not_bound_yet_is_not_handed_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = free_port(socket.SOCK_STREAM)
    drawn = iter([first, first, first + 1, first + 2])
    monkeypatch.setattr("lab.ports.secrets.randbelow", lambda _: next(drawn) - ports._FIRST)
    assert free_port(socket.SOCK_STREAM) != first


def test_rtp_ranges_do_not_overlap() -> None:
    ranges = sorted(free_rtp_ranges(4))
    assert len(ranges) == 4
    assert all(first[1] < second[0] for first, second in pairwise(ranges))
