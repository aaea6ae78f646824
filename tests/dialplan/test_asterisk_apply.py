"""Apply, read back, roll back on a real Asterisk of this module's own."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from config.models import Site
from dialplan.apply import ApplyRefused, Author, Result, apply, earlier, roll_back
from dialplan.base import render_base
from dialplan.console import AsteriskConsole, ConsoleError
from dialplan.plan import make_plan
from dialplan.readback import read_back, running_revision
from dialplan.render import render
from dialplan.revisions import Revisions
from lab.instance import Instance, directories
from lab.ports import free_port
from lab.provision import AsteriskBinary
from sounds.catalogue import prompts, sounds_dir

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

ME = Author("tester", "a test", "2026-01-01T00:00:00+00:00")
Edit = Callable[[str], str]


class Bench:
    """A running Asterisk and the site that is meant for it."""

    def __init__(self, instance: Instance, site: Site) -> None:
        self.instance = instance
        self.site = site
        self.console = AsteriskConsole(instance.command)
        self.revisions = Revisions(instance.etc)

    def files(self, site: Site | None = None) -> dict[str, str]:
        return render(site or self.site, sounds_dir=str(sounds_dir()))

    def apply(self, site: Site | None = None, console: AsteriskConsole | None = None) -> Result:
        return apply(
            site or self.site,
            self.files(site),
            sounds_dir=str(sounds_dir()),
            prompts=prompts(sounds_dir()),
            console=console or self.console,
            author=ME,
        )


class Spoiler(AsteriskConsole):
    """A console that edits a file in force by hand before Asterisk reads it for the first time."""

    def __init__(self, bench: Bench, file: str, edit: Edit) -> None:
        super().__init__(bench.console.program)
        self.path = bench.instance.etc / "perezvon.d/current" / file
        self.edit: Edit | None = edit

    def run(self, command: str) -> str:
        if self.edit is not None and "reload" in command:
            text = self.path.read_text()
            spoilt = self.edit(text)
            assert spoilt != text
            self.path.write_text(spoilt)
            self.edit = None
        return super().run(command)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(
    asterisk_binary: AsteriskBinary, demo_site: Site, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("apply")
    system = demo_site.system
    paths = directories(asterisk_binary, folder)
    instance = Instance(asterisk_binary, folder, render_base(paths, system_name=system.name))
    system = system.model_copy(
        update={
            "asterisk": system.asterisk.model_copy(
                update={
                    "command": instance.command,
                    "config_dir": str(instance.etc),
                    "log_dir": str(folder / "log"),
                }
            ),
            "sip": system.sip.model_copy(update={"bind": "127.0.0.1", "port": free_port(socket.SOCK_DGRAM)}),
            "ami": system.ami.model_copy(update={"port": free_port(socket.SOCK_STREAM)}),
        }
    )
    await instance.start()
    yield Bench(instance, demo_site.model_copy(update={"system": system}))
    await instance.stop()


def renamed(site: Site, name: str) -> Site:
    """The site with ivan called otherwise and another wrap-up: changes in two files."""
    agents = {**site.agents, "ivan": site.agents["ivan"].model_copy(update={"name": name})}
    groups = {**site.groups, "sales": site.groups["sales"].model_copy(update={"max_waiting": 33})}
    return site.model_copy(update={"agents": agents, "groups": groups})


async def test_first_apply_on_an_asterisk_that_has_nothing(bench: Bench) -> None:
    planned = make_plan(bench.site, bench.files(), bench.console)
    assert planned.changes
    assert planned.current is None
    assert "agent anna is new" in planned.objects
    result = bench.apply()
    assert (result.ok, result.problems, result.previous) == (True, [], None)
    assert running_revision(bench.console) == result.revision == bench.revisions.current
    again = make_plan(bench.site, bench.files(), bench.console)
    assert not again.changes
    assert bench.apply().steps == [f"revision {result.revision} is in force on disk"]
    folder = bench.instance.etc / "perezvon.d" / result.revision
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


async def test_only_what_changed_is_reloaded_and_can_be_rolled_back(bench: Bench) -> None:
    first = bench.apply().revision
    other = renamed(bench.site, "Другой")
    planned = make_plan(other, bench.files(other), bench.console)
    assert planned.objects == [
        "group sales: max_waiting 20 → 33",
        "agent ivan: name Агент Иван → Другой",
    ]
    assert set(planned.files) == {"extensions.conf", "pjsip.conf", "queues.conf"}
    assert "secret" not in str(planned.files)
    assert bench.apply(other).ok
    assert "Другой" in bench.console.run("pjsip show endpoint agent-ivan")
    back = roll_back(
        bench.site.system.asterisk, earlier(bench.revisions, 1), console=bench.console, author=ME
    )
    assert (back.ok, back.revision) == (True, first)
    assert "Агент Иван" in bench.console.run("pjsip show endpoint agent-ivan")
    assert [entry.revision for entry in bench.revisions.history()][-1] == first


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("extensions.conf", " same => n,Answer()", " same => oops,Answer()", "priorities in Asterisk"),
        ("extensions.conf", " same => n,Answer()", " same => n,Answer(", r"Answer|log"),
        ("extensions.conf", "exten => 101,1,Set", "exten => 101,n,Set", "perezvon-agents,101"),
        ("extensions.conf", "[perezvon-group]", "[perezvon-group", "perezvon-group"),
        ("extensions.conf", "Queue(sales", "Queue(support", r"Queue\(support"),
        ("pjsip.conf", "Третий", "Чужой", "callerid"),
        ("pjsip.conf", "aors = agent-ivan", "aors = agent-ivan\nno_such_option = 1", "agent-ivan"),
        ("pjsip.conf", "aors = agent-ivan", "aors = agent-ivan\ndtmf_mode = nonsense", "agent-ivan"),
        ("queues.conf", "maxlen = 33", "maxlen = 34", "queue sales"),
        ("queues.conf", "[support]", "[another]", "queue support is not"),
    ],
)
async def test_what_asterisk_takes_by_half_is_noticed_and_rolled_back(
    bench: Bench, file: str, old: str, new: str, says: str
) -> None:
    before = bench.apply().revision
    spoilt = bench.apply(
        renamed(bench.site, "Третий"), Spoiler(bench, file, lambda text: text.replace(old, new, 1))
    )
    assert not spoilt.ok
    assert re.search(says, "\n".join(spoilt.problems))
    assert (spoilt.revision, spoilt.after_rollback) == (before, [])
    assert bench.revisions.current == running_revision(bench.console) == before
    assert read_back(bench.console, bench.files()) == []


async def test_a_refused_object_that_keeps_its_old_value_is_noticed(bench: Bench) -> None:
    bench.apply()
    agents = {
        **bench.site.agents,
        "anna": bench.site.agents["anna"].model_copy(update={"password": SecretStr("another-secret-123456")}),
    }
    spoilt = bench.apply(
        bench.site.model_copy(update={"agents": agents}),
        Spoiler(
            bench,
            "pjsip.conf",
            lambda text: text.replace("another-secret-123456", "another-secret-123456\nno_such = 1"),
        ),
    )
    assert not spoilt.ok
    assert "PJSIP auth agent-anna kept another password" in spoilt.problems
    assert "another-secret" not in str(spoilt)


async def test_rights_that_are_too_wide_are_noticed(bench: Bench) -> None:
    bench.apply()
    wide = bench.files()["manager.conf"].replace("write = originate", "write = system,originate")
    path = bench.instance.etc / "perezvon.d/current/manager.conf"
    good = path.read_text()
    path.write_text(wide)
    bench.console.run("manager reload")
    assert any("perezvon_dialer has write perm" in line for line in read_back(bench.console, bench.files()))
    path.write_text(good)
    bench.console.run("manager reload")
    assert read_back(bench.console, bench.files()) == []


async def test_drift_is_seen_by_the_plan_and_mended_by_an_apply(bench: Bench) -> None:
    bench.apply()
    path = bench.instance.etc / "perezvon.d/current/queues.conf"
    path.write_text(path.read_text().replace("retry = 1", "retry = 9"))
    planned = make_plan(bench.site, bench.files(), bench.console)
    assert planned.changes
    assert "-retry = 9" in planned.files["queues.conf"]
    assert bench.apply().ok
    assert "retry = 9" not in path.read_text()


NASTY = 'O"Neil \\ ; ${SHELL(touch %s)} $[1+1] [x] <7> Ёж'


async def test_names_arrive_as_text_and_nothing_in_them_is_executed(bench: Bench) -> None:
    target = Path(tempfile.gettempdir()) / f"pz{os.getpid()}"
    name = NASTY % target
    long_id = "a" * 32
    agents = {
        **bench.site.agents,
        long_id: bench.site.agents["ivan"].model_copy(update={"name": name, "extension": "99999999"}),
    }
    assert bench.apply(bench.site.model_copy(update={"agents": agents})).problems == []
    shown = bench.console.run(f"pjsip show endpoint agent-{long_id}")
    assert "${SHELL(touch" in shown
    assert "Ёж" in shown
    assert not target.exists()
    assert bench.apply().ok
    assert f"Endpoint:  agent-{long_id}" not in bench.console.run("pjsip list endpoints")


async def test_signed_in_agents_follow_their_groups(bench: Bench) -> None:
    bench.apply()
    for queue in ("sales", "support"):
        bench.console.run(
            f"queue add member PJSIP/agent-vera to {queue} penalty 9 as vera state_interface PJSIP/agent-vera"
        )
    bench.console.run("queue pause member PJSIP/agent-vera queue support reason lunch")
    bench.console.run("queue add member PJSIP/agent-anna to sales penalty 2 as anna")
    agents = {
        **bench.site.agents,
        "vera": bench.site.agents["vera"].model_copy(update={"groups": ["support"]}),
        "anna": bench.site.agents["anna"].model_copy(update={"groups": ["sales", "support"]}),
    }
    result = bench.apply(bench.site.model_copy(update={"agents": agents}))
    assert result.ok
    for done in (
        "agent vera left queue sales",
        "agent vera has penalty 0 in support",
        "agent anna joined queue support",
    ):
        assert done in result.steps
    support = bench.console.run("queue show support")
    assert re.search(r"vera \(PJSIP/agent-vera\).*paused:lunch", support)
    assert "anna (PJSIP/agent-anna)" in support
    assert "vera" not in bench.console.run("queue show sales")


async def test_missing_includes_are_named_with_line_and_file(bench: Bench) -> None:
    bench.apply()
    top = bench.instance.etc / "queues.conf"
    kept = top.read_text()
    top.write_text("[general]\n[sales](!)\nstrategy = ringall\n")
    try:
        planned = make_plan(bench.site, bench.files(), bench.console)
        assert [(one.file, one.line) for one in planned.missing] == [
            (top, "#tryinclude perezvon.d/current/queues.conf")
        ]
        assert any("[sales] stands here and in Perezvon's" in text for text in planned.warnings)
        with pytest.raises(ApplyRefused, match=r"put this line at the end of .*queues\.conf"):
            bench.apply(renamed(bench.site, "X"))
    finally:
        top.write_text(kept)


async def test_a_plan_that_is_out_of_date_is_refused(bench: Bench) -> None:
    bench.apply()
    old = make_plan(bench.site, bench.files(), bench.console).stamp
    other = renamed(bench.site, "Y")
    with pytest.raises(ApplyRefused, match="changed since that plan"):
        apply(
            other,
            bench.files(other),
            sounds_dir=str(sounds_dir()),
            prompts=None,
            console=bench.console,
            author=ME,
            stamp=old,
        )


async def test_an_asterisk_that_does_not_run_changes_nothing_unless_offline(bench: Bench) -> None:
    before = bench.apply().revision
    await bench.instance.stop()
    other = renamed(bench.site, "Офлайн")
    with pytest.raises(ConsoleError, match="not running"):
        bench.apply(other)
    assert bench.revisions.current == before
    planned = make_plan(other, bench.files(other), bench.console)
    assert planned.asterisk is not None
    result = apply(
        other,
        bench.files(other),
        sounds_dir=str(sounds_dir()),
        prompts=None,
        console=None,
        author=ME,
    )
    assert result.ok
    await bench.instance.start()
    assert running_revision(bench.console) == result.revision
    assert read_back(bench.console, bench.files(other)) == []
