"""Revisions on disk: a folder each, one symlink to the one in force, a history, a lock.

<config_dir>/perezvon.d/current -> 1a2b3c4d5e6f
<config_dir>/perezvon.d/1a2b3c4d5e6f/extensions.conf ... site.json
<config_dir>/perezvon.d/history.jsonl
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from dialplan.base import INCLUDED

KEPT = 50
SITE = "site.json"
"""The site that a revision was made from, secrets masked; what `plan` compares objects with."""
NOTHING = dict.fromkeys(INCLUDED, "; nothing of Perezvon's is in force\n")
"""What is put in force where there is no revision to go back to."""


class RevisionError(Exception):
    """The folder of revisions cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of what is in force. `at` is ISO 8601 in UTC."""

    revision: str
    previous: str | None
    at: str
    who: str
    why: str


class Revisions:
    """The folder `perezvon.d` of a configuration directory."""

    def __init__(self, config_dir: Path) -> None:
        self.folder = config_dir / "perezvon.d"

    @property
    def current(self) -> str | None:
        """The revision in force. Raises `RevisionError` where `current` is no symlink of ours."""
        link = self.folder / "current"
        if not link.is_symlink():
            if link.exists():
                raise RevisionError(f"{link} is no symlink of Perezvon's; move it away and apply again")
            return None
        return link.readlink().name

    def read(self, revision: str) -> dict[str, str]:
        """File name to text, `site.json` included. Raises `RevisionError`."""
        folder = self.folder / revision
        try:
            return {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.is_file()}
        except FileNotFoundError:
            raise RevisionError(f"revision {revision} is not there any more") from None
        except (OSError, UnicodeDecodeError) as error:
            raise RevisionError(f"revision {revision} cannot be read: {error}") from None

    def write(self, revision: str, files: Mapping[str, str]) -> None:
        """Put a revision's files on disk, whole and flushed, readable by owner and group only."""
        target = self.folder / revision
        if target.is_dir():
            self._mend(target, files)
            return
        partial = self.folder / f".{revision}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o750)
        self._inherit_group(partial)
        for name, text in files.items():
            self._write_file(partial / name, text)
        _flush(partial)
        partial.rename(target)
        _flush(self.folder)

    def _mend(self, target: Path, files: Mapping[str, str]) -> None:
        """Make a revision that is there (edited by hand, or of an older `site.json`) what it should be."""
        found = self.read(target.name)
        for name in found.keys() - files.keys():
            (target / name).unlink()
        for name, text in files.items():
            if found.get(name) != text:
                self._write_file(target / f".{name}.new", text)
                (target / f".{name}.new").replace(target / name)
        _flush(target)

    def _write_file(self, path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        self._inherit_group(path)

    def switch(self, revision: str) -> None:
        """Put a revision in force for whoever reads next: one atomic rename."""
        link = self.folder / ".current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(revision)
        link.replace(self.folder / "current")
        _flush(self.folder)

    def record(self, entry: Entry) -> None:
        """Add to the history, and drop the revisions that are beyond the last `KEPT` changes."""
        with (self.folder / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        kept = {one.revision for one in self.history()[-KEPT:]} | {self.current}
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in kept:
                shutil.rmtree(path)

    def history(self) -> list[Entry]:
        """All changes, oldest first. A line cut by a crash is left out."""
        try:
            lines = (self.folder / "history.jsonl").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(Entry(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one may apply at a time. Raises `RevisionError` where another does, or we may not write."""
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._inherit_group(self.folder)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise RevisionError(
                f"{self.folder} cannot be written ({error.strerror}); run as its owner"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RevisionError(
                    "another apply or rollback is at work; try again when it is done"
                ) from None
            yield

    def _inherit_group(self, path: Path) -> None:
        """Asterisk reads by its group: what we make belongs to the group of the configuration directory."""
        group = self.folder.parent.stat().st_gid
        if path.stat().st_gid != group:
            os.chown(path, -1, group)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
