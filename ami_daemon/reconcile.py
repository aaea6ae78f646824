"""After a start or a lost link: what became of every open attempt, before anything is dialed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import structlog

from ami_daemon.board import Board
from ami_daemon.books import Books
from ami_daemon.call import Call
from ami_daemon.cel import Cel, read_cel
from ami_daemon.changes import Change
from ami_daemon.dialer import call_of
from ami_daemon.journal import Journal
from ami_daemon.link import AmiLink, LinkError
from ami_daemon.picture import UP
from ami_daemon.recovery import Fate, Verdict, follow, in_doubt, judge
from ami_daemon.snapshot import Snapshot, take
from config.models import Mode, Site
from leads.lead import Outcome
from leads.orders import plans
from leads.rules import saying
from store import Store

log = structlog.get_logger("reconcile")

PROOF_SECONDS = 3.0
"""How long to wait for CEL to be written before an attempt is in doubt."""


class Reconcile:
    """Makes the board agree with Asterisk, and settles what has no channel any more."""

    def __init__(
        self,
        site: Site,
        store: Store,
        epoch: int,
        board: Board,
        journal: Journal,
        link: AmiLink,
        *,
        clock: Callable[[], float],
        apply: Callable[[Iterable[Change]], None],
        settled: Callable[[Call, Call, Outcome | None, float], None],
    ) -> None:
        self._site, self._store, self._epoch, self._board = site, store, epoch, board
        self._journal, self._link, self._clock = journal, link, clock
        self._apply, self._settled = apply, settled
        self._books = Books(site, store, board, journal, clock=clock)
        self.snapshot: Snapshot | None = None

    async def take_over_attempts(self) -> None:
        """Attempts that an earlier run left open: never sent ones go back, the others are looked for."""
        for attempt in await self._store.attempts.open_attempts():
            if attempt.sent_at is None:
                now = self._clock()
                await self._store.marks.release(
                    self._epoch, attempt.id, now, saying(self._site, now), plans(self._site)
                )
                log.info("released", attempt=attempt.id, why="journalled, never sent")
            elif (campaign := self._site.campaigns.get(attempt.campaign)) is None:
                note = f"campaign {attempt.campaign} is no longer in the site"
                await self._journal.give_up(attempt, self._clock(), note)
                log.warning("in_doubt", attempt=attempt.id, why=note)
            else:
                call = call_of(attempt, campaign, preview=campaign.mode is Mode.PREVIEW)
                call.placed_at = attempt.sent_at
                self._board.place(call)
                log.info("open_attempt", attempt=attempt.id, campaign=attempt.campaign)

    async def sync(self) -> None:
        """After every login: take a snapshot, make the board agree, settle what has no channel."""
        snapshot = self.snapshot = await take(self._link, self._clock())
        await self._recall(snapshot)
        changes, missing = self._board.restore(
            snapshot.channels, snapshot.members, snapshot.waiting, snapshot.at
        )
        self._apply(changes)
        if missing:
            await self._settle(missing, snapshot)
        await self._books.sync(snapshot)
        log.info("in_sync", calls=len(self._board.calls), asterisk=snapshot.version)

    async def _recall(self, snapshot: Snapshot) -> None:
        """When calls were answered, and had their agent, while nobody looked: the law's seconds run from
        there, and not from our looking."""
        up = {channel.uniqueid for channel in snapshot.channels if channel.state == UP}
        unseen = [call for call in self._board.calls.values() if call.answered_at is None]
        unseen = [call for call in unseen if self._board.prefix + call.attempt in up]
        if not unseen or (cel := await self._read_cel()) is None:
            return
        for call in unseen:
            past = replace(call)
            follow(past, cel.records.get(self._board.prefix + call.attempt, []))
            call.answered_at, call.connected_at = past.answered_at, past.connected_at

    async def _read_cel(self) -> Cel | None:
        log_dir = Path(self._site.system.asterisk.log_dir)
        return await asyncio.to_thread(read_cel, log_dir, self._board.prefix)

    async def _settle(self, missing: list[Call], snapshot: Snapshot) -> None:
        """Find out what became of calls without a channel; what nothing proves in time is in doubt."""
        deadline = self._clock() + PROOF_SECONDS
        left = [(call, in_doubt(call, self._clock())) for call in missing]
        seen = {call.attempt: replace(call) for call in missing}  # before CEL tells more
        while left and self._clock() < deadline:
            await asyncio.sleep(0.3)  # CEL is written by a thread of its own, a moment after the fact
            cel = await self._read_cel()
            looked, left = left, []
            for call, _ in looked:
                channel = self._board.prefix + call.attempt
                verdict = judge(call, cel, channel, snapshot.started_at, self._clock())
                if verdict.fate is Fate.ENDED:
                    await self._close(call, verdict, seen[call.attempt])
                else:
                    left.append((call, verdict))
        if not left:
            return
        alive = {row.text("Uniqueid") for row in await self._link.listing("CoreShowChannels")}
        if any(self._board.prefix + call.attempt in alive for call, _ in left):
            raise LinkError("a call turned up while the snapshot was taken")  # so it is taken again
        for call, verdict in left:
            never = verdict.fate is Fate.NEVER_PLACED
            await self._close(call, verdict if never else in_doubt(call, self._clock()), seen[call.attempt])

    async def _close(self, call: Call, verdict: Verdict, seen: Call) -> None:
        if not self._board.forget(call.attempt):
            return
        placed = verdict.fate is not Fate.NEVER_PLACED
        if placed:
            self._settled(call, seen, verdict.outcome, verdict.at)
        else:
            self._settled(call, seen, None, call.placed_at)  # it never rang
        if not placed:
            await self._store.attempts.release(self._epoch, call.attempt, self._clock())
            log.info("released", attempt=call.attempt, why="Asterisk never saw it")
            return
        await self._journal.finish(call, verdict.outcome, verdict.at, verdict.note)
        log.info("settled", attempt=call.attempt, outcome=str(verdict.outcome), why=verdict.note)
