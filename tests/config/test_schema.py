"""The JSON Schema: kept up to date, in the form an admin writes, and of one mind with the models."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.forms import DURATION, FORMS, written
from config.kinds import KINDS, Kind, Layout, is_secret
from config.models import Group
from config.schema import FOLDER, raw, schema, text, write
from config.tree import parse, plain

from .conftest import SITE

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@EACH_KIND
def test_the_schemas_in_git_are_those_of_the_models(kind: Kind) -> None:
    assert (FOLDER / f"{kind.name}.json").read_text() == text(kind), (
        "run `perezvon schema --write config/schema`"
    )


def test_writing_makes_one_file_for_each_kind(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {f"{kind.name}.json" for kind in KINDS}
    assert {path.name for path in FOLDER.iterdir()} == {f"{kind.name}.json" for kind in KINDS}


@pytest.mark.parametrize(
    "file", sorted(SITE.rglob("*.yaml")), ids=lambda file: file.relative_to(SITE).as_posix()
)
def test_the_first_line_of_each_file_names_its_schema(file: Path) -> None:
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", file.read_text().splitlines()[0])
    assert found
    target = (file.parent / found[1]).resolve()
    place = file.parent.name if file.parent != SITE else file.stem
    (kind,) = [kind for kind in KINDS if kind.key == place]
    assert target == FOLDER / f"{kind.name}.json"


@EACH_KIND
def test_every_key_is_told_in_both_languages_and_defaults_are_as_an_admin_writes_them(kind: Kind) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, field in node.get("properties", {}).items():
                assert re.search("[a-z]", field["description"]), key
                assert re.search("[а-я]", field["x-ru"]), key
                assert field["description"].endswith("\n\n" + field["x-ru"]), key
                if field.get("pattern") == DURATION and "default" in field:
                    assert re.fullmatch(DURATION, field["default"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(schema(kind))


def test_a_length_of_time_is_shown_with_its_unit() -> None:
    campaign = raw(next(kind for kind in KINDS if kind.name == "campaign"))
    assert campaign["properties"]["ring_time"]["default"] == "27s"
    assert campaign["properties"]["attempts"]["default"]["retry"]["busy"]["after"] == "15m"


def test_the_example_of_every_form_has_that_form() -> None:
    assert len(FORMS) > 10
    for pattern, form in FORMS.items():
        assert re.fullmatch(pattern, form.example), form


@pytest.mark.parametrize(
    ("text_", "seconds", "again"),
    [
        ("500ms", 0.5, "500ms"),
        ("90s", 90.0, "90s"),
        ("120s", 120.0, "2m"),
        ("24h", 86400.0, "1d"),
        ("0s", 0.0, "0s"),
    ],
)
def test_lengths_of_time_are_read_and_written_back(text_: str, seconds: float, again: str) -> None:
    group = Group.model_validate({"title": "x", "wrap_up": text_})
    assert group.wrap_up == seconds
    assert group.model_dump(mode="json")["wrap_up"] == again
    assert written(seconds) == again


def _values(node: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows."""
    if "$ref" in node:
        return _values(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in node:
        return st.one_of(*(_values(option, definitions) for option in node["anyOf"]))
    if "enum" in node:
        return st.sampled_from(node["enum"])
    match node["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(node.get("minimum"), node.get("maximum"))
        case "number":
            low = node.get("minimum", 0.01)
            return st.floats(low, node["maximum"], allow_subnormal=False)
        case "array":
            return st.lists(_values(node["items"], definitions), min_size=node.get("minItems", 0), max_size=3)
        case "string" if "pattern" in node:
            return st.from_regex(re.compile(node["pattern"], re.ASCII), fullmatch=True)
        case "string":
            letters = st.characters(exclude_categories=("C", "Z"))
            return st.text(letters, min_size=node.get("minLength", 0), max_size=20)
    if "patternProperties" in node:
        ((pattern, values),) = node["patternProperties"].items()
        names = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
    elif "properties" not in node:
        values = node["additionalProperties"]
        names = _values({"type": "string", **node["propertyNames"]}, definitions)
    else:
        fields = {name: _values(field, definitions) for name, field in node["properties"].items()}
        required = {name: fields.pop(name) for name in node.get("required", ())}
        return st.fixed_dictionaries(required, optional=fields)
    return st.dictionaries(
        names, _values(values, definitions), min_size=node.get("minProperties", 0), max_size=3
    )


VALUES = {kind.name: _values(node := raw(kind), node.get("$defs", {})) for kind in KINDS}


@EACH_KIND
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_the_schema_allows_the_models_take_and_it_survives_yaml(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind.name])
    model = kind.model.model_validate(value)
    yaml, out = YAML(typ="safe", pure=True), io.StringIO()
    yaml.allow_unicode, yaml.default_flow_style = True, False
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(_shown(kind, model.model_dump(mode="json"), value), out)
    root, problems = parse("f", out.getvalue().encode())
    assert problems == []
    assert root is not None
    assert kind.model.model_validate(plain(root)) == model
    from_json, problems = parse("f", json.dumps(value, ensure_ascii=False).encode())
    assert problems == []
    assert from_json is not None
    assert kind.model.model_validate(plain(from_json)) == model


def _shown(kind: Kind, dumped: Any, value: Any, path: tuple[str, ...] = ()) -> Any:
    """The dump with its secrets put back, which a dump rightly hides."""
    if isinstance(dumped, dict):
        return {key: _shown(kind, inner, value.get(key), (*path, key)) if isinstance(value, dict) else inner
                for key, inner in dumped.items()}  # fmt: skip
    return value if is_secret(kind.model, path) else dumped


def test_files_that_map_names_to_objects_have_a_schema_of_the_mapping() -> None:
    for kind in KINDS:
        if kind.layout is Layout.MAPPING:
            found = schema(kind)
            ((_, inner),) = found["patternProperties"].items()
            assert found["additionalProperties"] is False
            assert inner["$ref"].rpartition("/")[2] in found["$defs"]
