"""`perezvon demo` as a newcomer runs it, on the real pair and on the fake; and its judge."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ami_daemon.control import VerbError
from cli.demo import people
from cli.demo_report import Seen, report, shortest_retry, told
from cli.demo_view import pacing
from cli.demo_world import open_world
from cli.main import app
from config.laws import LawName
from config.models import Attempts
from dialplan.apply import ApplyRefused
from dialplan.filters import RenderError
from dialplan.revisions import RevisionError
from lab.provision import AsteriskBinary
from leads.attempt import Attempt, AttemptState
from leads.lead import LIVE, Outcome
from predictive.ledger import Standing
from store import StoreError


def run_demo(folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    told = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--leads", "12", "--agents", "4", "--seed", "3",
         "--report", str(told), "--folder", str(folder / "demo"), *more],
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(told.read_text(encoding="utf-8")), done.stdout


def check_report(result: dict[str, Any], leads: int) -> None:
    assert result["leads"]["total"] == leads == sum(result["city"].values())
    assert result["leads"]["ready"] == result["leads"]["claimed"] == 0
    assert sum(result["attempts"].values()) == leads
    assert result["unmatched"] == result["dialed_twice"] == 0
    assert result["contradictions"] == result["audit"] == result["open"] == []
    assert result["attempts"]["talked"] > 0 and result["connect_ms"]["p50"] > 0
    abandonment = result["abandonment"]
    assert (abandonment["law"], abandonment["limit"]) == ("us", 0.03)
    assert abandonment["abandoned"] >= result["attempts"].get("abandoned", 0)
    live = sum(result["attempts"].get(outcome, 0) for outcome in LIVE)
    assert abandonment["live"] == live > 0


@pytest.mark.asterisk
def test_the_demo_reconciles_with_the_city_on_a_real_asterisk(
    asterisk_binary: AsteriskBinary, tmp_path: Path
) -> None:
    code, result, shown = run_demo(tmp_path)
    assert code == 0, shown
    assert result["asterisk"] == asterisk_binary.version_text
    assert result["connect_ms"]["p99"] < 2000
    check_report(result, 12)


def test_the_demo_runs_on_the_fake_and_says_so(tmp_path: Path) -> None:
    code, result, shown = run_demo(tmp_path, "--fake")
    assert code == 0, shown
    assert "nothing is known of this campaign yet: one call for each free agent" in shown
    assert result["asterisk"] == "fake"
    check_report(result, 12)


def an_attempt(phone: str, outcome: Outcome, sent_at: float = 100.0) -> Attempt:
    return Attempt(
        f"{sent_at:016.0f}", 1, "spring", "city", 1, phone, 1, AttemptState.ENDED, sent_at, sent_at,
        ended_at=sent_at + 10, outcome=outcome,
    )  # fmt: skip


BUSY = an_attempt("+74950000001", Outcome.BUSY)
CUT = replace(BUSY, outcome=Outcome.INTERRUPTED, agent="anna")
CALL = Seen("+74950000001", "busy", 100.2)

RETRY_AFTER = 300.0

JUDGED = {
    # attempts, what the city saw: unmatched, dialed twice, contradictions
    "both agree": ([BUSY], [CALL], (0, 0, 0)),
    "the city never saw it": ([BUSY], [], (1, 0, 0)),
    "a call that no attempt explains": ([], [CALL], (1, 1, 0)),
    "one attempt, two calls": ([BUSY], [CALL, replace(CALL, arrived_at=101.0)], (1, 1, 0)),
    "a call long after the attempt": ([BUSY], [replace(CALL, arrived_at=900.0)], (2, 0, 0)),
    "two attempts, two calls": (
        [BUSY, an_attempt("+74950000001", Outcome.BUSY, 400.0)],
        [CALL, replace(CALL, arrived_at=400.3)],
        (0, 0, 0),
    ),
    "the second attempt too soon": (
        [BUSY, an_attempt("+74950000001", Outcome.BUSY, 399.0)],
        [CALL, replace(CALL, arrived_at=399.3)],
        (0, 1, 0),
    ),
    "two too soon are one number, in whatever order": (
        [an_attempt("+74950000001", Outcome.BUSY, sent_at) for sent_at in (300.0, 200.0, 100.0)],
        [replace(CALL, arrived_at=at) for at in (100.2, 200.2, 300.2)],
        (0, 1, 0),
    ),
    "too soon after one that was never placed": (
        [replace(BUSY, state=AttemptState.RELEASED), an_attempt("+74950000001", Outcome.BUSY, 130.0)],
        [replace(CALL, arrived_at=130.2)],
        (0, 0, 0),
    ),
    "ten seconds after a talk that was cut": (
        [CUT, an_attempt("+74950000001", Outcome.BUSY, 120.0)],
        [CALL, replace(CALL, arrived_at=120.3)],
        (0, 0, 0),
    ),
    "nine seconds after it": (
        [CUT, an_attempt("+74950000001", Outcome.BUSY, 119.0)],
        [CALL, replace(CALL, arrived_at=119.3)],
        (0, 1, 0),
    ),
    "soon after a robot was cut": (
        [replace(CUT, agent=None), an_attempt("+74950000001", Outcome.BUSY, 120.0)],
        [CALL, replace(CALL, arrived_at=120.3)],
        (0, 1, 0),
    ),
    "two numbers at once": (
        [BUSY, an_attempt("+74950000002", Outcome.BUSY)],
        [CALL, replace(CALL, number="+74950000002")],
        (0, 0, 0),
    ),
    "busy there, talked here": ([replace(BUSY, outcome=Outcome.TALKED)], [CALL], (0, 0, 1)),
    "never sent": ([replace(BUSY, state=AttemptState.RELEASED)], [], (0, 0, 0)),
}


@pytest.mark.parametrize("name", JUDGED)
def test_the_judge_finds_what_does_not_reconcile(name: str) -> None:
    attempts, seen, (unmatched, twice, wrong) = JUDGED[name]
    result = report(
        asterisk="", leads={}, attempts=attempts, seen=seen, audit=[], retry_after=RETRY_AFTER,
        law=LawName.US, standing=Standing(0, 0, 0.03), wall_s=0.0,
    )  # fmt: skip
    assert (result["unmatched"], result["dialed_twice"], len(result["contradictions"])) == (
        unmatched,
        twice,
        wrong,
    )
    assert result["reconciles"] is ((unmatched, twice, wrong) == (0, 0, 0))


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(1, 60, 0.03), "1 of 60 answered calls, 1.7 %; law us permits 3 % in any 30 days"),
        (
            Standing(2, 60, 0.03),
            "2 of 60 answered calls, 3.3 %; law us permits 3 % in any 30 days (over it",
        ),
        (Standing(0, 0, 1.0), "0 of 0 answered calls, 0.0 %; law us has no limit"),
    ],
    ids=["kept", "over", "no limit"],
)
def test_the_report_holds_abandonment_against_the_law(standing: Standing, words: str) -> None:
    result = report(
        asterisk="", leads={}, attempts=[], seen=[], audit=[], retry_after=RETRY_AFTER, law=LawName.US,
        standing=standing, wall_s=0.0,
    )  # fmt: skip
    assert told("abandonment", result["abandonment"]).startswith(words)
    assert result["reconciles"] is True  # whether the books agree is another matter


BUDGET = {"abandoned": 1, "live": 40, "rate": 0.025, "limit": 0.03, "left": 0.2}


SHARE = "abandoned: 1 of 40 (2.5 %)"


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        ({"pacing": None, "budget": None}, []),
        (
            {"pacing": {"level": 1.42, "why": "why"}, "budget": BUDGET},
            ["pacing: 1.4 calls per free agent; why", f"{SHARE}, the limit is 3 %: 0.2 more may be"],
        ),
        (
            {"pacing": {"why": "why"}, "budget": {**BUDGET, "left": -1.0}},
            ["pacing: why", f"{SHARE}, the limit is 3 %: 1.0 too many"],
        ),
        (
            {"pacing": {"level": 0.0, "why": "why"}, "budget": {**BUDGET, "limit": None, "left": None}},
            ["pacing: why", SHARE],
        ),
    ],
    ids=["nothing decided yet", "within the limit", "over it", "no limit"],
)
def test_the_view_tells_level_reason_abandonment_and_budget(facts: dict[str, Any], lines: list[str]) -> None:
    assert pacing(facts) == lines


@pytest.mark.parametrize(
    ("retry", "shortest"),
    [({"busy": {"after": "15m"}, "failed": {"after": "5m"}}, 300.0), ({}, math.inf)],
    ids=["the least of all", "never again"],
)
def test_the_shortest_retry_is_the_sites(retry: dict[str, Any], shortest: float) -> None:
    assert shortest_retry(Attempts.model_validate({"retry": retry})) == shortest


BAD_PLACES = {
    # options, what is said
    "no folder for the report": (
        ("--report", "{0}/none/x.json"),
        "there is no folder {0}/none for the report",
    ),
    "a folder in the report's place": (("--report", "{0}"), "the report {0} cannot be written"),
    "a folder with something in it": (
        ("--folder", "{0}/full"),
        "{0}/full is not an empty folder; nothing was",
    ),
    "a file in the folder's place": (("--folder", "{0}/full/file"), "full/file is not an empty folder"),
    "a folder below a file": (("--folder", "{0}/full/file/x"), "Not a directory"),
}


@pytest.mark.parametrize("name", BAD_PLACES)
def test_the_demo_does_not_start_where_it_could_not_end(name: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    options, told = BAD_PLACES[name]
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--fake", *(text.format(tmp_path) for text in options)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and told.format(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["full", "file"]


def _raises(error: Exception) -> Callable[..., Any]:
    async def demo_that_fails(*_: object) -> None:
        raise error

    return demo_that_fails


@pytest.mark.parametrize(
    "error",
    [
        RenderError("no such word"), RevisionError("no such word"), ApplyRefused("no such word"),
        StoreError("no such word", "a mend"), VerbError("code", "no such word"), OSError(28, "no such word"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_what_keeps_the_demo_from_running_is_said_plainly(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cli.demo._demo", _raises(error))
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "demo")])
    assert done.exit_code == 1
    assert done.stderr.startswith("error: the demo could not run: ") and "no such word" in done.stderr


def processes_of(folder: Path) -> dict[int, str]:
    """Every process whose command line names the folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and str(folder).encode() in (line := (entry / "cmdline").read_bytes()):
                found[int(entry.name)] = line.replace(b"\0", b" ").decode()
    return found


