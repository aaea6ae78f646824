"""The figures of the laws, and that none stands without its source."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from config.laws import DENOMINATORS, LAWS, WINDOWS, Law, LawName
from config.load import load_site

from .conftest import Edit

HOUR = 3600.0


@pytest.mark.parametrize(
    ("name", "limit", "window", "of", "connect", "lockout"),
    [
        ("us", 0.03, "30d", "answered", 2, 72),
        ("uk", 0.03, "24h", "passed", 2, 72),
        ("ca", 0.05, "month", "answered", 2, 72),
        ("it", 0.03, "30d", "connected", 3, 120),
        ("none", 1, "24h", "answered", None, 0),
    ],
)
def test_the_figures(
    name: str, limit: float, window: str, of: str, connect: float | None, lockout: float
) -> None:
    law = LAWS[LawName(name)]
    assert (law.limit, law.window, law.of, law.connect) == (limit, window, of, connect)
    assert (law.lockout, law.ring) == (lockout * HOUR, 15)


def test_who_counts_from_the_end_of_the_greeting() -> None:
    counted = {name for name, law in LAWS.items() if law.counts_from == "greeting"}
    assert counted == {"us", "ru", "de", "fr", "none"}
    assert {field.name: field.default for field in fields(Law)}["counts_from"] == "answer", (
        "a law of which nobody has said so is read strictly"
    )


@pytest.mark.parametrize("name", ["ru", "de", "fr"])
def test_a_law_without_figures_says_so_and_takes_those_of_the_us(name: str) -> None:
    law, us = LAWS[LawName(name)], LAWS[LawName.US]
    assert law.numbers() == us.numbers()
    assert not law.binding
    assert us.binding
    assert law.en.startswith("No figure")
    assert "применяем числа США" in law.ru


@pytest.mark.parametrize("name", LawName)
def test_every_law_has_its_source_and_a_target_that_it_permits(name: LawName) -> None:
    law = LAWS[name]
    assert law.source
    assert law.en
    assert law.ru
    assert 0 < law.target <= law.limit <= 1
    for words in (WINDOWS[law.window], DENOMINATORS[law.of], "agent within", "lock-out"):
        assert (words in law.numbers()) == (name is not LawName.NONE)


def test_a_campaign_keeps_the_law_of_the_us_and_aims_at_its_limit_unless_it_says_otherwise(
    site: Path, edit: Edit
) -> None:
    edit("campaigns/calls.yaml", "ratio: 1.3", "law: ca\nratio: 1.3")
    edit("campaigns/visits.yaml", "mode: preview", "mode: preview\nlaw: none")
    campaigns = load_site(site).campaigns
    assert {name: (c.law, c.aim) for name, c in campaigns.items()} == {
        "spring": ("us", 0.03),
        "calls": ("ca", 0.05),
        "visits": ("none", 0.03),
        "renewal": ("us", 0.03),
        "order-robot": ("us", 0.03),
        "delivery": ("us", 0.03),
        "callbacks": ("us", 0.03),
    }
    edit("campaigns/spring.yaml", "mode: predictive", "mode: predictive\ntarget: 0.012")
    assert load_site(site).campaigns["spring"].aim == 0.012
