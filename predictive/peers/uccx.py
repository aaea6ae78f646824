"""Cisco Unified Contact Center Express: lines for each agent, corrected after so many live answers."""

from __future__ import annotations

import math

from predictive.contract import Event, Floor
from predictive.peers.peer import Peer, on_the_way
from predictive.settings import Number


class Uccx(Peer):
    """Keeps so many lines for each ready agent, from 1 to `max_lines`, starting at `lines`.

    After each `correction` live answers the lines are corrected by the share of abandoned calls among
    them. The size of a correction is not published; ours is `gain x (1 - share / target)`, one line at
    most either way.
    """

    takes = ("target",)
    settings = (
        Number("lines", 1.0, 3.0, 1.0),
        Number("max_lines", 1.0, 3.0, 3.0, search=(1.0, 1.1, 1.2, 1.35, 1.5, 2.0, 2.5, 3.0)),
        Number("correction", 10, 1000, 100, whole=True),
        Number("gain", 0.0, 1.0, 1.0, search=(0.1, 0.3, 1.0)),
    )

    def __init__(self, target: float, lines: float, max_lines: float, correction: int, gain: float) -> None:
        self.target = target
        self.max_lines = max_lines
        self.correction = correction
        self.gain = gain
        self.lines = min(lines, max_lines)
        self._live = self._abandoned = 0

    def on_event(self, now: float, event: Event) -> None:
        if event.kind not in ("connect", "abandon"):
            return
        self._live += 1
        self._abandoned += event.kind == "abandon"
        if self._live >= self.correction:
            over = self._abandoned / self._live - self.target
            change = max(-1.0, min(1.0, -over / self.target)) if self.target else -1.0
            self.lines = max(1.0, min(self.max_lines, self.lines + self.gain * change))
            self._live = self._abandoned = 0

    def calls_to_place(self, now: float, floor: Floor) -> int:
        free = max(0, len(floor.ready) - floor.inbound_waiting)
        return max(0, math.floor(self.lines * free + 1e-9) - on_the_way(floor))
