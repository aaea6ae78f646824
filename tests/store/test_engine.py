"""Opening a database: what is set, and what is refused in plain words."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from config.laws import LAWS, LawName
from predictive.ledger import Counts
from predictive.screening import Marks
from store import Store, StoreError, open_store
from store.engine import Database, make_engine
from store.migrate import _config
from store.tables import attempts, metadata
from tests.store.conftest import people


async def test_the_migrations_make_the_tables_that_the_code_has(store: Store, url: str) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = make_engine(url)
    async with Database(engine).read() as connection:
        assert await connection.run_sync(difference) == []
    await engine.dispose()


async def test_sqlite_writes_ahead_and_syncs_every_commit(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    async with Database(engine).read() as connection:
        found = {name: await connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    await engine.dispose()
    assert found == wanted


async def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as store:
        await store.leads.add("a", people(1), 0.0)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


def with_a_lead(connection: Connection, revision: str) -> None:
    """Tables of an earlier version, and a lead in them."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.execute(text("INSERT INTO lists (id, name, created_at) VALUES (1, 'a', 0)"))
    connection.execute(
        text(
            "INSERT INTO leads (id, list_id, phone, name, company, priority, state, extra, added_at)"
            " VALUES (1, 1, '+79031110001', '', '', 0, 'final', '{}', 0)"
        )
    )


async def test_a_journal_from_before_screening_is_kept_and_counts_from_the_answer(url: str) -> None:
    engine = make_engine(url)
    now = 1_800_000_000.0

    def old(connection: Connection) -> None:
        with_a_lead(connection, "0003")
        connection.execute(
            text(
                "INSERT INTO attempts (id, lead_id, campaign, trunk, number, phone, epoch, state, claimed_at,"
                " answered_at, connected_at, ended_at, agent, outcome, note)"
                " VALUES ('00000000000000a1', 1, 'spring', 'city', 1, '+79031110001', 1, 'ended', :at, :at,"
                " :late, :late, 'anna', 'talked', '')"
            ),
            {"at": now - 60, "late": now - 57},
        )

    async with Database(engine).write() as connection:
        await connection.run_sync(old)
    await engine.dispose()
    async with open_store(url) as store:
        made = await store.attempts.get("00000000000000a1")
        assert made is not None
        assert (made.outcome, made.heard, made.greeted_at) == ("talked", None, None)
        assert await store.ledger.counts("spring", LAWS[LawName.US], now - 100) == Counts(late=1)
        assert await store.ledger.marks("spring", 0.0) == Marks()


async def test_marks_from_before_agents_said_more_are_theirs_and_a_robots_word_is_not(url: str) -> None:
    engine = make_engine(url)
    rows = (("a1", "anna", "machine"), ("a2", "anna", None), ("a3", None, "confirmed"))

    def old(connection: Connection) -> None:
        with_a_lead(connection, "0004")
        for number, (id, agent, disposition) in enumerate(rows):
            connection.execute(
                text(
                    "INSERT INTO attempts (id, lead_id, campaign, trunk, number, phone, epoch, state,"
                    " claimed_at, connected_at, ended_at, agent, disposition, outcome, note)"
                    " VALUES (:id, 1, 'spring', 'city', :number, '+79031110001', 1, 'ended', 5, 10, 20,"
                    " :agent, :disposition, 'talked', '')"
                ),
                {"id": id, "number": number, "agent": agent, "disposition": disposition},
            )

    async with Database(engine).write() as connection:
        await connection.run_sync(old)
    await engine.dispose()
    async with open_store(url) as store:
        made = await store.attempts.of_lead(1)
    assert [(one.disposition, one.disposition_by, one.taken_at) for one in made] == [
        ("machine", "anna", 10.0),
        (None, None, 10.0),
        ("confirmed", None, None),
    ]


async def test_a_second_opening_changes_nothing(url: str) -> None:
    async with open_store(url) as store:
        await store.leads.add("a", people(2), 0.0)
    async with open_store(url) as store:
        assert [lead.phone for lead in await store.leads.page("a")] == ["+79030000000", "+79030000001"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://u:hunter2@h/d", "kind mysql are not supported"),
        ("sqlite:////tmp/x.db", "kind sqlite are not supported"),
        ("sqlite+aiosqlite://", "names no file"),
        ("sqlite+aiosqlite:///:memory:", "names no file"),
        ("sqlite+aiosqlite:////no/such/folder/a.db", "there is no folder /no/such/folder"),
        ("sqlite+aiosqlite:////dev/null/a.db", "Not a directory"),
        ("sqlite+aiosqlite:////", "Is a directory"),
        ("postgresql+asyncpg://u:hunter2@127.0.0.1:1/d", "cannot be reached"),
    ],
)
async def test_a_database_that_cannot_be_is_refused_with_a_hint(url: str, message: str) -> None:
    with pytest.raises(StoreError) as refused:
        async with open_store(url):
            pass
    assert message in refused.value.message
    assert refused.value.hint
    assert "hunter2" not in refused.value.message + refused.value.hint


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError, match="not a database") as refused:
        async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"):
            pass
    assert "backup" in refused.value.hint


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    async with open_store(url):
        pass
    engine = make_engine(url)
    async with Database(engine).write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer Perezvon \(schema 9999\)"):
        async with open_store(url):
            pass
    async with Database(engine).write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    await engine.dispose()


async def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "crm.db") as foreign:
        foreign.execute("CREATE TABLE leads (id)")
    with pytest.raises(StoreError, match="tables that are not Perezvon's: leads"):
        async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'crm.db'}"):
            pass


async def test_a_database_that_another_writes_for_long_is_a_plain_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.engine.BUSY_SECONDS", 0.05)
    async with open_store(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as store:
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await store.leads.add("a", people(1), 0.0)
        other.execute("ROLLBACK")
        other.close()
        assert (await store.leads.add("a", people(1), 0.0)).added == 1


async def test_a_write_that_fails_leaves_nothing_behind(store: Store, url: str) -> None:
    await store.leads.add("a", people(1), 0.0)
    engine = make_engine(url)
    with pytest.raises(IntegrityError) as refused:
        async with Database(engine).write() as connection:
            await connection.execute(text("UPDATE leads SET name = 'changed'"))
            await connection.execute(text("UPDATE leads SET state = 'gone'"))
    await engine.dispose()
    assert "gone" not in str(refused.value.params)
    assert (await store.leads.page("a"))[0].name == ""


async def test_an_attempt_needs_its_lead(url: str, store: Store) -> None:
    engine = make_engine(url)
    row = {
        "id": "1",
        "lead_id": 5,
        "campaign": "c",
        "trunk": "t",
        "number": 1,
        "phone": "+7",
        "epoch": 1,
        "state": "intent",
        "claimed_at": 0.0,
        "note": "",
    }
    with pytest.raises(IntegrityError):
        async with Database(engine).write() as connection:
            await connection.execute(attempts.insert().values(row))
    await engine.dispose()


async def test_two_processes_may_open_a_new_database_at_once(url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from store import open_store\n"
        "async def main():\n"
        "    async with open_store(sys.argv[1]) as store:\n"
        "        print(len(await store.audit(0.0)))\n"
        "asyncio.run(main())\n"
    )
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    ended = [await process.communicate() for process in started]
    assert ended == [(b"0\n", b"")] * 3
