"""AMI receive path, bytes to handled event: our link, plain panoramisk and a bare asyncio parser."""

import asyncio
import multiprocessing
import random
import socket
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

from panoramisk import Manager

from ami_daemon import events
from ami_daemon.link import AmiLink

EVENTS = 200_000
BLOCK = 50_000  # different events; the stream repeats them
ROUNDS = 3
MIX = {
    "VarSet": 45,
    "Newstate": 18,
    "Newchannel": 9,
    "Hangup": 9,
    "DialBegin": 7,
    "DialEnd": 7,
    "QueueMemberStatus": 5,
}
HANDLED = ("Newchannel", "Hangup", "DialBegin", "DialEnd")


# The stream


def _channel(prefix: str, name: str, state: str, number: str, uniqueid: str, account: str) -> list[str]:
    values = {
        "Channel": name,
        "ChannelState": {"Down": "0", "Ringing": "5", "Up": "6"}[state],
        "ChannelStateDesc": state,
        "CallerIDNum": number,
        "CallerIDName": "<unknown>",
        "ConnectedLineNum": "74950000000",
        "ConnectedLineName": "Spring",
        "Language": "ru",
        "AccountCode": account,
        "Context": "perezvon-answered",
        "Exten": "spring",
        "Priority": "1",
        "Uniqueid": uniqueid,
        "Linkedid": uniqueid,
    }
    return [f"{prefix}{name}: {value}" for name, value in values.items()]


