"""Faults by chance, over several seeds: nobody is called twice for one attempt, no lead is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon_fake.centre import SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.checks import verify
from tests.daemon_fake.people import People

LEADS, AGENTS = 40, 6
GARBAGE = [
    b"\xff\xfe\x00\x01 no header at all\r\n\r\n",
    b"Event: Hangup\r\nChannel: PJSIP/x-1\r\nUniqueid: pz-pz1-0\r\n\r\n",
    b"Event: QueueMemberPause\r\nQueue: nobody\r\nPaused: perhaps\r\n\r\n",
    b"Response: Success\r\nActionID: nobodys\r\nMessage: hello\r\n\r\n",
    b"\r\n\r\n\r\n\r\nEvent: \r\n\r\n: \r\n\r\n",
    b"Event: Newstate\r\nChannelState: 99999999999999999999\r\nUniqueid: pz-pz1-1\r\n\r\n" * 300,
]


async def restart_asterisk(centre: Centre, seconds: float) -> None:
    centre.fake.kill()
    await asyncio.sleep(seconds)
    await centre.fake.start()


async def restart_daemon(centre: Centre, seconds: float) -> None:
    if centre.running is not None:
        await centre.crash()
        await asyncio.sleep(seconds)
        await centre.start()


async def at_a_write(centre: Centre, count: int, moment: str, seconds: float) -> None:
    await centre.crash_at_write(count, moment)
    await asyncio.sleep(seconds)
    await centre.start()


Fault = Callable[[Centre, random.Random], object]


def swallow_replies(centre: Centre, dice: random.Random) -> None:
    centre.fake.faults.swallow_replies += dice.randint(1, 3)


def swallow_responses(centre: Centre, dice: random.Random) -> None:
    centre.fake.faults.swallow_originate_responses += dice.randint(1, 5)


FAULTS: dict[str, Fault] = {
    "link": lambda centre, dice: centre.fake.drop_link(),
    "replies": swallow_replies,
    "responses": swallow_responses,
    "flood": lambda centre, dice: centre.fake.flood(2000),
    "garbage": lambda centre, dice: centre.fake.garbage(dice.choice(GARBAGE)),
    "asterisk": lambda centre, dice: restart_asterisk(centre, dice.uniform(0.5, 20.0)),
    "daemon": lambda centre, dice: restart_daemon(centre, dice.uniform(0.1, 20.0)),
    "write": lambda centre, dice: at_a_write(
        centre, dice.randint(1, 12), dice.choice(["before", "in", "after"]), dice.uniform(0.1, 5.0)
    ),
}


async def trouble(centre: Centre, kinds: list[str], dice: random.Random, times: int, mean: float) -> None:
    """So many faults, one after the other, by chance of one of the kinds."""
    for _ in range(times):
        await asyncio.sleep(dice.expovariate(1 / mean))
        result = FAULTS[dice.choice(kinds)](centre, dice)
        if asyncio.iscoroutine(result):
            await result


async def campaign(
    folder: Path, seed: int, kinds: list[str], *, split: bool = False, times: int = 10
) -> Centre:
    """A campaign with trouble in it, to its end, with all checks made."""
    dice = random.Random(seed)
    people = People(seed)
    async with a_centre(folder, people, agents=AGENTS) as centre:
        await centre.leads(SPRING, LEADS)
        await centre.ready()
        if split:
            centre.fake.faults.split = random.Random(seed)
        await centre.dial(SPRING)
        await trouble(centre, kinds, dice, times, mean=8.0)
        await centre.finished(SPRING, within=1800.0)
        await verify(centre, SPRING)
        return centre


@pytest.mark.parametrize("seed", range(2))
def test_the_link_breaks_replies_vanish_and_bytes_come_in_pieces(tmp_path: Path, seed: int) -> None:
    kinds = ["link", "replies", "responses", "flood", "garbage"]
    in_virtual_time(campaign(tmp_path, seed, kinds, split=True))


@pytest.mark.parametrize("seed", range(2))
def test_asterisk_dies_and_comes_back(tmp_path: Path, seed: int) -> None:
    in_virtual_time(campaign(tmp_path, seed, ["asterisk", "asterisk", "link"], times=6))


@pytest.mark.parametrize("seed", range(3))
def test_the_daemon_dies_anywhere_and_goes_on(tmp_path: Path, seed: int) -> None:
    in_virtual_time(campaign(tmp_path, seed, ["daemon", "write", "write"]))


@pytest.mark.parametrize("seed", range(2))
def test_everything_breaks(tmp_path: Path, seed: int) -> None:
    in_virtual_time(campaign(tmp_path, 100 + seed, list(FAULTS), split=True, times=16))
