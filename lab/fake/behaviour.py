"""What the people and phones beyond the fake Asterisk do. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reject:
    """The call is refused with a SIP status `after` seconds: 486 is busy, 404 unallocated, and so on."""

    code: int = 486
    after: float = 0.1


@dataclass(frozen=True, slots=True)
class Ring:
    """It rings and nobody answers."""

    ring_after: float = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody answers `after` seconds.

    They hang up `hang_up_after` seconds after the answer (0 is at once), or `talk` seconds after an agent
    came on; without both they leave hanging up to the other side. `hang_up_after` holds during a talk too.
    """

    after: float = 1.0
    ring_after: float = 0.05
    hang_up_after: float | None = None
    talk: float | None = None
    heard: str = "person"
    """Where calls are screened: who it turns out to be, `screen` seconds after the answer."""
    screen: float = 0.6


Subscriber = Reject | Ring | Answer


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone: answers `answer_after` seconds (None: rings on), or refuses with `reject`.

    `talk` is when the agent hangs up, in seconds after the bridge; without it the agent never does.
    """

    answer_after: float | None = 0.02
    ring_after: float = 0.01
    reject: int | None = None
    talk: float | None = None
