"""YAML text to a tree of nodes that know their place, by ruamel's YAML 1.2 parser.

Only the plain part of YAML is let in: no anchors, aliases, merge keys, tags, directives or second documents.
Scalars keep the text that was written, so that a message can show `0100` and not the number 100.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from config.problems import Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_CONSTANTS: dict[str, bool | None] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Scalar:
    mark: Mark
    raw: str
    quoted: bool

    @property
    def value(self) -> str | int | float | bool | None:
        """The value by YAML 1.2's core schema (dates, octal and the like stay text)."""
        if self.quoted:
            return self.raw
        if self.raw in _CONSTANTS:
            return _CONSTANTS[self.raw]
        if _INT.fullmatch(self.raw):
            return int(self.raw)
        if _FLOAT.fullmatch(self.raw) and math.isfinite(number := float(self.raw)):
            return number
        return self.raw


@dataclass(slots=True)
class Sequence:
    mark: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    mark: Mark
    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    """By the key's text: the key itself and its value."""
    pending: Scalar | None = None


Node = Scalar | Sequence | Mapping
Path = tuple[str | int, ...]


def plain(node: Node) -> Any:
    """The tree as dicts, lists and values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.items.items()}


def find(node: Node, path: Path, *, start: Mark, key: bool = False) -> tuple[Mark, Node | None]:
    """Where `path` is written (its key with `key`), and its node.

    What is not written is at the key that it is missing under; at the top that is `start`.
    """
    above = mark = start
    for part in path:
        if isinstance(node, Mapping) and part in node.items:
            name, node = node.items[str(part)]
            above, mark = name.mark, name.mark if key else node.mark
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            above = mark = node.mark
        else:
            return above, None
    return mark, node


def scalars(node: Node, path: Path = ()) -> list[tuple[Path, Scalar]]:
    """All scalars below, values with their path; keys with the path of the mapping that they are in."""
    if isinstance(node, Scalar):
        return [(path, node)]
    if isinstance(node, Sequence):
        return [found for i, item in enumerate(node.items) for found in scalars(item, (*path, i))]
    return [
        found
        for name, (key, value) in node.items.items()
        for found in ((path, key), *scalars(value, (*path, name)))
    ]


class _Stop(Exception):
    """The rest of the file is not worth reading."""


@dataclass
class _Builder:
    file: str
    problems: list[Problem] = field(default_factory=list)
    root: Node | None = None
    open: list[Mapping | Sequence] = field(default_factory=list)
    documents: int = 0

    def report(self, code: str, mark: Mark, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, code, message, hint))

    def take(self, event: Any) -> None:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        match type(event).__name__:
            case "DocumentStartEvent":
                self.document(event, mark)
            case "MappingStartEvent":
                self.push(Mapping(mark), event)
            case "SequenceStartEvent":
                self.push(Sequence(mark), event)
            case "MappingEndEvent" | "SequenceEndEvent":
                self.add(self.open.pop())
            case "ScalarEvent":
                self.plainness(event, mark)
                if found := _UNPRINTABLE.search(event.value):
                    self.report("E104", mark, f"the control character U+{ord(found[0]):04X}", "remove it")
                quoted = not event.implicit[0]
                if not event.value and not quoted and self.open and isinstance(self.open[-1], Mapping):
                    # ruamel puts "no value" at the start of what follows
                    mark = self.open[-1].pending.mark if self.open[-1].pending else mark
                self.add(Scalar(mark, event.value, quoted))
            case "AliasEvent":
                text = f"*{event.anchor}"
                self.report("E107", mark, f"`{text}` without quotes is a YAML alias", f'quote it: "{text}"')
                self.add(Scalar(mark, text, True))

    def document(self, event: Any, mark: Mark) -> None:
        if event.version or event.tags:
            self.report("E108", Mark(), "a YAML directive (a line that starts with %)", "remove that line")
        self.documents += 1
        if self.documents > 1:
            self.report("E109", mark, "a second document starts here", "keep one object in one file")
            raise _Stop

    def plainness(self, event: Any, mark: Mark) -> None:
        if event.anchor is not None:
            self.report(
                "E107",
                mark,
                f"`&{event.anchor}` is a YAML anchor",
                "write the value out; if it is text, put it in quotes",
            )
        if event.tag is not None:
            self.report(
                "E108", mark, f"`{event.tag}` is a YAML tag", "remove it; if it is text, put it in quotes"
            )

    def push(self, node: Mapping | Sequence, event: Any) -> None:
        self.plainness(event, node.mark)
        if len(self.open) == MAX_DEPTH:
            self.report("E110", node.mark, f"nested deeper than {MAX_DEPTH} levels", "make it flatter")
            raise _Stop
        self.open.append(node)

    def add(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif parent.pending is None:
            parent.pending = self.key(node)
        else:
            key, parent.pending = parent.pending, None
            if (earlier := parent.items.get(key.raw)) is not None:
                self.report(
                    "E106",
                    key.mark,
                    f"the key `{key.raw}` stands twice, first in line {earlier[0].mark.line}",
                    "remove one of the two",
                )
            elif key.raw == "<<" and not key.quoted:
                self.report("E107", key.mark, "`<<` is a YAML merge key", "write the keys out")
            else:
                parent.items[key.raw] = (key, node)

    def key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self.report("E112", node.mark, "a list or a mapping cannot be a key", "write `key: value`")
            return Scalar(node.mark, f"line {node.mark.line}, column {node.mark.column}", True)
        if not isinstance(node.value, str):
            shown = node.raw or "nothing"
            self.report("E112", node.mark, f"the key `{shown}` is not text", f'quote it: "{node.raw}"')
        return node


def parse(file: str, data: bytes) -> tuple[Mapping | None, list[Problem]]:
    """The mapping in a file's bytes and what is wrong with them; never raises for bad input.

    The tree is there as far as it can be made, so that one look finds the schema's problems too.
    """
    build = _Builder(file)
    if (text := _text(build, data)) is None:
        return None, build.problems
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            build.take(event)
    except _Stop:
        return None, build.problems
    except MarkedYAMLError as error:
        build.problems.append(_syntax(file, error))
        return None, build.problems
    except (YAMLError, ValueError, IndexError, RecursionError) as error:
        build.report("E105", Mark(), f"this is not YAML ({type(error).__name__})")
        return None, build.problems
    if not isinstance(build.root, Mapping):
        mark = build.root.mark if build.root else Mark()
        what = "the file is empty" if build.root is None else "the file must hold keys with values"
        build.report("E111", mark, what, "write it as lines of `key: value`")
        return None, build.problems
    return build.root, build.problems


def _text(build: _Builder, data: bytes) -> str | None:
    if len(data) > MAX_BYTES:
        build.report("E102", Mark(), "the file is larger than 1 MiB", "no object needs as much; split it")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        mark = Mark(before.count(b"\n") + 1, column)
        build.report("E103", mark, "the file is not UTF-8 from here on", "save it in the encoding UTF-8")
        return None
    for found in _UNPRINTABLE.finditer(text):
        before_it = text[: found.start()]
        mark = Mark(before_it.count("\n") + 1, len(before_it.rpartition("\n")[2]) + 1)
        build.report("E104", mark, f"the control character U+{ord(found.group()):04X}", "remove it")
        return None
    return text


_SYNTAX = (
    # what ruamel says, what we say, how to mend it
    (r"character '\\t'", "a tab where YAML wants spaces", "indent with spaces"),
    (r"found character '(.)'", "text cannot start with `{0}` without quotes", "put the text in quotes"),
    (
        r"mapping values are not allowed",
        "a colon that does not belong here",
        "put text with `: ` in it in quotes; give keys of one mapping the same indentation",
    ),
    (r"unexpected end of stream", "the quote is never closed", "close it"),
    (r"unknown escape character '(.)'", "`\\{0}` is no escape", "use single quotes, or write `\\\\`"),
    (r"could not find expected ':'", "a key without its colon", "write `key: value`"),
    (r"expected ',' or '[\]}]'", "a bracket is never closed, or a comma is missing", "close the bracket"),
    (r"expected the node content", "a value or a closing bracket is missing", "write it"),
    (r"expected <block end>", "this does not fit what is above it", "check the indentation and the dashes"),
)


def _syntax(file: str, error: MarkedYAMLError) -> Problem:
    said = str(error.problem or error.context or "it cannot be read")
    mark = error.problem_mark or error.context_mark
    if "end of stream" in said or "stream end" in said or "expected ','" in said:
        mark = error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for pattern, message, hint in _SYNTAX:
        if found := re.search(pattern, said):
            return Problem(file, line, column, "E105", message.format(*found.groups()), hint)
    return Problem(file, line, column, "E105", f"this is not YAML: {said}")
