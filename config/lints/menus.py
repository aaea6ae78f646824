"""Trees of menus: which lines lead into each, and where who gets in may end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config.forms import Language, written
from config.lints.facts import Facts, Finding
from config.models import ActionKind, Line, Menu, Way, way
from config.tree import Path

HUMAN_KEY = "0"
"""Leads to the line's group wherever a menu does not bind it (`agi.menu`)."""

PEOPLE = frozenset({ActionKind.GROUP, ActionKind.LINE, ActionKind.CALLBACK})
"""Every line has its group, or promises to call back."""

ENDS = PEOPLE | {ActionKind.HANG_UP, ActionKind.SCRIPT, ActionKind.SHOP}
TIMEOUTS = (1.0, 30.0)


def actions(menu: Menu) -> Iterator[tuple[Path, Way]]:
    """What a menu leads to, by its place in the menu."""
    for key, action in menu.keys.items():
        yield ("keys", key), way(action)
    if menu.otherwise is not None:
        yield ("otherwise",), way(menu.otherwise)


@dataclass
class Reached:
    """How callers come to a menu."""

    lines: list[str] = field(default_factory=list)
    parents: set[str] = field(default_factory=set)


def reached(lines: Mapping[str, Line], menus: Mapping[str, Menu]) -> dict[str, Reached]:
    """By menu that callers can get into: the lines that lead there, and the menus before it."""
    found: dict[str, Reached] = {}
    for name, line in lines.items():
        steps: list[tuple[str, str | None]] = [(line.menu, None)] if line.menu is not None else []
        while steps:
            menu, parent = steps.pop()
            if menu not in menus:
                continue
            there = found.setdefault(menu, Reached())
            if parent is not None:
                there.parents.add(parent)
            if name in there.lines:
                continue
            there.lines.append(name)
            steps += [(to.name, menu) for _, to in actions(menus[menu]) if to.kind is ActionKind.MENU]
    return found


def languages(facts: Facts, lines: list[str]) -> list[Language]:
    """In which languages these lines speak."""
    assert facts.system is not None  # noqa: S101 - the callers have asked
    return list(dict.fromkeys(facts.lines[name].language or facts.system.language for name in lines))


def ways_out(facts: Facts) -> Iterator[Finding]:
    """E453, E454: a tree in which callers are caught, or never get to a person (S1.42)."""
    found = reached(facts.lines, facts.menus)
    ending, human = _leading_to(facts.menus, found, ENDS), _leading_to(facts.menus, found, PEOPLE)
    for name in found:
        at: Path = ("menus", name, "keys")
        if name not in ending:
            yield Finding(
                "E453",
                at,
                f"the menu `{name}` is a dead end: no key leads out of it, nor does silence",
                "let a key lead to a group, callback or hang_up",
                of_key=True,
            )
        elif name not in human:
            yield Finding(
                "E454",
                at,
                f"from the menu `{name}` no key leads to a person or a call-back, nor does silence",
                "let a key lead to a group, or leave 0 or `otherwise` free: they lead to the line's group",
                of_key=True,
            )


def _leading_to(
    menus: Mapping[str, Menu], found: Mapping[str, Reached], kinds: frozenset[ActionKind]
) -> set[str]:
    """Menus from which some way leads to an action of these kinds."""
    good = {name for name in found if any(to.kind in kinds for to in _all_ways(menus[name]))}
    while True:
        more = {name for name in found.keys() - good if _steps(menus[name], found[name]) & good}
        if not more:
            return good
        good |= more


def _all_ways(menu: Menu) -> Iterator[Way]:
    """The ways that are written, and those that are there by default."""
    yield from (to for _, to in actions(menu))
    if menu.otherwise is None or HUMAN_KEY not in menu.keys:
        yield Way(ActionKind.GROUP, "")


def _steps(menu: Menu, reached: Reached) -> set[str]:
    steps: set[str] = set()
    for to in _all_ways(menu):
        if to.kind is ActionKind.MENU:
            steps.add(to.name)
        elif to.kind is ActionKind.BACK:
            steps |= reached.parents
    return steps


def callbacks(facts: Facts) -> Iterator[Finding]:
    """E455: an offer to be called back, where nobody calls."""
    found = reached(facts.lines, facts.menus)
    for name, how in found.items():
        for place, to in actions(facts.menus[name]):
            if to.kind is not ActionKind.CALLBACK:
                continue
            for line_name in how.lines:
                line = facts.lines[line_name]
                group = facts.groups.get(line.group)
                if group is not None and line.callback is None and group.callback is None:
                    yield Finding(
                        "E455",
                        ("menus", name, *place),
                        f"nobody calls back for the line `{line_name}`",
                        f"write `callback:` with a campaign of mode preview into the line, or into the group"
                        f" `{line.group}`",
                    )
                    break


def timeouts(facts: Facts) -> Iterator[Finding]:
    """E456."""
    for name, menu in facts.menus.items():
        if not TIMEOUTS[0] <= menu.timeout <= TIMEOUTS[1]:
            yield Finding(
                "E456",
                ("menus", name, "timeout"),
                f"timeout is {written(menu.timeout)}; callers need a second at least, and leave after thirty",
                "5s is usual",
            )


def unused(facts: Facts) -> Iterator[Finding]:
    """W517; silent where a name is misspelt, which E304 tells."""
    if not (facts.complete("lines") and facts.complete("menus")):
        return
    ways = [to for menu in facts.menus.values() for _, to in actions(menu)]
    lines = facts.lines.values()
    named: dict[str, set[str | None]] = {
        "menus": {line.menu for line in lines} | {to.name for to in ways if to.kind is ActionKind.MENU},
        "schedules": {line.schedule for line in lines},
        "lookups": {to.name for to in ways if to.kind is ActionKind.LOOKUP},
    }
    for kind, names in named.items():
        if names - {None} - facts.names[kind]:
            continue
        used = set(reached(facts.lines, facts.menus)) if kind == "menus" else names
        for name in getattr(facts, kind):
            if name not in used:
                yield Finding(
                    "W517", (kind, name), f"no line leads to the {kind[:-1]} `{name}`", "is it needed?"
                )


LINTS = (ways_out, callbacks, timeouts, unused)
