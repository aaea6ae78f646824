"""How long the ear waits, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EarLimits:
    """Times are in seconds."""

    connections: int = 2000
    opening: float = 2.0
    """Until the id has come."""
    silent: float = 0.2
    """That nothing may come until it counts as silence: telephones that suppress it send none, and so does a
    machine that records."""
    ahead: float = 2.0
    """Sound that may come before its time: more than that is no call's."""
    longest: float = 7.0
    """A screening in all: the screen has decided a second before. The dialplan waits for `told` longer."""
    ringing: float = 180.0
    """Listening before the answer in all: a call rings no longer."""
    beep: float = 30.0
    """Waiting for a machine's beep: a message is left then at the latest."""
    alive: float = 1.0
    """How often Asterisk is sent silence while nothing comes: after 2 s of nothing it would close."""
    told: float = 1.0
    """That whoever is told a verdict may take, and the peer to close after it."""
    unsent: int = 32_000
    """Bytes that may wait for a peer that does not read: further sound is not sent."""
    look: float = 0.05
    """How often the times are looked at."""
