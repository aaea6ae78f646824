"""Preview calls: the agent's phone rings first, the subscriber is dialed when the agent is there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from ami_daemon.agent import PREVIEW, AgentState
from ami_daemon.agent_orders import AgentOrders, interface
from ami_daemon.changes import AgentMoved, CallEnded, Change, PreviewAnswered, PreviewLeft, PreviewMissed
from ami_daemon.dialer import Dialer, call_of, originate_headers
from ami_daemon.link import ActionFailed, ActionTimeout, ConnectionLost, LinkError, LinkState, NotConnected
from config.models import Mode
from leads.attempt import Attempt
from leads.phones import mask
from store import CampaignState

log = structlog.get_logger("preview")


Start = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a piece of work beside the loop, and logs what it raises."""


class Preview:
    """Serves the preview campaigns, one lead per ready agent."""

    def __init__(
        self, dialer: Dialer, orders: AgentOrders, *, clock: Callable[[], float], start: Start
    ) -> None:
        self.dialer, self.orders, self.clock, self._start = dialer, orders, clock, start
        self.site, self.board, self.link, self.store = dialer.site, dialer.board, dialer.link, dialer.store
        self._attempts: dict[str, Attempt] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Offer leads to ready agents until cancelled."""
        while True:
            if self.link.state is LinkState.LIVE and not self.dialer.draining:
                for name, campaign in self.site.campaigns.items():
                    if campaign.mode is Mode.PREVIEW and self.dialer.states[name] is CampaignState.RUNNING:
                        await self._serve(name)
            try:
                await asyncio.wait_for(self._wake.wait(), 1.0)
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def _serve(self, name: str) -> None:
        floor = self.dialer.floor(name)
        places = min(len(floor.ready), floor.free_lines, floor.allowance)
        for agent in list(floor.ready)[: max(0, places)]:
            leads = await self.dialer.hopper(name, 1, self.clock())
            if not leads:
                return
            campaign = self.site.campaigns[name]
            claimed = await self.store.attempts.claim(
                self.dialer.epoch, name, campaign.trunk, [leads[0].id], self.clock(), self.dialer.new_id
            )
            for attempt in claimed:
                self.dialer.limits.take(name, 1)
                await self._ring_agent(agent, attempt, leads[0].name)

    async def _ring_agent(self, agent: str, attempt: Attempt, lead_name: str) -> None:
        self._attempts[attempt.id] = attempt
        self.board.reserve(agent, attempt.id)  # before the pause is told: without it that is a wrap-up
        try:
            await self.orders.pause(agent, True, PREVIEW)
            await self.link.action(
                "Originate",
                originate_headers(
                    interface(agent),
                    self.board.preview_prefix + attempt.id,
                    "perezvon-preview",
                    attempt.campaign,
                    self.site.groups[self.site.campaigns[attempt.campaign].group].ring_time,
                    caller_id(lead_name, attempt.phone),
                    attempt.id,
                ),
            )
            log.info("agent_rung", attempt=attempt.id, agent=agent, phone=mask(attempt.phone))
        except (NotConnected, ActionFailed, ConnectionLost, ActionTimeout) as error:
            await self._give_back(attempt.id, f"the agent's phone could not be rung: {error}")
            with contextlib.suppress(LinkError):  # a link that is down finds the pause when it is up again
                await self.orders.pause(agent, False, "")

    def on_change(self, change: Change) -> None:
        """Go on with a preview call as the board changes."""
        match change:
            case PreviewAnswered(attempt, _):
                self._start(self._dial_subscriber(attempt))
            case PreviewMissed(attempt, agent, reason, _):
                self._start(self._missed(attempt, agent, reason))
            case PreviewLeft(call, _):
                self._start(self._hang_up(self.board.prefix + call.attempt))
            case CallEnded(call, _, _, _) if call.preview:
                self._start(self._hang_up(self.board.preview_prefix + call.attempt))
            case AgentMoved(agent, _, _, AgentState.WRAP_UP, _, _, _):
                if self.board.agents[agent].standing()[1] == PREVIEW:
                    self._start(self._wrap_up(agent))
            case AgentMoved(_, _, _, AgentState.READY, _, _, _):
                self._wake.set()

    async def _dial_subscriber(self, attempt_id: str) -> None:
        attempt = self._attempts.pop(attempt_id, None)
        if attempt is None:  # given back: Asterisk did not say in time that the phone rings
            await self._hang_up(self.board.preview_prefix + attempt_id)
            return
        campaign = self.site.campaigns[attempt.campaign]
        self.board.place(call_of(attempt, campaign, preview=True))
        await self.dialer.originate(attempt, campaign, "perezvon-preview-answered")

    async def _missed(self, attempt_id: str, agent: str, reason: str) -> None:
        await self._give_back(attempt_id, f"agent {agent} did not answer the phone: {reason}")
        await self.orders.pause(agent, True, reason)

    async def _give_back(self, attempt_id: str, why: str) -> None:
        if (attempt := self._attempts.pop(attempt_id, None)) is not None:
            await self.store.attempts.release(self.dialer.epoch, attempt.id, self.clock())
            log.info("preview_not_dialed", attempt=attempt.id, why=why)

    async def _hang_up(self, channel_id: str) -> None:
        with contextlib.suppress(ActionFailed):  # it is gone already
            await self.link.action("Hangup", {"Channel": channel_id})

    async def _wrap_up(self, agent: str) -> None:
        """The queue did not ring this call, so its wrap-up time does not run: count it here."""
        longest = max(
            (self.site.groups[queue].wrap_up for queue in self.board.agents[agent].queues), default=0.0
        )
        await asyncio.sleep(longest)
        now = self.board.agents[agent]
        if now.state is AgentState.WRAP_UP and now.standing()[1] == PREVIEW:
            await self.orders.pause(agent, False, "")


def caller_id(name: str, phone: str) -> str:
    """What the agent's phone shows: the lead's name as plain text, and the number."""
    plain = "".join(c for c in name if c.isprintable() and c not in '"<>\\')[:60].strip()
    return f'"{plain}" <{phone}>' if plain else phone
