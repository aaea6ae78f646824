"""Where the link to Asterisk is, the legal moves, and how long it waits. Pure."""

import random
from dataclasses import dataclass
from enum import StrEnum


class LinkState(StrEnum):
    """Where the link is; calls may be placed in LIVE only."""

    DOWN = "down"
    CONNECT = "connect"
    LOGIN = "login"
    SYNC = "sync"
    LIVE = "live"


_S = LinkState
MOVES: dict[LinkState, frozenset[LinkState]] = {
    _S.DOWN: frozenset({_S.CONNECT}),
    _S.CONNECT: frozenset({_S.LOGIN, _S.DOWN}),
    _S.LOGIN: frozenset({_S.SYNC, _S.DOWN}),
    _S.SYNC: frozenset({_S.LIVE, _S.DOWN}),
    _S.LIVE: frozenset({_S.DOWN}),
}


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """How long the link waits, in seconds."""

    connect: float = 5.0
    login: float = 5.0
    boot: float = 30.0
    ping_after: float = 10.0
    ping: float = 5.0
    retry_first: float = 0.5
    retry_cap: float = 30.0


def retry_delay(failures: int, times: LinkTimes, jitter: random.Random) -> float:
    """Seconds to wait after so many failures in a row: doubling up to the cap, by chance up to half less."""
    return min(times.retry_cap, times.retry_first * 2.0 ** min(failures, 20)) * jitter.uniform(0.5, 1.0)
