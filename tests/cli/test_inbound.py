"""The commands on calls that came in, on call-backs and on classes, with no daemon."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from cli.demo_world import demo_site
from cli.main import app
from config.secrets import create_missing
from leads.inbound import CallbackKind, CallbackState, CallerClass, NewCallback, RingReason
from store import CampaignState, ListedCaller, MissedRing, Store, open_store
from tests.migrated import new_database

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 23, 12, tzinfo=MOSCOW).timestamp()
WEEK = ("--from", "2026-11-23", "--to", "2026-11-30")
CLIENT, COLLEAGUE = "+79031110001", "+79031110002"


class Desk:
    """A site with its database."""

    def __init__(self, folder: Path) -> None:
        self.site = demo_site(folder / "site")
        self.url = new_database(folder / "p.db")
        system = self.site / "system.yaml"
        kept = [line for line in system.read_text("utf-8").splitlines() if not line.startswith("database:")]
        system.write_text("\n".join([*kept, f"database: {self.url}"]) + "\n", "utf-8")
        create_missing(self.site)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--site", str(self.site)])

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def do(self, work: Callable[[Store], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with open_store(self.url) as store:
                return await work(store)

        return asyncio.run(inside())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three clients and a colleague called on Monday: at noon, one, two and three o'clock."""

    async def day(store: Store) -> None:
        await store.callers.add([ListedCaller(COLLEAGUE, CallerClass.COLLEAGUE)], 1.0)
        books = store.inbound
        for n, (line, group, number, wait, agent) in enumerate(
            [
                ("main", "sales", CLIENT, 10.0, "anna"),
                ("main", "sales", None, 30.0, None),
                ("support", "support", CLIENT, 20.0, "vera"),
                ("support", "support", COLLEAGUE, 99.0, None),
            ]
        ):
            at, id = MONDAY + 3600 * n, f"{n}.1"
            await books.arrive(id, line, number, at)
            await books.wait(id, group, at + 5)
            if agent:
                await books.connect(id, agent, at + 5 + wait, group)
            await books.end(id, at + 5 + wait + (60 if agent else 0))
        await books.miss(MissedRing("1.1", "anna", "sales", MONDAY + 3610, 3.04, RingReason.NO_ANSWER))
        await books.miss(MissedRing("1.1", "lev", "sales", MONDAY + 3615, 0.1, RingReason.BUSY))

    made = Desk(tmp_path)
    made.do(day)
    return made


def test_the_report_counts_clients_and_leaves_colleagues_out(desk: Desk) -> None:
    told = desk.json("inbound", "report", *WEEK)
    assert told["left_out"] == {"colleague": 1}
    total = told["total"]
    assert (total["received"], total["handled"], total["missed"], total["no_number"]) == (3, 2, 1, 1)
    assert (total["handled_per_missed"], total["answer_wait"], total["lost_wait"]) == (2.0, 15.0, 30.0)
    assert (total["longest_wait"], total["service_level"]) == (30.0, pytest.approx(2 / 3))
    everybody = desk.json("inbound", "report", *WEEK, *(w for c in CallerClass for w in ("--class", c)))
    assert everybody["total"]["received"] == 4
    assert everybody["left_out"] == {}
    assert (
        desk.json("inbound", "report", "--from", "2026-11-24", "--to", "2026-11-30")["total"]["received"] == 0
    )


@pytest.mark.parametrize(
    ("by", "parts"),
    [
        ("line", {"main": 2, "support": 1}),
        ("group", {"sales": 2, "support": 1}),
        ("hour", {"12": 1, "13": 1, "14": 1}),
        ("day", {"2026-11-23": 3}),
        ("class", {"client": 3}),
    ],
)
def test_the_report_splits_the_same_calls(desk: Desk, by: str, parts: dict[str, int]) -> None:
    told = desk.json("inbound", "report", *WEEK, "--by", by)
    assert {part["by"]: part["received"] for part in told["figures"]} == parts
    shown = desk.run("inbound", "report", *WEEK, "--by", by)
    assert shown.exit_code == 0, shown.output
    assert all(name in shown.stdout for name in parts)


