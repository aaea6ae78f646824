"""The fake Asterisk as a program: AMI on TCP in front of a `Switch`, and the faults that tests ask for."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import cast

from config.models import Site

from .actions import AMI_VERSION, Action, answer
from .behaviour import Phone, Subscriber
from .channel import Channel
from .clock import LoopClock
from .floor import FakeCall
from .queue import Queue, QueueOptions
from .switch import Campaign, Switch

USER = "perezvon_dialer"


@dataclass
class Faults:
    """What goes wrong on the wire, until it is switched off again. Counts run down as they are used."""

    swallow_replies: int = 0
    swallow_originate_responses: int = 0
    delay: float = 0.0
    split: random.Random | None = None
    refuse_logins: bool = False


@dataclass
class Behaviours:
    """What the world does: `subscriber` by called number; phones by agent, others get `phone`."""

    subscriber: Callable[[str], Subscriber]
    phone: Phone = field(default_factory=Phone)
    phones: Mapping[str, Phone] = field(default_factory=dict)
    message_seconds: float = 1.0


class FakeAsterisk:
    """Make it inside the loop it runs on; the loop decides whether its time is real or virtual.

    `agents` maps an agent to the queues they sign in to, with their penalty there.
    """

    def __init__(
        self,
        behaviours: Behaviours,
        agents: Mapping[str, Mapping[str, int]],
        queues: Mapping[str, QueueOptions],
        campaigns: dict[str, Campaign],
        *,
        trunks: Collection[str] = ("city",),
        system: str = "ours",
        secret: str = "secret",  # noqa: S107 - a fake's own
        cel: Path | None = None,
    ) -> None:
        self.clock = LoopClock()
        self.system, self.secret, self.agents = system, secret, agents
        self.faults = Faults()
        self.started_at = self.clock.now()
        self.sessions: set[Session] = set()
        self.actions: Counter[str] = Counter()
        self.port = 0
        self._server: asyncio.Server | None = None
        phones = {agent: behaviours.phones.get(agent, behaviours.phone) for agent in agents}
        self.switch = Switch(
            self.clock, self._emit, behaviours.subscriber, phones, campaigns, trunks, system=system, cel=cel
        )
        for name, options in queues.items():
            self.switch.queues[name] = Queue(self.switch, name, options)

    @classmethod
    def from_site(cls, site: Site, behaviours: Behaviours, *, cel: Path | None) -> FakeAsterisk:
        """Queues, campaigns, trunks and phones of a whole site, with its AMI secret.

        `cel` is where the daemon looks for it: `<log_dir>/cel-custom/perezvon.csv`.
        """
        members = {group: site.members(group) for group in site.groups}
        agents = {
            agent: {group: found[agent] for group, found in members.items() if agent in found}
            for agent in site.agents
        }
        queues = {
            name: QueueOptions(group.strategy, ceil(group.ring_time), ceil(group.wrap_up))
            for name, group in site.groups.items()
        }
        campaigns = {
            name: Campaign(
                campaign.group,
                ceil(campaign.grace + 1),
                behaviours.message_seconds,
                campaign.max_talk,
                campaign.screened,
            )
            for name, campaign in site.campaigns.items()
        }
        return cls(
            behaviours,
            agents,
            queues,
            campaigns,
            trunks=site.trunks,
            system=site.system.name,
            secret=site.system.ami.secret.get_secret_value(),
            cel=cel,
        )

    @property
    def ledger(self) -> list[FakeCall]:
        """Every call that reached a subscriber's carrier, in the order of placing."""
        return self.switch.ledger

    async def start(self, port: int = 0) -> None:
        """Listen; after a `kill` this is the restart, with a new startup time, on the same port."""
        loop = asyncio.get_running_loop()
        self.started_at = self.clock.now()
        self._server = await loop.create_server(lambda: Session(self), "127.0.0.1", port or self.port)
        sockets = getattr(self._server, "sockets", None)
        self.port = sockets[0].getsockname()[1] if sockets else getattr(self._server, "port", 0)

    async def stop(self) -> None:
        """End as `core stop now` does, and let everything go."""
        self.kill()
        self.switch.cel.close()
        if self._server is not None:
            await self._server.wait_closed()

    def kill(self) -> None:
        """Die without a word: no event, no CEL line. `start` brings it back with its queue members only."""
        if self._server is not None:
            self._server.close()
        self.drop_link()
        self.switch.die()

    def drop_link(self) -> None:
        """Cut every manager connection; calls go on."""
        for session in list(self.sessions):
            session.abort()

    def garbage(self, data: bytes) -> None:
        """Write raw bytes to every session."""
        for session in self.sessions:
            session.write(data)

    def flood(self, count: int) -> None:
        """`count` events that nobody needs, at once."""
        for number in range(count):
            self._emit("user", "UserEvent", f"UserEvent: Flood\r\nNumber: {number}\r\n")

    # -- the world -------------------------------------------------------------------------------

    def hang_up(self, who: str) -> None:
        """A person ends their newest call: a called number, or an agent's endpoint (`agent-ivanov`)."""
        ids = {call.channel_id for call in self.ledger if call.number == who and not call.how}
        for channel in reversed(self.switch.channels.values()):
            if channel.uniqueid in ids or channel.device == f"PJSIP/{who}":
                channel.leave(True, 0)
                return
        raise LookupError(f"{who} is on no call")

    def register(self, agent: str, there: bool) -> None:
        """An agent's phone registers, or vanishes."""
        self.switch.register(agent, there)

    def sign_in(self, agent: str, *, ready: bool = False) -> None:
        """What the feature code does: into all the agent's queues, paused."""
        for queue, penalty in self.agents[agent].items():
            reason = "" if ready else "signed_in"
            self.switch.queues[queue].add(f"PJSIP/agent-{agent}", agent, penalty, not ready, reason)

    def inbound(self, trunk: str, number: str, caller: str, group: str, max_wait: int = 600) -> Channel:
        """A caller arrives; `leave(True, 0)` of the channel hangs up. `max_wait` is in seconds."""
        return self.switch.inbound(trunk, number, caller, group, max_wait)

    def _emit(self, privilege: str, name: str, body: str) -> None:
        if name == "OriginateResponse" and self.faults.swallow_originate_responses > 0:
            self.faults.swallow_originate_responses -= 1
            return
        at = self.clock.now()
        data = (
            f"Event: {name}\r\nPrivilege: {privilege},all\r\nTimestamp: {at:.6f}\r\n"
            f"SystemName: {self.system}\r\n{body}\r\n"
        ).encode()
        for session in self.sessions:
            if session.logged_in and (session.wanted is None or privilege in session.wanted):
                session.write(data)


