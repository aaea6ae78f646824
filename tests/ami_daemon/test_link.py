"""The link's life: states, snapshot then stream, and what ends it."""

import asyncio
import contextlib
import itertools
from typing import Any

import pytest
from structlog.testing import capture_logs

from ami_daemon.events import DeviceStateChange, Hangup, UserEvent
from ami_daemon.link import MOVES, ActionFailed, AmiLink, ConnectionLost, LinkState, LinkTimes, NotConnected
from tests.ami_daemon.peer import BOOTED, FAST, Peer, linked, nothing, until, user_event


def hangup(uniqueid: str, cause: str = "16") -> bytes:
    lines = ["Event: Hangup", "Privilege: call,all", "Channel: PJSIP/a-1"]
    lines += [
        f"Uniqueid: {uniqueid}",
        f"Linkedid: {uniqueid}",
        f"Cause: {cause}",
        "Cause-txt: Normal",
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_the_states_follow_one_another_and_every_move_is_told(peer: Peer) -> None:
    states: list[LinkState] = [LinkState.DOWN]
    async with linked(peer, on_state=states.append) as link:
        peer.drop()
        await until(lambda: link.counters.resyncs == 2)
    up = [LinkState.DOWN, LinkState.CONNECT, LinkState.LOGIN, LinkState.SYNC, LinkState.LIVE]
    assert states == [*up, *up, LinkState.DOWN]
    assert all(new in MOVES[old] for old, new in itertools.pairwise(states))
    assert set(MOVES) == set(LinkState)


async def test_an_illegal_move_names_both_states() -> None:
    link = AmiLink("127.0.0.1", 1, "u", "s", snapshot=nothing)
    with pytest.raises(RuntimeError, match="cannot go from down to live"):
        link._move(LinkState.LIVE)


async def test_a_fault_in_on_state_does_not_hurt_the_link(peer: Peer) -> None:
    def on_state(state: LinkState) -> None:
        raise KeyError(state)

    async with linked(peer, on_state=on_state) as link:
        await link.action("Ping")
        assert link.counters.handler_errors == 4


async def test_events_wait_for_the_snapshot_and_keep_their_order(peer: Peer) -> None:
    told: list[str] = []
    peer.after_login = user_event(0) + BOOTED + user_event(1)
    links: list[AmiLink] = []

    async def snapshot() -> None:
        peer.send(b"".join(user_event(n) for n in range(2, 600)))
        await links[0].action("Ping")
        assert links[0].state is LinkState.SYNC
        told.append("snapshot")

    def prepare(link: AmiLink) -> None:
        links.append(link)
        link.on(UserEvent, lambda event: told.append(event.headers["N"]))

    async with linked(peer, snapshot=snapshot, prepare=prepare) as link:
        peer.send(user_event(600))
        await link.action("Ping")
        assert told == ["snapshot", *map(str, range(601))]


async def test_too_many_events_during_the_snapshot_make_it_start_over(peer: Peer) -> None:
    told: list[str] = []
    links: list[AmiLink] = []

    async def snapshot() -> None:
        if peer.connections == 1:
            peer.send(b"".join(user_event(n) for n in range(20)))
        await links[0].action("Ping")

    def prepare(link: AmiLink) -> None:
        links.append(link)
        link.on(UserEvent, lambda event: told.append(event.headers["N"]))

    async with linked(peer, snapshot=snapshot, prepare=prepare, held_limit=10) as link:
        assert peer.connections == 2
        assert link.last_error.endswith("more than 10 events came before the snapshot was done")
        assert told == []


async def test_a_snapshot_that_hangs_ends_with_the_connection(peer: Peer) -> None:
    began: list[None] = []
    cancelled: list[None] = []

    async def snapshot() -> None:
        began.append(None)
        if len(began) == 1:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                cancelled.append(None)

    async with linked(peer, snapshot=snapshot, wait_for=LinkState.SYNC) as link:
        await until(lambda: began)
        peer.drop()
        await until(lambda: link.state is LinkState.LIVE)
        assert cancelled == [None]


async def test_no_snapshot_is_taken_before_asterisk_is_up(peer: Peer) -> None:
    peer.after_login = b""
    taken: list[None] = []

    async def snapshot() -> None:
        taken.append(None)

    times = LinkTimes(boot=0.03, retry_first=0.01, retry_cap=0.01)
    async with linked(peer, snapshot=snapshot, times=times, wait_for=None) as link:
        await until(lambda: peer.connections == 2)
        assert taken == []
        assert "FullyBooted" in link.last_error
        peer.after_login = BOOTED
        await until(lambda: link.state is LinkState.LIVE)
        assert taken == [None]
        peer.after_login = b""  # the next Asterisk has to come up as well
        peer.drop()
        before = peer.connections
        await until(lambda: peer.connections == before + 2)
        assert taken == [None]


async def test_open_actions_fail_at_once_when_the_link_is_lost(peer: Peer) -> None:
    peer.script = lambda peer, action: None
    async with linked(peer) as link:
        asked: list[asyncio.Task[Any]] = [
            asyncio.create_task(link.action("Ping", timeout=60)) for _ in range(3)
        ]
        asked.append(asyncio.create_task(link.listing("Status", timeout=60)))
        await until(lambda: len(peer.actions) >= 6)
        peer.drop()
        results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 2)
        assert [type(result) for result in results] == [ConnectionLost] * 4


