"""`perezvon demo` as a newcomer runs it, on the real pair and on the fake; and its judge."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.demo import people
from cli.demo_report import Seen, report
from lab.provision import AsteriskBinary
from leads.attempt import Attempt, AttemptState
from leads.lead import Outcome


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
    assert result["asterisk"] == "fake"
    check_report(result, 12)


def an_attempt(phone: str, outcome: Outcome, sent_at: float = 100.0) -> Attempt:
    return Attempt(
        f"{sent_at:016.0f}", 1, "spring", "city", 1, phone, 1, AttemptState.ENDED, sent_at, sent_at,
        ended_at=sent_at + 10, outcome=outcome,
    )  # fmt: skip


BUSY = an_attempt("+74950000001", Outcome.BUSY)
CALL = Seen("+74950000001", "busy", 100.2)

JUDGED = {
    # attempts, what the city saw: unmatched, dialed twice, contradictions
    "both agree": ([BUSY], [CALL], (0, 0, 0)),
    "the city never saw it": ([BUSY], [], (1, 0, 0)),
    "a call that no attempt explains": ([], [CALL], (1, 1, 0)),
    "one attempt, two calls": ([BUSY], [CALL, replace(CALL, arrived_at=101.0)], (1, 1, 0)),
    "a call long after the attempt": ([BUSY], [replace(CALL, arrived_at=900.0)], (2, 0, 0)),
    "two attempts, two calls": (
        [BUSY, an_attempt("+74950000001", Outcome.BUSY, 500.0)],
        [CALL, replace(CALL, arrived_at=500.3)],
        (0, 0, 0),
    ),
    "busy there, talked here": ([replace(BUSY, outcome=Outcome.TALKED)], [CALL], (0, 0, 1)),
    "never sent": ([replace(BUSY, state=AttemptState.RELEASED)], [], (0, 0, 0)),
}


@pytest.mark.parametrize("name", JUDGED)
def test_the_judge_finds_what_does_not_reconcile(name: str) -> None:
    attempts, seen, (unmatched, twice, wrong) = JUDGED[name]
    result = report(asterisk="", leads={}, attempts=attempts, seen=seen, audit=[], wall_s=0.0)
    assert (result["unmatched"], result["dialed_twice"], len(result["contradictions"])) == (
        unmatched,
        twice,
        wrong,
    )
    assert result["reconciles"] is ((unmatched, twice, wrong) == (0, 0, 0))


def test_the_same_seed_gives_the_same_people() -> None:
    assert people(50, 3) == people(50, 3) != people(50, 4)
    assert len(people(2000, 1)) == 2000
