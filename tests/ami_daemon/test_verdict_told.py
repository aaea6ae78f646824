"""What the dialplan is told of a verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ami_daemon.call import Call
from ami_daemon.screening import Screening
from sounds.ear import Listened, Phase
from sounds.screening import Heard, Verdict
from store.verdicts import Screened


@pytest.mark.parametrize(("quiet", "told"), [(0.24, "0.24"), (0.0, "0.00"), (None, "")])
async def test_a_greeting_of_which_nobody_knows_the_end_has_none_told(quiet: float | None, told: str) -> None:
    """Else the law's two seconds would begin anew with a fault."""
    said: dict[str, str] = {}

    async def action(name: str, headers: dict[str, str]) -> None:
        assert (name, headers["Channel"]) == ("Setvar", "pz-a-00000000000000a1")
        said[headers["Variable"]] = headers["Value"]

    screening: Any = object.__new__(Screening)
    screening._board, screening._link = SimpleNamespace(prefix="pz-a-"), SimpleNamespace(action=action)
    verdict = Verdict(Heard.PERSON, 0.5, 40, "why", quiet)
    await screening._set(Listened("00000000000000a1", Phase.SCREEN, verdict, [], b""), Heard.PERSON)
    assert said == {"PZ_HEARD": "person", "PZ_QUIET": told}


ATTEMPT = "00000000000000a1"


def a_screening(share: float, robot: bool) -> tuple[Any, dict[str, str], list[Screened]]:
    """The part with one call on the board, what it sets on the call's channel, and what it keeps."""
    said: dict[str, str] = {}
    kept: list[Screened] = []

    async def action(_: str, headers: dict[str, str]) -> None:
        said[headers["Variable"]] = headers["Value"]

    async def early(listened: Listened) -> None:
        said["early"] = str(listened.verdict.heard)

    screening: Any = object.__new__(Screening)
    call = Call(ATTEMPT, 1, "spring", "sales", "city", "+79161234567", 0.0, screened=True, robot=robot)
    screening._board = SimpleNamespace(prefix="pz-a-", calls={ATTEMPT: call})
    screening._site = SimpleNamespace(campaigns={"spring": SimpleNamespace(screening_check=share)})
    screening._link, screening._early = SimpleNamespace(action=action), SimpleNamespace(decided=early)
    screening.evidence, screening._keep = SimpleNamespace(take=lambda _: None), kept.append
    screening._clock = lambda: 5.0
    return screening, said, kept


@pytest.mark.parametrize(
    ("heard", "share", "robot", "told", "checked"),
    [
        (Heard.MACHINE, 0.0, False, "machine", False),
        (Heard.MACHINE, 1.0, False, "person", True),
        (Heard.MACHINE, 1.0, True, "machine", False),  # no agent could say what it was
        (Heard.PERSON, 1.0, False, "person", False),
        (Heard.FAX, 1.0, False, "fax", False),
    ],
)
async def test_only_supposed_machines_that_an_agent_may_have_are_in_the_check_sample(
    heard: Heard, share: float, robot: bool, told: str, checked: bool
) -> None:
    screening, said, kept = a_screening(share, robot)
    await screening._decided(Listened(ATTEMPT, Phase.SCREEN, Verdict(heard, 0.9, 40, "why"), [], b""))
    assert said["PZ_HEARD"] == told
    assert [(one.heard, one.checked, one.early, one.at) for one in kept] == [(heard, checked, False, 5.0)]


async def test_before_the_answer_the_listener_is_told_and_of_a_beep_the_dialplan_alone() -> None:
    screening, said, kept = a_screening(1.0, robot=False)
    machine = Verdict(Heard.MACHINE, 0.9, 40, "why")
    await screening._decided(Listened(ATTEMPT, Phase.BEEP, machine, [], b""))
    assert (said, kept) == ({"PZ_BEEP": "over"}, [])
    said.clear()
    await screening._decided(Listened(ATTEMPT, Phase.EARLY, machine, [], b""))
    assert said == {"early": "machine"}
    assert [(one.early, one.checked) for one in kept] == [(True, False)]


async def test_an_attempt_is_listened_to_while_nobody_knows_who_it_is_and_a_machine_for_its_beep() -> None:
    screening, _, _ = a_screening(0.0, robot=False)
    call = screening._board.calls[ATTEMPT]
    assert screening._expected(Phase.SCREEN, ATTEMPT)
    assert not screening._expected(Phase.SCREEN, "00000000000000a2")
    for heard, for_beep in ((Heard.MACHINE, True), (Heard.PERSON, False), (Heard.FAX, False)):
        call.heard = heard
        assert screening._expected(Phase.BEEP, ATTEMPT) is for_beep
        assert not screening._expected(Phase.SCREEN, ATTEMPT), "a second connection is none of Asterisk's"
    call.heard, call.screened = None, False
    assert not screening._expected(Phase.SCREEN, ATTEMPT)
