"""The books of inbound calls after a start or a lost link: what came and went while nobody looked.

Asterisk's CEL tells it. A call that it proves nothing of is in doubt; none stays open for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from ami_daemon.board import Board
from ami_daemon.caller import IN_CONTEXT, Caller, follow, rings_of
from ami_daemon.cel import CelRecord, read_calls
from ami_daemon.journal import Journal
from ami_daemon.snapshot import Snapshot
from config.models import Site
from dialplan.render import inbound
from leads.inbound import InboundCall
from store import Store

log = structlog.get_logger("books")

PROOF_SECONDS = 3.0
"""How long to wait for CEL to be written before a call that is gone is in doubt."""

OVERLAP = 3600.0
"""Seconds before the latest call in the books from which CEL is read again: a call may be written late."""

LOOK_BACK = 7 * 86400.0
"""Seconds of CEL that are read at most: nobody is called back for what is older."""


class Books:
    """Completes the books from CEL."""

    def __init__(
        self, site: Site, store: Store, board: Board, journal: Journal, *, clock: Callable[[], float]
    ) -> None:
        self._site, self._store, self._board, self._journal = site, store, board, journal
        self._clock = clock
        self._lines = {
            (IN_CONTEXT + trunk, number): line
            for trunk in site.trunks
            for number, line in inbound(site, trunk).items()
        }

    async def sync(self, snapshot: Snapshot) -> None:
        """Write the calls that are not in the books, end those that are gone, and show those that are not."""
        alive = {channel.uniqueid for channel in snapshot.channels}
        deadline = self._clock() + PROOF_SECONDS
        latest = await self._store.inbound.last_arrival() or 0.0
        since = max(latest - OVERLAP, self._clock() - LOOK_BACK)
        while True:
            found = await self._read(since)
            await self._complete(found)
            gone = [call for call in await self._left_open(snapshot) if call.id not in alive]
            if not gone or self._clock() >= deadline:
                break
            await asyncio.sleep(0.3)  # CEL is written by a thread of its own, a moment after the fact
        for call in gone:
            await self._give_up(call, snapshot)
        for channel in alive & found.keys():
            if (caller := self._follow(found[channel])) is not None:
                kept = await self._store.inbound.get(channel)
                caller.caller_class = str(kept.caller_class) if kept else caller.caller_class
                self._board.adopt(caller)

    async def _read(self, since: float) -> Mapping[str, list[CelRecord]]:
        log_dir = Path(self._site.system.asterisk.log_dir)
        ours = (self._board.prefix, self._board.preview_prefix)
        return await asyncio.to_thread(read_calls, log_dir, since, ours)

    async def _left_open(self, snapshot: Snapshot) -> list[InboundCall]:
        return [c for c in await self._store.inbound.open_calls() if c.arrived_at < snapshot.at]

    async def _complete(self, found: Mapping[str, list[CelRecord]]) -> None:
        """Oldest first, so that a talk closes the task that an earlier missed call made."""
        known = await self._store.inbound.ended(found.keys())
        for records in sorted(found.values(), key=lambda records: records[0].at):
            if records[0].linkedid in known or (caller := self._follow(records)) is None:
                continue
            before = await self._store.inbound.get(caller.channel)
            await self._journal.write_caller(caller, before)
            if caller.ended_at is None:
                continue
            await self._journal.end_caller(caller.channel, caller.ended_at, "found in CEL after a restart")
            if before is None:
                for ring in rings_of(records, caller):
                    await self._journal.write_ring(caller.channel, ring)
            log.info("completed", call=caller.channel, line=caller.line)

    def _follow(self, records: list[CelRecord]) -> Caller | None:
        return follow(records, lambda context, number: self._lines.get((context, number)))

    async def _give_up(self, call: InboundCall, snapshot: Snapshot) -> None:
        died = snapshot.started_at + 1.0 > call.arrived_at
        note = "Asterisk died during the call" if died else "the channel is gone, nothing proves how it ended"
        await self._journal.end_caller(call.id, self._clock(), note, in_doubt=not died)
        log.warning("given_up", call=call.id, line=call.line, why=note)
