"""The call's table of moves, and what an end in each state comes to."""

from __future__ import annotations

import itertools

import pytest

from ami_daemon.call import MOVES, Call, CallState, outcome
from leads.lead import LIVE, IllegalMove, Outcome
from sounds.screening import Heard


def a_call(state: CallState = CallState.PLACED) -> Call:
    return Call("0" * 16, 1, "spring", "sales", "city", "+74950000001", 100.0, state=state)


@pytest.mark.parametrize(
    ("heard", "came"),
    [
        (Heard.MACHINE, Outcome.MACHINE), (Heard.FAX, Outcome.FAX), (Heard.SIT, Outcome.FAILED),
        (Heard.BUSY, Outcome.FAILED), (Heard.RINGBACK, Outcome.FAILED),
    ],
)  # fmt: skip
def test_who_is_no_person_has_an_outcome_of_its_own(heard: Heard, came: Outcome) -> None:
    assert outcome(CallState.NO_PERSON, 16, heard) is came
    assert came not in LIVE


@pytest.mark.parametrize(("old", "new"), list(itertools.product(CallState, CallState)))
def test_a_move_is_made_when_the_table_has_it_and_refused_with_both_names_otherwise(
    old: CallState, new: CallState
) -> None:
    call = a_call(old)
    if new in MOVES[old]:
        assert call.move(new, 101.0) is old
        assert call.state is new
        assert call.since() == 101.0 or new is CallState.MESSAGE
    else:
        with pytest.raises(IllegalMove, match=f"no move from {old} to {new}"):
            call.move(new, 101.0)
        assert call.state is old


@pytest.mark.parametrize(
    ("last", "cause", "expected"),
    [
        (CallState.RINGING, 17, Outcome.BUSY),
        (CallState.PLACED, 17, Outcome.BUSY),
        (CallState.RINGING, 19, Outcome.NO_ANSWER),
        (CallState.PLACED, 18, Outcome.NO_ANSWER),
        (CallState.RINGING, 16, Outcome.NO_ANSWER),
        (CallState.PLACED, 16, Outcome.NO_ANSWER),
        (CallState.RINGING, 0, Outcome.NO_ANSWER),
        (CallState.PLACED, 1, Outcome.FAILED),
        (CallState.PLACED, 21, Outcome.FAILED),
        (CallState.RINGING, 34, Outcome.FAILED),
        (CallState.PLACED, None, Outcome.FAILED),
        (CallState.ANSWERED, 16, Outcome.HUNG_UP_BEFORE_TALK),
        (CallState.WAITING, 16, Outcome.HUNG_UP_BEFORE_TALK),
        (CallState.MESSAGE, 16, Outcome.ABANDONED),
        (CallState.TALKING, 16, Outcome.TALKED),
        (CallState.TALKING, 26, Outcome.TALKED),
        (CallState.TALKING, 127, Outcome.INTERRUPTED),
    ],
)
def test_every_end_has_its_outcome(last: CallState, cause: int | None, expected: Outcome) -> None:
    assert outcome(last, cause) is expected
