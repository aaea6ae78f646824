"""Rules over rendered files, before Asterisk sees them. What may be used at all stands in lists."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dialplan.parser import Dialplan, Finding, Section, Step, parse_dialplan, parse_sections, split_args

FILE = "extensions.conf"

_APPS = """
AGI AddQueueMember Answer Bridge ChanSpy Dial Gosub Goto GotoIf Hangup NoOp PauseQueueMember Playback
Playtones Queue Read Record RemoveQueueMember Return Set StartMusicOnHold TryExec UnpauseQueueMember UserEvent
Wait
"""
_FUNCTIONS = """
CALLERID CHANNEL CUT DIALPLAN_EXISTS FILTER GROUP GROUP_COUNT PJSIP_HEADER QUEUE_MEMBER TIMEOUT
"""
APPS = frozenset(_APPS.split())
FUNCTIONS = frozenset(_FUNCTIONS.split())
_VARIABLES = """
AMDSTATUS ARG1 ARG2 ASTSPOOLDIR BRIDGERESULT EPOCH PQMSTATUS QUEUESTATUS QUEUE_PRIO RQMSTATUS TRYSTATUS
UPQMSTATUS
"""
VARIABLES = frozenset(_VARIABLES.split())
"""Variables of Asterisk's that we read; our own start with PZ_."""

TOLD = ("${PZ_SAY}", "${PZ_FILE}")
"""What is played and no prompt of ours: prompts that the daemon has looked for, a recording just made."""