async def test_an_error_of_asterisk_is_an_exception_with_its_words(peer: Peer) -> None:
    peer.script = lambda peer, action: peer.reply(action, "Message: No such channel", response="Error")
    async with linked(peer) as link:
        with pytest.raises(ActionFailed, match="Hangup: No such channel") as caught:
            await link.action("Hangup", {"Channel": "x"})
        assert caught.value.reply.text("message") == "No such channel"


async def test_a_list_takes_its_own_items_and_leaves_events_alone(peer: Peer) -> None:
    def device(name: str, more: str) -> bytes:
        return f"Event: DeviceStateChange\r\n{more}\r\nDevice: {name}\r\nState: INUSE\r\n\r\n".encode()

    def script(peer: Peer, action: dict[str, str]) -> None:
        mine = f"ActionID: {action['actionid']}"
        peer.reply(action, "EventList: start")
        peer.send(device("a", mine) + device("live", "Privilege: call,all") + device("b", mine))
        peer.send(f"Event: DeviceStateListComplete\r\n{mine}\r\nEventList: Complete\r\n\r\n".encode())

    peer.script = script
    seen: list[str] = []
    async with linked(
        peer, prepare=lambda link: link.on(DeviceStateChange, lambda event: seen.append(event.device))
    ) as link:
        items = await link.listing("DeviceStateList")
        assert [item["Device"] for item in items] == ["a", "b"]
        peer.send(device("late", f"ActionID: {peer.named('DeviceStateList')[0]['actionid']}"))
        peer.script = lambda peer, action: peer.reply(action)
        await link.action("Ping")
        assert seen == ["live"]
        assert link.counters.orphan_responses == 1


async def test_a_malformed_event_is_counted_and_skipped(peer: Peer) -> None:
    seen: list[Hangup] = []
    with capture_logs() as logs:
        async with linked(peer, prepare=lambda link: link.on(Hangup, seen.append), clock=lambda: 5.0) as link:
            peer.send(hangup("1") + hangup("2", "many") + hangup("3", "") + hangup("4"))
            await link.action("Ping")
            assert [event.uniqueid for event in seen] == ["1", "4"]
            assert link.counters.malformed_events == 2
            assert link.counters.last_event_at == seen[0].at == 5.0
    assert [entry["event"] for entry in logs].count("ami_malformed_event") == 1


