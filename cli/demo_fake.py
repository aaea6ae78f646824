"""The demo where no Asterisk can be had: the same daemon, campaign and report on the fake Asterisk."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cli.daemon_process import DaemonProcess
from cli.demo_report import Seen
from cli.demo_world import CAMPAIGN, CITY, Say, World
from lab.behaviour import Behaviour, Kind, decide
from lab.fake import Answer, Behaviours, FakeAsterisk, Phone, Reject, Ring, Subscriber
from lab.ports import free_port
from lab.site_copy import Move, copy_site
from sounds.catalogue import sounds_dir


@asynccontextmanager
async def open_fake_world(
    source: Path, place: Path, agents: int, seed: int, say: Say
) -> AsyncIterator[World]:
    """A fake Asterisk in this process with a copy of the site, and the daemon as a process of its own."""
    folder = (place / "fake").resolve()
    folder.mkdir()
    port = free_port(socket.SOCK_STREAM)
    move = Move(
        command=["false"], config_dir=folder, log_dir=folder, state=folder, sounds_dir=sounds_dir(),
        ami_port=port, sip_port=5060, rtp=(10000, 10100), carrier_port=5060,
    )  # fmt: skip
    site = await asyncio.to_thread(copy_site, source, folder / "site", move)
    (folder / "cel-custom").mkdir()

    def person(number: str) -> Behaviour:
        return decide(number.lstrip("+"), {}, CITY, seed)

    fake = FakeAsterisk.from_site(
        site,
        Behaviours(lambda number: _subscriber(person(number)), phone=Phone()),
        cel=folder / "cel-custom" / "perezvon.csv",
    )
    names = sorted(site.members(site.campaigns[CAMPAIGN].group))[:agents]
    daemon = DaemonProcess(site, folder / "site", place / "daemon.log")

    async def sign_in() -> None:
        for name in names:
            await daemon.ask("agent_set", agent=name, state="ready")

    async def seen() -> list[Seen]:
        return [Seen(call.number, str(person(call.number).kind), call.placed_at) for call in fake.ledger]

    say("starting the fake Asterisk and the daemon")
    await fake.start(port)
    try:
        await daemon.start()
        yield World("fake", site, daemon, sign_in, seen)
    finally:
        await daemon.kill()
        await fake.stop()


def _subscriber(person: Behaviour) -> Subscriber:
    """What the city's person does, in the fake's words."""
    match person.kind:
        case Kind.BUSY:
            return Reject(486, person.ring)
        case Kind.REFUSED:
            return Reject(person.code, person.ring)
        case Kind.NO_ANSWER:
            return Ring()
        case Kind.HANGS_UP:
            return Answer(person.ring, hang_up_after=0.0)
        case Kind.LEAVES:
            return Answer(person.ring, hang_up_after=person.seconds)
        case _:
            return Answer(person.ring, hang_up_after=person.seconds)
