"""How many calls the ear screens at once on one core: clips by real TCP, in real time, from another process.

The lag of a frame is from the moment it is due to be sent to the moment the screen has taken it. What an
undecided call's screen has not taken by the end counts with the time it has waited until then.
"""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import os
import random
import resource
import socket
import time
from collections.abc import Iterator, Sequence
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
Taken = dict[str, list[float]]
"""When each frame of an attempt was taken."""


class _Timed(Screen):
    """Notes when it has taken each frame."""

    def __init__(self, times: list[float]) -> None:
        super().__init__()
        self.times = times

    def push(self, sound: bytes) -> Verdict | None:
        verdict = super().push(sound)
        self.times.append(time.monotonic())
        return verdict


def _serve(loop: str, pipe: Pipe) -> None:
    """The ear, on one core of its own as far as the machine has several."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    taken: Taken = {}
    known: set[str] = set()

    def screen(attempt: str) -> Screen:
        return _Timed(taken.setdefault(attempt, []))

    async def decided(listened: ear.Listened) -> None:
        known.add(listened.attempt)

    async def main() -> None:
        server = ear.Ear(_TOKEN, lambda phase, attempt: True, decided, screen=screen)
        pipe.send(await server.start(0))
        await asyncio.to_thread(pipe.recv)
        before = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.to_thread(pipe.recv)
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send((used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, taken, known))
        await server.stop()

    if loop == "uvloop":
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())


@dataclass
class _Line:
    """A telephone line that has one call after the other screened."""

    port: int
    clips: Sequence[bytes]
    rng: random.Random
    line: socket.socket | None = None
    attempt: str = ""
    sound: bytes = b""
    at: int = 0
    due: dict[str, list[float]] = field(default_factory=dict)
    """When each frame of an attempt was to be sent."""

    def call(self) -> socket.socket:
        self.attempt = f"{self.rng.getrandbits(64):016x}"
        self.sound, self.at = self.clips[self.rng.randrange(len(self.clips))], 0
        self.due[self.attempt] = []
        opened = socket.create_connection(("127.0.0.1", self.port))
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = UUID(ear.socket_id(_TOKEN, ear.Phase.SCREEN, self.attempt)).bytes
        opened.sendall(bytes((1, 0, 16)) + name)
        return opened

    def step(self, due: float) -> None:
        """The next 20 ms, of the next call where this one is decided."""
        self.line = line = self.line or self.call()
        try:
            if not (came := line.recv(4096)) or came.endswith(audiosocket.HANGUP):
                line.close()
                self.line = None
                return
        except BlockingIOError:
            pass
        frame = self.sound[self.at : self.at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        self.at += FRAME_BYTES
        self.due[self.attempt].append(due)
        line.send(audiosocket.sound(frame))


def _send(lines: Sequence[_Line], seconds: float) -> float:
    """All lines in turn, evenly over each 20 ms; our own lateness, which 99 of 100 frames do not exceed."""
    late = []
    began = time.monotonic()
    for turn in range(int(seconds / FRAME_S)):
        for n, line in enumerate(lines):
            due = began + (turn + n / len(lines)) * FRAME_S
            if (ahead := due - time.monotonic()) > 0:
                time.sleep(ahead)
            late.append(max(0.0, -ahead))
            line.step(due)
    return sorted(late)[int(len(late) * 0.99)]


def _one(loop: str, clips: Sequence[bytes], calls: int, seconds: float) -> dict[str, object]:
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(loop, theirs), daemon=True)
    process.start()
    theirs.close()  # so that we hear of it when the process ends
    try:
        return _measured(pipe, clips, calls, seconds)
    except (EOFError, ConnectionError, BlockingIOError) as error:
        raise SystemExit(f"the ear's process ended under {loop}, or takes nothing: {error!r}") from error
    finally:
        process.kill()
        process.join()


def _measured(pipe: Pipe, clips: Sequence[bytes], calls: int, seconds: float) -> dict[str, object]:
    port = pipe.recv()
    lines = [_Line(port, clips, random.Random(n)) for n in range(calls)]
    _send(lines, WARM)
    pipe.send("begin")
    begin = time.monotonic()
    late = _send(lines, seconds)
    end = time.monotonic()
    pipe.send("end")
    cpu, taken, known = pipe.recv()
    found = [
        lag
        for line in lines
        for attempt, due in line.due.items()
        for lag in lags(due, taken.get(attempt, []), attempt in known, begin, end)
    ]
    cut = quantiles(found, n=100, method="inclusive")
    return {
        "frames": len(found),
        "screened": len(known),
        "lag_p50_ms": round(cut[49], 2),
        "lag_p99_ms": round(cut[98], 2),
        "lag_max_ms": round(max(found), 2),
        "core_used": round(cpu / (end - begin), 3),
        "sender_late_p99_ms": round(1000 * late, 2),
    }


def lags(
    due: Sequence[float], taken: Sequence[float], known: bool, begin: float, end: float
) -> Iterator[float]:
    """Of one call's frames that were due in that time, in ms. After the verdict (`known`) none is taken."""
    for n, at in enumerate(due):
        if begin <= at <= end and (n < len(taken) or not known):
            yield 1000 * ((taken[n] if n < len(taken) else end) - at)


def capacity(clips: Sequence[Clip], calls: int) -> dict[str, object]:
    """`calls` at any time, each a clip until it is decided, by each event loop there is (uvloop is an extra).
    `core_used` is of 1. Raises `SystemExit` where the ear does not live through it."""
    sounds = [sound.read(Path(clip.file)) for clip in clips[:: max(1, len(clips) // 200)]]
    loops = [loop for loop in ("asyncio", "uvloop") if importlib.util.find_spec(loop)]
    return {"calls": calls, **{loop: _one(loop, sounds, calls, SECONDS) for loop in loops}}
