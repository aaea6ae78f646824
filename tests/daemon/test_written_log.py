"""What the daemon wrote into its log in all the tests before; the file's name makes it the last."""

from __future__ import annotations

import re

import pytest

from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from tests.daemon.centre import Centre, until
from tests.daemon.site import PREVIEW, SPRING

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

OF_A_CALL = {"dialing", "call", "agent_rung", "preview_not_dialed", "settled", "released", "open_attempt"}
FAULTS = {"illegal_move", "verb_failed", "journal", "ami_handler_failed", "ami_malformed_event", "not_done"}


async def test_every_line_of_a_call_has_its_attempt_and_no_line_a_number(centre: Centre) -> None:
    for agent in ("anna", "vera"):
        await centre.pair.phones.set(agent, Answer())
        await centre.ready(agent)
    person, previewed = await centre.people(2, Behaviour(Kind.ANSWERS, 0.0, 0.3))
    await centre.dial(PREVIEW, [previewed])
    await centre.arrived(previewed)
    await centre.dial(SPRING, [person])
    attempts = [await centre.ended(phone) for phone in (person, previewed)]

    lines = centre.log_lines()
    for attempt in attempts:
        mine = [line for line in lines if line.get("attempt") == attempt.id]
        moves = [line.get("move") for line in mine if line["event"] == "call"]
        assert moves[-1] == "talking -> ended"
        assert {"dialing", "call"} <= {line["event"] for line in mine}
    of_calls = [line for line in lines if line.get("event") in OF_A_CALL or "phone" in line]
    assert len(of_calls) > 8
    for line in of_calls:
        assert re.fullmatch("[0-9a-f]{16}", line["attempt"]), line
    text = centre.daemon.log.read_text(encoding="utf-8")
    known = {number.lstrip("+") for number in centre.numbers}
    assert len(known) >= 2
    # Its first digit may be missing, or be the trunk's 8: the last ten tell it.
    assert [number for number in known if number[-10:] in text] == []


async def test_nothing_went_wrong_on_the_way(centre: Centre) -> None:
    await until(lambda: centre.log_lines(), "a log")
    faults = [line for line in centre.log_lines() if line.get("event") in FAULTS or "Traceback" in str(line)]
    assert faults == []
