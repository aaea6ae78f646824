"""A waiting caller pressed the key to be called back: which number, and a promise; or back to their place."""

from __future__ import annotations

from agi import callback
from agi.desk import Desk
from agi.session import Session, Variable
from sounds.phrase import Prompt


async def run(session: Session, desk: Desk) -> None:
    """Where nothing is promised, the dialplan leads back into the queue, to the place that is set here."""
    channel = session.call.channel
    arrived = await desk.store.inbound.get(channel)
    turn = desk.turn(channel)
    line = await session.get(Variable.LINE) or (arrived.line if arrived else "")
    if (
        turn is not None
        and line in desk.site.lines
        and await callback.offer(session, desk, line, turn.group, turn.since)
    ):
        return
    await session.say(Prompt("callback-stay"))
    if (turn := desk.turn(channel)) is not None:
        await session.put(Variable.PLACE, str(turn.place))
