"""The pair as a whole."""

from __future__ import annotations

import pytest

from config.load import load
from lab.phones import Answer
from tests.conftest import OpenPair

pytestmark = pytest.mark.asterisk


async def test_ours_can_be_killed_and_started_while_the_city_keeps_its_ledger(open_pair: OpenPair) -> None:
    async with open_pair() as pair:
        [number, *_] = next(iter(pair.site.lines.values())).numbers
        await pair.ours.console("channel originate PJSIP/+74999000001@trunk-city application Wait 60")
        call = await pair.city.ledger.until(lambda: next(iter(pair.city.ledger.to("+74999000001")), None))
        await pair.city.ledger.until(lambda: call.answered_at)
        await pair.ours.kill()
        await pair.ours.start()
        await pair.phones.register()
        await pair.phones.set("ivan", Answer(talk=0.2))
        assert (await pair.phones.dial("anna", pair.site.agents["ivan"].extension)).answered
        assert (await pair.city.call_in(number, "+79031112233", seconds=0.3)).answered
        pair.city.ensure_whole()
        assert pair.city.ledger.to("+74999000001") == [call]
        assert not load(pair.site_folder).problems
    assert not pair.ours.is_running
    assert not pair.city.instance.is_running
