"""Look-ups, call-back campaigns, and where callers go when there are too many of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from config import template
from config.forms import written
from config.lints.facts import Facts, Finding
from config.lints.menus import actions, languages, reached
from config.models import ActionKind, Mode
from config.tree import Path

PATIENCE = 10.0
"""Seconds that a caller waits for an answer of a machine."""


def lookups(facts: Facts) -> Iterator[Finding]:
    """E457, E458, W552."""
    for name, lookup in facts.lookups.items():
        at: Path = ("lookups", name)
        for language, text in lookup.say.items():
            try:
                template.parts(text)
            except template.BadTemplate as bad:
                yield Finding("E457", (*at, "say", language), str(bad), bad.hint)
        if not 0 < lookup.timeout <= PATIENCE:
            yield Finding(
                "E458",
                (*at, "timeout"),
                f"timeout is {written(lookup.timeout)}; the caller hears nothing meanwhile",
                f"at most {written(PATIENCE)}; 3s is usual",
            )
        if lookup.url.startswith("http://") and not _is_here(lookup.url):
            yield Finding(
                "W552",
                (*at, "url"),
                "callers' numbers and the answers would cross the network in plain text",
                "write https://",
            )


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def spoken(facts: Facts) -> Iterator[Finding]:
    """E459: a look-up without a text in a language in which callers are spoken to."""
    if facts.system is None:
        return
    for name, how in reached(facts.lines, facts.menus).items():
        for _, to in actions(facts.menus[name]):
            lookup = facts.lookups.get(to.name) if to.kind is ActionKind.LOOKUP else None
            if lookup is None:
                continue
            for language in languages(facts, how.lines):
                if language not in lookup.say:
                    yield Finding(
                        "E459",
                        ("lookups", to.name, "say"),
                        f"the menu `{name}` speaks `{language}`, and there is no text in it",
                        f"write {language}: ...",
                        of_key=True,
                    )


def calling_back(facts: Facts) -> Iterator[Finding]:
    """E461: an agent must be on the line before the person who is called back."""
    for kind in ("lines", "groups"):
        for name, one in getattr(facts, kind).items():
            campaign = facts.campaigns.get(one.callback)
            if campaign is not None and campaign.mode is not Mode.PREVIEW:
                yield Finding(
                    "E461",
                    (kind, name, "callback"),
                    f"the campaign `{one.callback}` has mode {campaign.mode.value}; who waits for our call"
                    " gets an agent at once in mode preview only",
                    "write `mode: preview` there, or name another campaign",
                )


def surges(facts: Facts) -> Iterator[Finding]:
    """E462, E463."""
    to = {name: group.surge.group for name, group in facts.groups.items() if group.surge}
    for name, group in facts.groups.items():
        if group.surge is None:
            continue
        if group.surge.waiting is None and group.surge.wait is None:
            yield Finding(
                "E463",
                ("groups", name, "surge"),
                "nothing says when callers go to the other group",
                "write waiting: 10, wait: 5m, or both",
                of_key=True,
            )
        way, at = [name], to[name]
        while at in to and at not in way:
            way.append(at)
            at = to[at]
        if at == name:
            circle = " to ".join(f"`{one}`" for one in [*way, name])
            yield Finding(
                "E462",
                ("groups", name, "surge", "group"),
                f"callers would go in a circle: {circle}",
                "let the last group keep its callers",
            )


LINTS = (lookups, spoken, calling_back, surges)
