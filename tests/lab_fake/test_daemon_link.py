"""The daemon's own link cannot tell the fake from Asterisk: an hour of calls, a cut, a kill."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from ami_daemon.events import Hangup
from ami_daemon.link import AmiLink, LinkState
from lab.fake import Answer, Behaviours, Campaign, FakeAsterisk, Phone, QueueOptions, run_virtual
from lab.fake.clock import LoopClock

SECRET = "Link-Secret-1"


async def dial_for(seconds: float) -> tuple[FakeAsterisk, Counter[LinkState], int]:
    """A call every five seconds over the daemon's link; the link is cut once and Asterisk killed once."""
    clock = LoopClock()
    fake = FakeAsterisk(
        Behaviours(lambda _: Answer(2, talk=10), Phone()),
        {f"agent{n}": {"sales": 0} for n in range(4)},
        {"sales": QueueOptions(wrap_up=2)},
        {"spring": Campaign("sales", 3)},
        secret=SECRET,
    )
    await fake.start()
    for agent in fake.agents:
        fake.sign_in(agent, ready=True)
    states: Counter[LinkState] = Counter()
    hangups = 0

    async def snapshot() -> None:
        await link.listing("CoreShowChannels", {})
        await link.listing("QueueStatus", {})

    def hung_up(event: Hangup) -> None:
        nonlocal hangups
        hangups += event.uniqueid.startswith("pz-")

    def moved(state: LinkState) -> None:
        states[state] += 1

    link = AmiLink(
        "127.0.0.1", fake.port, "perezvon_dialer", SECRET, snapshot=snapshot, clock=clock.now, on_state=moved
    )
    link.on(Hangup, hung_up)
    running = asyncio.create_task(link.run())
    end = clock.now() + seconds
    clock.later(seconds / 3 + 2.5, fake.drop_link)  # between two orders
    clock.later(seconds / 2 + 2.5, fake.kill)
    clock.later(seconds / 2 + 20, lambda: asyncio.ensure_future(fake.start()))
    number = 0
    while clock.now() < end:
        await asyncio.sleep(5)
        if link.state is not LinkState.LIVE:
            continue
        number += 1
        await link.action(
            "Originate",
            {
                "Channel": f"PJSIP/+7900{number:07d}@trunk-city",
                "ChannelId": f"pz-ours-{number:016x}",
                "Context": "perezvon-answered",
                "Exten": "spring",
                "Priority": "1",
                "Timeout": "20000",
                "Async": "true",
            },
        )
    await asyncio.sleep(60)
    await link.stop()
    await asyncio.gather(running, return_exceptions=True)
    await fake.stop()
    return fake, states, hangups


def test_an_hour_over_the_daemons_link_in_seconds() -> None:
    started = time.perf_counter()
    fake, states, hangups = run_virtual(dial_for(3600))
    assert time.perf_counter() - started < 15
    how = Counter(call.how for call in fake.ledger)
    assert states[LinkState.LIVE] == 3  # the first time, after the cut, after the restart
    assert 700 < len(fake.ledger) < 721
    assert how["talked"] == len(fake.ledger) - how["killed"]
    assert 1 <= how["killed"] <= 4
    assert 0 <= how["talked"] - hangups <= 1  # at most what ended in the half second without a link
    assert not fake.switch.refused_ids
