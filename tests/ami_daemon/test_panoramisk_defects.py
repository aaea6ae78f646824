"""Each known defect of panoramisk 1.4, shown on the plain package, and our link without it.

The plain half asserts the defect: should a new panoramisk mend it, that half fails, and a guard can go.
"""

import asyncio
import gc
import logging
import random
from typing import Any

import pytest
from panoramisk import CallManager, Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as PlainMessage
from structlog.testing import capture_logs

from ami_daemon.events import OriginateResponse, UserEvent
from ami_daemon.link import (
    ActionTimeout,
    AmiLink,
    ConnectionLost,
    LinkState,
    LinkTimes,
    LoginRefused,
    NotConnected,
    retry_delay,
)
from ami_daemon.protocol import BURST, LinkAction, Message
from tests.ami_daemon.peer import FAST, SECRET, Peer, StubTransport, linked, nothing, plain, until, user_event

both = pytest.mark.parametrize("side", ["panoramisk", "ours"])

ORIGINATE: dict[str, str | int] = {"Channel": "PJSIP/1@trunk-city", "ChannelId": "pz-1", "Async": "true"}


def originate_response(action_id: str) -> bytes:
    lines = ["Event: OriginateResponse", "Privilege: call,all", f"ActionID: {action_id}", "Response: Failure"]
    lines += ["Channel: PJSIP/1@trunk-city", "Context: c", "Exten: s", "Reason: 5", "Uniqueid: pz-1", "", ""]
    return "\r\n".join(lines).encode()


def silent(peer: Peer, action: dict[str, str]) -> None:
    """A script that answers nothing."""


async def heard_all(client: Manager | AmiLink) -> None:
    """Returns when everything that the peer has written so far has been handled."""
    if isinstance(client, AmiLink):
        await client.action("Ping")
    else:
        await client.send_action({"Action": "Ping"})


def numbers(client: Manager | AmiLink) -> list[str]:
    """The N of every user event from now on."""
    seen: list[str] = []
    if isinstance(client, AmiLink):
        client.on(UserEvent, lambda event: seen.append(event.headers["N"]))
    else:
        client.register_event("UserEvent", lambda _, event: seen.append(event["N"]))
    return seen


@both
async def test_p1_a_line_break_in_a_value_starts_another_action(side: str, peer: Peer) -> None:
    headers = {
        "Channel": "PJSIP/a",
        "Variable": "N",
        "Value": "Bob\r\n\r\nAction: Command\r\nCommand: core stop now",
    }
    if side == "panoramisk":
        async with plain(peer) as manager:
            manager.send_action({"Action": "Setvar"} | headers)
            await until(lambda: peer.named("Command"))
    else:
        async with linked(peer) as link:
            with pytest.raises(ValueError, match=r"Setvar: Value holds '\\[rn]'"):
                await link.action("Setvar", headers)
            await heard_all(link)
            assert peer.named("Setvar") == peer.named("Command") == []


@both
async def test_p2_a_handlers_exception_drops_the_link_and_the_rest(side: str, peer: Peer) -> None:
    seen: list[str] = []

    def handler(n: str) -> None:
        seen.append(n)
        if n in "23":
            raise KeyError("a fault in a handler")

    ten = b"".join(user_event(n) for n in range(10))
    if side == "panoramisk":
        lost: list[Exception] = []
        async with plain(
            peer, on_disconnect=lambda _, error: lost.append(error), reconnect_timeout=60
        ) as manager:
            manager.register_event("UserEvent", lambda _, event: handler(event["N"]))
            peer.send(ten)
            await until(lambda: lost)
            assert seen == ["0", "1", "2"]
    else:
        others: list[str] = []

        def prepare(link: AmiLink) -> None:
            link.on(UserEvent, lambda event: handler(event.headers["N"]))
            link.on(UserEvent, lambda event: others.append(event.headers["N"]))

        with capture_logs() as logs:
            async with linked(peer, prepare=prepare) as link:
                peer.send(ten)
                await heard_all(link)
                assert seen == others == [str(n) for n in range(10)]
                assert link.counters.handler_errors == 2
                assert peer.connections == 1
        assert [entry["event"] for entry in logs].count("ami_handler_failed") == 1


