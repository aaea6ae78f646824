"""Surveys that cannot be asked as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.conftest import Edit, found

SURVEY = "surveys/quality.yaml"
GOOD = """title: Quality
intro: greeting
thanks: greeting
questions:
  quality: {prompt: greeting, follow_up: {up_to: 6, question: solved}}
  solved: {prompt: greeting, scale: 2}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("question: solved", "question: solve", [f"{SURVEY}:5:63 E471"]),
        ("scale: 2", "scale: 2, follow_up: {up_to: 3, question: quality}", ["E471", "E471", "E471"]),
        ("up_to: 6", "up_to: 11", [f"{SURVEY}:5:50 E206"]),
        ("thanks: greeting", "thanks: greetin", [f"{SURVEY}:3:9 E303"]),
        ("thanks: greeting", "thanks: greeting\ncomment: {prompt: comment}", [f"{SURVEY}:4:19 E303"]),
        ("quality: {prompt: greeting", "quality: {prompt: russian-only", []),
    ],
)
def test_a_survey_is_checked(site: Path, edit: Edit, old: str, new: str, expected: list[str]) -> None:
    (site / "surveys").mkdir(exist_ok=True)
    edit(SURVEY, "", GOOD)
    if old:
        edit(SURVEY, old, new)
    said = found()
    if expected and ":" not in expected[0]:
        said = [line.split()[1] for line in said]
    assert said == expected


def test_its_prompts_exist_in_the_languages_of_the_lines_that_ask_it(site: Path, edit: Edit) -> None:
    (site / "surveys").mkdir(exist_ok=True)
    edit(SURVEY, "", GOOD.replace("intro: greeting", "intro: russian-only"))
    assert found() == []
    edit("lines/main.yaml", "greeting: greeting", "greeting: greeting\nlanguage: en\nsurvey: quality")
    assert found() == [f"{SURVEY}:2:8 E303"]
