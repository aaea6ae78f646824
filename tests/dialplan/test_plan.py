from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from config.models import Site
from dialplan.base import DIRECTORIES, render_base
from dialplan.console import AsteriskConsole, ConsoleError
from dialplan.foreign import clashes, missing_includes
from dialplan.members import Member, shown_members, wanted_members
from dialplan.plan import (
    RELOADS,
    changed_files,
    file_diffs,
    masked,
    object_changes,
    redact,
    reloads,
    secret_changes,
    site_facts,
)
from dialplan.readback import Complaints, changed_objects, shown_dialplan
from dialplan.render import render

SOUNDS = "/snd"


def test_changes_are_told_in_the_words_of_the_site(demo_site: Site) -> None:
    sales = demo_site.groups["sales"].model_copy(update={"wrap_up": 20.0, "strategy": "random"})
    vera = demo_site.agents["vera"].model_copy(update={"groups": ["support"], "skills": {}})
    agents = {**demo_site.agents, "vera": vera}
    agents["new"] = agents.pop("lev")
    other = demo_site.model_copy(update={"groups": {**demo_site.groups, "sales": sales}, "agents": agents})
    assert object_changes(site_facts(demo_site), site_facts(other)) == [
        "group sales: strategy leastrecent → random",
        "group sales: wrap_up 10s → 20s",
        "agent new is new",
        "agent lev is gone",
        "agent vera leaves sales",
        "agent vera: skills.sales 6 → (none)",
    ]
    assert object_changes(site_facts(demo_site), site_facts(demo_site)) == []


def test_a_new_password_is_told_and_never_shown(demo_site: Site) -> None:
    anna = demo_site.agents["anna"].model_copy(update={"password": SecretStr("the-new-one-123")})
    old = render(demo_site, sounds_dir=SOUNDS)
    new = render(
        demo_site.model_copy(update={"agents": {**demo_site.agents, "anna": anna}}), sounds_dir=SOUNDS
    )
    assert secret_changes(old["pjsip.conf"], new["pjsip.conf"]) == ["agent anna: password changes"]
    diffs = dict(file_diffs(old, new))
    assert diffs["pjsip.conf"] == "(only secrets differ)\n"
    assert "the-new-one" not in str(diffs) + str(site_facts(demo_site))
    for text in new.values():
        assert "the-new-one" not in redact(text)
        assert "secret-of" not in redact(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+asyncpg://pz:word@db/pz", "postgresql+asyncpg://pz:***@db/pz"),
        ("postgresql+asyncpg://pz@db/pz?password=word", "postgresql+asyncpg://pz@db/pz"),
        ("sqlite+aiosqlite:////var/lib/pz.db", "sqlite+aiosqlite:////var/lib/pz.db"),
        ("word", "****"),
    ],
)
def test_the_password_of_the_database_is_neither_shown_nor_kept(
    demo_site: Site, url: str, shown: str
) -> None:
    system = demo_site.system.model_copy(update={"database": url})
    facts = site_facts(demo_site.model_copy(update={"system": system}))
    assert facts["system"]["database"] == shown
    assert masked(facts | {"system": facts["system"] | {"database": url}})["system"]["database"] == shown


