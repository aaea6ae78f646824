"""Plays Asterisk towards a FastAGI server: many callers at once, by epoll, without asyncio."""

import select
import socket
import time
from dataclasses import dataclass, field

from bench._agi_servers import COMMANDS, TOKEN

OPENING = (
    f"agi_network: yes\nagi_network_script: {TOKEN}/bench\nagi_request: agi://127.0.0.1:4573/{TOKEN}/bench\n"
    "agi_channel: PJSIP/trunk-city-00000001\nagi_language: ru\nagi_type: PJSIP\nagi_uniqueid: 1795411345.17\n"
    "agi_version: 22.10.1\nagi_callerid: +74951234567\nagi_calleridname: unknown\nagi_callingpres: 0\n"
    "agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 74950000000\nagi_rdnis: unknown\n"
    "agi_context: perezvon-line\nagi_extension: main\nagi_priority: 7\nagi_enhanced: 0.0\n"
    "agi_accountcode: \nagi_threadid: 140234234234\n\n"
).encode()  # fmt: skip
REPLY = b"200 result=1 (colleague)\n"
TIMEOUT = 60.0


@dataclass
class Load:
    """What callers met with. Times are seconds from connect to the server's close."""

    times: list[float] = field(default_factory=list)
    refused: int = 0
    wall: float = 0.0


def load(port: int, at_once: int, total: int) -> Load:
    """`total` sessions, `at_once` under way at any time; the first of them begin in one instant."""
    found = Load()
    poll = select.epoll()
    open_: dict[int, tuple[socket.socket, float]] = {}
    commands: dict[int, int] = {}
    started = 0
    began = time.perf_counter()

    def start() -> None:
        nonlocal started
        started += 1
        line = socket.socket()
        line.setblocking(False)
        at = time.perf_counter()
        line.connect_ex(("127.0.0.1", port))
        open_[line.fileno()] = (line, at)
        commands[line.fileno()] = -1
        poll.register(line.fileno(), select.EPOLLOUT)

    def end(number: int, *, well: bool) -> None:
        line, at = open_.pop(number)
        now = time.perf_counter()
        line.close()
        if well and commands[number] == COMMANDS:
            found.times.append(now - at)
        else:
            found.refused += 1
        if started < total:
            start()

    for _ in range(min(at_once, total)):
        start()
    while open_:
        if time.perf_counter() - began > TIMEOUT:
            found.refused += len(open_)
            break
        for number, _ in poll.poll(1.0):
            line = open_[number][0]
            try:
                if commands[number] < 0:
                    line.send(OPENING)
                    commands[number] = 0
                    poll.modify(number, select.EPOLLIN)
                elif data := line.recv(4096):
                    commands[number] += data.count(b"\n")
                    line.send(REPLY * data.count(b"\n"))
                else:
                    end(number, well=True)
            except OSError:
                end(number, well=False)
    found.wall = time.perf_counter() - began
    return found
