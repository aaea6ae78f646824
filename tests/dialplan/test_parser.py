from __future__ import annotations

import pytest

from dialplan.parser import parse_dialplan, parse_sections, split_args


def test_contexts_extensions_labels_and_arguments() -> None:
    plan = parse_dialplan(
        "[general]\nstatic = yes\n[globals]\nA = b\n[one]\n; a comment\nexten => +7,1,Answer() ; more\n"
        ' same => n(here),Set(X=a\\;b,"c")\n same => n,Hangup\n'
        "exten => *1,1,Goto(two,s,1)\ninclude => two\n[two]\n"
    )
    assert plan.findings == []
    assert plan.globals == {"A": "b"}
    assert plan.includes == {"one": ["two"]}
    assert set(plan.contexts) == {"one", "two"}
    steps = plan.contexts["one"]["+7"]
    assert [(s.priority, s.label, s.app, s.args) for s in steps] == [
        (1, None, "Answer", ""),
        (2, "here", "Set", 'X=a;b,"c"'),
        (3, None, "Hangup", ""),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("exten => 1,n,NoOp()", "D114"),
        ("exten => 1,x,NoOp()", "D115"),
        ("exten => 1,0,NoOp()", "D115"),
        ("exten => 1,1,NoOp(", "D112"),
        ("exten => 1,1,NoOp)", "D112"),
        ("exten => 1,1", "D111"),
        ("exten => ,1,NoOp()", "D111"),
        ("same => n,NoOp()", "D111"),
        ("exten => 1,1,NoOp()\nexten => 1,1,NoOp()", "D116"),
        ("exten => 1,1(a),NoOp()\n same => n(a),NoOp()", "D117"),
        ("exten => ab,1,NoOp()\nexten => a-b,1,NoOp()", "D118"),
        (f"exten => {'1' * 256},1,NoOp()", "D113"),
        (f"exten => 1,1,NoOp({'x' * 8200})", "D101"),
        (";-- begins\nexten => 1,1,NoOp()", "D102"),
        ("exten => 1,1,NoOp(a\0b)", "D103"),
        ("#include other.conf", "D104"),
        ("#exec id", "D104"),
        ("[broken", "D105"),
        ("[x](!)", "D105"),
        ("no key here", "D106"),
        ("[c]", "D107"),
        ("ignorepat => 9", "D108"),
    ],
)
def test_what_asterisk_would_skip_is_a_finding(line: str, code: str) -> None:
    assert [finding.code for finding in parse_dialplan(f"[c]\n{line}\n").findings] == [code]


def test_findings_name_the_line() -> None:
    (finding,) = parse_dialplan("[c]\n\nexten => 1,n,NoOp()\n").findings
    assert (finding.file, finding.line) == ("extensions.conf", 3)


def test_sections_added_to_another_and_repeated_keys() -> None:
    sections = parse_sections("[a](+)\nx = 1\nx = 2\ny =\n", "f").sections
    assert sections[0].added
    assert sections[0].all("x") == ["1", "2"]
    assert sections[0].get("y") == ""
    assert sections[0].get("z") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a,b", ["a", "b"]),
        ('a,"b,c"', ["a", '"b,c"']),
        ("${F(a,b)},$[1,2],(c,d)", ["${F(a,b)}", "$[1,2]", "(c,d)"]),
        ("", [""]),
    ],
)
def test_arguments_split_outside_of_brackets_and_quotes(text: str, wanted: list[str]) -> None:
    assert split_args(text) == wanted
