"""What an apply would do: objects in the admin's words, files, reloads, calls that are up."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from config.models import Site
from dialplan.console import Console, ConsoleError
from dialplan.foreign import Missing, clashes, missing_includes
from dialplan.readback import changed_objects, pjsip_objects, running_revision
from dialplan.render import revision as revision_of
from dialplan.revisions import NOTHING, SITE, Revisions

RELOADS: dict[str, tuple[str, ...]] = {
    "logger.conf": ("logger reload",),
    "features.conf": ("module reload features",),
    "http.conf": ("module reload http",),
    "rtp.conf": ("module reload res_rtp_asterisk.so",),
    "musiconhold.conf": ("moh reload",),
    "cel.conf": ("module reload cel",),
    "cel_custom.conf": ("module reload cel_custom.so",),
    "queues.conf": ("queue reload all",),
    "extensions.conf": ("dialplan reload",),
    "pjsip.conf": (
        "module reload res_pjsip.so",
        "module reload res_pjsip_endpoint_identifier_ip.so",
        "module reload res_pjsip_outbound_registration.so",
    ),
    "manager.conf": ("manager reload",),
}
"""What makes Asterisk read a file again, in the order of doing it: what is pointed at before what points."""

_SECRET = re.compile(r"^(\s*(?:password|secret)\s*=\s*).*$", re.MULTILINE)
_KINDS = {
    "system": "system",
    "trunks": "trunk",
    "lines": "line",
    "groups": "group",
    "agents": "agent",
    "campaigns": "campaign",
    "pause_reasons": "pause reason",
    "dispositions": "disposition",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is in force, what would be, and what lies between. No secret is in it."""

    revision: str
    current: str | None
    running: str | None
    asterisk: str | None
    """Why Asterisk could not be asked; None where it was."""
    objects: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    reloads: list[str] = field(default_factory=list)
    restart: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.objects or self.files or self.reloads)

    @property
    def stamp(self) -> dict[str, str | None]:
        """What must still hold when a saved plan is applied."""
        return {"revision": self.revision, "current": self.current}


def make_plan(site: Site, files: Mapping[str, str], console: Console | None) -> Plan:
    """Compare rendered `files` with what is in force. Changes nothing. Raises `RevisionError`."""
    config_dir = Path(site.system.asterisk.config_dir)
    revisions = Revisions(config_dir)
    current = revisions.current
    old = revisions.read(current) if current is not None else {}
    running, calls, silent = None, [], None
    if console is None:
        silent = "not asked"
    else:
        try:
            running = running_revision(console)
            calls = calls_touched(console, old.get("pjsip.conf", ""), files["pjsip.conf"])
        except ConsoleError as error:
            silent = str(error)
    names = changed_files(loaded_files(revisions, running) if silent is None else old, files)
    return Plan(
        revision=revision_of(dict(files)),
        current=current,
        running=running,
        asterisk=silent,
        objects=object_changes(masked(json.loads(old[SITE])) if SITE in old else {}, site_facts(site))
        + secret_changes(old.get("pjsip.conf", ""), files["pjsip.conf"]),
        files=dict(file_diffs(old, files)),
        reloads=reloads(names),
        restart=needs_restart(old.get("pjsip.conf", ""), files["pjsip.conf"]),
        calls=calls,
        missing=missing_includes(config_dir),
        warnings=clashes(config_dir, files),
    )


def loaded_files(revisions: Revisions, running: str | None) -> dict[str, str]:
    """The files that Asterisk has in memory; none where that is not known."""
    if running is None or not (revisions.folder / running).is_dir():
        return {}
    return {name: text for name, text in revisions.read(running).items() if name != SITE}


def changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return sorted(name for name, text in new.items() if old.get(name) != text)


def reloads(names: list[str]) -> list[str]:
    """Console commands for the files that changed, in order."""
    return [command for name, commands in RELOADS.items() if name in names for command in commands]


