"""Mode predictive on the real Asterisk: it learns, dials more than it has agents; nobody hears silence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lab.behaviour import Behaviour, Kind
from lab.hearing import hear
from lab.ledger import CityCall
from lab.phones import Answer
from leads.lead import NewLead, Outcome
from sounds.catalogue import sounds_dir
from tests.daemon.centre import Centre, until
from tests.daemon.site import GRACE, PREDICTIVE
from tests.lab.hearing import seconds_of_speech

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

AGENTS = ("anna", "boris", "gleb")
BUSY = Behaviour(Kind.BUSY, 1.0)
SHORT = Behaviour(Kind.ANSWERS, 1.0, 0.5)
LISTENS = Behaviour(Kind.LEAVES, 2.0, 9.0)


async def test_the_pacer_learns_and_whom_it_cannot_serve_hears_the_message(centre: Centre) -> None:
    """One of ten answers. When more calls ring than there are agents, all agents leave."""
    await asyncio.gather(*(centre.pair.phones.set(agent, Answer()) for agent in AGENTS))
    await centre.ready(*AGENTS)
    many = [await centre.person(SHORT if n % 10 == 9 else BUSY) for n in range(500)]
    await centre.dial(PREDICTIVE, many)
    await until(lambda: over_dials(centre), "more calls under way than agents", 120.0)
    assert 0.02 < (await status(centre))["pacing"]["live_rate"] < 0.3
    said = await centre.why("campaign", PREDICTIVE)
    assert "nothing is known of this campaign yet: one call for each free agent" in said
    assert "persons from the calls under way" in said and "3 % are the limit" in said

    listeners = await centre.people(5, LISTENS)
    await centre.leads(PREDICTIVE, [NewLead(phone, priority=9) for phone in listeners])
    for phone in listeners:
        await centre.arrived(phone, 20.0)
    await asyncio.gather(*(centre.set(agent, "offline") for agent in AGENTS))
    ended = {phone: await centre.ended(phone, 20.0) for phone in listeners}
    dropped = [phone for phone, attempt in ended.items() if attempt.outcome is Outcome.ABANDONED]
    assert dropped, ended
    for phone in dropped:
        (call,) = centre.city(phone)
        assert call.heard is not None
        await centre.pair.city.whole(call.heard)
        message = hear(call.heard, sounds_dir() / "ru/abandoned.wav")
        assert message
        assert message.at < GRACE + 0.4, message
        # No recording tells the shortest wait: one that lost a packet is shorter than the time it is of.
        assert await centre.waited(ended[phone].id) + 0.02 >= GRACE
        assert seconds_of_speech(call.heard) > 2.0

    budget = (await status(centre))["budget"]
    assert budget["abandoned"] >= len(dropped) and budget["left"] < -1
    # It stays gone over a crash of the daemon: one call for each free agent.
    await centre.daemon.kill()
    placed = {phone for phone in many if centre.city(phone)}
    await centre.daemon.start()
    await centre.ready(*AGENTS)
    assert (await status(centre))["budget"]["abandoned"] == budget["abandoned"]
    later = [phone for phone in many if phone not in placed]
    await until(lambda: sum(len(centre.city(phone)) for phone in later) >= 10, "dialing goes on", 30.0)
    assert most_ringing([call for phone in later for call in centre.city(phone)]) <= len(AGENTS)
    assert "too many were abandoned" in await centre.why("campaign", PREDICTIVE)


async def status(centre: Centre) -> dict[str, Any]:
    """The campaign's status, when its pacer has spoken."""
    found: dict[str, Any] = {}

    async def decided() -> bool:
        found.update(await centre.ask("campaign_status", name=PREDICTIVE))
        return found["pacing"] is not None

    await until(decided, "the pacer has spoken")
    return found


async def over_dials(centre: Centre) -> bool:
    unanswered = [c for c in await centre.ask("calls") if c["state"] in ("placed", "ringing")]
    return len(unanswered) > len(AGENTS)


def most_ringing(calls: list[CityCall]) -> int:
    """The most calls at one moment that nobody had answered yet."""
    marks = [(call.arrived_at, 1) for call in calls]
    ends = [call.answered_at or call.ended_at for call in calls]
    marks += [(end - 0.05, -1) for end in ends if end is not None]  # the next one is placed as it ends
    most = now = 0
    for _, step in sorted(marks):
        now += step
        most = max(most, now)
    return most
