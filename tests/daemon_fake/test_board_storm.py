"""The board in a storm: any events in any order, told twice, of unknown calls, by a clock that goes back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ami_daemon import events as ami
from ami_daemon.agent import PREVIEW
from ami_daemon.board import Board
from ami_daemon.call import UNANSWERED, Call, CallState
from ami_daemon.changes import AgentMoved, CallEnded, CallMoved
from ami_daemon.snapshot import Channel

AGENTS = ("ivanov", "petrova")
ATTEMPTS = tuple(f"{number:016x}" for number in range(4))
"""The last one is never placed."""
QUEUES = ("sales", "support", "foreign")

IDS = st.sampled_from(
    [f"pz-ours-{a}" for a in ATTEMPTS] + [f"pza-ours-{a}" for a in ATTEMPTS] + ["ours-1.1", "ours-2.2", ""]
)
INTERFACES = st.sampled_from(
    [f"PJSIP/agent-{a}" for a in (*AGENTS, *AGENTS, "nobody")] + ["PJSIP/trunk-city"]
)
NAMES = st.one_of(INTERFACES, INTERFACES.map(lambda name: f"{name}-0000000a"))
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "at": st.floats(0, 100),
    "uniqueid": IDS,
    "linkedid": IDS,
    "dest_uniqueid": IDS,
    "channel": NAMES,
    "dest_channel": NAMES,
    "device": INTERFACES,
    "interface": INTERFACES,
    "queue": st.sampled_from(QUEUES),
    "state": st.sampled_from([0, 4, 5, 6]),
    "cause": st.sampled_from([0, 16, 17, 19, 102, 127]),
    "response": st.sampled_from(["Success", "Failure"]),
    "kind": st.sampled_from(["added", "removed", "status", "pause"]),
    "status": st.integers(0, 8),
    "reason": st.sampled_from(["", "lunch", "signed_in", "Auto-Pause", PREVIEW]),
    "last_call": st.sampled_from([0, 10, 50, 90]),
    "wrapup": st.sampled_from([0, 5]),
}


def of(kind: type[ami.Event]) -> st.SearchStrategy[Any]:
    """Events of a kind; fields that the board knows by name are the few that it may know."""
    return st.builds(
        kind, **{name: BY_NAME[name] for name in kind.__slots__ if name in BY_NAME}, at=BY_NAME["at"]
    )


USER_EVENTS = st.builds(
    ami.UserEvent,
    BY_NAME["at"],
    st.sampled_from(["PerezvonAbandoned", "PerezvonEndWrapUp", "Flood"]),
    st.fixed_dictionaries(
        {}, optional={"Attempt": st.sampled_from(ATTEMPTS), "Agent": st.sampled_from(["nobody", *AGENTS])}
    ),
)
NUMERIC_REASON = st.builds(ami.OriginateResponse, BY_NAME["at"], BY_NAME["response"], st.integers(0, 8), IDS)
DEVICES = st.builds(
    ami.DeviceStateChange, BY_NAME["at"], INTERFACES, st.sampled_from(["NOT_INUSE", "INUSE", "RINGING", "?"])
)
PLAIN = [
    ami.Newchannel, ami.Newstate, ami.Hangup, ami.QueueCallerJoin, ami.QueueCallerLeave, ami.AgentCalled,
    ami.AgentConnect, ami.AgentComplete, ami.AgentRingNoAnswer, ami.QueueMember, ami.BridgeEnter,
]  # fmt: skip
OFTEN = [ami.QueueMember, ami.QueueMember, ami.AgentCalled, ami.AgentConnect, ami.Newstate]
EVENTS = st.one_of(*(of(kind) for kind in PLAIN + OFTEN), USER_EVENTS, NUMERIC_REASON, DEVICES)
SNAPSHOTS = st.tuples(
    st.lists(st.builds(Channel, IDS, NAMES, BY_NAME["state"], st.sampled_from(["", "Queue", "Playback"]),
                       st.sampled_from(["", "b1", "b2"]), IDS), max_size=5),
    st.lists(of(ami.QueueMember), max_size=4),
    st.dictionaries(IDS, st.tuples(st.sampled_from(QUEUES), BY_NAME["at"]), max_size=3),
)  # fmt: skip
STEPS = st.one_of(
    EVENTS, EVENTS, EVENTS, EVENTS, BY_NAME["at"], SNAPSHOTS, st.tuples(st.sampled_from(AGENTS), IDS)
)


def a_board() -> tuple[Board, list[Call]]:
    queues = frozenset({"sales", "support"})
    board = Board("ours", dict.fromkeys(AGENTS, queues), {"sales": 5, "support": 0})
    calls = [
        Call(attempt, 1, "spring", "sales", "city", "+79161234567", 0.0, preview=attempt == ATTEMPTS[1])
        for attempt in ATTEMPTS[:3]
    ]
    for call in calls:
        board.place(call)
    return board, calls


def take(board: Board, step: Any) -> list[Any]:
    """What the daemon may do to the board."""
    match step:
        case float():
            return board.tick(step)
        case (str(agent), str(channel)):
            board.reserve(agent, channel.rpartition("-")[2])
            return []
        case (list(channels), list(members), dict(waiting)):
            changes, missing = board.restore(channels, members, waiting, 50.0)
            for call in missing:
                assert board.forget(call.attempt)
            return changes
        case _:
            return board.handle(step)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=40), st.booleans())
def test_no_storm_breaks_the_board(steps: list[Any], twice: bool) -> None:
    board, calls = a_board()
    ended: set[str] = set()
    states = {name: (agent.state, agent.reason) for name, agent in board.agents.items()}
    for step in steps:
        now = step if isinstance(step, float) else getattr(step, "at", 50.0)
        changes = take(board, step)
        if twice and isinstance(step, ami.Event):
            again = take(board, step)
            assert [c for c in again if isinstance(c, CallMoved | CallEnded)] == []
            changes += again
        for change in changes:
            match change:
                case CallEnded(call=call):
                    assert call.attempt not in ended, "an attempt ended twice"
                    ended.add(call.attempt)
                case CallMoved(call=call, new=new):
                    assert call.attempt not in ended and new is not CallState.ENDED
                case AgentMoved(agent=name):
                    assert (change.old, change.old_reason) == states[name], "changes leave a hole"
                    states[name] = change.new, change.reason
                    assert change.seconds >= 0.0
        for call in calls:
            assert (call.state is CallState.ENDED) == (call.attempt in ended)
            if call.state is CallState.ENDED:
                assert call.attempt not in board.calls
        for name, agent in board.agents.items():
            assert states[name] == (agent.state, agent.reason), "a move was not told"
        check_size(board)
        moved = {change.agent for change in changes if isinstance(change, AgentMoved)}
        for name in moved:
            assert (board.agents[name].state, board.agents[name].reason) == board.agents[name].derive(now)


def check_size(board: Board) -> None:
    """Nothing grows beyond what Asterisk can have told of."""
    assert set(board.agents) == set(AGENTS)
    assert set(board.calls) <= set(ATTEMPTS[:3])
    for agent in board.agents.values():
        assert set(agent.queues) <= {"sales", "support"}


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=60))
def test_what_was_told_of_channels_is_forgotten_when_they_hang_up(events: list[Any]) -> None:
    board, calls = a_board()
    for event in events:
        board.handle(event)
    for uniqueid in [*board._legs, *board.inbound, *(board.prefix + call.attempt for call in calls)]:
        board.handle(ami.Hangup(100.0, "", "", "", uniqueid, uniqueid, 16, ""))
    assert not board._legs and not board.inbound and not board.calls
    for agent in board.agents.values():
        if agent.preview is None:
            assert agent.talking_leg is None or agent.talking_leg.startswith(board.preview_prefix)


def test_a_clock_that_steps_back_gives_no_negative_time() -> None:
    board, (call, *_) = a_board()
    board.handle(ami.Newstate(50.0, "PJSIP/trunk-city-1", 5, "pz-ours-" + call.attempt, ""))
    changes = board.handle(
        ami.Hangup(10.0, "PJSIP/trunk-city-1", "", "", "pz-ours-" + call.attempt, "", 19, "")
    )
    assert [type(change) for change in changes] == [CallEnded]
    assert changes[0].last in UNANSWERED  # type: ignore[union-attr]  # the line above


def test_what_is_told_late_of_a_call_that_is_further_changes_nothing() -> None:
    board, (call, *_) = a_board()
    channel, interface = "pz-ours-" + call.attempt, "PJSIP/agent-ivanov"
    board.handle(ami.AgentConnect(5.0, channel, "ours-1.1", "sales", interface, 1, 1))
    assert call.state is CallState.TALKING
    for late in (
        ami.Newstate(6.0, "PJSIP/trunk-city-1", 5, channel, channel),
        ami.Newstate(6.0, "PJSIP/trunk-city-1", 6, channel, channel),
        ami.QueueCallerJoin(6.0, "PJSIP/trunk-city-1", channel, "sales", 1, 1),
        ami.AgentConnect(6.0, channel, "ours-1.1", "sales", interface, 1, 1),
    ):
        assert board.handle(late) == []
    assert (call.state, call.connected_at) == (CallState.TALKING, 5.0)
