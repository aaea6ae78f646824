"""What Asterisk has really taken in, compared with what our files say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dialplan.base import INCLUDED
from dialplan.console import Console
from dialplan.parser import Section, parse_dialplan, parse_sections

_CONTEXT = re.compile(r"\[ Context '(.+)' created by '.+' \]")
_FIRST = re.compile(r"  '(.+)' =>\s+(\d+)\. (.*?)\s*\[[^\[\]]*\]")
_NEXT = re.compile(r"\s+(?:\[[^\]]*\]\s+)?(\d+)\. (.*?)\s*\[[^\[\]]*\]")
_QUEUE = re.compile(r"(\S+) has \d+ calls \(max (\d+|unlimited)\) in '(\w+)' strategy")
_TABLE = re.compile(r" (\S+)\s+: ?(.*)")
_BOOLEANS = {"yes": "true", "no": "false", "on": "true", "off": "false"}
_SECRETS = {"password", "secret"}
_SHOWN = {"endpoint", "auth", "aor", "identify", "registration"}

Object = tuple[str, str]
"""Type and name of a PJSIP object."""


def running_revision(console: Console) -> str | None:
    """The revision that Asterisk has loaded; None where it has none. Raises `ConsoleError`."""
    found = re.search(r"1\. NoOp\(([0-9a-f]{12})\)", console.run("dialplan show rev@perezvon-rev"))
    return found[1] if found else None


def pjsip_objects(text: str) -> dict[Object, Section]:
    """The objects of a `pjsip.conf` by type and name."""
    sections = parse_sections(text, "pjsip.conf").sections
    return {(section.get("type") or "", section.name): section for section in sections}


def changed_objects(old: str, new: str) -> set[Object]:
    """Objects of a `pjsip.conf` that are new or say something else."""

    def plain(section: Section | None) -> list[tuple[str, str]] | None:
        return None if section is None else [(option.key, option.value) for option in section.options]

    before, after = pjsip_objects(old), pjsip_objects(new)
    return {key for key, section in after.items() if plain(section) != plain(before.get(key))}


def read_back(
    console: Console, files: Mapping[str, str], *, objects: Collection[Object] | None = None
) -> list[str]:
    """What Asterisk holds otherwise than `files` say; empty when it took everything.

    `objects`: PJSIP objects whose values are compared one by one (all, where None); that all are there is
    seen for each. Raises `ConsoleError`.
    """
    return [
        *_dialplan(console.run("dialplan show"), files["extensions.conf"]),
        *_pjsip(console, files["pjsip.conf"], objects),
        *_queues(console.run("queue show"), files["queues.conf"]),
        *_manager(console, files["manager.conf"]),
        *_rest(console, files),
    ]


def shown_dialplan(text: str) -> dict[str, dict[str, list[tuple[int, str]]]]:
    """`dialplan show` as contexts to extensions to (priority, application with arguments)."""
    contexts: dict[str, dict[str, list[tuple[int, str]]]] = {}
    context: dict[str, list[tuple[int, str]]] = {}
    steps: list[tuple[int, str]] = []
    for line in text.splitlines():
        if found := _CONTEXT.fullmatch(line):
            context = contexts.setdefault(found[1], {})
        elif found := _FIRST.fullmatch(line):
            steps = context.setdefault(found[1], [])
            steps.append((int(found[2]), found[3]))
        elif found := _NEXT.fullmatch(line):
            steps.append((int(found[1]), found[2]))
    return contexts


def _dialplan(shown: str, text: str) -> Iterator[str]:
    there = shown_dialplan(shown)
    ours = parse_dialplan(text).contexts
    for name in sorted(there.keys() - ours.keys()):
        if name.startswith("perezvon-"):
            yield f"context {name} is in Asterisk but not in our files"
    for name, extens in ours.items():
        if (found := there.get(name)) is None:
            if extens:
                yield f"context {name} is not in Asterisk"
            continue
        for exten in sorted(found.keys() - extens.keys()):
            yield f"context {name} has an extension {exten} that is not in our files"
        for exten, steps in extens.items():
            wanted = [(step.priority, str(step)) for step in steps]
            got = found.get(exten, [])
            if got != wanted:
                yield _difference(f"{name},{exten}", wanted, got)


def _difference(place: str, wanted: list[tuple[int, str]], got: list[tuple[int, str]]) -> str:
    if len(wanted) != len(got):
        return f"extension {place} has {len(got)} priorities in Asterisk, {len(wanted)} in our file"
    first = next((ours, theirs) for ours, theirs in zip(wanted, got, strict=True) if ours != theirs)
    return f"extension {place},{first[0][0]} is {first[1][1]} in Asterisk, {first[0][1]} in our file"


def _pjsip(console: Console, text: str, wanted: Collection[Object] | None) -> Iterator[str]:
    ours = pjsip_objects(text)
    for kind, command in (("endpoint", "endpoints"), ("auth", "auths"), ("aor", "aors")):
        names = {name for type_, name in ours if type_ == kind}
        title = "Endpoint" if kind == "endpoint" else kind.title()
        there = set(
            re.findall(rf"^ +{title}: +([^\s/<]+)", console.run(f"pjsip list {command}"), re.MULTILINE)
        )
        for name in sorted(names - there):
            yield f"PJSIP {kind} {name} is not in Asterisk: it was refused"
        for name in sorted(there - names):
            if name.startswith(("agent-", "trunk-")):
                yield f"PJSIP {kind} {name} is in Asterisk but not in our files"
    chosen = sorted(key for key in ours if key[0] in _SHOWN and (wanted is None or key in wanted))
    with ThreadPoolExecutor(4) as pool:  # each question is a process; a big site asks hundreds
        answers = pool.map(lambda key: console.run(f"pjsip show {key[0]} {key[1]}"), chosen)
        for key, answer in zip(chosen, answers, strict=True):
            yield from _object(key, ours[key], answer)


def _object(key: Object, section: Section, answer: str) -> Iterator[str]:
    shown = {found[1]: found[2].strip() for line in answer.splitlines() if (found := _TABLE.fullmatch(line))}
    if not shown:
        yield f"PJSIP {key[0]} {key[1]} is not in Asterisk: it was refused"
        return
    for option in section.options:
        name, value = option.key, option.value
        if name == "set_var":
            name, _, value = value.partition("=")
        elif name in ("type", "disallow", "match"):
            continue
        if name in shown and _plain(name, shown[name]) != _plain(name, value):
            if name in _SECRETS:
                yield f"PJSIP {key[0]} {key[1]} kept another {name}"
            else:
                yield f"PJSIP {key[0]} {key[1]} kept {name} = {shown[name]}; our file says {value}"
    for address in section.all("match"):
        if _is_address(address) and not re.search(rf"(^|,){re.escape(address)}/", shown.get("match", "")):
            yield f"PJSIP identify {key[1]} does not know {address}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _plain(name: str, value: str) -> str:
    """One form for the ways in which Asterisk and we write the same value."""
    if name == "allow":
        return value.strip("()").replace("|", ",")
    if name == "callerid":
        return re.sub(r"\\(.)", r"\1", value).removeprefix('"" ')
    return _BOOLEANS.get(value.lower(), value)


def _queues(shown: str, text: str) -> Iterator[str]:
    there = {found[1]: (found[2], found[3]) for line in shown.splitlines() if (found := _QUEUE.match(line))}
    for section in parse_sections(text, "queues.conf").sections:
        if section.name == "general":
            continue
        wanted = (section.get("maxlen") or "", section.get("strategy") or "")
        if section.name not in there:
            yield f"queue {section.name} is not in Asterisk"
        elif there[section.name] != wanted:
            yield f"queue {section.name} kept maxlen, strategy {there[section.name]}; our file says {wanted}"


def _manager(console: Console, text: str) -> Iterator[str]:
    sections = {section.name: section for section in parse_sections(text, "manager.conf").sections}
    if (general := sections.get("general")) is None:
        return
    settings = _colons(console.run("manager show settings"))
    wanted = f"{general.get('bindaddr')}:{general.get('port')}"
    bound = settings.get("TCP Bindaddress", "")
    if settings.get("Manager (AMI)") != "Yes" or not _same_address(bound, wanted):
        yield f"AMI listens on {bound or 'nothing'}; our file says {wanted}"
    if settings.get("Web Manager (AMI/HTTP)") == "Yes":
        yield "AMI is open over HTTP; our file says webenabled = no"
    for name, account in sections.items():
        if name == "general":
            continue
        shown = _colons(console.run(f"manager show user {name}"))
        for key, title in (("read", "read perm"), ("write", "write perm")):
            rights = set(shown.get(title, "").split(","))
            if rights != set((account.get(key) or "").split(",")):
                have = ",".join(sorted(rights))
                yield f"AMI account {name} has {title} {have}; our file says {account.get(key)}"


def _same_address(bound: str, wanted: str) -> bool:
    return bound in (wanted, wanted.replace("localhost:", "127.0.0.1:"), wanted.replace("::1:", "[::1]:"))


def _rest(console: Console, files: Mapping[str, str]) -> Iterator[str]:
    rtp = next(iter(parse_sections(files["rtp.conf"], "rtp.conf").sections), None)
    if rtp is not None:
        shown = _colons(console.run("rtp show settings"))
        for key, title in (("rtpstart", "Port start"), ("rtpend", "Port end")):
            if shown.get(title) != rtp.get(key):
                yield f"RTP kept {title.lower()} {shown.get(title)}; our file says {rtp.get(key)}"
    if parse_sections(files["cel.conf"], "cel.conf").sections:
        status = console.run("cel show status")
        if "CEL Logging: Enabled" not in status or "CEL Custom CSV" not in status:
            yield "CEL is not written: is cel_custom.so loaded?"
    if "TryExec(" in files["extensions.conf"] and "not registered" in console.run(
        "core show application TryExec"
    ):
        yield "calls cannot be screened, they would be cut off: load app_exec.so"
    http = parse_sections(files["http.conf"], "http.conf").sections
    if http and "Server Disabled" not in console.run("http show status"):
        yield "Asterisk's HTTP server is on; our file says enabled = no"


def _colons(text: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


class Complaints:
    """Errors and warnings that Asterisk writes about our files from now on."""

    _OURS = re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in INCLUDED)})\b|perezvon\.d")

    def __init__(self, log: Path) -> None:
        self.log = log
        self._seen = self._size()

    def _size(self) -> int:
        try:
            return self.log.stat().st_size
        except OSError:
            return 0

    def lines(self) -> list[str]:
        """Lines since the beginning that name a file or object of ours."""
        if self._size() < self._seen:  # rotated
            self._seen = 0
        try:
            with self.log.open("rb") as file:
                file.seek(self._seen)
                text = file.read().decode(errors="replace")
        except OSError:
            return []
        return [line for line in text.splitlines() if self._OURS.search(line)]
