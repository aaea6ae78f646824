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


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["__main__"], ["ami", "ami"]])
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