def test_ctrl_c_while_the_daemon_starts_ends_all_of_the_demo(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    demo = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "demo", "--fake", "--folder", str(place)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with demo:
        try:
            assert demo.stdout is not None
            told = [next(line for line in demo.stdout if "the daemon" in line)]
            demo.send_signal(signal.SIGINT)
            told += demo.stdout.readlines()
            assert demo.wait(30) == 130, told
        finally:
            demo.kill()
    assert told[-1] == "stopped; nothing is left running\n", told
    assert processes_of(place) == {}


@pytest.mark.asterisk
async def test_a_world_that_is_given_up_while_its_daemon_starts_leaves_nothing_running(
    asterisk_binary: AsteriskBinary, tmp_path: Path
) -> None:
    async def live_there() -> None:
        async with open_world(tmp_path, 1, 1, False, lambda _: None):
            pytest.fail("the daemon was up too soon for this test")

    world = asyncio.create_task(live_there())
    async with asyncio.timeout(90):
        while not any(" run " in line for line in processes_of(tmp_path).values()):
            assert not world.done(), world.exception()
            await asyncio.sleep(0.01)
    world.cancel()
    with pytest.raises(asyncio.CancelledError):
        await world
    assert processes_of(tmp_path) == {}


def test_the_same_seed_gives_the_same_people() -> None:
    assert people(50, 3) == people(50, 3) != people(50, 4)
    assert len(people(2000, 1)) == 2000
