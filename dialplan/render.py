"""A `Site` to the text of Asterisk's files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import phonenumbers
from jinja2 import Environment, StrictUndefined, Template

from config.models import MISSED_MACHINE, Site
from dialplan.base import INCLUDED
from dialplan.filters import TYPED, RenderError, check_template

AGENT_CODECS = ("alaw", "ulaw", "g722")

LONGEST_CALL = 4 * 3600
"""Seconds after which Asterisk itself ends a call that came in, or one between agents."""
LONGEST_SURVEY = 600
LONGEST_SCREENING = 8
"""Seconds after which whoever answered is a person: the ear, or the daemon round it, hangs."""
LONGEST_GREETING = 32
"""Seconds after which a machine is left its message."""

AMD = (3000, 2500, 1400, 6000, 40, 100, 6, 512, 2000)
"""For an Asterisk without AudioSocket: `AMD()`'s initial silence, greeting, silence after it, longest time,
shortest word, silence between words (all ms), words, threshold, longest word (ms). The best for the corpus of
`bench screening`: what its search found on the tuning part."""
QUIET = (2500, 1, 30)
"""Without AudioSocket a machine's greeting ends with so much silence (ms), once, or after so many seconds."""
NOBODY = ("fax", "sit", "busy", "ringback")
"""What may be heard that is neither a person nor a machine."""

NOISE = (
    "ContactStatus",
    "DTMFBegin",
    "ExtensionStatus",
    "Newexten",
    "RTCPReceived",
    "RTCPSent",
    "VarSet",
)
"""Events that the daemon has no use for; dropped before they are written to its link."""


def render(site: Site, *, sounds_dir: str) -> dict[str, str]:
    """File name to text, sorted; the same site gives the same bytes.

    `sounds_dir` is the absolute folder of the prompts, `<language>/<name>.wav` in it. The extension `rev` of
    the context `perezvon-rev` carries the revision (see `revision`). Raises `RenderError` for what may not
    stand in Asterisk's configuration.
    """
    _refuse_names(site)
    facts = {
        "system": site.system,
        "trunks": sorted(site.trunks.items()),
        "lines": sorted(site.lines.items()),
        "groups": sorted(site.groups.items()),
        "agents": sorted(site.agents.items()),
        "campaigns": sorted(site.campaigns.items()),
        "surveys": sorted(site.surveys.items()),
        "sounds": sounds_dir,
        "agi_token": site.agi_token,
        "ear_id": f"{site.ear_token[:8]}-{site.ear_token[8:]}",
        "quiet": [str(value) for value in QUIET],
        "screened": any(campaign.screened for campaign in site.campaigns.values()),
        "amd": [str(value) for value in AMD],
        "amd_quiet": AMD[2],
        "nobody": NOBODY,
        "menu_scripts": site.menu_scripts,
        "inbound": {trunk: sorted(inbound(site, trunk).items()) for trunk in site.trunks},
        "endpoints": {trunk: site.trunk_endpoint(trunk) for trunk in site.trunks},
        "accounts": {trunk: account(site, trunk) for trunk in site.trunks},
        "queues": {agent: queues_of(site, agent) for agent in site.agents},
        "dialed": sorted(dialed_by_agents(site).items()),
        "agent_codecs": AGENT_CODECS,
        "noise": NOISE,
        "longest": LONGEST_CALL,
        "longest_survey": LONGEST_SURVEY,
        "longest_screening": LONGEST_SCREENING,
        "longest_greeting": LONGEST_GREETING,
    }
    files = {name: _template(name).render(facts, rev="none") for name in sorted(INCLUDED)}
    files["extensions.conf"] = _template("extensions.conf").render(facts, rev=revision(files))
    return files


_SPECIAL = frozenset({"a", "e", "general", "h", "i", "o", "s", "t"})
"""Names that mean something else to Asterisk as an extension or a section."""


