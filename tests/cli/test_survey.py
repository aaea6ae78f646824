"""The survey's commands, with no daemon."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli.demo_world import demo_site
from cli.main import app
from config.secrets import create_missing
from leads.surveys import SurveyAnswer
from store import open_store
from tests.migrated import new_database

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 23, 12, tzinfo=MOSCOW).timestamp()
DAY = 86400.0
ANSWERS = [
    SurveyAnswer("quality", "1.1", "quality", MONDAY, 10, None, "main", "sales", "", "ivan", "+79031110001"),
    SurveyAnswer(
        "quality", "1.1", "solved", MONDAY + 9, 1, None, "main", "sales", "", "ivan", "+79031110001"
    ),
    SurveyAnswer("quality", "1.2", "quality", MONDAY + 60, 5, None, "main", "sales", "", "ivan"),
    SurveyAnswer("quality", "1.3", "quality", MONDAY + DAY, None, None, "support", "support", "", "vera"),
    SurveyAnswer("quality", "1.4", "quality", MONDAY - 30 * DAY, 1, None, "main", "sales", "", "ivan"),
    SurveyAnswer("other", "1.1", "quality", MONDAY, 2, None, "main", "sales", "", "ivan"),
]
WEEK = ("--from", "2026-11-23", "--to", "2026-11-30")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = demo_site(tmp_path / "site")
    url = new_database(tmp_path / "p.db")
    system = YAML().load((folder / "system.yaml").read_text("utf-8"))
    system["database"] = url
    with (folder / "system.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(system, file)
    create_missing(folder)
    (folder / "surveys").mkdir(exist_ok=True)
    (folder / "surveys/quality.yaml").write_text(
        "title: Quality\nquestions:\n"
        "  quality: {prompt: survey-quality}\n  solved: {prompt: survey-solved, scale: 2}\n"
    )

    async def fill() -> None:
        async with open_store(url) as store:
            for answer in ANSWERS:
                await store.surveys.put(answer)

    asyncio.run(fill())
    return folder


def survey(site: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["survey", *args, "--site", str(site)], catch_exceptions=False)


def figures(site: Path, *args: str) -> dict[str, Any]:
    result = survey(site, "report", "quality", *WEEK, *args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_the_report_has_response_rate_mean_and_share_of_nine_and_ten(site: Path) -> None:
    told = figures(site)
    assert (told["calls"], told["answered"], told["rate"]) == (3, 2, 2 / 3)
    assert told["figures"] == [
        {"by": "", "question": "quality", "asked": 3, "marked": 2, "rate": 2 / 3, "mean": 7.5, "top": 0.5},
        {"by": "", "question": "solved", "asked": 1, "marked": 1, "rate": 1.0, "mean": 1.0, "top": None},
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("agent", {("ivan", 7.5), ("vera", None)}),
        ("group", {("sales", 7.5), ("support", None)}),
        ("line", {("main", 7.5), ("support", None)}),
        ("day", {("2026-11-23", 7.5), ("2026-11-24", None)}),
    ],
)
def test_the_report_is_split_by_agent_group_line_and_day(site: Path, by: str, expected: set[Any]) -> None:
    rows = figures(site, "--by", by)["figures"]
    assert {(row["by"], row["mean"]) for row in rows if row["question"] == "quality"} == expected


def test_the_report_for_people_and_as_csv_say_the_same(site: Path, tmp_path: Path) -> None:
    shown = survey(site, "report", "quality", *WEEK, "--by", "agent")
    assert shown.exit_code == 0
    assert "66.7 %" in shown.stdout
    assert "ivan" in shown.stdout
    file = tmp_path / "report.csv"
    written = survey(site, "report", "quality", *WEEK, "--by", "agent", "--csv", "-o", str(file))
    assert written.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig")), delimiter=";"))
    assert [(row["by"], row["question"], row["mean"]) for row in rows] == [
        ("ivan", "quality", "7.5"), ("ivan", "solved", "1.0"), ("vera", "quality", ""),
    ]  # fmt: skip
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_answer_is_exported_with_call_agent_group_and_line(site: Path) -> None:
    result = survey(site, "answers", "quality", *WEEK)
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout.removeprefix("\ufeff")), delimiter=";"))
    assert len(rows) == 4
    assert rows[0] == {
        "survey": "quality", "call": "1.1", "question": "quality", "at": "2026-11-23T12:00:00+03:00",
        "mark": "10", "recording": "", "line": "main", "group": "sales", "campaign": "", "agent": "ivan",
        "number": "+79031110001",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("report", "qualty"), "no survey is called 'qualty'"),
        (("report", "quality", "--from", "soon"), "--from soon is no date"),
        (("report", "quality", "--from", "2026-11-30", "--to", "2026-11-23"), "nothing lies from"),
        (("report", "quality", "--json", "--csv"), "two forms of the same"),
        (("report", "quality", "-o", "x.csv"), "--output is for --csv"),
        (("answers", "qualty"), "no survey is called 'qualty'"),
    ],
)
def test_a_wrong_question_is_an_error_with_its_mend(site: Path, args: tuple[str, ...], message: str) -> None:
    result = survey(site, *args)
    assert result.exit_code == 1
    assert message in result.stderr
