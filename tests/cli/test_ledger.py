"""The ledger's commands, with no daemon: what is shown and exported can be recomputed by others."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import random
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli.demo_world import demo_site
from cli.main import app
from config.models import MISSED_MACHINE
from config.secrets import create_missing
from leads.attempt import Attempt
from leads.lead import LeadState, NewLead, Outcome
from leads.rules import LeadMove
from store import open_store
from store.marks import Mark
from tests.migrated import new_database

FINAL = LeadMove(LeadState.FINAL, None, "done")
DAY = 86400.0
Call = tuple[Outcome, float, float | None]
"""Outcome, seconds since its end, and seconds from the answer to the agent or to the end."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_database(tmp_path / "p.db")


@pytest.fixture
def site(tmp_path: Path, url: str) -> Path:
    folder = demo_site(tmp_path / "site")
    edit(folder / "system.yaml", database=url)
    create_missing(folder)
    return folder


def edit(path: Path, **values: Any) -> None:
    content = YAML().load(path.read_text("utf-8"))
    content.update(values)
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)


def journal(url: str, calls: Sequence[Call], now: float, campaign: str = "spring", cause: str = "16") -> None:
    ids: Iterator[int] = itertools.count(1)

    async def write() -> None:
        async with open_store(url) as store:
            epoch = await store.lease.acquire("test", 0.0, 1.0, dead="test")
            new = [NewLead(f"+7903{n:07}") for n in range(len(calls))]
            await store.leads.add(campaign, new, 0.0)
            leads = [lead.id for lead in await store.leads.page(campaign, limit=len(calls))]
            claimed = await store.attempts.claim(
                epoch, campaign, "city", leads, 0.0, lambda: f"{campaign:>8}{next(ids):08x}"
            )
            for attempt, (outcome, ago, wait) in zip(claimed, calls, strict=True):
                if outcome is Outcome.MACHINE:
                    await store.attempts.note_progress(epoch, attempt.id, heard="machine")
                talked = outcome in (Outcome.TALKED, Outcome.INTERRUPTED)
                if wait is not None:
                    answer = now - ago - wait - (30.0 if talked else 0.0)
                    await store.attempts.note_progress(
                        epoch,
                        attempt.id,
                        ringing_at=answer - 9.0,
                        answered_at=answer,
                        connected_at=answer + wait if talked else None,
                        taken_at=answer + wait if talked else None,
                        agent="anna" if talked else None,
                        heard="person",
                    )
                await store.attempts.finish(epoch, attempt.id, outcome, now - ago, cause, None, FINAL)

    asyncio.run(write())


def mark_the_last_talk(url: str, agent: str, now: float) -> Mark:
    async def write() -> Mark:
        async with open_store(url) as store:
            return await store.marks.put(agent, MISSED_MACHINE, now, lambda _: DAY, lambda *_: FINAL, {})

    return asyncio.run(write())


def attempts(url: str, campaign: str = "spring") -> list[Attempt]:
    async def read() -> list[Attempt]:
        async with open_store(url) as store:
            return await store.attempts.recent(campaign, 100_000)

    return asyncio.run(read())


def ledger(*words: str, site: Path) -> Result:
    return CliRunner().invoke(app, ["ledger", *words, "--site", str(site)])


