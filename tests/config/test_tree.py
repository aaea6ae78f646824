"""YAML: what is read as what, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tree import MAX_BYTES, Mapping, parse, plain


def problems(data: str | bytes) -> list[str]:
    _, said = parse("f", data.encode() if isinstance(data, str) else data)
    return [f"{p.line}:{p.column} {p.code}" for p in said]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("22:30", "22:30"),
        ("on", "on"),
        ("no", "no"),
        ("2026-11-23", "2026-11-23"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("+7 495", "+7 495"),
        ("12", 12),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_are_read_by_yaml_1_2(written: str, value: object) -> None:
    root, said = parse("f", f"a: {written}\n".encode())
    assert isinstance(root, Mapping)
    assert not said
    assert plain(root) == {"a": value}
    assert type(plain(root)["a"]) is type(value)


REFUSED = [
    (b"a: \xef\xf0\xe8", "1:4 E103"),
    ("а: б\nв: " + "\x07", "2:4 E104"),
    ('a: "\\x07"\n', "1:4 E104"),
    ("a: 1\n\tb: 2\n", "2:1 E105"),
    ("a:\n\t- b\n", "2:1 E105"),
    ("a: 'x\nb: 1\n", "1:4 E105"),
    ("a: b: c\n", "1:5 E105"),
    ("a: [1, 2\n", "1:4 E105"),
    ("a: @x\n", "1:4 E105"),
    ("- a\nb: 1\n", "2:1 E105"),
    ('a: "\\q"\n', "1:6 E105"),
    ("%FOO\n", "2:1 E105"),
    ("a: *\n", "1:5 E105"),
    ("a: 1\nb: 2\na: 3\n", "3:1 E106"),
    ("{a: {b: 1, b: 2}}\n", "1:12 E106"),
    ("a: &x 1\n", "1:4 E107"),
    ("a: *11\n", "1:4 E107"),
    ("<<: {a: 1}\n", "1:1 E107"),
    ("a: !!str 5\n", "1:4 E108"),
    ("a: !x {b: 1}\n", "1:4 E108"),
    ("%YAML 1.1\n---\na: 1\n", "1:1 E108"),
    ("a: 1\n---\nb: 2\n", "2:1 E109"),
    ("a: " + "[" * 30, "1:23 E110"),
    ("", "1:1 E111"),
    ("# only a comment\n", "1:1 E111"),
    ("just text\n", "1:1 E111"),
    ("\n- a\n- b\n", "2:1 E111"),
    ("5: a\n", "1:1 E112"),
    ("? [a]\n: b\n", "1:3 E112"),
    ("null: a\n", "1:1 E112"),
    (b"#" * (MAX_BYTES + 1), "1:1 E102"),
]


@pytest.mark.parametrize(("data", "expected"), REFUSED)
def test_what_is_refused_is_refused_at_its_place(data: str | bytes, expected: str) -> None:
    assert problems(data) == [expected]


def test_all_refused_things_of_one_file_are_named_at_once() -> None:
    text = "a: &x 1\nb: *22\nc: !t 2\na: 3\n<<: 4\n7: 5\n"
    assert [line.split()[0] for line in problems(text)] == ["1:4", "2:4", "3:4", "4:1", "5:1", "6:1"]


def test_an_unquoted_feature_code_is_told_how_to_be_written() -> None:
    _, said = parse("f", b"sign_in: *11\n")
    assert said[0].hint == 'quote it: "*11"'


def test_the_byte_order_mark_of_windows_editors_is_no_problem() -> None:
    root, said = parse("f", "\ufeffa: 1\n".encode())
    assert root
    assert not said
    assert plain(root) == {"a": 1}


def test_a_billion_laughs_are_not_told() -> None:
    text = "a: &a [x,x]\n" + "".join(
        f"{n}: &{n} [*{m},*{m}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert {line.split()[1] for line in problems(text)} == {"E107"}


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_make_the_parser_raise(data: bytes) -> None:
    root, said = parse("f", data)
    assert root is not None or said


YAMLISH = st.text(alphabet="ab1:-[]{},'\"&*!|>%@`#? \n\t\\~<.+0é", max_size=120)


@given(YAMLISH)
def test_nothing_that_looks_like_yaml_makes_the_parser_raise(text: str) -> None:
    root, said = parse("f", text.encode())
    assert root is not None or said
    assert all(p.line >= 1 and p.column >= 1 and p.line <= text.count("\n") + 2 for p in said)
