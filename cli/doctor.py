"""`perezvon doctor`: is everything there that a night without calls from the office needs?"""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import phonenumbers
import typer

from ami_daemon import logs
from ami_daemon.control import VerbError, ask
from ami_daemon.link import AmiLink, LinkState
from ami_daemon.metrics import LOOPBACK
from cli.session import (
    ERROR,
    Json,
    NoDatabase,
    SiteFolder,
    out,
    prompts_of,
    show,
    site_folder,
    site_of,
    sounds_of,
    store_to_read,
)
from config.models import Site
from dialplan.console import AsteriskConsole, ConsoleError
from sounds.engine import EngineError, find
from store import StoreError

SECURE = {20: (20, 20, 1), 22: (22, 10, 1), 23: (23, 4, 1)}
"""First versions with the security fixes of June 2026, by branch."""

MODULES = (
    "app_queue",
    "cel_custom",
    "chan_pjsip",
    "res_pjsip_registrar",
    "app_playback",
    "pbx_config",
    "res_agi",
)
EAR = ("app_exec", "res_audiosocket", "app_audiosocket")
"""What campaigns with `screening: on` need besides."""
LEAST_FREE = 1 << 30
MOST_READ = 1 << 16
"""Bytes of an answer: who else has our port may talk for ever."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `fail` is an error, `warn` is worth a look."""

    level: Literal["ok", "warn", "fail"]
    what: str
    told: str
    hint: str = ""


def doctor(site: SiteFolder = None, as_json: Json = False) -> None:
    """Look at the site, Asterisk, the manager link, the store, the disk; say what to mend.

    Exit code 0 when nothing fails, else 1.
    """
    checked = site_of(site)
    logs.silence()
    found = [
        Finding("ok", "site", f"{site_folder(site)} has no errors"),
        *_asterisk(checked),
        asyncio.run(_manager(checked)),
        *_prompts(checked),
        asyncio.run(_store(checked)),
        *_files(checked),
        *_metrics(checked),
        _numbers(),
    ]
    if as_json:
        show([asdict(finding) for finding in found], True)
    else:
        for finding in found:
            hint = f"; {finding.hint}" if finding.hint else ""
            out.print(
                f"{finding.level:<4}  {finding.what:<10} {finding.told}{hint}", markup=False, highlight=False
            )
    if any(finding.level == "fail" for finding in found):
        raise typer.Exit(ERROR)


def _asterisk(site: Site) -> Iterator[Finding]:
    console = AsteriskConsole(site.system.asterisk.command)
    try:
        said = console.run("core show version")
        modules = console.run("module show")
        revision = console.run("dialplan show rev@perezvon-rev")
        user = console.run("core show settings")
    except ConsoleError as error:
        yield Finding("fail", "asterisk", str(error), "start it, or mend system.asterisk.command")
        return
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
    text = ".".join(map(str, version))
    if version < (18,):
        yield Finding("fail", "asterisk", f"version {text} is too old", "18 is the oldest that serves")
    elif version < SECURE.get(version[0], (0,)) or version[0] not in SECURE:
        yield Finding(
            "warn",
            "asterisk",
            f"version {text} lacks security fixes",
            "take 20.20.1, 22.10.1, 23.4.1 or later",
        )
    else:
        yield Finding("ok", "asterisk", f"version {text}")
    missing = [name for name in MODULES if f"{name}.so" not in modules]
    yield from _screening(site, modules)
    if missing:
        yield Finding("fail", "modules", f"not loaded: {', '.join(missing)}", "load them in modules.conf")
    else:
        yield Finding("ok", "modules", "all that we need are loaded")
    if "rev" not in revision or "There is no existence" in revision:
        yield Finding("fail", "dialplan", "ours is not loaded", "perezvon apply")
    else:
        yield Finding("ok", "dialplan", "ours is loaded; `perezvon plan` shows whether it is the site's")
    if re.search(r"User name and group:\s*root/", user):
        yield Finding("warn", "user", "Asterisk runs as root", "runuser = asterisk in asterisk.conf")


def _screening(site: Site, modules: str) -> Iterator[Finding]:
    """By what answered calls would be screened."""
    if not any(campaign.screened for campaign in site.campaigns.values()):
        return
    if "chan_audiosocket.so" not in modules:
        told = "chan_audiosocket not loaded: nobody listens before the answer"
        yield Finding("warn", "early", told, "load it in modules.conf")
    missing = [name for name in EAR if f"{name}.so" not in modules]
    if not missing:
        yield Finding("ok", "screening", "by our ear: AudioSocket is loaded")
        return
    mend = f"load {', '.join(missing)} in modules.conf"
    if "app_exec" in missing or "app_amd.so" not in modules:
        lost = "calls are cut off" if "app_exec" in missing else "everybody is taken for a person"
        yield Finding("fail", "screening", f"{', '.join(missing)} not loaded: {lost}", mend)
    else:
        told = f"{', '.join(missing)} not loaded: AMD() screens, slower and with more errors"
        yield Finding("warn", "screening", told, mend)


