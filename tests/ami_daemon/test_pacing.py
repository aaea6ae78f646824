"""Of an agent whom campaigns share hears the pacer in whose share the agent is counted, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_daemon import events as ami
from ami_daemon.app import Daemon
from predictive import Event, Pacer
from predictive.ledger import Standing
from predictive.level import LevelPacer
from store import CampaignState
from tests.ami_daemon.test_metrics import a_daemon, a_site

SPRING, RENEWAL, PHONE = "spring", "renewal", "PJSIP/agent-lev"


def member(agent: str, at: float, kind: str = "pause", *, paused: bool = False) -> ami.QueueMember:
    return ami.QueueMember(
        at, kind, "sales", agent, f"PJSIP/agent-{agent}", 0, 0, 0, 1, False, 1, paused, "", 0
    )


def happen(daemon: Daemon, event: object) -> None:
    for change in daemon.board.handle(event):
        daemon.dialer.pacing.hear(change)


def listen(pacer: Pacer) -> list[Event]:
    heard: list[Event] = []

    def on_event(now: float, event: Event) -> None:
        heard.append(event)

    pacer.on_event = on_event  # type: ignore[method-assign]  # a witness in its place
    return heard


async def test_only_the_pacer_that_counts_on_an_agent_hears_of_them(tmp_path: Path) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        await daemon.dialer.load()
        for name in (SPRING, RENEWAL):
            await daemon.dialer.set_state(name, CampaignState.RUNNING, "test")
        pacing, agents = daemon.dialer.pacing, ("anna", "lev")
        heard = {name: listen(pacing.pacers[name]) for name in (SPRING, RENEWAL)}
        for agent in agents:
            happen(daemon, member(agent, 10.0, "added"))
        pacing.deal()
        owner = dict(pacing.shares.owner)
        assert sorted(owner.values()) == sorted((SPRING, RENEWAL)), "one for each"
        for agent in agents:
            happen(daemon, member(agent, 20.0, paused=True))
        for agent, name in owner.items():
            assert [(event.kind, event.agent) for event in heard[name]] == [
                ("login", agent), ("ready", agent), ("not_ready", agent)
            ]  # fmt: skip


async def test_an_agent_who_comes_from_another_share_is_introduced(tmp_path: Path) -> None:
    """Else the talk that ended here last and the next one here would be taken for one, told twice."""
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        pacing = daemon.dialer.pacing
        heard = {name: listen(pacing.pacers[name]) for name in (SPRING, RENEWAL)}
        happen(daemon, member("lev", 10.0, "added"))
        for begin in (20.0, 60.0):
            connect = ami.AgentConnect(begin, "caller", "leg", "sales", PHONE, 0, 0)
            happen(daemon, connect)
            pacing.shares.owner["lev"] = SPRING
            happen(daemon, ami.AgentComplete(begin + 10.0, "caller", "leg", "sales", PHONE, 10, "agent"))
            pacing.shares.owner["lev"] = RENEWAL
            for change in daemon.board.tick(begin + 39.0):
                pacing.hear(change)
        assert [event.kind for event in heard[SPRING]] == ["login", "talk_end"] * 2
        assert [event.kind for event in heard[RENEWAL]] == ["login", "wrap_end", "ready"] * 2


@pytest.mark.parametrize(("name", "permitted"), [(SPRING, 0.02), (RENEWAL, 0.03)])
@pytest.mark.parametrize("over", [0.5, 1.0])
async def test_over_dialing_stops_one_call_over_the_target_or_else_the_limit(
    tmp_path: Path, name: str, permitted: float, over: float
) -> None:
    site = a_site(tmp_path, 1)
    site.campaigns[SPRING] = site.campaigns[SPRING].model_copy(update={"target": 0.02})
    async with a_daemon(site) as daemon:
        await daemon.dialer.load()
        await daemon.dialer.set_state(name, CampaignState.RUNNING, "test")
        pacing = daemon.dialer.pacing
        pacing.pacers[name] = LevelPacer(3.0)
        pacing._standing = lambda _: Standing(1000 * permitted + over, 1000, 0.03)
        happen(daemon, member("lev", 10.0, "added"))
        pacing.deal()
        decision = pacing.decide(name)
        assert decision.wanted == 3
        assert (decision.bound == "budget") is (over >= 1)
