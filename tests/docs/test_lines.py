"""The page on lines shows the demo's own files, and what it says of them is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from agi.scripts.line import MOST_ASKS
from config.models import ActionKind

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/lines.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("file", "text"), EXAMPLES, ids=[file for file, _ in EXAMPLES])
def test_an_example_is_the_demos_own_file(file: str, text: str) -> None:
    own = (ROOT / "config/site" / file).read_text(encoding="utf-8")
    assert YAML(typ="safe").load(text) == YAML(typ="safe").load(own)


def test_the_page_has_an_example_of_each() -> None:
    assert {file.partition("/")[0] for file, _ in EXAMPLES} == {"lines", "schedules", "menus", "lookups"}


def test_every_action_of_a_menu_is_told() -> None:
    told = {kind for kind in ActionKind if re.search(rf"`{kind}\b", PAGE)}
    assert told == set(ActionKind)


def test_the_limit_that_is_told_is_the_scripts() -> None:
    assert f"after {MOST_ASKS} of them" in PAGE