async def _manager(site: Site) -> Finding:
    """The running daemon's word, or a login of our own: the account has one session at a time."""
    try:
        state = (await asyncio.to_thread(ask, Path(site.system.socket), "status"))["link"]
    except VerbError:
        return await _login(site)
    level: Literal["ok", "fail"] = "ok" if state == LinkState.LIVE.value else "fail"
    return Finding(level, "manager", f"the running daemon's link is {state}")


async def _login(site: Site) -> Finding:
    ami, live = site.system.ami, asyncio.Event()

    async def nothing() -> None:
        return

    link = AmiLink(
        ami.host,
        ami.port,
        "perezvon_dialer",
        ami.secret.get_secret_value(),
        snapshot=nothing,
        clock=time.time,  # noqa: TID251 - the edge
        on_state=lambda state: live.set() if state is LinkState.LIVE else None,
    )
    running, waiting = asyncio.create_task(link.run()), asyncio.create_task(live.wait())
    try:
        await asyncio.wait({running, waiting}, timeout=5.0, return_when=asyncio.FIRST_COMPLETED)
        if live.is_set():
            return Finding("ok", "manager", f"perezvon_dialer may log in on {ami.host}:{ami.port}")
        hint = "is manager.conf included, and `perezvon apply` done?"
        return Finding("fail", "manager", link.last_error or f"{ami.host}:{ami.port} is silent", hint)
    finally:
        waiting.cancel()
        await link.stop()
        await asyncio.gather(running, waiting, return_exceptions=True)


def _prompts(site: Site) -> Iterator[Finding]:
    folder, known = sounds_of(site.system), prompts_of(site.system)
    languages = sorted(known)
    if not languages:
        yield Finding("fail", "prompts", f"none in {folder}", "perezvon sounds build")
    else:
        told = ", ".join(f"{language} {len(known[language])}" for language in languages)
        yield Finding("ok", "prompts", f"{told} in {folder}")
    try:
        yield Finding("ok", "speech", f"the engine is {find(site.system.speech)}")
    except EngineError as error:
        yield Finding("warn", "speech", f"{error.what}: texts of orders cannot be spoken", error.mend)
    cache = Path(site.system.cache_dir)
    nearest = next(folder for folder in (cache, *cache.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        mend = "make system.cache_dir, for the daemon's user to write and Asterisk's to read"
        yield Finding("warn", "cache", f"{nearest} cannot be written: spoken texts cannot be kept", mend)


async def _store(site: Site) -> Finding:
    try:
        async with store_to_read(site.system) as store:
            wrong = await store.audit(time.time())  # noqa: TID251 - the edge
    except NoDatabase as error:
        return Finding("warn", "store", error.message, error.hint)
    except StoreError as error:
        return Finding("fail", "store", error.message, error.hint)
    if wrong:
        return Finding("fail", "store", "; ".join(wrong[:5]), "this is a defect of ours: please report it")
    return Finding("ok", "store", "opens, and no lead is lost")


def _files(site: Site) -> Iterator[Finding]:
    log_dir = Path(site.system.asterisk.log_dir)
    for folder in {log_dir, Path(site.system.socket).parent}:
        if not folder.is_dir():
            yield Finding("warn", "folders", f"{folder} does not exist")
        elif (free := shutil.disk_usage(folder).free) < LEAST_FREE:
            yield Finding("warn", "disk", f"{free >> 20} MiB free under {folder}", "free some space")
        else:
            yield Finding("ok", "disk", f"{free >> 30} GiB free under {folder}")
    cel = log_dir / "cel-custom" / "perezvon.csv"
    if not os.access(log_dir, os.X_OK) or (cel.exists() and not os.access(cel, os.R_OK)):
        yield Finding(
            "fail",
            "cel",
            f"{cel} cannot be read: after a crash attempts stay in doubt",
            "join group asterisk",
        )
    socket = Path(site.system.socket)
    if socket.exists() and stat.S_IMODE(socket.stat().st_mode) & 0o077:
        yield Finding("fail", "socket", f"{socket} is open to others", f"chmod 600 {socket}")


def _metrics(site: Site) -> Iterator[Finding]:
    """Whether /metrics answers, or its port is free for the daemon."""
    if (port := site.system.metrics_port) is None:
        return
    link = http.client.HTTPConnection(LOOPBACK, port, timeout=5.0)  # urllib would go through a proxy
    try:
        link.request("GET", "/metrics")
        ours = b"perezvon_link_up" in link.getresponse().read(MOST_READ)
    except ConnectionRefusedError:
        ours = True  # nobody there: the daemon does not run
    except (OSError, http.client.HTTPException):
        ours = False
    finally:
        link.close()
    if ours:
        yield Finding("ok", "metrics", f"port {port} answers, or is free for the daemon")
    else:
        yield Finding("fail", "metrics", f"another program has port {port}", "change system.metrics_port")


def _numbers() -> Finding:
    return Finding("ok", "numbers", f"phonenumbers {phonenumbers.__version__}")
