"""The fake is held to what a real Asterisk said in the same dialogue."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.fake import Behaviours, FakeAsterisk, QueueOptions, Ring, Subscriber, run_virtual

from .driver import Block, Driver
from .scenario import CAMPAIGNS, NUMBER, SECRET, USER, Scenario
from .scenarios import SCENARIOS
from .transcript import TRANSCRIPTS, cel_streams, load, streams

AGENTS = ("ivanov", "petrova")


class World:
    """What the scenarios do beyond the fake."""

    def __init__(self, fake: FakeAsterisk) -> None:
        self.fake = fake
        self.hang_up = fake.hang_up

    def register(self, user: str, expires: int) -> None:
        self.fake.register(user.removeprefix("agent-"), expires > 0)

    def call(self, user: str, number: str, caller: str) -> None:
        channel = self.fake.inbound("city", number, caller, "sales", 20)
        self.hang_up = lambda who: channel.leave(True, 0)


async def play(scenario: Scenario, cel: Path | None = None) -> list[Block]:
    """The scenario on a fake, from the same floor as the recorder's."""

    def subscriber(number: str) -> Subscriber:
        return scenario.number if number == NUMBER else Ring(ring_after=3600)

    fake = FakeAsterisk(
        Behaviours(subscriber, phones=scenario.phones),
        {agent: {"sales": 0} for agent in AGENTS},
        {"sales": QueueOptions(ring_time=2, wrap_up=1)},
        CAMPAIGNS,
        secret=SECRET,
        cel=cel,
    )
    await fake.start()
    d = await Driver.connect(fake.port)
    d.recording = not scenario.login
    if scenario.login:
        await d.ask("Login", Username=USER, Secret=SECRET)
        for agent in AGENTS:
            fake.register(agent, agent in scenario.phones)
        for agent, reason in scenario.members.items():
            paused = {"Paused": "true", "Reason": reason} if reason else {}
            await d.ask(
                "QueueAdd", Queue="sales", Interface=f"PJSIP/agent-{agent}", MemberName=agent, **paused
            )
        await asyncio.sleep(0.3)
        d.recording = True
    await scenario.play(d, World(fake))
    await d.close()
    await fake.stop()
    return d.log


@pytest.mark.parametrize("name", SCENARIOS)
def test_fake_says_what_asterisk_said(name: str) -> None:
    recorded = streams(load((TRANSCRIPTS / f"{name}.txt").read_text()))
    played = streams(run_virtual(play(SCENARIOS[name])))
    assert played.keys() == recorded.keys()
    for stream, lines in recorded.items():
        assert played[stream] == lines, stream


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.csv")), ids=lambda path: path.stem)
def test_fake_writes_the_cel_that_asterisk_wrote(path: Path, tmp_path: Path) -> None:
    written = tmp_path / "perezvon.csv"
    run_virtual(play(SCENARIOS[path.stem], written))
    assert cel_streams(written.read_text()) == cel_streams(path.read_text())


def test_every_recording_has_its_scenario() -> None:
    assert {path.stem for path in TRANSCRIPTS.glob("*.txt")} == set(SCENARIOS)
