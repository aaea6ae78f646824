"""When an agent becomes ready, who waits is made to look at once: by itself a queue looks once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import CallState
from ami_daemon.changes import AgentMoved, Change
from ami_daemon.link import ActionFailed, AmiLink

KEY = "A"
"""It leads nowhere in the context `perezvon-leave`; any key ends the queue's pause between two looks."""

SETTLE = 0.015
"""Seconds until Asterisk, too, holds the agent free; a look before that would cost a whole second.

Its `time()` lags behind the second at which wrap-up ends by up to a tick of the kernel, and a device's state
takes a moment.
"""


class Nudge:
    """Presses the key on the channels of those whose turn it is."""

    def __init__(self, board: Board, link: AmiLink) -> None:
        self._board, self._link = board, link

    def on_change(self, change: Change) -> Coroutine[Any, Any, None] | None:
        """What to do after a change, if anything."""
        match change:
            case AgentMoved(agent, new=AgentState.READY) if callers(self._board, agent):
                return self._press(agent)
            case _:
                return None

    async def _press(self, agent: str) -> None:
        await asyncio.sleep(SETTLE)
        for channel in callers(self._board, agent):
            with suppress(ActionFailed):  # they hung up in this moment
                await self._link.action(
                    "PlayDTMF", {"Channel": channel, "Digit": KEY, "Duration": "100", "Receive": "true"}
                )


def callers(board: Board, agent: str) -> list[str]:
    """Ids of the channels who may look for that agent now, if the agent is ready, longest waiting first.

    In each of the agent's queues that is one caller for each agent ready there, in the queue's order: inbound
    callers (`QUEUE_PRIO`) before called people. For whom a phone rings is not among them.
    """
    if board.agents[agent].state is not AgentState.READY:
        return []
    served = {a.call for a in board.agents.values() if a.state is AgentState.RINGING}
    first: list[tuple[float, str]] = []
    for queue in board.agents[agent].queues:
        called = [
            (call.since(), board.prefix + call.attempt)
            for call in board.calls.values()
            if call.state is CallState.WAITING and call.group == queue
        ]
        inbound = [(board.lines.first[channel], channel) for channel in board.lines.queues.get(queue, ())]
        ready = sum(a.state is AgentState.READY and queue in a.queues for a in board.agents.values())
        waiting = [entry for entry in sorted(inbound) + sorted(called) if entry[1] not in served]
        first += waiting[:ready]
    return [channel for _, channel in sorted(first)]
