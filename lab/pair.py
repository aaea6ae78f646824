"""*Ours* and *the city* side by side: a whole telephone network on loopback ports."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.models import Site
from dialplan.apply import Author, apply
from dialplan.base import render_base
from dialplan.render import render
from lab.behaviour import EVERYBODY_TALKS, Behaviour, Mix
from lab.city import City
from lab.city_files import trunk_address
from lab.instance import Instance, directories
from lab.phones import Phones, RingOn
from lab.ports import free_port, free_rtp_ranges
from lab.provision import AsteriskBinary
from lab.site_copy import Move, copy_site


@dataclass(frozen=True)
class Pair:
    """Both are up, the site is applied, and every phone is registered."""

    ours: Instance
    city: City
    phones: Phones
    site: Site
    site_folder: Path
    """The moved copy of the site: what the daemon and the commands are given."""

    @staticmethod
    @asynccontextmanager
    async def open(
        binary: AsteriskBinary,
        site_folder: Path,
        folder: Path,
        *,
        sounds_dir: Path,
        people: Mapping[str, Behaviour] | None = None,
        mix: Mix = EVERYBODY_TALKS,
        seed: int = 0,
        record: bool = False,
        speech: Sequence[str] = (),
    ) -> AsyncIterator[Pair]:
        """Start the pair in `folder` (empty or missing) with a copy of the site, and stop it on leaving.

        `people`, `mix`, `seed` and `record` are the city's; `speech` is an engine's command. Raises
        `AsteriskFailed`, `SiteError`, `ApplyRefused`, `TimeoutError` (a phone that does not register).
        """
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # secrets are in it
        rtp_ours, rtp_city = free_rtp_ranges(2)
        paths = directories(binary, folder / "ours")
        carrier_port = free_port(socket.SOCK_DGRAM, trunk_address(0))
        move = Move(
            command=[*binary.command, "-C", str(paths["astetcdir"] / "asterisk.conf")],
            config_dir=paths["astetcdir"],
            log_dir=paths["astlogdir"],
            ami_port=free_port(socket.SOCK_STREAM),
            sip_port=free_port(socket.SOCK_DGRAM),
            rtp=rtp_ours,
            carrier_port=carrier_port,
            sounds_dir=sounds_dir,
            state=folder,
            speech=speech,
        )
        site = copy_site(site_folder, folder / "site", move)
        base = render_base(paths, system_name=site.system.name, max_calls=site.system.asterisk.max_calls)
        ours = Instance(binary, folder / "ours", base)
        city = City(binary, folder / "city", site, rtp_city, carrier_port, people, mix, seed, record=record)
        phones = Phones(city)
        try:
            _write(site, sounds_dir)
            await asyncio.gather(ours.start(), city.start())
            await phones.registered()
            yield Pair(ours, city, phones, site, folder / "site")
        finally:
            await asyncio.gather(ours.stop(), city.stop())

    async def quiet(self) -> None:
        """All phones ring on again, all calls end, those too that still come, all agents are signed out.

        Raises `TimeoutError` where calls do not end.
        """
        await self.phones.set_all(RingOn())
        silent = 0
        async with asyncio.timeout(30):
            while silent < 2:  # one look may fall between a call's two channels
                shown = ""
                for asterisk in (self.ours, self.city.instance):
                    await asterisk.console("channel request hangup all")
                    shown += await asterisk.console("core show channels count")
                silent = silent + 1 if len(re.findall(r"^0 active channels", shown, re.M)) == 2 else 0
        queue = ""
        for line in (await self.ours.console("queue show")).splitlines():
            if found := re.match(r"(\S+) has \d+ calls", line):
                queue = found[1]
            elif found := re.search(r"PJSIP/agent-[\w-]+", line):  # in brackets where a name is told
                await self.ours.console(f"queue remove member {found[0]} from {queue}")


def _write(site: Site, sounds_dir: Path) -> None:
    """Put the site in force on disk, so that Asterisk starts with it."""
    files = render(site, sounds_dir=str(sounds_dir))
    author = Author("lab", "the lab's pair starts", datetime.now(UTC).isoformat(timespec="seconds"))
    apply(site, files, sounds_dir=str(sounds_dir), prompts=None, console=None, author=author)
