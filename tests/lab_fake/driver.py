"""A plain AMI client that writes down the dialogue, for the recorder and for the fake's own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

Fields = list[tuple[str, str]]
NOISE = frozenset(
    {
        "ChallengeSent",
        "ContactStatus",
        "InvalidAccountID",
        "InvalidPassword",
        "MusicOnHoldStart",
        "MusicOnHoldStop",
        "Newexten",
        "RTCPReceived",
        "RTCPSent",
        "SuccessfulAuth",
        "TestEvent",
        "VarSet",
    }
)
"""Events that our account filters out, or that the daemon has no use for."""


@dataclass(frozen=True)
class Block:
    """One message of a dialogue; `sent` is true for the client's own."""

    sent: bool
    fields: Fields

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    @property
    def name(self) -> str:
        """`Event: Hangup`, `Response: Success`, `Action: Ping`, or the banner."""
        key, value = self.fields[0]
        return f"{key}: {value}" if key in ("Event", "Response", "Action") else key


class Driver:
    """Sends actions, waits for what comes, keeps all of it in `log`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.log: list[Block] = []
        self.recording = True
        self._reader, self._writer = reader, writer
        self._changed = asyncio.Event()
        self._seen = 0
        self._inbox: list[Block] = []
        self._number = 0
        self.closed = False
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, port: int) -> Driver:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def _read(self) -> None:
        try:
            banner = (await self._reader.readline()).decode().strip()
            self._take(Block(False, [(banner, "")]))
            while True:
                fields: Fields = []
                while (line := (await self._reader.readline()).decode()) not in ("\r\n", ""):
                    name, _, value = line.rstrip("\r\n").partition(":")
                    fields.append((name, value.removeprefix(" ")))
                if not line:
                    break
                self._take(Block(False, fields))
        except ConnectionError:
            pass
        self.closed = True
        self._changed.set()

    def _take(self, block: Block) -> None:
        if (block.get("Event") or "") in NOISE:
            return
        self._inbox.append(block)
        if self.recording:
            self.log.append(block)
        self._changed.set()

    async def wait(self, wanted: Callable[[Block], bool], timeout: float = 20.0) -> Block:
        """The next message, after the last one waited for, that is wanted."""
        async with asyncio.timeout(timeout):
            while True:
                while self._seen < len(self._inbox):
                    block = self._inbox[self._seen]
                    self._seen += 1
                    if wanted(block):
                        return block
                if self.closed:
                    raise ConnectionResetError("the link was closed")
                self._changed.clear()
                await self._changed.wait()

    async def event(self, name: str, **where: str) -> Block:
        return await self.wait(
            lambda b: b.get("Event") == name and all(b.get(k) == v for k, v in where.items())
        )

    def send(self, action: str, **headers: str) -> str:
        """Write an action and return its id."""
        self._number += 1
        action_id = headers.setdefault("ActionID", f"a{self._number}")
        fields = [("Action", action), *((k.replace("_", "-"), v) for k, v in headers.items())]
        if self.recording:
            self.log.append(Block(True, fields))
        self._writer.write("".join(f"{k}: {v}\r\n" for k, v in fields).encode() + b"\r\n")
        return action_id

    async def ask(self, action: str, **headers: str) -> Block:
        """Send an action and wait for its response (and for the end of its list, if it gives one)."""
        start = self._seen
        action_id = self.send(action, **headers)
        found = await self.wait(lambda b: b.get("ActionID") == action_id and b.get("Response") is not None)
        if found.get("EventList") == "start":
            await self.wait(lambda b: b.get("ActionID") == action_id and b.get("EventList") == "Complete")
        self._seen = start if action == "Originate" else self._seen
        return found

    async def close(self) -> None:
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
