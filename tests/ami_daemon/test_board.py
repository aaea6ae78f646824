"""The board, fed with dialogues of a real Asterisk 22 (tests/fixtures/ami/transcripts)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ami_daemon import events as ami
from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import Call
from ami_daemon.cel import Cel, parse_cel
from ami_daemon.changes import (
    AgentMoved,
    CallEnded,
    CallMoved,
    Change,
    EarlyHeard,
    Illegal,
    PreviewAnswered,
    PreviewLeft,
    PreviewMissed,
)
from ami_daemon.recovery import Fate, judge
from ami_daemon.snapshot import Channel
from leads.lead import Outcome
from sounds.screening import Heard

TRANSCRIPTS = Path(__file__).parents[1] / "fixtures/ami/transcripts"
FIRST, SECOND = "0123456789abcd01", "0123456789abcd02"


def events_of(name: str) -> Iterator[ami.Event]:
    for block in (TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8").split("\n\n"):
        lines = [line[2:] for line in block.splitlines() if line.startswith("< ")]
        lines = [line + " " if line.endswith(":") else line for line in lines]  # as Asterisk ends it
        if lines and lines[0].startswith("Event: "):
            reader = ami.READERS.get(lines[0].removeprefix("Event: ").encode())
            if reader is not None:
                yield reader("\r\n".join(lines).encode(), 0.0)


def a_board(*, signed_in: bool = True, preview: bool = False) -> Board:
    board = Board("ours", {"ivanov": frozenset({"sales"}), "petrova": frozenset({"sales"})}, {"sales": 0})
    for attempt in (FIRST,) if preview else (FIRST, SECOND):
        board.place(Call(attempt, 1, "spring", "sales", "city", "+79161234567", 0.0))
    if signed_in:
        board.handle(_signed_in()[0])
    return board


def play(name: str, board: Board) -> list[Change]:
    return [change for event in events_of(name) for change in board.handle(event)]


def states_at(changes: list[Change]) -> list[str]:
    """States in the order they were reached; the call's own state is read when the change is made."""
    return [f"{c.new}({c.reason})" if c.reason else str(c.new) for c in changes if isinstance(c, AgentMoved)]


ENDS = {
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "reject_403": Outcome.FAILED,
    "reject_404": Outcome.FAILED,
    "reject_408": Outcome.NO_ANSWER,
    "reject_480": Outcome.NO_ANSWER,
    "reject_500": Outcome.FAILED,
    "reject_503": Outcome.FAILED,
    "reject_603": Outcome.FAILED,
    "hangup_while_ringing": Outcome.NO_ANSWER,
    "talk_ended_by_caller": Outcome.TALKED,
    "talk_ended_by_agent": Outcome.TALKED,
    "talk_ended_by_hangup_action": Outcome.TALKED,
    "nobody_within_grace": Outcome.ABANDONED,
    "only_a_paused_member": Outcome.ABANDONED,
    "withdrawn_from_queue": Outcome.ABANDONED,
    "withdrawn_while_agent_rings": Outcome.ABANDONED,
    "grace_runs_out_while_agent_rings": Outcome.ABANDONED,
    "caller_leaves_during_message": Outcome.ABANDONED,
    "caller_hangs_up_soon": Outcome.HUNG_UP_BEFORE_TALK,
    "caller_abandons_queue": Outcome.HUNG_UP_BEFORE_TALK,
    "caller_leaves_while_agent_rings": Outcome.HUNG_UP_BEFORE_TALK,
    "agent_rings_no_answer": Outcome.HUNG_UP_BEFORE_TALK,
    "removed_while_talking": Outcome.TALKED,
    "paused_while_talking": Outcome.TALKED,
    "second_caller_waits_for_agent": Outcome.TALKED,
    "second_agent_takes_it": Outcome.TALKED,
    "key_ends_the_wait": Outcome.ABANDONED,
    "key_ends_the_wait_while_agent_rings": Outcome.ABANDONED,
    "key_does_nothing_to_a_talk": Outcome.TALKED,
    "key_makes_the_queue_look_at_once": Outcome.TALKED,
    "talk_cut_by_the_limit": Outcome.INTERRUPTED,
    "wait_cut_by_the_limit": Outcome.HUNG_UP_BEFORE_TALK,
}


