"""Calling hours: by the lead's own time zone, and `why` says what they hold back."""

from __future__ import annotations

import pytest

from lab.behaviour import Behaviour, Kind
from leads.lead import LeadState, NewLead
from tests.daemon.centre import Centre
from tests.daemon.site import LOCAL, NIGHT

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_outside_its_hours_a_campaign_dials_nobody_and_says_why(centre: Centre) -> None:
    await centre.ready("anna")
    sleeper = await centre.person()
    await centre.dial(NIGHT, [sleeper])
    # A campaign that may dial, started later and done first, shows that there was time to dial.
    caller = await centre.person(Behaviour(Kind.BUSY))
    await centre.dial(LOCAL, [caller])
    await centre.ended(caller)
    assert centre.city(sleeper) == []
    lead = await centre.lead(sleeper)
    assert (lead.state, lead.attempts) == (LeadState.READY, 0)
    for said in (await centre.why("lead", str(lead.id)), await centre.why("campaign", NIGHT)):
        assert "in Europe/Moscow; calling hours open" in said
        assert "10:00" in said
        assert f"campaign {NIGHT} is running" in said
    assert "no more leads may be called now" in await centre.why("campaign", NIGHT)


async def test_the_leads_own_time_zone_counts(centre: Centre) -> None:
    await centre.ready("anna")
    here, east = [await centre.person(Behaviour(Kind.BUSY)) for _ in range(2)]
    await centre.dial(
        LOCAL,
        [
            NewLead(phone=east, timezone="Asia/Vladivostok", priority=9),  # seven hours on
            NewLead(phone=here, timezone="Europe/Moscow"),
        ],
    )
    await centre.ended(here)
    assert centre.city(east) == []
    said = await centre.why("lead", str((await centre.lead(east)).id))
    assert "in Asia/Vladivostok; calling hours open" in said
    assert "leads of zone Asia/Vladivostok: not called because" in await centre.why("campaign", LOCAL)
    assert "Europe/Moscow" not in await centre.why("campaign", LOCAL)
