"""`perezvon agents set` and `agents list`: the same as the feature codes, from a terminal."""

from __future__ import annotations

import json

import pytest

from tests.daemon.centre import Centre

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def test_agents_set_does_what_the_codes_do(centre: Centre) -> None:
    for order, state, reason in (
        (("signed_in",), "not_ready", "signed_in"),
        (("ready",), "ready", ""),
        (("not_ready", "training"), "not_ready", "training"),
        (("not_ready", "lunch"), "not_ready", "lunch"),
        (("ready",), "ready", ""),
        (("offline",), "offline", ""),
    ):
        code, said = await centre.cli("agents", "set", "anna", *order)
        assert code == 0, said
        await centre.comes_to("anna", state, reason)
    await centre.ledger_says(
        "anna",
        ("not_ready", "signed_in"),
        ("ready", ""),
        ("not_ready", "training"),
        ("not_ready", "lunch"),
        ("ready", ""),
        ("offline", ""),
    )


async def test_agents_list_shows_all_with_state_and_reason(centre: Centre) -> None:
    await centre.set("vera", "signed_in")
    await centre.comes_to("vera", "not_ready", "signed_in")
    code, said = await centre.cli("agents", "list", "--json")
    assert code == 0
    rows = {row["agent"]: row for row in json.loads(said)}
    assert set(rows) == set(centre.pair.site.agents)
    assert (rows["vera"]["state"], rows["vera"]["reason"]) == ("not_ready", "signed_in")
    assert rows["anna"]["state"] == "offline"
    assert "signed in, and not ready yet" in await centre.why("agent", "vera")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (("nobody", "ready"), "no agent is called 'nobody'"),
        (("anna", "asleep"), "no such state: 'asleep'"),
        (("boris", "not_ready"), "not_ready needs a reason, one of break, lunch"),
        (("boris", "not_ready", "boredom"), "not_ready needs a reason"),
        (("anna", "not_ready", "lunch"), "agent anna is not signed in"),
        (("anna", "end_wrap_up"), "agent anna is not signed in"),
        (("anna", "offline"), "agent anna is not signed in"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_in_words(
    centre: Centre, order: tuple[str, ...], words: str
) -> None:
    code, said = await centre.cli("agents", "set", *order)
    assert code == 1
    assert words in said
    assert {row["state"] for row in await centre.ask("agents")} == {"offline"}
