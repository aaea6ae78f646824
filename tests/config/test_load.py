"""The loader: every kind of bad input is named with its place and its mend, all at once, and never raises."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import SiteError, load, load_site
from config.models import Mode

from .conftest import Edit, found, loaded

SPRING = "campaigns/spring.yaml"

CASES = [
    # file, what is replaced, by what, where it is found, what the message or hint says
    ("agents/anna.yaml", '"101"', "0100", "4:12 E204", 'quote it: "0100"'),
    (SPRING, '"+74951234567"', "+74951234567", "10:12 E204", 'quote it: "+74951234567"'),
    ("lines/main.yaml", '["+74951234567"]', "[+74951234567]", "6:11 E204", 'quote it: "+74951234567"'),
    ("pause_reasons.yaml", 'code: "1"', "code: 01", "7:9 E204", 'quote it: "01"'),
    ("system.yaml", '"*21"', "*21", "38:10 E107", 'quote it: "*21"'),
    (SPRING, "title: Весеннее предложение", "title: 2026", "5:8 E204", 'quote it: "2026"'),
    (SPRING, "ring_time: 27s", "ring_tim: 27s", "14:1 E201", "did you mean `ring_time`?"),
    (SPRING, "busy: {", "bussy: {", "23:5 E205", "did you mean `busy`?"),
    (SPRING, "times: 2}", "tims: 2}", "23:24 E201", "did you mean `times`?"),
    (SPRING, "max: 3", "colour: red", "21:3 E201", "known: max, retry"),
    (SPRING, "group: sales\n", "", "5:1 E202", "`perezvon explain campaigns.group`"),
    ("system.yaml", "  secret: ${file:secrets/ami}\n", "", "26:1 E202", "the key `ami.secret` is missing"),
    ("pause_reasons.yaml", "  title: Обед\n", "", "5:1 E202", "the key `title` is missing"),
    (SPRING, "grace: 2s", "grace:", "15:1 E203", "`grace` has no value"),
    (SPRING, "lines: 16", 'lines: "16"', "17:8 E203", "without quotes"),
    (SPRING, "lines: 16", "lines: 16.5", "17:8 E203", "a whole number"),
    (SPRING, "calls_per_second: 5", "calls_per_second: fast", "18:19 E203", "a number"),
    ("pause_reasons.yaml", "paid: false", "paid: no", "8:9 E203", "true or false"),
    ("lines/main.yaml", "[city]", "city", "7:9 E203", "in brackets"),
    (SPRING, "trunk: city", "trunk: [city]", "9:8 E203", "without brackets"),
    (SPRING, "  max: 3\n  retry:", "  - max\n  - retry:", "21:3 E203", "`key: value`"),
    (SPRING, "mode: predictive", "mode: predictiv", "6:7 E205", "did you mean `predictive`?"),
    ("trunks/city.yaml", "[alaw, ulaw]", "[alaw, g729]", "9:16 E205", "must be one of alaw, ulaw"),
    ("system.yaml", "language: ru", "language: de", "7:11 E205", "must be one of ru, en"),
    (SPRING, "lines: 16", "lines: 0", "17:8 E206", "at least 1"),
    ("trunks/city.yaml", "calls_per_second: 10", "calls_per_second: 0", "12:19 E206", "more than 0"),
    ("agents/anna.yaml", "[sales]", "[]", "6:9 E206", "at least 1 entries"),
    (SPRING, "title: Весеннее предложение", 'title: ""', "5:8 E206", "at least 1 character"),
    (SPRING, '"+74951234567"', '"84951234567"', "10:12 E207", "+74951234567"),
    (SPRING, '"09:00-21:00"', '"9:00-21:00"', "12:13 E207", "09:00-18:00"),
    (SPRING, "mon-fri:", "mon-fry:", "12:3 E207", "`mon-fry` is not days"),
    (SPRING, "title: Весеннее предложение", 'title: "a\\nb"', "5:8 E207", "one line"),
    (SPRING, "grace: 2s", "grace: 2", "15:8 E208", 'for example "2s"'),
    (SPRING, "grace: 2s", "grace: 2 sec", "15:8 E208", 'for example "15s"'),
    (SPRING, "mode: predictive", "mode: predictive\nmode: ratio", "7:1 E106", "first in line 6"),
    (SPRING, "title: Весеннее предложение", "title: ${env:HOME}", "5:8 E221", "secrets only"),
    (SPRING, "group: sales", "group: sale", "8:8 E301", "did you mean `sales`?"),
    ("agents/vera.yaml", "[sales, support]", "[sales, suport]", "6:17 E301", "did you mean `support`?"),
    ("lines/main.yaml", "group: sales", "group: reception", "8:8 E301", "known: sales, support"),
    (SPRING, "trunk: city", "trunk: citi", "9:8 E302", "did you mean `city`?"),
    ("lines/main.yaml", "[city]", "[city, beyond]", "7:16 E302", "there is no trunk `beyond`"),
]


@pytest.mark.parametrize(("file", "old", "new", "place", "says"), CASES)
def test_bad_input_is_named_with_its_place_and_its_mend(
    site: Path, edit: Edit, file: str, old: str, new: str, place: str, says: str
) -> None:
    edit(file, old, new)
    result = loaded()
    assert result.site is None
    errors = [p for p in result.problems if p.severity == "error"]
    assert [f"{p.line}:{p.column} {p.code}" for p in errors] == [place]
    assert errors[0].file == f"site/{file}"
    assert says in f"{errors[0].message}; {errors[0].hint}"


def test_no_message_speaks_the_schema_librarys_language(site: Path, edit: Edit) -> None:
    for file, old, new, _, _ in CASES:
        text = (site / file).read_text()
        edit(file, old, new)
        for problem in loaded().problems:
            said = str(problem).lower()
            assert not any(word in said for word in ("pydantic", "input should", "http", "pattern", "<enum"))
        (site / file).write_text(text)


def test_the_demo_site_is_good(site: Path) -> None:
    result = loaded()
    assert result.problems == []
    assert result.site is not None
    assert {c.mode for c in result.site.campaigns.values()} == set(Mode)
    assert len(result.site.agents) == 8


def test_problems_of_all_files_and_all_stages_are_named_at_once(site: Path, edit: Edit) -> None:
    edit("agents/anna.yaml", '"101"', "101")
    edit("agents/boris.yaml", "name:", "nam:")
    edit("groups/support.yaml", "title:", "title: [")
    edit(SPRING, "ring_time: 27s", "ring_time: 5s")
    edit("campaigns/calls.yaml", "group: sales", "group: sale")
    assert found() == [
        "agents/anna.yaml:4:12 E204",
        "agents/boris.yaml:3:1 E201",
        "agents/boris.yaml:3:1 E202",
        "campaigns/calls.yaml:9:8 E301",
        "campaigns/spring.yaml:14:12 E411",
        "groups/support.yaml:5:8 E105",
    ]


def test_a_broken_object_does_not_make_its_users_dangle(site: Path, edit: Edit) -> None:
    edit("groups/sales.yaml", "title:", "tite:")
    assert {line.split()[1] for line in found()} == {"E201", "E202"}


def test_without_a_good_system_the_rest_is_still_checked(site: Path, edit: Edit) -> None:
    (site / "system.yaml").write_text("name: [a\n")
    edit(SPRING, "ring_time: 27s", "ring_time: 5s")
    assert found() == ["campaigns/spring.yaml:14:12 E411", "system.yaml:1:7 E105"]


def test_a_missing_system_is_an_error_and_missing_lists_of_names_are_none(site: Path) -> None:
    (site / "system.yaml").unlink()
    assert found() == ["system.yaml:1:1 E113"]


def test_a_site_without_pause_reasons_and_dispositions_loads(site: Path) -> None:
    (site / "pause_reasons.yaml").unlink()
    (site / "dispositions.yaml").unlink()
    assert load_site(site).pause_reasons == {}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("campaign", "did you mean `campaigns`?"),
        ("system.yml", "name it `system.yaml`"),
        ("trunk.yaml", "did you mean"),
        ("agents/zoe.yml", "name it `zoe.yaml`"),
        ("agents/notes.txt", "only NAME.yaml is read here"),
    ],
)
def test_what_is_not_read_is_told_with_what_may_be_meant(site: Path, name: str, says: str) -> None:
    (site / name).write_text("x: 1\n")
    result = loaded()
    assert [(p.file, p.code) for p in result.problems] == [(f"site/{name}", "W501")]
    assert says in result.problems[0].hint
    assert result.site is not None


def test_a_file_name_of_any_bytes_can_be_printed(site: Path) -> None:
    Path(os.fsdecode(b"site/agents/\xff\x1b[2J.yaml")).write_text("name: x\n")
    problems = loaded().problems
    assert {p.file for p in problems} == {"site/agents/\\xff\\x1b[2J.yaml"}
    assert problems[0].code == "E114"
    assert "\x1b" not in str(problems)
    "".join(map(str, problems)).encode()


def test_editors_leavings_and_notes_are_no_problem(site: Path) -> None:
    for name in (".gitignore", "agents/.anna.yaml.swp", "agents/anna.yaml~", "README.md"):
        (site / name).write_text("x")
    assert found() == []


def test_objects_are_named_by_their_files(site: Path, edit: Edit) -> None:
    shutil.copy(site / "groups/sales.yaml", site / "groups/Sales Dept.yaml")
    edit("dispositions.yaml", "order:", "Order:")
    assert found() == ["dispositions.yaml:10:1 E114", "groups/Sales Dept.yaml:1:1 E114"]


def test_a_folder_and_a_fifo_in_place_of_a_file_are_refused(site: Path) -> None:
    (site / "system.yaml").unlink()
    (site / "system.yaml").mkdir()
    assert found() == ["system.yaml:1:1 E101"]


def test_a_folder_that_does_not_exist_is_a_plain_error() -> None:
    (problem,) = load(Path("/nonexistent/site")).problems
    assert str(problem).startswith("/nonexistent/site:1:1 E101 there is no such folder")
    with pytest.raises(SiteError, match="there is no such folder"):
        load_site(Path("/nonexistent/site"))


def test_warnings_alone_leave_the_site_usable(site: Path, edit: Edit) -> None:
    edit(SPRING, "grace: 2s", "grace: 3s\nlaw: none")
    result = loaded()
    assert found() == ["campaigns/spring.yaml:15:8 W521"]
    assert result.site is not None
    assert load_site(site).campaigns["spring"].grace == 3.0


FILES = ("system.yaml", "pause_reasons.yaml", "agents/vera.yaml", "trunks/city.yaml", SPRING)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(file=st.sampled_from(FILES), data=st.binary(max_size=200), seed=st.integers(0, 2**32))
def test_no_file_makes_the_loader_raise(site: Path, file: str, data: bytes, seed: int) -> None:
    path = site / file
    good = path.read_bytes()
    pick = random.Random(seed)
    at, length = pick.randrange(len(good)), pick.choice((0, 0, 1, 5, 40))
    try:
        path.write_bytes(good[:at] + data + good[at + length :])
        result = loaded()
    finally:
        path.write_bytes(good)
    assert (result.site is None) == any(p.severity == "error" for p in result.problems)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(file=st.sampled_from(FILES), key=st.data(), value=TREE)
def test_no_value_of_a_known_key_makes_the_loader_raise(
    site: Path, file: str, key: st.DataObject, value: object
) -> None:
    path = site / file
    good = path.read_text()
    lines = [n for n, line in enumerate(good.splitlines()) if ":" in line and not line.startswith("#")]
    at = key.draw(st.sampled_from(lines))
    changed = good.splitlines()
    changed[at] = f"{changed[at].partition(':')[0]}: {json.dumps(value)}"
    try:
        path.write_text("\n".join(changed) + "\n")
        result = loaded()
    finally:
        path.write_text(good)
    assert (result.site is None) == any(p.severity == "error" for p in result.problems)
