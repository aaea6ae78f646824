"""The offer to be called back, on the caller's own number once they confirm it, or on one that they type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import phonenumbers

from agi.desk import Desk
from agi.session import Session
from leads.inbound import CallbackKind, CallOutcome, NewCallback, callback_campaign, caller_number
from leads.phones import BadPhone, parse_number
from sounds.phrase import Digits, Prompt
from store.callbacks import NotToBeCalled

Listed = Callable[[str], Awaitable[bool]]
"""Whether a number (E.164) is on the do-not-call list."""

TRIES = 3
"""How often the number is said, and how often one may be typed wrongly, before the caller stays."""


async def confirmed_number(session: Session, country: str, listed: Listed) -> str | None:
    """Ask for the number, E.164; None: the caller stays on the line.

    `country` (ISO code) is that of typed numbers. A typed number of another country is refused: nobody
    may make us call across borders at our cost. The caller's own may be of any. One on the do-not-call list
    is refused, and another one asked for.
    """
    number = caller_number(session.call.number or "", country)
    if number is not None and await listed(number):
        await session.say(Prompt("callback-bad-number"))
        number = None
    for _ in range(TRIES):
        if number is None:
            typed = await session.ask(
                Prompt("callback-enter"), length=15, keys="0123456789", first=10.0, between=5.0, fresh=True
            )
            if not typed:
                continue
            number = _typed(typed, country)
            if number is None or await listed(number):
                number = None
                await session.say(Prompt("callback-bad-number"))
                continue
        said = (Prompt("callback-number"), Digits(number), Prompt("callback-confirm"))
        key = await session.ask(*said, keys="120", fresh=True)
        if key == "1":
            return number
        if key == "0":
            return None
        if key == "2":
            number = None
    return None


def _typed(digits: str, country: str) -> str | None:
    try:
        number = parse_number(digits, country)
    except BadPhone:
        return None
    at_home = number.country_code == phonenumbers.country_code_for_region(country)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if at_home else None


async def offer(session: Session, desk: Desk, line: str, group: str, since: float) -> bool:
    """Ask for the number and promise to call it back in the turn of who waits for `group` since `since`.

    `line` is the one that the caller is on, which need not be the one that was dialed.

    True: it is promised, and the call is over. False: nobody calls back for this line and group, or the
    caller stays.
    """
    site, call = desk.site, session.call
    campaign = callback_campaign(site, site.lines[line], group)
    if campaign is None:
        await session.say(Prompt("callback-nobody"))
        return False

    async def listed(number: str) -> bool:
        return await desk.store.do_not_call.get(number) is not None

    phone = await confirmed_number(session, site.system.country, listed)
    if phone is None:
        return False
    now = desk.clock()
    task = NewCallback(
        kind=CallbackKind.ASKED,
        campaign=campaign,
        list=site.campaigns[campaign].list,
        phone=phone,
        line=line,
        label=site.lines[line].label,
        group=group,
        call=call.channel,
        due_at=now,
        place_since=since,
    )
    try:
        await desk.store.callbacks.open(task, now)
    except NotToBeCalled:  # listed just now
        await session.say(Prompt("callback-bad-number"))
        return False
    await desk.store.inbound.tell(call.channel, CallOutcome.CALLBACK_ASKED)
    await session.say(Prompt("callback-done"))
    await session.hang_up()
    return True
