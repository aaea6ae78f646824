"""An agent's phone says: the talk I have, or just had, is with a machine."""

from __future__ import annotations

import structlog

from agi.desk import Desk
from agi.session import Session
from leads.lead import Lead, LeadState
from leads.rules import LeadMove, after_missed_machine
from sounds.phrase import Prompt
from store.marks import Mark

log = structlog.get_logger("marks")

AT_LEAST = 60.0
"""Seconds after a talk in which it may be marked, where wrap-up is shorter."""
SAID = {Mark.MARKED: "agent-machine", Mark.ALREADY: "agent-machine-already", Mark.NO_TALK: "agent-no-talk"}


async def run(session: Session, desk: Desk) -> None:
    """The mark is kept before it is confirmed: who hangs up while it is said has marked all the same."""
    agent = session.call.agent
    signed_in = {
        spell.agent for spell in await desk.store.agent_states.open_states() if spell.state != "offline"
    }
    if agent not in signed_in:
        await session.say(Prompt("agent-not-signed-in"))
    else:
        mark = await _mark(desk, agent)
        log.info("mark", agent=agent, mark=str(mark))
        await session.say(Prompt(SAID[mark]))
    await session.hang_up()


async def _mark(desk: Desk, agent: str) -> Mark:
    now, site = desk.clock(), desk.site

    def within(campaign: str) -> float:
        """A campaign that the site has no more leaves the least."""
        known = site.campaigns.get(campaign)
        return max(AT_LEAST, (known and site.groups[known.group].wrap_up) or 0.0)

    def after(campaign: str, lead: Lead) -> LeadMove:
        if (known := site.campaigns.get(campaign)) is None:
            return LeadMove(LeadState.FINAL, None, f"final: campaign {campaign} is no longer in the site")
        return after_missed_machine(lead, known.attempts, now)

    return await desk.store.marks.machine(agent, now, within, after)
