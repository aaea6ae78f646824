"""Whom no mode may call: who is on the do-not-call list, up to the moment before the `Originate`, and who was
called as often as `system.frequency` permits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lab.fake import Answer, Phone
from leads.lead import LeadState, NewLead
from tests.daemon_fake.centre import PREVIEW, RATIO, SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.people import EVERYBODY_TALKS, People
from tests.daemon_fake.test_lockout import why_lead

BARRED, FREE = "+79161234567", "+79161234568"
PHONES = {"agent00": Phone(answer_after=0.5)}


async def dialed(centre: Centre, campaign: str, seconds: float = 300.0) -> list[str]:
    """The numbers that the campaign dials within so much time of being started."""
    before = len(centre.fake.ledger)
    await centre.dial(campaign)
    end = centre.clock.now() + seconds
    await centre.until(lambda: centre.clock.now() >= end, "time", seconds + 100)
    return [call.number for call in centre.fake.ledger[before:]]


def test_no_mode_calls_who_is_on_the_do_not_call_list_and_why_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(1, EVERYBODY_TALKS)
        people.fixed.update({FREE: Answer(3.0, talk=10.0)})
        async with a_centre(tmp_path, people, agents=1, phones=PHONES) as centre:
            for campaign in (SPRING, RATIO, PREVIEW):
                name = centre.site.campaigns[campaign].list
                await centre.store.leads.add(name, [NewLead(BARRED), NewLead(FREE)], centre.clock.now())
            await centre.store.do_not_call.add({BARRED: ""}, "test", centre.clock.now(), {})
            await centre.ready()
            for campaign in (SPRING, RATIO, PREVIEW):
                assert await dialed(centre, campaign) == [FREE], campaign
                lead = next(lead for lead in await centre.all_leads(campaign) if lead.phone == BARRED)
                assert lead.state is LeadState.FINAL
                said = " ".join(await why_lead(centre, lead.id))
                assert "nothing calls it: the number is on the do-not-call list, by test" in said

    in_virtual_time(main())


def test_a_call_that_is_journalled_when_its_number_is_barred_is_not_placed(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(1, EVERYBODY_TALKS)
        async with a_centre(tmp_path, people, agents=1, phones=PHONES) as centre:
            name = centre.site.campaigns[SPRING].list
            await centre.store.leads.add(name, [NewLead(BARRED), NewLead(FREE)], centre.clock.now())
            mark_sent, asked = centre.store.attempts.mark_sent, asyncio.Event()

            async def bar_first(epoch: int, attempt: str, at: float) -> bool:
                if not asked.is_set():
                    asked.set()
                    found = await centre.store.attempts.get(attempt)
                    assert found is not None and found.phone == BARRED
                    await centre.store.do_not_call.add({BARRED: ""}, "test", at, {})
                return await mark_sent(epoch, attempt, at)

            centre.store.attempts.mark_sent = bar_first  # type: ignore[assignment,method-assign]  # in the last moment
            await centre.ready()
            assert await dialed(centre, SPRING) == [FREE]
            assert asked.is_set()
            assert not centre.daemon.board.calls
            assert {lead.state for lead in await centre.all_leads(SPRING)} == {LeadState.FINAL}

    in_virtual_time(main())


def test_a_number_is_called_as_often_as_the_installation_permits_over_all_campaigns(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(1, EVERYBODY_TALKS)
        people.fixed.update({FREE: Answer(3.0, talk=10.0)})
        changes = {"system": {"frequency": [{"calls": 2, "per": "20m"}]}}
        async with a_centre(tmp_path, people, agents=1, phones=PHONES, changes=changes) as centre:
            for campaign in (SPRING, RATIO, PREVIEW):
                name = centre.site.campaigns[campaign].list
                await centre.store.leads.add(name, [NewLead(FREE)], centre.clock.now())
            await centre.ready()
            began = centre.clock.now()
            assert await dialed(centre, SPRING) == [FREE]
            assert await dialed(centre, RATIO) == [FREE]
            assert await dialed(centre, PREVIEW) == []
            [lead] = await centre.all_leads(PREVIEW)
            assert lead.due_at is not None and began <= lead.due_at - 1200 < began + 60
            said = [line for line in await why_lead(centre, lead.id) if "called too often" in line]
            assert len(said) == 1
            assert said[0].startswith("no campaign calls it for another 5 min")
            assert said[0].endswith("the number was called too often, at most 2 in 20 min (system.frequency)")
            await centre.until(lambda: len(centre.fake.ledger) == 3, "it may be called again", 600)
            assert centre.clock.now() >= lead.due_at

    in_virtual_time(main())
