"""`explain` and the reference say what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.codes import CODES
from config.explain import all_keys, matching
from config.kinds import type_at
from config.reference import markdown
from config.tree import parse, plain

ROOT = Path(__file__).parents[2]


def test_the_reference_in_git_is_that_of_the_models() -> None:
    made = (ROOT / "docs/reference.md").read_text()
    assert made == markdown(), "run `python -m config.reference > docs/reference.md`"


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("campaigns.ring_time", ["campaigns.ring_time"]),
        ("campaign.ring_time", ["campaigns.ring_time"]),
        ("ring_time", ["groups.ring_time", "campaigns.ring_time"]),
        ("ami.port", ["system.ami.port"]),
        ("campaigns.attempts.retry.busy.after", ["campaigns.attempts.retry.NAME.after"]),
        ("system.ami", ["system.ami", "system.ami.host", "system.ami.port", "system.ami.secret"]),
        ("dispositions", [f"dispositions.{key}" for key in ("title", "means", "code", "do_not_call")]),
        ("ring_tim", []),
        ("", []),
    ],
)
def test_a_query_finds_a_path_its_end_and_what_is_under_it(query: str, paths: list[str]) -> None:
    assert [key.path for key in matching(query)] == paths


def test_a_key_is_told_with_type_default_unit_example_and_the_lints_that_touch_it() -> None:
    (key,) = matching("campaigns.grace")
    assert (key.type, key.default, key.example) == ("a length of time", "2s", "grace: 2s")
    assert "seconds" in key.unit
    assert {"E412", "W521", "W527"} <= set(key.codes)
    assert not {"E411", "E407"} & set(key.codes)
    (mode,) = matching("campaigns.mode")
    assert mode.allowed == ["predictive", "progressive", "ratio", "preview", "robot"]
    assert mode.required


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: key.path)
def test_the_example_of_every_key_is_good_yaml_of_the_right_type(key: object) -> None:
    from pydantic import TypeAdapter

    from config.explain import Key

    assert isinstance(key, Key)
    root, problems = parse("f", key.example.encode())
    assert problems == []
    assert root is not None
    ((name, value),) = plain(root).items()
    path = tuple(key.path.split(".")[1:])
    assert name == path[-1]
    holder = type_at(key.kind.model, path[:-1])
    TypeAdapter(holder.model_fields[name].rebuild_annotation()).validate_python(value)


def test_the_keys_that_codes_look_at_exist() -> None:
    paths = {key.path for key in all_keys()} | {key.kind.key for key in all_keys()}
    for code, meaning in CODES.items():
        assert set(meaning.keys) <= paths, code
