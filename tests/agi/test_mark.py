"""The feature codes by which an agent says what came of a talk, on paper: what the phone says."""

from __future__ import annotations

import pytest

from agi.desk import Desk
from agi.paper import PaperSession
from agi.scripts import mark
from agi.session import CallFacts, places
from config.models import MISSED_MACHINE, Site
from leads.lead import LeadState, NewLead, Outcome
from leads.rules import LeadMove
from store import Store
from tests.agi.conftest import Change

TALKED = LeadMove(LeadState.FINAL, None, "talked: final")
ENDED = 1000.0


async def dialed(site: Site, store: Store, now: float, said: str = MISSED_MACHINE) -> list[str]:
    """What the agent who dials the code hears."""
    phone = PaperSession(CallFacts("a1", agent="anna", args=(said,)), places(site))
    await mark.run(phone, Desk(site, store, lambda: now))
    assert phone.gone
    return phone.heard


@pytest.fixture
def site(changed: Change) -> Site:
    return changed(campaigns={"spring": {"attempts": {}}})


@pytest.fixture
async def lead(site: Site, store: Store) -> int:
    """Anna is ready, and her talk with this lead of `spring` ended at 1000."""
    await store.agent_states.enter("anna", "ready", "", 900.0)
    epoch = await store.lease.acquire("test", 0.0, 1e12)
    await store.leads.add(site.campaigns["spring"].list, [NewLead("+79161234567")], 0.0)
    [made] = await store.attempts.claim(epoch, "spring", "city", [1], 910.0, lambda: "0" * 16)
    await store.attempts.note_progress(
        epoch, made.id, answered_at=920.0, connected_at=921.0, taken_at=921.0, agent="anna"
    )
    await store.attempts.finish(epoch, made.id, Outcome.TALKED, ENDED, "16", "anna", TALKED)
    return 1


async def test_the_mark_is_confirmed_and_a_second_one_told(site: Site, store: Store, lead: int) -> None:
    assert await dialed(site, store, ENDED + 59) == ["agent-machine"]
    assert await dialed(site, store, ENDED + 60) == ["agent-marked-already"]
    found = await store.leads.get(lead)
    assert found is not None
    again = site.campaigns["spring"].attempts.retry["machine"].after
    assert (found.state, found.due_at) == (LeadState.SCHEDULED, ENDED + 59 + again)


async def test_what_came_of_it_is_said_back_and_moves_the_lead(site: Site, store: Store, lead: int) -> None:
    assert await dialed(site, store, ENDED + 50, "call_back") == ["agent-marked", "Перезвонить позже"]
    found = await store.leads.get(lead)
    assert found is not None
    again = site.campaigns["spring"].attempts.retry["no_answer"].after
    assert (found.state, found.due_at) == (LeadState.SCHEDULED, ENDED + 50 + again)
    assert await store.do_not_call.count() == 0
    heard = await dialed(site, store, ENDED + 51, "do_not_call")
    assert heard == ["agent-marked", "Просит больше не звонить"]
    found = await store.leads.get(lead)
    assert found is not None
    assert found.state is LeadState.FINAL
    assert await store.do_not_call.get("+79161234567") is not None


async def test_a_code_of_another_site_is_a_wrong_one(site: Site, store: Store, lead: int) -> None:
    assert await dialed(site, store, ENDED + 50, "sold_out") == ["agent-bad-code"]
    [attempt] = await store.attempts.of_lead(lead)
    assert attempt.disposition is None


async def test_a_talk_of_long_ago_is_no_talk_to_mark(site: Site, store: Store, lead: int) -> None:
    longest = max(mark.AT_LEAST, site.groups[site.campaigns["spring"].group].wrap_up)
    assert await dialed(site, store, ENDED + longest + 1) == ["agent-no-talk"]


async def test_a_talk_of_a_campaign_that_the_site_has_no_more_is_marked_and_its_lead_stays(
    site: Site, store: Store, lead: int
) -> None:
    others = {name: campaign for name, campaign in site.campaigns.items() if name != "spring"}
    assert await dialed(site.model_copy(update={"campaigns": others}), store, ENDED + 10) == ["agent-machine"]
    found = await store.leads.get(lead)
    assert found is not None
    assert found.state is LeadState.FINAL


async def test_who_is_not_signed_in_is_told_so(site: Site, store: Store, lead: int) -> None:
    await store.agent_states.enter("anna", "offline", "", 1001.0)
    assert await dialed(site, store, ENDED + 10) == ["agent-not-signed-in"]
    found = await store.leads.get(lead)
    assert found is not None
    assert found.state is LeadState.FINAL
