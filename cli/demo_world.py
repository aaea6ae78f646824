"""Where the demo happens: the real Asterisk pair, or the fake one; the daemon is a process of its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

import config
from cli.daemon_process import DaemonFailed, DaemonProcess
from cli.demo_report import Seen
from config.models import Site
from dialplan.apply import Author, apply
from dialplan.console import AsteriskConsole
from dialplan.render import render
from lab.behaviour import Mix
from lab.city import City
from lab.pair import Pair
from lab.phones import Answer, Phones
from lab.provision import NoProgram, default_cache, ensure_asterisk
from sounds.catalogue import prompts, sounds_dir

Say = Callable[[str], None]

CAMPAIGN = "spring"

CITY = Mix(
    answers=0.50, hangs_up=0.05, leaves=0.03, machine=0.05, busy=0.15, no_answer=0.10, refused=0.12,
    ring=(0.3, 1.5), talk=(2.0, 6.0),
)  # fmt: skip
"""Who lives in the demo's city."""


@dataclass(frozen=True)
class World:
    """A telephone network with a running daemon."""

    asterisk: str
    """Version, or `fake`."""
    site: Site
    daemon: DaemonProcess
    sign_in: Callable[[], Awaitable[None]]
    seen: Callable[[], Awaitable[list[Seen]]]


@asynccontextmanager
async def open_world(place: Path, agents: int, seed: int, fake: bool, say: Say) -> AsyncIterator[World]:
    """Set everything up in the folder `place`; on leaving nothing of it runs on."""
    source = await asyncio.to_thread(demo_site, place / "source")
    if not fake:
        try:
            binary = await asyncio.to_thread(ensure_asterisk, default_cache(), say)
        except NoProgram as reason:
            say(f"no Asterisk can be had here: {reason}")
            say("the demo runs on the fake Asterisk instead: the same daemon, no real calls")
            fake = True
    if fake:
        from cli.demo_fake import open_fake_world

        async with open_fake_world(source, place, agents, seed, say) as world:
            yield world
        return
    say(f"starting Asterisk {binary.version_text} twice: ours, and the city with the phones")
    async with Pair.open(
        binary, source, place / "pair", sounds_dir=sounds_dir(), mix=CITY, seed=seed
    ) as pair:
        names = sorted(pair.site.members(pair.site.campaigns[CAMPAIGN].group))[:agents]
        await pair.phones.set_all(Answer(after=0.0))
        say(f"applying the site {pair.site_folder} and reading it back from Asterisk")
        await asyncio.to_thread(_apply, pair.site)
        daemon = DaemonProcess(pair.site, pair.site_folder, place / "daemon.log")
        world = World(
            binary.version_text,
            pair.site,
            daemon,
            lambda: _dial_in(pair.phones, pair.site, names),
            lambda: _seen(pair.city),
        )
        say("starting the daemon")
        try:
            await daemon.start()
            yield world
        finally:
            await daemon.kill()


def demo_site(target: Path) -> Path:
    """A copy of the installed demo site with the times of a demo: short wrap-up, shortest lawful ring."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(Path(config.__file__).parent / "site", target)
    for path, key, value in (
        *((path, "wrap_up", "2s") for path in sorted((target / "groups").glob("*.yaml"))),
        (target / f"campaigns/{CAMPAIGN}.yaml", "ring_time", "15s"),
    ):
        yaml = YAML()
        content = yaml.load(path.read_text(encoding="utf-8"))
        content[key] = value
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(content, file)
    return target


def _apply(site: Site) -> None:
    """As `perezvon apply` does: reload, read back, roll back where Asterisk did not take it."""
    author = Author("demo", "the demo starts", datetime.now(UTC).isoformat(timespec="seconds"))
    folder = sounds_dir()
    result = apply(
        site,
        render(site, sounds_dir=str(folder)),
        sounds_dir=str(folder),
        prompts=prompts(folder),
        console=AsteriskConsole(site.system.asterisk.command),
        author=author,
    )
    if not result.ok:
        raise DaemonFailed("the site was not taken by Asterisk:\n" + "\n".join(result.problems))


async def _dial_in(phones: Phones, site: Site, names: Sequence[str]) -> None:
    """The agents dial the feature codes on their phones."""
    codes = site.system.feature_codes
    for code in (codes.sign_in, codes.ready):
        dialed = await asyncio.gather(*(phones.dial(name, code, 10.0) for name in names))
        if not all(call.answered for call in dialed):
            raise DaemonFailed(f"a phone dialed {code} and was not answered")


async def _seen(city: City) -> list[Seen]:
    city.ensure_whole()
    return [
        Seen(call.number, str(call.behaviour.kind) if call.behaviour else "gone", call.arrived_at)
        for call in city.ledger.calls
    ]
