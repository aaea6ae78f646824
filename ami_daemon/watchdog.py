"""Tells systemd that the loop turns: a daemon that hangs is killed, and its callers go on in the dialplan.

Asterisk waits for a call script without limit; a closed connection is what frees the caller. The protocol is
that of sd_notify(3): one datagram to the socket that systemd names.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping


async def keep_alive(environment: Mapping[str, str]) -> None:
    """Send `WATCHDOG=1` twice in each of the unit's `WatchdogSec`; nothing where systemd asks for none."""
    name, most = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
    if not name or not most.isdecimal():
        return
    address = "\0" + name[1:] if name.startswith("@") else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        while True:
            with contextlib.suppress(OSError):  # systemd is busy, or being restarted: the next one counts
                line.sendto(b"WATCHDOG=1", address)
            await asyncio.sleep(int(most) / 2e6)
