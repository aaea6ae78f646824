"""Campaigns: whether each is to dial. What a campaign is stands in the config."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import insert, select, update

from leads.lead import IllegalMove
from store.engine import Database
from store.tables import campaigns


class CampaignState(StrEnum):
    """What an admin last asked for."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"


MOVES: Mapping[CampaignState, frozenset[CampaignState]] = {
    CampaignState.STOPPED: frozenset({CampaignState.RUNNING}),
    CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.STOPPED}),
    CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.STOPPED}),
}


def check_move(name: str, old: CampaignState, new: CampaignState) -> None:
    """Raises `IllegalMove` for a move that the table does not have."""
    if new not in MOVES[old]:
        raise IllegalMove(f"campaign {name}", old, new)


class CampaignRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> CampaignState:
        """A campaign that was never started is stopped."""
        return (await self.all()).get(name, CampaignState.STOPPED)

    async def all(self) -> dict[str, CampaignState]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(campaigns.c.name, campaigns.c.state))
            return {name: CampaignState(state) for name, state in rows}

    async def set(self, name: str, state: CampaignState, at: float) -> None:
        """Raises `IllegalMove`, also where the campaign is in that state already."""
        async with self._database.write() as connection:
            mine = campaigns.c.name == name
            found = await connection.scalar(select(campaigns.c.state).where(mine).with_for_update())
            old = CampaignState.STOPPED if found is None else CampaignState(found)
            check_move(name, old, state)
            values = {"state": state, "changed_at": at}
            if found is None:
                await connection.execute(insert(campaigns).values(name=name, **values))
            else:
                await connection.execute(update(campaigns).where(mine).values(values))
