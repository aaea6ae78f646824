"""The installation, its trunks, and its secrets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from config.hours import zone_problem
from config.lints.facts import Facts, Finding
from config.tree import Path

_WEAK = re.compile(
    "admin|administrator|agent|asterisk|changeme|default|demo|freepbx|guest|letmein|manager|mypassword|mysecret"
    "|operator|parol|pass|passw|password|perezvon|phone|qwerty|qwertyuiop|root|secret|sip|supersecret|test"
    "|user|welcome"
)
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
SOUND_DIRS, SPLITS = ("sounds_dir", "cache_dir", "recordings_dir"), frozenset(",&|;:\"'\\()[]{}$%#?=")
"""Folders whose files are named in arguments to Asterisk's applications, and what would cut those."""
SOCKET_BYTES = 107
"""What the kernel lets a unix socket's path be long."""


def manager(facts: Facts) -> Iterator[Finding]:
    """E421: AMI speaks plain text, its secret included."""
    if facts.system is None:
        return
    host = facts.system.ami.host
    address = _address(host)
    if host != "localhost" and not (address and address.is_loopback):
        yield Finding(
            "E421",
            ("system", "ami", "host"),
            f"AMI at {host} would send its secret in plain text over a network",
            "write 127.0.0.1; for a remote Asterisk put a TLS tunnel's local end there",
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def sip(facts: Facts) -> Iterator[Finding]:
    """E422, E423, E426, W531."""
    if facts.system is None:
        return
    sip = facts.system.sip
    if _address(sip.bind) is None:
        yield Finding(
            "E426",
            ("system", "sip", "bind"),
            f"{sip.bind} is no IP address",
            "write 0.0.0.0 for all addresses",
        )
    if sip.rtp_first >= sip.rtp_last:
        yield Finding(
            "E422",
            ("system", "sip", "rtp_last"),
            f"the RTP ports end ({sip.rtp_last}) before they begin ({sip.rtp_first})",
            f"write more than {sip.rtp_first}",
        )
        return
    if sip.rtp_first <= sip.port <= sip.rtp_last:
        yield Finding(
            "E423",
            ("system", "sip", "port"),
            f"the SIP port {sip.port} is among the RTP ports {sip.rtp_first} to {sip.rtp_last}",
            "move one of the two",
        )
    ports, needed = sip.rtp_last - sip.rtp_first + 1, 4 * facts.system.limits.lines
    if ports < needed:
        yield Finding(
            "W531",
            ("system", "sip", "rtp_last"),
            f"{ports} RTP ports carry {ports // 4} calls with their agents, but limits.lines is"
            f" {facts.system.limits.lines}",
            f"write {sip.rtp_first + needed - 1} or more",
        )


def places(facts: Facts) -> Iterator[Finding]:
    """E416, E427, E428, W502."""
    if facts.system is None:
        return
    system = facts.system
    if problem := zone_problem(system.timezone):
        yield Finding("E416", ("system", "timezone"), *problem)
    url = urlsplit(system.database)
    if url.scheme not in DRIVERS:
        yield Finding(
            "E427",
            ("system", "database"),
            f"`{url.scheme}` is no driver that Perezvon stores with",
            f"begin the URL with {DRIVERS[0]}:// or {DRIVERS[1]}://",
        )
    elif "@" in url.netloc and ":" in url.netloc.rpartition("@")[0]:
        yield Finding(
            "W502",
            ("system", "database"),
            "a secret in plain text: the database's password",
            "leave it out of the URL; the driver reads it from PGPASSWORD or ~/.pgpass",
        )
    paths: list[tuple[Path, str | None]] = [
        (("system", "socket"), system.socket),
        (("system", "sounds_dir"), system.sounds_dir),
        (("system", "cache_dir"), system.cache_dir),
        (("system", "recordings_dir"), system.recordings_dir),
        (("system", "screening", "folder"), system.screening.folder),
        (("system", "asterisk", "config_dir"), system.asterisk.config_dir),
        (("system", "asterisk", "log_dir"), system.asterisk.log_dir),
    ]
    for path, value in paths:
        if value is None:
            continue
        if not value.startswith("/") or "\n" in value:
            yield Finding("E428", path, f"`{value}` is no absolute path", "begin it with /")
        elif path[-1] == "socket" and len(value.encode()) > SOCKET_BYTES:
            yield Finding("E428", path, f"a socket's path has at most {SOCKET_BYTES} bytes", "shorten it")
        elif path[-1] in SOUND_DIRS and (wrong := "".join(sorted(set(value) & SPLITS))):
            yield Finding("E428", path, f"Asterisk would cut `{value}` at {wrong!r}", "use another folder")


def capacity(facts: Facts) -> Iterator[Finding]:
    """E424."""
    if facts.system is None:
        return
    most = facts.system.asterisk.max_calls
    if facts.system.limits.lines > most:
        yield Finding(
            "E424",
            ("system", "limits", "lines"),
            f"limits.lines is {facts.system.limits.lines}, but Asterisk accepts {most} calls",
            "lower it, or raise asterisk.max_calls",
        )
    for name, trunk in facts.trunks.items():
        if trunk.lines > most:
            yield Finding(
                "E424",
                ("trunks", name, "lines"),
                f"the trunk has {trunk.lines} lines, but Asterisk accepts {most} calls",
                "lower it, or raise asterisk.max_calls",
            )


def ports(facts: Facts) -> Iterator[Finding]:
    """E429."""
    if facts.system is None:
        return
    system, taken = facts.system, dict[int, str]()
    for path, port in (
        (("system", "ami", "port"), system.ami.port),
        (("system", "agi_port"), system.agi_port),
        (("system", "ear_port"), system.ear_port),
        (("system", "api_port"), system.api_port),
        (("system", "metrics_port"), system.metrics_port),
    ):
        other = taken.setdefault(port, ".".join(path)) if port is not None else ".".join(path)
        if other != ".".join(path):
            yield Finding("E429", path, f"port {port} is that of {other} too", "give each a port of its own")


def trunks(facts: Facts) -> Iterator[Finding]:
    """E425, E426, W515."""
    seen: dict[str, str] = {}
    for name, trunk in facts.trunks.items():
        if trunk.register_with_carrier and not (trunk.username and trunk.password):
            yield Finding(
                "E425",
                ("trunks", name, "register_with_carrier"),
                "to register, a trunk needs a username and a password",
                "write both, or register_with_carrier: false",
            )
        elif (trunk.username is None) != (trunk.password is None):
            yield Finding(
                "E425", ("trunks", name), "a username and a password go together", "write both, or none"
            )
        hosts: list[tuple[Path, str]] = [(("trunks", name, "host"), trunk.host)]
        hosts += [(("trunks", name, "match", i), host) for i, host in enumerate(trunk.match)]
        for path, host in hosts:
            if re.fullmatch(r"[0-9.]+", host) and _address(host) is None:
                yield Finding("E426", path, f"{host} is no IP address", "four numbers of 0 to 255, with dots")
        for host in dict.fromkeys(trunk.match or [trunk.host]):
            if host in seen:
                yield Finding(
                    "W515",
                    ("trunks", name, "match"),
                    f"calls from {host} could be the trunk `{seen[host]}`'s or this one's",
                    "give each trunk addresses of its own",
                )
            seen.setdefault(host, name)


def secrets(facts: Facts) -> Iterator[Finding]:
    """E431, W514, W516. Says what is weak, never the secret."""
    own: list[tuple[Path, str, tuple[str, ...]]] = [
        (("agents", name, "password"), agent.password.get_secret_value(), (name, agent.extension))
        for name, agent in facts.agents.items()
    ]
    if facts.system is not None:
        secret = facts.system.ami.secret.get_secret_value()
        own.append((("system", "ami", "secret"), secret, ("perezvon_dialer", facts.system.name)))
    first: dict[str, Path] = {}
    for path, secret, names in own:
        why = _weak(secret, names) or ("it has fewer than 12 characters" if len(secret) < 12 else "")
        if why:
            yield Finding("E431", path, f"the secret is weak: {why}", "use 24 random characters")
        elif secret in first:
            other = ".".join(str(part) for part in first[secret])
            yield Finding("W514", path, f"the same secret as {other}", "give each its own")
        first.setdefault(secret, path)
    for name, trunk in facts.trunks.items():
        if trunk.password is None:
            continue
        secret = trunk.password.get_secret_value()
        if why := _weak(secret, (name, trunk.username or name)):
            yield Finding(
                "E431", ("trunks", name, "password"), f"the secret is weak: {why}", "ask for another"
            )
        elif len(secret) < 12:
            yield Finding(
                "W516",
                ("trunks", name, "password"),
                "the carrier's password has fewer than 12 characters",
                "ask for a longer one: who guesses it calls at your cost",
            )


def _weak(secret: str, names: tuple[str, ...]) -> str:
    letters = re.sub(r"[^a-z]", "", secret.lower())
    if secret.lower() in {name.lower() for name in names}:
        return "it is a name, a login or an extension"
    if _WEAK.fullmatch(letters) or (not letters and len(secret) < 20):
        return "it is one of the first that an attacker tries"
    if len(set(secret)) < 5:
        return "it repeats a few characters"
    return ""


LINTS = (manager, sip, places, capacity, ports, trunks, secrets)
