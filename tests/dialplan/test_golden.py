"""The demo site's files, byte for byte.

After a wanted change: `PEREZVON_UPDATE_GOLDEN=1 pytest tests/dialplan/test_golden.py`, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

from config.models import Site
from dialplan.base import DIRECTORIES, INCLUDED, render_base
from dialplan.parser import parse_sections
from dialplan.render import render
from dialplan.verify import verify

GOLDEN = Path(__file__).parent / "golden"
SOUNDS = "/usr/share/perezvon/sounds"


def test_demo_site_gives_the_golden_files(demo_site: Site) -> None:
    files = render(demo_site, sounds_dir=SOUNDS)
    files |= {
        f"base/{name}": text
        for name, text in render_base(
            {key: f"/srv/asterisk/{key}" for key in DIRECTORIES}, system_name="pz1", max_calls=200
        ).items()
    }
    if os.environ.get("PEREZVON_UPDATE_GOLDEN") == "1":
        (GOLDEN / "base").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    found = {str(p.relative_to(GOLDEN)): p.read_text("utf-8") for p in GOLDEN.rglob("*.conf")}
    assert files == found


def test_golden_files_pass_their_own_rules(demo_site: Site) -> None:
    names = {path.stem for path in (Path(__file__).parent.parent.parent / "sounds/ru").glob("*.wav")}
    files = render(demo_site, sounds_dir=SOUNDS)
    assert verify(files, sounds_dir=SOUNDS, prompts={"ru": names}) == []


def test_every_file_of_ours_is_included_by_the_base(demo_site: Site) -> None:
    assert set(render(demo_site, sounds_dir=SOUNDS)) == set(INCLUDED)
    base = render_base({key: f"/srv/{key}" for key in DIRECTORIES}, system_name="pz1")
    for name in INCLUDED:
        assert f"#tryinclude perezvon.d/current/{name}\n" in base[name]


def test_dialer_account_holds_least_rights(demo_site: Site) -> None:
    sections = {
        s.name: s for s in parse_sections(render(demo_site, sounds_dir=SOUNDS)["manager.conf"], "").sections
    }
    assert set(sections) == {"general", "perezvon_dialer"}
    account = sections["perezvon_dialer"]
    assert account.get("write") == "originate,call,agent,user,reporting"
    assert account.get("read") == "system,call,agent,user,reporting,dtmf"
    assert account.all("permit") == ["127.0.0.1", "::1"]
    assert account.all("deny") == ["0.0.0.0/0.0.0.0", "::/0"]
    assert sections["general"].get("bindaddr") == "127.0.0.1"


def test_prompts_that_are_missing_in_an_agents_language_are_named(demo_site: Site) -> None:
    files = render(demo_site, sounds_dir=SOUNDS)
    prompts = {"ru": {"greeting", "abandoned", "agent-ready"}}
    missing = {f.message for f in verify(files, sounds_dir=SOUNDS, prompts=prompts)}
    assert f"there is no prompt {SOUNDS}/ru/agent-signed-in" in missing
    assert not any("greeting" in message for message in missing)
