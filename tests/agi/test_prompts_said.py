"""Every prompt that a script may say is one that comes with Perezvon, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import agi
import sounds
from sounds import catalogue, waiting

MADE_OF_PARTS = {
    "order-confirm*-key", "order*-keys", "order*-cancelled", "order-cancel*-check", "place-*", "wait-*",
}  # fmt: skip
"""Each has a test of its own below."""


def named(file: Path) -> Iterator[str]:
    """The prompts of each `Prompt(...)` in the source, by literal, condition, variable or table; `*` is
    what is filled in."""
    tree = ast.parse(file.read_text("utf-8"))
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                values.setdefault(ast.unparse(target), []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Prompt":
            for one in node.args:
                yield from _texts(one, values)


def _texts(one: ast.expr, values: dict[str, list[ast.expr]]) -> Iterator[str]:
    parts: list[ast.expr] = []
    match one:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=pieces):
            yield "".join(str(piece.value) if isinstance(piece, ast.Constant) else "*" for piece in pieces)
        case ast.IfExp(body=body, orelse=other):
            parts = [body, other]
        case ast.BoolOp(values=either):
            parts = either
        case ast.Dict(values=either):
            parts = either
        case ast.Subscript(value=table):
            parts = [table]
        case ast.Name(id=name):
            parts = [value for value in values.get(name, []) if not isinstance(value, ast.Name)]
    for part in parts:
        yield from _texts(part, values)


PROMPTS = catalogue.prompts(catalogue.sounds_dir())


@pytest.mark.parametrize("language", PROMPTS)
def test_every_prompt_that_a_script_names_exists(language: str) -> None:
    folders = Path(agi.__path__[0]), Path(sounds.__path__[0])
    found = {name for folder in folders for file in folder.rglob("*.py") for name in named(file)}
    assert {
        "closed-goodbye",
        "order-move-key",
        "order-intro-many",
        "order-unconfirmed",
        "survey-call",
    } <= found
    assert {name for name in found if "*" in name} == MADE_OF_PARTS
    assert found - MADE_OF_PARTS <= PROMPTS[language]


@pytest.mark.parametrize("language", PROMPTS)
def test_every_prompt_whose_name_is_made_of_parts_exists(language: str) -> None:
    many = {one.replace("*", which) for one in MADE_OF_PARTS if "order" in one for which in ("", "-all")}
    places = {waiting.place(place).name for place in range(1, 30)}
    waits = {waiting.wait(float(seconds)).name for seconds in range(0, 4000, 5)}
    assert many | places | waits <= PROMPTS[language]
