"""Walks a caller through menus, up to a way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from agi.session import Session, Utterance
from config.models import ActionKind, Menu, Way, way
from sounds.phrase import Prompt

LookUp = Callable[[str], Awaitable[tuple[Sequence[Utterance], bool]]]
"""What is said for a look-up of the site, by its name, and whether it is an answer."""

HUMAN_KEY = "0"
"""Leads to the line's group wherever a menu does not bind it: nobody is kept by a machine."""


class Walk:
    """A caller in the menus of one line.

    `group` is the line's, the exit of who asks for a person or chooses nothing. `asks` is used up by one for
    each time that a menu is said, and is shared by all walks of a visit: no circle of menus holds a caller
    for ever, and when it is used up they are sent to the group.
    """

    def __init__(
        self,
        session: Session,
        menus: dict[str, Menu],
        first: str,
        group: str,
        look_up: LookUp,
        asks: Iterator[int],
    ) -> None:
        self._session, self._menus, self._look_up, self._asks = session, menus, look_up, asks
        self._way_to_group = Way(ActionKind.GROUP, group)
        self._path = [first]
        self._before: Sequence[Utterance] = ()
        """Said before the menu; who knows it may press a key at once."""
        self.served = False
        """Whether the caller got something they asked for without an agent."""

    async def choose(self) -> Way:
        """Where the caller goes: one of the actions that menus cannot do by themselves.

        When that leads back (a declined offer) the next `choose` says the same menu again.
        """
        misses = 0
        for _ in self._asks:
            menu = self._menus[self._path[-1]]
            before, self._before = self._before, ()
            key = await self._session.ask(*before, Prompt(menu.prompt), first=menu.timeout)
            chosen = self._chosen(menu, key)
            if chosen is None and misses < menu.repeats:
                misses += 1
                self._before = [Prompt(menu.wrong)] if key else []
                continue
            misses = 0
            chosen = chosen or (way(menu.otherwise) if menu.otherwise else self._way_to_group)
            if not await self._move(chosen):
                return chosen
        return self._way_to_group

    def _chosen(self, menu: Menu, key: str) -> Way | None:
        if key in menu.keys:
            return way(menu.keys[key])
        return self._way_to_group if key == HUMAN_KEY else None

    async def _move(self, chosen: Way) -> bool:
        """Do what stays within the menus; False where it does not."""
        match chosen.kind:
            case ActionKind.MENU:
                self._path.append(chosen.name)
            case ActionKind.BACK:
                self._path = self._path[:-1] or self._path
            case ActionKind.REPEAT:
                pass
            case ActionKind.MESSAGE:
                self._before, self.served = [Prompt(chosen.name)], True
            case ActionKind.LOOKUP:
                self._before, answered = await self._look_up(chosen.name)
                self.served |= answered
            case _:
                return False
        return True
