"""The AMI dialogues that a real Asterisk was recorded with, and that the fake must repeat.

A scenario drives a manager link and the world outside; the recorder plays it on a real Asterisk, the test
on the fake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from lab.fake.behaviour import Answer, Phone, Subscriber
from lab.fake.switch import Campaign

from .driver import Block, Driver

USER, SECRET = "perezvon_dialer", "Transcript-Secret-1"
NUMBER = "+79161234567"
CAMPAIGNS = {
    "spring": Campaign("sales", 2, 1.0),
    "patient": Campaign("sales", 20, 1.0),
    "hasty": Campaign("sales", 1, 1.0),
    "limited": Campaign("sales", 20, 1.0, max_talk=2),
}
"""The recorder writes them into its dialplan; the fake is given them."""


class World(Protocol):
    """What happens beyond Asterisk."""

    def hang_up(self, user: str) -> None: ...

    def register(self, user: str, expires: int) -> None: ...

    def call(self, user: str, number: str, caller: str) -> None: ...


Play = Callable[[Driver, World], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """`members` are agents in queue `sales`, by name, with the reason of their pause."""

    name: str
    play: Play
    number: Subscriber = field(default_factory=Answer)
    phones: dict[str, Phone] = field(default_factory=lambda: {"ivanov": Phone()})
    members: dict[str, str | None] = field(default_factory=dict)
    login: bool = True


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    number: Subscriber | None = None,
    phones: dict[str, Phone] | None = None,
    members: dict[str, str | None] | None = None,
    login: bool = True,
) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        name = play.__name__
        given = {"ivanov": Phone()} if phones is None else phones
        SCENARIOS[name] = Scenario(name, play, number or Answer(0.3), given, members or {}, login)
        return play

    return add


def attempt(n: int = 1) -> str:
    return f"0123456789abcd{n:02x}"


async def originate(d: Driver, n: int = 1, campaign: str = "spring", timeout: int = 10000) -> Block:
    return await d.ask(
        "Originate",
        Channel=f"PJSIP/{NUMBER}@trunk-city",
        ChannelId=f"pz-ours-{attempt(n)}",
        Context="perezvon-answered",
        Exten=campaign,
        Priority="1",
        Timeout=str(timeout),
        CallerID='"" <+74951234567>',
        Async="true",
        Account=attempt(n),
        Variable=f"__PZ_ATTEMPT={attempt(n)}",
    )


async def ended(d: Driver, n: int = 1) -> None:
    await d.event("Hangup", Uniqueid=f"pz-ours-{attempt(n)}")
    await asyncio.sleep(0.3)


async def settle(seconds: float = 0.3) -> None:
    await asyncio.sleep(seconds)


async def preview_leg(d: Driver, timeout: int = 5000) -> Block:
    return await d.ask(
        "Originate",
        Channel="PJSIP/agent-ivanov",
        ChannelId=f"pza-ours-{attempt()}",
        Context="perezvon-preview",
        Exten="spring",
        Priority="1",
        Timeout=str(timeout),
        CallerID='"" <+79161234567>',
        Async="true",
        Account=attempt(),
        Variable=f"__PZ_ATTEMPT={attempt()}",
    )
