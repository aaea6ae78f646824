"""A person whom one campaign abandoned: no other campaign dials them, but a preview, with its agent there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from lab.fake import Answer, Phone
from leads.lead import NewLead, Outcome
from tests.daemon_fake.centre import PREVIEW, RATIO, RETRIES, SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.people import EVERYBODY_TALKS, People

US: dict[str, Any] = {
    "law": "us",
    "attempts": {"max": 3, "retry": {**RETRIES, "abandoned": {"after": "3d", "times": 1}}},
}
CHANGES: dict[str, dict[str, Any]] = {
    f"campaigns/{RATIO}": {**US, "ratio": 2.0, "calls_per_second": 10},
    f"campaigns/{SPRING}": US,
    f"campaigns/{PREVIEW}": US,
}


async def why_lead(centre: Centre, lead: int) -> list[str]:
    """What the daemon answers on its socket."""
    reader, writer = await asyncio.open_unix_connection(centre.site.system.socket)
    order = {"verb": "why", "args": {"kind": "lead", "id": str(lead)}}
    writer.write(json.dumps(order).encode() + b"\n")
    answer = json.loads(await reader.readline())
    writer.close()
    assert answer["ok"], answer
    return [line["text"] for line in answer["result"]]


def test_who_was_abandoned_is_left_alone_by_all_but_a_preview(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(1, EVERYBODY_TALKS)
        phones = {"agent00": Phone(answer_after=0.5)}
        async with a_centre(tmp_path, people, agents=1, changes=CHANGES, phones=phones) as centre:
            numbers = await centre.leads(RATIO, 2)
            people.fixed.update({number: Answer(3.0, talk=30.0) for number in numbers})
            await centre.ready()
            await centre.dial(RATIO)
            await centre.until(
                lambda: len(centre.fake.ledger) == 2 and not centre.daemon.board.calls, "both were called"
            )
            await centre.daemon.journal.flushed()
            ended = {a.outcome: a.phone for a in await centre.attempts(RATIO)}
            abandoned = ended[Outcome.ABANDONED]

            async def call_from(campaign: str, *phones: str) -> list[str]:
                """The numbers that the campaign dials within ten minutes of being started."""
                name = centre.site.campaigns[campaign].list
                await centre.store.leads.add(name, [NewLead(p) for p in phones], centre.clock.now())
                before = len(centre.fake.ledger)
                await centre.dial(campaign)
                end = centre.clock.now() + 600
                await centre.until(lambda: centre.clock.now() >= end, "ten minutes", 700)
                return [call.number for call in centre.fake.ledger[before:]]

            assert await call_from(SPRING, abandoned, "+79161234567") == ["+79161234567"]
            waiting = [lead for lead in await centre.all_leads(SPRING) if lead.phone == abandoned]
            said = [line for line in await why_lead(centre, waiting[0].id) if "abandoned this number" in line]
            assert len(said) == 1
            assert said[0].startswith("campaign spring does not call it for another 2 d 23 h: campaign calls")
            assert said[0].endswith("ago; a preview may call it")

            assert await call_from(PREVIEW, abandoned) == [abandoned]
            in_preview = [lead for lead in await centre.all_leads(PREVIEW) if lead.phone == abandoned]
            assert not [t for t in await why_lead(centre, in_preview[0].id) if "abandoned this number" in t]

    in_virtual_time(main())
