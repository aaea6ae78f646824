"""One dialer per database: taking the lease."""

from __future__ import annotations

import os
import socket

from store import LeaseHeld, Store

LEASE_SECONDS = 15.0


class CannotRun(Exception):
    """The daemon cannot start or go on; the message says why and what to do."""


async def acquire(store: Store, holder: str, now: float) -> int:
    """The lease; one that a process of this host left behind when it was killed is taken over at once."""
    try:
        return await store.lease.acquire(holder, now, LEASE_SECONDS)
    except LeaseHeld as held:
        host, _, pid = held.holder.rpartition(":")
        if host == socket.gethostname() and pid.isdecimal() and not _is_alive(int(pid)):
            return await store.lease.acquire(holder, now, LEASE_SECONDS, dead=held.holder)
        raise CannotRun(
            f"another dialer, {held.holder}, works on this database; stop it, or wait "
            f"{max(0.0, held.expires_at - now):.0f} s if it is dead"
        ) from held


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
