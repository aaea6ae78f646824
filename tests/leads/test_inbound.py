"""Who called, how it ended, and who is owed a call back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.demo_world import demo_site
from config.load import load_site
from config.models import Schedule, Site
from config.secrets import create_missing
from leads.inbound import (
    CallbackKind,
    CallerClass,
    CallOutcome,
    InboundCall,
    NewCallback,
    caller_number,
    missed_callback,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NUMBER = "+79031110001"
LOST = InboundCall(
    "1.1", "main", NUMBER, CallerClass.CLIENT, "sales", 10.0, 12.0, ended_at=20.0,
    outcome=CallOutcome.LOST_IN_QUEUE,
)  # fmt: skip


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).timestamp()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The demo's site, whose sales group alone calls back, by the preview campaign."""
    folder = demo_site(tmp_path / "site")
    create_missing(folder)
    loaded = load_site(folder)
    groups = {name: group.model_copy(update={"callback": None}) for name, group in loaded.groups.items()}
    groups["sales"] = groups["sales"].model_copy(update={"callback": "visits"})
    return loaded.model_copy(update={"groups": groups})


def test_a_number_is_taken_as_carriers_write_it_and_none_is_made_up() -> None:
    for text in ("+79031110001", "89031110001", "79031110001", "9031110001"):
        assert caller_number(text, "RU") == NUMBER
    for text in ("", "anonymous", "<unknown>", "Restricted", "101", "0"):
        assert caller_number(text, "RU") is None


def test_who_was_lost_is_called_back_by_the_groups_campaign_and_shown_as_of_the_line(site: Site) -> None:
    now = at("2026-11-25 12:00")
    task = missed_callback(site, LOST, now)
    assert task == NewCallback(
        CallbackKind.MISSED, "visits", site.campaigns["visits"].list, NUMBER, "main",
        site.lines["main"].label, "sales", "1.1", now,
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"number": None},
        {"caller_class": CallerClass.COLLEAGUE},
        {"caller_class": CallerClass.SPAM},
        {"outcome": CallOutcome.TALKED},
        {"outcome": CallOutcome.SELF_SERVED},
        {"outcome": CallOutcome.CALLBACK_ASKED},
        {"outcome": CallOutcome.IN_DOUBT},
        {"outcome": CallOutcome.LEFT_IN_MENU},
        {"line": "gone from the site"},
        {"line": "support", "group": "support"},
    ],
    ids=str,
)
def test_nobody_is_owed_a_call_who(site: Site, change: dict[str, object]) -> None:
    assert missed_callback(site, replace(LOST, **change), 1.0) is None  # type: ignore[arg-type]


def test_a_line_says_after_which_endings_it_calls_back_and_by_whom(site: Site) -> None:
    line = site.lines["support"].model_copy(update={"callback": "visits", "callback_after": ["left_in_menu"]})
    site = site.model_copy(update={"lines": {**site.lines, "support": line}})
    left = replace(LOST, line="support", group=None, outcome=CallOutcome.LEFT_IN_MENU)
    task = missed_callback(site, left, 1.0)
    assert task is not None
    assert (task.campaign, task.group) == ("visits", "support")
    assert missed_callback(site, replace(left, outcome=CallOutcome.AFTER_HOURS), 1.0) is None


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-25 12:00", "2026-11-25 12:00"),
        ("2026-11-25 20:30", "2026-11-26 10:00"),
        ("2026-11-27 20:30", "2026-11-30 10:00"),
    ],
)
def test_who_calls_after_hours_is_due_at_the_next_opening(site: Site, now: str, due: str) -> None:
    office = Schedule.model_validate({"hours": {"mon-fri": ["10:00-18:00"]}, "timezone": "Europe/Moscow"})
    line = site.lines["main"].model_copy(update={"schedule": "office"})
    site = site.model_copy(update={"schedules": {"office": office}, "lines": {**site.lines, "main": line}})
    task = missed_callback(site, replace(LOST, outcome=CallOutcome.AFTER_HOURS), at(now))
    assert task is not None
    assert task.due_at == at(due)
