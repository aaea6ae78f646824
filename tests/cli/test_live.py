"""Times for people are in the site's zone, wherever the command runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from config.secrets import create_missing
from dialplan.revisions import Entry, Revisions

SITE = Path(__file__).parents[2] / "config/site"
NOON = 1767258000.0
"""2026-01-01, 09:00 in UTC, 12:00 in the site's zone (Moscow)."""

AGENT = {"agent": "anna", "since": NOON}
ANSWERS: dict[str, Any] = {
    "agents": [AGENT],
    "agent_set": AGENT,
    "calls": [{"attempt": "1", "since": NOON}],
    "why": [{"at": NOON, "text": "because"}],
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    create_missing(folder)
    return folder


@pytest.fixture
def in_vladivostok(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Vladivostok")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_vladivostok")
@pytest.mark.parametrize(
    "command",
    ["agents list", "agents set anna ready", "calls", "why lead 1", "why agent anna", "why campaign spring"],
)
def test_the_daemons_times_are_shown_in_the_sites_zone(
    command: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.session.ask", lambda _path, verb, **_args: ANSWERS[verb])
    done = CliRunner().invoke(app, [*command.split(), "--site", str(site)])
    assert done.exit_code == 0, done.output
    assert "12:00:00" in done.output
    raw = CliRunner().invoke(app, [*command.split(), "--site", str(site), "--json"])
    assert str(NOON) in raw.output


@pytest.mark.usefixtures("in_vladivostok")
@pytest.mark.parametrize(
    ("at", "shown"),
    [("2026-01-01T09:00:00+00:00", "2026-01-01 12:00:00+03:00"), ("yesterday", "yesterday")],
    ids=["a time", "a hand's word"],
)
def test_the_history_is_shown_in_the_sites_zone(
    at: str, shown: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry(revision="r1", previous=None, at=at, who="root", why="why")
    monkeypatch.setattr(Revisions, "history", lambda _: [entry])
    done = CliRunner().invoke(app, ["history", "--site", str(site)])
    assert shown in done.output, done.output