def test_the_report_of_one_line_and_as_csv(desk: Desk) -> None:
    assert desk.json("inbound", "report", *WEEK, "--line", "support")["total"]["received"] == 1
    assert desk.json("inbound", "report", *WEEK, "--group", "sales")["total"]["received"] == 2
    done = desk.run("inbound", "report", *WEEK, "--by", "line", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8-sig")), delimiter=";"))
    assert [(row["by"], row["received"], row["lost_share"]) for row in rows] == [
        ("main", "2", "0.5"), ("support", "1", "0.0"),
    ]  # fmt: skip


def test_each_call_says_who_did_not_answer_and_why_and_hides_the_number(desk: Desk) -> None:
    rows = desk.json("inbound", "calls", *WEEK)
    assert [row["number"] for row in rows] == ["+7903***0001", None, "+7903***0001"]
    assert [row["outcome"] for row in rows] == ["talked", "lost_in_queue", "talked"]
    assert (rows[0]["agent"], rows[0]["waited"], rows[0]["talk"]) == ("anna", 10.0, 60.0)
    assert rows[1]["missed_by"] == [
        {"agent": "anna", "reason": "no_answer", "seconds": 3.0},
        {"agent": "lev", "reason": "busy", "seconds": 0.1},
    ]
    assert desk.json("inbound", "calls", *WEEK, "--full")[0]["number"] == CLIENT
    assert [row["call"] for row in desk.json("inbound", "calls", *WEEK, "--limit", "1")] == ["2.1"]
    assert len(desk.json("inbound", "calls", *WEEK, "--outcome", "lost_in_queue")) == 1
    shown = desk.run("inbound", "calls", *WEEK).stdout
    assert "anna no_answer 3 s, lev busy 0.1 s" in shown
    assert CLIENT not in shown
    written = desk.run("inbound", "calls", *WEEK, "--csv", "--full").stdout_bytes.decode("utf-8-sig")
    assert f"'{CLIENT}" in written, "a spreadsheet must not calculate it"
    counts = {row["agent"]: row for row in desk.json("inbound", "missed", *WEEK)}
    assert (counts["anna"]["no_answer"], counts["lev"]["busy"], counts["lev"]["missed"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("inbound", "report", "--line", "suport"), "no line is called 'suport'"),
        (("inbound", "calls", "--group", "nobody"), "no group is called 'nobody'"),
        (("inbound", "report", "--from", "2026-11-30", "--to", "2026-11-23"), "--from must be before --to"),
        (("inbound", "report", "--from", "yesterday"), "write 2026-11-01"),
        (("inbound", "report", "--json", "--csv"), "give one of them"),
        (("inbound", "report", "--output", "x.csv"), "add --csv"),
        (("callbacks", "cancel", "7"), "there is no open call-back 7"),
        (("callers", "add", "+7903", "--class", "vip"), "+7903 is no number: "),
        (("callers", "add", CLIENT, "--class", "client"), "callers remove"),
        (("callers", "import", "nowhere.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_the_mend(desk: Desk, words: tuple[str, ...], told: str) -> None:
    done = desk.run(*words)
    assert done.exit_code == 1
    assert told in done.stderr


def test_call_backs_are_listed_and_cancelled_and_a_stopped_campaign_is_named(desk: Desk) -> None:
    task = NewCallback(
        CallbackKind.MISSED, "visits", "regulars", CLIENT, "main", "Main", "sales", "1.1", due_at=MONDAY
    )
    made = desk.do(lambda store: store.callbacks.open(task, MONDAY))
    (row,) = desk.json("callbacks", "list")
    assert (row["id"], row["number"], row["campaign"]) == (made.id, "+7903***0001", "visits")
    warned = desk.run("callbacks", "list").stderr
    assert "1 call-backs are due and campaign visits is not running" in warned
    desk.do(lambda store: store.campaigns.set("visits", CampaignState.RUNNING, 1.0))
    assert desk.run("callbacks", "list").stderr == ""
    assert desk.json("callers", "check", "8 903 111-00-01") == {
        "number": CLIENT, "class": "client", "callback": made.id,
    }  # fmt: skip
    assert desk.json("callbacks", "cancel", str(made.id), "--why", "a test")["state"] == "cancelled"
    assert desk.json("callbacks", "list") == []
    assert len(desk.json("callbacks", "list", "--state", CallbackState.CANCELLED)) == 1


def test_numbers_get_a_class_and_lose_it(desk: Desk) -> None:
    told = desk.json(
        "callers", "add", "8 903 111-00-03", "--class", "vip", "--note", "the mayor", "--dry-run"
    )
    assert told == {"added": 1, "changed": 0, "unchanged": 0, "dry_run": True}
    assert len(desk.json("callers", "list")) == 1, "a dry run writes nothing"
    desk.json("callers", "add", "8 903 111-00-03", "--class", "vip", "--note", "the mayor")
    assert desk.json("callers", "list", "--class", "vip", "--full") == [
        {"number": "+79031110003", "class": "vip", "note": "the mayor"}
    ]
    assert desk.json("callers", "check", "+79031110003")["class"] == "vip"
    assert desk.json("callers", "remove", "+79031110003", "+79031110009") == {
        "removed": 1, "were_not_there": 1,
    }  # fmt: skip


def test_a_file_of_numbers_is_added_whole_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(
        "Телефон;Класс;Заметка\n89031110005;VIP;мэр\n+79031110002;spam;\n89031110006;;офис\n", "cp1251"
    )
    bad.write_text("phone,class\n89031110007,vip\n12,vip\n89031110008,vipp\n", "utf-8")
    done = desk.run("callers", "import", str(bad))
    assert done.exit_code == 1
    assert "row 3: phone: " in done.stderr
    assert "the class is 'vipp', not one of colleague, vip, spam" in done.stderr
    assert "2 bad rows" in done.stderr
    assert len(desk.json("callers", "list")) == 1
    assert "no class: give --class" in desk.run("callers", "import", str(good)).stderr
    words = ("callers", "import", str(good), "--class", "colleague")
    wanted = {"added": 2, "changed": 1, "unchanged": 0}
    assert desk.json(*words, "--dry-run") == {**wanted, "dry_run": True}
    assert desk.json(*words) == {**wanted, "dry_run": False}
    found = {row["number"]: (row["class"], row["note"]) for row in desk.json("callers", "list", "--full")}
    assert found == {
        "+79031110002": ("spam", ""), "+79031110005": ("vip", "мэр"), "+79031110006": ("colleague", "офис"),
    }  # fmt: skip
