"""Preview calls: the agent's phone rings first, the subscriber is dialed when the agent is there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from ami_daemon.agent import PHONE_UNREACHABLE, PREVIEW, AgentState
from ami_daemon.agent_orders import AgentOrders, interface
from ami_daemon.changes import (
    AgentMoved,
    CallEnded,
    Change,
    Inbound,
    PreviewAnswered,
    PreviewLeft,
    PreviewMissed,
)
from ami_daemon.dialer import Dialer, call_of, originate_headers
from ami_daemon.hold import Hold
from ami_daemon.link import ActionFailed, ActionTimeout, ConnectionLost, LinkError, LinkState, NotConnected
from config.models import Mode
from leads.attempt import Attempt
from leads.orders import plans
from leads.phones import mask
from leads.rules import saying
from store import CampaignState

log = structlog.get_logger("preview")


GONE = 2.0
"""Seconds in no queue after which an agent has signed out: who ends a wrap-up is out of all for a moment."""

Start = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a piece of work beside the loop, and logs what it raises."""


class Preview:
    """Serves the preview campaigns, one lead per ready agent; and of all campaigns who is kept an agent."""

    def __init__(
        self, dialer: Dialer, orders: AgentOrders, hold: Hold, *, clock: Callable[[], float], start: Start
    ) -> None:
        self.hold = hold
        self.dialer, self.orders, self.clock, self._start = dialer, orders, clock, start
        self.site, self.board, self.link, self.store = dialer.site, dialer.board, dialer.link, dialer.store
        self.reserved = dialer.pacing.reserved
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Offer leads to ready agents until cancelled."""
        while True:
            if self.link.state is LinkState.LIVE:
                await self._tidy()
                await self._serve_kept()
                for name, campaign in self.site.campaigns.items():
                    if campaign.mode is Mode.PREVIEW and not self.hold.comes_first(name):
                        await self._serve(name)
            try:
                async with asyncio.timeout(1.0):  # wait_for can lose a cancellation on Python 3.11
                    await self._wake.wait()
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def _tidy(self) -> None:
        """Whatever went wrong: no agent waits for a call that will not come, no lead for one who left."""
        for name, agent in self.board.agents.items():
            gone = not agent.queues and agent.call is None and self.clock() - agent.since > GONE
            if gone and agent.preview is not None:
                self.board.reserve(name, None)  # signed out: their phone will not be rung
        kept = {agent.preview for agent in self.board.agents.values()}
        for attempt in [id for id in self.reserved if id not in kept]:
            await self._give_back(attempt, "the agent is no longer kept for it")
            await self._let_go(attempt)
        for agent in self.board.agents.values():
            if agent.preview is None or agent.talking_leg is None:
                continue
            if agent.preview not in self.reserved and agent.preview not in self.board.calls:
                await self._let_go(agent.preview)

    async def _let_go(self, attempt: str) -> None:
        with contextlib.suppress(LinkError):  # tried again when the link is up
            await self._hang_up(self.board.preview_prefix + attempt)

    async def _serve_kept(self) -> None:
        """Keep agents for those who keep a place in line, or an agent."""
        for agent, attempt in (await self.hold.serve()).items():
            try:
                await self.orders.pause(agent, True, PREVIEW)  # once they are so, they are rung: on_change
            except LinkError as error:
                await self._give_back(attempt, f"the agent could not be paused: {error}")
                self.board.reserve(agent, None)
                continue
            if self.board.agents[agent].state in (AgentState.RINGING, AgentState.TALKING):
                # The queue was quicker by a moment: then it is not their turn.
                await self._give_back(attempt, "a call came in between")
                self.board.reserve(agent, None)
                with contextlib.suppress(LinkError):  # who is down now finds the pause when up again
                    await self.orders.pause(agent, False, "")

    async def _ring_kept(self, agent: str, attempt: Attempt, lead_name: str) -> None:
        if not await self.hold.said(attempt.id):
            await self._ring_agent(agent, attempt, lead_name)
            return
        await self._give_back(attempt.id, f"agent {agent} has said what came of the talk")
        self.board.reserve(agent, None)
        with contextlib.suppress(LinkError):  # who is down now finds the pause when up again
            await self.orders.pause(agent, False, "")

    async def _serve(self, name: str) -> None:
        """Ring ready agents, one after the other, while there are lines and leads."""
        while (found := await self._reserve(name)) is not None and await self._ring_agent(*found):
            pass

    async def _reserve(self, name: str) -> tuple[str, Attempt, str] | None:
        """Claim the next lead for the next ready agent: the agent, the attempt, and the lead's name."""
        async with self.dialer.rounds:
            if self._forbids(name) is not None:
                return None
            floor = self.dialer.pacing.floor(name)
            ready = [agent for agent in floor.ready if self.orders.is_in_all_queues(agent)]
            fit = min(len(ready), floor.free_lines)
            leads = await self.dialer.hopper(name, 1, self.clock()) if fit > 0 else []
            if ready and not leads:
                held = "no more leads may be called now" if fit > 0 else "held back by lines"
                await self.dialer.say(name, f"agents are ready, and none is rung: {held}")
            if fit > 0 and not leads:
                await self.dialer.stop_if_done(name)
            if not leads or self._forbids(name) is not None:
                return None
            await self.dialer.say(name, "rings each ready agent for the next lead")
            claimed = await self.dialer.claim(name, leads)
            if not claimed:
                return None
            attempt = self.reserved[claimed[0].id] = claimed[0]
            self.board.reserve(ready[0], attempt.id)  # before the pause is told: without it that is a wrap-up
            return ready[0], attempt, leads[0].name

    def _forbids(self, name: str) -> str | None:
        """Why no subscriber of the campaign may be dialed, if so."""
        if self.dialer.draining:
            return "the daemon is stopping"
        state = self.dialer.states[name]
        return None if state is CampaignState.RUNNING else f"campaign {name} is {state}"

    async def _ring_agent(self, agent: str, attempt: Attempt, lead_name: str) -> bool:
        paused = False
        try:
            await self.orders.pause(agent, True, PREVIEW)
            paused = True
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
            return True
        except (NotConnected, ActionFailed, ConnectionLost, ActionTimeout) as error:
            await self._give_back(attempt.id, f"the agent's phone could not be rung: {error}")
            with contextlib.suppress(LinkError):  # a link that is down finds the pause when it is up again
                await self.orders.pause(agent, False, "")
            if isinstance(error, (NotConnected, ActionFailed)):  # else the phone may ring yet
                self.board.reserve(agent, None)
            if isinstance(error, ActionFailed) and paused:
                why = f"Asterisk refuses to ring agents: {error}"
                await self.dialer.set_state(
                    attempt.campaign, CampaignState.PAUSED, why, only_from=CampaignState.RUNNING
                )
            return False

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
                self._wake.set()
            case AgentMoved(agent, _, _, AgentState.NOT_READY, reason, _, _) if reason == PREVIEW:
                if (found := self.hold.over(agent)) is not None:
                    self._start(self._ring_kept(*found))
            case AgentMoved(_, _, _, AgentState.READY, _, _, _) | Inbound():
                self._wake.set()

    async def _dial_subscriber(self, attempt_id: str) -> None:
        if (attempt := self.reserved.get(attempt_id)) is not None:
            await self.dialer.turn(attempt.campaign)
            lead = await self.store.leads.get(attempt.lead_id)
            zone = lead.timezone if lead else None
            time = self.dialer.call_time(attempt.campaign, zone, self.clock())
            why = self._forbids(attempt.campaign) or (None if time.allowed else time.reason)
            if why is not None:
                await self._give_back(attempt_id, why)
            elif self._is_awaited(attempt_id) and self.reserved.pop(attempt_id, None) is not None:
                campaign = self.site.campaigns[attempt.campaign]
                call = call_of(attempt, campaign, preview=True)
                call.placed_at = self.clock()  # it may have been claimed a wrap-up ago
                self.board.place(call)
                await self.dialer.originate(attempt, campaign, "perezvon-preview-answered")
        self._wake.set()  # whoever waits for nobody now is let go

    def _is_awaited(self, attempt: str) -> bool:
        """Whether an agent is on the phone for it."""
        return any(a.preview == attempt and a.talking_leg is not None for a in self.board.agents.values())

    async def _missed(self, attempt_id: str, agent: str, reason: str) -> None:
        await self._give_back(attempt_id, f"agent {agent} did not answer the phone: {reason}")
        # A phone that cannot be reached makes its agent not ready by itself, for as long as it lasts.
        await self.orders.pause(agent, reason != PHONE_UNREACHABLE, reason)

    async def _give_back(self, attempt_id: str, why: str) -> None:
        if (attempt := self.reserved.pop(attempt_id, None)) is not None:
            now = self.clock()
            await self.store.marks.release(
                self.dialer.epoch, attempt.id, now, saying(self.site, now), plans(self.site)
            )
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
