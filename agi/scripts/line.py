"""What a caller of a line hears, up to an agent's queue: who they are, hours, their orders, menus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from agi import callback, shop
from agi.answer import Unsayable, in_words
from agi.desk import Desk
from agi.lookup import NoAnswer
from agi.menu import Walk
from agi.session import HungUp, Place, Session, Utterance, Variable
from config.forms import Language, shown
from config.models import ActionKind, Line
from leads.inbound import CallerClass, CallOutcome, InboundCall, missed_callback
from leads.schedule import hours_of
from sounds.opening import we_open
from sounds.phrase import Prompt
from store.callbacks import NotToBeCalled

log = structlog.get_logger("line")

MOST_ASKS = 30
"""How often menus are said to one caller, all together; then an agent takes them."""

VIP_PRIORITY = "30"
"""Before other callers, who wait with 20."""


async def run(session: Session, desk: Desk) -> None:
    """The script of a line: ends at a group, at a promise to call back, or with a goodbye."""
    call = session.call
    arrived = await desk.store.inbound.arrive(call.channel, call.line, call.number, desk.clock())
    await session.put(Variable.CALLER_CLASS, arrived.caller_class)
    if arrived.caller_class is CallerClass.SPAM:
        await desk.store.inbound.tell(call.channel, CallOutcome.REFUSED)
        await session.say(Prompt("refused"))
        await session.hang_up()
        return
    if arrived.caller_class is CallerClass.VIP:
        await session.put(Variable.PRIORITY, VIP_PRIORITY)
    visit, line = Visit(session, desk, arrived), call.line
    while line:
        line = await visit.enter(line)


class Visit:
    """A caller who goes from line to line."""

    def __init__(self, session: Session, desk: Desk, arrived: InboundCall) -> None:
        self._session, self._desk, self._arrived = session, desk, arrived
        self._site, self._books = desk.site, desk.store.inbound
        self._asks = iter(range(MOST_ASKS))
        self._line = session.call.line

    async def enter(self, name: str) -> str:
        """One line by its hours; gives the line that the caller chose there, "" where they are done."""
        line = self._site.lines[name]
        language = line.language or self._site.system.language
        if name != self._line:
            await self._move(name, line)
        if language != self._session.language:
            await self._session.put(Variable.LANGUAGE, language)
        schedule = self._site.schedules[line.schedule] if line.schedule else None
        hours = hours_of(schedule, self._site.system.timezone, self._desk.clock())
        if not hours.open:
            await self._closed(name, line, language, hours.opens)
            return ""
        if line.greeting is not None:
            await self._session.say(Prompt(line.greeting))
        if line.shop is not None and await shop.serve(self._session, self._desk, line.shop, line.group):
            return ""
        if line.menu is None:
            await self._session.go(Place.GROUP, line.group)
            return ""
        return await self._menus(line, line.menu)

    async def _move(self, name: str, line: Line) -> None:
        """From here on the call is that line's: on the agent's phone, in the survey and its answers."""
        self._line = name
        for variable, value in (
            (Variable.LINE, name),
            (Variable.LABEL, shown(line.label)),
            (Variable.CALLER_NAME, shown(line.label)),
            (Variable.SURVEY, line.survey or ""),
        ):
            await self._session.put(variable, value)

    async def _closed(self, name: str, line: Line, language: Language, opens: datetime | None) -> None:
        """We are closed, open then, and will call back: what is written down is not lost by a hang-up."""
        await self._books.tell(self._session.call.channel, CallOutcome.AFTER_HOURS)
        said: list[Utterance] = [Prompt(line.closed)]
        if opens is not None:
            now = datetime.fromtimestamp(self._desk.clock(), opens.tzinfo)
            said.append(we_open(opens, now.date(), language))
            if await self._promise(name):
                said.append(Prompt("closed-promise"))
        await self._session.say(*said, Prompt("closed-goodbye"))
        await self._session.hang_up()

    async def _promise(self, name: str) -> bool:
        """A task to call back when that line opens, which need not be the one that was dialed."""
        missed = replace(self._arrived, line=name, outcome=CallOutcome.AFTER_HOURS)
        now = self._desk.clock()
        task = missed_callback(self._site, missed, now)
        if task is None:
            return False
        try:
            await self._desk.store.callbacks.open(task, now)
        except NotToBeCalled:
            return False
        return True

    async def _menus(self, line: Line, menu: str) -> str:
        walk = Walk(self._session, self._site.menus, menu, line.group, self._look_up, self._asks)
        while True:
            try:
                chosen = await walk.choose()
            except HungUp:
                if walk.served:
                    await self._books.tell(self._session.call.channel, CallOutcome.SELF_SERVED)
                raise
            match chosen.kind:
                case ActionKind.LINE:
                    return chosen.name
                case ActionKind.GROUP:
                    await self._session.say(Prompt("to-operator"))
                    await self._session.go(Place.GROUP, chosen.name)
                    return ""
                case ActionKind.SCRIPT:
                    await self._session.go(Place.SCRIPT, chosen.name)
                    return ""
                case ActionKind.SHOP:
                    if await shop.serve(self._session, self._desk, chosen.name, line.group, asked=True):
                        return ""
                case ActionKind.CALLBACK:
                    if await callback.offer(
                        self._session, self._desk, self._line, line.group, self._desk.clock()
                    ):
                        return ""
                case ActionKind.HANG_UP:
                    await self._books.tell(self._session.call.channel, CallOutcome.SELF_SERVED)
                    await self._session.say(Prompt("goodbye"))
                    await self._session.hang_up()
                    return ""
                case other:
                    raise AssertionError(f"the walk through the menus does not end with {other}")

    async def _look_up(self, name: str) -> tuple[Sequence[Utterance], bool]:
        """Asks while the caller is told to wait; who hangs up takes the question along."""
        asking = asyncio.create_task(self._answer(name))
        try:
            await self._session.say(Prompt("one-moment"))
            return await asking
        finally:
            asking.cancel()

    async def _answer(self, name: str) -> tuple[Sequence[Utterance], bool]:
        lookup, call = self._site.lookups[name], self._session.call
        language = self._session.language if self._session.language in lookup.say else next(iter(lookup.say))
        try:
            answer = await self._desk.ask(lookup, call.number, call.line, call.channel)
            return in_words(lookup.say[language], answer, language, lookup.currency), True
        except (NoAnswer, Unsayable) as why:
            log.warning("a look-up gave no answer", lookup=name, call=call.channel, why=str(why))
            return [Prompt(lookup.fallback)], False
