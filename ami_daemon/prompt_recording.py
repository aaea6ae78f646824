"""A prompt recorded by phone: an agent's phone rings, and the dialplan (`perezvon-record`) does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from ami_daemon.agent import AgentState
from ami_daemon.agent_orders import BadOrder, interface
from ami_daemon.board import Board
from ami_daemon.dialer import originate_headers
from ami_daemon.events import Hangup, OriginateResponse, UserEvent
from ami_daemon.link import AmiLink
from config.models import Site

log = structlog.get_logger("prompt_recording")

RING_SECONDS = 30.0
LONGEST = 15 * 60.0
"""Seconds of the whole call; the dialplan ends it before."""

BUSY = (AgentState.RINGING, AgentState.TALKING)


class PromptRecording:
    """Rings phones, and tells what was recorded there."""

    def __init__(self, site: Site, board: Board, link: AmiLink, new_id: Callable[[], str]) -> None:
        self.site, self.board, self.link, self.new_id = site, board, link, new_id
        self._ends: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._answered: set[str] = set()
        self._prefix = f"pzr-{site.system.name}-"
        link.on(UserEvent, self._kept)
        link.on(Hangup, self._hung_up)
        link.on(OriginateResponse, self._responded)

    async def record(self, agent: str) -> dict[str, Any]:
        """Ring the agent's phone and wait for the end: `outcome` kept (with `file`), given_up, not_answered.

        Raises `BadOrder`, `LinkError`, and `TimeoutError` where Asterisk says nothing of the end.
        """
        if agent not in self.site.agents:
            raise BadOrder(f"no agent is called {agent!r}; there are {', '.join(sorted(self.site.agents))}")
        state = self.board.agents[agent].state
        if state in BUSY:
            raise BadOrder(f"agent {agent} is {state}: wait for the end of the call")
        ident = self.new_id()
        channel = self._prefix + ident
        self._ends[channel] = asyncio.get_running_loop().create_future()
        try:
            caller = self.site.agents[agent].extension
            await self.link.action(
                "Originate",
                originate_headers(
                    interface(agent), channel, "perezvon-record", "record", RING_SECONDS, caller, ident
                ),
            )
            log.info("phone_rung", agent=agent, recording=ident)
            async with asyncio.timeout(RING_SECONDS + LONGEST):
                return await self._ends[channel]
        finally:
            del self._ends[channel]
            self._answered.discard(channel)

    def _kept(self, event: UserEvent) -> None:
        if event.name == "PerezvonRecorded":
            self._end(
                self._prefix + event.headers.get("Recording", ""),
                {"outcome": "kept", "file": event.headers.get("File", "")},
            )

    def _hung_up(self, event: Hangup) -> None:
        answered = event.uniqueid in self._answered
        self._end(event.uniqueid, {"outcome": "given_up" if answered else "not_answered"})

    def _responded(self, event: OriginateResponse) -> None:
        if event.response == "Failure":
            self._end(event.uniqueid, {"outcome": "not_answered"})
        elif event.uniqueid in self._ends:
            self._answered.add(event.uniqueid)

    def _end(self, channel: str, result: dict[str, Any]) -> None:
        end = self._ends.get(channel)
        if end is not None and not end.done():  # the hang-up comes after the word that it was kept
            end.set_result(result)
