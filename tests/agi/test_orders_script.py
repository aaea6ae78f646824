"""The robot and a buyer, on paper: keys in, words out, and what is in the store after every step."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from agi.paper import PaperSession
from agi.robots import prepare
from agi.scripts import orders
from agi.scripts.orders import disposition
from agi.session import Place
from config.forms import Language
from leads.lead import LeadState
from leads.orders import Result, plans
from leads.robot import RobotDisposition
from sounds.speech import Speech
from tests.agi.buyers import PHONE, ROBOT, a_buyer, through

WORDS = {
    "ru": ["1234", "Чайник, две штуки", "Чашка", "две тысячи триста рублей пятьдесят копеек"],
    "en": ["1234", "Чайник, two pieces", "Чашка", "two thousand three hundred rubles and fifty kopecks"],
}
WHEN = {
    "ru": "в субботу, двадцать восьмого ноября, с десяти до четырнадцати часов",
    "en": "on Saturday, November the twenty-eighth, between ten a.m. and two p.m.",
}


def read_out(language: Language) -> list[str]:
    number, kettle, cup, money = WORDS[language]
    return [
        "order-number", number, "order-items", kettle, cup, "order-sum", money, "order-delivery",
        WHEN[language],
    ]  # fmt: skip


INTRO, QUESTION = ["order-intro", "opt-out-key"], ["order-confirm-key", "order-keys"]
CONFIRMED = ["order-confirmed", "order-delivery", "WHEN", "order-thanks"]
CASES = {
    # keys: what is heard after the order was read out for the first time, the order's state, the disposition
    "confirms": (["1"], [*QUESTION, *CONFIRMED], "confirmed", "confirmed"),
    "cancels": (
        ["2", "1"],
        [*QUESTION, "order-cancel-check", "order-cancelled", "order-thanks"],
        "cancelled",
        "cancelled",
    ),
    "cancels, thinks again, confirms": (
        ["2", "2", "1"],
        [*QUESTION, "order-cancel-check", "order-kept", *QUESTION, *CONFIRMED],
        "confirmed",
        "confirmed",
    ),
    "a cancellation that is not repeated is none": (
        ["2", "", "", ""],
        [*QUESTION, "order-cancel-check", "order-kept", *QUESTION, "no-key", *QUESTION, "call-again"],
        "robot",
        "later",
    ),
    "hears it again": (["3", "1"], [*QUESTION, "READ", *QUESTION, *CONFIRMED], "confirmed", "confirmed"),
    "asks for a person": (["0"], [*QUESTION, "to-operator"], "robot", "operator"),
    "it is not theirs": (["9"], [*QUESTION, "order-not-me"], "not_reached", "wrong_person"),
    "wants no more calls": (["8"], [*QUESTION, "opt-out-done"], "not_reached", "opted_out"),
    "says nothing": (["", ""], [*QUESTION, "no-key", *QUESTION, "call-again"], "robot", "no_reply"),
    "presses what is not offered": (
        ["7", "#"],
        [*QUESTION, "wrong-key", *QUESTION, "call-again"],
        "robot",
        "later",
    ),
    "is silent once": (["", "1"], [*QUESTION, "no-key", *QUESTION, *CONFIRMED], "confirmed", "confirmed"),
    "five is for several": (
        ["5", "1"],
        [*QUESTION, "wrong-key", *QUESTION, *CONFIRMED],
        "confirmed",
        "confirmed",
    ),
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", CASES)
async def test_a_buyer_with_one_order(tmp_path: Path, name: str, language: Language) -> None:
    keys, heard, state, said = CASES[name]
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        # The two keys that always work would be taken at the first prompt: here they come at the question.
        late = {"order-keys": keys[0]} if keys[0] in ("0", "8") else {}
        call = buyer.paper(attempt, [] if late else keys, language, during=late)
        await through(orders.run(call, buyer.desk))
        expected: list[str] = []
        for one in heard:
            expected += read_out(language) if one == "READ" else [WHEN[language] if one == "WHEN" else one]
        assert call.heard == [*INTRO, *read_out(language), *expected]
        assert (await buyer.states()) == {"1234": state}
        assert await buyer.disposition(attempt) == said
        assert (call.went is not None) == (name == "asks for a person")
        assert call.gone != (name == "asks for a person"), "hung up, but who waits for an agent"


BEFORE = ["order-intro", "opt-out-key", "order-items", "order-sum", "order-confirm-key"]
"""Prompts that end before any key is asked for."""


async def test_who_asks_for_a_person_goes_to_the_campaigns_group(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        call = buyer.paper(await buyer.dialed(ROBOT), ["0"], "ru")
        await through(orders.run(call, buyer.desk))
        assert call.went == (Place.GROUP, "sales")


@pytest.mark.parametrize(
    "prompt", ["order-intro", "opt-out-key", "order-items", "order-sum", "order-confirm-key"]
)
@pytest.mark.parametrize("key", ["1", "2", "9"])
async def test_a_key_from_before_the_question_decides_nothing(tmp_path: Path, prompt: str, key: str) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        call = buyer.paper(attempt, [], "ru", during={prompt: key})
        await through(orders.run(call, buyer.desk))
        assert (await buyer.states()) == {"1234": "robot"}
        assert await buyer.disposition(attempt) == "no_reply"


@pytest.mark.parametrize(
    "prompt", ["order-intro", "opt-out-key", "order-items", "order-sum", "order-confirm-key"]
)
async def test_no_more_calls_and_a_person_are_there_at_any_time(tmp_path: Path, prompt: str) -> None:
    for n, (key, said) in enumerate({"8": "opted_out", "0": "operator"}.items()):
        (tmp_path / str(n)).mkdir()
        async with a_buyer(tmp_path / str(n)) as buyer:
            await buyer.orders("1234")
            attempt = await buyer.dialed(ROBOT)
            call = buyer.paper(attempt, [], "ru", during={prompt: key})
            await through(orders.run(call, buyer.desk))
            assert call.heard[-2] == prompt
            assert await buyer.disposition(attempt) == said
            assert (await buyer.store.do_not_call.get(PHONE) is not None) == (key == "8")


MANY = {
    "confirms all": (["1"], {"1": "confirmed", "2": "confirmed"}, "confirmed"),
    "cancels all": (["2", "1"], {"1": "cancelled", "2": "cancelled"}, "cancelled"),
    "each: one and the other": (["5", "1", "2", "1"], {"1": "confirmed", "2": "cancelled"}, "changed"),
    "each: both": (["5", "1", "1"], {"1": "confirmed", "2": "confirmed"}, "confirmed"),
    "each: silent about the second": (["5", "1", "", ""], {"1": "confirmed", "2": "robot"}, "later"),
    "each: a person for the second": (["5", "1", "0"], {"1": "confirmed", "2": "robot"}, "operator"),
    "each: the second is not theirs": (
        ["5", "1", "9"],
        {"1": "confirmed", "2": "not_reached"},
        "wrong_person",
    ),
    "each: none is theirs": (["5", "9"], {"1": "not_reached", "2": "not_reached"}, "wrong_person"),
    "none is theirs": (["9"], {"1": "not_reached", "2": "not_reached"}, "wrong_person"),
    "no more calls": (["8"], {"1": "not_reached", "2": "not_reached"}, "opted_out"),
}


@pytest.mark.parametrize("name", MANY)
async def test_all_open_orders_of_a_number_are_one_call(tmp_path: Path, name: str) -> None:
    keys, states, said = MANY[name]
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1", "2")
        attempt = await buyer.dialed(ROBOT)
        call = buyer.paper(attempt, keys, "ru")
        await through(orders.run(call, buyer.desk))
        assert call.heard[0] == "order-intro-many"
        read_out = [word for word in call.heard if word in ("1", "2")]
        assert read_out[:2] == ["1", "2"] or keys == ["8"], "both are read out"
        assert await buyer.states() == states
        assert await buyer.disposition(attempt) == said


async def test_what_the_shop_cancelled_during_the_call_is_not_called_confirmed(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        [order] = await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        call = buyer.paper(attempt, ["1"], "ru")
        buyer.cancels(call, order, "order-keys")
        await through(orders.run(call, buyer.desk))
        assert call.heard[-4:] == ["order-number", "1234", "order-was-cancelled", "order-thanks"]
        assert await buyer.states() == {"1234": "cancelled"}
        assert await buyer.disposition(attempt) == "cancelled"


async def test_of_several_each_is_told_where_one_was_cancelled_during_the_call(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        first, _ = await buyer.orders("1", "2")
        attempt = await buyer.dialed(ROBOT)
        call = buyer.paper(attempt, ["1"], "ru")
        buyer.cancels(call, first, "order-all-keys")
        await through(orders.run(call, buyer.desk))
        assert call.heard[-7:] == [
            *("order-number", "1", "order-was-cancelled"), *("order-number", "2", "order-confirmed"),
            "order-thanks",
        ]  # fmt: skip
        assert await buyer.states() == {"1": "cancelled", "2": "confirmed"}
        assert await buyer.disposition(attempt) == "changed"


async def test_what_is_decided_about_an_order_of_a_shop_that_left_the_site_is_kept(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        desk = replace(buyer.desk, site=buyer.site.model_copy(update={"shops": {}}))
        await through(orders.run(buyer.paper(attempt, ["1"], "ru"), desk))
        assert await buyer.states() == {"1234": "confirmed"}


@pytest.mark.parametrize(
    ("keys", "last"), [(["1"], "order-thanks"), (["9"], "order-not-me"), (["", ""], "call-again")]
)
async def test_no_more_calls_is_there_in_the_last_words_too(
    tmp_path: Path, keys: list[str], last: str
) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        call = buyer.paper(attempt, keys, "ru", during={last: "8"})
        await through(orders.run(call, buyer.desk))
        assert call.heard[-2:] == [last, "opt-out-done"]
        assert call.gone
        assert await buyer.disposition(attempt) == "opted_out"
        assert await buyer.store.do_not_call.get(PHONE) is not None


@pytest.mark.parametrize("key", ["", "8"])
async def test_who_is_called_about_nothing_any_more_is_offered_no_more_calls(
    tmp_path: Path, key: str
) -> None:
    async with a_buyer(tmp_path) as buyer:
        [order] = await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        await buyer.store.orders.tell(order.id, Result.CANCELLED, "shop", 0.0, plans(buyer.site)["demo"])
        call = buyer.paper(attempt, [], "ru", during={"opt-out-key": key})
        await through(orders.run(call, buyer.desk))
        assert call.heard == ["order-settled", "opt-out-key", "opt-out-done" if key else "closed-goodbye"]
        assert await buyer.disposition(attempt) == ("opted_out" if key else "told")
        assert (await buyer.store.do_not_call.get(PHONE) is not None) == bool(key)


WALKS = ["1", "21", "31", "5121", "5210", "9", "8", "0", "  "]
"""Keys one after another; a space is silence."""


@pytest.mark.parametrize("pressed", WALKS)
async def test_a_hang_up_at_any_step_leaves_what_was_decided_and_nothing_else(
    tmp_path: Path, pressed: str
) -> None:
    keys = [key.strip() for key in pressed]

    async def walk(step: int | None) -> tuple[PaperSession, dict[str, str], str | None, bool]:
        folder = tmp_path / str(step)
        folder.mkdir()
        async with a_buyer(folder) as buyer:
            await buyer.orders("1", "2")
            attempt = await buyer.dialed(ROBOT)
            call = buyer.paper(attempt, keys, "ru", hang_up_at=step)
            await through(orders.run(call, buyer.desk))
            barred = await buyer.store.do_not_call.get(PHONE) is not None
            return call, await buyer.states(), await buyer.disposition(attempt), barred

    whole, last, _, _ = await walk(None)
    before = {"1": "robot", "2": "robot"}
    seen = [before]
    for step in range(1, whole.steps + 1):
        call, states, said, barred = await walk(step)
        assert call.gone
        assert all(states[n] in (before[n], last[n]) for n in states)
        if states != seen[-1]:
            seen.append(states)
        assert said is not None or call.heard == [], "who has heard the first prompt was reached"
        assert barred == (said == "opted_out")
        if said in ("confirmed", "cancelled", "changed"):
            assert "robot" not in states.values()
    assert seen[-1] == last, "nothing was undone on the way"


async def test_an_order_that_is_settled_meanwhile_is_not_asked_about(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1234", delivery=None)
        await buyer.orders("77")
        attempt = await buyer.dialed(ROBOT)
        [left] = await orders.open_orders(buyer.desk, attempt)
        assert left.number == "77"


async def test_what_is_decided_is_told_to_the_shop_in_the_same_write_and_the_delivery_notice_is_planned(
    tmp_path: Path,
) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        await through(orders.run(buyer.paper(attempt, ["1"], "ru"), buyer.desk))
        found = await buyer.store.leads.find_by_phone(PHONE)
        assert {lead.list: lead.state for lead in found} == {
            "order-robot": LeadState.CLAIMED,
            "deliveries": LeadState.SCHEDULED,
        }


async def test_a_call_is_made_ready_and_one_about_nothing_or_without_speech_is_not_made(
    tmp_path: Path,
) -> None:
    async with a_buyer(tmp_path) as buyer:
        [order] = await buyer.orders("1234")
        attempt = await buyer.dialed(ROBOT)
        engine = buyer.site.system.speech.model_copy(update={"command": ["/nonexistent/speech"]})
        dumb = Speech([tmp_path], engine, tmp_path / "cache")
        move = await prepare(buyer.desk, dumb, attempt)
        assert move is not None
        assert (move.state, move.due_at) == (LeadState.SCHEDULED, buyer.desk.clock() + 600.0)
        assert "could not be made into speech" in move.reason
        await buyer.store.orders.tell(order.id, Result.CANCELLED, "shop", 0.0, plans(buyer.site)["demo"])
        move = await prepare(buyer.desk, dumb, attempt)
        assert move is not None
        assert (move.state, move.reason) == (LeadState.FINAL, "not called: nothing is left to call about")


@pytest.mark.parametrize(
    ("results", "undecided", "said"),
    [
        ({Result.CONFIRMED}, False, RobotDisposition.CONFIRMED),
        ({Result.CANCELLED}, False, RobotDisposition.CANCELLED),
        ({Result.CONFIRMED, Result.CANCELLED}, False, RobotDisposition.CHANGED),
        ({Result.CONFIRMED}, True, RobotDisposition.LATER),
    ],
)
def test_the_disposition_of_several_orders(
    results: set[Result], undecided: bool, said: RobotDisposition
) -> None:
    assert disposition(results, undecided) is said


def decided_by(first: str, second: str) -> str:
    """What one order comes to, by the first two keys."""
    deaf = set("4567*")  # nothing is offered there
    asked_again = first in deaf or first == "3"
    if first == "1" or (asked_again and second == "1"):
        return "confirmed"
    if first + second == "21":
        return "cancelled"
    refused = first in "89" or (asked_again and second in "89") or first + second == "28"
    return "not_reached" if refused else "robot"


async def test_whatever_two_keys_are_pressed_the_call_ends_and_only_one_and_two_one_decide(
    tmp_path: Path,
) -> None:
    async with a_buyer(tmp_path) as buyer:
        for n, keys in enumerate(itertools.product("0123456789*", repeat=2)):
            buyer.phone = f"+7903{n:07}"
            await buyer.orders("1234")
            call = buyer.paper(await buyer.dialed(ROBOT), keys, "ru")
            await through(orders.run(call, buyer.desk))
            assert call.gone or call.went, keys
            assert await buyer.states() == {"1234": decided_by(*keys)}, keys
