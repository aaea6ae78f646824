"""The demo's daemon in this process, on a link that notes what is asked of Asterisk; and virtual callers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ami_daemon import events as ami
from ami_daemon.app import Daemon
from ami_daemon.changes import AgentMoved, Change
from ami_daemon.protocol import Message
from ami_daemon.waiting import Waiting
from config.forms import Language
from config.people import Group
from leads.inbound import CallbackKind, NewCallback
from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from store import CampaignState, Store, open_store
from tests.ami_daemon.test_metrics import a_site

NOON = datetime(2026, 3, 10, 9, tzinfo=UTC).timestamp()
"""A Tuesday, 12:00 in Moscow: the demo's campaigns may call."""
IVAN, VERA = "ivan", "vera"
"""The demo's agents of the group `support`."""
CALLBACKS = "callbacks"
WRAP_UP = 20


class Words:
    """Speech whose files are the names of what is said."""

    async def files(self, prompts: Sequence[Any], language: Language) -> list[str]:
        return [f"{language}/{prompt.name}" for prompt in prompts]


@dataclass
class Hall:
    """`asked`: what was asked of Asterisk. `now`: the daemon's clock. Agents serve `support` alone."""

    daemon: Daemon
    store: Store
    now: float = NOON
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    language: str = "ru"
    work: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.waiting = Waiting(self.daemon.dialer, self.daemon.hold, Words(), start=self.work.append)  # type: ignore[arg-type]
        self.waiting._calls_back = self.daemon.hold.calls_back

    # -- Asterisk --------------------------------------------------------------------------------

    async def action(self, name: str, headers: Mapping[str, str], **_: Any) -> Message:
        """In place of the link's."""
        if name == "Getvar":
            return Message(f"Response: Success\r\nValue: {self.language}".encode())
        self.asked.append((name, headers))
        return Message(b"Response: Success")

    async def handle(self, event: object) -> list[Change]:
        """An event, and what the daemon does about it."""
        changes = self.daemon.board.handle(event)
        for change in changes:
            self.waiting.on_change(change)
        await self.settle()
        return changes

    async def settle(self) -> None:
        while self.work:
            await self.work.pop(0)

    async def passes(self, seconds: float) -> None:
        """Time, and the look that comes each second at its end."""
        self.now += seconds
        self.daemon.board.tick(self.now)
        self.waiting._forecasts.look()
        await self.waiting.look()
        await self.settle()

    # -- callers ---------------------------------------------------------------------------------

    async def comes(self, channel: str, queue: str = "support") -> None:
        """A caller joins the queue's end."""
        last = len(self.daemon.board.lines.queues[queue]) + 1
        await self.handle(ami.QueueCallerJoin(self.now, f"PJSIP/{channel}", channel, queue, last, last))

    async def presses(self, channel: str, digit: str, direction: str = "Received") -> None:
        self.waiting._key(ami.DTMFEnd(self.now, channel, digit, direction))
        await self.settle()

    async def keeps_a_place(self, phone: str, since: float | None = None) -> int:
        """Somebody hung up and is to be called back in the turn of who came then (now)."""
        since = self.now if since is None else since
        new = NewCallback(
            CallbackKind.ASKED, CALLBACKS, CALLBACKS, phone, "support", "Support", "support", f"call-{phone}",
            due_at=since, place_since=since,
        )  # fmt: skip
        return (await self.store.callbacks.open(new, self.now)).id

    async def calls_in_vain(self, phone: str) -> None:
        """An attempt on the number that nobody answers; the next is due at once."""
        [lead] = await self.store.leads.find_by_phone(phone)
        [attempt] = await self.store.attempts.claim(
            self.daemon.epoch, CALLBACKS, "city", [lead.id], self.now, lambda: f"{next(self._ids):016x}"
        )
        await self.store.attempts.mark_sent(self.daemon.epoch, attempt.id, self.now)
        await self.store.attempts.finish(
            self.daemon.epoch, attempt.id, Outcome.NO_ANSWER, self.now, None, None,
            LeadMove(LeadState.SCHEDULED, self.now, "no answer"),
        )  # fmt: skip

    # -- agents ----------------------------------------------------------------------------------

    async def signs_in(self, agent: str, queue: str = "support") -> None:
        await self.handle(self._member(agent, "added", queue=queue))

    async def signs_out(self, agent: str) -> None:
        await self.handle(self._member(agent, "removed"))

    async def paused(self, agent: str, reason: str) -> list[Change]:
        return await self.handle(self._member(agent, "pause", reason))

    def _member(self, agent: str, kind: str, reason: str = "", queue: str = "support") -> ami.QueueMember:
        phone = f"PJSIP/agent-{agent}"
        return ami.QueueMember(
            self.now, kind, queue, agent, phone, 0, 0, 0, 1, False, 1, bool(reason), reason, 0
        )

    async def rings(self, agent: str, channel: str, queue: str = "support") -> None:
        await self.handle(ami.AgentCalled(self.now, channel, f"leg-{channel}", queue, f"PJSIP/agent-{agent}"))

    async def talks(self, agent: str, channel: str, queue: str = "support") -> None:
        """The caller leaves the line, and has the agent."""
        await self.rings(agent, channel, queue)
        await self.handle(ami.QueueCallerLeave(self.now, channel, queue, 0))
        await self.handle(
            ami.AgentConnect(self.now, channel, f"leg-{channel}", queue, f"PJSIP/agent-{agent}", 0, 0)
        )

    async def talk_ends(self, agent: str, channel: str) -> list[Change]:
        """The wrap-up begins."""
        changes = await self.handle(
            ami.AgentComplete(
                self.now, channel, f"leg-{channel}", "support", f"PJSIP/agent-{agent}", 1, "caller"
            )
        )
        assert [one.new for one in changes if isinstance(one, AgentMoved)] == ["wrap_up"]
        return changes

    # -- what came of it -------------------------------------------------------------------------

    def whispers(self) -> list[tuple[str, list[str]]]:
        """To whom was spoken, and what was said; each is given once."""
        said = [headers["Variable"] for name, headers in self.asked if name == "Originate"]
        self.asked = [one for one in self.asked if one[0] != "Originate"]
        found = []
        for variables in said:
            whom, _, what = variables.removeprefix("__PZ_WHOM=").partition(",PZ_SAY=")
            found.append((whom, what.split("&")))
        return found

    def led_out(self) -> list[tuple[str, str, str]]:
        """Channel, key, and the group that they go to."""
        to = {
            h["Channel"]: h["Value"]
            for name, h in self.asked
            if name == "Setvar" and h["Variable"] == "PZ_TO"
        }
        return [(h["Channel"], h["Digit"], to[h["Channel"]]) for name, h in self.asked if name == "PlayDTMF"]


@asynccontextmanager
async def a_hall(tmp_path: Path, **groups: dict[str, object]) -> AsyncIterator[Hall]:
    """The demo's site with these keys in its groups, and the campaign for call-backs running."""
    demo = a_site(tmp_path, 1)
    bare: dict[str, object] = {
        "announce_every": None,
        "callback": None,
        "messages": [],
        "surge": None,
        "wrap_up": f"{WRAP_UP}s",
    }
    changed = {
        name: Group.model_validate(group.model_dump(mode="json") | bare | groups.get(name, {}))
        for name, group in demo.groups.items()
    }
    site = demo.model_copy(update={"groups": changed})
    async with open_store(site.system.database) as store:
        epoch = await store.lease.acquire("test", NOON, 3600.0)
        daemon = Daemon(site, store, epoch, clock=lambda: hall.now)
        hall = Hall(daemon, store)
        for agent in (IVAN, VERA):
            daemon.orders.queues[agent] = {"support": 0}
        daemon.link.action = hall.action  # type: ignore[assignment,method-assign]  # no Asterisk here
        await daemon.dialer.load()
        await daemon.dialer.set_state(CALLBACKS, CampaignState.RUNNING, "test")
        yield hall
        await hall.settle()
