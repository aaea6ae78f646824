"""Which number is called back: confirmed by key, and none that would cost us."""

from __future__ import annotations

import pytest

from agi.callback import confirmed_number
from agi.paper import HANGS_UP, PaperSession
from agi.session import CallFacts, HungUp

OWN = "+79031234567"
OFFER = ["callback-number", OWN, "callback-confirm"]


LISTED = "+79037654321"


async def listed(number: str) -> bool:
    return number == LISTED


def caller(*answers: str, number: str | None = OWN, **how: object) -> PaperSession:
    return PaperSession(CallFacts("pz1-1", number=number), {}, answers, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "number", "heard"),
    [
        (["1"], OWN, ["callback-number"]),
        (["0"], None, ["callback-number"]),
        (["", "1"], OWN, [*OFFER, "callback-number"]),
        (["*", "9", "1"], OWN, [*OFFER, *OFFER, "callback-number"]),
        ([], None, OFFER * 3),
        (
            ["2", "89161234567#", "1"],
            "+79161234567",
            ["callback-number", "callback-enter", "callback-number"],
        ),
        (["2", "4951234567", "1"], "+74951234567", ["callback-number", "callback-enter", "callback-number"]),
        (
            ["2", "123#", "9161234567#", ""],
            None,
            [
                "callback-number",
                "callback-enter",
                "callback-bad-number",
                "callback-enter",
                "callback-number",
                "+79161234567",
                "callback-confirm",
            ],
        ),
        (["2", "#", ""], None, ["callback-number", "callback-enter", "callback-enter"]),
        (["2", "1*2#"], None, ["callback-number", "callback-enter", "callback-bad-number", "callback-enter"]),
    ],
)
async def test_a_number_counts_when_it_was_confirmed(
    answers: list[str], number: str | None, heard: list[str]
) -> None:
    session = caller(*answers)
    assert await confirmed_number(session, "RU", listed) == number
    assert session.heard == heard


@pytest.mark.parametrize(
    "typed",
    ["88091234567#", "81088213001234567#", "8104412345678#", "112#", "103#", "0#", "999999999999999"],
    ids=["premium", "satellite", "abroad", "emergency", "ambulance", "short", "long"],
)
async def test_nobody_makes_us_call_what_costs_or_harms(typed: str) -> None:
    session = caller("2", typed, "1", "1")
    assert await confirmed_number(session, "RU", listed) is None
    assert session.heard[1:3] == ["callback-enter", "callback-bad-number"]


@pytest.mark.parametrize("number", [None, "+78091234567", "+88213001234"])
async def test_who_shows_no_number_that_may_be_called_types_one(number: str | None) -> None:
    session = caller("9161234567#", "1", number=number)
    assert await confirmed_number(session, "RU", listed) == "+79161234567"
    assert session.heard[0] == "callback-enter"


async def test_a_caller_from_abroad_is_called_back_on_their_own_number() -> None:
    assert await confirmed_number(caller("1", number="+442079460000"), "RU", listed) == "+442079460000"


async def test_keys_pressed_too_early_confirm_nothing() -> None:
    session = caller("", during={"callback-number": "5"})
    session._ahead = "1"
    assert await confirmed_number(session, "RU", listed) is None


async def test_who_hangs_up_before_confirming_is_not_called() -> None:
    whole = caller("2", "89161234567#", "1")
    await confirmed_number(whole, "RU", listed)
    for step in range(1, whole.steps + 1):
        with pytest.raises(HungUp):
            await confirmed_number(caller("2", "89161234567#", "1", hang_up_at=step), "RU", listed)
    with pytest.raises(HungUp):
        await confirmed_number(caller(HANGS_UP), "RU", listed)


async def test_a_number_on_the_do_not_call_list_is_refused_and_another_asked_for() -> None:
    session = caller("89037654321#", "9161234567#", "1", number=LISTED)
    assert await confirmed_number(session, "RU", listed) == "+79161234567"
    refused = ["callback-bad-number", "callback-enter"]
    assert session.heard == [*refused, *refused, "callback-number"]
