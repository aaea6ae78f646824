"""A site, moved into the lab: other ports and folders, calling hours all day, the city as its carrier."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from lab.city_files import trunk_address
from lab.ports import free_port


@dataclass(frozen=True)
class Move:
    """Where the copy of a site lives."""

    command: list[str]
    config_dir: Path
    log_dir: Path
    ami_port: int
    sip_port: int
    rtp: tuple[int, int]
    carrier_port: int
    sounds_dir: Path
    state: Path
    """Folder of the database and the daemon's socket."""
    speech: Sequence[str] = ()
    """The speech engine's command; none: the site's own."""
    agi_port: int = field(default_factory=lambda: free_port(socket.SOCK_STREAM))
    ear_port: int = field(default_factory=lambda: free_port(socket.SOCK_STREAM))


def copy_site(source: Path, target: Path, move: Move) -> Site:
    """Copy the site in `source` to `target`, moved; secrets that it lacks are made. Raises `SiteError`."""
    shutil.copytree(source, target)
    with _edited(target / "system.yaml") as system:
        system["database"] = f"sqlite+aiosqlite:///{move.state / 'perezvon.db'}"
        system["socket"] = str(move.state / "daemon.sock")
        system["sounds_dir"] = str(move.sounds_dir)
        system["agi_port"] = move.agi_port
        system["ear_port"] = move.ear_port
        system["recordings_dir"] = str(move.state / "recordings")
        system["screening"] = {"folder": str(move.state / "screening")}
        system["cache_dir"] = str(move.state / "cache")
        if move.speech:
            system.setdefault("speech", {})["command"] = list(move.speech)
        system.setdefault("asterisk", {}).update(
            command=move.command, config_dir=str(move.config_dir), log_dir=str(move.log_dir)
        )
        system.setdefault("sip", {}).update(
            bind="127.0.0.1", port=move.sip_port, rtp_first=move.rtp[0], rtp_last=move.rtp[1]
        )
        system["ami"].update(host="127.0.0.1", port=move.ami_port)
    for index, path in enumerate(sorted((target / "trunks").glob("*.yaml"))):
        with _edited(path) as trunk:
            trunk.update(host=trunk_address(index), port=move.carrier_port, match=[trunk_address(index)])
    for path in sorted((target / "campaigns").glob("*.yaml")):
        with _edited(path) as campaign:
            campaign["hours"] = {"mon-sun": ["00:00-24:00"]}
    create_missing(target)
    return load_site(target)


@contextmanager
def _edited(path: Path) -> Iterator[Any]:
    """A YAML file's content, written back on leaving with its comments."""
    yaml = YAML()
    yaml.width = 4096
    content = yaml.load(path.read_text(encoding="utf-8"))
    yield content
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
