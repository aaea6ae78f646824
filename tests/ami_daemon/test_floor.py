"""What a pacer sees and hears agrees with the contract's table, kind by kind, second by second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from ami_daemon import events as ami
from ami_daemon.board import Board
from ami_daemon.call import Call, CallState
from ami_daemon.changes import Change
from ami_daemon.floor import FloorNow, floor_of, pacing_events, settled_events, soonest_free, under_way
from ami_daemon.snapshot import Channel
from config.laws import LAWS, LawName
from leads.lead import Outcome
from predictive import Event
from sounds.screening import Heard

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


def says(at: float, who: str, quiet: str = "") -> ami.UserEvent:
    return ami.UserEvent(at, "PerezvonHeard", {"Attempt": ID, "Heard": who, "Quiet": quiet})


ANSWER, NOBODY = Event("answer", ID, None, 7.0), Event("machine", ID, None, 1.5)
SCREENED: dict[str, tuple[list[object], list[Event]]] = {
    "a person is let through": (
        [newstate(17.0, 6), says(17.8, "person"), joins(17.8), rings(18.0), talks(18.5)],
        [ANSWER, Event("live", ID, None, 0.8), Event("connect", ID, "ivanov", 0.7)],
    ),
    "silence may be a person": (
        [newstate(17.0, 6), says(20.0, "silence"), joins(20.0), hangup(20.5, 16)],
        [ANSWER, Event("live", ID, None, 3.0), Event("abandon", ID, None, 0.5)],
    ),
    "a machine": ([newstate(17.0, 6), says(18.5, "machine"), hangup(18.5, 16)], [ANSWER, NOBODY]),
    "a machine is left a message": (
        [newstate(17.0, 6), says(18.5, "machine"), hangup(48.5, 16)], [ANSWER, NOBODY],
    ),
    "a fax": ([newstate(17.0, 6), says(18.5, "fax"), hangup(18.5, 16)], [ANSWER, NOBODY]),
    "they leave before it is known": (
        [newstate(17.0, 6), hangup(17.5, 16)], [ANSWER, Event("live", ID, None, 0.5), Event("abandon", ID)],
    ),
    "the event is lost": (
        [newstate(17.0, 6), joins(17.8), talks(18.5)],
        [ANSWER, Event("live", ID, None, 0.8), Event("connect", ID, "ivanov", 0.7)],
    ),
    "the queue's event overtakes it": (
        [newstate(17.0, 6), joins(17.5), says(17.5, "machine")], [ANSWER, Event("live", ID, None, 0.5)],
    ),
    "a word that nobody knows is a person's": (
        [newstate(17.0, 6), says(17.5, "parrot")], [ANSWER, Event("live", ID, None, 0.5)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", SCREENED)
def test_a_pacer_hears_who_answered_when_the_screen_knows(story: str) -> None:
    told, wanted = SCREENED[story]
    board = a_board()
    board.calls[ID].screened = True
    events = [event for event in heard(board, *told) if event.call == ID]
    assert [(one.kind, one.agent, round(one.seconds, 6)) for one in events] == [
        (one.kind, one.agent, round(one.seconds, 6)) for one in wanted
    ]


def test_between_answer_and_verdict_a_call_is_in_screening_and_after_a_machine_it_is_nowhere() -> None:
    for who, waiting in (("person", {ID: 17.8}), ("machine", {})):
        board = a_board()
        board.calls[ID].screened = True
        heard(board, newstate(17.0, 6))
        assert (view(board).screening, view(board).waiting) == ({ID: 17.0}, {})
        assert under_way(board, "spring") == 1
        heard(board, says(17.8, who))
        assert (view(board).screening, view(board).waiting) == ({}, waiting)
        assert under_way(board, "spring") == len(waiting)


@pytest.mark.parametrize(
    "quiet, us, uk", [("0.30", 17.5, 17.0), ("", 17.0, 17.0), ("nan", 17.0, 17.0), ("9", 17.0, 17.0)]
)
def test_the_laws_seconds_begin_at_the_answer_or_with_the_greetings_end(
    quiet: str, us: float, uk: float
) -> None:
    board = a_board()
    call = board.calls[ID]
    call.screened = True
    heard(board, newstate(17.0, 6), says(17.8, "person", quiet))
    assert call.counted_from(LAWS[LawName.US]) == pytest.approx(us)
    assert call.counted_from(LAWS[LawName.UK]) == uk


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
        (CallState.NO_PERSON, Outcome.MACHINE, []),
    ],
)
def test_a_call_that_ended_unseen_is_told_to_its_end(
    state: CallState, outcome: Outcome | None, kinds: list[str]
) -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+79161234567", 10.0, answered_at=15.0)
    events = list(settled_events(call, replace(call, state=state), outcome, 16.0))
    assert [event.kind for event in events] == kinds
    assert all(event.seconds >= 0 for event in events)


def test_a_pacer_neither_hears_nor_sees_a_call_whose_agent_was_there_first() -> None:
    board = a_board()
    board.reserve("ivanov", ID)
    assert set(view(board).ready) == {"petrova"}, "the agent's pause is on its way"
    board.calls[ID].preview = True
    meets = ami.BridgeEnter(18.0, "bridge", 2, "PJSIP/trunk-city-1", CALL, CALL)
    assert heard(board, newstate(11.0, 5), newstate(17.0, 6), meets) == []
    assert board.calls[ID].state is CallState.TALKING
    seen = view(board)
    assert (seen.ringing, seen.screening, seen.waiting) == ({}, {}, {})
    call = replace(board.calls[ID])
    assert heard(board, hangup(40.0, 102)) == []
    ringing = replace(call, state=CallState.RINGING)
    assert list(settled_events(call, ringing, Outcome.TALKED, 99.0)) == []
    assert list(settled_events(call, ringing, None, 99.0)) == [], "it was never placed"


def test_a_talk_that_nobody_saw_is_told_with_its_agent() -> None:
    call = Call(ID, 1, "spring", "sales", "city", "+79161234567", 10.0, answered_at=15.0, connected_at=16.5)
    call.agent = "ivanov"
    assert list(settled_events(call, replace(call, state=CallState.RINGING), Outcome.TALKED, 99.0)) == [
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


@pytest.mark.parametrize(
    ("seen", "said", "outcome", "kinds"),
    [
        (CallState.RINGING, Heard.MACHINE, Outcome.MACHINE, ["answer", "machine"]),
        (CallState.RINGING, Heard.PERSON, Outcome.ABANDONED, ["answer", "live", "abandon"]),
        (CallState.ANSWERED, Heard.FAX, Outcome.FAX, ["machine"]),
        (CallState.ANSWERED, None, Outcome.HUNG_UP_BEFORE_TALK, ["live", "abandon"]),
        (CallState.NO_PERSON, Heard.MACHINE, Outcome.MACHINE, []),
    ],
)
def test_a_screened_call_that_ended_unseen_is_told_to_its_end(
    seen: CallState, said: Heard | None, outcome: Outcome, kinds: list[str]
) -> None:
    call = Call(
        ID, 1, "spring", "sales", "city", "+79161234567", 10.0, answered_at=15.0, heard=said, screened=True
    )
    was = replace(call, state=seen, heard=said if seen is CallState.NO_PERSON else None)
    assert [event.kind for event in settled_events(call, was, outcome, 16.0)] == kinds
