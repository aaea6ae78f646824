"""A dialer that only places calls: what the daemon does, without the daemon."""

from __future__ import annotations

import asyncio
from typing import Self

from lab.ami import Ami, Event
from lab.pair import Pair


class Dialer:
    """Originates from ours under the daemon's AMI account, and knows how each call ended there."""

    def __init__(self, pair: Pair) -> None:
        ami = pair.site.system.ami
        self._trunk = pair.site.trunk_endpoint(next(iter(pair.site.trunks)))
        self._ended: dict[str, asyncio.Future[int]] = {}
        self._ami = Ami(ami.port, "perezvon_dialer", ami.secret.get_secret_value(), self._take)

    async def __aenter__(self) -> Self:
        await self._ami.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ami.close()

    def _take(self, event: Event) -> None:
        if event["Event"] == "Hangup" and (waiting := self._ended.get(event["Uniqueid"])):
            waiting.set_result(int(event["Cause"]))

    async def dial(
        self,
        number: str,
        timeout: float = 10.0,
        application: str = "Wait",
        data: str = "20",
        context: str | None = None,
    ) -> int:
        """Place one call into an application, or a context's `s`; the cause of its end as ours has it."""
        ident = f"test-{number}"
        self._ended[ident] = asyncio.get_running_loop().create_future()
        into = (
            {"Application": application, "Data": data}
            if context is None
            else {"Context": context, "Exten": "s", "Priority": "1"}
        )
        await self._ami.action(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{number}@{self._trunk}",
                "ChannelId": ident,
                "Timeout": str(int(timeout * 1000)),
                "CallerID": "+74951234567",
                "Async": "true",
                **into,
            }
        )
        return await self._ended[ident]