class Session(asyncio.Protocol):
    """One manager connection."""

    def __init__(self, fake: FakeAsterisk) -> None:
        self.fake = fake
        self.logged_in = False
        self.wanted: frozenset[str] | None = None
        self._buffer = b""
        self._out: list[bytes] = []
        self._challenge = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.fake.sessions.add(self)
        self.write(f"Asterisk Call Manager/{AMI_VERSION}\r\n".encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.fake.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        *actions, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for text in actions:
            if self._transport.is_closing():
                return
            self._act(parse(text.decode(errors="replace")))

    def _act(self, action: Action) -> None:
        self.fake.actions[action.name] += 1
        match action.name.lower():
            case "challenge":
                self._challenge = str(random.randrange(10**8, 10**9))
                self.reply(action, "Success", Challenge=self._challenge)
            case "login":
                self._login(action)
            case _ if self.logged_in:
                answer(self.fake, self, action)
            case _:
                self.reply(action, "Error", Message="Permission denied")

    def _login(self, action: Action) -> None:
        fake = self.fake
        digest = hashlib.md5((self._challenge + fake.secret).encode(), usedforsecurity=False).hexdigest()
        if action.get("AuthType").lower() == "md5":
            right = bool(self._challenge) and action.get("Key") == digest
        else:
            right = action.get("Secret") == fake.secret
        if not right or action.get("Username") != USER or fake.faults.refuse_logins:
            self.reply(action, "Error", Message="Authentication failed")
            self.close()
            return
        self.logged_in = True
        self.reply(action, "Success", Message="Authentication accepted")
        up = int(fake.clock.now() - fake.started_at)
        self.item(
            "FullyBooted",
            f"Privilege: system,all\r\nUptime: {up}\r\nLastReload: {up}\r\nStatus: Fully Booted\r\n",
        )

    # -- writing -----------------------------------------------------------------------------------

    @staticmethod
    def action_id(action: Action) -> str:
        """The header that a reply and its list carry, or nothing."""
        return f"ActionID: {action.get('ActionID')}\r\n" if action.get("ActionID") else ""

    def reply(self, action: Action, response: str, **headers: str) -> None:
        if self.fake.faults.swallow_replies > 0:
            self.fake.faults.swallow_replies -= 1
            return
        rest = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.write(f"Response: {response}\r\n{self.action_id(action)}{rest}\r\n".encode())

    def start_list(self, action: Action, message: str) -> None:
        self.reply(action, "Success", EventList="start", Message=message)

    def item(self, event: str, body: str) -> None:
        """An event of a list: it goes to this session alone and has no time."""
        self.write(f"Event: {event}\r\n{body}\r\n".encode())

    def end_list(self, action: Action, event: str, items: int) -> None:
        self.item(event, f"{self.action_id(action)}EventList: Complete\r\nListItems: {items}\r\n")

    def write(self, data: bytes) -> None:
        """What one turn of the loop says leaves in one write (or in pieces, as `faults` has it)."""
        if not self._out:
            loop = asyncio.get_running_loop()
            if self.fake.faults.delay:
                loop.call_later(self.fake.faults.delay, self._flush)
            else:
                loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        data = b"".join(self._out)
        self._out.clear()
        if self._transport.is_closing():
            return
        if (split := self.fake.faults.split) is None or len(data) < 2:
            self._transport.write(data)
            return
        cut = split.randrange(1, len(data))
        self._transport.write(data[:cut])
        self._out.append(data[cut:])
        asyncio.get_running_loop().call_soon(self._flush)

    def close(self) -> None:
        """Close after what is already said."""
        asyncio.get_running_loop().call_soon(self._transport.close)

    def abort(self) -> None:
        self.fake.sessions.discard(self)
        self._transport.abort()


def parse(text: str) -> Action:
    """One action from its lines (without the blank one)."""
    headers: dict[str, str] = {}
    variables: dict[str, str] = {}
    for line in text.replace("\r", "").split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "variable":
            for pair in value.split(","):
                key, _, content = pair.strip().partition("=")
                variables[key] = content
        elif name.strip():
            headers[name.strip().lower()] = value.strip()
    return Action(headers.get("action", ""), headers, variables)