def reload(console: Console, command: str) -> None:
    """Run one of `RELOADS`; a module that had nothing to load before is loaded. Raises `ConsoleError`."""
    answer = console.run(command)
    if "not properly initialized" in answer or "No such module" in answer:
        module = command.removeprefix("module reload ").removesuffix(".so")
        console.run(f"module load {module}.so")


def needs_restart(old: str, new: str) -> list[str]:
    """What Asterisk takes in only when it starts."""
    known = pjsip_objects(old)
    return [
        f"{name} changes: it holds only after a restart of Asterisk (`core restart when convenient`)"
        for kind, name in sorted(changed_objects(old, new))
        if kind == "transport" and (kind, name) in known
    ]


def file_diffs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Unified diffs, secrets hidden."""
    for name in changed_files(old, new):
        if old.get(name, NOTHING[name]) == NOTHING[name]:
            yield name, f"(new, {len(new[name].splitlines())} lines)\n"
            continue
        before, after = (redact(files.get(name, "")).splitlines(keepends=True) for files in (old, new))
        diff = "".join(difflib.unified_diff(before, after, f"in force/{name}", f"planned/{name}", n=2))
        yield name, diff or "(only secrets differ)\n"


def redact(text: str) -> str:
    """The text of a configuration file without its secrets."""
    return _SECRET.sub(r"\1****", text)


def site_facts(site: Site) -> dict[str, Any]:
    """The site as plain data, its secrets masked."""
    return masked(site.model_dump(mode="json"))


def masked(facts: dict[str, Any]) -> dict[str, Any]:
    """The same facts; of the database's URL without password and query, where one may stand too."""
    if database := facts.get("system", {}).get("database"):
        try:
            url = make_url(database).set(query={}).render_as_string(hide_password=True)
        except ArgumentError:
            url = "****"
        facts = facts | {"system": facts["system"] | {"database": url}}
    return facts


def object_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One sentence per change, in the words of the site's files."""
    found: list[str] = []
    for key, kind in _KINDS.items():
        before, after = old.get(key, {}), new.get(key, {})
        if key == "system":
            found += [f"system: {text}" for text in _fields(before, after)] if before else ["system is new"]
            continue
        found += [f"{kind} {name} is new" for name in sorted(after.keys() - before.keys())]
        found += [f"{kind} {name} is gone" for name in sorted(before.keys() - after.keys())]
        for name in sorted(after.keys() & before.keys()):
            found += [f"{kind} {name}{text}" for text in _of_object(before[name], after[name])]
    return found


def _of_object(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    groups = set(before.get("groups", [])), set(after.get("groups", []))
    yield from (f" joins {group}" for group in sorted(groups[1] - groups[0]))
    yield from (f" leaves {group}" for group in sorted(groups[0] - groups[1]))
    yield from (f": {text}" for text in _fields(before | {"groups": []}, after | {"groups": []}))


def _fields(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _fields(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield f"{path} {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    return ", ".join(map(str, value)) or "(none)" if isinstance(value, list) else str(value)


def secret_changes(old: str, new: str) -> list[str]:
    """Objects whose password changes, without it."""
    if not old:
        return []
    hidden = changed_objects(redact(old), redact(new))
    return [
        f"{name.replace('-', ' ', 1)}: password changes"
        for kind, name in sorted(changed_objects(old, new) - hidden)
        if kind == "auth"
    ]


def calls_touched(console: Console, old: str, new: str) -> list[str]:
    """Calls that are up, and those of phones and trunks that change or go. Raises `ConsoleError`."""
    channels = [
        line.split("!")[0] for line in console.run("core show channels concise").splitlines() if "!" in line
    ]
    if not channels:
        return []
    found = [f"{len(channels)} channels are up; reloads end none of them"]
    before, after = changed_objects("", old), changed_objects("", new)
    touched = {name for _, name in changed_objects(old, new) | (before - after)}
    for name in sorted(touched):
        number = sum(channel.startswith(f"PJSIP/{name}-") for channel in channels)
        if number:
            found.append(f"{name} is in a call; its change holds from the next one")
    return found
