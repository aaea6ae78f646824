"""`perezvon explain`: what a key or a problem's code means."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from cli.session import Json, fail, out
from config.codes import CODES
from config.explain import Key, all_keys, matching
from config.kinds import KINDS
from config.problems import did_you_mean


def explain(
    key: Annotated[
        str, typer.Argument(help="A key (campaigns.ring_time, ring_time, system.ami) or a code (E301).")
    ],
    json: Json = False,
) -> None:
    """Tell what a key of the site or a problem's code means. Exit: 0 found, 1 unknown."""
    if key.upper() in CODES:
        _code(key.upper(), json)
        return
    found = matching(key.lower())
    if not found:
        known = {one.path for one in all_keys()} | {one.path.rpartition(".")[2] for one in all_keys()}
        fail(f"there is no key and no code `{key}`", did_you_mean(key, known | set(CODES) | _kinds()))
    if json:
        out.print_json(data=[_as_dict(one) for one in found], ensure_ascii=False)
        return
    whole = found if not any(one.path.startswith(f"{found[0].path}.") for one in found) else found[:1]
    if key.lower() in _kinds():
        whole = []
    for one in whole:
        _print(_card(one))
    _print([f"{one.path}: {one.en}" for one in found if one not in whole])


def _kinds() -> set[str]:
    return {kind.key for kind in KINDS} | {kind.name for kind in KINDS}


def _code(code: str, json: bool) -> None:
    meaning = CODES[code]
    if json:
        out.print_json(data={"code": code, **meaning._asdict()}, ensure_ascii=False)
        return
    kind = "warning" if code.startswith("W") else "error"
    keys = [f"  looks at  {', '.join(meaning.keys)}"] if meaning.keys else []
    _print([f"{code}, {kind}: {meaning.en}", f"  {meaning.ru}", *keys])


def _card(key: Key) -> list[str]:
    facts = {
        "type": key.type,
        "form": key.form,
        "allowed": ", ".join(key.allowed),
        "default": "none, it is required" if key.required else key.default or "",
        "unit": key.unit,
        "example": key.example,
        "in": key.kind.place,
    }
    lines = [key.path, f"  {key.en}", f"  {key.ru}"]
    lines += [f"  {name:8}  {value}" for name, value in facts.items() if value]
    lines += [f"  {code:8}  {CODES[code].en}" for code in key.codes]
    return lines + [f"  {note}" for note in key.notes] + [""]


def _as_dict(key: Key) -> dict[str, Any]:
    return {**dataclasses.asdict(key), "kind": key.kind.name, "codes": key.codes, "notes": key.notes}


def _print(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)
