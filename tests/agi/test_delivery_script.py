"""The delivery notice, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from agi.scripts import delivery
from agi.session import Place
from config.forms import Language
from leads.orders import Delivery, plans
from tests.agi.buyers import DELIVERY, NOW, PHONE, SHOP, a_buyer, through

WHEN = {
    "ru": "в субботу, двадцать восьмого ноября, с десяти до четырнадцати часов",
    "en": "on Saturday, November the twenty-eighth, between ten a.m. and two p.m.",
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    ("keys", "after", "said"),
    [
        (["1"], ["delivery-keys", "order-thanks"], "told"),
        (["3", ""], ["delivery-keys", "NOTICE", "delivery-keys", "order-thanks"], "told"),
        (["0"], ["delivery-keys", "to-operator"], "operator"),
        (["8"], ["delivery-keys", "opt-out-done"], "opted_out"),
    ],
)
async def test_a_buyer_hears_number_day_and_window(
    tmp_path: Path, keys: list[str], after: list[str], said: str, language: Language
) -> None:
    notice = ["order-number", "1234", "order-delivery", WHEN[language]]
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1234")
        attempt = await buyer.dialed(DELIVERY)
        late = {"delivery-keys": keys[0]} if keys[0] in ("0", "8") else {}
        call = buyer.paper(attempt, [] if late else keys, language, during=late)
        await through(delivery.run(call, buyer.desk))
        expected = [word for one in after for word in (notice if one == "NOTICE" else [one])]
        assert call.heard == ["delivery-intro", "opt-out-key", *notice, *expected]
        assert await buyer.states() == {"1234": "told"}
        assert await buyer.disposition(attempt) == said
        assert call.went == ((Place.GROUP, "sales") if said == "operator" else None)
        assert (await buyer.store.do_not_call.get(PHONE) is not None) == (said == "opted_out")


async def test_a_machine_that_hears_the_notice_is_not_a_buyer_who_was_told(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1234")
        attempt = await buyer.dialed(DELIVERY)
        call = buyer.paper(attempt, [], "ru")
        await through(delivery.run(call, buyer.desk))
        assert call.heard.count("delivery-keys") == delivery.SILENCES
        assert call.heard[-1] == "call-again"
        assert await buyer.states() == {"1234": "confirmed"}
        assert await buyer.disposition(attempt) == "no_reply"


async def test_who_hangs_up_without_a_key_is_called_again(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1234")
        attempt = await buyer.dialed(DELIVERY)
        await through(delivery.run(buyer.paper(attempt, [], "ru", hang_up_at=8), buyer.desk))
        assert await buyer.states() == {"1234": "confirmed"}
        assert await buyer.disposition(attempt) == "listened"


async def test_two_orders_are_one_call_and_who_hangs_up_before_the_end_was_not_told(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1", "2")
        attempt = await buyer.dialed(DELIVERY)
        whole = buyer.paper(attempt, [], "ru", hang_up_at=8)
        assert not await through(delivery.run(whole, buyer.desk))
        assert await buyer.states() == {"1": "confirmed", "2": "confirmed"}
        call = buyer.paper(attempt, ["1"], "ru")
        await through(delivery.run(call, buyer.desk))
        assert [word for word in call.heard if word in ("1", "2")] == ["1", "2"]
        assert await buyer.states() == {"1": "told", "2": "told"}


async def test_a_day_that_has_passed_is_not_told(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1")
        attempt = await buyer.dialed(DELIVERY)
        assert await delivery.phrases(buyer.desk, attempt)
        late = type(buyer.desk)(buyer.site, buyer.store, lambda: 1_795_600_000.0 + 5 * 86400)
        assert await delivery.phrases(late, attempt) is None
        on_the_day = NOW + 3 * 86400  # 2026-11-28, 12:46 in Moscow; the window ends at 14:00
        before = type(buyer.desk)(buyer.site, buyer.store, lambda: on_the_day)
        assert await delivery.phrases(before, attempt)
        after = type(buyer.desk)(buyer.site, buyer.store, lambda: on_the_day + 2 * 3600)
        assert await delivery.phrases(after, attempt) is None


async def test_no_notice_is_planned_for_an_order_without_a_day(tmp_path: Path) -> None:
    async with a_buyer(tmp_path) as buyer:
        await buyer.confirmed("1", delivery=None)
        await buyer.confirmed("2", delivery=Delivery("2026-11-28"))
        attempt = await buyer.dialed(DELIVERY)
        [order] = await delivery.to_come(buyer.desk, attempt)
        assert order.number == "2"


async def test_a_delivery_that_the_shop_moves_during_the_notice_is_not_what_the_buyer_heard(
    tmp_path: Path,
) -> None:
    async with a_buyer(tmp_path) as buyer:
        moved, _ = await buyer.confirmed("1", "2")
        attempt = await buyer.dialed(DELIVERY)
        call = buyer.paper(attempt, ["1"], "ru")
        another, plan = Delivery("2026-11-29", "10:00-14:00"), plans(buyer.site)[SHOP]
        call.at = "delivery-keys"
        call.then = lambda: buyer.store.orders.deliver(moved.id, another, NOW + 3 * 86400, plan)
        await through(delivery.run(call, buyer.desk))
        assert await buyer.states() == {"1": "confirmed", "2": "told"}
