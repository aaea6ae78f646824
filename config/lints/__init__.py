"""What is wrong with a site though every file has the right form. Pure: facts in, findings out."""

from collections.abc import Callable, Iterator

from config.lints import campaigns, hours, inbound, menus, people, references, shops, surveys, system
from config.lints.facts import Facts, Finding, Prompts

__all__ = ["LINTS", "Facts", "Finding", "Prompts"]

LINTS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    *references.LINTS,
    *people.LINTS,
    *system.LINTS,
    *campaigns.LINTS,
    *hours.LINTS,
    *menus.LINTS,
    *inbound.LINTS,
    *surveys.LINTS,
    *shops.LINTS,
)