async def test_an_account_still_in_use_is_waited_for(peer: Peer) -> None:
    peer.refusal = "Login Already In Use"
    async with linked(peer, wait_for=None) as link:
        await until(lambda: peer.connections >= 3)
        assert "Login Already In Use" in link.last_error
        peer.refusal = ""
        await until(lambda: link.state is LinkState.LIVE)


async def test_a_peer_that_is_no_asterisk_gets_no_login(peer: Peer) -> None:
    peer.banner = b"SSH-2.0-OpenSSH_9.2\r\n"
    async with linked(peer, wait_for=None) as link:
        await until(lambda: peer.connections >= 2)
        assert "no Asterisk manager interface" in link.last_error
        assert peer.raw == b""


async def test_an_endless_message_drops_the_link(peer: Peer) -> None:
    async with linked(peer) as link:
        peer.send(b"Event: UserEvent\r\nN: " + b"x" * (5 << 20))
        await until(lambda: link.counters.resyncs == 2)
        assert "a message of more than" in link.last_error


async def test_an_idle_link_that_answers_pings_stays(peer: Peer) -> None:
    async with linked(peer, times=LinkTimes(ping_after=0.01, ping=1)) as link:
        await until(lambda: len(peer.named("Ping")) >= 3)
        assert (peer.connections, link.state) == (1, LinkState.LIVE)


async def test_actions_are_refused_in_any_state_but_sync_and_live(peer: Peer) -> None:
    refused: list[LinkState] = []
    sent: list[LinkState] = []

    def on_state(state: LinkState) -> None:
        asking.append(asyncio.ensure_future(ask(state)))

    async def ask(state: LinkState) -> None:
        try:
            with contextlib.suppress(ConnectionLost):  # written just before the drop
                await links[0].action("Ping")
            sent.append(state)
        except NotConnected:
            refused.append(state)

    asking: list[asyncio.Future[None]] = []
    links: list[AmiLink] = []
    async with linked(peer, prepare=links.append, on_state=on_state):
        peer.drop()
        await until(lambda: LinkState.DOWN in refused)
    await asyncio.gather(*asking)
    assert set(sent) <= {LinkState.SYNC, LinkState.LIVE}
    assert LinkState.LIVE in sent or LinkState.SYNC in sent
    assert set(refused) <= {LinkState.DOWN, LinkState.CONNECT, LinkState.LOGIN}


async def test_a_link_runs_once_and_stop_ends_run_quietly(peer: Peer) -> None:
    link = AmiLink("127.0.0.1", peer.port, "u", "s3cret", snapshot=nothing, times=FAST)
    running = asyncio.create_task(link.run())
    await until(lambda: link.state is LinkState.LIVE)
    with pytest.raises(RuntimeError, match="runs once"):
        await link.run()
    await link.stop()
    await asyncio.wait_for(running, 1)
    with pytest.raises(NotConnected):
        await link.action("Ping")


async def test_a_link_that_was_live_is_retried_soon(peer: Peer) -> None:
    with capture_logs() as logs:
        async with linked(peer, times=LinkTimes(retry_first=0.004, retry_cap=60)) as link:
            for resyncs in range(1, 9):
                await until(lambda n=resyncs: link.counters.resyncs == n)  # type: ignore[misc]  # the loop's n
                peer.drop()
            await until(lambda: link.counters.resyncs == 9)
    assert max(entry["again_in"] for entry in logs if entry["event"] == "ami_link_down") <= 0.004


@pytest.mark.parametrize("also_closed", [False, True])
async def test_cancelling_run_is_passed_on(peer: Peer, also_closed: bool) -> None:
    link = AmiLink("127.0.0.1", peer.port, "u", "s3cret", snapshot=nothing, times=FAST)
    running = asyncio.create_task(link.run())
    await until(lambda: link.state is LinkState.LIVE)
    running.cancel()
    if also_closed:
        link.close()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert link.state is LinkState.DOWN
