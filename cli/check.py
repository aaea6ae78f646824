"""`perezvon check`: is the site good, and what is wrong with it, all at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.session import ERROR, WARNINGS, Json, fail, out, prompts_of, site_folder, sounds_of
from config.load import load
from config.problems import Problem, Severity
from config.secrets import create_missing
from dialplan.filters import RenderError
from dialplan.render import render
from dialplan.verify import verify


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="The site's folder. None: $PEREZVON_SITE, else ./config/site if there is one, else"
            " /etc/perezvon/site.",
            show_default=False,
        ),
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", help="The same, as other commands take it.", show_default=False)
    ] = None,
    json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 where there are warnings.")] = False,
    create_secrets: Annotated[
        bool,
        typer.Option("--create-secrets", help="Make a random secret for every ${file:...} that is missing."),
    ] = False,
) -> None:
    """Check a site: YAML, keys, references, lints. Exit: 0 good, 1 errors, 3 warnings with --strict."""
    if folder is not None and site is not None and folder != site:
        fail(f"two folders are named, {folder} and {site}", "name one")
    checked = site_folder(folder or site)
    try:
        made = create_missing(checked) if create_secrets else []
    except OSError as error:
        fail(f"the secret {error.filename} cannot be made ({error.strerror})")
    problems = problems_of(checked)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    if json:
        out.print_json(
            data={
                "folder": str(checked),
                "ok": not errors,
                "errors": errors,
                "warnings": warnings,
                "secrets_made": [str(path) for path in made],
                "problems": [_as_dict(problem) for problem in problems],
            },
            ensure_ascii=False,
        )
    else:
        lines = [f"made {path}" for path in made] + [str(problem) for problem in problems]
        for line in [*lines, f"{checked}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"]:
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if errors:
        raise typer.Exit(ERROR)
    if warnings and strict:
        raise typer.Exit(WARNINGS)


def problems_of(folder: Path) -> list[Problem]:
    """Everything that is wrong with a site, the rendering of it included."""
    loaded = load(folder, prompts_of, datetime.now(UTC).date())
    if loaded.site is None:
        return loaded.problems
    system = loaded.site.system
    sounds = str(sounds_of(system))
    try:
        files = render(loaded.site, sounds_dir=sounds)
    except RenderError as error:
        return [*loaded.problems, Problem(str(folder), 1, 1, "E491", str(error))]
    broken = verify(files, sounds_dir=sounds, prompts=prompts_of(system))
    return [*loaded.problems, *(Problem(str(folder), 1, 1, "E491", str(finding)) for finding in broken)]


def _as_dict(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
    }


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
