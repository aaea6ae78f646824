"""Every sequence of keys up to depth 4 through the demo's menus, silence too; a hang-up at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from agi.desk import Desk
from agi.paper import PaperSession
from agi.scripts import line
from agi.session import KEYS, CallFacts, HungUp, Place, places
from config.lints.menus import reached
from config.models import Site
from leads.inbound import CallerClass, CallOutcome, InboundCall
from leads.orders import Delivery, Item, Order, OrderState, Result
from store import Store
from tests.agi.conftest import Change
from tests.agi.test_line import MONDAY_NOON, NUMBER, no_service

DEPTH = 4
SILENCE = ""
STEPS = 4 * DEPTH + 8
"""A caller who presses four keys meets no more: a look-up has three, and who is silent at the end hears three
menus and is put through."""


class Books:
    """Stands for the store: thousands of calls a second."""

    def __init__(self, *orders: Order) -> None:
        self.inbound = self.callbacks = self.do_not_call = self
        self.orders = Shelf(orders)
        self.told: list[CallOutcome] = []

    @property
    def decided(self) -> list[object]:
        """By the caller: not that they listened."""
        return [*self.orders.results, *(told for told in self.told if told is not CallOutcome.SELF_SERVED)]

    async def get(self, phone: str) -> None:
        """Nobody is on the do-not-call list."""

    async def arrive(self, id: str, line: str, number: str | None, at: float) -> InboundCall:
        return InboundCall(id, line, number, CallerClass.CLIENT, None, at)

    async def tell(self, id: str, outcome: CallOutcome) -> None:
        self.told.append(outcome)

    async def open(self, task: object, now: float) -> None:
        self.told.append(CallOutcome.CALLBACK_ASKED)


class Shelf:
    """The orders of the caller, and what they made of them."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = orders
        self.results: list[Result] = []

    async def of_caller(self, *_: object) -> list[Order]:
        return list(self._orders)

    async def tell(self, id: int, result: Result, *_: object, delivery: Delivery | None) -> None:
        assert (delivery is not None) == (result is Result.MOVED)
        self.results.append(result)


ORDER = Order(
    1, "demo", "A-1", "1234", (NUMBER,), NUMBER, "", (Item("Чайник", 1, 100_000),), 100_000,
    Delivery("2099-11-28", "10:00-14:00"), {}, OrderState.ROBOT, 1, 0.0, 0.0, "",
)  # fmt: skip


class Tried(PaperSession):
    """Counts the answers that the script has taken."""

    @property
    def left(self) -> int:
        return len(self._answers)


async def walk(
    site: Site, name: str, answers: tuple[str, ...], books: Books | None = None, **how: Any
) -> tuple[Tried, Books]:
    books = books or Books()
    facts = CallFacts("pz1-1", line=name, number=NUMBER)
    session = Tried(facts, places(site), answers, start=MONDAY_NOON, **how)
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


async def test_every_sequence_of_keys_about_an_order_ends_well_and_decides_once(
    changed: Change,
) -> None:
    site = changed(lines={"shop": {"shop": "demo"}})
    results: Counter[tuple[Result, ...]] = Counter()
    sequences: list[tuple[str, ...]] = [()]
    for depth in range(DEPTH + 1):
        further: list[tuple[str, ...]] = []
        for answers in sequences:
            session, books = await walk(site, "shop", answers, Books(ORDER))
            assert session.steps <= 12 * STEPS, answers
            assert session.went is not None or (session.gone and books.told), answers
            results[tuple(books.orders.results)] += 1
            if depth < DEPTH and not session.left and any(row.did == "silence" for row in session.table):
                further += [(*answers, key) for key in ("0", "1", "2", "3", "4", "*", SILENCE)]
        sequences = further
    assert set(results) == {(), (Result.CONFIRMED,), (Result.CANCELLED,), (Result.MOVED,)}


async def test_from_every_menu_of_the_demo_one_key_leads_to_a_person(demo: Site) -> None:
    ways = {"shop": (), "delivery": ("2",)}
    assert set(reached(demo.lines, demo.menus)) == set(ways)
    for keys in ways.values():
        session, _ = await walk(demo, "shop", (*keys, "0"))
        assert session.went == (Place.GROUP, "support")
        assert session.heard[-1] == "to-operator"


async def test_a_hang_up_at_every_step_of_every_way_keeps_what_was_decided_and_leaves_no_session_stuck(
    changed: Change,
) -> None:
    """Orders first, then the menu, in which 3 is the offer to be called back."""
    keys = {"1": "lookup order", "2": "menu delivery", "3": "callback", "0": "group support"}
    site = changed(lines={"shop": {"shop": "demo"}}, menus={"shop": {"keys": keys}})
    ends: set[tuple[object, ...]] = set()
    ways = [(first, second) for first in (*KEYS, SILENCE) for second in (*KEYS, SILENCE)]
    for answers in [*ways, ("*", "3", "1"), ("4", "1", "1", "1")]:
        whole, last = await walk(site, "shop", answers, Books(ORDER))
        before: list[object] = []
        for step in range(1, whole.steps + 1):
            books = Books(ORDER)
            with pytest.raises(HungUp):
                await walk(site, "shop", answers, books, hang_up_at=step)
            kept = books.decided
            assert kept[: len(before)] == before, "what was decided at an earlier step stays"
            assert kept == last.decided[: len(kept)], "nothing that they did not ask for"
            before = kept
        ends.add(tuple(before))
        assert before == last.decided, answers
    asked = (CallOutcome.CALLBACK_ASKED,) * 2  # the task, and the word in the books
    assert ends >= {(), (Result.CONFIRMED,), (Result.CANCELLED,), (Result.MOVED,), asked}


@pytest.mark.parametrize("at", ["menu-main", "one-moment", "menu-delivery", "info-delivery"])
@pytest.mark.parametrize("keys", ["*", "#", "5", "ABCD", "0", "2*#9"])
async def test_keys_during_any_prompt_break_nothing(demo: Site, at: str, keys: str) -> None:
    """Letters come by SIP INFO; they are no keys of a menu, so nothing happens by them."""
    answers = ("1", "2", "1", "", "") if at != "one-moment" else ("1", "")
    session, _ = await walk(demo, "shop", answers, during={at: keys})
    assert session.went == (Place.GROUP, "support")
    assert session.steps <= STEPS