def test_each_file_has_its_reload_and_pointed_at_things_come_first(demo_site: Site) -> None:
    assert set(RELOADS) == set(render(demo_site, sounds_dir=SOUNDS))
    assert reloads(["pjsip.conf", "queues.conf"])[0] == "queue reload all"
    assert changed_files({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": ""}) == ["b", "c"]


def test_objects_with_one_name_are_kept_apart_by_type() -> None:
    old = "[a]\ntype = endpoint\nx = 1\n[a]\ntype = aor\ny = 1\n"
    assert changed_objects(old, old.replace("y = 1", "y = 2")) == {("aor", "a")}
    assert changed_objects("", old) == {("endpoint", "a"), ("aor", "a")}


def test_top_level_files_that_include_ours_are_complete(tmp_path: Path) -> None:
    for name, text in render_base({key: f"/srv/{key}" for key in DIRECTORIES}, system_name="x").items():
        (tmp_path / name).write_text(text)
    assert missing_includes(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    ["#include perezvon.d/current/queues.conf", '#tryinclude "perezvon.d/current/queues.conf"',
     "  #include <perezvon.d/current/queues.conf>"],
)  # fmt: skip
def test_the_ways_to_write_an_include(tmp_path: Path, line: str) -> None:
    (tmp_path / "queues.conf").write_text(f"[general]\nbroken line without equals\n{line}\n")
    assert "queues.conf" not in {missing.file.name for missing in missing_includes(tmp_path)}


def test_a_section_in_both_files_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "queues.conf").write_text("; mine\n\n[sales](!,base)\nstrategy=ringall ; x\n[other]\n")
    (found,) = clashes(tmp_path, {"queues.conf": "[sales]\nstrategy = random\n"})
    assert found == f"{tmp_path}/queues.conf:3: [sales] stands here and in Perezvon's queues.conf: keep one"


def test_members_as_the_queue_shows_them(demo_site: Site) -> None:
    shown = """sales has 0 calls (max 20) in 'leastrecent' strategy (0s holdtime, 0s talktime), W:0, C:0
   Members:
      anna (PJSIP/agent-anna) with penalty 2 (ringinuse disabled) (dynamic) (paused:lunch was 4 secs ago)
      vera (PJSIP/agent-vera) (ringinuse disabled) (dynamic) (paused was 4 secs ago) (Not in use)
      ivan (PJSIP/agent-ivan) with penalty 3 (ringinuse disabled) (dynamic) (Not in use) has taken none
   No Callers
"""
    assert shown_members(shown) == {
        "anna": {"sales": Member(2, "lunch")},
        "vera": {"sales": Member(0, "")},
        "ivan": {"sales": Member(3, None)},
    }
    wanted = wanted_members(render(demo_site, sounds_dir=SOUNDS)["extensions.conf"])
    assert wanted["vera"] == {"sales": 4, "support": 0}


def test_the_dialplan_as_asterisk_shows_it() -> None:
    shown = """[ Context 'perezvon-a' created by 'pbx_config' ]
  '*1' =>           1. Goto(x,[y],1)                              [extensions.conf:12]
     [done]         2. Hangup()                                   [extensions.conf:13]
                    3. Set(A=${B(c)}[d])  [x.conf:14]
[ Context 'other' created by 'pbx_config' ]
"""
    assert shown_dialplan(shown) == {
        "perezvon-a": {"*1": [(1, "Goto(x,[y],1)"), (2, "Hangup()"), (3, "Set(A=${B(c)}[d])")]},
        "other": {},
    }


def test_only_complaints_about_our_files_since_the_beginning_count(tmp_path: Path) -> None:
    log = tmp_path / "perezvon.log"
    log.write_text("WARNING pbx_config.c: at line 3 of extensions.conf\n")
    complaints = Complaints(log)
    with log.open("a") as file:
        file.write("WARNING app_queue.c: PJSIP/agent-x is busy\nERROR sorcery: in 'pjsip.conf'\n")
    assert complaints.lines() == ["ERROR sorcery: in 'pjsip.conf'"]
    log.write_text("WARNING of extensions.conf\n")
    assert complaints.lines() == ["WARNING of extensions.conf"]


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (["/no/such/program"], "no program"),
        (["/etc/passwd"], "may not be run"),
        (["/bin/sh", "-c", "echo Unable to connect to remote asterisk >&2; exit 1"], "not running"),
        (["/bin/sh", "-c", "echo bad thing >&2; exit 3"], "bad thing"),
        (["/bin/sh", "-c", "exit 3"], "exit code 3"),
    ],
)
def test_a_console_that_cannot_be_had_says_why(program: list[str], says: str) -> None:
    with pytest.raises(ConsoleError, match=says):
        AsteriskConsole(program).run("core show version")


def test_a_console_that_hangs_is_given_up() -> None:
    with pytest.raises(ConsoleError, match=r"within 0\.2 s"):
        AsteriskConsole(["/bin/sh", "-c", "sleep 5"], deadline=0.2).run("x")
