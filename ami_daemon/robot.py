"""Robot's calls: what is to be said is made ready first, then the person is dialed; no agent is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from ami_daemon.changes import CallEnded, Change
from ami_daemon.dialer import Dialer, call_of
from ami_daemon.link import LinkState
from ami_daemon.words import BOUNDS, NO_LEADS
from config.models import Mode
from leads.attempt import Attempt
from leads.rules import LeadMove

log = structlog.get_logger("robot")

Prepare = Callable[[Attempt], Awaitable[LeadMove | None]]
"""Makes ready what a call will say; gives where the lead goes instead, if it cannot or need not be called."""
Start = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a piece of work beside the loop, and logs what it raises."""


class Robot:
    """Places the calls of the robot's campaigns: as many as lines and calls per second permit."""

    def __init__(self, dialer: Dialer, prepare: Prepare, *, clock: Callable[[], float], start: Start) -> None:
        self._dialer, self._prepare, self._clock, self._start = dialer, prepare, clock, start
        self._site, self._board, self._store = dialer.site, dialer.board, dialer.store
        self._prepared = dialer.pacing.prepared
        self._wake = asyncio.Event()
        self.names = [name for name, one in self._site.campaigns.items() if one.mode is Mode.ROBOT]

    async def run(self) -> None:
        """Place calls until cancelled: when a line becomes free, and once a second."""
        while True:
            if self._dialer.link.state is LinkState.LIVE:
                for name in self.names:
                    await self._serve(name)
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):  # wait_for can lose a cancellation on Python 3.11
                    await self._wake.wait()
            self._wake.clear()

    def on_change(self, change: Change) -> None:
        """A line may be free."""
        if isinstance(change, CallEnded):
            self._wake.set()

    async def _serve(self, name: str) -> None:
        """Claim a lead for every free line."""
        dialer = self._dialer
        async with dialer.rounds:
            if not dialer.dials(name):
                return
            fit = dialer.pacing.free_lines(name)
            leads = await dialer.hopper(name, fit, self._clock()) if fit else []
            await dialer.say(name, NO_LEADS if len(leads) < fit else BOUNDS["lines"])
            if fit and not leads:
                await dialer.stop_if_done(name)
            if not leads or not dialer.dials(name):
                return
            for attempt in await dialer.claim(name, leads):
                self._prepared[attempt.id] = attempt
                self._start(self._call(attempt))

    async def _call(self, attempt: Attempt) -> None:
        """Make ready, wait for the turn, dial."""
        name, campaign = attempt.campaign, self._site.campaigns[attempt.campaign]
        try:
            if (move := await self._prepare(attempt)) is not None:
                await self._give_back(attempt, move.reason, move)
                return
            await self._dialer.turn(name)
            if (why := await self._forbidden(attempt)) is not None:
                await self._give_back(attempt, why)
                return
            self._board.place(call_of(attempt, campaign))
        finally:
            self._prepared.pop(attempt.id, None)
        await self._dialer.originate(attempt, campaign, "perezvon-robot")

    async def _forbidden(self, attempt: Attempt) -> str | None:
        """Why the call may not be placed after all: time has passed since the lead was chosen."""
        name = attempt.campaign
        if not self._dialer.dials(name):
            return f"campaign {name} is {self._dialer.states[name]}, or the daemon stops"
        if self._dialer.link.state is not LinkState.LIVE:
            return "the link to Asterisk is down"
        lead = await self._store.leads.get(attempt.lead_id)
        time = self._dialer.call_time(name, lead.timezone if lead else None, self._clock())
        return None if time.allowed else time.reason

    async def _give_back(self, attempt: Attempt, why: str, move: LeadMove | None = None) -> None:
        await self._store.attempts.release(self._dialer.epoch, attempt.id, self._clock(), move)
        log.info("robot_not_dialed", attempt=attempt.id, campaign=attempt.campaign, why=why)
