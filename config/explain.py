"""What a key of a site or a problem's code means: for `perezvon explain` and the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.codes import CODES
from config.forms import DURATION, FORMS
from config.kinds import KINDS, Kind
from config.laws import LAWS, NOT_ADVICE
from config.schema import raw

ANY = "NAME"
"""Stands in a path for a name that the admin chooses, or one of several outcomes."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key that may be written. `path` begins with the kind's key: `campaigns.attempts.max`."""

    path: str
    kind: Kind
    type: str
    form: str
    allowed: list[str]
    default: str | None
    required: bool
    unit: str
    en: str
    ru: str
    example: str

    @property
    def notes(self) -> list[str]:
        """What its values stand for, where that is more than a word."""
        return _laws() if self.path == "campaigns.law" else []

    @property
    def codes(self) -> list[str]:
        """The problems that look at this key, at something inside it, or at what it is in."""
        return [
            code
            for code, meaning in CODES.items()
            if any(_touches(self.path, other) for other in meaning.keys)
        ]


def _laws() -> list[str]:
    lines = []
    for name, law in LAWS.items():
        lines += [f"{name}: {law.numbers()}", *(f"  {text}" for text in (law.en, law.ru, law.source))]
    return [*lines, *NOT_ADVICE]


def _touches(path: str, other: str) -> bool:
    inside = "." in other and path.startswith(other + ".")
    return path == other or inside or other.startswith(path + ".")


def all_keys() -> list[Key]:
    """Every key of every kind, in the order of the models."""
    return [key for kind in KINDS for key in _keys(kind)]


def _keys(kind: Kind) -> Iterator[Key]:
    schema = raw(kind)
    definitions: dict[str, Any] = schema.get("$defs", {})

    def resolve(node: dict[str, Any]) -> dict[str, Any]:
        if "anyOf" in node:
            inner = next(option for option in node["anyOf"] if option.get("type") != "null")
            return resolve({**inner, **{k: v for k, v in node.items() if k != "anyOf"}})
        if "$ref" in node:
            return {**definitions[node["$ref"].rpartition("/")[2]], **node}
        return node

    def inside(node: dict[str, Any], path: str) -> Iterator[Key]:
        for name, field in node.get("properties", {}).items():
            yield from one(f"{path}.{name}", resolve(field), name in node.get("required", ()))

    def one(path: str, node: dict[str, Any], required: bool) -> Iterator[Key]:
        has_keys = "properties" in node
        yield Key(
            path=path,
            kind=kind,
            type=_words(node, resolve),
            form=FORMS[node["pattern"]].rule if node.get("pattern") in FORMS else "",
            allowed=[str(value) for value in node.get("enum", node.get("propertyNames", {}).get("enum", ()))],
            default=None if required or has_keys else _inline(node.get("default")),
            required=required,
            unit="seconds, with the unit written: ms, s, m, h, d" if node.get("pattern") == DURATION else "",
            en=node["description"],
            ru=node["x-ru"],
            example=f"{path.rpartition('.')[2]}: {_example(node, resolve)}",
        )
        yield from inside(node, path)
        if isinstance(values := node.get("additionalProperties"), dict):
            yield from inside(resolve(values), f"{path}.{ANY}")

    yield from inside(schema, kind.key)


def _words(node: dict[str, Any], resolve: Any) -> str:
    """The type in plain words."""
    if "properties" in node:
        return "keys: " + ", ".join(node["properties"])
    if "patternProperties" in node:
        pattern, values = next(iter(node["patternProperties"].items()))
        return f"mapping of {FORMS[pattern].title} to {_words(resolve(values), resolve)}"
    match node.get("type"):
        case "boolean":
            return "true or false"
        case "integer":
            return "whole number" + _range(node)
        case "number":
            return "number" + _range(node)
        case "array":
            return f"list of {_words(resolve(node['items']), resolve)}"
        case "object":
            return f"mapping of names to {_words(resolve(node['additionalProperties']), resolve)}"
    if "enum" in node:
        return "one of " + ", ".join(node["enum"])
    return str(FORMS[node["pattern"]].title if node.get("pattern") in FORMS else node.get("title", "text"))


def _range(node: dict[str, Any]) -> str:
    if "exclusiveMinimum" in node:
        return f", above {node['exclusiveMinimum']:g}, at most {node['maximum']:g}"
    return f" from {node['minimum']:g} to {node['maximum']:g}" if "minimum" in node else ""


def _inline(value: Any) -> str | None:
    """A value as it stands in YAML, on one line."""
    if value is None or value == {}:
        return None
    if isinstance(value, str) and value.replace(" ", "").isalnum() and not value.isdecimal():
        return value
    return json.dumps(value, ensure_ascii=False)


def _example(node: dict[str, Any], resolve: Any) -> str:
    if "properties" in node:
        inner = {name: resolve(field) for name, field in node["properties"].items()}
        some = {name: field for name, field in inner.items() if name in node.get("required", list(inner)[:1])}
        return "{" + ", ".join(f"{name}: {_example(field, resolve)}" for name, field in some.items()) + "}"
    if "patternProperties" in node:
        pattern, values = next(iter(node["patternProperties"].items()))
        name = FORMS[pattern].example
        name = name if name[0].isalpha() else json.dumps(name)  # else YAML takes it for a number or a date
        return f"{{{name}: {_example(resolve(values), resolve)}}}"
    if isinstance(default := node.get("default"), str | int | float | list) and default not in ("", []):
        return _inline(default) or ""
    if examples := node.get("examples"):
        return _inline(examples[0]) or ""
    if "enum" in node:
        return str(node["enum"][0])
    match node.get("type"):
        case "boolean":
            return "true"
        case "integer" | "number":
            return f"{node.get('minimum', 1):g}"
        case "array":
            return f"[{_example(resolve(node['items']), resolve)}]"
        case "object":
            values = resolve(node["additionalProperties"])
            names = node.get("propertyNames", {}).get("enum", ["name"])
            return f"{{{names[0]}: {_example(values, resolve)}}}"
    return "text"


def matching(query: str) -> list[Key]:
    """The keys that a query means: a whole path, its end, or everything under a path (`system.ami`)."""
    parts = query.split(".")
    by_name = {kind.name: kind.key for kind in KINDS}
    parts[0] = by_name.get(parts[0], parts[0])
    keys = all_keys()
    exact = [key for key in keys if _same(key.path.split("."), parts)]
    under = [key for key in keys if _same(key.path.split(".")[: len(parts)], parts)]
    end = [key for key in keys if _same(key.path.split(".")[-len(parts) :], parts)]
    return [*exact, *(key for key in under if key not in exact)] or end


def _same(path: list[str], query: list[str]) -> bool:
    return len(path) == len(query) and all(a in (b, ANY) for a, b in zip(path, query, strict=True))
