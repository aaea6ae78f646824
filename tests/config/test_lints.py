"""Every lint, by a change to the demo site that it must find, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import codes
from config.hours import minutes, weekdays
from config.lints.campaigns import calls_a_day
from config.load import load, load_site

from .conftest import Edit, found, loaded

SPRING, CALLS, VISITS = "campaigns/spring.yaml", "campaigns/calls.yaml", "campaigns/visits.yaml"
OF_SUPPORT = ("lines/support.yaml", "lines/shop.yaml", VISITS, "campaigns/callbacks.yaml")
HOURS = 'mon-fri: ["09:00-21:00"]'
SQLITE = "sqlite+aiosqlite:////var/lib/perezvon/perezvon.db"
RETRY = "after: 15m, times: 2"

AGAIN_IN_5D = (SPRING, "abandoned: {after: 3d", "abandoned: {after: 5d")

CASES = [
    # (file, old, new) once or several times; then all that must be found
    ([(SPRING, "message: abandoned", "message: abandonned")], [f"{SPRING}:16:10 E303"]),
    ([("lines/main.yaml", "greeting: greeting", "greeting: hello")], ["lines/main.yaml:9:11 E303"]),
    (
        [("lines/main.yaml", "greeting: greeting", "greeting: russian-only\nlanguage: en")],
        ["lines/main.yaml:9:11 E303"],
    ),
    ([("lines/main.yaml", "greeting: greeting", "greeting: russian-only")], []),
    ([("groups/sales.yaml", "min_level: 3", "min_level: 9")], ["E401", *["E402"] * 8]),
    (
        [("agents/vera.yaml", ", support", ""), ("agents/ivan.yaml", ", support", "")],
        ["groups/support.yaml:5:1 E401"],
    ),
    ([("agents/ivan.yaml", "sales: 4", "sales: 2")], ["agents/ivan.yaml:6:10 E402"]),
    ([("agents/ivan.yaml", "skills: {sales: 4}", "")], ["agents/ivan.yaml:6:10 E402"]),
    ([("agents/boris.yaml", '"102"', '"101"')], ["agents/boris.yaml:4:12 E403"]),
    ([("lines/support.yaml", "+74951234569", "+74951234567")], ["lines/support.yaml:6:27 E404"]),
    ([("pause_reasons.yaml", 'code: "2"', 'code: "1"')], ["pause_reasons.yaml:12:9 E405"]),
    ([("pause_reasons.yaml", 'code: "2"', 'code: "12"')], ["pause_reasons.yaml:12:9 E406"]),
    ([("dispositions.yaml", 'code: "2"', 'code: "1"')], ["dispositions.yaml:17:9 E405"]),
    ([("dispositions.yaml", 'code: "2"', 'code: "12"')], ["dispositions.yaml:17:9 E406"]),
    ([("dispositions.yaml", 'code: "2"', "")], []),
    ([("system.yaml", 'ready: "*21"', 'ready: "*221"')], ["pause_reasons.yaml:7:9 E406"]),
    ([("system.yaml", 'ready: "*21"', 'ready: "*251"')], ["dispositions.yaml:13:9 E406"]),
    ([("system.yaml", 'sign_out: "*12"', 'sign_out: "*11"')], ["system.yaml:37:13 E406"]),
    ([("system.yaml", 'sign_out: "*12"', 'sign_out: "*1"')], ["system.yaml:37:13 E406"]),
    ([("pause_reasons.yaml", "lunch:", "signed_in:")], ["pause_reasons.yaml:5:1 E407"]),
    ([("dispositions.yaml", "order:", "machine:")], ["dispositions.yaml:10:1 E407"]),
    (
        [("dispositions.yaml", 'callback\n  code: "3"', 'callback\n  code: "3"\n  do_not_call: true')],
        ["dispositions.yaml:22:16 E408"],
    ),
    ([(SPRING, "ring_time: 27s", "ring_time: 14999ms")], [f"{SPRING}:14:12 E411"]),
    ([(SPRING, "ring_time: 27s", "ring_time: 15s")], []),
    ([(SPRING, "ring_time: 27s", "ring_time: 61s")], [f"{SPRING}:14:12 W532"]),
    ([(SPRING, "grace: 2s", "grace: 1500ms")], [f"{SPRING}:15:8 E412"]),
    ([(SPRING, "grace: 2s", "grace: 0s")], [f"{SPRING}:15:8 E412"]),
    ([(SPRING, "grace: 2s", "grace: 1s")], []),
    ([(SPRING, "grace: 2s", "grace: 3s")], [f"{SPRING}:15:8 E441"]),
    ([(SPRING, "grace: 2s", "grace: 3s\nlaw: it"), AGAIN_IN_5D], []),
    ([(SPRING, "grace: 2s", "grace: 4s\nlaw: it"), AGAIN_IN_5D], [f"{SPRING}:15:8 E441"]),
    ([(SPRING, "grace: 2s", "grace: 3s\nlaw: de")], [f"{SPRING}:15:8 W521"]),
    ([(SPRING, "grace: 2s", "grace: 3s\nlaw: none")], [f"{SPRING}:15:8 W521"]),
    ([(SPRING, "grace: 2s", "grace: 2s\nlaw: it")], [f"{SPRING}:27:24 E442"]),
    ([(SPRING, "abandoned: {after: 3d", "abandoned: {after: 71h")], [f"{SPRING}:26:24 E442"]),
    ([(SPRING, "abandoned: {after: 3d", "abandoned: {after: 1h"), (SPRING, "grace", "law: none\ngrace")], []),
    (
        [(SPRING, "abandoned: {after: 3d", "abandoned: {after: 1h"), (SPRING, "predictive", "preview")],
        [f"{SPRING}:15:1 W527"],
    ),
    ([(CALLS, "ratio: 1.3", "ratio: 1.3\nlaw: it")], []),
    ([(SPRING, "mode: predictive", "mode: predictive\ntarget: 0.03")], []),
    ([(SPRING, "mode: predictive", "mode: predictive\ntarget: 0.031")], [f"{SPRING}:7:9 E443"]),
    ([(SPRING, "mode: predictive", "mode: predictive\ntarget: 0.05\nlaw: ca")], []),
    ([(SPRING, "mode: predictive", "mode: predictive\ntarget: 0.5\nlaw: none")], []),
    ([(SPRING, "mode: predictive", "mode: predictive\ntarget: 0")], [f"{SPRING}:7:9 E206"]),
    ([(SPRING, "mode: predictive", "mode: progressive\ntarget: 0.02")], [f"{SPRING}:7:1 W527"]),
    ([(SPRING, "mode: predictive", "mode: predictive\nlaw: ru")], [f"{SPRING}:7:6 W541"]),
    ([(SPRING, "mode: predictive", "mode: robot"), (SPRING, "grace: 2s", "")], ["E444"]),
    ([(SPRING, "mode: predictive", "mode: robot\nscript: orders"), (SPRING, "grace: 2s", "")], []),
    ([(SPRING, "mode: predictive", "mode: robot\nscript: survey"), (SPRING, "grace: 2s", "")], ["E444"]),
    ([(SPRING, "mode: predictive", "mode: robot\nscript: orders")], ["W527"]),
    ([(SPRING, "mode: predictive", "mode: progressive\nscript: orders")], [f"{SPRING}:7:1 W527"]),
    ([(CALLS, "ratio: 1.3", "ratio: 1.3\nlaw: ru")], [f"{CALLS}:8:6 W541"]),
    ([(SPRING, "mode: predictive", "mode: progressive\nlaw: ru")], []),
    ([(SPRING, "mode: predictive", "mode: predictive"), (SPRING, "message: abandoned\n", "")], ["E202"]),
    ([(SPRING, HOURS, 'mon-fri: ["18:00-09:00"]')], [f"{SPRING}:12:13 E413"]),
    ([(SPRING, HOURS, 'mon-fri: ["10:00-10:00"]')], [f"{SPRING}:12:13 E413"]),
    ([(SPRING, HOURS, 'mon-fri: ["09:00-13:00", "12:59-20:00"]')], [f"{SPRING}:12:28 E414"]),
    ([(SPRING, HOURS, 'mon-fri: ["13:00-20:00", "09:00-13:00"]')], []),
    ([(SPRING, HOURS, HOURS + '\n  wed: ["09:00-10:00"]')], [f"{SPRING}:13:3 E415"]),
    ([(SPRING, HOURS, 'fri-mon: ["09:00-21:00"]')], [f"{SPRING}:13:3 E415"]),
    ([(SPRING, HOURS, 'mon-fri: ["07:59-21:00"]')], [f"{SPRING}:12:13 W522"]),
    ([(SPRING, HOURS, 'mon-fri: ["08:00-21:01"]')], [f"{SPRING}:12:13 W522"]),
    ([(SPRING, HOURS, 'mon-fri: ["08:00-21:00"]')], []),
    ([(SPRING, "list: spring", "list: spring\ntimezone: Europe/Moskow")], [f"{SPRING}:8:11 E416"]),
    ([(SPRING, "list: spring", "list: spring\ntimezone: ../../etc/passwd")], [f"{SPRING}:8:11 E416"]),
    ([(SPRING, "list: spring", "list: spring\ntimezone: Asia/Chita")], []),
    ([("system.yaml", "Europe/Moscow", "Moscow")], ["system.yaml:8:11 E416"]),
    ([(SPRING, "list: spring", "list: orders")], [f"{SPRING}:7:7 E417"]),
    ([(SPRING, "+74951234567", "+74951")], [f"{SPRING}:10:12 E207"]),
    ([(SPRING, "+74951234567", "+749512345")], [f"{SPRING}:10:12 E418"]),
    ([(SPRING, "+74951234567", "+99912345678")], [f"{SPRING}:10:12 E418"]),
    ([(SPRING, "+74951234567", "+78091234567")], [f"{SPRING}:10:12 E418"]),
    ([(SPRING, "+74951234567", "+74951112233")], [f"{SPRING}:10:12 W528"]),
    ([(SPRING, "list: spring", "law: uk\nscreening: on\nlist: spring")], [f"{SPRING}:8:12 W542"]),
    ([(SPRING, "list: spring", "law: us\nscreening: on\nlist: spring")], []),
    ([("groups/sales.yaml", "ring_time: 15s", "ring_time: 1500ms")], ["groups/sales.yaml:7:12 E419"]),
    ([("groups/sales.yaml", "max_wait: 5m", "max_wait: 0s")], ["groups/sales.yaml:11:11 E419"]),
    ([("groups/sales.yaml", "wrap_up: 10s", "wrap_up: 0s")], []),
    ([(SPRING, "max_talk: 30m", "max_talk: 0s")], [f"{SPRING}:19:11 E419"]),
    ([(SPRING, RETRY, "after: 0s, times: 2")], [f"{SPRING}:23:19 E419"]),
    ([("system.yaml", "host: 127.0.0.1", "host: 192.0.2.5")], ["system.yaml:27:9 E421"]),
    ([("system.yaml", "host: 127.0.0.1", "host: pbx.example.com")], ["system.yaml:27:9 E421"]),
    ([("system.yaml", "host: 127.0.0.1", "host: localhost")], []),
    ([("system.yaml", "rtp_last: 11999", "rtp_last: 9999")], ["system.yaml:24:13 E422"]),
    ([("system.yaml", "rtp_last: 11999", "rtp_last: 10000")], ["system.yaml:24:13 E422"]),
    ([("system.yaml", "port: 5060", "port: 10500")], ["system.yaml:22:9 E423"]),
    ([("system.yaml", "rtp_last: 11999", "rtp_last: 10099")], ["system.yaml:24:13 W531"]),
    ([("system.yaml", "max_calls: 200", "max_calls: 55")], ["system.yaml:32:10 E424"]),
    ([("trunks/city.yaml", "lines: 53", "lines: 300")], ["trunks/city.yaml:11:8 E424"]),
    (
        [("trunks/city.yaml", "port: 5070", "port: 5070\nregister_with_carrier: true")],
        ["trunks/city.yaml:8:24 E425"],
    ),
    ([("trunks/city.yaml", "port: 5070", "port: 5070\nusername: perezvon")], ["trunks/city.yaml:6:1 E425"]),
    ([("system.yaml", "bind: 0.0.0.0", "bind: pbx.example.com")], ["system.yaml:21:9 E426"]),
    ([("trunks/city.yaml", "host: 127.0.0.1", "host: 300.1.1.1")], ["trunks/city.yaml:6:7 E426"]),
    ([("trunks/city.yaml", "[127.0.0.1]", "[127.0.0.1, 1.2.3]")], ["trunks/city.yaml:8:20 E426"]),
    ([("system.yaml", "sqlite+aiosqlite:////var", "mysql:////var")], ["system.yaml:11:11 E427"]),
    ([("system.yaml", "/run/perezvon/daemon.sock", "daemon.sock")], ["system.yaml:12:9 E428"]),
    ([("system.yaml", "/run/perezvon/daemon.sock", "/run/" + "x" * 103)], ["system.yaml:12:9 E428"]),
    ([("system.yaml", "/run/perezvon/daemon.sock", "/run/" + "x" * 102)], []),
    ([("system.yaml", "/etc/asterisk", "etc/asterisk")], ["system.yaml:16:15 E428"]),
    ([("system.yaml", "limits: #", "sounds_dir: /srv/a,b\nlimits: #")], ["system.yaml:31:13 E428"]),
    ([("system.yaml", "limits: #", "cache_dir: /srv/a&b\nlimits: #")], ["system.yaml:31:12 E428"]),
    ([("system.yaml", "limits: #", "cache_dir: /srv/звук a-b\nlimits: #")], []),
    ([("system.yaml", "limits: #", "agi_port: 5038\nlimits: #")], ["system.yaml:31:11 E429"]),
    (
        [("system.yaml", "limits: #", "agi_port: 4600\nmetrics_port: 4600\nlimits: #")],
        ["system.yaml:32:15 E429"],
    ),
    ([("lines/main.yaml", "group: sales", "group: sales\nscript: night")], ["E305"]),
    (
        [
            ("lines/main.yaml", "group: sales", "group: sales\nscript: night"),
            ("scripts/night.py", "", "def run(agi):\n    agi.answer()\n"),
        ],
        [],
    ),
    ([("scripts/night.py", "", "def start(agi):\n    pass\n")], ["scripts/night.py:1:1 E115"]),
    ([("scripts/night.py", "", "\nasync def run(agi):\n    pass\n")], ["scripts/night.py:2:1 E115"]),
    ([("scripts/night.py", "", "def run(agi):\n    agi.answer(\n")], ["scripts/night.py:2:15 E115"]),
    ([("scripts/Night.py", "", "def run(agi): pass\n")], ["scripts/Night.py:1:1 E114"]),
    ([("groups/empty.yaml", "", "title: X\n")], ["groups/empty.yaml:1:1 E401", "groups/empty.yaml:1:1 W511"]),
    (
        [(file, "group: support", "group: sales") for file in OF_SUPPORT],
        ["groups/support.yaml:5:1 W511"],
    ),
    ([("agents/ivan.yaml", "sales: 4", "sales: 4, slaes: 5")], ["agents/ivan.yaml:7:20 W512"]),
    ([("agents/ivan.yaml", "auto_answer: alert-info", "auto_answer: none")], ["agents/ivan.yaml:8:14 W513"]),
    ([("trunks/north.yaml", "", "host: 127.0.0.1\nlines: 5\n")], ["trunks/north.yaml:1:1 W515"]),
    ([("trunks/city.yaml", "lines: 53", "lines: 52")], ["trunks/city.yaml:11:8 W523"]),
    ([(SPRING, "calls_per_second: 5", "calls_per_second: 10.5")], [f"{SPRING}:18:19 W524"]),
    ([("system.yaml", "lines: 60", "lines: 15")], [f"{SPRING}:17:8 W524"]),
    ([(SPRING, "max: 3", "max: 9")], [f"{SPRING}:20:1 W525"]),
    ([(SPRING, RETRY, "after: 15m, times: 4")], [f"{SPRING}:23:31 W526"]),
    ([(SPRING, "mode: predictive", "mode: progressive\nratio: 1.2")], [f"{SPRING}:7:1 W527"]),
    ([(VISITS, "mode: preview", "mode: preview\ngrace: 2s")], [f"{VISITS}:7:1 W527"]),
    ([(SPRING, "mode: predictive", "mode: predictive\nvoicemail: abandoned")], [f"{SPRING}:7:1 W527"]),
    ([(SPRING, "mode: predictive", "mode: predictive\ngreeting: abandoned")], [f"{SPRING}:7:1 W527"]),
    ([(SPRING, "mode: predictive", "mode: predictive\nscreening: on\nvoicemail: abandoned")], []),
    ([(SPRING, "mode: predictive", "mode: predictive\nscreening_check: 0.02")], [f"{SPRING}:7:1 W527"]),
    ([(SPRING, "mode: predictive", "mode: predictive\nscreening: on\nscreening_check: 0.02")], []),
    (
        [(SPRING, "mode: predictive", "mode: robot\nscript: orders\nscreening: on\nscreening_check: 0.02")],
        [f"{SPRING}:9:1 W527", f"{SPRING}:18:1 W527"],  # the robot has no grace either
    ),
    (
        [(SPRING, "mode: predictive", "mode: predictive\nscreening: on\nvoicemail: nosuch\ngreeting: hallo")],
        [f"{SPRING}:8:12 E303", f"{SPRING}:9:11 E303"],
    ),
    ([(SPRING, "mode: predictive", "mode: predictive\nscreening: true")], [f"{SPRING}:7:12 E205"]),
    ([(VISITS, "mode: preview", "mode: preview\nscreening: on")], [f"{VISITS}:7:1 W527"]),
    ([("system.yaml", "limits: #", "ear_port: 4573\nlimits: #")], ["system.yaml:31:11 E429"]),
    ([("lines/support.yaml", "+74951234569", "+749512345")], ["lines/support.yaml:6:27 W529"]),
    ([(SPRING, "    no_answer: {after: 2h, times: 2}\n", "")], [f"{SPRING}:22:3 W533"]),
    (
        [("system.yaml", SQLITE, "postgresql+asyncpg://u:p@db/pz")],
        ["system.yaml:11:11 W502"],
    ),
    ([("system.yaml", SQLITE, "postgresql+asyncpg://u@db/pz")], []),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "expected"), CASES)
def test_a_lint_finds_its_fault_and_nothing_else(
    site: Path, edit: Edit, edits: list[tuple[str, str, str]], expected: list[str]
) -> None:
    for file, old, new in edits:
        edit(file, old, new)
    said = found()
    if expected and ":" not in expected[0]:
        said = sorted(line.split()[1] for line in said)
    assert said == expected


@pytest.mark.parametrize("name", ["h", "t", "general", "default"])
def test_names_with_a_meaning_in_asterisk_are_refused_for_groups_and_campaigns(
    site: Path, edit: Edit, name: str
) -> None:
    (site / SPRING).rename(site / f"campaigns/{name}.yaml")
    assert found() == [f"campaigns/{name}.yaml:5:1 E407"]


def test_without_a_list_of_prompts_those_are_not_looked_at(site: Path, edit: Edit) -> None:
    edit(SPRING, "message: abandoned", "message: abandonned")
    assert load(site).problems == []


def test_a_group_that_only_broken_agents_name_is_not_called_empty(site: Path, edit: Edit) -> None:
    for name in ("vera", "ivan"):
        edit(f"agents/{name}.yaml", "name:", "nam:")
    assert not [line for line in found() if "E401" in line]


def test_a_lint_on_a_default_points_at_the_object(site: Path, edit: Edit) -> None:
    edit("agents/vera.yaml", "groups: [sales, support]", "groups: [sales, support]\nauto_answer: none")
    edit("groups/support.yaml", "wrap_up: 20s", "skill: talk")
    assert "agents/vera.yaml:6:17 E402" in found()


@pytest.mark.parametrize(
    ("attempts", "calls"),
    [
        ("{max: 1}", 1),
        ("{max: 9, retry: {}}", 1),
        ("{max: 9, retry: {busy: {after: 1m, times: 4}}}", 5),
        ("{max: 3, retry: {busy: {after: 1m, times: 3}}}", 3),
        ("{max: 9, retry: {busy: {after: 5h, times: 9}}}", 3),
        ("{max: 9, retry: {busy: {after: 1d, times: 9}}}", 1),
        ("{max: 9, retry: {busy: {after: 1h, times: 1}, no_answer: {after: 5h, times: 2}}}", 4),
    ],
)
def test_calls_a_day_counts_the_shortest_waits_that_fit_the_longest_day(
    site: Path, edit: Edit, attempts: str, calls: int
) -> None:
    edit(CALLS, "calls_per_second: 2", f"calls_per_second: 2\nattempts: {attempts}")
    (site / "dispositions.yaml").unlink()
    edit(CALLS, '["10:00-13:00", "14:00-20:00"]', '["09:00-13:00", "14:00-20:00"]')
    result = loaded()
    assert result.site, result.problems
    assert calls_a_day(result.site.campaigns["calls"]) == calls


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("mon", ["mon"]),
        ("mon-wed", ["mon", "tue", "wed"]),
        ("sat-mon", ["sat", "sun", "mon"]),
        ("sun-sun", ["sun"]),
        ("tue-mon", ["tue", "wed", "thu", "fri", "sat", "sun", "mon"]),
    ],
)
def test_ranges_of_weekdays_may_run_over_the_weeks_end(days: str, expected: list[str]) -> None:
    assert weekdays(days) == expected


def test_windows_are_minutes_from_midnight() -> None:
    assert minutes("09:05-24:00") == (545, 1440)


def test_every_code_that_is_given_is_in_the_table_and_every_code_of_the_table_has_a_test(site: Path) -> None:
    source = Path(codes.__file__).parent
    given: set[str] = set()
    for file in source.rglob("*.py"):
        if file.name != "codes.py":
            given |= set(re.findall(r'"([EW][1-9][0-9]{2})"', file.read_text()))
    tested: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        tested |= set(re.findall(r"\b[EW][1-9][0-9]{2}\b", file.read_text()))
    assert given <= set(codes.CODES)
    assert set(codes.CODES) - given == {"E491"}  # given by the command, which also renders
    assert set(codes.CODES) <= tested


def test_the_demo_site_passes_every_lint(site: Path) -> None:
    assert found() == []
    assert load_site(site)