_FINAL = frozenset({"Hangup", "Return"})
_FUNCTION = re.compile(r"\b([A-Z][A-Z0-9_]+)\(")
_VARIABLE = re.compile(r"\$\{([^}({:]*)(?=[}{:])")
_DEVICE = re.compile(r"[A-Za-z0-9]+/[^,)^]*")
_OUR_DEVICE = re.compile(r"PJSIP/agent-(?:[A-Za-z0-9_-]+|\$\{PZ_AGENT\})")
_OUR_SCRIPT = re.compile(r"agi://127\.0\.0\.1:[0-9]{1,5}/[0-9a-f]{32}/[A-Za-z0-9_/?&=${}:,()-]+")
_OUR_EAR = re.compile(
    r"(?:AMD|WaitForSilence)\([0-9,]+\)|AudioSocket\([0-9a-f]{8}-[0-9a-f]{4}-[0-9]{4}-\$\{PZ_ID:0:4\}-\$\{PZ_ID:4\},127\.0\.0\.1:[0-9]{1,5}\)"
)
_SUBROUTINE = re.compile(r"[bBU]\(([^()]*)\)")
_DIALS = frozenset({"Dial", "Queue", "AddQueueMember"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a step may go on; `exten` is None where a variable names it."""

    context: str
    exten: str | None
    priority: str


def verify(
    files: Mapping[str, str], *, sounds_dir: str, prompts: Mapping[str, Collection[str]] | None = None
) -> list[Finding]:
    """Everything that is wrong with a set of rendered files; empty when it may be applied.

    `prompts`: language to the names of its prompts in `sounds_dir`; without it files are not looked for.
    """
    findings: list[Finding] = []
    sections: dict[str, list[Section]] = {}
    for file, text in sorted(files.items()):
        parsed = parse_sections(text, file)
        sections[file] = parsed.sections
        if file != FILE:
            findings += parsed.findings
    plan = parse_dialplan(files.get(FILE, ""))
    findings += plan.findings
    queues = {section.name: section for section in sections.get("queues.conf", [])}
    queues.pop("general", None)
    leave = {context for queue in queues.values() if (context := queue.get("context")) is not None}
    languages = {
        language
        for section in sections.get("pjsip.conf", [])
        if section.get("type") == "endpoint" and (language := section.get("language")) is not None
    }
    rules = _Rules(plan, leave)
    findings += rules.steps()
    findings += rules.ends()
    findings += _queues(plan, queues.keys())
    findings += rules.loops()
    findings += _redirects(plan, sections.get("pjsip.conf", []))
    findings += rules.reach(_entries(sections.get("pjsip.conf", []), findings))
    if prompts is not None:
        findings += _sounds(plan, sounds_dir, prompts, languages)
    return sorted(findings, key=lambda finding: (finding.file, finding.line, finding.code))


def _entries(pjsip: list[Section], findings: list[Finding]) -> list[str]:
    """The contexts that callers and agents enter by."""
    entries: set[str] = set()
    for section in pjsip:
        if section.get("type") != "endpoint":
            continue
        context = section.get("context") or "default"
        entries.add(context)
        kind, _, name = re.sub("(?<=.)-[0-9a-f]{16}$", "", section.name).partition("-")
        if context != {"agent": "perezvon-agents", "trunk": f"perezvon-in-{name}"}.get(kind):
            findings.append(
                Finding("pjsip.conf", section.line, "D301", f"{section.name} enters by context {context}")
            )
    return sorted(entries)


class _Rules:
    """The rules that need the whole dialplan at hand."""

    def __init__(self, plan: Dialplan, leave: Collection[str]) -> None:
        self.plan = plan
        self.leave = sorted(leave)

    def steps(self) -> Iterator[Finding]:
        """Each step by itself: known applications, functions, variables, devices and targets."""
        for name, wanted in self.plan.includes.items():
            for include in wanted:
                if include not in self.plan.contexts:
                    yield Finding(FILE, 0, "D201", f"context {name} includes {include}, which is not there")
        for context in self.leave:
            if context not in self.plan.contexts:
                yield Finding("queues.conf", 0, "D201", f"a queue's context {context} is not there")
        for context, extens in self.plan.contexts.items():
            for exten, steps in extens.items():
                if exten in ("_.", "_!", "_X.", "_X!"):
                    yield Finding(FILE, steps[0].line, "D202", f"extension {exten} takes all that is dialed")
                for step in steps:
                    yield from _allowed(step)
                    for target in self.targets(context, exten, step):
                        if problem := self.missing(target):
                            yield Finding(FILE, step.line, "D206", f"{step.app} goes to {problem}")

    def targets(self, context: str, exten: str, step: Step) -> list[Target]:
        """Where a step may go on by its own words (not to the next priority)."""
        places: list[str] = []
        match step.app:
            case "Goto":
                places = [step.args]
            case "Gosub":
                places = [re.sub(r"\(.*\)$", "", step.args, flags=re.DOTALL)]
            case "GotoIf":
                branches = split_args(step.args, "?")
                places = split_args(branches[1], ":") if len(branches) == 2 else ["(no branch)"]
            case "Queue" | "Dial":
                places = [found.replace("^", ",") for found in _SUBROUTINE.findall(step.args)]
        return [_target(place, context, exten) for place in places if place or step.app != "GotoIf"]

    def missing(self, target: Target) -> str | None:
        """Why a target cannot be reached, or None."""
        extens = self.plan.contexts.get(target.context)
        if extens is None:
            return f"context {target.context}, which is not there"
        if target.exten is None:
            return None if extens and target.priority == "1" else f"nowhere in context {target.context}"
        if (steps := extens.get(target.exten)) is None:
            return f"extension {target.exten} of {target.context}, which is not there"
        if any(target.priority in (str(step.priority), step.label) for step in steps):
            return None
        return f"{target.exten} of {target.context} at {target.priority or '(nothing)'}, which is not there"

    def ends(self) -> Iterator[Finding]:
        """Every way through an extension ends in Hangup or Return, or goes to another extension."""
        for context, extens in self.plan.contexts.items():
            for exten, steps in extens.items():
                if steps[0].priority != 1:
                    yield Finding(FILE, steps[0].line, "D207", f"extension {exten} has no priority 1")
                for index, step in enumerate(steps):
                    if step.app in _FINAL or step.app == "Goto" or _always(step):
                        continue
                    after = steps[index + 1].priority if index + 1 < len(steps) else None
                    if after != step.priority + 1:
                        text = f"{context},{exten} runs out after {step.app}: end it with Hangup or Return"
                        yield Finding(FILE, step.line, "D208", text)

    def loops(self) -> Iterator[Finding]:
        """What a caller says never leads back to the extension that asked, for ever."""
        ways: dict[str, Collection[str]] = {}
        for context, extens in self.plan.contexts.items():
            for exten, steps in extens.items():
                for index, step in enumerate(steps):
                    for target in self.targets(context, exten, step):
                        if target.exten is not None:
                            continue
                        if target.context not in ways:
                            ways[target.context] = self._ways(target.context)
                        if context in ways[target.context] and not _guarded(step, steps[:index]):
                            text = f"{context},{exten} may go round by {step}: compare with EXTEN first"
                            yield Finding(FILE, step.line, "D211", text)

    def reach(self, entries: Collection[str]) -> Iterator[Finding]:
        """From where callers and agents enter there is no way to a call that leaves by a trunk."""
        for entry in entries:
            if entry not in self.plan.contexts:
                yield Finding("pjsip.conf", 0, "D302", f"context {entry} is not there")
                continue
            for context, way in self._ways(entry).items():
                for steps in self.plan.contexts.get(context, {}).values():
                    for step in steps:
                        if step.app in _DIALS and _foreign_devices(step):
                            text = f"who enters by {' > '.join(way)} reaches {step}"
                            yield Finding(FILE, step.line, "D303", text)

    def _ways(self, entry: str) -> dict[str, list[str]]:
        """Contexts that can be reached from `entry`, each with one way to it."""
        ways = {entry: [entry]}
        todo = deque([entry])
        while todo:
            context = todo.popleft()
            wanted = set(self.plan.includes.get(context, []))
            for exten, steps in self.plan.contexts.get(context, {}).items():
                for step in steps:
                    wanted.update(target.context for target in self.targets(context, exten, step))
                    if step.app == "Queue":
                        wanted.update(self.leave)
            for name in sorted(wanted - ways.keys()):
                ways[name] = [*ways[context], name]
                todo.append(name)
        return ways


def _target(place: str, context: str, exten: str) -> Target:
    parts = [part.strip() for part in split_args(place)]
    if len(parts) > 3:
        parts = ["", "", place]
    name, number, priority = [context, exten][: 3 - len(parts)] + parts
    return Target(name, None if "${" in number else number, priority)


def _guarded(step: Step, before: list[Step]) -> bool:
    """The variable that names where a step goes was compared with the extension that it stands in."""
    return any(
        found[1] in step.args
        for one in before
        if one.app == "GotoIf" and (found := re.match(r'\$\["(\$\{PZ_\w+\})" = "\$\{EXTEN\}"\]\?', one.args))
    )


def _redirects(plan: Dialplan, pjsip: list[Section]) -> Iterator[Finding]:
    """A peer that answers a call with 302 is sent to a context where nothing can be dialed."""
    for section in pjsip:
        if section.get("type") != "endpoint":
            continue
        contexts = [
            text.partition("=")[2] for text in section.all("set_var") if text.startswith("FORWARD_CONTEXT=")
        ]
        dead = (
            len(contexts) == 1 and plan.contexts.get(contexts[0]) == {} and contexts[0] not in plan.includes
        )
        if not dead or section.get("redirect_method") not in (None, "user"):
            text = f"{section.name} may move our calls to an extension or address of its choice by a 302"
            yield Finding("pjsip.conf", section.line, "D304", text)


def _always(step: Step) -> bool:
    """A GotoIf with both branches never goes on to the next priority."""
    if step.app != "GotoIf":
        return False
    branches = split_args(step.args, "?")
    return len(branches) == 2 and all(split_args(branches[1], ":")) and len(split_args(branches[1], ":")) == 2


def _allowed(step: Step) -> Iterator[Finding]:
    if step.app not in APPS:
        yield Finding(FILE, step.line, "D203", f"application {step.app} is not on the list of those we use")
    if step.app == "AGI" and not _OUR_SCRIPT.fullmatch(step.args):
        yield Finding(FILE, step.line, "D212", "AGI asks for something else than a script of the daemon's")
    if step.app == "TryExec":
        if not _OUR_EAR.fullmatch(step.args):
            text = "TryExec runs something else than the daemon's ear, AMD() or WaitForSilence()"
            yield Finding(FILE, step.line, "D213", text)
        return
    text = str(step)[len(step.app) + 1 :]
    for function in sorted(set(_FUNCTION.findall(text)) - FUNCTIONS):
        yield Finding(FILE, step.line, "D204", f"function {function} is not on the list of those we use")
    for variable in _VARIABLE.findall(text):
        name = variable.strip()
        if name == "EXTEN" and step.app == "GotoIf":  # only to compare with
            continue
        if name not in VARIABLES and not name.startswith("PZ_"):
            yield Finding(FILE, step.line, "D205", f"variable {name!r} is not on the list of those we use")
    for device in _foreign_devices(step):
        yield Finding(
            FILE, step.line, "D209", f"{step.app} names a device that is no agent's phone: {device}"
        )


def _foreign_devices(step: Step) -> list[str]:
    """Devices in a step's arguments that are no agent's phone; all that Dial names must be one."""
    if step.app == "Playback" or step.app not in _DIALS | {
        "PauseQueueMember",
        "UnpauseQueueMember",
        "Bridge",
    }:
        return []
    devices = [found for found in _DEVICE.findall(step.args) if not _OUR_DEVICE.fullmatch(found)]
    if step.app == "Dial" and not _OUR_DEVICE.fullmatch(split_args(step.args)[0]):
        devices.append(split_args(step.args)[0])
    return sorted(set(devices))


def _queues(plan: Dialplan, queues: Collection[str]) -> Iterator[Finding]:
    """Every queue that is named is there."""
    for extens in plan.contexts.values():
        for steps in extens.values():
            for step in steps:
                if step.app in ("Queue", "AddQueueMember", "RemoveQueueMember"):
                    name = split_args(step.args)[0]
                    if "${" not in name and name not in queues:
                        yield Finding(FILE, step.line, "D210", f"there is no queue {name}")


def _sounds(
    plan: Dialplan, sounds_dir: str, prompts: Mapping[str, Collection[str]], languages: Collection[str]
) -> Iterator[Finding]:
    """Every prompt is there, in each language it can be played in."""
    have = {f"{sounds_dir}/{language}/{name}" for language, names in prompts.items() for name in names}
    spoken = "${CHANNEL(language)}"
    for extens in plan.contexts.values():
        for steps in extens.values():
            for step in steps:
                if step.app not in ("Playback", "Read") or step.args in TOLD:
                    continue
                path = split_args(step.args)[step.app == "Read"]
                wanted = (
                    [path.replace(spoken, one) for one in sorted(languages)] if spoken in path else [path]
                )
                for file in wanted:
                    if file not in have:
                        yield Finding(FILE, step.line, "D401", f"there is no prompt {file}")
