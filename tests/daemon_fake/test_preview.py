"""Preview calls on the fake Asterisk: limits, orders between the two legs, and what goes wrong there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ami_daemon.link import ActionFailed, NotConnected
from ami_daemon.protocol import Message
from lab.fake import Answer, Phone
from leads.attempt import AttemptState
from leads.lead import LeadState, Outcome
from store import CampaignState
from tests.daemon_fake.centre import PREVIEW, Centre, a_centre, in_virtual_time
from tests.daemon_fake.checks import most_at_once, shortest_gap, verify
from tests.daemon_fake.people import EVERYBODY_TALKS, People

CAMPAIGN = f"campaigns/{PREVIEW}"
SLOW = Phone(answer_after=3.0)


def legs(centre: Centre) -> list[str]:
    """Agents' legs of preview calls that are up or ringing now."""
    prefix = centre.daemon.board.preview_prefix
    return [uid for uid in centre.fake.switch.channels if uid.startswith(prefix)]


async def said(centre: Centre) -> list[str]:
    return [decision.text for decision in await centre.store.decisions.of("campaign", PREVIEW, 1000)]


async def untouched(centre: Centre) -> None:
    """No subscriber was dialed, and no lead is the worse for it."""
    assert centre.fake.ledger == []
    assert {a.state for a in await centre.attempts(PREVIEW)} == {AttemptState.RELEASED}
    assert {(lead.state, lead.attempts) for lead in await centre.all_leads(PREVIEW)} == {(LeadState.READY, 0)}


def test_ten_ready_agents_share_two_lines_and_the_campaign_ends_with_its_list(tmp_path: Path) -> None:
    async def main() -> None:
        changes = {CAMPAIGN: {"lines": 2, "calls_per_second": 0.5}}
        phones = {f"agent{number:02d}": Phone(answer_after=1.0) for number in range(10)}
        people = People(1, EVERYBODY_TALKS)
        async with a_centre(tmp_path, people, agents=10, changes=changes, phones=phones) as centre:
            await centre.leads(PREVIEW, 12)
            await centre.ready()
            await centre.dial(PREVIEW)
            most = 0

            def over() -> bool:
                nonlocal most
                most = max(most, len(legs(centre)))
                return centre.daemon.dialer.states[PREVIEW] is CampaignState.STOPPED

            await centre.until(over, "the campaign stops by itself", 600.0)
            await verify(centre, PREVIEW)
            # An agent whose talk is over hangs up a moment later than the line is free.
            assert 2 <= most <= 3
            assert most_at_once(centre.fake.ledger) == 2
            assert shortest_gap(centre.fake.ledger) >= 2.0 - 1e-6
            outcomes = await centre.store.attempts.outcomes(PREVIEW)
            assert outcomes[Outcome.TALKED] == 12
            reasons = await said(centre)
            assert "the list is finished: every lead is final" in reasons
            assert "agents are ready, and none is rung: held back by lines" in reasons

    in_virtual_time(main())


def test_an_empty_list_is_not_a_finished_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=1) as centre:
            await centre.ready()
            await centre.dial(PREVIEW)
            await centre.until(lambda: bool(centre.free_agents()), "somebody is ready")
            start = centre.clock.now()
            await centre.until(lambda: centre.clock.now() > start + 5, "five seconds go by")
            assert centre.daemon.dialer.states[PREVIEW] is CampaignState.RUNNING
            assert "agents are ready, and none is rung: no more leads may be called now" in await said(centre)

    in_virtual_time(main())


@pytest.mark.parametrize("order", ["stop-all", "night"])
def test_what_forbids_calls_while_the_agents_phone_rings_forbids_the_subscriber(
    tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=1, phones={"agent00": SLOW}) as centre:
            await centre.leads(PREVIEW, 1)
            await centre.ready()
            await centre.dial(PREVIEW)
            await centre.until(lambda: bool(legs(centre)), "the agent's phone rings")
            if order == "stop-all":
                assert await centre.daemon.dialer.halt("test") == [PREVIEW]
            else:
                always = centre.daemon.dialer.call_time(PREVIEW, None, 0.0)
                closed = type(always)(False, "not called at night", None)
                monkeypatch.setattr(centre.daemon.dialer, "call_time", lambda *_: closed)
            agent = centre.daemon.board.agents["agent00"]
            await centre.until(lambda: not legs(centre), "the agent picks up, and is free at once", 3.5)
            await untouched(centre)
            await centre.until(lambda: agent.state == "ready", "and the agent goes on", 30.0)

    in_virtual_time(main())


