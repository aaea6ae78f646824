"""Each group's line and the waits in it: what the board knows, for `predictive.wait`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from ami_daemon.agent import PREVIEW, AgentState
from ami_daemon.board import Board
from ami_daemon.changes import AgentMoved, Change, Inbound
from ami_daemon.line import Waiter
from config.models import Site
from predictive.wait import AtWork, Forecast, WaitLaws
from store import Store

FRESH = 2.0
"""Seconds for which a forecast is good."""
HISTORY, MOST_HISTORY = 7 * 86400.0, 300
_WORKS = frozenset({AgentState.READY, AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP})


class Forecasts:
    """Learns how long each group's talks last, and tells waits by place in its line.

    `kept` gives the call-backs that keep a place in a group.
    """

    def __init__(
        self, site: Site, board: Board, store: Store, kept: Callable[[str], Sequence[Waiter]],
        *, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._site, self._board, self._store, self._kept, self._clock = site, board, store, kept, clock
        self._members = {group: site.members(group) for group in site.groups}
        self._laws = {group: WaitLaws() for group in site.groups}
        self._known: dict[str, tuple[float, int, Forecast | None]] = {}

    async def read(self) -> None:
        """Learn from the talks of the last days."""
        since = self._clock() - HISTORY
        for group, laws in self._laws.items():
            spells = await self._store.agent_states.ended(list(self._members[group]), since)
            laws.read([seconds for state, seconds in spells if state == AgentState.TALKING][-MOST_HISTORY:])

    def look(self) -> None:
        """Time has passed."""
        for group, laws in self._laws.items():
            laws.look(self._clock(), self._at_work(group), len(self._board.lines.queues.get(group, ())))

    def hear(self, change: Change) -> None:
        match change:
            case AgentMoved(agent, old, _, new, reason, _, seconds):
                for group in self._board.agents[agent].queues or self._groups(agent):
                    laws = self._laws[group]
                    if old is AgentState.TALKING:
                        laws.talked(seconds)
                    if old in _WORKS and new not in _WORKS and reason != PREVIEW:
                        laws.left()
                    elif old is AgentState.NOT_READY and new in _WORKS:
                        laws.came_back(seconds)
            case Inbound("inbound", group, channel, _, _):
                queue = self._board.lines.queues[group]
                if queue.index(channel) < len(queue) - 1 and self._board.lines.first[channel] == change.at:
                    self._laws[group].higher.add()
            case Inbound("inbound_quit", group, channel, _, _) if channel not in self._board.lines.first:
                self._laws[group].gave_up()

    def _groups(self, agent: str) -> list[str]:
        return [group for group, members in self._members.items() if agent in members]

    def line(self, group: str) -> list[Waiter]:
        """Who waits for the group, those who keep a place among them."""
        return self._board.lines.line(group, self._kept(group))

    async def forecast(self, group: str, places: int) -> Forecast | None:
        """Waits at the places 1 to `places`, at least; None: nothing can be promised."""
        now = self._clock()
        at, known, forecast = self._known.get(group, (0.0, 0, None))
        if now - at > FRESH or known < places:
            agents, wanted = self._at_work(group), max(places, len(self.line(group)) + 1)
            # In a thread: some milliseconds of arithmetic must not hold up the daemon's loop.
            forecast = await asyncio.to_thread(self._laws[group].forecast, agents, wanted)
            self._known[group] = now, wanted, forecast
        return forecast

    def _at_work(self, group: str) -> list[AtWork]:
        now, ours = self._clock(), self._board.lines.queues.get(group, [])
        found = []
        for name in self._members[group]:
            agent = self._board.agents[name]
            if group not in agent.queues:
                continue  # who signed out during a talk serves nobody after it
            wrap_up = float(max((queue.wrap_up for queue in agent.queues.values()), default=0))
            share = self._share(group, agent.queues)
            since = max(0.0, now - agent.since)
            match agent.state:
                case AgentState.TALKING:
                    found.append(AtWork(talking=since, wrap_up=wrap_up, share=share))
                case AgentState.RINGING if agent.call not in ours:
                    found.append(AtWork(talking=0.0, wrap_up=wrap_up, share=share))
                case AgentState.WRAP_UP:
                    left = agent.wrap_until - now if agent.wrap_until > now else wrap_up - since
                    found.append(AtWork(free_in=max(0.0, left), wrap_up=wrap_up, share=share))
                case AgentState.READY | AgentState.RINGING:
                    found.append(AtWork(free_in=0.0, wrap_up=wrap_up, share=share))
                case AgentState.NOT_READY if agent.reason == PREVIEW:
                    found.append(AtWork(talking=0.0, wrap_up=wrap_up, share=share))
                case AgentState.NOT_READY:
                    found.append(AtWork(away=since, wrap_up=wrap_up, share=share))
        return found

    def _share(self, group: str, queues: Mapping[str, object]) -> float:
        """The part of the agent's calls that this group's callers get: as many as wait, of all who wait."""
        waiting = {queue: len(self.line(queue)) for queue in queues}
        return max(1, waiting.get(group, 0)) / max(1, sum(waiting.values()), waiting.get(group, 0))
