"""What is wrong with a site though every file has the right form. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from config.files import did_you_mean
from config.models import Agent, Campaign, Disposition, Group, Line, PauseReason, System, Trunk
from config.tree import Path

Prompts = Mapping[str, Set[str]]
"""By language: the names of the prompts that there are."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The objects that are valid, and in `names` all that are meant to exist, by kind."""

    system: System | None
    trunks: dict[str, Trunk]
    lines: dict[str, Line]
    groups: dict[str, Group]
    agents: dict[str, Agent]
    campaigns: dict[str, Campaign]
    pause_reasons: dict[str, PauseReason]
    dispositions: dict[str, Disposition]
    names: Mapping[str, Set[str]]
    prompts: Prompts | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by its path in the site, `("campaigns", "spring", "grace")`, not yet by its line."""

    code: str
    path: Path
    message: str
    hint: str = ""
    of_key: bool = False


def references(facts: Facts) -> Iterator[Finding]:
    """E301, E302."""

    def named(kind: str, name: str, path: Path) -> Iterator[Finding]:
        if name not in facts.names[kind]:
            code = {"groups": "E301", "trunks": "E302"}[kind]
            yield Finding(
                code, path, f"there is no {kind[:-1]} `{name}`", did_you_mean(name, facts.names[kind])
            )

    for name, campaign in facts.campaigns.items():
        yield from named("groups", campaign.group, ("campaigns", name, "group"))
        yield from named("trunks", campaign.trunk, ("campaigns", name, "trunk"))
    for name, line in facts.lines.items():
        yield from named("groups", line.group, ("lines", name, "group"))
        for i, trunk in enumerate(line.trunks):
            yield from named("trunks", trunk, ("lines", name, "trunks", i))
    for name, agent in facts.agents.items():
        for i, group in enumerate(agent.groups):
            yield from named("groups", group, ("agents", name, "groups", i))


LINTS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (references,)
