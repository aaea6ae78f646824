"""How attempts end, and what that makes of their leads."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

import pytest
import pytest_asyncio

from lab.behaviour import Behaviour, Kind
from lab.hearing import hear
from lab.phones import Answer
from leads.attempt import Attempt
from leads.lead import Lead, LeadState, Outcome
from sounds.catalogue import sounds_dir
from tests.daemon.centre import Centre, until
from tests.daemon.site import GRACE, SPRING
from tests.lab.hearing import seconds_of_speech

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

MIN, H, D = 60.0, 3600.0, 86400.0


@dataclass(frozen=True)
class Case:
    """A person, and what must come of the call. `after`: when the lead is called again; None is final."""

    way: Behaviour
    outcome: Outcome
    after: float | None
    cause: str = "16"


CASES = {
    "busy": Case(Behaviour(Kind.BUSY, 0.3), Outcome.BUSY, 15 * MIN, "17"),
    "rings on": Case(Behaviour(Kind.NO_ANSWER), Outcome.NO_ANSWER, 2 * H, ""),
    "480": Case(Behaviour(Kind.REFUSED, 0.3, 0, 480), Outcome.NO_ANSWER, 2 * H, "19"),
    "404": Case(Behaviour(Kind.REFUSED, 0.0, 0, 404), Outcome.FAILED, 1 * H, "1"),
    "503": Case(Behaviour(Kind.REFUSED, 0.3, 0, 503), Outcome.FAILED, 1 * H, "34"),
    "603": Case(Behaviour(Kind.REFUSED, 0.3, 0, 603), Outcome.FAILED, 1 * H, "21"),
    "hangs up at once": Case(Behaviour(Kind.HANGS_UP, 0.3), Outcome.HUNG_UP_BEFORE_TALK, 1 * D),
    "hangs up waiting": Case(Behaviour(Kind.LEAVES, 0.3, 0.5), Outcome.HUNG_UP_BEFORE_TALK, 1 * D),
    "talks and hangs up": Case(Behaviour(Kind.ANSWERS, 0.3, 2.5), Outcome.TALKED, None),
    "talks until the agent hangs up": Case(Behaviour(Kind.TALKS_ON, 0.3), Outcome.TALKED, None, ""),
}


@dataclass(frozen=True)
class Came:
    """What came of a case."""

    phone: str
    attempt: Attempt
    lead: Lead
    why: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def came(running: Centre) -> dict[str, Came]:
    """All cases at once: one campaign, six agents whose phones answer after a second."""
    await running.begin()
    agents = ("anna", "boris", "vera", "gleb", "darya", "kira")
    for agent in agents:
        await running.pair.phones.set(agent, Answer(after=1.0, talk=3.0))
    await running.ready(*agents)
    phones = {name: await running.person(case.way) for name, case in CASES.items()}
    await running.dial(SPRING, phones.values())
    found = {}
    for name, phone in phones.items():
        attempt = await running.ended(phone, 25.0)
        lead = await running.lead(phone)
        found[name] = Came(phone, attempt, lead, await running.why("lead", str(lead.id)))
    await running.clean()
    return found


@pytest.mark.parametrize("name", CASES)
async def test_an_attempt_ends_as_the_city_did(came: dict[str, Came], running: Centre, name: str) -> None:
    case, attempt = CASES[name], came[name].attempt
    assert attempt.outcome is case.outcome
    assert not case.cause or attempt.cause == case.cause
    (call,) = running.city(came[name].phone)
    assert call.behaviour == case.way
    assert (attempt.answered_at is not None) == (call.answered_at is not None)
    if call.answered_at is not None and attempt.answered_at is not None:
        assert abs(attempt.answered_at - call.answered_at) < 0.2
    assert (attempt.agent is not None) == (case.outcome is Outcome.TALKED)


@pytest.mark.parametrize("name", CASES)
async def test_the_lead_goes_on_by_the_campaigns_rule(came: dict[str, Came], name: str) -> None:
    case, lead, attempt = CASES[name], came[name].lead, came[name].attempt
    assert attempt.ended_at is not None
    if case.after is None:
        assert (lead.state, lead.due_at) == (LeadState.FINAL, None)
        assert "talked: final" in came[name].why
    else:
        assert lead.state is LeadState.SCHEDULED
        assert lead.due_at == pytest.approx(attempt.ended_at + case.after, abs=0.01)
        assert "called again in" in came[name].why
        assert f"campaign {SPRING} is running" in came[name].why


async def test_one_who_rings_on_is_given_up_after_the_ring_time(
    came: dict[str, Came], running: Centre
) -> None:
    (call,) = running.city(came["rings on"].phone)
    assert call.ended_at is not None
    assert 14.5 < call.ended_at - call.arrived_at < 16.0


async def test_why_lead_tells_it_at_the_terminal(centre: Centre) -> None:
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    person = await centre.person(Behaviour(Kind.BUSY))
    await centre.dial(SPRING, [person])
    await centre.ended(person)
    code, said = await centre.cli("why", "lead", str((await centre.lead(person)).id))
    assert code == 0
    assert "busy: called again in 15 min, attempt 1 of 3 is done" in said
    assert "due in 1" in said
    assert person not in said
    code, said = await centre.cli("why", "lead", "999999")
    assert code == 1
    assert "no lead has the number '999999'" in said


async def test_the_last_attempt_makes_the_lead_final(centre: Centre) -> None:
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    person = await centre.person(Behaviour(Kind.REFUSED, code=404))
    await centre.dial(SPRING, [person])
    await centre.ended(person)
    # The rule for `failed` allows one more; its hour is over at once here.
    await asyncio.to_thread(_make_due, centre, (await centre.lead(person)).id)

    async def final() -> bool:
        return (await centre.lead(person)).state is LeadState.FINAL

    await until(final, "the lead is final")
    assert len(await centre.attempts(person)) == len(centre.city(person)) == 2
    assert "final, called again 1 times after this already" in await centre.why(
        "lead", str((await centre.lead(person)).id)
    )


async def test_nobody_ready_in_time_the_person_hears_the_message(centre: Centre) -> None:
    """Agents go not ready while the calls ring."""
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna", "boris")
    people = await centre.people(2, Behaviour(Kind.LEAVES, 1.0, 6.0))
    await centre.dial(SPRING, people)
    for person in people:
        await centre.arrived(person)
    await centre.set("anna", "not_ready", "break")
    await centre.set("boris", "offline")
    for person in people:
        attempt = await centre.ended(person, 15.0)
        assert (attempt.outcome, attempt.agent) == (Outcome.ABANDONED, None)
        assert attempt.ended_at is not None
        lead = await centre.lead(person)
        assert lead.state is LeadState.SCHEDULED
        assert lead.due_at == pytest.approx(attempt.ended_at + 3 * D, abs=0.01)
        assert "no agent was free in time: called again in 3 d" in await centre.why("lead", str(lead.id))
        heard = centre.city(person)[0].heard
        assert heard is not None
        await centre.pair.city.whole(heard)
        message = hear(heard, sounds_dir() / "ru/abandoned.wav")
        assert message
        assert message.at < GRACE + 0.4, message
        assert await centre.waited(attempt.id) + 0.02 >= GRACE
        assert seconds_of_speech(heard) > 2.0
    status = await centre.ask("campaign_status", name=SPRING)
    assert status["abandonment"] == {"abandoned": 2, "live": 2, "rate": 1.0}


async def test_a_phone_that_still_rings_at_the_end_of_grace_costs_its_agent_nothing(centre: Centre) -> None:
    await centre.ready("anna")
    person = await centre.person(Behaviour(Kind.LEAVES, 0.0, 3.0))
    await centre.dial(SPRING, [person])
    await centre.comes_to("anna", "ringing")
    assert (await centre.ended(person)).outcome is Outcome.ABANDONED
    await centre.comes_to("anna", "ready")
    ring = centre.rings("anna")[0]
    assert ring.ended_at is not None
    assert ring.ended_at - (await centre.answered(person)) < GRACE + 0.4


def _make_due(centre: Centre, lead: int) -> None:
    with sqlite3.connect(centre.database, timeout=10) as connection:
        connection.execute("update leads set due_at = 1 where id = ?", [lead])
    connection.close()
