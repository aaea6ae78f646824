"""Pacers are made by name, and what is wrong is said clearly."""

from __future__ import annotations

from typing import Any

import pytest

from predictive import create_pacer
from predictive.registry import PACERS
from predictive.settings import Choice, Number, checked, grid
from tests.predictive.floors import small_floor


@pytest.mark.parametrize("name", PACERS)
def test_every_pacer_is_made_by_its_name_and_places_what_it_may(name: str) -> None:
    pacer = create_pacer(name, target=0.02, grace=1.0, ring_timeout=20.0, day_length=3600.0, seed=7)
    assert pacer.calls_to_place(5.0, small_floor(ready=2)) in range(1, 20)
    assert create_pacer(name).calls_to_place(5.0, small_floor()) == 0


@pytest.mark.parametrize(
    ("name", "setting", "low", "default", "high"),
    [
        ("vicidial_adapt", "max_level", 1, 3.0, None),
        ("vicidial_adapt", "diff_target", None, 0, None),
        ("vicidial_adapt", "latest", None, 2100, None),
        ("issabel", "qos", None, 0.97, None),
        ("issabel", "forced_extra", 0, 0, None),
        ("wombat", "boost", 0.1, 1.0, None),
        ("uccx", "lines", 1.0, 1.0, 3.0),
        ("uccx", "max_lines", 1.0, 3.0, 3.0),
        ("uccx", "correction", 10, 100, 1000),
        ("uccx", "gain", 0.0, 1.0, 1.0),
        ("lookahead", "window", None, 12.0, None),
    ],
)
def test_defaults_are_the_products_own(
    name: str, setting: str, low: float | None, default: float, high: float | None
) -> None:
    (found,) = (each for each in PACERS[name].settings if each.name == setting)
    assert isinstance(found, Number)
    assert found.default == default
    assert low is None or found.low == low
    assert high is None or found.high == high


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"no pacer is called 'vicidal'; there are progressive, ratio, .*wombat"
    ):
        create_pacer("vicidal")


@pytest.mark.parametrize(
    ("name", "own", "message"),
    [
        ("progressive", {"level": 2}, "pacer 'progressive' has no setting level; it has none"),
        ("wombat", {"bost": 2, "a": 1}, "pacer 'wombat' has no setting a, bost; it has boost, max_waiting"),
        ("wombat", {"boost": 0}, "pacer 'wombat': boost must be a number from 0.1 to 20, not 0"),
        ("wombat", {"boost": True}, "boost must be a number from 0.1 to 20, not True"),
        ("wombat", {"boost": float("nan")}, "boost must be a number from 0.1 to 20, not nan"),
        ("wombat", {"max_waiting": 1.5}, "max_waiting must be a whole number from 0 to 1000, not 1.5"),
        ("ratio", {"level": 11}, "pacer 'ratio': level must be a number from 1 to 10, not 11"),
        (
            "vicidial_adapt",
            {"method": "soft"},
            "method must be one of hard_limit, average, tapered, not 'soft'",
        ),
        ("vicidial_ratio", {"available_only": 1}, "available_only must be one of False, True, not 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, own: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refused:
        create_pacer(name, **own)
    assert message in str(refused.value)


def test_the_common_arguments_are_checked_too() -> None:
    with pytest.raises(ValueError, match="a pacer: target must be a number from 0 to 1, not 3"):
        create_pacer("progressive", target=3)
    with pytest.raises(ValueError, match="day_length must be a number from 1 to"):
        create_pacer("progressive", day_length=0)


@pytest.mark.parametrize("name", PACERS)
def test_everything_that_a_search_may_try_is_allowed(name: str) -> None:
    settings = PACERS[name].settings
    for setting in settings:
        assert setting.problem(setting.default) is None
    for tried in grid(settings):
        create_pacer(name, **tried)


def test_the_grid_has_every_combination_of_what_is_declared() -> None:
    settings = (
        Number("a", 0, 9, 1, search=(1, 2)),
        Number("b", 0, 9, 5),
        Choice("c", (False, True), True, (True,)),
    )
    assert list(grid(settings)) == [{"a": 1, "c": True}, {"a": 2, "c": True}]
    assert list(grid(())) == [{}]
    assert checked("x", settings, {"a": 3}) == {"a": 3, "b": 5, "c": True}
