"""The pacer's contract: what goes in, what comes out.

A pacer answers one question: how many calls shall this campaign place now? It does no I/O, reads no
clock and rolls no dice of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

EventKind = Literal[
    "dial",
    "busy",
    "no_answer",
    "failed",
    "answer",
    "machine",
    "live",
    "connect",
    "abandon",
    "talk_end",
    "wrap_end",
    "ready",
    "not_ready",
    "login",
    "logout",
    "inbound",
    "inbound_connect",
    "inbound_quit",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the floor.

    `seconds` is the age or length that belongs to the kind: the time since dial for `busy`,
    `no_answer`, `failed` and `answer`; since answer for `machine` and `live`; the wait for `connect`,
    `abandon`, `inbound_connect` and `inbound_quit`; the length for `talk_end` and `wrap_end`.
    """

    kind: EventKind
    call: str | None = None
    agent: str | None = None
    seconds: float = 0.0


class Floor(Protocol):
    """What a dialer can see at one moment; the mappings go from id to start time."""

    @property
    def ready(self) -> Mapping[str, float]: ...
    @property
    def talking(self) -> Mapping[str, float]: ...
    @property
    def wrapping(self) -> Mapping[str, float]: ...
    @property
    def not_ready(self) -> Mapping[str, float]: ...
    @property
    def ringing(self) -> Mapping[str, float]: ...
    @property
    def screening(self) -> Mapping[str, float]: ...
    @property
    def waiting(self) -> Mapping[str, float]: ...
    @property
    def inbound_waiting(self) -> int: ...
    @property
    def free_lines(self) -> int: ...
    @property
    def allowance(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger counted over the legal window so far, estimated screening errors included."""

    live: float
    abandoned: float


Bound = Literal["nothing known", "no agents", "agents", "risk", "budget", "nothing"]
"""What held a decision: nothing is known yet; nobody is signed in; agents to come are few; one more call
would risk too many abandoned; the budget is gone (one call for each free agent); or nothing did."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a pacer decided as it did; numbers of calls, persons and agents at that moment."""

    wanted: int
    """Calls the decision asked for."""
    under_way: float
    """Persons expected from the calls under way, those asked for now included."""
    free: float
    """Agents expected to be free for them."""
    live_rate: float
    """Share of placed calls that a person answers, as learnt."""
    level: float
    """Calls under way for each agent expected free."""
    abandoned: float
    """Abandoned calls counted over the legal window."""
    rate: float
    """Their share of live answers over the legal window."""
    credit: float
    """Abandoned calls that the target permits of the pacer's own day so far; below zero: a debt."""
    bound: Bound


class Pacer(Protocol):
    """Decides from events and the floor. `now` is monotonic seconds that start anywhere."""

    wake_at: float | None
    """When it wants to be asked at the latest; `None`: the usual second will do."""
    spent: Spent | None
    """Set by the caller from the ledger; `None`: the pacer counts what it hears itself."""
    reasons: Reasons | None
    """Of the last decision; `None` for pacers that have none."""

    @property
    def oddities(self) -> Mapping[str, int]:
        """How often something was heard that could not be, by what was odd."""
        ...

    def on_event(self, now: float, event: Event) -> None: ...

    def calls_to_place(self, now: float, floor: Floor) -> int:
        """Whole calls, never negative. The caller clips to lines, allowance, law and hopper."""
        ...
