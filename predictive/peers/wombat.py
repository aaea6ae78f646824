"""WombatDialer: a boost on the agents who are available."""

from __future__ import annotations

import math

from predictive.contract import Floor
from predictive.peers.peer import Peer, on_the_way
from predictive.settings import Number


class Wombat(Peer):
    """Keeps `boost` calls for each ready agent on their way, rounded down (7 agents, boost 1.3: 9 calls).

    It stops while more than `max_waiting` calls wait. How its predictive models move the boost by
    themselves is not published; the boost stays as set.
    """

    settings = (
        Number(
            "boost", 0.1, 20.0, 1.0, search=(1.15, 1.3, 1.5, 1.75, *(n / 2 for n in range(4, 13)), 8.0, 10.0)
        ),
        Number("max_waiting", 0, 1000, 2, whole=True),
    )

    def __init__(self, boost: float, max_waiting: int) -> None:
        self.boost = boost
        self.max_waiting = max_waiting

    def calls_to_place(self, now: float, floor: Floor) -> int:
        if len(floor.waiting) + floor.inbound_waiting > self.max_waiting:
            return 0
        calls = math.floor(self.boost * len(floor.ready) + 1e-9)
        return max(0, calls - on_the_way(floor))
