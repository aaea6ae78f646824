"""Buyers on paper: a store with their orders, and calls about them without Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agi.desk import Desk
from agi.paper import PaperSession, named
from agi.session import CallFacts, HungUp, Utterance, places
from cli.demo_world import demo_site
from config.forms import Language
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from leads.attempt import Attempt
from leads.orders import Delivery, Item, NewOrder, Order, Result, plans
from store import Store, open_store
from tests.migrated import new_database

SHOP, ROBOT, DELIVERY, PHONE = "demo", "order-robot", "delivery", "+79031234567"
NOW = 1_795_600_000.0
"""Wednesday 25 November 2026, noon in Moscow."""


@dataclass
class Buyer:
    """One number with its orders, and what the robot or the line makes of it."""

    desk: Desk
    epoch: int
    calls: int = 0
    phone: str = PHONE

    @property
    def site(self) -> Site:
        return self.desk.site

    @property
    def store(self) -> Store:
        return self.desk.store

    async def orders(self, *numbers: str, **values: Any) -> list[Order]:
        """New ones that the robot is to call about."""
        plan = plans(self.site)[SHOP]
        items = (Item("Чайник", 2, 100_000), Item("Чашка", 1, 30_050))
        made = [
            NewOrder(
                SHOP, f"{self.phone}-{number}", number, (self.phone,), items, 230_050,
                 "Анна", Delivery("2026-11-28", "10:00-14:00"),
            )
            for number in numbers
        ]  # fmt: skip
        return [(await self.store.orders.add(replace(one, **values), plan, NOW)).order for one in made]

    async def confirmed(self, *numbers: str, **values: Any) -> list[Order]:
        """Confirmed ones, of whose delivery the buyer is to be told."""
        plan = plans(self.site)[SHOP]
        made = await self.orders(*numbers, **values)
        return [await self.store.orders.tell(o.id, Result.CONFIRMED, "caller", NOW, plan) for o in made]

    async def states(self) -> dict[str, str]:
        found = await self.store.orders.page(shop=SHOP, phone=self.phone)
        return {order.number: str(order.state) for order in found}

    async def letters(self) -> list[str]:
        """What the shop will be told."""
        return [letter.event for letter in await self.store.outbox.page()]

    async def dialed(self, campaign: str, at: float = NOW + 2 * 86400) -> Attempt:
        """The attempt on the buyer's lead in the campaign's list."""
        self.calls += 1
        [lead] = [
            lead
            for lead in await self.store.leads.find_by_phone(self.phone)
            if lead.list == self.site.campaigns[campaign].list
        ]
        claimed = await self.store.attempts.claim(
            self.epoch, campaign, "city", [lead.id], at, lambda: f"{self.calls:016x}"
        )
        return claimed[0]

    def paper(self, attempt: Attempt, answers: Iterable[str], language: Language, **how: Any) -> Meanwhile:
        facts = CallFacts("pz-1", campaign=attempt.campaign, attempt=attempt.id, language=language)
        return Meanwhile(facts, places(self.site), answers, start=NOW, **how)

    async def caller(
        self, answers: Iterable[str] = (), language: Language = "ru", number: str | None = PHONE, **how: Any
    ) -> Meanwhile:
        await self.store.inbound.arrive("in-1", "main", number, NOW)
        facts = CallFacts("in-1", line="main", number=number, language=language)
        return Meanwhile(facts, places(self.site), answers, start=NOW, **how)

    def cancels(self, call: Meanwhile, order: Order, at: str) -> None:
        """The shop cancels an order while its buyer hears the prompt `at`."""
        plan = plans(self.site)[SHOP]
        call.at = at
        call.then = lambda: self.store.orders.tell(order.id, Result.CANCELLED, "shop", NOW, plan)

    async def disposition(self, attempt: Attempt) -> str | None:
        found = await self.store.attempts.get(attempt.id)
        assert found is not None
        return found.disposition


class Meanwhile(PaperSession):
    """Something is done elsewhere as the prompt `at` begins."""

    at = ""
    then: Callable[[], Awaitable[object]]

    async def _play(self, what: Sequence[Utterance], keys: str, *, keep: bool) -> str:
        if self.at in map(named, what):
            await self.then()
        return await super()._play(what, keys, keep=keep)


@cache
def the_demo() -> Site:
    with TemporaryDirectory() as folder:
        source = demo_site(Path(folder) / "site")
        create_missing(source)
        return load_site(source)


@asynccontextmanager
async def a_buyer(folder: Path, shop: Mapping[str, Any] | None = None) -> AsyncIterator[Buyer]:
    site = the_demo()
    settings = site.shops[SHOP].model_copy(update=dict(shop or {}))
    site = site.model_copy(update={"shops": {SHOP: settings}})
    async with open_store(new_database(folder / "perezvon.db")) as store:
        epoch = await store.lease.acquire("test", 0.0, 1e12)
        yield Buyer(Desk(site, store, lambda: NOW), epoch)


async def through(call: Any) -> bool:
    """Run a script to its end; whether the caller was still there."""
    try:
        await call
    except HungUp:
        return False
    return True
