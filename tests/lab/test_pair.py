"""The pair as a whole."""

from __future__ import annotations

import asyncio

import pytest

from config.load import load
from lab.phones import Answer
from tests.conftest import OpenPair
from tests.lab.dialer import Dialer

pytestmark = pytest.mark.asterisk


async def test_ours_can_be_killed_and_started_while_the_city_keeps_its_ledger(open_pair: OpenPair) -> None:
    async with open_pair() as pair:
        [number, *_] = next(iter(pair.site.lines.values())).numbers
        async with Dialer(pair) as dialer:
            dialing = asyncio.create_task(dialer.dial("+74999000001", data="60"))
            call = await pair.city.ledger.until(
                lambda: next((c for c in pair.city.ledger.to("+74999000001") if c.answered_at), None)
            )
            dialing.cancel()
        await pair.ours.kill()
        await pair.ours.start()
        await pair.phones.register_anew()
        await pair.phones.set("ivan", Answer(talk=0.2))
        assert (await pair.phones.dial("anna", pair.site.agents["ivan"].extension)).answered
        assert (await pair.city.call_in(number, "+79031112233", seconds=0.3)).answered
        pair.city.ensure_whole()
        assert pair.city.ledger.to("+74999000001") == [call]
        assert load(pair.site_folder).site == pair.site
    assert not pair.ours.is_running
    assert not pair.city.instance.is_running
