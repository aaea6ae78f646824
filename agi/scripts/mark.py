"""An agent's phone says what came of the talk that they have, or just had: a disposition, or a machine."""

from __future__ import annotations

import structlog

from agi.desk import Desk
from agi.session import Session
from config.models import MISSED_MACHINE
from leads.orders import plans
from leads.rules import saying
from sounds.phrase import Prompt, Text
from store.marks import Mark

log = structlog.get_logger("marks")

AT_LEAST = 60.0
"""Seconds after a talk in which it may be marked, where wrap-up is shorter."""
SAID = {Mark.MARKED: "agent-marked", Mark.ALREADY: "agent-marked-already", Mark.NO_TALK: "agent-no-talk"}


async def run(session: Session, desk: Desk) -> None:
    """The mark is kept before it is confirmed: who hangs up while it is said has marked all the same."""
    agent, said = session.call.agent, session.call.args[0]
    signed_in = {
        spell.agent for spell in await desk.store.agent_states.open_states() if spell.state != "offline"
    }
    if agent not in signed_in:
        await session.say(Prompt("agent-not-signed-in"))
    elif said != MISSED_MACHINE and said not in desk.site.dispositions:  # the dialplan is of another site
        await session.say(Prompt("agent-bad-code"))
    else:
        mark = await _mark(desk, agent, said)
        log.info("mark", agent=agent, said=said, mark=str(mark))
        told = "agent-machine" if (said, mark) == (MISSED_MACHINE, Mark.MARKED) else SAID[mark]
        await session.say(Prompt(told))
        if told == SAID[Mark.MARKED] and (title := Text.of(desk.site.dispositions[said].title)):
            await session.say(title)  # apart: an engine that is slow to speak it holds up no confirmation
    await session.hang_up()


async def _mark(desk: Desk, agent: str, said: str) -> Mark:
    now, site = desk.clock(), desk.site

    def within(campaign: str) -> float:
        """A campaign that the site has no more leaves the least."""
        known = site.campaigns.get(campaign)
        return max(AT_LEAST, (known and site.groups[known.group].wrap_up) or 0.0)

    barred = said in site.dispositions and site.dispositions[said].do_not_call
    return await desk.store.marks.put(agent, said, now, within, saying(site, now), plans(site), barred=barred)
