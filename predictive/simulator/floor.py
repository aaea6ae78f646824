"""The floor that the engine shows to a pacer: one object, kept up to date in place."""

from __future__ import annotations


class SimulatedFloor:
    """`predictive.Floor`; the mappings go from id to start time and are live: do not keep them."""

    __slots__ = (
        "allowance",
        "free_lines",
        "inbound_waiting",
        "not_ready",
        "ready",
        "ringing",
        "screening",
        "talking",
        "waiting",
        "wrapping",
    )

    def __init__(self) -> None:
        self.ready: dict[str, float] = {}
        """Longest ready first: agents are added as they become ready."""
        self.talking: dict[str, float] = {}
        self.wrapping: dict[str, float] = {}
        self.not_ready: dict[str, float] = {}
        self.ringing: dict[str, float] = {}
        self.screening: dict[str, float] = {}
        self.waiting: dict[str, float] = {}
        self.inbound_waiting = 0
        self.free_lines = 0
        self.allowance = 0
