"""What robot's calls will say, made ready before they are placed: nobody waits for a synthesiser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from agi.desk import Desk
from agi.scripts import delivery, orders
from leads.attempt import Attempt
from leads.lead import LeadState
from leads.rules import LeadMove, span
from sounds.phrase import Utterance
from sounds.speech import Speech

NOT_READY = 600.0
"""Seconds until a lead is tried again whose phrases could not be made."""

Phrases = Callable[[Desk, Attempt], Awaitable[Sequence[Utterance] | None]]
"""All that a call may say which is not the same for everybody; `None`: there is nothing to call about."""

PHRASES: Mapping[str, Phrases] = {"orders": orders.phrases, "delivery": delivery.phrases}
"""By script; the others say nothing but prompts."""


async def prepare(desk: Desk, speech: Speech, attempt: Attempt) -> LeadMove | None:
    """Make a call's phrases ready; where the lead goes instead if that fails, or nothing is to be said."""
    campaign = desk.site.campaigns[attempt.campaign]
    find = PHRASES.get(campaign.script or "")
    if find is None:
        return None
    phrases = await find(desk, attempt)
    if phrases is None:
        return LeadMove(LeadState.FINAL, None, "not called: nothing is left to call about")
    if await speech.ready(phrases, campaign.language or desk.site.system.language):
        return None
    told = f"not called: what is to be said could not be made into speech; tried again in {span(NOT_READY)}"
    return LeadMove(LeadState.SCHEDULED, desk.clock() + NOT_READY, told)
