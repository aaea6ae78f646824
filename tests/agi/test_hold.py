"""The script of a waiting caller who wants to be called back, on paper."""

from __future__ import annotations

import pytest

from agi.desk import Desk, Turn
from agi.paper import HANGS_UP, PaperSession
from agi.scripts import hold
from agi.session import CallFacts, HungUp, Variable, places
from config.models import Site
from leads.inbound import CallbackKind, CallOutcome
from store import Store
from tests.agi.conftest import Change

NUMBER = "+79035551001"
NOBODY: dict[str, dict[str, dict[str, object]]] = {"groups": {"support": {"callback": None}}}
"""What of the site makes nobody call back."""


@pytest.fixture
def site(changed: Change) -> Site:
    return changed(groups={"support": {"callback": "visits"}})


def desk(site: Site, store: Store) -> Desk:
    return Desk(site, store, lambda: 1000.0, turn=lambda _: Turn("support", 940.0, 3))


async def paper(
    site: Site,
    store: Store,
    *answers: str,
    hang_up_at: int | None = None,
    line: str = "support",
    part: str = "",
) -> PaperSession:
    await store.inbound.arrive("c1", "support", NUMBER, 930.0)
    await store.inbound.wait("c1", "support", 940.0)
    facts = CallFacts("c1", number=NUMBER, group="support", args=(part,) if part else ())
    caller = PaperSession(
        facts, places(site), answers, hang_up_at=hang_up_at, variables={Variable.LINE: line}
    )
    try:
        await hold.run(caller, desk(site, store))
    except HungUp:
        assert caller.gone
    return caller


async def test_who_confirms_keeps_the_place_of_when_they_joined(site: Site, store: Store) -> None:
    caller = await paper(site, store, "1")
    assert caller.heard == ["callback-number", "callback-done"]
    assert caller.gone
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert (task.kind, task.campaign, task.group) == (CallbackKind.ASKED, "visits", "support")
    assert (task.place_since, task.call) == (940.0, "c1")
    call = await store.inbound.end("c1", 1010.0)
    assert call is not None
    assert call.outcome is CallOutcome.CALLBACK_ASKED


async def test_another_number_may_be_typed(site: Site, store: Store) -> None:
    caller = await paper(site, store, "2", "84951112233#", "1")
    assert "callback-done" in caller.heard
    assert await store.callbacks.open_of("+74951112233") is not None


@pytest.mark.parametrize("answers", [["0"], []])
async def test_who_stays_goes_back_to_their_place(site: Site, store: Store, answers: list[str]) -> None:
    caller = await paper(site, store, *answers)
    assert caller.heard[-1] == "callback-stay"
    assert caller.variables[Variable.PLACE] == "3"
    assert caller.went is None
    assert await store.callbacks.open_of(NUMBER) is None


async def test_a_hang_up_before_the_number_is_confirmed_promises_nothing(site: Site, store: Store) -> None:
    for step in (1, 2, 3):
        caller = await paper(site, store, "", HANGS_UP, hang_up_at=step)
        assert caller.gone
    assert await store.callbacks.open_of(NUMBER) is None


async def test_nothing_is_promised_to_a_number_on_the_do_not_call_list(site: Site, store: Store) -> None:
    await store.do_not_call.add({NUMBER: ""}, "admin", 0.0, {})
    caller = await paper(site, store, "", "", "")
    assert caller.heard == ["callback-bad-number", *["callback-enter"] * 3, "callback-stay"]
    assert caller.went is None
    assert await store.callbacks.page() == []


async def test_one_that_is_listed_as_they_confirm_is_told_so(
    site: Site, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(phone: str) -> None:
        return None

    await store.do_not_call.add({NUMBER: ""}, "admin", 0.0, {})
    monkeypatch.setattr(store.do_not_call, "get", not_yet)
    caller = await paper(site, store, "1")
    assert caller.heard == ["callback-number", "callback-bad-number", "callback-stay"]
    assert await store.callbacks.page() == []


async def test_where_nobody_calls_back_the_caller_stays(changed: Change, store: Store) -> None:
    caller = await paper(changed(**NOBODY), store, "1")
    assert caller.heard == ["callback-nobody", "callback-stay"]


async def test_the_line_is_the_one_that_the_caller_went_on_to(site: Site, store: Store) -> None:
    caller = await paper(site, store, "1", line="main")
    assert caller.gone
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert task.line == "main"


async def test_whom_no_agent_can_have_is_offered_a_call_back_and_keeps_the_place(
    site: Site, store: Store
) -> None:
    key = site.groups["support"].callback_key
    caller = await paper(site, store, key, "1", part="over")
    assert caller.heard == ["callback-offer", "callback-number", "callback-done"]
    assert caller.gone
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert (task.kind, task.group, task.place_since) == (CallbackKind.ASKED, "support", 940.0)


async def test_who_does_not_want_it_goes_on_to_the_goodbye(site: Site, store: Store) -> None:
    caller = await paper(site, store, "", part="over")
    assert caller.heard[0] == "callback-offer"
    assert "callback-stay" not in caller.heard
    assert not caller.gone
    assert Variable.PLACE not in caller.variables
    assert await store.callbacks.open_of(NUMBER) is None


async def test_where_nobody_calls_back_nothing_is_offered_at_the_end(changed: Change, store: Store) -> None:
    assert (await paper(changed(**NOBODY), store, "1", part="over")).heard == []


async def test_whom_we_called_is_offered_no_call_back(site: Site, store: Store) -> None:
    caller = PaperSession(CallFacts("pz-t-1", group="support", args=("over",)), places(site), ["1"])
    await hold.run(caller, desk(site, store))
    assert caller.heard == []


async def test_who_pressed_a_key_that_means_nothing_hears_nothing_and_keeps_the_place(
    site: Site, store: Store
) -> None:
    caller = await paper(site, store, "1", part="back")
    assert caller.heard == []
    assert caller.variables[Variable.PLACE] == "3"
