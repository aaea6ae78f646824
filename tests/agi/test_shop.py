"""Callers and their own orders, on paper."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agi import shop
from agi.paper import named
from agi.session import Place, Utterance
from agi.shop import serve
from config.forms import Language
from tests.agi.buyers import SHOP, a_buyer, through

WHEN = {
    "ru": "в субботу, двадцать восьмого ноября, с десяти до четырнадцати часов",
    "en": "on Saturday, November the twenty-eighth, between ten a.m. and two p.m.",
}
NEW = {
    "ru": "в пятницу, двадцать седьмого ноября, с четырнадцати до восемнадцати часов",
    "en": "on Friday, November the twenty-seventh, between two p.m. and six p.m.",
}
CASES = {
    # keys: the order's state, its day and window, whether an agent is asked for, prompts of the end
    "confirms": (["1"], "confirmed", ("2026-11-28", "10:00-14:00"), False, ["order-confirmed"]),
    "cancels": (["2", "1"], "cancelled", None, False, ["order-cancel-check", "order-cancelled"]),
    "does not cancel": (["2", "2", "*"], "robot", None, False, ["order-kept"]),
    "moves the delivery": (
        ["4", "2", "2", "1"],
        "confirmed",
        ("2026-11-27", "14:00-18:00"),
        False,
        ["order-day-choose", "order-window-choose", "order-move-check", "yes-no-keys", "order-window-moved"],
    ),
    "moves it, and thinks again": (
        ["4", "2", "2", "2", "*"],
        "robot",
        ("2026-11-28", "10:00-14:00"),
        False,
        [],
    ),
    "chooses no day": (["4", "9", "9", "*"], "robot", ("2026-11-28", "10:00-14:00"), False, []),
    "a person": (["0"], "robot", None, True, ["to-operator"]),
    "a person while choosing a day": (["4", "0"], "robot", None, True, ["to-operator"]),
    "a person instead of a yes": (["2", "0"], "robot", None, True, ["to-operator"]),
    "goes on": (["*"], "robot", None, False, []),
    "says nothing": (["", ""], "robot", None, False, ["no-key"]),
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", CASES)
async def test_a_caller_with_an_open_order(tmp_path: Path, name: str, language: Language) -> None:
    keys, state, agreed, person, prompts = CASES[name]
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        # The two keys that always work would be taken at the first prompt: here they come at the question.
        late = {"order-leave-key": keys[0]} if keys[0] in ("0", "*") else {}
        call = await buyer.caller([] if late else keys, language, during=late)
        sent_on = await serve(call, buyer.desk, SHOP, "sales")
        assert call.heard[:3] == ["order-found", "order-number", "1234"]
        assert "order-unconfirmed" in call.heard
        assert [word for word in call.heard if word in prompts] == prompts
        assert sent_on == person
        assert call.went == ((Place.GROUP, "sales") if person else None)
        assert await buyer.states() == {"1234": state}
        [order] = await buyer.store.orders.page(shop=SHOP)
        if agreed is not None:
            assert order.delivery is not None
            assert (order.delivery.date, order.delivery.window) == agreed
        if name == "moves the delivery":
            assert call.heard[-1] == NEW[language]
        if name == "confirms":
            assert call.heard[-1] == WHEN[language]


async def test_what_is_decided_already_is_told_and_not_asked_again(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1")
        await buyer.orders("2")
        call = await buyer.caller(["1", "6", "1"])  # to confirm is not offered for the first one
        await serve(call, buyer.desk, SHOP, "sales")
        assert call.heard[0] == "order-found-many"
        assert call.heard.index("order-confirmed") < call.heard.index("wrong-key")
        assert call.heard.count("order-confirm-key") == 1
        assert await buyer.states() == {"1": "confirmed", "2": "confirmed"}


@pytest.mark.parametrize("keys", [["1"], ["4", "2", "2", "1"]], ids="-".join)
async def test_what_the_shop_cancelled_meanwhile_is_not_called_confirmed_or_moved(
    tmp_path: Path, keys: list[str]
) -> None:
    async with a_buyer(tmp_path) as buyer:
        [order] = await buyer.orders("1234")
        call = await buyer.caller(keys)
        buyer.cancels(call, order, "order-leave-key")
        await serve(call, buyer.desk, SHOP, "sales")
        assert call.heard[-1] == "order-was-cancelled"
        assert not {"order-confirmed", "order-window-moved"} & set(call.heard)
        assert await buyer.states() == {"1234": "cancelled"}


def without(*lacking: str, never: bool = False) -> Any:
    """A speech engine that cannot say these texts; `never`: it hangs at them."""

    async def speech(what: Sequence[Utterance]) -> bool:
        fails = any(part in named(one) for one in what for part in lacking)
        if fails and never:
            await asyncio.Event().wait()
        return not fails

    return speech


@pytest.mark.parametrize("never", [False, True], ids=["fails", "hangs"])
@pytest.mark.parametrize(
    ("lacking", "keys", "unheard"),
    [
        ("рублей", ["1"], {"order-sum", "order-confirm-key"}),
        ("завтра", ["4", "1", "1", "1"], {"order-day-choose"}),
        ("с четырнадцати до", ["4", "1", "1", "1"], {"order-day-choose"}),
        ("двадцать седьмого ноября, с", ["4", "2", "1", "1"], {"yes-no-keys", "order-window-moved"}),
    ],
)
async def test_who_would_not_hear_a_part_of_it_gets_a_person_and_is_asked_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lacking: str,
    keys: list[str],
    unheard: set[str],
    never: bool,
) -> None:
    monkeypatch.setattr(shop, "PATIENCE", 0.1)
    monkeypatch.setattr(shop, "AT_ONCE", 0.01)
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1234")
        call = await buyer.caller(keys, speech=without(lacking, never=never))
        assert await serve(call, buyer.desk, SHOP, "sales")
        assert not unheard & set(call.heard)
        assert call.heard[-2:].count("one-moment") == never
        assert call.heard[-1] == "to-operator"
        assert call.went == (Place.GROUP, "sales")
        assert await buyer.states() == {"1234": "robot"}


async def test_no_windows_no_move_and_no_number_no_offer(tmp_path: Path) -> None:
    async with a_buyer(tmp_path, {"windows": []}) as buyer:
        await buyer.orders("1")
        call = await buyer.caller(["4", "4"])
        await serve(call, buyer.desk, SHOP, "sales")
        assert "order-move-key" not in call.heard
        for number in (None, "+79990000000"):
            stranger = await buyer.caller(number=number)
            assert not await serve(stranger, buyer.desk, SHOP, "sales")
            assert stranger.heard == []
            assert not await serve(stranger, buyer.desk, SHOP, "sales", asked=True)
            assert stranger.heard == ["order-not-found"]


@pytest.mark.parametrize("prompt", ["order-found", "order-items", "order-unconfirmed", "order-confirm-key"])
async def test_a_key_from_before_the_question_decides_nothing_and_a_person_is_there_at_any_time(
    tmp_path: Path, prompt: str
) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.orders("1")
        await serve(await buyer.caller(during={prompt: "1"}), buyer.desk, SHOP, "sales")
        assert await buyer.states() == {"1": "robot"}
        assert await serve(await buyer.caller(during={prompt: "0"}), buyer.desk, SHOP, "sales")


@pytest.mark.parametrize("keys", [["1"], ["2", "1"], ["4", "1", "1", "1"], ["*"]], ids="-".join)
async def test_a_hang_up_at_any_step_leaves_what_was_decided_and_nothing_else(
    tmp_path: Path, keys: list[str]
) -> None:
    async def walk(step: int | None) -> tuple[int, str, bool]:
        folder = tmp_path / str(step)
        folder.mkdir()
        async with a_buyer(folder) as buyer:
            await buyer.orders("1")
            call = await buyer.caller(keys, hang_up_at=step)
            there = await through(serve(call, buyer.desk, SHOP, "sales"))
            return call.steps, (await buyer.states())["1"], there

    steps, last, _ = await walk(None)
    states = []
    for step in range(1, steps + 1):
        _, state, there = await walk(step)
        assert not there
        states.append(state)
    assert states == sorted(states, key=lambda state: state == last), "once decided, it stays"
    assert set(states) <= {"robot", last}
