"""A caller's own orders: heard, confirmed, cancelled, delivery moved; an agent is one key away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

import structlog

from agi.desk import Desk
from agi.reading import delivered, delivery, hours, reading, today
from agi.session import Place, Session, Utterance
from config.models import Shop
from leads.inbound import CallOutcome
from leads.lead import IllegalMove
from leads.orders import UNCONFIRMED, Delivery, Order, Result, plans
from sounds.grammar import GRAMMARS
from sounds.phrase import Digits, Prompt, Text

log = structlog.get_logger("shop")

OPERATOR, LEAVE = "0", "*"
ROUNDS = 12
"""How often a caller is asked about one order, whatever they press."""
SILENCES = 2
PATIENCE = 3.0
"""Seconds that a caller waits for the speech engine, beside the prompts that they hear meanwhile."""
AT_ONCE = 0.2
"""Seconds: what is ready by then was in the cache, or nearly."""


class Wish(Enum):
    """What a caller may do with an order, by key."""

    CONFIRM = "1"
    CANCEL = "2"
    REPEAT = "3"
    MOVE = "4"
    NEXT = "6"


PROMPTS = {
    Wish.CONFIRM: "order-confirm-key",
    Wish.CANCEL: "order-cancel-key",
    Wish.REPEAT: "repeat-key",
    Wish.MOVE: "order-move-key",
    Wish.NEXT: "order-next-key",
}


class _Left(Exception):
    """The caller goes on: to a person, or to what the line has for everybody."""

    def __init__(self, *, operator: bool) -> None:
        super().__init__()
        self.operator = operator


async def serve(session: Session, desk: Desk, shop: str, group: str, *, asked: bool = False) -> bool:
    """Offer callers the open orders of their number; True when they were sent on to the `group`.

    The number is the key: with none, or where it has no orders, the caller hears of it only if they `asked`.
    """
    number, now = session.call.number, desk.clock()
    found = await desk.store.orders.of_caller(number, now, plans(desk.site)) if number else []
    orders = [order for order in found if order.shop == shop]
    if not orders:
        if asked:
            await session.say(Prompt("order-not-found"))
        return False
    visit = _Visit(session, desk, shop)
    try:
        greeting = [Prompt("order-found" if len(orders) == 1 else "order-found-many")]
        for n, order in enumerate(orders, 1):
            await visit.about(order, *greeting, last=n == len(orders))
            greeting = []
    except _Left as left:
        if not left.operator:
            return False
        await session.say(Prompt("to-operator"))
        await session.go(Place.GROUP, group)
        return True
    return False


def wishes(order: Order, shop: Shop, *, last: bool) -> list[Wish]:
    """What is offered: no confirmation twice, no other delivery where the shop names no windows."""
    return [
        *([Wish.CONFIRM] if order.state in UNCONFIRMED else []),
        Wish.CANCEL,
        Wish.REPEAT,
        *([Wish.MOVE] if shop.windows else []),
        *([] if last else [Wish.NEXT]),
    ]


def days(shop: Shop, first: date) -> list[date]:
    """Days to choose from; `first` is today, which is too late."""
    return [first + timedelta(days=n) for n in range(1, shop.days_ahead + 1)]


@dataclass
class _Visit:
    session: Session
    desk: Desk
    shop: str

    async def say(self, *what: Utterance) -> None:
        """Play; the keys for a person and for the way on interrupt."""
        if key := await self.session.say(*what, keys=OPERATOR + LEAVE):
            raise _Left(operator=key == OPERATOR)

    async def ask(self, *what: Utterance) -> str:
        """A key from now on; a person and the way on are always there."""
        key = await self.session.ask(*what, fresh=True)
        if key in (OPERATOR, LEAVE):
            raise _Left(operator=key == OPERATOR)
        return key

    async def prepare(self, what: Sequence[Utterance], *meanwhile: Utterance) -> None:
        """Have it spoken while `meanwhile` plays. Where that fails or takes long the caller goes to a person:
        no part of an order is left out, and nobody waits for a synthesiser."""
        making = asyncio.create_task(self.session.prepare(*what))
        try:
            if meanwhile:
                await self.say(*meanwhile)
            if not (await asyncio.wait({making}, timeout=AT_ONCE))[0]:
                await self.say(Prompt("one-moment"))
                await asyncio.wait({making}, timeout=PATIENCE)
            if not (making.done() and making.result()):
                log.error(
                    "an order could not be said, the caller gets a person", call=self.session.call.channel
                )
                raise _Left(operator=True)
        finally:
            making.cancel()

    async def about(self, order: Order, *greeting: Utterance, last: bool) -> None:
        """One order, until the caller is done with it."""
        whole = reading(order, self.desk.site, self.session.language, self.desk.clock())
        await self.prepare(whole, *greeting)
        misses, told = 0, False
        for _ in range(ROUNDS):
            if not told:
                await self._read(order)
                told = True
            offered = wishes(order, self._settings, last=last)
            prompts = [Prompt(PROMPTS[wish]) for wish in offered]
            await self.say(prompts[0])  # heard to its end before its key counts
            key = await self.ask(*prompts[1:], Prompt("order-leave-key"), Prompt("operator-key"))
            wish = next((one for one in offered if one.value == key), None)
            if wish is None:
                misses += 1
                if misses == SILENCES:
                    raise _Left(operator=False)
                await self.say(Prompt("wrong-key" if key else "no-key"))
            elif wish is Wish.NEXT:
                return
            elif wish is Wish.REPEAT:
                told = False
            elif wish is Wish.CONFIRM:
                await self._tell(order, Result.CONFIRMED, Prompt("order-confirmed"), *self._delivered(order))
                return
            elif wish is Wish.CANCEL:
                if await self._is_sure(Prompt("order-cancel-check")):
                    await self._tell(order, Result.CANCELLED, Prompt("order-cancelled"))
                    return
                await self.say(Prompt("order-kept"))
            elif (agreed := await self._choose_delivery()) is not None:
                words = Prompt("order-window-moved"), self._in_words(agreed)
                await self._tell(order, Result.MOVED, *words, agreed=agreed)
                return
            else:
                await self.say(Prompt("order-kept"))

    async def _read(self, order: Order) -> None:
        state = "order-unconfirmed" if order.state in UNCONFIRMED else "order-confirmed"
        now, language = self.desk.clock(), self.session.language
        await self.say(*reading(order, self.desk.site, language, now), Prompt(state))
        await self.desk.store.inbound.tell(self.session.call.channel, CallOutcome.SELF_SERVED)

    async def _choose_delivery(self) -> Delivery | None:
        """A day, then a window of it, read back; `None` where the caller stays with what is agreed."""
        grammar, first = GRAMMARS[self.session.language], self._today
        to_come = days(self._settings, first)
        days_named = [Text(grammar.near_day(day, first)) for day in to_come]
        windows = self._settings.windows
        windows_named = [Text(grammar.window(*hours(window))) for window in windows]
        await self.prepare([*days_named, *windows_named])
        if (n := await self._choose(Prompt("order-day-choose"), days_named)) is None:
            return None
        if (m := await self._choose(Prompt("order-window-choose"), windows_named)) is None:
            return None
        agreed = Delivery(to_come[n].isoformat(), windows[m])
        await self.prepare([self._in_words(agreed)], Prompt("order-move-check"))
        sure = await self._is_sure(self._in_words(agreed), Prompt("yes-no-keys"))
        return agreed if sure else None

    async def _choose(self, question: Prompt, names: Sequence[Text]) -> int | None:
        """One of up to nine; `None` for silence twice."""
        choices: list[Utterance] = [question]
        for n, name in enumerate(names, 1):
            choices += [name, Prompt("press"), Digits(str(n))]
        for _ in range(SILENCES):
            key = await self.ask(*choices)
            if key.isdecimal() and 1 <= int(key) <= len(names):
                return int(key) - 1
            await self.say(Prompt("wrong-key" if key else "no-key"))
        return None

    async def _is_sure(self, *read_back: Utterance) -> bool:
        """Read back what was understood, and ask once more; silence is no."""
        await self.say(*read_back)
        return await self.ask() == "1"

    async def _tell(
        self, order: Order, result: Result, *told: Utterance, agreed: Delivery | None = None
    ) -> None:
        """Keep it at once, and say so; of an order that was cancelled during the call, that it was."""
        plan, now = plans(self.desk.site)[self.shop], self.desk.clock()
        try:
            await self.desk.store.orders.tell(order.id, result, "caller", now, plan, delivery=agreed)
        except IllegalMove as error:
            log.warning("settled_meanwhile", order=order.id, why=str(error))
            told = (Prompt("order-was-cancelled"),)
        await self.say(*told)

    def _delivered(self, order: Order) -> Sequence[Utterance]:
        return delivered(order, self.desk.site, self.session.language, self.desk.clock())

    def _in_words(self, agreed: Delivery) -> Text:
        return delivery(agreed, self.session.language, self._today)

    @property
    def _today(self) -> date:
        return today(self.desk.site, self.desk.clock())

    @property
    def _settings(self) -> Shop:
        return self.desk.site.shops[self.shop]
