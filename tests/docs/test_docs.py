"""The documents tell the truth: commands exist, links lead somewhere, the tests that are named exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ROWS = [
    *(
        "S0.2",
        "S0.3",
        "S0.7",
        "S0.9",
        "S0.10",
        "S0.13",
        "S0.16",
        "S0.25",
        "S0.26",
        "S0.27",
        "S0.28",
        "S0.30",
        "S0.31",
        "S0.32",
    ),
    *(
        "S1.4",
        "S1.6",
        "S1.8",
        "S1.10",
        "S1.11",
        "S1.12",
        "S1.13",
        "S1.20",
        "S1.21",
        "S1.22",
        "S1.23",
        "S1.31",
        "S1.34",
        "S1.36",
        "S1.37",
        "S1.38",
        "S1.39",
        "S1.42",
    ),
    *(
        "S2.10",
        "S2.11",
        "S2.15",
        "S2.16",
        "S2.17",
        "S2.29",
        "S2.30",
    ),
    *(
        "S3.1",
        "S3.4",
        "S3.9",
        "S3.10",
        "S3.11",
        "S3.12",
        "S3.13",
        "S3.14",
        "S3.15",
        "S3.16",
        "S3.17",
        "S3.18",
        "S3.19",
        "S3.20",
        "S3.21",
        "S3.22",
        "S3.25",
        "S3.26",
        "S3.27",
        "S3.28",
        "S3.29",
        "S3.30",
        "S3.31",
        "S3.32",
        "S3.33",
        "S3.34",
        "S3.35",
        "S3.36",
        "S3.37",
        "S3.38",
        "S3.39",
        "S3.40",
        "S3.41",
        "S3.44",
        "S3.47",
        "S3.48",
        "S3.49",
        "S3.51",
        "S3.59",
        "S3.60",
        "S3.62",
        "S3.63",
    ),
    *(
        "S4.7",
        "S4.26",
        "S4.44",
        "S4.58",
    ),
]


@dataclass(frozen=True)
class Shown:
    """A command line as a page shows it; `whole` when it is to be typed, not a mention in a sentence."""

    page: str
    line: int
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {' '.join(self.words)}"


def shown(page: Path) -> Iterator[Shown]:
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        where = str(page.relative_to(ROOT))
        if fenced or line.startswith("    "):
            typed = re.match(
                r"\s*(?:sudo (?:-u \w+ )?)?(?:ExecStart=)?[\w./-]*\bperezvon (?P<rest>.*)$", line
            )
            if typed:
                rest = re.split(r" [|>&]|;", typed["rest"])[0]
                yield Shown(where, number, tuple(shlex.split(rest, comments=True)), True)
        else:
            for mention in re.findall(r"`(?:\.venv/bin/)?perezvon ([^`]+)`", line):
                yield Shown(where, number, tuple(shlex.split(mention)), False)


def program() -> Any:
    """The real command line with nothing behind it: it only parses."""
    command = typer.main.get_command(app)
    open_groups: list[Any] = [command]
    while open_groups:
        for inner in open_groups.pop().commands.values():
            if hasattr(inner, "commands"):
                open_groups.append(inner)
            else:
                inner.callback = lambda **_: None
    return command


def complain(words: tuple[str, ...], whole: bool) -> str | None:
    """Why the real command would not take these words, or nothing. A mention may leave arguments out."""
    try:
        program().main(list(words), prog_name="perezvon", standalone_mode=False)
    except Exception as problem:
        told = str(problem)
        return None if not whole and told.startswith("Missing") else told or type(problem).__name__
    return None


COMMANDS = [command for page in PAGES for command in shown(page)]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_commands_that_are_shown_are_taken_by_the_program(command: Shown) -> None:
    assert complain(command.words, command.whole) is None


def test_the_program_refuses_what_does_not_exist() -> None:
    assert complain(("dance",), True)
    assert complain(("check", "--no-such-option"), True)
    assert complain(("campaign", "start"), True)
    assert complain(("campaign", "start"), False) is None
    assert complain(("leads", "list", "spring", "--state", "no-such-state"), True)
    assert complain(("why", "lead", "42"), True) is None


@cache
def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#{1,6} (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        goal = (page.parent / target) if target else page
        assert goal.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(goal), f"{target}#{anchor}: no such heading"


def features() -> list[tuple[str, str, str, str]]:
    """The rows of the table: id, text, state, tests."""
    found = []
    for line in (ROOT / "docs/features.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| S") and len(cells) == 4:
            found.append((cells[0], cells[1], cells[2], cells[3]))
    return found


def test_every_row_of_the_first_issue_is_in_the_table_once() -> None:
    assert [row for row, *_ in features()] == ROWS


@pytest.mark.parametrize(("row", "_text", "state", "tests"), features(), ids=[row[0] for row in features()])
def test_a_feature_names_tests_that_exist(row: str, _text: str, state: str, tests: str) -> None:
    assert state in {"done", "partly", "not yet"}
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests)
    assert named or state == "not yet", f"{row} is {state} but names no test"
    for file, function in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not function or function in names, f"{file} has no {function}"