@pytest.mark.parametrize("name", ENDS)
def test_a_real_dialogue_ends_in_its_outcome_with_no_illegal_move(name: str) -> None:
    board = a_board()
    for event in _signed_in("petrova") if name == "second_agent_takes_it" else ():
        board.handle(event)
    changes = play(name, board)
    ended = [c for c in changes if isinstance(c, CallEnded) and c.call.attempt == FIRST]
    assert [c.outcome for c in ended] == [ENDS[name]]
    assert [c for c in changes if isinstance(c, Illegal)] == []
    assert FIRST not in board.calls
    agent = board.agents["ivanov"]
    assert agent.ringing_leg is None and agent.talking_leg is None and agent.call is None


@pytest.mark.parametrize("name", ENDS)
def test_cel_alone_proves_the_same_outcome(name: str) -> None:
    """What the daemon would find in CEL, had it been down for the whole call."""
    lines = (TRANSCRIPTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    channel = f"pz-ours-{FIRST}"
    records = [record for record in parse_cel(lines) if record.uniqueid == channel]
    first, last = records[0].at, records[-1].at
    call = Call(FIRST, 1, "spring", "sales", "city", "+79161234567", first)
    verdict = judge(call, Cel({channel: records}, first, last), channel, 0.0, last + 1)
    assert (verdict.fate, verdict.outcome) == (Fate.ENDED, ENDS[name])


@pytest.mark.parametrize("name", [name for name, outcome in ENDS.items() if outcome is Outcome.TALKED])
def test_the_same_dialogue_told_twice_changes_nothing_more(name: str) -> None:
    board = a_board()
    for event in events_of(name):
        board.handle(event)
        repeated = [c for c in board.handle(event) if not isinstance(c, AgentMoved)]
        assert repeated == []


AGENTS = {
    "talk_ended_by_caller": ["ready", "ringing", "talking", "ready"],
    "talk_ended_by_agent": ["ready", "ringing", "talking", "ready"],
    "agent_rings_no_answer": ["ready", "ringing", "not_ready(no_answer)"],
    "agent_rejects": ["ready", "ringing", "not_ready(rejected)"],
    "caller_leaves_while_agent_rings": ["ready", "ringing", "ready"],
    "paused_while_talking": ["ready", "ringing", "talking", "not_ready(lunch)"],
    "removed_while_talking": ["ready", "ringing", "talking", "offline"],
}


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_goes_through_the_states_that_asterisk_tells(name: str) -> None:
    board = a_board(signed_in=False)
    told = states_at(board.handle(next(iter(_signed_in()))) + play(name, board))
    assert [state for i, state in enumerate(told) if i == 0 or told[i - 1] != state] == AGENTS[name]


def _signed_in(agent: str = "ivanov") -> list[ami.QueueMember]:
    interface = f"PJSIP/agent-{agent}"
    return [ami.QueueMember(1.0, "added", "sales", agent, interface, 0, 0, 0, 1, False, 1, False, "", 0)]


@pytest.mark.parametrize("name", ["paused_while_talking", "removed_while_talking"])
def test_what_is_asked_for_during_a_talk_is_pending(name: str) -> None:
    board, pending = a_board(), set()
    for event in events_of(name):
        board.handle(event)
        if board.agents["ivanov"].state is AgentState.TALKING:
            pending.add(board.agents["ivanov"].pending())
    wanted = {"paused_while_talking": "not_ready(lunch)", "removed_while_talking": "offline"}[name]
    assert wanted in pending


def test_a_preview_is_answered_by_the_agent_first_and_then_bridged() -> None:
    board = a_board(preview=True)
    board.calls[FIRST].preview = True
    board.reserve("ivanov", FIRST)
    order = []
    for event in events_of("preview_talk_ended_by_subscriber"):
        for change in board.handle(event):
            order.append(type(change).__name__ if not isinstance(change, CallMoved) else str(change.new))
            assert not isinstance(change, Illegal)
    assert order.index(PreviewAnswered.__name__) < order.index("ringing") < order.index("talking")
    assert order.index("talking") < order.index(CallEnded.__name__)
    assert board.agents["ivanov"].preview is None


@pytest.mark.parametrize(
    ("leg", "subscriber_dialed", "told"),
    [
        (None, False, "PreviewMissed"),
        (None, True, "PreviewLeft"),
        (5, False, ""),
        (6, False, "PreviewAnswered"),
        (6, True, ""),
    ],
)
def test_after_a_lost_link_a_preview_goes_on_from_where_it_is(
    leg: int | None, subscriber_dialed: bool, told: str
) -> None:
    board = a_board()
    member = replace(_signed_in()[0], paused=True, reason="preview")
    board.handle(member)
    board.reserve("ivanov", SECOND)
    board.forget(FIRST)
    if not subscriber_dialed:
        board.forget(SECOND)
    name = "PJSIP/agent-ivanov-00000001"
    channels = [] if leg is None else [Channel(f"pza-ours-{SECOND}", name, leg, "Wait", "")]
    changes, _ = board.restore(channels, [replace(member, kind="snapshot")], {}, 9.0)
    found = [
        type(c).__name__ for c in changes if isinstance(c, (PreviewAnswered, PreviewLeft, PreviewMissed))
    ]
    assert found == [told] * bool(told)
    assert board.agents["ivanov"].call == (None if leg is None else f"pz-ours-{SECOND}")
    failure = ami.OriginateResponse(9.1, "Failure", 3, f"pza-ours-{SECOND}")
    later = board.handle(failure) if leg is not None else []
    assert not any(isinstance(c, PreviewMissed) for c in later), "the leg's own hang-up tells its end"


def test_a_new_daemon_knows_a_call_whose_agent_was_rung_first_by_the_agents_leg() -> None:
    """Whatever the campaign's mode is: the leg names the attempt, and its phone the agent."""
    board = a_board(preview=True)
    board.calls[FIRST].screened = board.calls[FIRST].robot = True
    channels = [
        Channel(f"pza-ours-{FIRST}", "PJSIP/agent-ivanov-00000001", 6, "Wait", ""),
        Channel(f"pz-ours-{FIRST}", "PJSIP/trunk-city-00000002", 5, "", ""),
    ]
    member = replace(_signed_in()[0], paused=True, reason="preview", kind="snapshot")
    board.restore(channels, [member], {}, 9.0)
    call = board.calls[FIRST]
    assert (call.preview, call.screened, call.robot) == (True, False, False)
    trunk, own = "PJSIP/trunk-city-00000002", f"pz-ours-{FIRST}"
    board.handle(ami.Newstate(10.0, trunk, 6, own, own))
    board.handle(ami.BridgeEnter(10.1, "bridge", 2, trunk, own, own))
    assert (call.state, call.agent) == ("talking", "ivanov")


def test_an_agent_who_was_on_a_call_when_the_link_was_lost_is_on_none_when_it_is_gone() -> None:
    board = a_board()
    board.handle(ami.AgentConnect(1.0, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 0, 0))
    board.restore([], [replace(_signed_in()[0], kind="snapshot")], {}, 9.0)
    agent = board.agents["ivanov"]
    assert (agent.state, agent.call) == (AgentState.READY, None)


@pytest.mark.parametrize("unreachable", [True, False])
def test_a_preview_whose_phone_gets_no_channel_is_missed(unreachable: bool) -> None:
    """Asterisk tells nothing of the leg but the failed `Originate`."""
    board = a_board(preview=True)
    board.forget(FIRST)
    board.reserve("ivanov", FIRST)
    changes = []
    for event in events_of("unregistered_phone"):
        if unreachable or not isinstance(event, ami.DeviceStateChange):
            changes += board.handle(event)
    missed = [(c.attempt, c.agent, c.reason) for c in changes if isinstance(c, PreviewMissed)]
    assert missed == [(FIRST, "ivanov", "phone_unreachable" if unreachable else "no_answer")]


def test_a_preview_that_rang_in_vain_is_missed_once() -> None:
    board = a_board(preview=True)
    board.forget(FIRST)
    board.reserve("ivanov", FIRST)
    leg, name = f"pza-ours-{FIRST}", "PJSIP/agent-ivanov-00000001"
    events = [
        ami.Newchannel(1.0, name, 0, "", FIRST, "perezvon-agents", "", leg, leg),
        ami.Newstate(1.1, name, 5, leg, leg),
        ami.OriginateResponse(6.0, "Failure", 3, leg),
        ami.Hangup(6.0, name, "", "", leg, leg, 19, ""),
    ]
    missed = [c for event in events for c in board.handle(event) if isinstance(c, PreviewMissed)]
    assert [(c.agent, c.reason) for c in missed] == [("ivanov", "no_answer")]


def test_wrap_up_lasts_to_the_second_that_asterisk_counts_to() -> None:
    board = a_board()
    agent = board.agents["ivanov"]
    agent.queues["sales"].wrap_up = 5
    board.handle(ami.AgentConnect(100.2, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 0, 0))
    told = board.handle(ami.AgentComplete(110.7, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 10, "caller"))
    assert [c.new for c in told if isinstance(c, AgentMoved)] == [AgentState.WRAP_UP]
    assert board.next_wrap_end(110.7) == 115.0
    assert board.tick(114.9) == []
    assert [c.new for c in board.tick(115.0) if isinstance(c, AgentMoved)] == [AgentState.READY]


def test_the_queue_that_rings_a_second_early_has_ended_the_wrap_up() -> None:
    """Seen: told of at 45.03 s, the talk had ended at 44.99 s by the clock of app_queue."""
    board = a_board()
    agent = board.agents["ivanov"]
    agent.queues["sales"].wrap_up = 2
    told = []
    for event in (
        ami.AgentConnect(44.4, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 0, 0),
        ami.AgentComplete(45.03, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 1, "caller"),
        ami.AgentCalled(46.09, "x-2", "leg-2", "sales", "PJSIP/agent-ivanov"),
        ami.Hangup(46.5, "PJSIP/agent-ivanov-2", "", "", "leg-2", "x-2", 26, ""),
    ):
        told += board.handle(event)
    assert states_at(told) == ["talking", "wrap_up", "ringing", "ready"]
    assert [c for c in told if isinstance(c, Illegal)] == []


def test_the_ring_of_a_queue_with_less_wrap_up_leads_back_to_the_wrap_up_of_the_other() -> None:
    board = Board("ours", {"ivanov": frozenset({"sales", "help"})}, {"sales": 2, "help": 30})
    sales = _signed_in()[0]
    told = []
    for event in (
        sales,
        replace(sales, queue="help"),
        ami.AgentConnect(44.4, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 0, 0),
        ami.AgentComplete(45.0, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 1, "caller"),
        ami.AgentCalled(47.0, "x-2", "leg-2", "sales", "PJSIP/agent-ivanov"),
        replace(sales, at=47.1, kind="status", queue="help", last_call=45),
        ami.Hangup(47.5, "PJSIP/agent-ivanov-2", "", "", "leg-2", "x-2", 26, ""),
    ):
        told += board.handle(event)
    assert states_at(told)[-3:] == ["wrap_up", "ringing", "wrap_up"]
    assert [c for c in told if isinstance(c, Illegal)] == []


def test_a_member_that_is_added_again_has_no_wrap_up_left() -> None:
    board = a_board()
    agent = board.agents["ivanov"]
    agent.queues["sales"].wrap_up = 30
    board.handle(ami.AgentConnect(100.2, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 0, 0))
    board.handle(ami.AgentComplete(110.7, "x-1", "leg-1", "sales", "PJSIP/agent-ivanov", 10, "agent"))
    told = []
    for kind, last_call in (("removed", 110), ("added", 0)):
        told += board.handle(
            ami.QueueMember(
                111.0,
                kind,
                "sales",
                "ivanov",
                "PJSIP/agent-ivanov",
                0,
                last_call,
                0,
                1,
                False,
                1,
                False,
                "",
                30,
            )
        )
    assert states_at(told)[-1] == "ready"


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (5, AgentState.NOT_READY, "phone_unreachable"),
        (2, AgentState.NOT_READY, "on_phone"),
        (1, AgentState.READY, ""),
    ],
)
def test_a_phone_that_cannot_take_a_call_makes_its_agent_not_ready(
    status: int, state: AgentState, reason: str
) -> None:
    board = a_board()
    board.handle(
        ami.QueueMember(
            2.0, "status", "sales", "ivanov", "PJSIP/agent-ivanov", 0, 0, 0, 1, False, status, False, "", 0
        )
    )
    assert (board.agents["ivanov"].state, board.agents["ivanov"].reason) == (state, reason)


def early(heard: str, attempt: str = FIRST, at: float = 2.0) -> ami.UserEvent:
    return ami.UserEvent(at, "PerezvonEarly", {"Attempt": attempt, "Heard": heard})


@pytest.mark.parametrize("heard", ["busy", "sit", "machine"])
def test_what_is_heard_before_the_answer_is_told_and_kept(heard: str) -> None:
    board = a_board()
    call = board.calls[FIRST]
    assert board.handle(early(heard)) == [EarlyHeard(call, Heard(heard), 2.0)]
    assert call.early == heard


@pytest.mark.parametrize("heard", ["", "person", "silence", "ringback", "music", "BUSY"])
def test_what_may_be_a_persons_or_is_no_word_of_ours_says_nothing_before_the_answer(heard: str) -> None:
    board = a_board()
    assert board.handle(early(heard)) == []
    assert board.calls[FIRST].early is None


def test_an_answer_that_overtakes_what_was_heard_before_it_makes_it_void() -> None:
    board = a_board()
    channel = f"pz-ours-{FIRST}"
    board.handle(ami.Newstate(1.0, "PJSIP/trunk-city-1", 6, channel, channel))
    assert board.handle(early("busy")) == []
    assert board.calls[FIRST].early is None
