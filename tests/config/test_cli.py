"""`perezvon check`, `schema` and `explain`: what they print and how they exit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import check as check_module
from cli.check import check
from cli.explain import explain
from cli.schema import schema
from config.kinds import KINDS
from config.laws import LAWS
from dialplan.filters import RenderError

from .conftest import Edit

app = typer.Typer()
for command in (check, schema, explain):
    app.command()(command)


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_good_site_is_told_in_one_line(site: Path) -> None:
    assert run("check", "site") == (0, "site: 0 errors, 0 warnings\n")


def test_the_folder_is_an_argument_or_the_option_of_all_commands_but_not_two(site: Path) -> None:
    assert run("check", "--site", "site") == run("check", "site", "--site", "site") == run("check", "site")
    code, text = run("check", "other", "--site", "site")
    assert (code, text) == (1, "error: two folders are named, other and site; name one\n")


def test_problems_are_printed_by_line_with_code_and_mend_whatever_the_width(site: Path, edit: Edit) -> None:
    edit("campaigns/spring.yaml", '"+74951234567"', "+74951234567")
    code, text = run("check", "site")
    assert code == 1
    assert text.splitlines() == [
        'site/campaigns/spring.yaml:10:12 E204 `caller_id` must be text; quote it: "+74951234567"',
        "site: 1 error, 0 warnings",
    ]


def test_warnings_fail_only_when_strict(site: Path, edit: Edit) -> None:
    edit("campaigns/spring.yaml", "grace: 2s", "grace: 3s\nlaw: none")
    assert run("check", "site")[0] == 0
    assert run("check", "site", "--strict")[0] == 3


def test_json_holds_every_part_of_a_problem(site: Path, edit: Edit) -> None:
    edit("groups/sales.yaml", "strategy: leastrecent", "strategy: best")
    code, text = run("check", "site", "--json")
    told = json.loads(text)
    assert code == 1
    assert (told["ok"], told["errors"], told["warnings"], told["folder"]) == (False, 1, 0, "site")
    (problem,) = told["problems"]
    assert problem["file"] == "site/groups/sales.yaml"
    assert (problem["line"], problem["column"], problem["code"]) == (6, 11, "E205")
    assert problem["severity"] == "error"
    assert "leastrecent" in problem["message"]


def test_the_default_folder_is_the_one_that_every_other_command_takes(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path("config/site")
    here.parent.mkdir()
    shutil.copytree(site, here)
    assert run("check")[1].startswith("config/site: ")
    monkeypatch.setenv("PEREZVON_SITE", str(site.absolute()))
    assert run("check")[1].startswith(f"{site.absolute()}: ")


def test_a_folder_that_is_not_there_is_a_plain_error(site: Path) -> None:
    code, text = run("check", "nowhere")
    assert code == 1
    assert "there is no such folder" in text


def test_missing_secrets_are_made_on_demand(site: Path) -> None:
    (site / "secrets/anna").unlink()
    code, text = run("check", "site")
    assert code == 1
    assert "--create-secrets" in text
    code, text = run("check", "site", "--create-secrets")
    assert code == 0
    assert text.startswith("made ")
    assert text.splitlines()[0].endswith("secrets/anna")


def test_a_prompt_that_is_not_installed_is_found(site: Path, edit: Edit) -> None:
    edit("campaigns/spring.yaml", "message: abandoned", "message: abandonned")
    code, text = run("check", "site")
    assert code == 1
    assert "16:10 E303 there is no prompt `abandonned`; did you mean `abandoned`?" in text


def test_what_cannot_be_rendered_is_an_error(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(*args: object, **kwargs: object) -> None:
        raise RenderError("too strange")

    monkeypatch.setattr(check_module, "render", render)
    code, text = run("check", "site")
    assert code == 1
    assert text.startswith("site:1:1 E491 too strange")


def test_a_schema_is_printed_by_either_name_of_its_kind() -> None:
    assert run("schema", "campaign") == run("schema", "campaigns")
    assert json.loads(run("schema", "trunk")[1])["title"] == "Perezvon: trunk"
    assert json.loads(run("schema", "--json")[1]) == [kind.name for kind in KINDS]
    code, text = run("schema", "campain")
    assert code == 1
    assert "did you mean `campaign`?" in text


def test_all_schemas_are_written(tmp_path: Path) -> None:
    assert run("schema", "--write", str(tmp_path))[0] == 0
    assert len(list(tmp_path.glob("*.json"))) == len(KINDS)
    code, text = run("schema", "--write", "/proc/none")
    assert code == 1
    assert "cannot be written" in text


def test_a_key_is_explained_in_both_languages_with_its_lints() -> None:
    code, text = run("explain", "campaigns.ring_time")
    assert code == 0
    for part in ("How long a call rings", "Сколько звонит", "27s", "ring_time: 27s", "E411"):
        assert part in text
    assert json.loads(run("explain", "ring_time", "--json")[1])[0]["path"] == "groups.ring_time"


def test_the_laws_are_told_with_figures_source_and_a_warning() -> None:
    code, text = run("explain", "campaign.law")
    assert code == 0
    for name, law in LAWS.items():
        for part in (f"{name}: {law.numbers()}", law.en, law.ru, law.source):
            assert part in text
    assert "Not legal advice" in text
    assert "at most 5 % of calls that a person answered, the calendar month" in text
    [told] = json.loads(run("explain", "campaign.law", "--json")[1])
    assert any("16 CFR 310.4(b)(4)" in note for note in told["notes"])
    assert json.loads(run("explain", "campaigns.target", "--json")[1])[0]["notes"] == []


def test_a_code_is_explained() -> None:
    assert run("explain", "e301")[1].startswith("E301, error: no such group")
    assert json.loads(run("explain", "W525", "--json")[1])["keys"] == ["campaigns.attempts"]


def test_an_unknown_key_is_told_what_may_be_meant() -> None:
    code, text = run("explain", "campaigns.rng_time")
    assert code == 1
    assert "did you mean `campaigns.ring_time`?" in text
