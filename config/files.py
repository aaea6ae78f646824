"""A site's folder to parsed files: which file holds which object, and what does not belong there."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config import tree
from config.forms import ID
from config.kinds import KINDS, Kind, Layout
from config.problems import Problem, did_you_mean

SECRETS = "secrets"
SCRIPTS = "scripts"
"""The admin's own call scripts, NAME.py."""
_NAME = re.compile(ID)
_LEFT_ALONE = re.compile(r"\..*|.*~|README(\..*)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as it was written. `name` is empty for the system."""

    kind: Kind
    name: str
    file: str
    mark: tree.Mark
    node: tree.Node

    @property
    def is_named_well(self) -> bool:
        """Whether its name can be one in Asterisk, logs and commands."""
        return self.kind.layout is Layout.ONE or bool(_NAME.fullmatch(self.name))


@dataclass
class Files:
    """`names`: by kind, what is meant to exist, broken objects included (so that they do not dangle).

    The scripts are named too.
    """

    folder: Path
    entries: list[Entry] = field(default_factory=list)
    names: dict[str, set[str]] = field(
        default_factory=lambda: {key: set() for key in (*(kind.key for kind in KINDS), SCRIPTS)}
    )
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(shown(path), 1, 1, code, message, hint))


def shown(path: Path) -> str:
    """A path that can be printed, whatever bytes and control characters its name holds."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def read(folder: Path) -> Files:
    """Everything in the folder, parsed; never raises for bad input."""
    files = Files(folder)
    if not folder.is_dir():
        files.report(folder, "E101", "there is no such folder", "name the folder that holds system.yaml")
        return files
    try:
        found = {path.name for path in folder.iterdir()}
    except OSError as error:
        files.report(folder, "E101", f"the folder cannot be read ({error.strerror})")
        return files
    if "system.yaml" not in found:
        files.report(folder / "system.yaml", "E113", "the file is missing", "every site has a system.yaml")
    for kind in KINDS:
        path = folder / kind.place
        if kind.layout is Layout.FOLDER:
            _read_folder(files, kind)
        elif path.name in found:
            _read_file(files, kind, path)
    if SCRIPTS in found:
        _read_scripts(files)
    known = {kind.place.split("/")[0] for kind in KINDS} | {SECRETS, SCRIPTS}
    for name in sorted(found - known):
        _unknown(files, folder / name, known)
    return files


def _read_folder(files: Files, kind: Kind) -> None:
    folder = files.folder / kind.key
    if not folder.exists():
        return
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        files.report(folder, "E101", f"the folder cannot be read ({error.strerror})")
        return
    for path in paths:
        if path.suffix == ".yaml" and not path.name.startswith(".") and not path.is_dir():
            _read_file(files, kind, path)
        else:
            _unknown(files, path, ())


def _read_scripts(files: Files) -> None:
    """Looks at the scripts' syntax; nothing of them is run."""
    try:
        for path in sorted((files.folder / SCRIPTS).glob("*.py")):
            name = shown(Path(path.stem))
            files.names[SCRIPTS].add(name)
            if not _NAME.fullmatch(name):
                files.report(
                    path, "E114", f"`{name}` cannot be the name of a script", "use small letters, digits"
                )
            files.problems += _script(path)
    except OSError as error:
        files.report(files.folder / SCRIPTS, "E101", f"the folder cannot be read ({error.strerror})")


def _script(path: Path) -> Iterator[Problem]:
    try:
        nodes = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError) as error:
        line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        why = getattr(error, "msg", str(error))
        yield Problem(shown(path), line, column, "E115", f"this is not Python: {why}", "mend it")
        return
    entries = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in nodes if isinstance(node, entries) and node.name in ("run", "main")]
    hint = "write `def run(agi):`, see docs/scripts.md"
    if not found:
        yield Problem(shown(path), 1, 1, "E115", "it has no function run(agi) or main(agi)", hint)
    for node in found:
        if isinstance(node, ast.AsyncFunctionDef):
            message = f"{node.name} is async; own scripts are plain functions"
            yield Problem(shown(path), node.lineno, 1, "E115", message, hint)


def _read_file(files: Files, kind: Kind, path: Path) -> None:
    name = "" if kind.layout is not Layout.FOLDER else shown(Path(path.stem))
    if kind.layout is Layout.FOLDER and not _NAME.fullmatch(name):
        files.report(
            path,
            "E114",
            f"`{name}` cannot be the name of a {kind.name}",
            "name the file with a small Latin letter, then small letters, digits, - or _",
        )
    if kind.layout is Layout.FOLDER:
        files.names[kind.key].add(name)
    data = _bytes(files, path)
    if data is None:
        return
    root, problems = tree.parse(shown(path), data)
    files.problems += problems
    if root is None:
        return
    if kind.layout is not Layout.MAPPING:
        files.entries.append(Entry(kind, name, shown(path), root.mark, root))
        return
    for inner, (key, node) in root.items.items():
        files.names[kind.key].add(inner)
        files.entries.append(Entry(kind, inner, shown(path), key.mark, node))
        if not _NAME.fullmatch(inner):
            files.problems.append(
                Problem(
                    shown(path),
                    key.mark.line,
                    key.mark.column,
                    "E114",
                    f"`{inner}` cannot be a name here",
                    "use a small Latin letter, then small letters, digits, - or _",
                )
            )


def _bytes(files: Files, path: Path) -> bytes | None:
    try:
        if not path.is_file():
            files.report(path, "E101", "this is not a file")
            return None
        with path.open("rb") as file:
            return file.read(tree.MAX_BYTES + 1)
    except OSError as error:
        files.report(path, "E101", f"the file cannot be read ({error.strerror})")
        return None


def _unknown(files: Files, path: Path, known: Iterable[str]) -> None:
    if _LEFT_ALONE.fullmatch(path.name):
        return
    if path.suffix == ".yml":
        hint = f"name it `{shown(Path(path.stem))}.yaml`"
    else:
        hint = did_you_mean(path.name, known) or "only NAME.yaml is read here"
    files.report(path, "W501", "this is not read", hint)
