"""A talk is cut by a fault: the same agent is rung first, and has the person again."""

from __future__ import annotations

import pytest

from ami_daemon.hold import SETTLED
from lab.phones import Answer
from leads.lead import LeadState, Outcome
from tests.daemon.centre import Centre, until
from tests.daemon.site import CUT, TALK

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_who_is_cut_off_talks_with_the_same_agent_again_though_another_has_waited_longer(
    centre: Centre,
) -> None:
    """The campaign's limit on talks cuts the first; the queue itself would ring the other agent."""
    agents = ["anna", "lev"]
    for agent in agents:
        await centre.pair.phones.set(agent, Answer(after=0.2))
    await centre.ready(*agents)
    person = await centre.person()
    await centre.dial(CUT, [person])
    cut = await centre.ended(person, 10.0 + TALK)
    assert (cut.outcome, cut.cause) == (Outcome.INTERRUPTED, "102")
    assert cut.agent is not None
    assert cut.ended_at is not None
    (other,) = {*agents} - {cut.agent}
    told = await centre.why("lead", str(cut.lead_id))
    assert f"a fault cut its talk: agent {cut.agent} is rung for it first; in" in told
    ring = await centre.rung(cut.agent, 2, SETTLED + 5.0)
    assert ring.arrived_at >= cut.ended_at + SETTLED
    assert ring.caller_id == person, "the phone shows whom it is about"
    again = (await until(lambda: centre.city(person)[1:], "the person is called", 5.0))[0]
    assert ring.answered_at is not None
    assert again.arrived_at >= ring.answered_at
    await centre.comes_to(cut.agent, "talking")
    await until(lambda: again.answered_at, "the person answers", 5.0)

    async def together() -> bool:
        calls = await centre.ask("calls")
        return [(c["state"], c["agent"]) for c in calls] == [("talking", cut.agent)]

    await until(together, "the two are together", 2.0)
    await centre.pair.phones.hang_up(cut.agent)

    async def final() -> bool:
        return (await centre.lead(person)).state is LeadState.FINAL

    await until(final, "the lead is done with", 5.0)
    attempt = (await centre.attempts(person))[1]
    assert (attempt.outcome, attempt.agent) == (Outcome.TALKED, cut.agent)
    assert centre.rings(other) == []
    await centre.comes_to(cut.agent, "ready")


async def test_who_is_cut_off_goes_to_whoever_is_free_when_the_agent_has_gone_home(centre: Centre) -> None:
    """At the time of the campaign's rule, and not before."""
    for agent in ("anna", "lev"):
        await centre.pair.phones.set(agent, Answer())
    await centre.ready("anna")
    person = await centre.person()
    await centre.dial(CUT, [person])
    await centre.comes_to("anna", "talking")
    await centre.set("anna", "offline")
    cut = await centre.ended(person, 10.0 + TALK)
    assert cut.ended_at is not None
    await centre.comes_to("anna", "offline")
    await centre.ready("lev")
    due = (await centre.lead(person)).due_at
    assert due is not None
    assert due == pytest.approx(cut.ended_at + 20.0)
    await centre.comes_to("lev", "talking", within=30.0)
    assert centre.city(person)[1].arrived_at >= due
    assert len(centre.rings("anna")) == 1
