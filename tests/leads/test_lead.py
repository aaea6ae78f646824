"""The states of leads and attempts are tables without a hole."""

import pytest

from leads import attempt, lead
from leads.attempt import AttemptState
from leads.lead import IllegalMove, LeadState


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(lead.MOVES) == set(LeadState)
    assert set(attempt.MOVES) == set(AttemptState)


def test_a_lead_is_called_only_out_of_a_claim() -> None:
    into_claim = {state for state, following in lead.MOVES.items() if LeadState.CLAIMED in following}
    assert into_claim == {LeadState.READY, LeadState.SCHEDULED}
    assert lead.MOVES[LeadState.FINAL] == {LeadState.SCHEDULED}, (
        "only a call that is owed wakes a finished lead"
    )


def test_an_attempt_never_leaves_its_end() -> None:
    for state in (AttemptState.ENDED, AttemptState.RELEASED):
        assert not attempt.MOVES[state]
        assert state not in attempt.OPEN


def test_an_illegal_move_names_both_states() -> None:
    with pytest.raises(IllegalMove, match="lead 7: no move from final to claimed"):
        raise IllegalMove("lead 7", LeadState.FINAL, LeadState.CLAIMED)
