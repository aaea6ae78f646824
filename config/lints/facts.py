"""What a lint is given, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date

from config.models import (
    Agent,
    Campaign,
    Disposition,
    Group,
    Line,
    Lookup,
    Menu,
    PauseReason,
    Schedule,
    Shop,
    Survey,
    System,
    Trunk,
)
from config.tree import Path

Prompts = Mapping[str, Set[str]]
"""By language: the names of the prompts that there are."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The objects that are valid, and in `names` all that are meant to exist, by kind.

    An object that is broken is named but not valid, so it neither dangles nor is linted. `prompts` is None
    where nobody said which there are, `today` where nobody said what day it is.
    """

    system: System | None
    trunks: dict[str, Trunk]
    lines: dict[str, Line]
    groups: dict[str, Group]
    agents: dict[str, Agent]
    campaigns: dict[str, Campaign]
    schedules: dict[str, Schedule]
    menus: dict[str, Menu]
    lookups: dict[str, Lookup]
    surveys: dict[str, Survey]
    shops: dict[str, Shop]
    pause_reasons: dict[str, PauseReason]
    dispositions: dict[str, Disposition]
    names: Mapping[str, Set[str]]
    prompts: Prompts | None = None
    today: date | None = None

    def complete(self, kind: str) -> bool:
        """Whether all objects of a kind are valid, so that the absence of one means something."""
        return set(getattr(self, kind)) == self.names[kind]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem by its path in the site, `("campaigns", "spring", "grace")`, not yet by its line."""

    code: str
    path: Path
    message: str
    hint: str = ""
    of_key: bool = False