def _refuse_names(site: Site) -> None:
    """Names that Asterisk would take for something else, or for one another."""
    kinds: dict[str, Iterable[str]] = {
        "agent": site.agents,
        "group": site.groups,
        "campaign": site.campaigns,
        "line": site.lines,
        "survey": site.surveys,
    }
    for kind, names in kinds.items():
        seen: dict[str, str] = {}
        for name in sorted(names):
            if name.replace("-", "") in _SPECIAL:
                raise RenderError(f"{kind} {name}: the name means something else to Asterisk; choose another")
            other = seen.setdefault(name.replace("-", ""), name)
            if other != name:
                raise RenderError(
                    f"{kind}s {other} and {name}: Asterisk does not see hyphens, so they are one; rename one"
                )


_MARK = re.compile(r"^(exten => rev,1,NoOp\().*(\))$", re.MULTILINE)


def revision(files: Mapping[str, str]) -> str:
    """Short hash of a set of files, 12 hex digits; the mark in `perezvon-rev` itself does not count."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        plain = _MARK.sub(r"\1none\2", text) if name == "extensions.conf" else text
        digest.update(f"{name}\0{len(plain)}\0{plain}".encode())
    return digest.hexdigest()[:12]


def queues_of(site: Site, agent: str) -> list[tuple[str, int]]:
    """The groups that an agent is a member of, with the penalty in each, sorted."""
    found = []
    for group in sorted(set(site.agents[agent].groups)):
        members = site.members(group)
        if agent in members:
            found.append((group, members[agent]))
    return found


def inbound(site: Site, trunk: str) -> dict[str, str]:
    """Every way the carrier of `trunk` may write one of our numbers, to the line it reaches.

    The E.164 forms of all lines come first, so that a national form never takes another line's number.
    """
    found: dict[str, str] = {}
    numbers = [
        (number, line)
        for line, what in sorted(site.lines.items())
        if trunk in what.trunks
        for number in what.numbers
    ]
    for number, line in numbers:
        if found.setdefault(number, line) != line:
            raise RenderError(f"lines {found[number]} and {line} both claim {number}")
        found[number.removeprefix("+")] = line
    for number, line in numbers:
        for form in _national(number, site.system.country):
            found.setdefault(form, line)
    return found


def account(site: Site, trunk: str) -> str | None:
    """The extension a carrier calls when it calls the account we register, if it is none of our numbers."""
    carrier = site.trunks[trunk]
    if not carrier.register_with_carrier or carrier.username in inbound(site, trunk):
        return None
    return carrier.username


def _national(number: str, country: str) -> list[str]:
    """A number as carriers of its own country write it: 8495..., 495...; nothing for foreign numbers."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return []
    if parsed.country_code != phonenumbers.country_code_for_region(country):
        return []
    dialed = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    forms = ["".join(filter(str.isdigit, dialed)), phonenumbers.national_significant_number(parsed)]
    return [form for form in forms if form]


def dialed_by_agents(site: Site) -> dict[str, tuple[str, str]]:
    """What an agent's phone may dial: a feature code or a colleague's extension, to (kind, name)."""
    codes = site.system.feature_codes
    wanted: list[tuple[str, str, str]] = [
        (codes.sign_in, "code", "sign-in"),
        (codes.sign_out, "code", "sign-out"),
        (codes.ready, "code", "ready"),
        (codes.end_wrap_up, "code", "end-wrap-up"),
        (codes.machine, "disposition", MISSED_MACHINE),
    ]
    for reason, what in site.pause_reasons.items():
        wanted.append((codes.not_ready + what.code, "reason", reason))
    for disposition, said in site.dispositions.items():
        if said.code is not None:
            wanted.append((codes.disposition + said.code, "disposition", disposition))
    for agent, person in site.agents.items():
        wanted.append((person.extension, "agent", agent))
    found: dict[str, tuple[str, str]] = {}
    for number, kind, target in wanted:
        if number in found:
            raise RenderError(f"agents dial {number} for both {found[number][1]} and {target}: change one")
        found[number] = (kind, target)
    return found


class _Strict(Environment):
    """An environment that knows only the typed filters."""

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self.filters = dict(TYPED)


@cache
def _template(name: str) -> Template:
    environment = _Strict()
    source = resources.files("dialplan").joinpath("templates", f"{name}.j2").read_text("utf-8")
    check_template(environment, source, f"{name}.j2")
    return environment.from_string(source)
