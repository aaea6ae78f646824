"""Putting a revision in force: switch, reload, read back; what is not taken in whole is rolled back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.models import AsteriskPaths, Site
from dialplan import members
from dialplan.console import Console, ConsoleError
from dialplan.foreign import missing_includes
from dialplan.plan import changed_files, loaded_files, needs_restart, reload, reloads, site_facts
from dialplan.readback import Complaints, Object, changed_objects, read_back, running_revision
from dialplan.render import revision as revision_of
from dialplan.revisions import NOTHING, SITE, Entry, RevisionError, Revisions
from dialplan.verify import verify

_LOG_SETTLES = 0.3  # s; Asterisk writes its log from a thread of its own


class ApplyRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who applies, why, and when (ISO 8601, UTC): for the history."""

    who: str
    why: str
    at: str


@dataclass(slots=True)
class Result:
    """What an apply or a rollback came to. `ok` is False where it was rolled back."""

    revision: str
    previous: str | None
    ok: bool = True
    steps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    restart: list[str] = field(default_factory=list)
    after_rollback: list[str] = field(default_factory=list)
    """What Asterisk holds otherwise even after the roll-back; empty when all is as it was."""


def apply(
    site: Site,
    files: Mapping[str, str],
    *,
    sounds_dir: str,
    prompts: Mapping[str, Collection[str]] | None,
    console: Console | None,
    author: Author,
    stamp: Mapping[str, str | None] | None = None,
) -> Result:
    """Put rendered `files` in force and see that Asterisk took them; roll back where it did not.

    `console`: None writes the files for an Asterisk that does not run. `stamp`: of the plan that was agreed
    to; if anything moved since, the apply is refused. Raises `ApplyRefused`, `RevisionError`, `ConsoleError`
    (Asterisk does not run; nothing was changed).
    """
    paths = site.system.asterisk
    revisions = Revisions(Path(paths.config_dir))
    if wrong := verify(files, sounds_dir=sounds_dir, prompts=prompts):
        raise ApplyRefused("the rendered files break our own rules:\n" + "\n".join(map(str, wrong)))
    facts = json.dumps(site_facts(site), ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    with revisions.locked():
        now = {"revision": revision_of(files), "current": revisions.current}
        if stamp is not None and dict(stamp) != now:
            raise ApplyRefused("the site or what is in force has changed since that plan; make a new plan")
        return _Switch(revisions, paths, console, author).to(dict(files), facts)


def roll_back(paths: AsteriskPaths, target: str, *, console: Console | None, author: Author) -> Result:
    """Put an earlier revision in force, with the same checks as an apply. Raises as `apply` does."""
    revisions = Revisions(Path(paths.config_dir))
    with revisions.locked():
        files = revisions.read(target)
        facts = files.pop(SITE, "{}\n")
        if revision_of(files) != target:
            raise ApplyRefused(f"revision {target} was edited by hand; apply the site instead")
        return _Switch(revisions, paths, console, author).to(files, facts)


def earlier(revisions: Revisions, number: int) -> str:
    """The revision that was in force `number` changes ago. Raises `RevisionError`."""
    history = revisions.history()
    was = [history[0].previous, *(entry.revision for entry in history)] if history else []
    if not 0 < number < len(was) or (target := was[-1 - number]) is None:
        raise RevisionError(f"there is no revision {number} changes back; see `perezvon history`")
    return target


def _make_cel_folder(log_dir: Path) -> None:
    """Asterisk does not make it, and writes to it as the one who owns its logs."""
    folder = log_dir / "cel-custom"
    if not folder.exists():
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            owner = log_dir.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)


class _Switch:
    """One change of what is in force, under the lock."""

    def __init__(
        self, revisions: Revisions, paths: AsteriskPaths, console: Console | None, author: Author
    ) -> None:
        self.revisions = revisions
        self.paths = paths
        self.console = console
        self.author = author
        self.previous = revisions.current

    def to(self, files: dict[str, str], facts: str) -> Result:
        """Put `files` in force, or leave all as it was."""
        if missing := missing_includes(Path(self.paths.config_dir)):
            raise ApplyRefused("\n".join(map(str, missing)))
        revision = revision_of(files)
        result = Result(revision, self.previous)
        loaded = {}
        if self.console is not None:  # first of all: where Asterisk does not run, nothing is changed
            loaded = loaded_files(self.revisions, running_revision(self.console))
        known = self.previous == revision and self.revisions.read(revision).get(SITE) == facts
        _make_cel_folder(Path(self.paths.log_dir))
        self.revisions.write(revision, files | {SITE: facts})
        self.revisions.switch(revision)
        result.steps.append(f"revision {revision} is in force on disk")
        if self.console is None:
            result.steps.append("Asterisk was not asked: it takes the revision in when it starts")
        else:
            result.restart = needs_restart(loaded.get("pjsip.conf", ""), files["pjsip.conf"])
            result.problems = self._take_in(self.console, loaded, files, result)
            if result.problems:
                self._undo(self.console, files, result)
                return result
        if not known or loaded != files:
            self.revisions.record(
                Entry(revision, self.previous, self.author.at, self.author.who, self.author.why)
            )
        return result

    def _take_in(
        self, console: Console, loaded: Mapping[str, str], files: Mapping[str, str], result: Result
    ) -> list[str]:
        """Reload what differs from what Asterisk has loaded, and read it back; returns what is wrong."""
        complaints = Complaints(Path(self.paths.log_dir) / "perezvon.log")
        try:
            for command in reloads(changed_files(loaded, files)):
                reload(console, command)
                result.steps.append(command)
            result.steps += members.follow(console, files["extensions.conf"])
            problems = read_back(console, files, objects=_to_check(loaded, files))
        except ConsoleError as error:
            return [f"Asterisk stopped answering: {error}"]
        time.sleep(_LOG_SETTLES)
        if not complaints.log.exists() and dict(files) != NOTHING:
            problems.append(
                f"Asterisk does not write {complaints.log}: has logger.conf [logfiles] before our line?"
            )
        return problems + [f"Asterisk's log: {line}" for line in complaints.lines()]

    def _undo(self, console: Console, failed: Mapping[str, str], result: Result) -> None:
        """Back to the revision before; what still differs then is in `after_rollback`."""
        result.ok = False
        if self.previous is None:
            before, revision = dict(NOTHING), revision_of(NOTHING)
            self.revisions.write(revision, before)
        else:
            revision = self.previous
            before = {name: text for name, text in self.revisions.read(revision).items() if name != SITE}
        self.revisions.switch(revision)
        undone = Result(revision, result.revision)
        result.after_rollback = self._take_in(console, failed, before, undone)
        result.revision, result.previous = revision, self.previous
        result.steps += [f"rolled back to {revision}", *undone.steps]


def _to_check(loaded: Mapping[str, str], files: Mapping[str, str]) -> set[Object] | None:
    """PJSIP objects to compare value by value: what changed since what Asterisk had, or all."""
    if not loaded:
        return None
    return changed_objects(loaded["pjsip.conf"], files["pjsip.conf"])
