"""Who was called and got no agent within `grace` leaves the queue for the message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ami_daemon.call import Call, CallState
from ami_daemon.changes import CallMoved, Change
from ami_daemon.link import ActionFailed, AmiLink
from config.models import Site

LAST_CHANCE = 1.0
"""Seconds in the queue that even those have whose time was over when it was known who they are: to the law
they are abandoned, and an agent who is free is better than the message."""
KEY = "D"
"""Leads out of the queue, in the context `perezvon-leave`."""
AGAIN = 0.25
"""Seconds until it is pressed again: between the call to an agent's phone and its ring Asterisk loses it.
Where it was heard the caller has left the queue by then."""
PRESSES = 4
"""At most: after them the dialplan's own limit ends the wait, a second later than it should."""


class Grace:
    """Presses the key exactly `grace` after the law's two seconds begin, as if the person had."""

    def __init__(self, site: Site, link: AmiLink, *, clock: Callable[[], float]) -> None:
        self._site, self._link, self._clock = site, link, clock

    def on_change(self, change: Change) -> Coroutine[Any, Any, None] | None:
        """What to do after a change, if anything."""
        match change:
            case CallMoved(call, new=CallState.WAITING) if not call.robot:
                return self._leave_in_time(call)
            case _:
                return None

    async def _leave_in_time(self, call: Call) -> None:
        now = self._clock()
        campaign = self._site.campaigns[call.campaign]
        begin = call.counted_from(campaign.rules)
        least = LAST_CHANCE if call.screened else 0.0
        await asyncio.sleep(max(least, (now if begin is None else begin) + campaign.grace - now))
        for _ in range(PRESSES):
            if call.state is not CallState.WAITING or call.channel is None:
                return
            try:
                headers = {"Channel": call.channel, "Digit": KEY, "Receive": "true"}
                await self._link.action("PlayDTMF", headers)
            except ActionFailed:
                if call.state is CallState.WAITING:  # else they left in this moment
                    raise
            await asyncio.sleep(AGAIN)
