"""Pacers by name."""

from __future__ import annotations

from predictive.contract import Pacer
from predictive.level import LevelPacer

NAMES = ("progressive", "ratio")


def create_pacer(
    name: str,
    *,
    target: float = 0.03,
    grace: float = 2.0,
    ring_timeout: float = 27.0,
    day_length: float = 28800.0,
    seed: int = 0,
    **own: float,
) -> Pacer:
    """A pacer by its name; `own` are settings of that pacer alone (`ratio`: `level`).

    The named arguments are the contract's; the simple pacers need none of them.
    """
    settings = {"progressive": (), "ratio": ("level",)}.get(name)
    if settings is None:
        raise ValueError(f"no pacer is called {name!r}; there are {', '.join(NAMES)}")
    if unknown := set(own) - set(settings):
        raise ValueError(f"pacer {name!r} has no setting {', '.join(sorted(unknown))}")
    return LevelPacer(own.get("level", 1.5)) if name == "ratio" else LevelPacer(1.0)
