"""What a pacer sees and hears agrees with the contract's table, kind by kind, second by second."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ami_daemon import events as ami
from ami_daemon.board import Board
from ami_daemon.call import Call, CallState
from ami_daemon.changes import Change
from ami_daemon.floor import FloorNow, floor_of, pacing_events, settled_events, soonest_free, under_way
from ami_daemon.snapshot import Channel
from leads.lead import Outcome
from predictive import Event

ID, OTHER = "0123456789abcd01", "0123456789abcd02"
CALL, LEG, PHONE = f"pz-ours-{ID}", "leg-1", "PJSIP/agent-ivanov"
BOTH = frozenset({"sales", "support"})


def a_board(*, wrap_up: int = 5) -> Board:
    """ivanov and petrova are ready since 1.0, sidorov is on a break; a call was placed at 10.0."""
    agents = {name: frozenset({"sales"}) for name in ("ivanov", "petrova", "sidorov")}
    board = Board("ours", agents, {"sales": wrap_up})
    for name in agents:
        board.handle(pause(name, 1.0, paused=name == "sidorov"))
    board.place(Call(ID, 1, "spring", "sales", "city", "+79161234567", 10.0))
    return board


def pause(agent: str, at: float, *, paused: bool, kind: str = "pause") -> ami.QueueMember:
    interface = f"PJSIP/agent-{agent}"
    return ami.QueueMember(at, kind, "sales", agent, interface, 0, 0, 0, 1, False, 1, paused, "break", 0)


def newstate(at: float, state: int, unique: str = CALL) -> ami.Newstate:
    return ami.Newstate(at, "PJSIP/trunk-city-1", state, unique, unique)


def hangup(at: float, cause: int, unique: str = CALL) -> ami.Hangup:
    return ami.Hangup(at, "PJSIP/trunk-city-1", "", "", unique, unique, cause, "")


def joins(at: float, unique: str = CALL) -> ami.QueueCallerJoin:
    return ami.QueueCallerJoin(at, "PJSIP/trunk-city-1", unique, "sales", 1, 1)


def rings(at: float, unique: str = CALL) -> ami.AgentCalled:
    return ami.AgentCalled(at, unique, LEG, "sales", PHONE)


def talks(at: float, unique: str = CALL) -> ami.AgentConnect:
    return ami.AgentConnect(at, unique, LEG, "sales", PHONE, 0, 0)


def message(at: float) -> ami.UserEvent:
    return ami.UserEvent(at, "PerezvonAbandoned", {"Attempt": ID})


def heard(board: Board, *events: object) -> list[Event]:
    changes: Iterable[Change] = [change for event in events for change in board.handle(event)]
    return [event for change in changes for event in pacing_events(change)]


ANSWERED = [Event("answer", ID, None, 7.0), Event("live", ID, None, 0.0)]
READY = [Event("talk_end", None, "ivanov", 30.0)]

STORIES: dict[str, tuple[list[object], list[Event]]] = {
    "busy": ([hangup(12.0, 17)], [Event("busy", ID, None, 2.0)]),
    "rings out": ([newstate(11.0, 5), hangup(37.0, 16)], [Event("no_answer", ID, None, 27.0)]),
    "refused": ([hangup(10.5, 21)], [Event("failed", ID, None, 0.5)]),
    "the agent has the person": (
        [newstate(12.0, 5), newstate(17.0, 6), joins(17.0), rings(17.25), talks(18.5)],
        [*ANSWERED, Event("connect", ID, "ivanov", 1.5)],
    ),
    "nobody in time": (
        [newstate(17.0, 6), joins(17.0), message(19.0), hangup(25.0, 16)],
        [*ANSWERED, Event("abandon", ID, None, 2.0)],
    ),
    "the person left while waiting": (
        [newstate(17.0, 6), joins(17.0), hangup(18.25, 16)],
        [*ANSWERED, Event("abandon", ID, None, 1.25)],
    ),
    "the person left while the phone rang": (
        [newstate(17.0, 6), joins(17.0), rings(17.25), hangup(18.25, 16), hangup(18.25, 16, LEG)],
        [*ANSWERED, Event("abandon", ID, None, 1.25), Event("ready", None, "ivanov")],
    ),
    "the person left with the answer": (
        [newstate(17.0, 6), hangup(17.25, 16)],
        [*ANSWERED, Event("abandon", ID, None, 0.25)],
    ),
    "a pause in the talk and a sign-out after it": (
        [
            newstate(17.0, 6), joins(17.0), rings(17.0), talks(18.0), pause("ivanov", 20.0, paused=True),
            pause("ivanov", 30.0, paused=True, kind="removed"), hangup(48.0, 16, LEG), hangup(48.0, 16),
        ],
        [*ANSWERED, Event("connect", ID, "ivanov", 1.0), *READY, Event("logout", None, "ivanov")],
    ),
    "breaks": (
        [pause("ivanov", 20.0, paused=True), pause("sidorov", 21.0, paused=False)],
        [Event("not_ready", None, "ivanov"), Event("ready", None, "sidorov")],
    ),
    "signing out and in": (
        [
            pause("ivanov", 20.0, paused=False, kind="removed"),
            pause("ivanov", 30.0, paused=True, kind="added"),
        ],
        [Event("logout", None, "ivanov"), Event("login", None, "ivanov"), Event("not_ready", None, "ivanov")],
    ),
    "a caller waits and is taken": (
        [joins(20.0, "caller"), rings(24.0, "caller"), talks(25.0, "caller")],
        [Event("inbound", "caller", None, 0.0), Event("inbound_connect", "caller", None, 5.0)],
    ),
    "a caller quits": (
        [joins(20.0, "caller"), hangup(29.0, 16, "caller")],
        [Event("inbound", "caller", None, 0.0), Event("inbound_quit", "caller", None, 9.0)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_pacer_hears_what_the_contract_says(story: str) -> None:
    told, wanted = STORIES[story]
    assert heard(a_board(), *told) == wanted


def test_lengths_of_talk_and_wrap_up_are_those_of_the_state() -> None:
    board = a_board()
    heard(board, newstate(17.0, 6), joins(17.0), rings(17.5), talks(18.0))
    assert heard(board, hangup(78.0, 16, LEG)) == [Event("talk_end", None, "ivanov", 60.0)]
    changes = board.tick(83.0)
    told = [event for change in changes for event in pacing_events(change)]
    assert told == [Event("wrap_end", None, "ivanov", 5.0), Event("ready", None, "ivanov")]


def view(board: Board, shift: float = 0.0) -> FloorNow:
    return floor_of(board, "spring", ["ivanov", "petrova", "sidorov"], 0, 9, 1, shift)


def test_a_pacer_sees_agents_and_calls_with_the_time_their_state_began() -> None:
    board = a_board()
    assert view(board).not_ready == {"sidorov": 1.0}
    assert view(board).ready == {"ivanov": 1.0, "petrova": 1.0}
    heard(board, newstate(12.0, 5))
    assert (view(board).ringing, view(board).waiting) == ({ID: 10.0}, {})
    heard(board, newstate(17.0, 6))
    assert (view(board).ringing, view(board).screening, view(board).waiting) == ({}, {}, {ID: 17.0})
    heard(board, joins(17.25))
    assert view(board).waiting == {ID: 17.0}, "the two seconds run from the answer"
    heard(board, rings(17.5))
    assert (view(board).waiting, view(board).talking) == ({}, {"ivanov": 17.5}), "they have each other"
    assert under_way(board, "spring") == 0
    heard(board, talks(18.0))
    assert view(board, shift=-10.0).talking == {"ivanov": 8.0}
    heard(board, hangup(78.0, 16, LEG))
    assert view(board).wrapping == {"ivanov": 78.0}
    assert soonest_free(board) == (["petrova", "ivanov"], ["sidorov"])


def test_an_agent_whose_phone_was_not_answered_leaves_the_person_waiting() -> None:
    board = a_board()
    heard(board, newstate(17.0, 6), joins(17.0), rings(17.5))
    missed = ami.AgentRingNoAnswer(18.5, CALL, "sales", PHONE, 1000)
    assert heard(board, missed) == [Event("not_ready", None, "ivanov")]
    assert (view(board).waiting, set(view(board).not_ready)) == ({ID: 17.0}, {"ivanov", "sidorov"})


@pytest.mark.parametrize(
    ("state", "outcome", "kinds"),
    [
        (CallState.RINGING, None, ["failed"]),
        (CallState.RINGING, Outcome.BUSY, ["busy"]),
        (CallState.RINGING, Outcome.NO_ANSWER, ["no_answer"]),
        (CallState.RINGING, Outcome.IN_DOUBT, ["failed"]),
        (CallState.RINGING, Outcome.ABANDONED, ["answer", "live", "abandon"]),
        (CallState.WAITING, Outcome.HUNG_UP_BEFORE_TALK, ["abandon"]),
        (CallState.WAITING, Outcome.IN_DOUBT, ["abandon"]),
        (CallState.TALKING, Outcome.INTERRUPTED, []),
        (CallState.MESSAGE, Outcome.ABANDONED, []),
    ],
)
def test_a_call_that_ended_unseen_is_told_to_its_end(
    state: CallState, outcome: Outcome | None, kinds: list[str]
) -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+79161234567", 10.0, answered_at=15.0)
    events = list(settled_events(call, state, outcome, 16.0))
    assert [event.kind for event in events] == kinds
    assert all(event.seconds >= 0 for event in events)


def test_a_talk_that_nobody_saw_is_told_with_its_agent() -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+79161234567", 10.0, answered_at=15.0, connected_at=16.5)
    call.agent = "ivanov"
    assert list(settled_events(call, CallState.RINGING, Outcome.TALKED, 99.0)) == [
        Event("answer", ID, None, 5.0),
        Event("live", ID, None, 0.0),
        Event("connect", ID, "ivanov", 1.5),
    ]


def test_a_talk_that_is_found_in_a_snapshot_is_as_old_as_its_channel() -> None:
    """Also where the agent talked to somebody else when the link was lost."""
    board = a_board()
    heard(board, newstate(17.0, 6), joins(17.0), rings(17.5), talks(18.0))
    channels = [
        Channel("caller", "PJSIP/trunk-city-9", 6, "Queue", "bridge", "caller", 65.0),
        Channel("leg-9", "PJSIP/agent-ivanov-9", 6, "AppQueue", "bridge", "caller", 60.0),
    ]
    members = [pause(name, 100.0, paused=False) for name in ("ivanov", "petrova")]
    board.restore(channels, members, {}, 100.0)
    assert view(board).talking == {"ivanov": 40.0}