@both
async def test_p3_an_action_that_timed_out_is_never_forgotten(side: str, peer: Peer) -> None:
    held: list[dict[str, str]] = []
    peer.script = lambda peer, action: (
        peer.reply(action) if action["action"] == "Ping" else held.append(action)
    )
    seen: list[object] = []
    if side == "panoramisk":
        async with plain(peer) as manager:
            manager.register_event("OriginateResponse", lambda _, event: seen.append(event))
            waits = [asyncio.wait_for(manager.send_action({"Action": "Getvar"}), 0.01) for _ in range(100)]
            assert {type(r) for r in await asyncio.gather(*waits, return_exceptions=True)} == {TimeoutError}
            await until(lambda: len(held) == 100)
            for action in held:
                peer.reply(action)
            peer.send(originate_response(held[-1]["actionid"]))
            await heard_all(manager)
            assert len(manager.protocol.responses) == 100
            assert seen == []
    else:
        async with linked(peer, prepare=lambda link: link.on(OriginateResponse, seen.append)) as link:
            tries = [link.action("Getvar", timeout=0.01) for _ in range(100)]
            assert {type(r) for r in await asyncio.gather(*tries, return_exceptions=True)} == {ActionTimeout}
            assert link.protocol.responses == {}
            await until(lambda: len(held) == 100)
            for action in held:
                peer.reply(action)
            peer.send(originate_response(held[-1]["actionid"]))
            await heard_all(link)
            assert link.counters.orphan_responses == 100
            assert len(seen) == 1


@both
async def test_p4_an_action_without_answer_is_sent_again_after_a_loss(side: str, peer: Peer) -> None:
    def script(peer: Peer, action: dict[str, str]) -> None:
        if action["action"] == "Originate" and len(peer.named("Originate")) == 1:
            peer.drop()
        else:
            peer.reply(action)

    peer.script = script
    if side == "panoramisk":
        async with plain(peer) as manager:
            manager.send_action({"Action": "Originate"} | ORIGINATE)
            await until(lambda: len(peer.named("Originate")) == 2)
    else:
        async with linked(peer) as link:
            with pytest.raises(ConnectionLost):
                await link.action("Originate", ORIGINATE)
            await until(lambda: link.counters.resyncs == 2)
            await heard_all(link)
            assert len(peer.named("Originate")) == 1


