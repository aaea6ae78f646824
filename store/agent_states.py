"""The ledger of agents' time: who was in which state, from when to when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, func, insert, or_, select, update

from store.engine import Database
from store.tables import agent_states


@dataclass(frozen=True, slots=True)
class AgentSpell:
    """An agent's state and its reason (empty where it has none) since a time."""

    agent: str
    state: str
    reason: str
    since: float


class AgentStateRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, agent: str, state: str, reason: str, at: float) -> None:
        """Closes the agent's open row and opens the next; the same state and reason just goes on."""
        mine = (agent_states.c.agent == agent, agent_states.c.until.is_(None))
        async with self._database.write() as connection:
            row = (
                await connection.execute(select(agent_states).where(*mine).with_for_update())
            ).one_or_none()
            if row is not None:
                if (row.state, row.reason) == (state, reason):
                    return
                at = max(at, row.since)  # a clock that was set back makes no negative time
                await connection.execute(update(agent_states).where(*mine).values(until=at))
            new = {"agent": agent, "state": state, "reason": reason, "since": at}
            await connection.execute(insert(agent_states).values(new))

    async def open_states(self) -> list[AgentSpell]:
        columns = (agent_states.c.agent, agent_states.c.state, agent_states.c.reason, agent_states.c.since)
        query = select(*columns).where(agent_states.c.until.is_(None)).order_by(agent_states.c.agent)
        async with self._database.read() as connection:
            return [AgentSpell(*row) for row in await connection.execute(query)]

    async def close_all(self, at: float, reason: str) -> None:
        """Ends all open rows, for example because the daemon stops; `reason` is kept as their `closed_by`."""
        until = case((agent_states.c.since > at, agent_states.c.since), else_=at)
        async with self._database.write() as connection:
            await connection.execute(
                update(agent_states)
                .where(agent_states.c.until.is_(None))
                .values(until=until, closed_by=reason)
            )

    async def ended(self, agents: Collection[str], since: float) -> list[tuple[str, float]]:
        """(state, seconds) of each spell of these agents that began at or after `since` and is over."""
        row = agent_states.c
        query = (
            select(row.state, row.until - row.since)
            .where(row.agent.in_(agents), row.since >= since, row.until.is_not(None))
            .order_by(row.id)
        )
        async with self._database.read() as connection:
            return [(state, seconds) for state, seconds in await connection.execute(query)]

    async def totals(
        self, agent: str | None, since: float, until: float
    ) -> dict[str, dict[tuple[str, str], float]]:
        """Seconds between the two times by agent and (state, reason); an open row counts up to `until`."""
        row = agent_states.c
        start = case((row.since > since, row.since), else_=since)
        end = case((row.until < until, row.until), else_=until)
        query = (
            select(row.agent, row.state, row.reason, func.sum(end - start))
            .where(row.since < until, or_(row.until.is_(None), row.until > since))
            .group_by(row.agent, row.state, row.reason)
        )
        if agent is not None:
            query = query.where(row.agent == agent)
        found: dict[str, dict[tuple[str, str], float]] = {}
        async with self._database.read() as connection:
            for name, state, reason, seconds in await connection.execute(query):
                found.setdefault(name, {})[state, reason] = seconds
        return found
