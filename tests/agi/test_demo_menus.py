"""Every sequence of keys up to depth 4 through the demo's menus, silence too; a hang-up at every step."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from agi.desk import Desk
from agi.paper import PaperSession
from agi.scripts import line
from agi.session import KEYS, CallFacts, HungUp, Place, places
from config.lints.menus import reached
from config.models import Site
from leads.inbound import CallerClass, CallOutcome, InboundCall
from store import Store
from tests.agi.test_line import MONDAY_NOON, NUMBER, no_service

DEPTH = 4
SILENCE = ""
STEPS = 4 * DEPTH + 8
"""A caller who presses four keys meets no more: a look-up has three, and who is silent at the end hears three
menus and is put through."""


class Books:
    """Stands for the store: thousands of calls a second."""

    def __init__(self) -> None:
        self.inbound = self.callbacks = self.orders = self
        self.told: list[CallOutcome] = []

    async def arrive(self, id: str, line: str, number: str | None, at: float) -> InboundCall:
        return InboundCall(id, line, number, CallerClass.CLIENT, None, at)

    async def of_caller(self, *_: object) -> list[object]:
        return []

    async def tell(self, id: str, outcome: CallOutcome) -> None:
        self.told.append(outcome)

    async def open(self, task: object, now: float) -> None:
        self.told.append(CallOutcome.CALLBACK_ASKED)


class Tried(PaperSession):
    """Counts the answers that the script has taken."""

    @property
    def left(self) -> int:
        return len(self._answers)


async def walk(site: Site, name: str, answers: tuple[str, ...], **how: Any) -> tuple[Tried, Books]:
    facts = CallFacts("pz1-1", line=name, number=NUMBER)
    session, books = Tried(facts, places(site), answers, start=MONDAY_NOON, **how), Books()
    await line.run(session, Desk(site, cast(Store, books), session.clock, no_service))
    return session, books


@pytest.mark.parametrize("name", ["main", "support", "shop"])
async def test_every_sequence_of_keys_ends_well(demo: Site, name: str) -> None:
    ends: Counter[str] = Counter()
    sequences: list[tuple[str, ...]] = [()]
    for depth in range(DEPTH + 1):
        further: list[tuple[str, ...]] = []
        for answers in sequences:
            session, books = await walk(demo, name, answers)
            assert session.steps <= STEPS, answers
            if session.went is not None:
                assert session.went[0] is Place.GROUP
                assert session.went[1] in demo.groups
                ends["a person"] += 1
            else:
                assert session.gone, f"{answers}: neither sent on nor hung up"
                assert books.told, f"{answers}: hung up without a word in the books"
                ends[books.told[-1]] += 1
            # Only who was silent, having said all, could have pressed one key more.
            if depth < DEPTH and not session.left and any(row.did == "silence" for row in session.table):
                further += [(*answers, key) for key in (*KEYS, SILENCE)]
        sequences = further
    assert ends["a person"]
    if name == "shop":
        assert sum(ends.values()) > 5000


async def test_from_every_menu_of_the_demo_one_key_leads_to_a_person(demo: Site) -> None:
    ways = {"shop": (), "delivery": ("2",)}
    assert set(reached(demo.lines, demo.menus)) == set(ways)
    for keys in ways.values():
        session, _ = await walk(demo, "shop", (*keys, "0"))
        assert session.went == (Place.GROUP, "support")
        assert session.heard[-1] == "to-operator"


async def test_a_hang_up_at_every_step_of_every_way_leaves_no_session_stuck(demo: Site) -> None:
    for first in (*KEYS, SILENCE):
        for second in (*KEYS, SILENCE):
            whole, _ = await walk(demo, "shop", (first, second))
            for step in range(1, whole.steps + 1):
                with pytest.raises(HungUp):
                    await walk(demo, "shop", (first, second), hang_up_at=step)


@pytest.mark.parametrize("at", ["menu-main", "one-moment", "menu-delivery", "info-delivery"])
@pytest.mark.parametrize("keys", ["*", "#", "5", "ABCD", "0", "2*#9"])
async def test_keys_during_any_prompt_break_nothing(demo: Site, at: str, keys: str) -> None:
    """Letters come by SIP INFO; they are no keys of a menu, so nothing happens by them."""
    answers = ("1", "2", "1", "", "") if at != "one-moment" else ("1", "")
    session, _ = await walk(demo, "shop", answers, during={at: keys})
    assert session.went == (Place.GROUP, "support")
    assert session.steps <= STEPS
