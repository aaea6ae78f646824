"""What is done for callers while they wait.

They hear their place and the expected wait, may ask to be called back, and go to another group when theirs
has too many. They never leave the queue to hear something: a second channel whispers to them, over the music.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from agi.desk import Turn
from ami_daemon import events as ami
from ami_daemon.agent import AgentState
from ami_daemon.changes import Change, Inbound
from ami_daemon.dialer import Dialer
from ami_daemon.forecast import Forecasts
from ami_daemon.hold import Hold
from ami_daemon.link import ActionFailed, LinkError, LinkState
from config.forms import Language
from sounds.catalogue import LANGUAGES
from sounds.phrase import KEYS, Prompt
from sounds.speech import Speech
from sounds.waiting import place, wait

log = structlog.get_logger("waiting")

SETTLE = 1.0
"""Seconds in the queue before anything is said: whoever is served at once needs no announcement."""

SPEECH = 15.0
"""Seconds that an announcement may take: none begins so shortly before a message of the queue's."""

OTHER_GROUP, CALL_BACK = "B", "C"
"""Keys of the context `perezvon-leave` that the daemon presses."""


@dataclass(slots=True)
class _Caller:
    """Somebody who waits; `said_at` is when the last announcement began."""

    said_at: float | None = None
    whisper: str | None = None
    """Id of the channel that speaks to them now."""
    music: float | None = None
    """Since when they hear music; None: not now, so a message of the queue's."""
    moved: bool = False
    """Was sent to another group once: never again, so that nobody goes in circles."""


class Waiting:
    """Looks at who waits, once a second and as they press keys."""

    def __init__(
        self,
        dialer: Dialer,
        hold: Hold,
        speech: Speech,
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._site, self._board, self._link = dialer.site, dialer.board, dialer.link
        self._store = dialer.store
        self._clock, self._new_id, self._start = dialer.clock, dialer.new_id, start
        self._speech, self._calls_back = speech, hold.calls_back
        self._forecasts = Forecasts(self._site, self._board, self._store, hold.kept, clock=self._clock)
        self._callers: dict[str, _Caller] = {}
        self._link.on(ami.DTMFEnd, self._key)
        self._link.on(ami.MusicOnHoldStart, lambda event: self._music(event.uniqueid, event.at))
        self._link.on(ami.MusicOnHoldStop, lambda event: self._music(event.uniqueid, None))

    async def run(self) -> None:
        """Serve waiting callers until cancelled."""
        await self._forecasts.read()
        while True:
            self._forecasts.look()
            if self._link.state is LinkState.LIVE:
                await self.look()
            await asyncio.sleep(1.0)

    async def look(self) -> None:
        """Send away whom a surge moves, and tell those for whom it is time."""
        self._tidy()
        for group in self._site.groups:
            if self._board.lines.queues.get(group):
                await self._surge(group)
                await self._announce(group)

    def on_change(self, change: Change) -> None:
        """An announcement ends when an agent has the caller."""
        self._forecasts.hear(change)
        match change:
            case Inbound("inbound_connect", _, channel, _, _):
                if (caller := self._callers.get(channel)) and caller.whisper:
                    self._start(self._hush(caller.whisper))

    def _tidy(self) -> None:
        self._callers = {c: state for c, state in self._callers.items() if c in self._board.lines.first}

    def _rung(self) -> set[str | None]:
        return {a.call for a in self._board.agents.values() if a.state is AgentState.RINGING}

    def _music(self, channel: str, since: float | None) -> None:
        if channel in self._board.lines.first:
            self._callers.setdefault(channel, _Caller()).music = since

    def _is_quiet(self, group: str, caller: _Caller) -> bool:
        """Whether no message of the queue's is heard, nor will be while something is said."""
        what = self._site.groups[group]
        if not what.messages:
            return True
        return caller.music is not None and self._clock() < caller.music + max(
            2.0, what.messages_every - SPEECH
        )

    # -- place and wait --------------------------------------------------------------------------

    async def _announce(self, group: str) -> None:
        rung, now, every = self._rung(), self._clock(), self._site.groups[group].announce_every
        for channel in list(self._board.lines.queues[group]):
            caller = self._callers.setdefault(channel, _Caller())
            due = self._board.lines.first.get(channel, now) + SETTLE
            if caller.said_at is not None:
                due = caller.said_at + every if every else now + 1
            if now >= due and channel not in rung and self._is_quiet(group, caller):
                caller.said_at = now
                self._start(self._tell(channel, group, caller))

    async def _tell(self, channel: str, group: str, caller: _Caller) -> None:
        await self._whisper(channel, group, caller, await self._words(channel, group))

    async def _whisper(self, channel: str, group: str, caller: _Caller, prompts: Sequence[Prompt]) -> None:
        if not prompts or channel not in self._board.lines.queues[group] or channel in self._rung():
            return
        files = await self._speech.files(prompts, await self._language(channel))
        whisper = f"pzw-{self._site.system.name}-{self._new_id()}"
        with suppress(ActionFailed):  # they are gone, or have an agent
            await self._link.action(
                "Originate",
                {
                    "Channel": "Local/spy@perezvon-tell/n",
                    "ChannelId": whisper,
                    "Context": "perezvon-tell",
                    "Exten": "say",
                    "Priority": "1",
                    "Timeout": "3000",
                    "Async": "true",
                    "Variable": f"__PZ_WHOM={channel},PZ_SAY={'&'.join(files)}",
                },
            )
            caller.whisper = whisper

    async def _words(self, channel: str, group: str) -> list[Prompt]:
        """The place and the wait where they can be told, and the key for a call-back."""
        what, said = self._site.groups[group], []
        line = [waiter.channel for waiter in self._forecasts.line(group)]
        if what.announce_every is not None and channel in line:
            forecast = await self._forecasts.forecast(group, len(line))
            said.append(Prompt("queue-busy") if forecast is None else place(line.index(channel) + 1))
            if forecast is not None:
                seconds = forecast.median(line.index(channel) + 1)
                said.append(wait(seconds))
                log.info("told_wait", call=channel, group=group, place=line.index(channel) + 1, wait=seconds)
                with suppress(LookupError):  # a call that is in no books
                    await self._store.inbound.tell_wait(channel, seconds)
        if self._calls_back(group) and not await self._is_listed(channel):
            key = Prompt(KEYS[what.callback_key])
            said += [Prompt("callback-offer"), key, Prompt("callback-promise")]
        return said

    async def _is_listed(self, channel: str) -> bool:
        """Whether the caller may not be called; the key still works, as they may type another number."""
        call = await self._store.inbound.get(channel)
        if call is None or call.number is None:
            return False
        return await self._store.do_not_call.get(call.number) is not None

    async def _language(self, channel: str) -> Language:
        """The language that the caller has chosen, or that their line has."""
        with suppress(ActionFailed):
            got = await self._link.action("Getvar", {"Channel": channel, "Variable": "CHANNEL(language)"})
            chosen = got.text("Value", "")
            if found := next((one for one in LANGUAGES if one == chosen), None):
                return found
        return self._site.system.language

    async def _hush(self, whisper: str) -> None:
        with suppress(ActionFailed):  # it has spoken to its end
            await self._link.action("Hangup", {"Channel": whisper})

    # -- keys ------------------------------------------------------------------------------------

    def _key(self, event: ami.DTMFEnd) -> None:
        """A caller's own keys lead nowhere in a queue: what they mean is decided here."""
        channel = event.uniqueid
        group = self._board.lines.group_of(channel)
        if group is None or event.direction != "Received":
            return
        what = self._site.groups[group]
        if what.callback is None or event.digit != what.callback_key:
            return
        caller = self._callers.setdefault(channel, _Caller())
        if caller.whisper:
            self._start(self._hush(caller.whisper))
        if self._calls_back(group):
            self._start(self._lead_out(channel, CALL_BACK, group, group))
        else:  # the campaign is stopped, or this is not its hour
            self._start(self._whisper(channel, group, caller, [Prompt("callback-not-now")]))

    async def _lead_out(self, channel: str, key: str, group: str, to: str) -> None:
        """Out of the queue; on coming back they have the place of when they first joined."""
        try:
            for name, value in (("PZ_PLACE", self._board.lines.place(channel, to)), ("PZ_TO", to)):
                headers = {"Channel": channel, "Variable": name, "Value": str(value)}
                await self._link.action("Setvar", headers)
            await self._link.action(
                "PlayDTMF", {"Channel": channel, "Digit": key, "Duration": "100", "Receive": "true"}
            )
            log.info("led_out", call=channel, group=group, to=to, key=key)
        except ActionFailed:
            pass  # they are gone, or have an agent
        except LinkError as error:
            # Whoever waits goes on waiting; this must not end the loop over all groups.
            log.warning("not_led_out", call=channel, group=group, to=to, why=str(error))

    def turn(self, channel: str) -> Turn | None:
        """The place that a caller has in line, or comes back to."""
        entry, since = self._board.inbound.get(channel), self._board.lines.first.get(channel)
        if entry is None or since is None:
            return None
        line = self._board.lines.place(channel, entry[0])
        return Turn(entry[0], since, line)

    # -- another group ---------------------------------------------------------------------------

    async def _surge(self, group: str) -> None:
        """Send the last in line to the other group while the rule holds and they wait less there."""
        if (surge := self._site.groups[group].surge) is None:
            return
        rung = self._rung()
        for channel in reversed(self._board.lines.queues[group]):
            caller = self._callers.setdefault(channel, _Caller())
            if caller.moved or channel in rung:
                continue
            at = self._board.lines.place(channel, group)
            here = await self._forecasts.forecast(group, at)
            if channel not in self._board.lines.queues[group]:
                return
            many = surge.waiting is not None and at >= surge.waiting
            late = surge.wait is not None and (here is None or here.median(at) >= surge.wait)
            if not many and not late:
                return
            there = len(self._forecasts.line(surge.group)) + 1
            other = await self._forecasts.forecast(surge.group, there)
            full = there > self._site.groups[surge.group].max_waiting
            if full or other is None or (here is not None and other.median(there) >= here.median(at)):
                return
            caller.moved = True
            await self._lead_out(channel, OTHER_GROUP, group, surge.group)
