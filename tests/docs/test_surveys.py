"""The page on surveys shows the demo's own file, and what it says of it is so."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from agi.scripts.survey import SECOND_KEY, TRIES
from cli.report import DAYS
from cli.survey import By
from dialplan.render import LONGEST_SURVEY

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/surveys.md").read_text(encoding="utf-8")


def test_the_example_is_the_demos_own_file() -> None:
    [(file, text)] = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
    own = (ROOT / "config/site" / file).read_text(encoding="utf-8")
    assert YAML(typ="safe").load(text) == YAML(typ="safe").load(own)


def test_the_limits_that_are_told_are_the_scripts() -> None:
    assert (SECOND_KEY, TRIES, LONGEST_SURVEY, DAYS) == (2.0, 3, 600, 30)
    for words in ("within two seconds", "three times at most", "ten minutes at most", "the last 30 days"):
        assert words in PAGE, words
    for by in By:
        assert by is By.ALL or f"`{by}`" in PAGE, by
