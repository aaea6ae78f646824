"""Where each campaign stands with its law: the store's ledger, and what happened since it was read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from zoneinfo import ZoneInfo

from ami_daemon.board import Board
from ami_daemon.call import Call, CallState
from config.models import Mode, Site
from leads.lead import LIVE, Outcome
from predictive.ledger import NO_ERRORS, Counts, Screening, Standing, standing, window_start
from predictive.screening import NO_MARKS, Marks, errors, is_screened
from store import Store

READ_EVERY = 60.0
"""Seconds between two readings of the ledger, at least: in between what happens is counted as it is heard."""
SHARE_OF_TIME = 0.01
"""A long window over millions of attempts takes a while to count: never more than this share of the time."""


class Budgets:
    """The abandonment budget of every campaign that dials by itself, exact at every moment.

    Counted are the calls that ended in the law's window, by the journal, so that a restart changes nothing;
    those that have ended since it was last read; and of those under way the ones that are decided: who talks
    to an agent, and who hears the message.
    """

    def __init__(self, site: Site, board: Board, store: Store, *, clock: Callable[[], float]) -> None:
        self._site, self._board, self._store, self._clock = site, board, store, clock
        self._names = [name for name, c in site.campaigns.items() if c.mode not in (Mode.PREVIEW, Mode.ROBOT)]
        self._read: dict[str, Counts] = {}
        self._since: dict[str, dict[str, str]] = {name: {} for name in self._names}
        """What each call is to the law that ended and may not be in the counts read, by attempt."""
        self.marks: dict[str, Marks] = {}
        """What agents said of the calls of screened campaigns, in the law's window."""

    async def run(self) -> None:
        """Read the ledger again and again until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self.read()
            took = loop.time() - began
            await asyncio.sleep(max(READ_EVERY, took / SHARE_OF_TIME))

    async def read(self) -> None:
        """Take every campaign's counts from the store; calls that the journal has not written yet stay."""
        ledger = self._store.ledger
        for name in self._names:
            since, law = self._since[name], self._site.campaigns[name].rules
            written = await ledger.written(list(since)) if since else set()
            start = window_start(law.window, self._clock(), self.zone(name))
            # What is written meanwhile must not be counted twice.
            self._read[name] = await ledger.counts(name, law, start, since.keys() - written)
            for attempt in written:
                del since[attempt]
            if is_screened(self._read[name], self._site.campaigns[name].screened):
                self.marks[name] = await ledger.marks(name, start)

    def zone(self, name: str) -> ZoneInfo:
        """Where the campaign's days and months begin."""
        return ZoneInfo(self._site.campaigns[name].timezone or self._site.system.timezone)

    def count(self, call: Call, outcome: Outcome, at: float) -> None:
        """A call ended."""
        if call.campaign in self._since and (outcome in LIVE or outcome is Outcome.MACHINE):
            self._since[call.campaign][call.attempt] = self._verdict(call, outcome, at)

    def standing(self, name: str) -> Standing:
        """The campaign's rate and budget now: persons hung up on as machines count as abandoned."""
        law, counts = self._site.campaigns[name].rules, self._counts(name)
        return standing(counts, law.of, law.limit, self._errors(name, counts) or NO_ERRORS)

    def screening(self, name: str) -> Screening | None:
        """How often the campaign's screen errs, as estimated; `None` where nothing was screened."""
        return self._errors(name, self._counts(name))

    def _errors(self, name: str, counts: Counts) -> Screening | None:
        if not is_screened(counts, self._site.campaigns[name].screened):
            return None
        return errors(counts, self.marks.get(name, NO_MARKS))

    def _counts(self, name: str) -> Counts:
        read = self._read.get(name, Counts())
        new = Counter(self._since[name].values())
        for call in self._board.calls.values():
            if call.campaign == name and call.state is CallState.MESSAGE:
                new["abandoned"] += 1
            elif call.campaign == name and call.state is CallState.TALKING:
                new[self._verdict(call, Outcome.TALKED, self._clock())] += 1
        return Counts(
            abandoned=read.abandoned + new["abandoned"],
            late=read.late + new["late"],
            connected=read.connected + new["connected"],
            left=read.left + new["left"],
            machines=read.machines + new["machine"],
        )

    def _verdict(self, call: Call, outcome: Outcome, at: float) -> str:
        """What the call is to the law, as the ledger has it once it is written."""
        if outcome in (Outcome.ABANDONED, Outcome.MACHINE):
            return str(outcome)
        left = outcome is Outcome.HUNG_UP_BEFORE_TALK
        reached = at if left else call.connected_at
        law = self._site.campaigns[call.campaign].rules
        if law.connect is not None and (reached or at) - (call.counted_from(law) or at) > law.connect:
            return "late"
        return "left" if left else "connected"
