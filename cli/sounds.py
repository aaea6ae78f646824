"""`perezvon sounds`: make the prompts, look at them, record them by phone."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cli.session import ERROR, WARNINGS, Json, SiteFolder, daemon, err, fail, out, show, site_of, sounds_of
from config.forms import Language
from config.models import Site, SpeechEngine
from sounds import build as building
from sounds import catalogue, recorded
from sounds import check as checking
from sounds.finish import BadSound
from sounds.manifest import Folder, ManifestError, stale

sounds = typer.Typer(no_args_is_help=True, help="Prompts: make them, look at them, record them by phone.")

RECORDING_SECONDS = 960.0
"""How long a recording may take, from the ring on; the daemon gives up a little before."""

Bundled = Annotated[
    bool, typer.Option("--bundled", help="The prompts that come with Perezvon (for who changes it).")
]


@sounds.command()
def build(site: SiteFolder = None, bundled: Bundled = False, as_json: Json = False) -> None:
    """Make the prompts of the site's `sounds_dir`: recordings where there are some, else speech.

    Exit code 0 when all are there, 1 when one could not be made.
    """
    folder, engine, _ = _chosen(site, bundled)
    if not bundled:
        _own(folder)
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


@sounds.command("list")
def list_prompts(site: SiteFolder = None, as_json: Json = False) -> None:
    """Every prompt of the site by name and language, and what it is made from."""
    folder, _, _ = _chosen(site, False)
    try:
        sources = folder.sources()
    except (ManifestError, OSError) as error:
        fail(str(error))
    texts = folder.manifest.prompts
    rows = [
        {
            "name": one.name,
            "language": one.language,
            "made_from": one.kind,
            "text": texts.get(one.name, {}).get(one.language, ""),
        }
        for one in sources
    ]
    show(sorted(rows, key=lambda row: (row["name"], row["language"])), as_json)


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


@sounds.command()
def record(
    name: Annotated[str, typer.Argument(help="The prompt's name.")],
    phone: Annotated[str, typer.Option("--phone", help="Whose phone rings: an agent, or an extension.")],
    language: Annotated[str | None, typer.Option(help="ru or en. None: the system's.")] = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Record a prompt by phone: it rings; speak after the tone, press #, listen (2), keep it (1).

    Exit code 0 when the prompt is in its place, 1 when nothing was recorded.
    """
    checked = site_of(site, with_prompts=False)
    folder = _own(Folder(sounds_of(checked.system)))
    spoken = language or checked.system.language
    if spoken not in catalogue.LANGUAGES:
        fail(f"no such language: {spoken}", f"one of {', '.join(catalogue.LANGUAGES)}")
    stem = f"{spoken}/{name}"
    try:
        text = folder.manifest.prompts.get(name, {}).get(spoken, "")
        if name not in {source.name for source in folder.sources()}:
            fail(f"there is no prompt {name}", f"write its text into {folder.path / 'prompts.yaml'} first")
    except ManifestError as error:
        fail(str(error))
    agent = next((id for id, one in checked.agents.items() if phone in (id, one.extension)), phone)
    err.print(f"the phone of {agent} rings; say: {text or name}", markup=False, highlight=False)
    result = daemon(checked.system, "record", timeout=RECORDING_SECONDS, agent=agent)
    if result["outcome"] != "kept":
        fail(f"nothing was recorded: {result['outcome'].replace('_', ' ')}")
    try:
        backup = recorded.place(folder, spoken, name, Path(result["file"]).read_bytes())
        made = list(building.build(folder, checked.system.speech, [stem]))
    except OSError as error:
        fail(
            f"the recording {error.filename} cannot be used ({error.strerror})", "run this as a user who may"
        )
    except BadSound as error:
        fail(f"nothing was recorded: {error}")
    if failed := [one.why for one in made if one.what == "failed"]:
        fail(f"the prompt was not made: {failed[0]}")
    told = {"prompt": stem, "file": str(folder.path / f"{stem}.wav"), "backup": backup and str(backup)}
    show(told, as_json)


def _own(folder: Folder) -> Folder:
    if folder.bundled:
        fail("the site has no prompts of its own", "name their folder in system.sounds_dir")
    return folder


def _chosen(site: Path | None, bundled: bool) -> tuple[Folder, SpeechEngine, set[Language]]:
    """The folder to work on, its engine, and the languages that calls use."""
    if bundled:
        return Folder(catalogue.sounds_dir()), SpeechEngine(), {"ru", "en"}
    checked = site_of(site, with_prompts=False)
    return Folder(sounds_of(checked.system)), checked.system.speech, _languages(checked)


def _languages(site: Site) -> set[Language]:
    named = [line.language for line in site.lines.values()]
    named += [campaign.language for campaign in site.campaigns.values()]
    return {site.system.language, *(language for language in named if language is not None)}