def test_a_stop_of_the_daemon_waits_for_a_ringing_agent_and_gives_the_lead_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=1, phones={"agent00": SLOW}) as centre:
            await centre.leads(PREVIEW, 1)
            await centre.ready()
            await centre.dial(PREVIEW)
            await centre.until(lambda: bool(legs(centre)), "the agent's phone rings")
            start = centre.clock.now()
            await centre.stop(drain=60.0)
            assert 1.0 < centre.clock.now() - start < 10.0
            assert legs(centre) == []
            await untouched(centre)

    in_virtual_time(main())


@pytest.mark.parametrize("how", ["refused", "link down"])
def test_a_subscriber_who_cannot_be_dialed_frees_the_agent_at_once(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=1) as centre:
            action = centre.daemon.link.action
            tried = []

            async def refuse(name: str, headers: Any = None, timeout: float = 5.0) -> Any:
                if name == "Originate" and "@trunk-" in headers["Channel"]:
                    tried.append(centre.clock.now())
                    await centre.daemon.dialer.halt("test")
                    if how == "refused":
                        raise ActionFailed(name, Message(b"Response: Error\r\nMessage: no"))
                    raise NotConnected("the link is down")
                return await action(name, headers, timeout)

            monkeypatch.setattr(centre.daemon.link, "action", refuse)
            await centre.leads(PREVIEW, 1)
            await centre.ready()
            await centre.dial(PREVIEW)
            await centre.until(lambda: bool(tried), "the subscriber is tried")
            await centre.until(lambda: not legs(centre), "the agent's phone is free", 1.0)
            await untouched(centre)

    in_virtual_time(main())


def test_an_agent_who_leaves_while_the_subscriber_waits_for_the_rate_has_nobody_dialed(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        changes = {CAMPAIGN: {"calls_per_second": 0.1}}
        people = People(1)
        async with a_centre(tmp_path, people, agents=2, changes=changes) as centre:
            numbers = await centre.leads(PREVIEW, 2)
            people.fixed.update(dict.fromkeys(numbers, Answer(1.0)))
            await centre.ready()
            await centre.dial(PREVIEW)
            agents = centre.daemon.board.agents
            await centre.until(lambda: all(a.state == "talking" for a in agents.values()), "both are there")
            waits = next(a for a in agents.values() if a.preview in centre.daemon.dialer.pacing.reserved)
            assert len(centre.fake.ledger) == 1
            await centre.daemon.dialer.halt("no more for now")
            centre.fake.switch.find(f"{centre.daemon.board.preview_prefix}{waits.preview}").leave(True, 16)  # type: ignore[union-attr]  # it is there
            await centre.until(
                lambda: not centre.daemon.dialer.pacing.reserved, "the lead is given back", 2.0
            )
            start = centre.clock.now()
            await centre.until(lambda: centre.clock.now() > start + 12, "the rate would permit it")
            assert len(centre.fake.ledger) == 1

    in_virtual_time(main())


def test_a_phone_that_cannot_be_reached_gives_the_lead_back(tmp_path: Path) -> None:
    """Its contact goes just before it is rung: there is no channel, only a failed `Originate`."""

    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=1) as centre:
            await centre.leads(PREVIEW, 1)
            await centre.ready()
            await centre.until(lambda: bool(centre.free_agents()), "somebody is ready")
            centre.fake.switch.registered.discard("PJSIP/agent-agent00")
            await centre.dial(PREVIEW)
            agent = centre.daemon.board.agents["agent00"]
            await centre.until(lambda: agent.reason == "phone_unreachable", "it is told", 3.0)
            await untouched(centre)
            centre.fake.register("agent00", False)
            centre.fake.register("agent00", True)
            await centre.until(lambda: bool(centre.fake.ledger), "the lead is dialed when it is back", 5.0)

    in_virtual_time(main())
