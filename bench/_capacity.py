"""How many calls the ear screens at once on one core: clips by real TCP, in real time, from another process.

The lag of a frame is from the moment it is sent to the moment the screen has taken it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import resource
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import quantiles
from uuid import UUID

from bench._clip_make import Clip
from lab import sound
from sounds import audiosocket, ear
from sounds.screening import FRAME_BYTES, FRAME_S, Screen, Verdict

SECONDS, WARM = 20.0, 3.0
"""How long is measured, and how long before that is not."""
_TOKEN = "0123456789ab"
_taken: dict[str, list[float]] = {}
_times_of: dict[int, list[float]] = {}  # by the trace, which is all that the ear hands on of a screen


class _Timed(Screen):
    """Notes when it has taken each frame."""

    def __init__(self, *, early: bool = False) -> None:
        super().__init__(early=early)
        self.times: list[float] = []
        _times_of[id(self.trace)] = self.times

    def push(self, sound: bytes) -> Verdict | None:
        verdict = super().push(sound)
        self.times.append(time.monotonic())
        return verdict


def _serve(loop: str, pipe: Pipe) -> None:
    """The ear, on one core of its own as far as the machine has several."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    vars(ear)["Screen"] = _Timed

    async def decided(listened: ear.Listened) -> None:
        _taken[listened.attempt] = _times_of.pop(id(listened.trace), [])

    async def main() -> None:
        server = ear.Ear(_TOKEN, lambda phase, attempt: True, decided)
        pipe.send(await server.start(0))
        await asyncio.to_thread(pipe.recv)
        before = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.to_thread(pipe.recv)
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send((used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, _taken))
        await server.stop()

    if loop == "uvloop":
        import uvloop  # an extra

        uvloop.run(main())
    else:
        asyncio.run(main())


@dataclass
class _Line:
    """A telephone line that has one call after the other screened."""

    port: int
    clips: Sequence[bytes]
    rng: random.Random
    serial: int
    line: socket.socket | None = None
    attempt: str = ""
    sound: bytes = b""
    at: int = 0
    sent: dict[str, list[float]] = field(default_factory=dict)

    def call(self) -> socket.socket:
        self.attempt = f"{self.rng.getrandbits(64):016x}"
        self.sound, self.at = self.clips[self.rng.randrange(len(self.clips))], 0
        self.sent[self.attempt] = []
        opened = socket.create_connection(("127.0.0.1", self.port))
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = UUID(ear.socket_id(_TOKEN, ear.Phase.SCREEN, self.attempt)).bytes
        opened.sendall(bytes((1, 0, 16)) + name)
        return opened

    def step(self) -> None:
        """The next 20 ms, of the next call where this one is decided."""
        self.line = line = self.line or self.call()
        try:
            if line.recv(4096)[:3] in (audiosocket.HANGUP, b""):
                line.close()
                self.line = None
                return
        except BlockingIOError:
            pass
        frame = self.sound[self.at : self.at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        self.at += FRAME_BYTES
        self.sent[self.attempt].append(time.monotonic())
        line.send(audiosocket.sound(frame))


def _send(lines: Sequence[_Line], seconds: float) -> float:
    """All lines in turn, evenly over each 20 ms; the worst lateness of our own in 99 of 100 frames."""
    late = []
    began = time.monotonic()
    for turn in range(int(seconds / FRAME_S)):
        for n, line in enumerate(lines):
            due = began + (turn + n / len(lines)) * FRAME_S
            if (ahead := due - time.monotonic()) > 0:
                time.sleep(ahead)
            else:
                late.append(-ahead)
            line.step()
    return sorted(late)[int(len(late) * 0.99)] if late else 0.0


def _one(loop: str, clips: Sequence[bytes], calls: int, seconds: float) -> dict[str, object]:
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(loop, theirs), daemon=True)
    process.start()
    port = pipe.recv()
    lines = [_Line(port, clips, random.Random(n), n) for n in range(calls)]
    _send(lines, WARM)
    pipe.send("begin")
    begin = time.monotonic()
    late = _send(lines, seconds)
    end = time.monotonic()
    pipe.send("end")
    cpu, taken = pipe.recv()
    process.join()
    lags = [
        1000 * (got - sent)
        for line in lines
        for attempt, times in line.sent.items()
        for sent, got in zip(times, taken.get(attempt, ()), strict=False)
        if begin <= sent <= end
    ]
    cut = quantiles(lags, n=100, method="inclusive")
    return {
        "frames": len(lags),
        "screened": sum(len(times) > 0 for times in taken.values()),
        "lag_p50_ms": round(cut[49], 2),
        "lag_p99_ms": round(cut[98], 2),
        "lag_max_ms": round(max(lags), 2),
        "core_used": round(cpu / (end - begin), 3),
        "sender_late_p99_ms": round(1000 * late, 2),
    }


def capacity(clips: Sequence[Clip], calls: int) -> dict[str, object]:
    """`calls` at any time, each a clip until it is decided, by either event loop. `core_used` is of 1."""
    sounds = [sound.read(Path(clip.file)) for clip in clips[:: max(1, len(clips) // 200)]]
    return {"calls": calls, **{loop: _one(loop, sounds, calls, SECONDS) for loop in ("asyncio", "uvloop")}}
