from __future__ import annotations

import pytest
from jinja2 import Environment

from dialplan.filters import TYPED, RenderError, check_template
from dialplan.parser import parse_sections

NASTY = ["a\r\nb", "a\nexten => x,1,System(id)", "a\0b", "a\x85b", "a\u2028b", "\x1b[2J"]
BROKEN = [
    *NASTY,
    "${SHELL(id)}",
    "$[1+1]",
    "a;b",
    "#include /etc/passwd",
    "a&PJSIP/1@trunk-city",
    'a"b',
    "",
    None,
    5.5,
]


@pytest.mark.parametrize("value", BROKEN)
@pytest.mark.parametrize(
    "kind", sorted(set(TYPED) - {"text", "caller", "shown", "secret", "secs", "sound", "words", "num"})
)
def test_name_like_filters_refuse_whatever_is_no_name(kind: str, value: object) -> None:
    with pytest.raises(RenderError):
        TYPED[kind](value)


@pytest.mark.parametrize("value", ["_X.", "#1", "a,b", "1" * 81, "a b", "(x)"])
def test_an_extension_is_never_a_pattern_nor_two_things(value: str) -> None:
    with pytest.raises(RenderError):
        TYPED["ext"](value)


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("kind", ["text", "caller", "shown", "secret", "sound"])
def test_text_with_control_characters_is_refused(kind: str, value: str) -> None:
    with pytest.raises(RenderError):
        TYPED[kind]("/" + value)


@pytest.mark.parametrize(
    "value", ["relative/path", "/a,b", "/a&b", "/a;b", "/a(b", "/${X}", '/a"b', "/a|b", "/a ", ""]
)
def test_a_sound_is_one_absolute_path(value: str) -> None:
    with pytest.raises(RenderError):
        TYPED["sound"](value)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("ext", "+74951234567", "+74951234567"),
        ("ext", "*22", "*22"),
        ("secs", 0.2, "1"),
        ("secs", 15.0, "15"),
        ("secs", 2.5, "3"),
        ("num", 0, "0"),
        ("words", ["alaw", "ulaw"], "alaw,ulaw"),
        ("host", "sip.example.org", "sip.example.org"),
        ("uri_host", "::1", "[::1]"),
        ("uri_host", "10.0.0.1", "10.0.0.1"),
        ("sound", "/usr/share/звуки/ru/hello", "/usr/share/звуки/ru/hello"),
        ("text", 'Иванов "Ваня" \\ ; О\'Нил', 'Иванов \\"Ваня\\" \\\\ \\; О\'Нил'),
        ("caller", "Я" * 60, "Я" * 39),
        ("shown", 'Сайт "Дом", ${SHELL(id)}; $[1+1]  \\x', "Сайт Дом, SHELLid 1+1 x"),
        ("shown", "Я" * 60, "Я" * 37),
        ("secret", "a${b}[c]=>#", "a${b}[c]=>#"),
    ],
)
def test_good_values_pass(kind: str, value: object, wanted: str) -> None:
    assert TYPED[kind](value) == wanted


@pytest.mark.parametrize(
    ("kind", "value"),
    [("num", -1), ("num", True), ("secs", -1), ("secs", "5"), ("secs", float("nan")), ("words", []),
     ("words", "alaw"), ("words", ["a b"]), ("host", "1.2.3.4:5060"), ("secret", "a;b"), ("secret", " a"),
     ("secret", ""), ("secret", "пароль")],
)  # fmt: skip
def test_values_of_the_wrong_kind_are_refused(kind: str, value: object) -> None:
    with pytest.raises(RenderError):
        TYPED[kind](value)


def test_a_refused_password_is_not_shown() -> None:
    with pytest.raises(RenderError) as refused:
        TYPED["secret"]("hunter2;")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("value", ["a;b", '";--x', "a\\;b", ";", "a\\", "[x](!)", "=>", "#exec x", "${X}"])
def test_text_comes_out_of_the_parser_as_it_went_in(value: str) -> None:
    written = f'[x]\nname = "{TYPED["text"](value)}"\nafter = 1\n'
    section = parse_sections(written, "x.conf").sections[0]
    assert section.get("after") == "1"
    read = section.get("name")
    assert read is not None
    assert read[1:-1].replace('\\"', '"').replace("\\\\", "\\") == value


@pytest.mark.parametrize(
    "source",
    ["{{ x }}", "{{ x|upper }}", "{{ x|text|upper }}", "{{ 'a' ~ x }}", "{{ f(x) }}",
     "{{ x|text if y else x }}", "{% for a in x %}{{ a }}{% endfor %}",
     "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1) }}"],
)  # fmt: skip
def test_a_template_cannot_print_without_a_typed_filter(source: str) -> None:
    environment = Environment()
    environment.filters.update(TYPED)
    with pytest.raises(RenderError, match="typed filter"):
        check_template(environment, source, "x.j2")


@pytest.mark.parametrize(
    "source", ["{{ x|name }}", "{% macro m(x) %}{{ x|num }}{% endmacro %}{{ m(1) }}", "plain"]
)
def test_a_template_with_typed_filters_passes(source: str) -> None:
    environment = Environment()
    environment.filters.update(TYPED)
    check_template(environment, source, "x.j2")
