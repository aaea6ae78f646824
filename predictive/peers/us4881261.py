"""US patent 4,881,261 (1988, expired): calls in progress below a number K."""

from __future__ import annotations

import math

from predictive.contract import Event, Floor
from predictive.peers.measures import Every, Recent
from predictive.peers.peer import Peer, on_the_way
from predictive.settings import Number

WINDOW = 300.0
SET_UP_AT_FIRST = 10.0


class Us4881261(Peer):
    """Starts a call while fewer than `K = QMAX + M` are in progress, conversations included, for M agents.

    Calls in set-up are taken as Poisson with mean R x S: R connects a second to agents (ours: of the last
    5 minutes), S the mean set-up time (ours: of the last 100 answers or so). What QMAX leaves beyond
    them waits in the queue; QMAX is lowered until the mean delay, mean queue by R, is `dmax` seconds.
    """

    settings = (
        Number("dmax", 0.0, 600.0, 2.0, search=(0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)),
    )

    def __init__(self, dmax: float) -> None:
        self.dmax = dmax
        self._connects = Recent(WINDOW)
        self._since: float | None = None
        self._set_up = SET_UP_AT_FIRST
        self._second = Every(1.0)
        self._qmax = 0

    def on_event(self, now: float, event: Event) -> None:
        if self._since is None or now < self._since:
            self._since = now
        if event.kind == "connect":
            self._connects.add(now)
        elif event.kind == "answer":
            self._set_up += (event.seconds - self._set_up) / 100

    def calls_to_place(self, now: float, floor: Floor) -> int:
        if self._since is None or now < self._since:
            self._since = now
        if self._second.due(now):
            seen = max(60.0, min(WINDOW, now - self._since))
            self._qmax = longest_queue(self._connects.total(now) / seen, self._set_up, self.dmax)
        agents = len(floor.ready) + len(floor.talking) + len(floor.wrapping)
        return max(0, self._qmax + agents - on_the_way(floor) - len(floor.talking))


def longest_queue(rate: float, set_up: float, dmax: float) -> int:
    """The largest QMAX whose mean queue, over what is in set-up, is at most `dmax x rate`.

    The mean of max(0, QMAX - n), n Poisson with mean `rate x set_up`, grows by P(n <= QMAX) from each
    QMAX to the next.
    """
    if rate <= 0:
        return 0
    mean = min(700.0, max(0.0, rate * set_up))  # beyond 745 the first term would be 0, and all after it
    term = below = math.exp(-mean)
    queue, longest = below, 0
    while queue <= dmax * rate:
        longest += 1
        term *= mean / longest
        below += term
        queue += below
    return longest
