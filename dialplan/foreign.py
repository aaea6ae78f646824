"""The admin's own top-level files: do they include ours, and do they say what ours say too?

They are read, never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asterisk.config import Config, ParseError

from dialplan.base import INCLUDED
from dialplan.parser import parse_sections

_DIRECTIVE = re.compile(r'#\s*(?:try)?include\s+["<]?([^">\s]+)')


@dataclass(frozen=True, slots=True)
class Missing:
    """A line that the admin has to put into a file once."""

    file: Path
    line: str

    def __str__(self) -> str:
        return f"put this line at the end of {self.file}: {self.line}"


class _TopFile(Config):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's reader, which knows neither `#include` nor parentheses behind a section's name."""

    def load(self) -> None:
        self.included: set[str] = set()
        self.raw_lines = []
        for line in Path(self.filename).read_text("utf-8", errors="replace").splitlines():
            if found := _DIRECTIVE.match(line.strip()):
                self.included.add(found[1])
            plain = "" if line.lstrip().startswith("#") else line
            self.raw_lines.append(re.sub(r"^(\s*\[[^\]]*\])\([^)]*\)", r"\1", plain))


def missing_includes(config_dir: Path) -> list[Missing]:
    """Files of ours that the configuration in `config_dir` does not include yet."""
    found = []
    for name in INCLUDED:
        path = config_dir / name
        ours = f"perezvon.d/current/{name}"
        try:
            included = _TopFile(str(path)).included
        except (OSError, ParseError):
            included = _includes_of_odd_file(path)
        if not included & {ours, str(config_dir / ours)}:
            found.append(Missing(path, f"#tryinclude {ours}"))
    return found


def _includes_of_odd_file(path: Path) -> set[str]:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {found[1] for line in lines if (found := _DIRECTIVE.match(line.strip()))}


def clashes(config_dir: Path, files: Mapping[str, str]) -> list[str]:
    """Sections that stand in the admin's file and in ours: Asterisk mixes the two."""
    found = []
    for name in INCLUDED:
        path = config_dir / name
        ours = {section.name for section in parse_sections(files.get(name, ""), name).sections}
        try:
            theirs = _TopFile(str(path)).categories
        except OSError:
            continue
        except ParseError as error:
            found.append(f"{path}: cannot be read ({error.args[-1]}); look whether Asterisk can")
            continue
        if name != "logger.conf":  # ours only adds to its sections
            found += [
                f"{path}:{one.number}: [{one.name}] stands here and in Perezvon's {name}: keep one"
                for one in theirs
                if one.name in ours
            ]
    return found