def exported(content: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The two parts of an export, by nothing but `csv`."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    gap = rows.index([])
    return dict(rows[:gap]), [dict(zip(rows[gap + 1], row, strict=True)) for row in rows[gap + 2 :]]


def a_month(seed: int, count: int = 300) -> list[Call]:
    dice = random.Random(seed)
    outcomes = [*Outcome, *[Outcome.TALKED] * 12]
    waits = [0.3, 0.9, 1.99, 2.5, 3.5]
    calls: list[Call] = []
    for _ in range(count):
        outcome = dice.choice(outcomes)
        answered = outcome not in (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED, Outcome.IN_DOUBT)
        calls.append((outcome, dice.uniform(60, 45 * DAY), dice.choice(waits) if answered else None))
    return calls


FIRST: dict[str, Callable[..., float]] = {  # as an auditor would write it down from the law's text
    "us": lambda a, late, took, left, wrong, p: (a + late + wrong) / (a + late + wrong + p * (took + left)),
    "uk": lambda a, late, took, left, wrong, p: (p * (a + late) + wrong) / (p * (a + late + took) + wrong),
    "it": lambda a, late, took, left, wrong, p: (a + late + wrong) / (p * took),
    "none": lambda a, late, took, left, wrong, p: (a + wrong) / (a + wrong + p * (took + left)),
}
"""`wrong`: persons whom the screen hung up on, by its estimate; `p`: how many of the passed are persons."""
CONNECT = {"us": 2.0, "uk": 2.0, "it": 3.0, "none": float("inf")}


@pytest.mark.parametrize(("law", "window"), [("us", "30d"), ("uk", "24h"), ("it", "30d"), ("none", "24h")])
def test_the_rate_that_is_shown_can_be_recomputed_from_the_export_and_from_the_journal(
    site: Path, url: str, tmp_path: Path, law: str, window: str
) -> None:
    edit(site / "campaigns/spring.yaml", law=law, attempts={"max": 3})
    now = time.time()
    calls = [(outcome, ago / (45 if window == "24h" else 1), wait) for outcome, ago, wait in a_month(5)]
    journal(url, calls, now)
    shown = json.loads(ledger("show", "spring", "--json", site=site).output)
    row = next(row for row in shown["windows"] if row["window"] == window)
    assert shown["budget"]["window"] == window
    assert row["abandoned"] > 3

    file = tmp_path / "ledger.csv"
    done = ledger("export", "spring", "-o", str(file), site=site)
    assert done.exit_code == 0, done.output
    summary, rows = exported(file.read_bytes())
    connect = CONNECT[law]
    counts = {"abandoned": 0, "late": 0, "took": 0, "left": 0}
    machines = [call for call in rows if call["outcome"] == "machine"]
    assert {call["counts_as"] for call in machines} == {"machine"}
    assert int(summary["machines"]) == row["machines"] == len(machines) > 0
    rows = [call for call in rows if call not in machines]
    for call in rows:
        late = float(call["waited_seconds"]) > connect
        kinds = {"abandoned": "abandoned", "hung_up_before_talk": "left"}
        kind = kinds.get(call["outcome"], "took")
        counts["late" if late and kind != "abandoned" else kind] += 1
    wrong = len(machines) * float(summary["p_persons_among_machines"])
    rate = FIRST[law](*counts.values(), wrong, 1 - float(summary["q_machines_among_persons"]))
    assert f"{rate:.6f}" == summary["rate"]
    assert float(summary["counted_abandoned"]) / float(summary["counted_live"]) == pytest.approx(rate)
    assert row["rate"] == pytest.approx(rate)
    assert f"{100 * rate:.2f} %" in done.output

    span = 30 * DAY if window == "30d" else DAY
    raw = {"abandoned": 0, "late": 0, "took": 0, "left": 0}
    for attempt in attempts(url):
        if attempt.ended_at is None or attempt.answered_at is None or attempt.ended_at < now - span:
            continue
        if attempt.outcome in (Outcome.MACHINE, Outcome.FAX):  # nobody answered
            continue
        wait = (attempt.connected_at or attempt.ended_at) - attempt.answered_at
        if attempt.outcome is Outcome.ABANDONED:
            raw["abandoned"] += 1
        elif wait > connect:
            raw["late"] += 1
        else:
            raw["took" if attempt.connected_at else "left"] += 1
    assert raw == counts
    assert len(rows) == sum(raw.values())


def test_what_is_shown_names_law_limit_budget_and_all_four_windows(site: Path, url: str) -> None:
    edit(site / "campaigns/spring.yaml", mode="predictive", target=0.02)
    now = time.time()
    journal(url, [(Outcome.TALKED, 60.0, 0.5)] * 99 + [(Outcome.ABANDONED, 60.0, 2.0)], now)
    text = ledger("show", "spring", site=site).output
    for part in ("16 CFR 310.4(b)(4)", "Not legal advice", "3.00 %", "2.00 %", "2.0 calls left", "1.00 %"):
        assert part in text
    for part in ("any 24 hours", "any 30 days, the law", "the calendar month", "since midnight"):
        assert part in text
    told = json.loads(ledger("show", "spring", "--json", site=site).output)
    assert [row["window"] for row in told["windows"]] == ["24h", "30d", "month", "midnight"]
    assert (told["law"], told["limit"], told["target"]) == ("us", 0.03, 0.02)
    assert told["budget"] == {"window": "30d", "rate": 0.01, "left": pytest.approx(2.0), "gone": False}


@pytest.mark.parametrize(("abandoned", "gone"), [(2, False), (3, True)])
def test_the_budget_of_a_target_is_gone_one_call_over_it(
    site: Path, url: str, abandoned: int, gone: bool
) -> None:
    """As the daemon has it (`tests/ami_daemon/test_pacing.py`), whatever the law would still permit."""
    edit(site / "campaigns/spring.yaml", mode="predictive", target=0.02)
    calls = [(Outcome.TALKED, 60.0, 0.5)] * (100 - abandoned) + [(Outcome.ABANDONED, 60.0, 2.0)] * abandoned
    journal(url, calls, time.time())
    told = json.loads(ledger("show", "spring", "--json", site=site).output)
    assert told["budget"]["gone"] is gone


def test_a_budget_that_is_gone_is_said(site: Path, url: str) -> None:
    journal(url, [(Outcome.TALKED, 60.0, 0.5)] * 8 + [(Outcome.ABANDONED, 60.0, 2.0)] * 2, time.time())
    assert "gone: only progressive dialing" in ledger("show", "spring", site=site).output
    assert json.loads(ledger("show", "spring", "--json", site=site).output)["budget"]["gone"] is True


def test_a_campaign_that_has_not_begun_has_a_ledger_too(site: Path, url: str) -> None:
    journal(url, [], 0.0)
    told = json.loads(ledger("show", "spring", "--json", site=site).output)
    assert {row["rate"] for row in told["windows"]} == {0.0}
    summary, rows = exported(ledger("export", "spring", site=site).stdout_bytes)
    assert (summary["rate"], rows) == ("0.000000", [])


def test_the_export_is_text_that_no_spreadsheet_calculates(site: Path, url: str) -> None:
    journal(url, [(Outcome.TALKED, 60.0, 0.5)], time.time(), cause='=cmd|" /C calc"!A0')
    content = ledger("export", "spring", site=site).stdout_bytes
    assert content.startswith(b"\xef\xbb\xbfcampaign;spring\r\n")
    _, [row] = exported(content)
    assert row["phone"] == "'+79030000000"
    assert row["cause"] == '\'=cmd|" /C calc"!A0'
    assert row["agent"] == "anna"
    dangerous = ("=", "+", "-", "@", "\t")
    cells = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert not [cell for line in cells for cell in line if cell.startswith(dangerous)]


def test_a_period_is_in_the_campaigns_zone_and_ends_before_its_end(site: Path, url: str) -> None:
    edit(site / "campaigns/spring.yaml", law="ca", timezone="America/Toronto")
    began, ended = 1_793_505_600.0, 1_796_101_200.0  # November 2026 in Toronto, with a change of the clock
    ends = [began - 1, began, ended - 1, ended]
    journal(url, [(Outcome.ABANDONED, -at, 2.0) for at in ends], 0.0)
    for words in (["--from", "2026-11-01", "--to", "2026-12-01"], ["--to", "2026-12-01T00:00"]):
        summary, rows = exported(ledger("export", "spring", *words, site=site).stdout_bytes)
        told = ["2026-11-01T00:00:00.000-04:00", "2026-11-30T23:59:59.000-05:00"]
        assert [row["ended"] for row in rows] == told
        assert (summary["from"], summary["before"], summary["time_zone"]) == (
            "2026-11-01T00:00:00.000-04:00",
            "2026-12-01T00:00:00.000-05:00",
            "America/Toronto",
        )
    assert not exported(ledger("export", "spring", "--to", "2026-10-01", site=site).stdout_bytes)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "sprin"], "did you mean `spring`?"),
        (["export", "sprin"], "no campaign is called 'sprin'"),
        (["export", "spring", "--from", "yesterday"], "--from yesterday is no date; write 2026-11-01"),
        (["export", "spring", "--to", "01.11.2026"], "--to 01.11.2026 is no date"),
        (["export", "spring", "--from", "2026-11-02", "--to", "2026-11-01"], "--from must be before --to"),
        (["export", "spring", "-o", "/no/such/folder/x.csv"], "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_mend(site: Path, words: list[str], said: str) -> None:
    done = ledger(*words, site=site)
    assert done.exit_code == 1
    assert said in done.output


def test_the_file_is_its_owners_and_none_is_written_over(site: Path, url: str, tmp_path: Path) -> None:
    journal(url, [(Outcome.ABANDONED, 60.0, 2.0)], time.time())
    file = tmp_path / "a.csv"
    assert ledger("export", "spring", "-o", str(file), site=site).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    again = ledger("export", "spring", "-o", str(file), site=site)
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert file.read_bytes() == before


def test_an_export_that_fails_leaves_no_file(site: Path, tmp_path: Path) -> None:
    (tmp_path / "p.db").write_bytes(b"not a database at all" * 500)
    file = tmp_path / "a.csv"
    done = ledger("export", "spring", "-o", str(file), site=site)
    assert done.exit_code == 1
    assert "not a database" in done.output
    assert not file.exists()


def test_persons_whom_the_screen_hung_up_on_are_abandoned(site: Path, url: str, tmp_path: Path) -> None:
    """By the estimate that the export states, which an auditor takes the rate from."""
    now = time.time()
    calls: list[Call] = [(Outcome.TALKED, 60.0, 0.5)] * 60 + [(Outcome.MACHINE, 60.0, None)] * 40
    journal(url, calls, now)
    edit(site / "campaigns/spring.yaml", screening="on")
    [on, *_] = json.loads(ledger("show", "spring", "--json", site=site).output)["windows"]
    edit(site / "campaigns/spring.yaml", screening="off")
    [off, *_] = json.loads(ledger("show", "spring", "--json", site=site).output)["windows"]
    assert off == on | {"since": off["since"]}, "who was hung up on stays so when screening is turned off"
    p, q = on["persons_among_machines"], on["machines_among_persons"]
    assert 0.0 < p < 0.3
    assert 0.0 < q < 0.3
    assert on["rate"] == pytest.approx(40 * p / (40 * p + (1 - q) * 60))
    nobody = {"talks": 0, "machines": 0, "checked": 0, "checked_machines": 0, "passed_on": 0}
    assert on["marks"] == nobody, "that an agent who marks nothing marked none of 60 talks says nothing"
    assert mark_the_last_talk(url, "anna", now) is Mark.MARKED
    [marked, *_] = json.loads(ledger("show", "spring", "--json", site=site).output)["windows"]
    assert marked["marks"] == nobody | {"talks": 60, "machines": 1}
    assert marked["rate"] != on["rate"]
    on, p = marked, marked["persons_among_machines"]
    file = tmp_path / "ledger.csv"
    assert ledger("export", "spring", "-o", str(file), site=site).exit_code == 0
    summary, _ = exported(file.read_bytes())
    assert float(summary["p_persons_among_machines"]) == pytest.approx(p, rel=1e-4)
    assert float(summary["rate"]) == pytest.approx(on["rate"], abs=1e-6)
    assert (summary["talks"], summary["marked_as_machines"]) == ("60", "1")
