"""Who waits looks for an agent at once when one becomes ready."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from ami_daemon import events as ami
from ami_daemon.app import Daemon
from ami_daemon.board import Board
from ami_daemon.call import Call
from ami_daemon.link import ActionFailed, AmiLink, Message
from ami_daemon.nudge import Nudge, callers
from cli.daemon_process import DaemonProcess
from cli.demo_world import demo_site
from config.load import load_site
from config.secrets import create_missing
from dialplan.parser import parse_sections
from dialplan.render import render
from lab.pair import Pair
from lab.phones import Answer
from store import open_store
from tests.migrated import new_database

OURS_FIRST, OURS_SECOND = "0123456789abcd01", "0123456789abcd02"
BOTH = frozenset({"sales", "support"})


def join(board: Board, channel: str, queue: str, at: float) -> None:
    """Somebody answered, or called in, and waits from `at`."""
    if channel.startswith("pz-"):
        attempt = channel.removeprefix("pz-ours-")
        board.place(Call(attempt, 1, "spring", queue, "city", "+79161234567", at))
    board.handle(ami.QueueCallerJoin(at, f"PJSIP/trunk-city-{at}", channel, queue, 1, 1))


def unpaused(agent: str, queue: str, at: float, *, paused: bool = False) -> ami.QueueMember:
    return ami.QueueMember(
        at, "pause", queue, agent, f"PJSIP/agent-{agent}", 0, 0, 0, 1, False, 1, paused, "signed_in", 0
    )


def a_board(*ready: str) -> Board:
    """Queue `sales` has ivanov and petrova, `support` has ivanov alone; who is not ready is paused."""
    board = Board("ours", {"ivanov": BOTH, "petrova": frozenset({"sales"})}, {"sales": 0, "support": 0})
    for agent, queues in (("ivanov", BOTH), ("petrova", {"sales"})):
        for queue in queues:
            board.handle(unpaused(agent, queue, 1.0, paused=agent not in ready))
    return board


ROOM: dict[str, tuple[tuple[str, ...], list[tuple[str, str, float]], list[str]]] = {
    "nobody waits": (("ivanov",), [], []),
    "no agent is ready": ((), [("caller", "sales", 2.0)], []),
    "an inbound caller waits": (("ivanov",), [("caller", "sales", 2.0)], ["caller"]),
    "one agent, the longest waiting": (("ivanov",), [("b", "sales", 3.0), ("a", "sales", 2.0)], ["a"]),
    "two agents, two of three": (
        ("ivanov", "petrova"),
        [("a", "sales", 2.0), ("b", "sales", 3.0), ("c", "sales", 4.0)],
        ["a", "b"],
    ),
    "inbound callers stand before called people": (
        ("ivanov",),
        [(f"pz-ours-{OURS_FIRST}", "sales", 2.0), ("caller", "sales", 3.0)],
        ["caller"],
    ),
    "the first of each queue, longest waiting first": (
        ("ivanov",),
        [(f"pz-ours-{OURS_FIRST}", "sales", 3.0), ("caller", "support", 2.0)],
        ["caller", f"pz-ours-{OURS_FIRST}"],
    ),
}


@pytest.mark.parametrize("room", ROOM)
def test_those_look_whose_turn_it_is(room: str) -> None:
    ready, waiting, wanted = ROOM[room]
    board = a_board(*ready)
    for channel, queue, at in waiting:
        join(board, channel, queue, at)
    assert callers(board, "ivanov") == wanted


def test_other_queues_are_left_alone() -> None:
    board = a_board("petrova")
    join(board, "caller", "support", 2.0)
    assert callers(board, "petrova") == []


def test_for_whom_a_phone_rings_does_not_look() -> None:
    board = a_board("ivanov", "petrova")
    for attempt, at in ((OURS_FIRST, 2.0), (OURS_SECOND, 3.0)):
        join(board, f"pz-ours-{attempt}", "sales", at)
    board.handle(ami.AgentCalled(4.0, f"pz-ours-{OURS_FIRST}", "leg", "sales", "PJSIP/agent-petrova"))
    assert callers(board, "ivanov") == [f"pz-ours-{OURS_SECOND}"]


class Keys:
    """A link that keeps what was pressed; `gone` channels are refused."""

    def __init__(self, gone: str = "") -> None:
        self.pressed: list[tuple[str, str]] = []
        self._gone = gone

    async def action(self, name: str, headers: Mapping[str, str]) -> None:
        if headers["Channel"] == self._gone:
            raise ActionFailed(name, Message(b"Message: Channel not found\r\n"))
        assert name == "PlayDTMF" and headers["Receive"] == "true"
        self.pressed.append((headers["Channel"], headers["Digit"]))


def go_ready(board: Board, nudge: Nudge) -> list[asyncio.Task[None]]:
    """ivanov is unpaused in all queues; what the daemon starts because of it."""
    changes = [change for queue in sorted(BOTH) for change in board.handle(unpaused("ivanov", queue, 5.0))]
    return [asyncio.create_task(work) for change in changes if (work := nudge.on_change(change)) is not None]


async def test_the_key_is_pressed_when_the_agent_becomes_ready() -> None:
    board, link = a_board(), Keys()
    join(board, "caller", "sales", 2.0)
    await asyncio.gather(*go_ready(board, Nudge(board, cast(AmiLink, link))))
    assert link.pressed == [("caller", "A")]


async def test_nothing_is_started_where_nobody_waits() -> None:
    board = a_board()
    assert go_ready(board, Nudge(board, cast(AmiLink, Keys()))) == []


async def test_who_was_served_meanwhile_gets_no_key() -> None:
    board, link = a_board(), Keys()
    join(board, "caller", "sales", 2.0)
    started = go_ready(board, Nudge(board, cast(AmiLink, link)))
    board.handle(ami.AgentCalled(5.0, "caller", "leg", "sales", "PJSIP/agent-ivanov"))
    await asyncio.gather(*started)
    assert link.pressed == []


async def test_a_caller_who_hung_up_in_this_moment_does_not_keep_others_from_looking() -> None:
    board, link = a_board(), Keys(gone="gone")
    join(board, "gone", "sales", 2.0)
    join(board, "caller", "support", 3.0)
    await asyncio.gather(*go_ready(board, Nudge(board, cast(AmiLink, link))))
    assert link.pressed == [("caller", "A")]


@pytest.mark.parametrize("wrap_up", ["0s", "1s", "2s", "90s"])
async def test_the_daemon_counts_wrap_up_as_asterisk_was_told(wrap_up: str, tmp_path: Path) -> None:
    source = demo_site(tmp_path / "site")
    group = source / "groups/sales.yaml"
    group.write_text(re.sub(r"wrap_up: \w+", f"wrap_up: {wrap_up}", group.read_text("utf-8")), "utf-8")
    create_missing(source)
    site = load_site(source)
    sections = parse_sections(render(site, sounds_dir="/sounds")["queues.conf"], "").sections
    (told,) = (section.get("wrapuptime") for section in sections if section.name == "sales")
    async with open_store(new_database(tmp_path / "p.db")) as store:
        daemon = Daemon(site, store, 1, clock=lambda: 100.5)
    daemon.board.handle(unpaused("lev", "sales", 100.0))
    daemon.board.handle(ami.AgentConnect(100.2, "caller", "leg", "sales", "PJSIP/agent-lev", 0, 0))
    daemon.board.handle(ami.Hangup(100.9, "PJSIP/agent-lev-1", "", "", "leg", "caller", 16, ""))
    expected = 100 + int(told or "") if wrap_up != "0s" else None
    assert daemon.board.next_wrap_end(100.9) == expected


async def queued(pair: Pair, count: int) -> None:
    async with asyncio.timeout(20):
        while f"has {count} calls" not in await pair.ours.console("queue show sales"):
            await asyncio.sleep(0.05)


@pytest.mark.asterisk
async def test_callers_who_wait_reach_an_agent_at_once(pair: Pair, tmp_path: Path) -> None:
    """By itself the queue would look at each of five within a second: all five in 0.3 s is no luck."""
    agents = sorted(pair.site.members("sales"))[:5]
    await pair.phones.set_all(Answer(after=0.0))
    daemon = DaemonProcess(pair.site, pair.site_folder, tmp_path / "daemon.log")
    await daemon.start()
    people = [
        asyncio.create_task(pair.city.call_in("+74951234567", f"+7916000000{n}", 60.0)) for n in range(5)
    ]
    try:
        for agent in agents:
            await daemon.ask("agent_set", agent=agent, state="signed_in")
        await queued(pair, 5)
        for agent in agents:
            before = len(pair.phones.calls(agent))
            asked_at = time.time()
            await daemon.ask("agent_set", agent=agent, state="ready")
            await pair.city.ledger.until(lambda: len(pair.phones.calls(agent)) > before)  # noqa: B023
            assert pair.phones.calls(agent)[before].arrived_at - asked_at < 0.3
    finally:
        await daemon.kill()
        for person in people:
            person.cancel()
        await asyncio.gather(*people, return_exceptions=True)
