"""`perezvon plan`, `apply`, `rollback`, `history` and `base`: the site becomes Asterisk's configuration."""

from __future__ import annotations

import getpass
import json as jsonlib
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.session import CHANGES, ERROR, Json, SiteFolder, fail, out, site_of, sounds_of
from config.models import AsteriskPaths, Site, System
from dialplan.apply import ApplyRefused, Author, Result, earlier, roll_back
from dialplan.apply import apply as put_in_force
from dialplan.base import DIRECTORIES, render_base
from dialplan.console import AsteriskConsole, Console, ConsoleError
from dialplan.filters import RenderError
from dialplan.plan import Plan, make_plan
from dialplan.render import render
from dialplan.revisions import RevisionError, Revisions
from sounds import catalogue

Why = Annotated[str, typer.Option("--why", help="Why: for the history.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Only write the files: for an Asterisk that does not run.")
]


def plan(
    site: SiteFolder = None,
    save: Annotated[
        Path | None, typer.Option("--save", "-o", help="Write the plan to a file for `apply --plan`.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what an apply would do. Exit: 0 nothing, 2 changes, 1 errors."""
    loaded = site_of(site)
    files = _rendered(loaded)
    try:
        found = make_plan(loaded, files, _console(loaded.system.asterisk))
        if save is not None:
            save.write_text(jsonlib.dumps(found.stamp) + "\n", encoding="utf-8")
    except (RevisionError, OSError) as error:
        fail(str(error))
    if json:
        out.print_json(data=_plan_facts(found), ensure_ascii=False)
    else:
        _show(_plan_lines(found))
    if found.changes:
        raise typer.Exit(CHANGES)


def apply(
    site: SiteFolder = None,
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="Apply only if nothing changed since this plan.")
    ] = None,
    why: Why = "",
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Put the site in force and see that Asterisk took it in; else roll back. Exit: 0 in force, 1 not."""
    loaded = site_of(site)
    files = _rendered(loaded)
    folder = sounds_of(loaded.system)
    try:
        stamp = None if plan_file is None else jsonlib.loads(plan_file.read_text("utf-8"))
        result = put_in_force(
            loaded,
            files,
            sounds_dir=str(folder),
            prompts=catalogue.prompts(folder),
            console=None if offline else _console(loaded.system.asterisk),
            author=_author(why),
            stamp=stamp,
        )
    except ConsoleError as error:
        fail(f"{error}; start it, or write the files only with --offline")
    except (ApplyRefused, RevisionError, OSError, ValueError) as error:
        fail(str(error))
    _finish(result, json)


def rollback(
    back: Annotated[
        str, typer.Argument(help="How many changes back, or the revision's name.", show_default=True)
    ] = "1",
    site: SiteFolder = None,
    why: Why = "",
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Put an earlier revision in force, checked like an apply. Exit: 0 in force, 1 not."""
    paths = site_of(site).system.asterisk
    try:
        revisions = Revisions(Path(paths.config_dir))
        target = earlier(revisions, int(back)) if back.isdigit() and len(back) < 4 else back
        result = roll_back(
            paths,
            target,
            console=None if offline else _console(paths),
            author=_author(why or f"rollback {back}"),
        )
    except ConsoleError as error:
        fail(f"{error}; start it, or write the files only with --offline")
    except (ApplyRefused, RevisionError, OSError) as error:
        fail(str(error))
    _finish(result, json)


def history(site: SiteFolder = None, json: Json = False) -> None:
    """Show what was put in force: when, by whom, why. Newest first."""
    system = site_of(site).system
    revisions = Revisions(Path(system.asterisk.config_dir))
    try:
        entries, current = list(reversed(revisions.history())), revisions.current
    except (RevisionError, OSError) as error:
        fail(str(error))
    if json:
        out.print_json(
            data={"current": current, "entries": [asdict(entry) for entry in entries]}, ensure_ascii=False
        )
        return
    for number, entry in enumerate(entries):
        mark = "*" if number == 0 and entry.revision == current else " "
        _show([f"{mark} {_local(entry.at, system)}  {entry.revision}  {entry.who}  {entry.why}".rstrip()])
    if not entries:
        _show(["nothing was applied yet"])


def base(
    folder: Annotated[
        Path, typer.Argument(help="An empty or new folder for Asterisk's own top-level files.")
    ],
    site: SiteFolder = None,
    run_user: Annotated[str | None, typer.Option("--user", help="The user Asterisk runs as.")] = None,
    json: Json = False,
) -> None:
    """Write small hardened top-level files for an Asterisk that serves Perezvon and nothing else."""
    system = site_of(site).system
    folder = folder.resolve()
    paths = dict(zip(DIRECTORIES, _DEBIAN, strict=True)) | {
        "astetcdir": str(folder),
        "astlogdir": system.asterisk.log_dir,
    }
    try:
        files = render_base(
            paths, system_name=system.name, max_calls=system.asterisk.max_calls, run_user=run_user
        )
        folder.mkdir(parents=True, exist_ok=True)
        if there := sorted(name for name in files if (folder / name).exists()):
            fail(f"{folder} already has {', '.join(there)}; nothing was written")
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except (RenderError, OSError) as error:
        fail(str(error))
    if json:
        out.print_json(data={"folder": str(folder), "files": sorted(files)})
    else:
        _show(
            [
                f"wrote {len(files)} files to {folder}",
                "look at the folders in asterisk.conf before you start it",
            ]
        )


# Where Debian's package keeps things, in the order of DIRECTORIES.
_DEBIAN = (
    "/etc/asterisk",
    "/usr/lib/x86_64-linux-gnu/asterisk/modules",
    "/var/lib/asterisk",
    "/var/lib/asterisk",
    "/var/lib/asterisk",
    "/usr/share/asterisk",
    "/usr/share/asterisk/agi-bin",
    "/var/spool/asterisk",
    "/var/run/asterisk",
    "/var/log/asterisk",
    "/usr/sbin",
)


def _rendered(site: Site) -> dict[str, str]:
    try:
        return render(site, sounds_dir=str(sounds_of(site.system)))
    except RenderError as error:
        fail(str(error))


def _console(paths: AsteriskPaths) -> Console:
    return AsteriskConsole(paths.command)


def _author(why: str) -> Author:
    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a uid without an entry in passwd; OSError since Python 3.13
        who = f"uid {os.getuid()}"
    return Author(who=who, why=why, at=datetime.now(UTC).isoformat(timespec="seconds"))


def _local(at: str, system: System) -> str:
    """A time of the history in the site's zone."""
    try:
        return datetime.fromisoformat(at).astimezone(ZoneInfo(system.timezone)).isoformat(" ", "seconds")
    except ValueError:  # written by a hand
        return at


def _show(lines: list[str]) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _plan_facts(found: Plan) -> dict[str, Any]:
    facts = asdict(found)
    facts["missing"] = [{"file": str(one.file), "line": one.line} for one in found.missing]
    return facts | {"changes": found.changes}


def _plan_lines(found: Plan) -> list[str]:
    lines = [f"in force: {found.current or 'nothing'}; planned: {found.revision}"]
    if found.asterisk is not None:
        lines.append(f"Asterisk was not asked: {found.asterisk}")
    elif found.running != found.current:
        lines.append(f"Asterisk has loaded {found.running or 'nothing of ours'}")
    for title, texts in (
        ("Objects", found.objects),
        ("Calls", found.calls),
        ("Reloads", found.reloads),
        ("Needs a restart", found.restart),
        ("First do this", [str(one) for one in found.missing]),
        ("Look at", found.warnings),
    ):
        if texts:
            lines += ["", f"{title}:", *(f"  {text}" for text in texts)]
    for name, diff in found.files.items():
        lines += ["", f"{name}:", diff.rstrip("\n")]
    return lines if found.changes or found.missing else [*lines, "nothing to do"]


def _finish(result: Result, json: bool) -> None:
    if json:
        out.print_json(data=asdict(result), ensure_ascii=False)
    else:
        _show([*result.steps, *(f"needs a restart: {text}" for text in result.restart)])
        if result.ok:
            _show([f"in force: {result.revision}"])
        else:
            _show(["", "Asterisk did not take it in:", *(f"  {text}" for text in result.problems)])
            if result.after_rollback:
                _show(["after the roll-back this still differs:", *(f"  {t}" for t in result.after_rollback)])
            _show([f"rolled back; in force: {result.revision}"])
    if not result.ok:
        raise typer.Exit(ERROR)
