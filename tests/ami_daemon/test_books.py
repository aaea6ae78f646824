"""What the daemon did not see: the books are completed from CEL, and no call stays open for ever."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ami_daemon.board import Board
from ami_daemon.books import LOOK_BACK, Books
from ami_daemon.caller import CallerState
from ami_daemon.journal import Journal
from ami_daemon.snapshot import Channel, Snapshot
from cli.demo_world import demo_site
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from leads.inbound import CallbackState, CallerClass, CallOutcome
from store import ListedCaller, Store, open_store
from tests.migrated import new_database

NUMBER, CALL = "+79161112233", "ours-1000.1"
NOON = 1_795_700_000.0


@dataclass
class Office:
    """A store, a site whose sales group calls back, and a CEL file to write into."""

    site: Site
    store: Store
    board: Board
    books: Books
    cel: Path

    def record(self, kind: str, at: float, context: str, exten: str, call: str = CALL, **more: str) -> None:
        """Append a line as our template writes it."""
        values = (
            kind, f"{NOON + at:.3f}", call, call, "PJSIP/trunk-city-1", context, exten, more.get("app", ""),
            more.get("data", ""), "", more.get("peer", ""), "", NUMBER,
        )  # fmt: skip
        with self.cel.open("a", encoding="utf-8") as file:
            file.write(",".join(f'"{value}"' for value in values) + "\n")

    def waits(self, start: float = 0.0, call: str = CALL) -> None:
        """Somebody calls the main line and comes into the queue."""
        self.record("CHAN_START", start, "perezvon-in-city", "+74951234567", call)
        self.record("ANSWER", start + 1, "perezvon-line", "main", call, app="Answer")
        queue = {"app": "Queue", "data": "sales,ib,,,300"}
        self.record("APP_START", start + 5, "perezvon-group", "sales", call, **queue)

    def hangs_up(self, at: float, call: str = CALL) -> None:
        self.record("HANGUP", at, "perezvon-group", "sales", call)

    async def sync(self, *alive: str, asterisk_since: float = -1e6) -> None:
        channels = [Channel(id, "PJSIP/trunk-city-1", 6, "Queue", "") for id in alive]
        await self.books.sync(Snapshot("22", NOON + asterisk_since, channels, [], {}, NOON + 100.0))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    folder = demo_site(tmp_path / "site")
    create_missing(folder)
    site = load_site(folder)
    paths = site.system.asterisk.model_copy(update={"log_dir": str(tmp_path)})
    sales = site.groups["sales"].model_copy(update={"callback": "visits"})
    site = site.model_copy(
        update={
            "system": site.system.model_copy(update={"asterisk": paths}),
            "groups": {**site.groups, "sales": sales},
        }
    )
    (tmp_path / "cel-custom").mkdir()
    ticks = itertools.count(100)  # so that waiting for proof takes a few looks
    async with open_store(new_database(tmp_path / "p.db")) as store:
        board = Board("ours", {"anna": frozenset({"sales"})}, {"sales": 0})
        journal = Journal(site, store, 1, on_outcome=lambda: None)
        books = Books(site, store, board, journal, clock=lambda: NOON + float(next(ticks)))
        yield Office(site, store, board, books, tmp_path / "cel-custom/perezvon.csv")


async def test_a_call_that_nobody_saw_is_written_once_and_called_back(office: Office) -> None:
    office.waits()
    office.hangs_up(30.0)
    await office.sync()
    call = await office.store.inbound.get(CALL)
    assert call is not None
    assert (call.line, call.number, call.group) == ("main", NUMBER, "sales")
    assert (call.outcome, call.waited) == (CallOutcome.LOST_IN_QUEUE, 25.0)
    task = await office.store.callbacks.open_of(NUMBER)
    assert task is not None
    await office.store.callbacks.cancel(task.id, "cancelled", "a test", NOON + 50)
    await office.sync()
    assert await office.store.inbound.get(CALL) == call
    assert await office.store.callbacks.open_of(NUMBER) is None, "read again, it makes no second task"


async def test_a_caller_who_is_still_there_comes_onto_the_board_with_the_class(office: Office) -> None:
    await office.store.callers.add([ListedCaller(NUMBER, CallerClass.VIP)], 1.0)
    office.waits()
    await office.sync(CALL)
    caller = office.board.callers[CALL]
    assert (caller.state, caller.waiting_at, caller.caller_class) == (CallerState.WAITING, NOON + 5.0, "vip")
    call = await office.store.inbound.get(CALL)
    assert call is not None
    assert (call.waiting_at, call.ended_at) == (NOON + 5.0, None)


async def test_what_a_script_told_stands_when_cel_proves_the_end(office: Office) -> None:
    await office.store.inbound.arrive(CALL, "main", NUMBER, NOON)
    await office.store.inbound.wait(CALL, "sales", NOON + 5)
    await office.store.inbound.tell(CALL, CallOutcome.CALLBACK_ASKED)
    office.waits()
    office.hangs_up(30.0)
    await office.sync()
    call = await office.store.inbound.get(CALL)
    assert call is not None
    assert (call.outcome, call.ended_at) == (CallOutcome.CALLBACK_ASKED, NOON + 30.0)
    assert await office.store.callbacks.open_of(NUMBER) is None


@pytest.mark.parametrize(
    ("asterisk_since", "outcome", "note"),
    [
        (-1e6, CallOutcome.IN_DOUBT, "nothing proves how it ended"),
        (50.0, CallOutcome.LOST_IN_QUEUE, "Asterisk died during the call"),
    ],
)
async def test_a_call_that_is_gone_without_a_proof_is_closed(
    office: Office, asterisk_since: float, outcome: CallOutcome, note: str
) -> None:
    await office.store.inbound.arrive(CALL, "main", NUMBER, NOON)
    await office.store.inbound.wait(CALL, "sales", NOON + 5)
    await office.sync(asterisk_since=asterisk_since)
    call = await office.store.inbound.get(CALL)
    assert call is not None
    assert call.outcome is outcome
    assert note in call.note
    assert await office.store.inbound.open_calls() == []
    assert (await office.store.callbacks.open_of(NUMBER) is not None) is (
        outcome is CallOutcome.LOST_IN_QUEUE
    )


async def test_what_is_older_than_a_week_is_left_alone(office: Office) -> None:
    office.record("CHAN_START", -LOOK_BACK, "perezvon-in-city", "+74951234567")
    office.record("HANGUP", -LOOK_BACK + 5, "perezvon-line", "main")
    await office.sync()
    assert await office.store.inbound.get(CALL) is None


async def test_a_talk_later_that_day_closes_the_task_of_the_call_before(office: Office) -> None:
    again = "ours-1000.9"
    office.waits(40.0, again)
    office.record("BRIDGE_ENTER", 50.0, "perezvon-group", "sales", again, peer="PJSIP/agent-anna-1")
    office.hangs_up(60.0, again)
    office.waits()
    office.hangs_up(30.0)
    await office.sync()
    talk = await office.store.inbound.get(again)
    assert talk is not None
    assert (talk.outcome, talk.agent) == (CallOutcome.TALKED, "anna")
    (task,) = await office.store.callbacks.page([CallbackState.DONE])
    assert (task.call, task.closed_by) == (CALL, again)
