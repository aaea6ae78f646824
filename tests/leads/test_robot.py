"""What the robot's word makes of an attempt."""

import pytest

from config.models import DispositionClass
from leads.lead import LIVE, Outcome
from leads.robot import CLASS, RobotDisposition, robot_class, robot_outcome

R = RobotDisposition


@pytest.mark.parametrize(
    ("said", "failed", "expected"),
    [
        (None, False, Outcome.HUNG_UP_BEFORE_TALK),
        (None, True, Outcome.INTERRUPTED),
        (R.LISTENED, False, Outcome.TALKED),
        (R.LISTENED, True, Outcome.INTERRUPTED),
        (R.CONFIRMED, True, Outcome.TALKED),
        (R.NO_REPLY, False, Outcome.MACHINE),
        (R.OPERATOR, False, Outcome.TALKED),
    ],
)
def test_an_answered_call_comes_to_what_the_robot_last_said_of_it(
    said: RobotDisposition | None, failed: bool, expected: Outcome
) -> None:
    assert robot_outcome(said, failed=failed) is expected


def test_a_machine_is_no_live_answer() -> None:
    assert robot_outcome(R.NO_REPLY, failed=False) not in LIVE


def test_who_asked_for_a_person_is_called_again_unless_they_got_one() -> None:
    assert robot_class(R.OPERATOR, agent=False) is DispositionClass.CALLBACK
    assert robot_class(R.OPERATOR, agent=True) is DispositionClass.SUCCESS
    assert robot_class(None, agent=True) is None
    assert set(CLASS) == set(RobotDisposition)
