"""A fresh store per test: SQLite, and PostgreSQL too where PEREZVON_TEST_POSTGRES names an empty database."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from leads.lead import NewLead
from store import Store, open_store
from tests.migrated import new_database

POSTGRES = os.environ.get("PEREZVON_TEST_POSTGRES")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'perezvon.db'}"
    assert POSTGRES is not None
    engine = create_async_engine(POSTGRES)
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()
    return POSTGRES


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    if url.startswith("sqlite"):
        new_database(tmp_path / "perezvon.db")
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
async def epoch(store: Store) -> int:
    return await store.lease.acquire("test", 0.0, 1e12)


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{next(numbers):016x}"


def people(count: int, **values: object) -> list[NewLead]:
    return [NewLead(phone=f"+7903{i:07}", **values) for i in range(count)]  # type: ignore[arg-type]  # test data
