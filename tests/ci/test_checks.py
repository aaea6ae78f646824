"""`make test` tells the truth: stand-ins play the tools, the scripts are the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("ruff", "mypy", "lint-imports", "python", "pytest")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the real scripts, in which every tool succeeds."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("setup.cfg", "requirements.lock", "requirements-build.lock"):
        (tmp_path / name).touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for tool in TOOLS:
        stand_in(tmp_path, tool, "echo fine")
    stand_in(tmp_path, "pytest", "echo '12 passed in 0.10s'")
    (tmp_path / ".venv/.ready").touch()
    return tmp_path


def stand_in(tree: Path, tool: str, script: str) -> None:
    path = tree / ".venv/bin" / tool
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(tree: Path, *command: str, **env: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        command,
        cwd=tree,
        env={"PATH": os.environ["PATH"], "HOME": str(tree), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("tool", "script", "summary"),
    [
        (None, "", "12 passed, 0 failed, 0 skipped"),
        ("mypy", "echo bad; exit 1", "12 passed, 1 failed, 0 skipped"),
        ("ruff", "exit 1", "12 passed, 2 failed, 0 skipped"),
        ("python", "exit 1", "12 passed, 1 failed, 0 skipped"),
        ("pytest", "echo '2 failed, 9 passed, 1 skipped in 3s'; exit 1", "9 passed, 2 failed, 1 skipped"),
        ("pytest", "echo '7 passed, 3 errors in 3s'; exit 1", "7 passed, 3 failed, 0 skipped"),
        ("pytest", "echo 'Segmentation fault'; exit 139", "0 passed, 1 failed, 0 skipped"),
        ("pytest", "echo 'no tests ran in 0.01s'; exit 5", "0 passed, 1 failed, 0 skipped"),
    ],
    ids=["all well", "mypy", "ruff twice", "no asterisk", "tests", "fixtures", "crash", "no tests"],
)
def test_last_line_and_exit_code_tell_what_failed(
    tree: Path, tool: str | None, script: str, summary: str
) -> None:
    if tool:
        stand_in(tree, tool, script)
    code, lines = run(tree, ".ci/run")
    assert lines[-1].startswith(summary)
    assert (code == 0) == (tool is None)


def test_every_check_runs_although_the_first_failed_and_its_output_is_shown(tree: Path) -> None:
    stand_in(tree, "ruff", "echo ruff-says-this; exit 1")
    _, lines = run(tree, "make", "test")
    reported = [line.split("  ")[0].split()[0] for line in lines if line.startswith(("ok ", "FAILED "))]
    assert reported == ["FAILED", "FAILED", "ok", "ok", "ok", "ok"]
    assert lines.count("ruff-says-this") == 2


def test_lint_runs_no_code_of_ours(tree: Path) -> None:
    stand_in(tree, "pytest", "touch ran; exit 1")
    code, _ = run(tree, "make", "lint")
    assert code == 0
    assert not (tree / "ran").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo Python 3.9.2; exit 1", "Python 3.9.2 is too old; 3.11 or newer is needed"),
        (None, "there is no ./their-python"),
    ],
    ids=["too old", "none"],
)
def test_a_python_that_will_not_do_is_named(tree: Path, script: str | None, told: str) -> None:
    (tree / ".venv/.ready").unlink()
    if script:
        (tree / "their-python").write_text(f"#!/bin/sh\n{script}\n")
        (tree / "their-python").chmod(0o755)
    code, lines = run(tree, "make", "setup", "PYTHON=./their-python")
    assert code != 0
    assert f"setup failed: {told}" in lines
    assert not (tree / ".venv/.ready").exists()


def test_a_failed_set_up_is_no_success(tree: Path) -> None:
    (tree / ".venv/.ready").unlink()
    code, lines = run(tree, ".ci/run", PYTHON="./their-python")
    assert code != 0
    assert lines[-1].startswith("0 passed, 1 failed")
