"""Pacers by name, each with its own settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from predictive.contract import Pacer
from predictive.level import LevelPacer
from predictive.pacer import PredictivePacer
from predictive.peers import PEERS
from predictive.settings import Number, Setting, Value, checked

COMMON = (
    Number("target", 0.0, 1.0, 0.03),
    Number("grace", 0.0, 60.0, 2.0),
    Number("ring_timeout", 1.0, 300.0, 27.0),
    Number("day_length", 1.0, 31 * 86400.0, 28800.0),
    Number("seed", float("-inf"), float("inf"), 0, whole=True),
)
"""What every pacer may be told; each takes of it what it uses."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a pacer is made: what it takes of `COMMON`, and its own settings."""

    make: Callable[..., Pacer]
    takes: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()


PACERS: dict[str, Entry] = {
    "progressive": Entry(LevelPacer),
    "ratio": Entry(LevelPacer, (), (Number("level", 1.0, 10.0, 1.5),)),
    "predictive": Entry(PredictivePacer, ("target", "grace", "ring_timeout", "day_length")),
    **{name: Entry(peer, peer.takes, peer.settings) for name, peer in PEERS.items()},
}
"""Ours first, then the peers that are there for comparison."""


def create_pacer(
    name: str,
    *,
    target: float = 0.03,
    grace: float = 2.0,
    ring_timeout: float = 27.0,
    day_length: float = 28800.0,
    seed: int = 0,
    **own: Value,
) -> Pacer:
    """A pacer by its name; `own` are settings of that pacer alone (`ratio`: `level`).

    `target` is a share of live answers; `grace`, `ring_timeout` and `day_length` are seconds. Raises
    ValueError for a name, a setting or a value that there is not.
    """
    entry = PACERS.get(name)
    if entry is None:
        raise ValueError(f"no pacer is called {name!r}; there are {', '.join(PACERS)}")
    given = {
        "target": target,
        "grace": grace,
        "ring_timeout": ring_timeout,
        "day_length": day_length,
        "seed": seed,
    }
    common = checked("a pacer", COMMON, given)
    settings = checked(f"pacer {name!r}", entry.settings, own)
    return entry.make(**{key: common[key] for key in entry.takes}, **settings)
