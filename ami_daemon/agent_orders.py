"""What the daemon asks of Asterisk for an agent: sign in and out, ready, not ready, end wrap-up.

The phone's feature codes do the same in the dialplan; both are learnt from the same events.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ami_daemon.agent import PREVIEW, SIGNED_IN, AgentState
from ami_daemon.board import Board
from ami_daemon.changes import AgentMoved, Change, WrapUpDeclined
from ami_daemon.link import ActionFailed, AmiLink
from config.models import Site

ORDERS = ("signed_in", "ready", "not_ready", "offline", "end_wrap_up")


class BadOrder(Exception):
    """The order makes no sense for this agent; says why and what to do instead."""


class AgentOrders:
    """Orders for agents, by AMI."""

    def __init__(self, site: Site, board: Board, link: AmiLink) -> None:
        self.site, self.board, self.link = site, board, link
        self._no_wrap_up: set[str] = set()
        self.queues: dict[str, dict[str, int]] = {name: {} for name in site.agents}
        for group in site.groups:
            for name, penalty in site.members(group).items():
                self.queues[name][group] = penalty

    async def give(self, agent: str, order: str, reason: str = "") -> None:
        """Carry out one of `ORDERS`; a state other than now takes effect after the call."""
        if agent not in self.site.agents:
            raise BadOrder(f"no agent is called {agent!r}; there are {', '.join(sorted(self.site.agents))}")
        if order not in ORDERS:
            raise BadOrder(f"no such state: {order!r}; there are {', '.join(ORDERS)}")
        if order == "not_ready" and reason not in self.site.pause_reasons:
            known = ", ".join(sorted(self.site.pause_reasons))
            raise BadOrder(f"not_ready needs a reason, one of {known}")
        signed_in = bool(self.board.agents[agent].queues)
        if order in ("not_ready", "end_wrap_up", "offline") and not signed_in:
            raise BadOrder(f"agent {agent} is not signed in")
        if order == "end_wrap_up" and self.board.agents[agent].state in (
            AgentState.RINGING,
            AgentState.TALKING,
        ):
            self._no_wrap_up.add(agent)
        elif order == "offline":
            await self._remove(agent)
        elif order == "not_ready":
            await self.pause(agent, True, reason)
        elif order == "end_wrap_up":
            await self._end_wrap_up(agent)
        elif order == "signed_in":
            await self._add(agent, paused=True)
        elif signed_in:
            await self.pause(agent, False, "")
        else:
            await self._add(agent, paused=False)

    def on_change(self, change: Change) -> Coroutine[Any, Any, None] | None:
        """What to do after a change: a wrap-up that was declined beforehand ends as it begins."""
        match change:
            case WrapUpDeclined(agent, _):
                return self.give(agent, "end_wrap_up")
            case AgentMoved(agent, new=AgentState.WRAP_UP) if agent in self._no_wrap_up:
                self._no_wrap_up.discard(agent)
                return self._end_wrap_up(agent)
            case AgentMoved(agent, new=AgentState.READY | AgentState.NOT_READY | AgentState.OFFLINE):
                self._no_wrap_up.discard(agent)  # there was no wrap-up: nothing is left to decline
                return None
            case _:
                return None

    def is_in_all_queues(self, agent: str) -> bool:
        """Whether the agent's signing in is over: a pause before would leave out the queues that follow."""
        return self.board.agents[agent].queues.keys() >= self.queues[agent].keys()

    def pending(self, agent: str) -> str | None:
        """What takes effect after the agent's call; `ready` where wrap-up was declined beforehand."""
        return self.board.agents[agent].pending() or ("ready" if agent in self._no_wrap_up else None)

    async def _end_wrap_up(self, agent: str) -> None:
        state, reason = self.board.agents[agent].standing()
        if state is AgentState.NOT_READY and reason != PREVIEW:
            return  # a pause that was asked for meanwhile stays, and wrap-up does not matter to it
        # Asterisk forgets a member's last call only with the membership. Who is kept for a preview stays so.
        kept = self.board.agents[agent].preview is not None
        await self._remove(agent)
        await self._add(agent, paused=kept, reason=PREVIEW)

    async def pause(self, agent: str, paused: bool, reason: str) -> None:
        """Pause or unpause the agent in all queues."""
        headers = {"Interface": interface(agent), "Paused": str(paused).lower()}
        if reason:
            headers["Reason"] = reason
        await self.link.action("QueuePause", headers)

    async def _add(self, agent: str, *, paused: bool, reason: str = SIGNED_IN) -> None:
        for queue, penalty in self.queues[agent].items():
            headers = {
                "Queue": queue,
                "Interface": interface(agent),
                "MemberName": agent,
                "Penalty": str(penalty),
                "Paused": str(paused).lower(),
            }
            if paused:
                headers["Reason"] = reason
            try:
                await self.link.action("QueueAdd", headers)
            except ActionFailed as error:
                if "Already there" not in str(error):
                    raise

    async def _remove(self, agent: str) -> None:
        for queue in list(self.board.agents[agent].queues):
            try:
                await self.link.action("QueueRemove", {"Queue": queue, "Interface": interface(agent)})
            except ActionFailed as error:
                if "Not there" not in str(error):
                    raise


def interface(agent: str) -> str:
    """The queue member's interface of an agent."""
    return f"PJSIP/agent-{agent}"
