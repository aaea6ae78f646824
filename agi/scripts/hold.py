"""Call-backs for who waits: by key, or as a last offer to whom no agent can have; or back to their place."""

from __future__ import annotations

from agi import callback
from agi.desk import Desk
from agi.session import Session, Variable
from leads.inbound import callback_campaign
from sounds.phrase import KEYS, Prompt


async def run(session: Session, desk: Desk) -> None:
    """Where nothing is promised, the dialplan leads back into the queue, to the place that is set here.

    `hold/over`: no way back, the dialplan says goodbye next. `hold/back`: nothing is asked.
    """
    if session.call.args == ("over",):
        await _over(session, desk, session.call.group)
        return
    if session.call.args != ("back",):
        if await _asked(session, desk):
            return
        await session.say(Prompt("callback-stay"))
    if (turn := desk.turn(session.call.channel)) is not None:
        await session.put(Variable.PLACE, str(turn.place))


async def _asked(session: Session, desk: Desk) -> bool:
    channel = session.call.channel
    arrived = await desk.store.inbound.get(channel)
    turn = desk.turn(channel)
    line = await session.get(Variable.LINE) or (arrived.line if arrived else "")
    if turn is None or line not in desk.site.lines:
        return False
    return await callback.offer(session, desk, line, turn.group, turn.since)


async def _over(session: Session, desk: Desk, group: str) -> None:
    """The queue is full, or the longest wait is over, and the caller has heard so."""
    site = desk.site
    arrived = await desk.store.inbound.get(session.call.channel)
    if arrived is None:
        return  # somebody whom we called
    line = await session.get(Variable.LINE) or arrived.line
    if line not in site.lines or callback_campaign(site, site.lines[line], group) is None:
        return
    key = site.groups[group].callback_key
    if await session.ask(Prompt("callback-offer"), Prompt(KEYS[key]), Prompt("callback-promise"), keys=key):
        await callback.offer(session, desk, line, group, arrived.waiting_at or desk.clock())