def _event(kind: str, i: int, chance: random.Random) -> bytes:
    """One event as Asterisk 22 writes it (see tests/fixtures/ami), with `timestampevents` on."""
    account = f"{0x197AB34CD000000 + i:016x}"
    call = (f"7916{chance.randrange(10**7):07d}", f"pz-main-{account}", account)
    trunk = f"PJSIP/trunk-{chance.randrange(4)}-{i:08x}"
    lines = [f"Event: {kind}", "Privilege: call,all", f"Timestamp: {1795411345 + i / 1000:.6f}"]
    match kind:
        case "VarSet":
            lines += _channel("", trunk, "Up", *call)
            name = chance.choice(("DIALSTATUS", "RTPAUDIOQOS", "PZ_ATTEMPT", "BRIDGEPEER", "QUEUEPOSITION"))
            lines += [f"Variable: {name}", f"Value: {chance.randrange(10**9)}"]
        case "Newchannel" | "Newstate":
            lines += _channel("", trunk, "Ringing", *call)
        case "Hangup":
            lines += [*_channel("", trunk, "Up", *call), "Cause: 16", "Cause-txt: Normal Clearing"]
        case "DialBegin" | "DialEnd":
            lines += _channel("", trunk, "Up", *call)
            lines += _channel("Dest", f"PJSIP/agent-{i % 300}-{i:08x}", "Ringing", *call)
            lines += ["DialStatus: ANSWER" if kind == "DialEnd" else f"DialString: PJSIP/agent-{i % 300}"]
        case _:
            agent = f"agent-{i % 300}"
            lines += ["Queue: sales", f"MemberName: {agent}", f"Interface: PJSIP/{agent}"]
            lines += [f"StateInterface: PJSIP/{agent}", "Membership: dynamic", "Penalty: 0", "CallsTaken: 7"]
            lines += [
                "LastCall: 1795411000",
                "LastPause: 0",
                "LoginTime: 1795400000",
                "InCall: 1",
                "Status: 2",
            ]
            lines += ["Paused: 0", "PausedReason: ", "Ringinuse: 0", "Wrapuptime: 5"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _kinds() -> list[str]:
    """The kinds of one block; a handled one ends it, so that its handling ends the measurement."""
    kinds = random.Random(7).choices(list(MIX), list(MIX.values()), k=BLOCK - 1)
    return [*kinds, "Hangup"]


def _send(ready: Any) -> None:
    """The other process: logs any client in, and streams on the action `Go`."""
    chance = random.Random(7)
    block = b"".join(_event(kind, i, chance) for i, kind in enumerate(_kinds()))
    with socket.create_server(("127.0.0.1", 0)) as server:
        ready.send(server.getsockname()[1])
        while True:
            client, _ = server.accept()
            with client:
                client.sendall(b"Asterisk Call Manager/11.0.0\r\n")
                _serve(client, block)


def _serve(client: socket.socket, block: bytes) -> None:
    received = b""
    while data := client.recv(4096):
        *actions, received = (received + data).split(b"\r\n\r\n")
        for action in actions:
            headers = dict(line.split(b": ", 1) for line in action.split(b"\r\n"))
            answer = b"Response: Success\r\nActionID: " + headers[b"ActionID"]
            client.sendall(answer + b"\r\nChallenge: 1\r\nMessage: ok\r\n\r\n")
            if headers[b"Action"] == b"Login":
                client.sendall(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n")
            if headers[b"Action"] == b"Go":
                for _ in range(EVENTS // BLOCK):
                    client.sendall(block)


# The receivers: each logs in, has Go sent, and takes the time until the last event is handled


class _Tally:
    """Three handlers' work, the same for all: read an id, count, notice the end."""

    def __init__(self) -> None:
        self.left = sum(kind in HANDLED for kind in _kinds()) * (EVENTS // BLOCK)
        self.last = ""
        self.done = asyncio.get_running_loop().create_future()

    def __call__(self, uniqueid: str) -> None:
        self.last = uniqueid
        self.left -= 1
        if not self.left:
            self.done.set_result(None)


async def _ours(port: int) -> float:
    tally = _Tally()

    async def no_snapshot() -> None:
        live.set()

    def dial(event: events.DialBegin | events.DialEnd) -> None:
        tally(event.dest_uniqueid)

    live = asyncio.Event()
    link = AmiLink("127.0.0.1", port, "bench", "bench", snapshot=no_snapshot)
    link.on(events.Newchannel, lambda event: tally(event.uniqueid))
    link.on(events.Hangup, lambda event: tally(event.uniqueid))
    link.on(events.DialBegin, dial)
    link.on(events.DialEnd, dial)
    running = asyncio.create_task(link.run())
    await live.wait()
    began = time.perf_counter()
    await link.action("Go", timeout=60)
    await tally.done
    taken = time.perf_counter() - began
    await link.stop()
    await running
    return taken


async def _panoramisk(port: int) -> float:
    tally = _Tally()
    manager = Manager(
        host="127.0.0.1",
        port=port,
        username="bench",
        secret="bench",
        loop=asyncio.get_running_loop(),
        reconnect_timeout=3600,
    )
    manager.register_event("Newchannel", lambda _, event: tally(event["Uniqueid"]))
    manager.register_event("Hangup", lambda _, event: tally(event["Uniqueid"]))
    manager.register_event("Dial*", lambda _, event: tally(event["DestUniqueid"]))
    await manager.connect()
    await asyncio.sleep(0)
    await manager.authenticated_future
    began = time.perf_counter()
    manager.send_action({"Action": "Go"})
    await tally.done
    taken = time.perf_counter() - began
    manager.close()
    return taken


class _BareProtocol(asyncio.Protocol):
    """The least that parses: every message to a dict, handlers by name."""

    def __init__(self, handlers: dict[str, Callable[[dict[str, str]], None]]) -> None:
        self.handlers = handlers
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        *messages, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for message in messages:
            headers = {}
            for line in message.decode("utf-8", "replace").split("\r\n"):
                name, _, value = line.partition(": ")
                headers[name] = value
            handler = self.handlers.get(headers.get("Event", ""))
            if handler is not None:
                handler(headers)


async def _bare(port: int) -> float:
    tally = _Tally()
    booted = asyncio.Event()

    def dial(event: dict[str, str]) -> None:
        tally(event["DestUniqueid"])

    handlers: dict[str, Callable[[dict[str, str]], None]] = {
        "Newchannel": lambda event: tally(event["Uniqueid"]),
        "Hangup": lambda event: tally(event["Uniqueid"]),
        "DialBegin": dial,
        "DialEnd": dial,
        "FullyBooted": lambda _: booted.set(),
    }
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: _BareProtocol(handlers), "127.0.0.1", port)
    transport.write(b"Action: Login\r\nActionID: 1\r\nUsername: bench\r\nSecret: bench\r\n\r\n")
    await booted.wait()
    began = time.perf_counter()
    transport.write(b"Action: Go\r\nActionID: 2\r\n\r\n")
    await tally.done
    taken = time.perf_counter() - began
    transport.close()
    return taken


def run() -> dict[str, object]:
    """Rounds of all three in turn; the ratios are the medians of each round's own."""
    receivers: dict[str, Callable[[int], Coroutine[Any, Any, float]]] = {
        "panoramisk": _panoramisk,
        "bare": _bare,
        "ours": _ours,
    }
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    sender = context.Process(target=_send, args=(theirs,), daemon=True)
    sender.start()
    try:
        port = ours.recv()
        rounds = [
            {name: asyncio.run(receive(port)) for name, receive in receivers.items()} for _ in range(ROUNDS)
        ]
    finally:
        sender.terminate()
        sender.join()
    return {
        "events": EVENTS,
        "rounds": ROUNDS,
        **{
            f"events_per_s_{name}": round(statistics.median(EVENTS / taken[name] for taken in rounds))
            for name in receivers
        },
        **{
            f"ratio_to_{peer}": round(statistics.median(taken[peer] / taken["ours"] for taken in rounds), 2)
            for peer in ("panoramisk", "bare")
        },
    }
