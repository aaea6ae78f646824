"""The cookbook shows its own files, and its commands print what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from config.secrets import create_missing

FOLDER = Path(__file__).resolve().parents[2] / "docs/cookbook"
PAGE = FOLDER.with_suffix(".md").read_text(encoding="utf-8")
RECIPES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
SHOWN = re.findall(r"^\[`\S+`\]\(cookbook/(\S+)\):\n\n```\w+\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [
    (command, printed.strip())
    for block in re.findall(r"^```console\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
    for command, printed in re.findall(r"^\$ perezvon (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]
EVERYBODYS = {"system.yaml", "agents/anna.yaml", "groups/support.yaml", "trunks/city.yaml"}
"""What every recipe has; the page names these once and need not show them."""


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a copy of the cookbook's, with secrets."""
    kitchen = tmp_path / "cookbook"
    shutil.copytree(FOLDER, kitchen, ignore=shutil.ignore_patterns("secrets"))
    for recipe in RECIPES:
        create_missing(kitchen / recipe)
    monkeypatch.delenv("PEREZVON_SITE", raising=False)
    monkeypatch.chdir(kitchen)
    return kitchen


@pytest.mark.parametrize(("file", "text"), SHOWN, ids=[file for file, _ in SHOWN])
def test_a_file_is_shown_as_it_is(file: str, text: str) -> None:
    assert text == (FOLDER / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_file_of_a_recipe_is_shown(recipe: str) -> None:
    files = [path.relative_to(FOLDER / recipe) for path in (FOLDER / recipe).rglob("*") if path.is_file()]
    own = {path.as_posix() for path in files if path.parts[0] != "secrets"} - EVERYBODYS
    shown = {file.removeprefix(f"{recipe}/") for file, _ in SHOWN if file.startswith(f"{recipe}/")}
    assert shown - EVERYBODYS == own


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_has_neither_errors_nor_warnings(recipe: str, kitchen: Path) -> None:
    result = CliRunner().invoke(app, ["check", recipe, "--strict"])
    assert (result.exit_code, result.output) == (0, f"{recipe}: 0 errors, 0 warnings\n")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_tried_on_paper(recipe: str) -> None:
    assert any(f"--site {recipe}" in command for command, _ in COMMANDS)


@pytest.mark.parametrize(("command", "printed"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_the_page_says(command: str, printed: str, kitchen: Path) -> None:
    result = CliRunner().invoke(app, shlex.split(command))
    assert result.exit_code == 0
    assert result.output.strip() == printed
