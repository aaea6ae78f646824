"""What the robot says came of its calls, and what that makes of attempt and lead. Pure."""

from __future__ import annotations

from enum import StrEnum

from config.models import DispositionClass
from leads.lead import Outcome


class RobotDisposition(StrEnum):
    """Kept on the attempt at once, at each step; the last one counts."""

    LISTENED = "listened"
    """The first prompt was heard to its end; nothing was decided."""
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    CHANGED = "changed"
    """Some orders were confirmed and others cancelled."""
    TOLD = "told"
    """What was to be said was said to somebody."""
    OPERATOR = "operator"
    """They asked for a person."""
    LATER = "later"
    """A person was there and decided nothing: they were told that we call again."""
    WRONG_PERSON = "wrong_person"
    OPTED_OUT = "opted_out"
    NO_REPLY = "no_reply"
    """Nothing was pressed through all prompts: a machine, for all that a robot without ears can tell."""


CLASS: dict[RobotDisposition, DispositionClass] = {
    RobotDisposition.LISTENED: DispositionClass.NO_CONTACT,
    RobotDisposition.CONFIRMED: DispositionClass.SUCCESS,
    RobotDisposition.CANCELLED: DispositionClass.SUCCESS,
    RobotDisposition.CHANGED: DispositionClass.SUCCESS,
    RobotDisposition.TOLD: DispositionClass.SUCCESS,
    RobotDisposition.OPERATOR: DispositionClass.CALLBACK,
    RobotDisposition.LATER: DispositionClass.CALLBACK,
    RobotDisposition.WRONG_PERSON: DispositionClass.REFUSAL,
    RobotDisposition.OPTED_OUT: DispositionClass.REFUSAL,
    RobotDisposition.NO_REPLY: DispositionClass.NO_CONTACT,
}
"""Of those whom no agent took: a talk with an agent settles what the robot left open."""


def robot_outcome(said: RobotDisposition | None, *, failed: bool) -> Outcome:
    """What an answered call came to that ended without an agent; `failed`: the script did.

    What was decided before a script failed stays decided.
    """
    if said is RobotDisposition.NO_REPLY:
        return Outcome.MACHINE
    if said in (None, RobotDisposition.LISTENED) and failed:
        return Outcome.INTERRUPTED
    return Outcome.HUNG_UP_BEFORE_TALK if said is None else Outcome.TALKED


def robot_class(said: RobotDisposition | None, *, agent: bool) -> DispositionClass | None:
    """The disposition's class; `agent`: an agent took the call in the end."""
    if said is None:
        return None
    is_open = CLASS[said] in (DispositionClass.CALLBACK, DispositionClass.NO_CONTACT)
    return DispositionClass.SUCCESS if agent and is_open else CLASS[said]
