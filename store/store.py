"""The store: one object that holds all repositories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store.agent_states import AgentStateRepository
from store.attempts import AttemptRepository
from store.audit import audit
from store.callbacks import CallbackRepository
from store.callers import CallerRepository
from store.campaigns import CampaignRepository
from store.decisions import DecisionRepository
from store.do_not_call import DoNotCallRepository
from store.engine import Database, make_engine
from store.inbound import InboundRepository
from store.leads import LeadRepository
from store.lease import Lease
from store.ledger import LedgerRepository
from store.marks import MarkRepository
from store.migrate import migrate
from store.orders import OrderRepository
from store.outbox import OutboxRepository
from store.surveys import SurveyRepository
from store.verdicts import VerdictRepository


class Store:
    """What must survive a crash. Every method commits before it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.leads = LeadRepository(database)
        self.attempts = AttemptRepository(database)
        self.ledger = LedgerRepository(database)
        self.marks = MarkRepository(database)
        self.verdicts = VerdictRepository(database)
        self.campaigns = CampaignRepository(database)
        self.do_not_call = DoNotCallRepository(database)
        self.orders = OrderRepository(database)
        self.outbox = OutboxRepository(database)
        self.agent_states = AgentStateRepository(database)
        self.decisions = DecisionRepository(database)
        self.inbound = InboundRepository(database)
        self.callers = CallerRepository(database)
        self.callbacks = CallbackRepository(database)
        self.surveys = SurveyRepository(database)
        self.lease = Lease(database)

    async def audit(self, now: float) -> list[str]:
        return await audit(self._database, now)


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """Opens the database of a SQLAlchemy URL and brings it to this version's schema.

    `sqlite+aiosqlite:////PATH` makes the file (readable by its owner only), not its folder;
    `postgresql+asyncpg://...` wants an empty database. Raises `StoreError` with a hint.
    """
    engine = make_engine(url)
    try:
        database = Database(engine)
        await migrate(database)
        yield Store(database)
    finally:
        await engine.dispose()
