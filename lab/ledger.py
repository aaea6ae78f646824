"""What the city itself saw: every call that came from us, every ring of an agent's phone.

It is written from the city's own AMI events with the city's own times, and knows nothing of attempts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lab.ami import Event
from lab.behaviour import Behaviour

Found = TypeVar("Found")

FROM_US = "from-ours"
TO_PHONE = "phones"
"""The city's contexts where calls arrive."""
PLACED_ID = "lab-"
"""How the channel ids begin of calls that the lab places."""


@dataclass
class Call:
    """One channel of the city. Times are epoch seconds from the events' `Timestamp`."""

    id: str
    channel: str
    caller_id: str
    arrived_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    cause: int | None = None
    """The ISDN cause of its end (Q.850), as the city's Asterisk has it."""


@dataclass
class CityCall(Call):
    """A call that arrived from us for a subscriber."""

    number: str = ""
    """E.164 with its plus."""
    behaviour: Behaviour | None = None
    """`None` where the call was gone before the city had decided."""
    heard: Path | None = None
    """What the subscriber heard, where the city records: a WAV file, whole a moment after the end. Beside
    it, of a machine, what both sides said: `...-both.wav`."""


@dataclass
class PhoneCall(Call):
    """A call that arrived from us at an agent's phone."""

    agent: str = ""
    caller_name: str = ""
    """What the phone displays beside the number."""


@dataclass(frozen=True)
class Dialed:
    """A call that has ended. Times are epoch seconds."""

    answered_at: float | None
    ended_at: float
    cause: int
    recording: Path | None
    """What the one in the city heard: a whole WAV file; `None` where nobody answered."""

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @property
    def seconds(self) -> float:
        """From answer to end."""
        return self.ended_at - self.answered_at if self.answered_at is not None else 0.0


@dataclass(frozen=True)
class NumberForm:
    """How our trunks write a number for the carrier."""

    prefix: str = ""
    national: bool = False
    """8495... for 7495..."""

    def digits(self, dialed: str) -> str:
        """E.164 without its plus. The city's dialplan does the same."""
        digits = dialed.removeprefix(self.prefix).removeprefix("+")
        return "7" + digits[1:] if self.national and len(digits) == 11 and digits[0] == "8" else digits


class Ledger:
    """Fed with events by the city; read at any time, or waited on with `until`."""

    def __init__(self, form: NumberForm, heard: Path | None) -> None:
        self.calls: list[CityCall] = []
        self.phone_calls: list[PhoneCall] = []
        self.placed: dict[str, Call] = {}
        """Calls that the lab placed itself (inbound callers, phones that dial), by channel id."""
        self.registered: set[str] = set()
        """Phones that hold a registration now."""
        self._form = form
        self._heard = heard
        self._live: dict[str, Call] = {}
        self._changed = asyncio.Event()

    def by_behaviour(self) -> dict[str, int]:
        """How many calls the city saw, by kind of behaviour."""
        return dict(Counter(call.behaviour.kind if call.behaviour else "gone" for call in self.calls))

    def to(self, number: str) -> list[CityCall]:
        """The calls to one number, oldest first."""
        return [call for call in self.calls if call.number == number]

    async def until(self, found: Callable[[], Found | None], deadline: float = 10.0) -> Found:
        """Wait until `found` gives something true. Raises `TimeoutError` after `deadline` seconds."""
        async with asyncio.timeout(deadline):
            while not (value := found()):
                self._changed.clear()
                await self._changed.wait()
        return value

    def take(self, event: Event) -> None:
        """Write one event of the city down."""
        match event["Event"]:
            case "Newchannel":
                self._arrived(event)
            case "UserEvent" if event["UserEvent"] == "CityCall":
                call = self._live.get(event["Uniqueid"])
                if isinstance(call, CityCall):
                    call.behaviour = Behaviour.parse(event["Behaviour"])
            case "Newstate" if event["ChannelState"] == "6":
                if call := self._live.get(event["Uniqueid"]):
                    call.answered_at = float(event["Timestamp"])
            case "Hangup":
                if call := self._live.pop(event["Uniqueid"], None):
                    call.ended_at, call.cause = float(event["Timestamp"]), int(event["Cause"])
            case "Registry" if event["Username"].startswith("sip:agent-"):
                agent = event["Username"].removeprefix("sip:agent-").partition("@")[0]
                (self.registered.add if event["Status"] == "Registered" else self.registered.discard)(agent)
            case _:
                return
        self._changed.set()

    def _arrived(self, event: Event) -> None:
        ident, channel, caller = event["Uniqueid"], event["Channel"], event["CallerIDNum"]
        at = float(event["Timestamp"])
        call: Call
        if ident.startswith(PLACED_ID):
            call = self.placed[ident] = Call(ident, channel, caller, at)
        elif event["Context"] == FROM_US:
            call = CityCall(ident, channel, caller, at, number="+" + self._form.digits(event["Exten"]))
            if self._heard is not None:
                call.heard = self._heard / f"{ident}.wav"
            self.calls.append(call)
        elif event["Context"] == TO_PHONE:
            name = event["CallerIDName"].removeprefix("<unknown>")
            agent = event["Exten"].removeprefix("phone-")
            call = PhoneCall(ident, channel, caller, at, agent=agent, caller_name=name)
            self.phone_calls.append(call)
        else:
            return
        self._live[ident] = call
