"""Preview calls: the agent's phone first, then the subscriber."""

from __future__ import annotations

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer, Reject, RingOn
from leads.attempt import AttemptState
from leads.lead import LeadState, NewLead, Outcome
from tests.daemon.centre import Centre, until
from tests.daemon.site import PREVIEW, WRAP_UP

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_the_subscriber_is_dialed_when_the_agent_has_answered(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(after=0.7))
    await centre.ready("vera")
    person = await centre.person(Behaviour(Kind.ANSWERS, 0.5, 1.5))
    await centre.dial(PREVIEW, [NewLead(phone=person, name='Мария "Ко" <x>')])
    ring = await centre.rung("vera")
    assert ring.caller_id == person, "the phone shows whom it is about"
    assert centre.city(person) == []
    assert (await centre.agent("vera"))["state"] in ("not_ready", "ringing")
    called = await centre.arrived(person)
    assert ring.answered_at is not None
    assert called.arrived_at >= ring.answered_at >= ring.arrived_at + 0.6
    await centre.answered(person)

    async def talking() -> bool:
        calls = await centre.ask("calls")
        return [(c["state"], c["agent"]) for c in calls] == [("talking", "vera")]

    await until(talking, "the two are together", 2.0)
    attempt = await centre.ended(person)
    assert (attempt.outcome, attempt.agent) == (Outcome.TALKED, "vera")
    assert (await centre.lead(person)).state is LeadState.FINAL
    await centre.comes_to("vera", "ready")
    spells = centre.spells("vera")
    assert [s.state for s in spells][-4:] == ["ringing", "talking", "wrap_up", "ready"]
    wrap_up = spells[-2]
    assert wrap_up.until is not None
    assert WRAP_UP - 1.0 <= wrap_up.until - wrap_up.since <= WRAP_UP + 0.5
    await until(lambda: ring.ended_at, "the agent's phone is free")


async def test_a_busy_subscriber_frees_the_agent(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer())
    await centre.ready("vera")
    person = await centre.person(Behaviour(Kind.BUSY, 0.5))
    await centre.dial(PREVIEW, [person])
    attempt = await centre.ended(person)
    assert attempt.outcome is Outcome.BUSY
    assert (await centre.lead(person)).state is LeadState.SCHEDULED
    ring = centre.rings("vera")[0]
    await until(lambda: ring.ended_at, "the agent's phone is free", 3.0)
    await centre.comes_to("vera", "ready")


@pytest.mark.parametrize(("way", "reason"), [(RingOn(), "no_answer"), (Reject(), "rejected")])
async def test_an_agent_who_does_not_answer_leaves_the_lead_untouched(
    centre: Centre, way: RingOn | Reject, reason: str
) -> None:
    await centre.pair.phones.set("vera", way)
    await centre.ready("vera")
    person = await centre.person()
    await centre.dial(PREVIEW, [person])
    await centre.comes_to("vera", "not_ready", reason)
    lead = await centre.lead(person)
    assert (lead.state, lead.attempts) == (LeadState.READY, 0)
    assert [a.state for a in await centre.attempts(person)] == [AttemptState.RELEASED]
    assert centre.city(person) == []
    assert len(centre.rings("vera")) == 1
    # The same lead goes to the next who is ready.
    await centre.pair.phones.set("ivan", Answer())
    await centre.set("ivan", "ready")  # for a moment only: the lead waits
    await centre.comes_to("ivan", "talking")
    await centre.answered(person)


async def test_an_agent_who_hangs_up_takes_the_subscribers_call_back(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer())
    await centre.ready("vera")
    person = await centre.person(Behaviour(Kind.NO_ANSWER))
    await centre.dial(PREVIEW, [person])
    called = await centre.arrived(person)
    await centre.ask("campaign", name=PREVIEW, action="pause")
    await centre.pair.phones.hang_up("vera")
    await until(lambda: called.ended_at, "the subscriber's call is cancelled", 2.0)
    assert called.answered_at is None
    attempt = await centre.ended(person)
    assert attempt.outcome is Outcome.NO_ANSWER
    await centre.comes_to("vera", "ready")


async def test_a_pause_asked_for_during_a_preview_talk_waits_for_its_end(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer())
    await centre.ready("vera")
    people = await centre.people(2)
    await centre.dial(PREVIEW, people)
    await centre.answered(people[0])
    await centre.comes_to("vera", "talking")
    await centre.set("vera", "not_ready", "lunch")

    async def pending() -> bool:
        row = await centre.agent("vera")
        return (row["state"], row["pending"]) == ("talking", "not_ready(lunch)")

    await until(pending, "lunch is pending", 2.0)
    await centre.pair.phones.hang_up("vera")
    await centre.comes_to("vera", "not_ready", "lunch")
    assert len(centre.rings("vera")) == 1
    assert (await centre.ended(people[0])).outcome is Outcome.TALKED
