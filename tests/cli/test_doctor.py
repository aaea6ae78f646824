"""What the doctor says of an Asterisk that has not all that screening wants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import doctor
from cli.demo_world import demo_site
from cli.main import app
from config.models import Site
from config.secrets import create_missing
from dialplan.console import AsteriskConsole
from tests.cli.test_ledger import edit

SCREENS = (*doctor.EAR, "chan_audiosocket", "app_amd")


async def no_manager(_: Site) -> doctor.Finding:
    return doctor.Finding("fail", "manager", "nobody answers")


@pytest.mark.parametrize(
    ("without", "found"),
    [
        ((), [("ok", "screening", "by our ear")]),
        (
            ("chan_audiosocket",),
            [("warn", "early", "nobody listens before"), ("ok", "screening", "by our ear")],
        ),
        (("app_audiosocket",), [("warn", "screening", "AMD() screens")]),
        (("app_audiosocket", "app_amd"), [("fail", "screening", "everybody is taken for a person")]),
        (("app_exec",), [("fail", "screening", "calls are cut off")]),
    ],
)
def test_it_says_by_what_calls_are_screened_and_what_to_load(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without: tuple[str, ...],
    found: list[tuple[str, str, str]],
) -> None:
    site = demo_site(tmp_path / "site")
    edit(site / "system.yaml", database=f"sqlite+aiosqlite:///{tmp_path / 'p.db'}")
    edit(site / "campaigns/spring.yaml", screening="on")
    create_missing(site)
    loaded = "".join(f"{name}.so\n" for name in (*doctor.MODULES, *SCREENS) if name not in without)
    answers = {"core show version": "Asterisk 22.10.1 built by", "module show": loaded}
    monkeypatch.setattr(doctor, "_manager", no_manager)  # it would wait for one
    monkeypatch.setattr(AsteriskConsole, "run", lambda self, command: answers.get(command, "rev"))
    said = json.loads(CliRunner().invoke(app, ["doctor", "--json", "--site", str(site)]).output)
    told = [one for one in said if one["what"] in ("early", "screening")]
    assert [(one["level"], one["what"]) for one in told] == [(level, what) for level, what, _ in found]
    for one, (_, _, text) in zip(told, found, strict=True):
        assert text in one["told"]
        assert one["level"] == "ok" or "modules.conf" in one["hint"]