@both
async def test_p4_an_action_sent_while_down_is_kept_and_sent_later(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        lost: list[Exception] = []
        async with plain(peer, on_disconnect=lambda _, error: lost.append(error)) as manager:
            await peer.refuse()
            await until(lambda: lost)
            manager.send_action({"Action": "Originate"} | ORIGINATE)
            await peer.listen()
            await until(lambda: peer.named("Originate"))
    else:
        async with linked(peer) as link:
            await peer.refuse()
            await until(lambda: link.state is LinkState.DOWN)
            with pytest.raises(NotConnected):
                await link.action("Originate", ORIGINATE)
            await peer.listen()
            await until(lambda: link.state is LinkState.LIVE)
            await heard_all(link)
            assert peer.named("Originate") == []


@both
async def test_p5_before_the_first_connection_sending_breaks(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        async with plain(peer, log_in=False) as manager:
            with pytest.raises(AttributeError):
                manager.send_action({"Action": "Ping"})
    else:
        with pytest.raises(NotConnected):
            await AmiLink("127.0.0.1", peer.port, "u", SECRET, snapshot=nothing).action("Ping")


@both
async def test_p5_each_failed_connect_starts_a_retry_chain_of_its_own(
    side: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await peer.refuse()
    loop = asyncio.get_running_loop()
    attempts: list[None] = []
    create_connection = loop.create_connection

    def counted(*args: Any, **kwargs: Any) -> Any:
        attempts.append(None)
        return create_connection(*args, **kwargs)

    monkeypatch.setattr(loop, "create_connection", counted)
    if side == "panoramisk":
        async with plain(peer, log_in=False) as manager:
            for _ in range(3):
                with pytest.raises(OSError, match="Connect call failed"):
                    await manager.connect()
            await until(lambda: len(attempts) >= 9)
    else:
        link = AmiLink("127.0.0.1", peer.port, "u", SECRET, snapshot=nothing, times=FAST)
        for _ in range(3):
            with pytest.raises(OSError, match="Connect call failed"):
                await link.connect()
        await asyncio.sleep(0.05)
        assert len(attempts) == 3


@both
async def test_p6_originate_ends_only_with_its_event_and_hides_it(side: str, peer: Peer) -> None:
    seen: list[object] = []
    peer.script = lambda peer, action: peer.reply(action, "Message: Originate successfully queued")
    if side == "panoramisk":
        async with plain(peer) as manager:
            manager.register_event("OriginateResponse", lambda _, event: seen.append(event))
            future = manager.send_action({"Action": "Originate"} | ORIGINATE)
            await until(lambda: peer.named("Originate"))
            peer.script = lambda peer, action: peer.reply(action)
            await heard_all(manager)
            assert not future.done()
            peer.send(originate_response(peer.named("Originate")[0]["actionid"]))
            assert len(await future) == 2
            assert seen == []
    else:
        async with linked(peer, prepare=lambda link: link.on(OriginateResponse, seen.append)) as link:
            reply = await link.action("Originate", ORIGINATE)
            assert reply["Message"] == "Originate successfully queued"
            peer.send(originate_response(peer.named("Originate")[0]["actionid"]))
            await heard_all(link)
            assert [type(event) for event in seen] == [OriginateResponse]


@both
async def test_p7_some_actions_and_cut_lists_never_end(side: str, peer: Peer) -> None:
    def script(peer: Peer, action: dict[str, str]) -> None:
        match action["action"]:
            case "QueueAdd":
                peer.reply(action, "Message: Added interface to queue")
            case "AGI":
                peer.reply(action, "Message: Added AGI command to queue")
            case "QueueStatus":  # and the connection lives on, but no Complete
                peer.reply(action, "EventList: start", "Message: Queue status will follow")
            case _:
                peer.reply(action)

    peer.script = script
    if side == "panoramisk":
        async with plain(peer) as manager:
            futures = [manager.send_action({"Action": name}) for name in ("QueueAdd", "QueueStatus")]
            futures.append(manager.send_agi_command("PJSIP/a", "NOOP"))
            await heard_all(manager)
            assert [future.done() for future in futures] == [False] * 3
    else:
        async with linked(peer) as link:
            assert (await link.action("QueueAdd"))["Message"] == "Added interface to queue"
            assert (await link.action("AGI"))["Message"] == "Added AGI command to queue"
            with pytest.raises(ActionTimeout):
                await link.listing("QueueStatus", timeout=0.02)
            with pytest.raises(TypeError):
                link.send_agi_command("PJSIP/a", "NOOP")


@both
async def test_p8_a_character_split_over_two_segments_vanishes(side: str, peer: Peer) -> None:
    whole = user_event("Jürgen Ёлкин")
    cuts = [i for i, byte in enumerate(whole) if 0x80 <= byte < 0xC0]  # amid a character
    if side == "panoramisk":
        async with plain(peer) as manager:
            seen = numbers(manager)
            for cut in cuts:
                manager.protocol.data_received(whole[:cut])
                manager.protocol.data_received(whole[cut:])
            assert len(seen) == len(cuts)
            assert "Jürgen Ёлкин" not in seen
    else:
        got: list[str] = []

        def prepare(link: AmiLink) -> None:
            link.on(UserEvent, lambda event: got.append(event.headers["N"]))

        async with linked(peer, prepare=prepare) as link:
            for cut in cuts:
                link.protocol.data_received(whole[:cut])
                link.protocol.data_received(whole[cut:])
            assert got == ["Jürgen Ёлкин"] * len(cuts)


@both
async def test_p9_a_dead_peer_is_not_noticed(side: str, peer: Peer) -> None:
    peer.script = silent
    if side == "panoramisk":
        lost: list[Exception] = []
        async with plain(peer, on_disconnect=lambda _, error: lost.append(error)) as manager:
            manager.ping_interval = 0.02
            manager.ping()
            await until(lambda: len(peer.named("Ping")) >= 5)
            assert lost == []
            assert len(manager.protocol.responses) >= 5
    else:
        times = LinkTimes(ping_after=0.02, ping=0.02, retry_first=60, retry_cap=60)
        async with linked(peer, times=times, wait_for=None) as link:
            await until(lambda: link.counters.resyncs and link.state is LinkState.DOWN)
            assert "silent" in link.last_error
            assert len(peer.named("Ping")) == 1


@both
async def test_p10_a_wrong_secret_is_tried_for_ever_and_in_clear_text(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        logins: list[object] = []
        async with plain(peer, secret="wrong", log_in=False, on_login=logins.append) as manager:
            manager.connect()
            await until(lambda: peer.connections >= 4)
            assert logins == []
            assert b"Secret: wrong" in peer.raw
    else:
        link = AmiLink("127.0.0.1", peer.port, "u", "wrong", snapshot=nothing, times=FAST)
        with pytest.raises(LoginRefused, match=r"refuses the manager account 'u': Authentication failed"):
            await asyncio.wait_for(link.run(), 5)
        assert peer.connections == 1
        assert b"wrong" not in peer.raw
        assert link.state is LinkState.DOWN


@both
async def test_p11_it_comes_back_after_it_was_closed(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        lost: list[Exception] = []
        async with plain(peer, on_disconnect=lambda _, error: lost.append(error)) as manager:
            manager.reconnect_timeout = 0.02
            peer.drop()
            await until(lambda: lost)
            manager.close()
            await until(lambda: peer.connections == 2)
    else:
        async with linked(peer, times=LinkTimes(retry_first=0.02, retry_cap=0.02)) as link:
            peer.drop()
            await until(lambda: link.state is LinkState.DOWN)
            await link.stop()
            await asyncio.sleep(0.06)
            assert peer.connections == 1
            assert link.state is LinkState.DOWN


@both
async def test_p12_what_happened_while_down_is_lost_and_nobody_asks(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        async with plain(peer) as manager:
            seen = numbers(manager)
            peer.send(user_event(1))
            await heard_all(manager)
            peer.drop()  # 2 happens now
            await until(lambda: peer.connections == 2 and manager.authenticated)
            peer.send(user_event(3))
            await until(lambda: len(seen) == 2)
            assert seen == ["1", "3"]
            assert peer.named("CoreShowChannels") == []
    else:
        told: list[str] = []

        async def snapshot() -> None:
            if peer.connections == 2:
                peer.send(user_event("3, during the snapshot"))
            await link_of[0].action("CoreShowChannels")
            told.append(f"snapshot {peer.connections}")

        link_of: list[AmiLink] = []

        def prepare(link: AmiLink) -> None:
            link_of.append(link)
            link.on(UserEvent, lambda event: told.append(event.headers["N"]))

        async with linked(peer, snapshot=snapshot, prepare=prepare) as link:
            peer.send(user_event(1))
            await heard_all(link)
            peer.drop()
            await until(lambda: link.counters.resyncs == 2)
            peer.send(user_event(4))
            await heard_all(link)
            assert told == ["snapshot 1", "1", "snapshot 2", "3, during the snapshot", "4"]


@both
async def test_p13_coroutine_handlers_lose_the_order_of_events(side: str, peer: Peer) -> None:
    order: list[str] = []

    async def slow_for_the_first(n: str) -> None:
        if n == "1":
            await asyncio.sleep(0.02)
        order.append(n)

    if side == "panoramisk":
        async with plain(peer) as manager:
            manager.register_event("UserEvent", lambda _, event: slow_for_the_first(event["N"]))
            peer.send(user_event(1) + user_event(2))
            await until(lambda: len(order) == 2)
            assert order == ["2", "1"]
    else:

        async def handler(event: UserEvent) -> None: ...

        link = AmiLink("127.0.0.1", peer.port, "u", SECRET, snapshot=nothing)
        with pytest.raises(TypeError, match="plain function"):
            link.on(UserEvent, handler)  # type: ignore[arg-type]  # the mistake that is caught


@both
async def test_p14_messages_give_wrong_values_silently(side: str) -> None:
    text = "\r\n".join(
        [
            "Response: Success",
            "Items: 1",
            "id: 9",
            "A: 1",
            "A: 2",
            "Content: c",
            "NoSpace:val",
            "Message: a",
            "Message: b",
        ]
    )
    if side == "panoramisk":
        plain_message = PlainMessage.from_line(text)
        assert callable(plain_message.items)
        assert plain_message.id is None
        assert plain_message.itmes == ""
        assert "NoSpace" not in plain_message
        assert plain_message["Content"] == ""
        action = Action({"Action": "x"})
        action.responses.append(plain_message)
        assert action.multi == ""  # its own AttributeError, swallowed
    else:
        message = Message(text.encode())
        assert message["items"] == message.text("Items") == "1"
        assert message["ID"] == "9"
        with pytest.raises(AttributeError, match="itmes"):
            _ = message.itmes
        with pytest.raises(KeyError):
            _ = message["Itmes"]
        assert (message["A"], message.texts("a"), message.text("a")) == (["1", "2"], ["1", "2"], "1")
        assert (message["nospace"], message["Content"]) == ("val", "c")
        assert LinkAction("x", {}).add_message(message)


@both
async def test_p15_the_call_manager_keeps_every_event(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        manager = CallManager(loop=asyncio.get_running_loop())
        for call in range(100):  # two calls of one second share a queue
            for _ in range(3):
                manager.handle_calls(
                    manager, PlainMessage({"Event": "Newstate", "Uniqueid": f"{call // 2}.{call}"})
                )
        assert len(manager.calls_queues) == 50
        assert sum(call.queue.qsize() for call in manager.calls_queues.values()) == 300
    else:

        def alive() -> int:
            gc.collect()
            return sum(isinstance(thing, UserEvent) for thing in gc.get_objects())

        before = alive()
        async with linked(peer, prepare=lambda link: link.on(UserEvent, lambda _: None)) as link:
            peer.send(b"".join(user_event(n) for n in range(300)))
            await heard_all(link)
            assert link.counters.events >= 300
            assert alive() <= before + 1


class RecordingLoop:
    """Only notes what is asked for later."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def call_later(self, delay: float, *_: object) -> None:
        self.delays.append(delay)


@both
async def test_p16_retries_come_at_one_fixed_interval(side: str) -> None:
    if side == "panoramisk":
        loop = RecordingLoop()
        manager = Manager(loop=loop, reconnect_timeout=2)
        refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        refused.set_exception(OSError())
        for _ in range(8):
            manager.connection_made(refused)
        assert loop.delays == [2] * 8
    else:
        times = LinkTimes(retry_first=0.5, retry_cap=30)
        delays = [retry_delay(n, times, random.Random(1)) for n in range(2000)]
        for n, delay in enumerate(delays):
            full = min(30, 0.5 * 2 ** min(n, 10))
            assert full / 2 <= delay <= full
        assert len({retry_delay(9, times, random.Random(seed)) for seed in range(10)}) == 10


@both
async def test_p16_a_failure_that_is_no_oserror_ends_all_retries(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        loop = RecordingLoop()
        manager = Manager(loop=loop)
        failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        failed.set_exception(UnicodeError("label too long"))
        with pytest.raises(UnicodeError):
            manager.connection_made(failed)
        assert loop.delays == []
    else:
        tries: list[None] = []

        async def snapshot() -> None:
            tries.append(None)
            if len(tries) < 3:
                raise UnicodeError("a fault")

        async with linked(peer, snapshot=snapshot) as link:
            assert len(tries) == 3
            assert link.last_error == "UnicodeError: a fault"


@both
async def test_p16_a_peer_that_says_nothing_is_waited_for_without_end(side: str, peer: Peer) -> None:
    peer.banner = b""
    if side == "panoramisk":
        async with plain(peer, log_in=False) as manager:
            manager.connect()
            await until(lambda: b"Secret: s3cret" in peer.raw)  # told to whoever listens there
    else:
        async with linked(peer, times=LinkTimes(connect=0.02, retry_first=0.01), wait_for=None) as link:
            await until(lambda: peer.connections >= 3)
            assert link.last_error == "no connection in time"
            assert peer.raw == b""


@both
async def test_p17_it_writes_on_while_the_peer_does_not_read(side: str, peer: Peer) -> None:
    if side == "panoramisk":
        protocol, transport = AMIProtocol(), StubTransport()
        protocol.connection_made(transport)
        protocol.pause_writing()
        protocol.send({"Action": "Ping"})
        assert b"Ping" in transport.written
    else:
        async with linked(peer) as link:
            link.protocol.pause_writing()
            with pytest.raises(NotConnected, match="does not read"):
                await link.action("Originate", ORIGINATE, timeout=0.02)
            waiting = asyncio.create_task(link.action("Setvar"))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            link.protocol.resume_writing()
            await waiting
            assert peer.named("Originate") == []


@both
async def test_p17_a_failed_write_leaves_the_action_pending(side: str, peer: Peer) -> None:
    transport = StubTransport()
    transport.broken = RuntimeError("unable to write")
    if side == "panoramisk":
        protocol = AMIProtocol()
        protocol.connection_made(transport)
        assert not protocol.send({"Action": "Ping"}).done()
    else:
        async with linked(peer) as link:
            real, link.protocol.transport = link.protocol.transport, transport
            with pytest.raises(RuntimeError, match="unable to write"):
                await link.action("Originate", ORIGINATE)
            assert link.protocol.responses == {}
            link.protocol.transport = real


@both
async def test_p17_the_log_shows_whole_actions(
    side: str, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.script = lambda peer, _: peer.drop()
    caplog.set_level(logging.DEBUG)
    headers = {"Channel": "PJSIP/79160000001@trunk-city"}
    if side == "panoramisk":
        async with plain(peer, reconnect_timeout=60) as manager:
            manager.send_action({"Action": "Originate"} | headers)
            await until(lambda: "79160000001" in caplog.text)
    else:
        with capture_logs() as logs:
            async with linked(peer) as link:
                with pytest.raises(ConnectionLost):
                    await link.action("Originate", headers)
        assert logs
        assert not [text for text in ("79160000001", SECRET) if text in str(logs) + caplog.text]


@both
async def test_p18_a_large_read_is_handled_without_a_pause(side: str) -> None:
    handled: list[int] = []  # the turn of the event loop at each event
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    data = b"".join(user_event(n) for n in range(5 * BURST))
    if side == "panoramisk":
        manager = Manager(loop=asyncio.get_running_loop())
        manager.register_event("UserEvent", lambda *_: handled.append(turns))
        protocol = AMIProtocol()
        protocol.connection_made(StubTransport())
        protocol.factory = manager
        protocol.data_received(data)
        assert len(handled) == 5 * BURST
        assert len(set(handled)) == 1
    else:
        link = AmiLink("127.0.0.1", 1, "u", SECRET, snapshot=nothing)
        link.on(UserEvent, lambda _: handled.append(turns))
        link.state = LinkState.LIVE
        ours, transport = link.config["protocol_factory"](), StubTransport()
        ours.connection_made(transport)
        ours.data_received(b"Asterisk Call Manager/11.0.0\r\n" + data)
        assert transport.paused == 1
        await until(lambda: len(handled) == 5 * BURST)
        assert len(set(handled)) == 5


@both
async def test_p19_data_that_comes_at_once_finds_no_owner(side: str) -> None:
    data = b"Asterisk Call Manager/11.0.0\r\n" + user_event(1)
    if side == "panoramisk":
        manager = Manager(loop=asyncio.get_running_loop())
        protocol = manager.config["protocol_factory"]()
        protocol.connection_made(StubTransport())
        with pytest.raises(AttributeError):
            protocol.data_received(data)
    else:
        seen: list[UserEvent] = []
        link = AmiLink("127.0.0.1", 1, "u", SECRET, snapshot=nothing)
        link.on(UserEvent, seen.append)
        link.state = LinkState.LIVE
        ours = link.config["protocol_factory"]()
        ours.connection_made(StubTransport())
        ours.data_received(data)
        assert len(seen) == 1
