"""`perezvon sounds`: make the prompts, look at them, record them by phone."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cli.session import ERROR, WARNINGS, Json, SiteFolder, err, fail, out, show, site_of
from config.forms import Language
from config.models import Site, SpeechEngine
from sounds import build as building
from sounds import catalogue
from sounds import check as checking
from sounds.manifest import Folder, ManifestError, stale

sounds = typer.Typer(no_args_is_help=True, help="Prompts: make them, look at them, record them by phone.")

Bundled = Annotated[
    bool, typer.Option("--bundled", help="The prompts that come with Perezvon (for who changes it).")
]


@sounds.command()
def build(site: SiteFolder = None, bundled: Bundled = False, as_json: Json = False) -> None:
    """Make the prompts of the site's `sounds_dir`: recordings where there are some, else speech.

    Exit code 0 when all are there, 1 when one could not be made.
    """
    folder, engine, _ = _chosen(site, bundled)
    if folder.bundled and not bundled:
        fail("the site has no prompts of its own", "name their folder in system.sounds_dir")
    try:
        todo = len(stale(folder, engine))
        made = []
        with Progress(console=err, transient=True, disable=not sys.stderr.isatty()) as progress:
            bar = progress.add_task("making prompts", total=todo)
            for one in building.build(folder, engine):
                made.append(one)
                progress.advance(bar)
                if not as_json:
                    out.print(f"{one.what:<8} {one.stem}: {one.why}", markup=False, highlight=False)
    except (ManifestError, OSError) as error:
        fail(str(error))
    failed = sum(one.what == "failed" for one in made)
    if as_json:
        show({"folder": str(folder.path), "failed": failed, "prompts": [asdict(one) for one in made]}, True)
    elif not made:
        out.print(f"{folder.path}: nothing to do", markup=False, highlight=False)
    if failed:
        raise typer.Exit(ERROR)


@sounds.command()
def check(
    site: SiteFolder = None,
    bundled: Bundled = False,
    as_json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 where there are warnings.")] = False,
) -> None:
    """Find prompts that are missing, stale, silent, clipped, quiet, of a wrong rate, or lack a language.

    Exit: 0 good, 1 errors, 3 warnings with --strict.
    """
    folder, engine, languages = _chosen(site, bundled)
    try:
        found = list(checking.check(folder, engine, languages))
    except (ManifestError, OSError) as error:
        fail(str(error))
    errors = sum(fault.severity == "error" for fault in found)
    if as_json:
        show({"folder": str(folder.path), "ok": not errors, "faults": [asdict(one) for one in found]}, True)
    else:
        for one in found:
            line = f"{one.severity}: {one.what}: {one.told}; {one.mend}"
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        out.print(
            f"{folder.path}: {errors} errors, {len(found) - errors} warnings", markup=False, highlight=False
        )
    if errors:
        raise typer.Exit(ERROR)
    if found and strict:
        raise typer.Exit(WARNINGS)


def _chosen(site: Path | None, bundled: bool) -> tuple[Folder, SpeechEngine, set[Language]]:
    """The folder to work on, its engine, and the languages that calls use."""
    if bundled:
        return Folder(catalogue.sounds_dir()), SpeechEngine(), {"ru", "en"}
    checked = site_of(site, with_prompts=False)
    own = checked.system.sounds_dir
    return (
        Folder(Path(own).resolve() if own else catalogue.sounds_dir()),
        checked.system.speech,
        _languages(checked),
    )


def _languages(site: Site) -> set[Language]:
    named = [line.language for line in site.lines.values()]
    named += [campaign.language for campaign in site.campaigns.values()]
    return {site.system.language, *(language for language in named if language is not None)}
