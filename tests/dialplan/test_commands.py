"""`perezvon plan`, `apply`, `rollback`, `history` and `base`, without an Asterisk."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli import plan as commands
from config.secrets import create_missing
from dialplan.base import DIRECTORIES, render_base
from tests.dialplan.conftest import DEMO

app = typer.Typer(pretty_exceptions_enable=False)
for name in ("plan", "apply", "rollback", "history", "base"):
    app.command(name)(getattr(commands, name))


class Desk:
    """An admin's site, and a configuration folder of an Asterisk that does not run."""

    def __init__(self, folder: Path) -> None:
        self.site, self.etc = folder / "site", folder / "etc"
        shutil.copytree(DEMO, self.site, ignore=shutil.ignore_patterns("secrets"))
        create_missing(self.site)
        self.edit(
            "system.yaml",
            asterisk={"command": ["/no/asterisk"], "config_dir": str(self.etc), "log_dir": str(folder)},
        )
        self.etc.mkdir()
        for name, text in render_base({key: f"/srv/{key}" for key in DIRECTORIES}, system_name="x").items():
            (self.etc / name).write_text(text)

    def edit(self, file: str, **values: Any) -> None:
        yaml = YAML()
        content = yaml.load((self.site / file).read_text())
        content.update(values)
        with (self.site / file).open("w") as out:
            yaml.dump(content, out)

    def run(self, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--site", str(self.site)])
        assert done.exit_code == code, done.output
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit)
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_plan_apply_plan_history_rollback(desk: Desk) -> None:
    planned = json.loads(desk.run("plan", "--json", code=2).output)
    assert planned["changes"]
    assert planned["asterisk"] == "there is no program /no/asterisk"
    first = json.loads(desk.run("apply", "--offline", "--why", "начало", "--json").output)
    assert first["ok"]
    assert "nothing to do" in desk.run("plan").output
    desk.edit("groups/sales.yaml", wrap_up="25s")
    assert "group sales: wrap_up 10s → 25s" in desk.run("plan", code=2).output
    desk.run("apply", "--offline")
    assert "wrapuptime = 25" in (desk.etc / "perezvon.d/current/queues.conf").read_text()
    back = json.loads(desk.run("rollback", "--offline", "--json").output)
    assert back["revision"] == first["revision"]
    entries = json.loads(desk.run("history", "--json").output)["entries"]
    assert [entry["why"] for entry in entries] == ["rollback 1", "", "начало"]


@pytest.mark.parametrize(
    "error", [KeyError("uid not found"), OSError("No username set")], ids=["3.11", "3.13"]
)
def test_a_user_without_a_name_is_in_the_history_by_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("getpass.getuser", Mock(side_effect=error))
    desk.run("apply", "--offline")
    (entry,) = json.loads(desk.run("history", "--json").output)["entries"]
    assert entry["who"] == f"uid {os.getuid()}"


def test_a_saved_plan_holds_only_while_nothing_moves(desk: Desk, tmp_path: Path) -> None:
    saved = str(tmp_path / "p.plan")
    desk.run("plan", "--save", saved, code=2)
    desk.edit("groups/sales.yaml", wrap_up="25s")
    assert "changed since that plan" in desk.run("apply", "--plan", saved, "--offline", code=1).output
    desk.run("plan", "--save", saved, code=2)
    desk.run("apply", "--plan", saved, "--offline")


def test_without_asterisk_an_apply_says_so_and_changes_nothing(desk: Desk) -> None:
    done = desk.run("apply", code=1)
    assert "there is no program /no/asterisk" in done.output
    assert "--offline" in done.output
    assert not (desk.etc / "perezvon.d/current").is_symlink()


def test_a_missing_include_is_told_with_its_line(desk: Desk) -> None:
    (desk.etc / "pjsip.conf").unlink()
    assert "#tryinclude perezvon.d/current/pjsip.conf" in desk.run("plan", code=2).output
    done = desk.run("apply", "--offline", code=1)
    assert f"put this line at the end of {desk.etc}/pjsip.conf: #tryinclude" in done.output


def test_rollback_to_what_is_not_there(desk: Desk) -> None:
    assert "no revision 1 changes back" in desk.run("rollback", "--offline", code=1).output
    assert "not there any more" in desk.run("rollback", "abcdefabcdef", "--offline", code=1).output


def test_nothing_printed_holds_a_secret(desk: Desk) -> None:
    secrets = {path.read_text().strip() for path in (desk.site / "secrets").iterdir()}
    said = desk.run("plan", code=2).output
    said += desk.run("apply", "--offline").output
    (desk.site / "secrets/anna").write_text("a-quite-new-password-123\n")
    said += desk.run("plan", code=2).output + desk.run("plan", "--json", code=2).output
    assert "agent anna: password changes" in said
    assert not [secret for secret in {*secrets, "a-quite-new-password-123"} if secret in said]


def test_base_writes_into_an_empty_folder_only(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "fresh"
    assert "wrote" in desk.run("base", str(target)).output
    assert "autoload = no" in (target / "modules.conf").read_text()
    assert f"astetcdir => {target}" in (target / "asterisk.conf").read_text()
    assert "nothing was written" in desk.run("base", str(target), code=1).output
