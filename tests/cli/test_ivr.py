"""`perezvon simulate ivr`: the real script on paper, told as text and as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from cli.demo_world import demo_site
from cli.ivr import moment
from cli.main import app
from config.secrets import create_missing

NOON = ("--at", "2026-08-03 12:00")
NUMBER = "+79161234567"
SUPPORT = {"to": "group", "name": "support"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = demo_site(tmp_path / "site")
    create_missing(folder)
    return folder


def run(site: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["simulate", "ivr", *args, "--site", str(site)])


def told(site: Path, *args: str) -> Any:
    result = run(site, *args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_what_is_heard_and_pressed_and_where_it_ends(site: Path) -> None:
    found = told(site, "shop", "2", "1", "9", "0", *NOON)
    assert [(step["did"], step["what"]) for step in found["steps"]] == [
        ("say", "menu-main"),
        ("key", "2"),
        ("say", "menu-delivery"),
        ("key", "1"),
        ("say", "info-delivery"),
        ("key", "9"),
        ("say", "menu-main"),
        ("key", "0"),
        ("say", "to-operator"),
        ("go", "group support"),
    ]
    assert found["steps"][0]["text"].startswith("Чтобы узнать о заказе")
    assert (found["went"], found["at"]) == (SUPPORT, "Mon 2026-08-03 12:00 MSK")
    assert found["end"] == "ends with the group support (Служба поддержки)"


def test_after_hours_with_the_call_back_that_comes_of_it(site: Path) -> None:
    found = told(site, "shop", "--at", "2026-08-01 23:10", "--from", NUMBER)
    assert found["steps"][1]["what"] == "Мы откроемся в понедельник, третьего августа, в девять часов."
    assert found["callback"] == {"campaign": "callbacks", "phone": NUMBER, "due": "Mon 2026-08-03 09:00"}
    assert found["outcome"] == "after_hours"
    text = run(site, "shop", "--at", "2026-08-01 23:10", "--from", NUMBER).stdout
    assert text.splitlines()[-1] == "ends: we are closed; will be called back Mon 2026-08-03 09:00"


def test_the_answer_of_a_look_up_can_be_given(site: Path) -> None:
    answer = '{"number": "1042", "state": "собран", "sum": 2990.5, "day": "2027-02-01"}'
    said = [step["what"] for step in told(site, "shop", "1", *NOON, "--answer", answer)["steps"]]
    assert "1042" in said
    assert "lookup-failed" in [step["what"] for step in told(site, "shop", "1", *NOON)["steps"]]


def test_a_class_of_caller_can_be_given(site: Path) -> None:
    assert told(site, "shop", "--from", NUMBER, "--as", "spam", *NOON)["outcome"] == "refused"
    assert "name the number" in run(site, "shop", "--as", "vip", *NOON).output


def test_a_caller_may_be_silent_or_hang_up(site: Path) -> None:
    assert told(site, "shop", "silence", "hang-up", *NOON)["outcome"] == "left_in_menu"
    assert told(site, "shop", *NOON)["went"] == SUPPORT


def test_a_script_of_the_sites_own_is_where_the_paper_ends(site: Path) -> None:
    (site / "scripts").mkdir(exist_ok=True)
    (site / "scripts/hello.py").write_text("def run(agi): ...\n", "utf-8")
    menu = site / "menus/shop.yaml"
    menu.write_text(menu.read_text("utf-8").replace("keys:", 'keys:\n  "4": script hello'), "utf-8")
    assert told(site, "shop", "4", *NOON)["end"] == "ends with the script hello"
    line = site / "lines/main.yaml"
    line.write_text(line.read_text("utf-8") + "script: hello\n", "utf-8")
    assert "your own script hello" in run(site, "main").output


def test_nothing_is_written_into_the_sites_database(site: Path, tmp_path: Path) -> None:
    told(site, "shop", "0", *NOON)
    assert not list(tmp_path.rglob("*.db"))


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["shp"], 1, "did you mean `shop`?"),
        (["shop", "x"], 2, "cannot be pressed"),
        (["shop", "--at", "Sut 12:00"], 2, "no weekday"),
        (["shop", "--at", "noon"], 2, "is no moment"),
        (["shop", "--from", "12"], 1, "+79161234567"),
        (["shop", "--answer", "[1]"], 2, "is an object"),
        (["shop", "--answer", "{"], 2, "no JSON"),
    ],
)
def test_what_is_wrong_is_said(site: Path, args: list[str], code: int, said: str) -> None:
    result = run(site, *args)
    assert result.exit_code == code
    assert said in " ".join(result.output.replace("│", " ").split())


NOW = datetime(2026, 8, 5, 10, tzinfo=ZoneInfo("Europe/Moscow"))  # a Wednesday


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sat 23:10", "2026-08-08T23:10"),
        ("wednesday 9:05", "2026-08-05T09:05"),
        ("Вт 00:00", "2026-08-11T00:00"),
        ("суббота 23:10", "2026-08-08T23:10"),
        ("2027-01-01 12:00", "2027-01-01T12:00"),
        ("01-01 12:00", "2027-01-01T12:00"),
        ("02-29 12:00", "2028-02-29T12:00"),
        ("23:59", "2026-08-05T23:59"),
    ],
)
def test_a_moment_is_written_as_an_admin_writes_it(text: str, found: str) -> None:
    assert moment(text, NOW).isoformat()[:16] == found


@pytest.mark.parametrize(
    "text", ["", "24:00", "12:60", "02-30 12:00", "2026-02-30 12:00", "Sat", "Sat 1", "1 12:00"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no |day|month"):
        moment(text, NOW)


def test_orders_for_a_line_without_a_shop_are_refused_with_the_mend(site: Path, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("key;number;phone;item;quantity;price;sum\n", encoding="utf-8")
    result = run(site, "support", "--orders", str(tmp_path / "orders.csv"))
    assert result.exit_code == 1
    assert "the line support has no shop" in result.output
    assert "write shop: NAME in lines/support.yaml" in result.output
