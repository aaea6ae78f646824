"""Our own reading of Asterisk's files: what it will understand, and what it would skip with a warning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_LINE = 8191
"""Bytes of a line that Asterisk reads; the rest it cuts off."""
MAX_EXTENSION = 255


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a file: where, its stable code, what."""

    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.code} {self.message}"


@dataclass(frozen=True, slots=True)
class Option:
    """`key = value` or `key => value`; the value is what Asterisk gets, comments and escapes undone."""

    key: str
    value: str
    line: int


@dataclass(slots=True)
class Section:
    """`[name]`, and what stands below it. `added` says it was opened by `[name](+)`."""

    name: str
    line: int
    added: bool = False
    options: list[Option] = field(default_factory=list)

    def get(self, key: str) -> str | None:
        """The last value of a key, or None."""
        return next((option.value for option in reversed(self.options) if option.key == key), None)

    def all(self, key: str) -> list[str]:
        return [option.value for option in self.options if option.key == key]


@dataclass(slots=True)
class Parsed:
    """A file, and what was wrong in it."""

    sections: list[Section] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension; `args` are the text between the application's parentheses."""

    priority: int
    label: str | None
    app: str
    args: str
    line: int

    def __str__(self) -> str:
        return f"{self.app}({self.args})"


@dataclass(slots=True)
class Dialplan:
    """Contexts to extensions to steps in order of priority."""

    contexts: dict[str, dict[str, list[Step]]] = field(default_factory=dict)
    includes: dict[str, list[str]] = field(default_factory=dict)
    globals: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


_HEAD = re.compile(r"\[([^\]]*)\](\([^)]*\))?")
_STEP = re.compile(r"([^,]*),\s*([^,()\s]+)\s*(?:\(([^)]*)\))?\s*,(.*)", re.DOTALL)
_APP = re.compile(r"([A-Za-z]\w*)\s*(?:\((.*)\))?", re.DOTALL)


def _uncomment(line: str) -> tuple[str, bool]:
    r"""A line without its comment, `\;` undone; and whether a block comment (`;--`) starts in it."""
    out: list[str] = []
    for index, char in enumerate(line):
        if char != ";":
            out.append(char)
        elif out and out[-1] == "\\":
            out[-1] = ";"
        else:
            return "".join(out), line.startswith(";--", index) and not line.startswith(";---", index)
    return "".join(out), False


def parse_sections(text: str, file: str) -> Parsed:
    """Read an ini-like file. Includes, block comments and templates are findings: we write none."""
    parsed = Parsed()
    section: Section | None = None

    def wrong(line: int, code: str, message: str) -> None:
        parsed.findings.append(Finding(file, line, code, message))

    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if len(raw.encode()) > MAX_LINE:
            wrong(number, "D101", f"the line is longer than {MAX_LINE} bytes; Asterisk cuts it")
        line, block = _uncomment(raw)
        line = line.strip()
        if block:
            wrong(number, "D102", "a block comment starts here and swallows what follows")
        if "\0" in line:
            wrong(number, "D103", "a NUL byte ends the line for Asterisk")
        if not line:
            continue
        if line.startswith("#"):
            wrong(number, "D104", f"a directive that we never write: {line[:40]}")
        elif line.startswith("["):
            head = _HEAD.fullmatch(line)
            if head is None or head[2] not in (None, "(+)"):
                wrong(number, "D105", f"no section head: {line[:60]}")
                continue
            section = Section(head[1], number, added=head[2] is not None)
            parsed.sections.append(section)
        elif section is None or "=" not in line:
            wrong(number, "D106", f"neither a section head nor key = value: {line[:60]}")
        else:
            key, _, value = line.partition("=")
            section.options.append(Option(key.strip(), value.removeprefix(">").strip(), number))
    return parsed


def parse_dialplan(text: str, file: str = "extensions.conf") -> Dialplan:
    """Read a dialplan. What Asterisk would skip with a warning is a finding and is skipped here too."""
    parsed = parse_sections(text, file)
    plan = Dialplan(findings=parsed.findings)
    for section in parsed.sections:
        if section.name == "general":
            continue
        if section.name == "globals":
            plan.globals.update((option.key, option.value) for option in section.options)
            continue
        if section.name in plan.contexts:
            plan.findings.append(Finding(file, section.line, "D107", f"context {section.name} stands twice"))
        context = plan.contexts.setdefault(section.name, {})
        last: str | None = None
        for option in section.options:
            match option.key:
                case "include":
                    plan.includes.setdefault(section.name, []).append(option.value)
                case "exten" | "same":
                    last = _step(plan, file, context, option, last)
                case _:
                    plan.findings.append(Finding(file, option.line, "D108", f"unknown key {option.key}"))
    return plan


def _step(
    plan: Dialplan, file: str, context: dict[str, list[Step]], option: Option, last: str | None
) -> str | None:
    """Add one `exten` or `same` line; returns the extension that the next `same` belongs to."""

    def wrong(code: str, message: str) -> str | None:
        plan.findings.append(Finding(file, option.line, code, message))
        return last

    text = option.value if option.key == "exten" else f"{last or ''},{option.value}"
    found = _STEP.fullmatch(text)
    if found is None or not found[1].strip():
        return wrong("D111", f"no extension, priority and application: {option.value[:60]}")
    exten, priority_text, label = found[1].strip(), found[2], found[3]
    app = _APP.fullmatch(found[4].strip())
    if app is None:
        return wrong("D112", f"no application with its arguments in parentheses: {found[4].strip()[:60]}")
    if len(exten) > MAX_EXTENSION:
        return wrong("D113", f"the extension is longer than {MAX_EXTENSION}")
    other = next((one for one in context if one != exten and _same(one, exten)), None)
    if other is not None:
        return wrong("D118", f"extension {exten} is {other} to Asterisk, which does not see hyphens")
    steps = context.get(exten, [])
    if priority_text == "n":
        if not steps:
            return wrong("D114", f"extension {exten} starts with priority n; its first is never found")
        priority = steps[-1].priority + 1
    elif priority_text.isdigit() and int(priority_text) > 0:
        priority = int(priority_text)
    else:
        return wrong("D115", f"`{priority_text}` is no priority")
    if any(step.priority == priority for step in steps):
        return wrong("D116", f"extension {exten} has priority {priority} twice")
    if label is not None and any(step.label == label for step in steps):
        return wrong("D117", f"extension {exten} has label {label} twice")
    steps = [*steps, Step(priority, label, app[1], app[2] or "", option.line)]
    context[exten] = sorted(steps, key=lambda step: step.priority)
    return exten


def _same(one: str, other: str) -> bool:
    return len(one) != len(other) and one.replace("-", "") == other.replace("-", "")


def split_args(text: str, separator: str = ",") -> list[str]:
    """Split at `separator` outside of parentheses, brackets, braces and double quotes."""
    parts, depth, quoted = [""], 0, False
    for index, char in enumerate(text):
        if char == '"' and (index == 0 or text[index - 1] != "\\"):
            quoted = not quoted
        elif not quoted:
            depth += (char in "([{") - (char in ")]}")
        if char == separator and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts
