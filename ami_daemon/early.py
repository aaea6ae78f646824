"""What is heard before the answer: busy tones, the tones of a dead number, announcements.

While a call that is to be screened rings with sound (183), a channel of ours listens to it: the ear at its
one end, `ChanSpy()` on the call at the other. The call itself is as it would be without; where anything fails
it rings on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from ami_daemon import events as ami
from ami_daemon.call import UNANSWERED, Call, CallState
from ami_daemon.changes import CallEnded, CallMoved, Change, EarlyHeard
from ami_daemon.dialer import Dialer
from ami_daemon.link import ActionFailed
from sounds.ear import HOST, Listened, Phase, socket_id
from sounds.screening import Heard

log = structlog.get_logger("early")

AT_ONCE = 200
"""Calls that are listened to at one time, at most: those that were answered need the ear more."""

CAUSES = {Heard.BUSY: 17, Heard.SIT: 20, Heard.MACHINE: 20}
"""The Q.850 cause that a call is ended with: user busy, subscriber absent."""


class Early:
    """Has a listener for each call that rings with sound, and ends calls that will never be answered."""

    def __init__(self, dialer: Dialer, *, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._site, self._board, self._link = dialer.site, dialer.board, dialer.link
        self._start, self._clock = start, dialer.clock
        self._listening: dict[str, float] = {}
        """Attempts, each with when it began to ring with sound."""
        self._link.on(ami.DialState, self._progress)

    def expects(self, attempt: str) -> bool:
        """Whether the ear may be asked to listen to the attempt."""
        return attempt in self._listening

    def on_change(self, change: Change) -> Coroutine[Any, Any, None] | None:
        """What to do after a change, if anything."""
        match change:
            case CallMoved(call, new=CallState.ANSWERED) if call.attempt in self._listening:
                del self._listening[call.attempt]
                return self._leave(call)
            case CallEnded(call):  # its listener goes with it
                self._listening.pop(call.attempt, None)
            case EarlyHeard(call, Heard.MACHINE):
                if call.ringing_at is None:  # else a phone rings (180), with words for a melody
                    return self._end_in_time(call)
            case EarlyHeard(call, heard):
                return self._end(call, heard)
        return None

    async def decided(self, listened: Listened) -> None:
        """The ear has a verdict: the listener's dialplan tells it to all who hear Asterisk's events."""
        headers = {
            "Channel": self._channel(listened.attempt),
            "Variable": "PZ_HEARD",
            "Value": str(listened.verdict.heard),
        }
        with suppress(ActionFailed):  # the call is over, and its listener with it
            await self._link.action("Setvar", headers)

    def _channel(self, attempt: str) -> str:
        return f"pze-{self._site.system.name}-{attempt}"

    def _progress(self, event: ami.DialState) -> None:
        attempt = event.dest_uniqueid.removeprefix(self._board.prefix)
        call = self._board.calls.get(attempt)
        if (
            event.status == "PROGRESS"
            and call is not None
            and call.state in UNANSWERED
            and call.screened
            and attempt not in self._listening
            and self._has_room()
        ):
            self._listening[attempt] = event.at
            self._start(self._listen(attempt))

    def _has_room(self) -> bool:
        if len(self._listening) >= AT_ONCE:  # some may have ended while the link was down, unheard
            self._listening = {one: at for one, at in self._listening.items() if one in self._board.calls}
        return len(self._listening) < AT_ONCE

    async def _listen(self, attempt: str) -> None:
        system = self._site.system
        named = socket_id(self._site.ear_token, Phase.EARLY, attempt)
        await self._link.action(
            "Originate",
            {
                "Channel": f"AudioSocket/{HOST}:{system.ear_port}/{named}",
                "ChannelId": self._channel(attempt),
                "Context": "perezvon-early",
                "Exten": "listen",
                "Priority": "1",
                "Timeout": "3000",
                "Async": "true",
                "Codecs": "slin",
                "Variable": f"PZ_ATTEMPT={attempt}",
            },
        )

    async def _leave(self, call: Call) -> None:
        """Somebody answered: who they are is heard on the call itself."""
        with suppress(ActionFailed):  # it has heard enough in this moment
            await self._link.action("Hangup", {"Channel": self._channel(call.attempt)})

    async def _end_in_time(self, call: Call) -> None:
        """Words are no proof that no phone rings: it rings for as long as the law wants."""
        ring = self._site.campaigns[call.campaign].rules.ring
        now = self._clock()
        await asyncio.sleep(max(0.0, self._listening.get(call.attempt, now) + ring - now))
        if call.state in UNANSWERED and call.ringing_at is None:  # "please hold the line", and it does ring
            await self._end(call, Heard.MACHINE)

    async def _end(self, call: Call, heard: Heard) -> None:
        channel = self._board.prefix + call.attempt
        with suppress(ActionFailed):  # it has ended by itself
            # An answer may be on its way to us: Asterisk knows it first.
            state = await self._link.action("Getvar", {"Channel": channel, "Variable": "CHANNEL(state)"})
            if state.text("Value", "") == "Up":
                return
            await self._link.action("Hangup", {"Channel": channel, "Cause": str(CAUSES[heard])})
            log.info("ended_before_answer", attempt=call.attempt, heard=str(heard))
