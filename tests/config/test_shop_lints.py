"""Shops whose orders nobody would call about, tokens of two shops, rules that decide nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.conftest import Edit, found

SHOP = "shops/mine.yaml"
GOOD = """title: Mine
token: ${file:secrets/mine}
rules:
  - {call_me: true, then: agents}
  - {below_sum: 1000, then: confirm}
agents: visits
"""
SECRET = "7f3a9c5b1e2d4860"


@pytest.fixture
def shop(site: Path, edit: Edit) -> Path:
    (site / "shops").mkdir(exist_ok=True)
    edit(SHOP, "", GOOD)
    (site / "secrets/mine").write_text(SECRET)
    (site / "secrets/mine").chmod(0o600)
    return site


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("agents: visits", "", [f"{SHOP}:1:1 E481"]),
        ("agents: visits", "agents: nobody", [f"{SHOP}:6:9 E304"]),
        ("agents: visits", 'agents: visits\nwindows: ["10:00-14:00", "18:00-14:00"]', [f"{SHOP}:7:26 E413"]),
        ("then: confirm}", "then: robot}", [f"{SHOP}:1:1 E481"]),
        ("then: confirm}", "then: robot}\nrobot: visits", [f"{SHOP}:6:8 E482"]),
        ("agents: visits", "agents: visits\ndelivery: visits", [f"{SHOP}:7:11 E482"]),
        ("- {call_me: true, then: agents}", "- {then: confirm}", [f"{SHOP}:5:5 W561"]),
        ("{below_sum: 1000,", "{below_sum: 1000, from_sum: 1000,", [f"{SHOP}:5:5 W561"]),
    ],
)
def test_a_shop_is_checked(shop: Path, edit: Edit, old: str, new: str, expected: list[str]) -> None:
    if old:
        edit(SHOP, old, new)
    assert found() == expected


def test_no_agents_are_needed_where_a_rule_fits_every_order(shop: Path, edit: Edit) -> None:
    edit(SHOP, "- {call_me: true, then: agents}\n", "")
    edit(SHOP, "{below_sum: 1000, then: confirm}\nagents: visits", "{then: confirm}")
    assert found() == []


@pytest.mark.parametrize("script", ["delivery", "orders"])
def test_a_robot_that_says_something_else_calls_about_no_orders(shop: Path, edit: Edit, script: str) -> None:
    edit("campaigns/visits.yaml", "mode: preview", f"mode: robot\nscript: {script}")
    edit(SHOP, "agents: visits", "agents: calls\nrobot: visits")
    assert found() == ([] if script == "orders" else [f"{SHOP}:7:8 E482"])


def test_a_robot_is_no_agent(shop: Path, edit: Edit) -> None:
    edit("campaigns/visits.yaml", "mode: preview", "mode: robot\nscript: orders")
    assert found() == [f"{SHOP}:6:9 E482"]


def test_a_token_that_can_be_guessed_is_refused(shop: Path) -> None:
    (shop / "secrets/mine").write_text("short")
    assert found() == [f"{SHOP}:2:8 E483"]


def test_two_shops_with_one_token_are_refused(shop: Path, edit: Edit) -> None:
    edit("shops/second.yaml", "", GOOD)
    assert found() == ["shops/second.yaml:2:8 E483"]
