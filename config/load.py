"""A folder to a `Site`, or to all that is wrong with it. The checker and the daemon both load by this."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from config import lints, secrets
from config.files import Entry, Files, read
from config.kinds import KINDS, Layout
from config.lints import Prompts
from config.models import Site, System
from config.problems import Problem, Severity
from config.problems import SiteError as SiteError
from config.sentences import sentence
from config.tree import find, plain, scalars

PromptsOf = Callable[[System], Prompts]
"""Which prompts there are, given what the system says; the caller knows (`sounds` is above this room)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a folder. `site` is None where there is any error; `problems` are in order of place."""

    site: Site | None
    problems: list[Problem]


def load(folder: Path, prompts: PromptsOf | None = None, today: date | None = None) -> Loaded:
    """Read, check and lint a site; never raises for bad input.

    Without `prompts` those are not checked, without `today` not which days are over.
    """
    files = read(folder)
    problems = list(files.problems)
    objects: dict[str, dict[str, BaseModel]] = {kind.key: {} for kind in KINDS}
    for entry in files.entries:
        found, valid = _validate(entry, folder, {_place(problem) for problem in files.problems})
        problems += found
        if valid is not None and entry.is_named_well:
            objects[entry.kind.key][entry.name] = valid
    problems += _lint(files, objects, prompts, today)
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column, problem.code))
    if any(problem.severity is Severity.ERROR for problem in problems):
        return Loaded(None, problems)
    parts = {
        kind.key: objects[kind.key][""] if kind.layout is Layout.ONE else objects[kind.key] for kind in KINDS
    }
    return Loaded(Site.model_validate(parts), problems)


def load_site(folder: Path, prompts: PromptsOf | None = None) -> Site:
    """The site in a folder; SiteError with all problems where it cannot be used."""
    loaded = load(folder, prompts)
    if loaded.site is None:
        raise SiteError(loaded.problems)
    return loaded.site


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column


def _validate(
    entry: Entry, folder: Path, taken: set[tuple[str, int, int]]
) -> tuple[list[Problem], BaseModel | None]:
    """One object against its model. A place that has a problem already gets no second one from the schema."""
    data = plain(entry.node)
    problems = list(_secrets(entry, folder, data))
    taken = taken | {_place(problem) for problem in problems}
    try:
        valid = entry.kind.model.model_validate(data)
    except ValidationError as error:
        said = [sentence(entry, one) for one in error.errors(include_url=False)]
        return problems + [one for one in said if _place(one) not in taken], None
    broken = any(problem.severity is Severity.ERROR for problem in problems)
    return problems, None if broken else valid


def _secrets(entry: Entry, folder: Path, data: Any) -> Iterator[Problem]:
    """Put the secrets that references name into `data`; report those that cannot be had, and stray `${`."""
    places = {id(node): path for path, node in secrets.of_entry(entry)}
    for _, node in scalars(entry.node):
        mark = node.mark
        if (path := places.get(id(node))) is None:
            if "${" in node.raw:
                yield Problem(
                    entry.file,
                    mark.line,
                    mark.column,
                    "E221",
                    "${...} is for secrets only",
                    "write the value itself",
                )
        elif isinstance(node.value, str):
            try:
                holder = data
                for part in path[:-1]:
                    holder = holder[part]
                holder[path[-1]] = secrets.resolve(node.raw, folder)
            except secrets.Refused as refused:
                yield Problem(entry.file, mark.line, mark.column, refused.code, refused.message, refused.hint)
            else:
                if not node.raw.startswith("${"):
                    yield Problem(
                        entry.file,
                        mark.line,
                        mark.column,
                        "W502",
                        "a secret in plain text",
                        "put it in a file of mode 600 and write ${file:secrets/NAME}",
                    )


def _lint(
    files: Files, objects: dict[str, dict[str, Any]], prompts: PromptsOf | None, today: date | None
) -> Iterator[Problem]:
    entries = {(entry.kind.key, entry.name): entry for entry in files.entries}
    system = objects["system"].get("")
    facts = lints.Facts(
        system=system,
        **{kind.key: objects[kind.key] for kind in KINDS if kind.layout is not Layout.ONE},
        names=files.names,
        prompts=prompts(system) if prompts and system else None,
        today=today,
    )
    for finding in itertools.chain.from_iterable(lint(facts) for lint in lints.LINTS):
        key, *rest = finding.path
        name = "" if key == "system" else rest.pop(0)
        entry = entries[str(key), str(name)]
        mark, _ = find(entry.node, tuple(rest), start=entry.mark, key=finding.of_key)
        yield Problem(entry.file, mark.line, mark.column, finding.code, finding.message, finding.hint)
