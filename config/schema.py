"""JSON Schema of each kind of file: editors complete, explain and underline by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config.forms import DURATION, ID, written
from config.kinds import KINDS, Kind, Layout

FOLDER = Path(__file__).parent / "schema"
"""Where the schemas are kept; a test holds them up to date."""


def raw(kind: Kind) -> dict[str, Any]:
    """The schema of one object, with the defaults as an admin writes them; `x-ru` beside each description."""
    schema = kind.model.model_json_schema()
    _tidy(schema)
    return schema


def _tidy(node: Any) -> None:
    if isinstance(node, list):
        for value in node:
            _tidy(value)
    if not isinstance(node, dict):
        return
    if node.get("format") == "password":
        del node["writeOnly"]
        node.setdefault("title", "a secret, by reference: ${file:PATH} or ${env:NAME}")
        node.setdefault("examples", ["${file:secrets/NAME}"])
    if "patternProperties" in node:
        node["additionalProperties"] = False
    if isinstance(default := node.get("default"), int | float) and _is_length(node):
        node["default"] = written(default)
    for key, value in node.get("properties", {}).items():
        if value.get("title") == key.replace("_", " ").title():
            del value["title"]
    for value in node.values():
        _tidy(value)


def _is_length(node: dict[str, Any]) -> bool:
    return any(option.get("pattern") == DURATION for option in [node, *node.get("anyOf", ())])


def schema(kind: Kind) -> dict[str, Any]:
    """The schema of a kind's file, descriptions in both languages."""
    found = raw(kind)
    _both_languages(found)
    found.pop("description", None)
    definitions = found.pop("$defs", {})
    if kind.layout is Layout.MAPPING:
        definitions[kind.model.__name__] = found
        found = {
            "type": "object",
            "patternProperties": {ID: {"$ref": f"#/$defs/{kind.model.__name__}"}},
            "additionalProperties": False,
        }
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Perezvon: {kind.name}",
        "description": f"{kind.en}\n\n{kind.ru}",
    }
    return {**found, **head, "$defs": definitions} if definitions else {**found, **head}


def _both_languages(node: Any) -> None:
    if isinstance(node, list):
        for value in node:
            _both_languages(value)
    if not isinstance(node, dict):
        return
    if isinstance(russian := node.get("x-ru"), str):
        node["description"] = f"{node['description']}\n\n{russian}"
    for value in node.values():
        _both_languages(value)


def text(kind: Kind) -> str:
    """The schema's file."""
    return json.dumps(schema(kind), ensure_ascii=False, indent=2) + "\n"


def write(folder: Path) -> list[Path]:
    """Write every kind's schema as `<kind>.json`; returns the files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in KINDS:
        path = folder / f"{kind.name}.json"
        path.write_text(text(kind), "utf-8")
        files.append(path)
    return files
