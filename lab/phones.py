"""The agents' SIP phones: they live in the city and register with us under the agents' real passwords."""

from __future__ import annotations

from dataclasses import dataclass

from lab.behaviour import Behaviour, Kind
from lab.city import City
from lab.ledger import Dialed, PhoneCall


@dataclass(frozen=True)
class Answer:
    """Answers `after` seconds of ringing (0: at once), and hangs up after `talk` seconds (or never)."""

    after: float = 0.0
    talk: float | None = None


@dataclass(frozen=True)
class Reject:
    """Refuses: 486 (busy here) or 603 (decline)."""

    code: int = 486


@dataclass(frozen=True)
class RingOn:
    """Rings, and nobody comes. What every phone does until told otherwise."""


@dataclass(frozen=True)
class Vanish:
    """Unregisters, and answers nothing; any other way brings it back."""


Way = Answer | Reject | RingOn | Vanish


class Phones:
    """Every agent's phone, by the agent's name."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._vanished: set[str] = set()

    @property
    def names(self) -> list[str]:
        return sorted(self._city.site.agents)

    async def set(self, agent: str, way: Way) -> None:
        """From now on the phone does so; calls that it already has go on.

        Comes back when a phone that vanishes or comes back has unregistered or registered.
        """
        await self._city.remember(f"phone-{self._known(agent)}", _text(way))
        if isinstance(way, Vanish):
            self._vanished.add(agent)
            await self._city.registration(agent, wanted=False)
            await self._city.ledger.until(lambda: agent not in self._city.ledger.registered)
        elif agent in self._vanished:
            self._vanished.discard(agent)
            await self._city.registration(agent, wanted=True)
            await self._city.ledger.until(lambda: agent in self._city.ledger.registered)

    async def set_all(self, way: Way) -> None:
        for agent in self.names:
            await self.set(agent, way)

    async def registered(self, deadline: float = 20.0) -> None:
        """Wait until every phone that has not vanished is registered. Raises `TimeoutError`."""
        wanted = set(self.names) - self._vanished
        await self._city.ledger.until(lambda: wanted <= self._city.ledger.registered or None, deadline)

    async def register_anew(self) -> None:
        """Take every registration back and make it again: after our restart the phones do not know of it."""
        for wanted in (False, True):
            for agent in set(self.names) - self._vanished:
                await self._city.registration(agent, wanted)
            if not wanted:
                await self._city.ledger.until(lambda: self._city.ledger.registered <= self._vanished or None)
        await self.registered()

    async def hang_up(self, agent: str) -> None:
        """End what the phone has, ringing or talk; nothing happens where it has nothing."""
        await self._city.hang_up(rf"/^PJSIP\/phone-{self._known(agent)}-[0-9a-f]+$/")

    async def dial(self, agent: str, number: str, seconds: float = 30.0) -> Dialed:
        """Dial from the phone: a feature code, an extension. Comes back when the call has ended.

        The phone hangs up `seconds` after the answer, if the other side has not before.
        """
        extension = self._city.site.agents[self._known(agent)].extension
        return await self._city.place(f"phone-{agent}", number, extension, seconds)

    def calls(self, agent: str) -> list[PhoneCall]:
        """The calls that reached the phone, oldest first."""
        known = self._known(agent)
        return [call for call in self._city.ledger.phone_calls if call.agent == known]

    def _known(self, agent: str) -> str:
        if agent not in self._city.site.agents:
            raise KeyError(f"no agent {agent} in the site")
        return agent


def _text(way: Way) -> str:
    match way:
        case Answer(after, None):
            return str(Behaviour(Kind.TALKS_ON, after))
        case Answer(after, talk):
            return str(Behaviour(Kind.ANSWERS, after, talk or 0.0))
        case Reject(code):
            return str(Behaviour(Kind.REFUSED, code=code))
        case RingOn():
            return str(Behaviour(Kind.NO_ANSWER))
        case Vanish():
            return "vanished-0-0-0"
