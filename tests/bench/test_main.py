"""`python -m bench`: finding a benchmark by its name."""

import json
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import structlog

from bench.__main__ import main


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Undoes what `main` does to the log of the whole process."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["__main__"], ["_work"]])
def test_without_a_right_name_the_names_are_listed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "\n  ami        AMI receive path" in err


def test_json_is_all_that_stands_on_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {"ratio": 2.5}
    fake = ModuleType("bench.ami")
    fake.run = lambda: figures  # type: ignore[attr-defined]  # a module made for the test
    monkeypatch.setitem(sys.modules, "bench.ami", fake)
    assert main(["ami", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == figures


def test_an_option_that_a_benchmark_does_not_have_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ami", "--seeds", "3"]) == 2
    assert "unrecognized arguments: --seeds 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "option", "value", "told"),
    [
        ("pacing", "--seeds", "0", "must be a whole number from 1"),
        ("pacing", "--agents", "3,many", "must be a whole number from 1, not 'many'"),
        ("pacing", "--families", "sunny", "there is no sunny; there are reference"),
        ("pacing", "--peers", "wombat,kangaroo", "there is no kangaroo; there are vicidial_ratio"),
        ("screened", "--agents", "0", "must be a whole number from 1"),
        ("screening", "--at-once", "0", "must be a whole number from 1"),
        ("screening", "--clips", "0", "must be a whole number from 1"),
        ("screening", "--clips", "-5", "must be a whole number from 1, not '-5'"),
        ("screening", "--calls", "-1", "must be a whole number from 0"),
        ("clips", "--clips", "0", "must be a whole number from 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_what_would(
    name: str, option: str, value: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, option, value]) == 2
    assert told in capsys.readouterr().err


def test_options_reach_the_benchmark_and_its_lines_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = ModuleType("bench.ami")
    fake.add_options = lambda parser: parser.add_argument("--seeds", type=int)  # type: ignore[attr-defined]
    fake.run = lambda seeds: {"seeds": seeds}  # type: ignore[attr-defined]
    fake.lines = lambda figures: [f"on {figures['seeds']} seeds"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bench.ami", fake)
    assert main(["ami", "--seeds", "3"]) == 0
    assert capsys.readouterr().out == "on 3 seeds\n"
