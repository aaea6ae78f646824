"""What a bare SIP peer (a carrier, a phone) can and cannot make the real Asterisk do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from config.models import Site
from dialplan.apply import Author, apply
from dialplan.base import render_base
from dialplan.render import render
from lab.ami import Ami, Event
from lab.instance import Instance, directories
from lab.ports import free_port
from lab.provision import AsteriskBinary
from sounds.catalogue import sounds_dir
from tests.lab_fake.sip_peer import Dialog, SipPeer, parse

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

ACCOUNT, DID, CALLER = "74957000000", "+74951234567", "+79161112233"


class Carrier(SipPeer):
    """Redirects what is called, to `moved_to`; notes who calls it and what its own calls are answered."""

    def __init__(self) -> None:
        super().__init__({})
        self.moved_to = ""
        self.told: asyncio.Queue[str] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        start, headers, _ = parse(data)
        if start.startswith("SIP/2.0") and "INVITE" in headers["cseq"]:
            self.told.put_nowait(start.split()[1])
        super().datagram_received(data, addr)

    def _behave(self, dialog: Dialog) -> None:
        dialog.over = True
        lines = [
            "SIP/2.0 302 Moved Temporarily",
            *(f"Via: {via}" for via in dialog.vias),
            f"From: {dialog.invite['from']}",
            f"To: {dialog.invite['to']};tag=moved",
            f"Call-ID: {dialog.invite['call-id']}",
            f"CSeq: {dialog.invite['cseq']}",
            f"Contact: <{self.moved_to}>",
        ]
        self._send(lines, dialog.peer)


@dataclass
class Bench:
    """An Asterisk with the demo site applied; its carrier and all its phones are one SIP peer."""

    instance: Instance
    site: Site
    carrier: Carrier
    ami: Ami
    events: list[Event] = field(default_factory=list)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(
    asterisk_binary: AsteriskBinary, demo_site: Site, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("sip")
    sip, carrier = free_port(socket.SOCK_DGRAM), Carrier()
    port = await carrier.start(sip)
    instance = Instance(
        asterisk_binary, folder, render_base(directories(asterisk_binary, folder), system_name="pz1")
    )
    system = demo_site.system
    system = system.model_copy(
        update={
            "asterisk": system.asterisk.model_copy(
                update={
                    "command": instance.command,
                    "config_dir": str(instance.etc),
                    "log_dir": str(folder / "log"),
                }
            ),
            "sip": system.sip.model_copy(update={"bind": "127.0.0.1", "port": sip}),
            "ami": system.ami.model_copy(update={"port": free_port(socket.SOCK_STREAM)}),
        }
    )
    trunk = demo_site.trunks["city"].model_copy(
        update={
            "host": "127.0.0.1",
            "port": port,
            "match": [],
            "username": ACCOUNT,
            "register_with_carrier": True,
        }
    )
    site = demo_site.model_copy(update={"system": system, "trunks": {"city": trunk}})
    files = render(site, sounds_dir=str(sounds_dir()))
    author = Author("tester", "a test", "2026-01-01T00:00:00+00:00")
    apply(site, files, sounds_dir=str(sounds_dir()), prompts=None, console=None, author=author)
    await instance.start()
    events: list[Event] = []
    ami = Ami(system.ami.port, "perezvon_dialer", system.ami.secret.get_secret_value(), events.append)
    await ami.open()
    yield Bench(instance, site, carrier, ami, events)
    await ami.close()
    carrier.stop()
    await instance.stop()


async def test_a_call_to_our_account_that_names_the_account_is_refused_and_does_not_go_round(
    bench: Bench,
) -> None:
    bench.carrier.call("city", ACCOUNT, CALLER)
    async with asyncio.timeout(10):
        while (status := await bench.carrier.told.get()) == "100":
            pass
    assert status == "404"
    assert "0 active channels" in await bench.instance.console("core show channels count")


TRUNK_CALL = (f"PJSIP/{CALLER}@{{trunk}}", "perezvon-answered", "spring")
PREVIEW_LEG = ("PJSIP/agent-anna/sip:anna@127.0.0.1:{port}", "perezvon-preview", "visits")


@pytest.mark.parametrize(
    ("dialed", "moved_to"),
    [
        (TRUNK_CALL, f"sip:{DID}@127.0.0.1"),
        (TRUNK_CALL, "sip:+79990001122@127.0.0.1:{port}"),
        (TRUNK_CALL, "sip:PJSIP/+79990001122%40trunk-city@127.0.0.1"),
        (PREVIEW_LEG, "sip:PJSIP/+79990001122%40trunk-city@127.0.0.1"),
        (PREVIEW_LEG, "sip:101@127.0.0.1"),
        (PREVIEW_LEG, "sip:+79990001122@127.0.0.1:{port}"),
    ],
)
async def test_a_call_that_is_answered_with_moved_goes_nowhere(
    bench: Bench, dialed: tuple[str, str, str], moved_to: str
) -> None:
    bench.events.clear()
    bench.carrier.placed.clear()
    bench.carrier.moved_to = moved_to.format(port=bench.carrier.port)
    channel, context, exten = dialed
    await bench.ami.action(
        {
            "Action": "Originate",
            "Channel": channel.format(port=bench.carrier.port, trunk=bench.site.trunk_endpoint("city")),
            "ChannelId": "pz-pz1-00000000000000e1",
            "Context": context,
            "Exten": exten,
            "Priority": "1",
            "Timeout": "5000",
            "Async": "true",
        }
    )
    async with asyncio.timeout(10):
        while not any(event["Event"] == "OriginateResponse" for event in bench.events):
            await asyncio.sleep(0.02)
    assert len(bench.carrier.placed) == 1
    assert "QueueCallerJoin" not in {event["Event"] for event in bench.events}
    made = {event["Channel"] for event in bench.events if event["Event"] == "Newchannel"}
    moved = [channel for channel in made if channel.startswith("Local/")]
    # A whole channel string in the redirect is taken as it is: it leads nowhere by not being guessed.
    assert moved or "PJSIP/" in moved_to
    assert all("@perezvon-nowhere-" in channel for channel in moved), moved
