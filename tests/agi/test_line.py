"""What callers of a line hear and where they end, on paper, with the real books."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agi.desk import Desk
from agi.lookup import NoAnswer
from agi.paper import HANGS_UP, PaperSession
from agi.scripts import line
from agi.session import CallFacts, HungUp, Place, Variable, places
from config.models import Lookup, Site
from leads.inbound import CallbackKind, CallerClass, CallOutcome, missed_callback
from store import Store
from store.callers import ListedCaller
from tests.agi.conftest import Change

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY_NOON = datetime(2026, 8, 3, 12, tzinfo=MOSCOW).timestamp()
SATURDAY_NIGHT = datetime(2026, 8, 1, 23, 10, tzinfo=MOSCOW).timestamp()
NUMBER = "+79161234567"
CALL = "pz1-1700000000.1"


async def no_service(lookup: Lookup, number: str | None, line: str, call: str) -> dict[str, Any]:
    raise NoAnswer("there is none")


class Caller:
    """One call of the demo's shop line, or another."""

    def __init__(self, site: Site, store: Store, *answers: str, line: str = "shop", **how: Any) -> None:
        self.ask = how.pop("ask", no_service)
        facts = CallFacts(
            CALL, line=line, number=how.pop("number", NUMBER), language=how.pop("language", "ru")
        )
        self.store, self.site = store, site
        how.setdefault("start", MONDAY_NOON)
        self.session = PaperSession(facts, places(site), answers, **how)

    async def calls(self) -> Caller:
        desk = Desk(self.site, self.store, self.session.clock, self.ask)
        try:
            await line.run(self.session, desk)
        except HungUp:
            assert self.session.gone
        return self

    @property
    def heard(self) -> list[str]:
        return self.session.heard

    async def outcome(self) -> CallOutcome | None:
        call = await self.store.inbound.end(CALL, self.session.clock())
        return call.outcome if call else None


@pytest.mark.parametrize(
    ("keys", "heard", "went"),
    [
        ("0", ["menu-main", "to-operator"], (Place.GROUP, "support")),
        ("20", ["menu-main", "to-operator"], (Place.GROUP, "support")),
        (
            ["2", "1", "9", "0"],
            ["menu-main", "menu-delivery", "info-delivery", "menu-main", "to-operator"],
            None,
        ),
        (
            ["2", "2", "", "9"],
            ["menu-main", "menu-delivery", "info-payment", "menu-delivery", "menu-delivery"],
            None,
        ),
        (["", "", ""], ["menu-main"] * 3 + ["to-operator"], (Place.GROUP, "support")),
        (["5", "*", "#"], ["menu-main", "wrong-key", "wrong-key", "to-operator"], (Place.GROUP, "support")),
        (["5", "", "7"], ["menu-main", "wrong-key", "menu-main", "menu-main", "to-operator"], None),
        (["2", "0"], ["menu-main", "menu-delivery", "to-operator"], (Place.GROUP, "support")),
    ],
)
async def test_keys_lead_through_the_menus(
    demo: Site, store: Store, keys: Any, heard: list[str], went: tuple[Place, str] | None
) -> None:
    caller = await Caller(demo, store, *keys if isinstance(keys, list) else [keys]).calls()
    assert caller.heard[: len(heard)] == heard
    if went is not None:
        assert caller.session.went == went


async def test_without_a_menu_the_greeting_leads_to_the_group(demo: Site, store: Store) -> None:
    caller = await Caller(demo, store, line="main").calls()
    assert caller.heard == ["greeting"]
    assert caller.session.went == (Place.GROUP, "sales")
    assert caller.session.variables[Variable.CALLER_CLASS] == "client"
    assert Variable.PRIORITY not in caller.session.variables


async def test_who_is_on_the_list_of_spam_is_refused(demo: Site, store: Store) -> None:
    await store.callers.add([ListedCaller(NUMBER, CallerClass.SPAM, "")], 0.0)
    caller = await Caller(demo, store).calls()
    assert caller.heard == ["refused"]
    assert caller.session.gone
    assert caller.session.went is None
    assert await caller.outcome() is CallOutcome.REFUSED


async def test_vips_wait_before_others(demo: Site, store: Store) -> None:
    await store.callers.add([ListedCaller(NUMBER, CallerClass.VIP, "")], 0.0)
    caller = await Caller(demo, store, "0").calls()
    assert int(caller.session.variables[Variable.PRIORITY]) > 20
    assert caller.session.variables[Variable.CALLER_CLASS] == "vip"


# -- hours ----------------------------------------------------------------------------------------


async def test_after_hours_the_caller_hears_when_we_open_and_that_we_call_back(
    changed: Change, store: Store
) -> None:
    caller = await Caller(
        changed(lines={"shop": {"callback": "visits"}}), store, start=SATURDAY_NIGHT
    ).calls()
    opens = "Мы откроемся в понедельник, третьего августа, в девять часов."
    assert caller.heard == ["closed", opens, "closed-promise", "closed-goodbye"]
    assert caller.session.gone
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert (task.kind, task.campaign, task.line) == (CallbackKind.MISSED, "visits", "shop")
    assert task.due_at == datetime(2026, 8, 3, 9, tzinfo=MOSCOW).timestamp()
    assert await caller.outcome() is CallOutcome.AFTER_HOURS


async def test_after_hours_in_english_too(changed: Change, store: Store) -> None:
    site = changed(lines={"shop": {"language": "en"}})
    caller = await Caller(site, store, start=SATURDAY_NIGHT).calls()
    assert caller.session.variables[Variable.LANGUAGE] == "en"
    opens = "We open on Monday, August the third, at nine a.m."
    assert caller.heard == ["closed", opens, "closed-promise", "closed-goodbye"]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-08-03T08:59", "Мы откроемся сегодня в девять часов."),
        ("2026-08-03T20:00", "Мы откроемся завтра в девять часов."),
        ("2026-08-08T13:30", "Мы откроемся сегодня в четырнадцать часов."),
        ("2026-12-31T15:00", "Мы откроемся в понедельник, четвёртого января, в девять часов."),
    ],
)
async def test_the_next_opening_is_said_as_people_say_it(
    demo: Site, store: Store, now: str, said: str
) -> None:
    start = datetime.fromisoformat(now).replace(tzinfo=MOSCOW).timestamp()
    caller = await Caller(demo, store, start=start).calls()
    assert caller.heard[1] == said


@pytest.mark.parametrize("why", ["no campaign", "withheld", "colleague", "not after hours", "do not call"])
async def test_nothing_is_promised_that_nobody_keeps(changed: Change, store: Store, why: str) -> None:
    callback = {"callback": None if why == "no campaign" else "visits"}
    after = {"callback_after": ["lost_in_queue"]} if why == "not after hours" else {}
    if why == "colleague":
        await store.callers.add([ListedCaller(NUMBER, CallerClass.COLLEAGUE, "")], 0.0)
    if why == "do not call":
        await store.do_not_call.add({NUMBER: ""}, "admin", 0.0, {})
    site = changed(lines={"shop": callback | after}, groups={"support": {"callback": None}})
    number = None if why == "withheld" else NUMBER
    caller = await Caller(site, store, start=SATURDAY_NIGHT, number=number).calls()
    assert "closed-promise" not in caller.heard
    assert await store.callbacks.open_of(NUMBER) is None


async def test_what_is_promised_stays_when_the_caller_hangs_up_at_once(changed: Change, store: Store) -> None:
    site = changed(lines={"shop": {"callback": "visits"}})
    caller = await Caller(site, store, start=SATURDAY_NIGHT, during={"closed": ""}, hang_up_at=2).calls()
    assert caller.heard == []
    assert await store.callbacks.open_of(NUMBER)
    assert await caller.outcome() is CallOutcome.AFTER_HOURS


async def test_a_line_that_never_opens_names_no_time(changed: Change, store: Store) -> None:
    site = changed(schedules={"office": {"hours": {"mon": []}, "exceptions": {}}})
    assert (await Caller(site, store).calls()).heard == ["closed", "closed-goodbye"]


async def test_another_line_is_entered_by_its_own_hours_language_and_menu(
    changed: Change, store: Store
) -> None:
    site = changed(
        schedules={"night": {"hours": {"mon-sun": ["22:00-24:00"]}}},
        lines={"support": {"schedule": "night", "language": "en", "callback": "visits"}},
        menus={"shop": {"keys": {"3": "line support", "4": "line main"}}},
    )
    open_line = await Caller(site, store, "4").calls()
    assert open_line.heard == ["menu-main", "greeting"]
    assert open_line.session.went == (Place.GROUP, "sales")
    assert Variable.LINE not in (await Caller(site, store, "0").calls()).session.variables
    closed = await Caller(site, store, "3").calls()
    said = "We open today at ten p.m."
    assert closed.heard == ["menu-main", "closed", said, "closed-promise", "closed-goodbye"]
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert task.due_at == datetime(2026, 8, 3, 22, tzinfo=MOSCOW).timestamp()
    over = closed.session.clock()  # the dialed line is open: what the end of the call says is not earlier
    assert await store.inbound.end(CALL, over, lambda ended: missed_callback(site, ended, over))
    assert await store.callbacks.open_of(NUMBER) == task


# -- actions --------------------------------------------------------------------------------------


async def test_a_look_up_is_said_while_the_caller_waits_then_the_menu_again(demo: Site, store: Store) -> None:
    asked: list[object] = []

    async def service(lookup: Lookup, number: str | None, line: str, call: str) -> dict[str, Any]:
        asked.append((lookup.url, number, line, call))
        return {"number": "1042", "state": "собран", "sum": Decimal("2990.5"), "day": "2027-02-01"}

    caller = await Caller(demo, store, "1", "", "0", ask=service).calls()
    assert caller.heard == [
        "menu-main",
        "one-moment",
        "Заказ номер",
        "1042",
        "собран. Сумма две тысячи девятьсот девяносто рублей пятьдесят копеек. Доставка первого февраля.",
        "menu-main",
        "menu-main",
        "to-operator",
    ]
    assert asked == [("http://127.0.0.1:8099/order", NUMBER, "shop", CALL)]


async def test_a_look_up_without_an_answer_has_its_fallback(demo: Site, store: Store) -> None:
    caller = await Caller(demo, store, "1", "", HANGS_UP).calls()
    assert caller.heard == ["menu-main", "one-moment", "lookup-failed", "menu-main"]
    assert await caller.outcome() is CallOutcome.LEFT_IN_MENU


async def test_who_heard_what_they_came_for_and_left_was_served(demo: Site, store: Store) -> None:
    caller = await Caller(demo, store, "2", "1", "", HANGS_UP).calls()
    assert await caller.outcome() is CallOutcome.SELF_SERVED


async def test_a_goodbye_by_key(changed: Change, store: Store) -> None:
    caller = await Caller(changed(menus={"shop": {"keys": {"7": "hang_up"}}}), store, "7").calls()
    assert caller.heard == ["menu-main", "goodbye"]
    assert caller.session.gone
    assert await caller.outcome() is CallOutcome.SELF_SERVED


async def test_a_call_back_is_offered_confirmed_and_kept(changed: Change, store: Store) -> None:
    site = changed(menus={"shop": {"keys": {"3": "callback"}}}, lines={"shop": {"callback": "visits"}})
    caller = await Caller(site, store, "3", "1").calls()
    assert caller.heard == ["menu-main", "callback-number", "callback-done"]
    assert caller.session.gone
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert (task.kind, task.campaign, task.group) == (CallbackKind.ASKED, "visits", "support")
    assert task.place_since == task.due_at
    assert await caller.outcome() is CallOutcome.CALLBACK_ASKED


async def test_on_another_line_it_is_that_line_that_calls_back_and_that_the_agent_sees(
    changed: Change, store: Store
) -> None:
    site = changed(
        lines={
            "shop": {"callback": None},
            "main": {
                "menu": "delivery",
                "callback": "visits",
                "label": 'Второй "сайт"',
                "survey": "satisfaction",
            },
        },
        menus={"shop": {"keys": {"3": "line main"}}, "delivery": {"keys": {"3": "callback"}}},
    )
    caller = await Caller(site, store, "3", "3", "1").calls()
    assert caller.heard[-2:] == ["callback-number", "callback-done"]
    task = await store.callbacks.open_of(NUMBER)
    assert task is not None
    assert (task.campaign, task.line, task.group) == ("visits", "main", "sales")
    set_ = caller.session.variables
    assert set_[Variable.LINE] == "main"
    assert set_[Variable.LABEL] == set_[Variable.CALLER_NAME] == "Второй сайт"
    assert set_[Variable.SURVEY] == "satisfaction"


async def test_the_key_says_so_where_nobody_calls_back(changed: Change, store: Store) -> None:
    site = changed(
        menus={"shop": {"keys": {"3": "callback"}}},
        lines={"shop": {"callback": None}},
        groups={"support": {"callback": None}},
    )
    caller = await Caller(site, store, "3", "0").calls()
    assert caller.heard == ["menu-main", "callback-nobody", "menu-main", "to-operator"]


async def test_who_declines_a_call_back_is_in_the_menu_again(changed: Change, store: Store) -> None:
    site = changed(menus={"shop": {"keys": {"3": "callback"}}}, lines={"shop": {"callback": "visits"}})
    caller = await Caller(site, store, "3", "0", "0").calls()
    assert caller.heard == ["menu-main", "callback-number", "menu-main", "to-operator"]
    assert await store.callbacks.open_of(NUMBER) is None


async def test_no_circle_of_menus_holds_a_caller_for_ever(changed: Change, store: Store) -> None:
    site = changed(
        menus={
            "shop": {"keys": {"1": "menu delivery", "0": "repeat"}, "otherwise": "menu delivery"},
            "delivery": {"keys": {"1": "line shop", "0": "back"}, "otherwise": "line shop"},
        }
    )
    for answers in ([], ["1"] * 200, ["0"] * 200, ["9"] * 200):
        caller = await Caller(site, store, *answers).calls()
        assert caller.session.went == (Place.GROUP, "support")
        said = [one for one in caller.heard if one.startswith("menu-")]
        assert len(said) <= line.MOST_ASKS
        assert caller.session.steps < 4 * line.MOST_ASKS
        assert caller.session.clock() - MONDAY_NOON < 600


@pytest.mark.parametrize("answers", [["2", "1", "9", "1", "0"], ["3", "2", "89161234567#", "1"], ["4"]])
async def test_a_hang_up_at_any_step_ends_the_script(
    changed: Change, store: Store, answers: list[str]
) -> None:
    site = changed(
        menus={
            "shop": {"keys": {"1": "lookup order", "2": "menu delivery", "3": "callback", "4": "hang_up"}}
        },
        lines={"shop": {"callback": "visits"}},
    )
    whole = await Caller(site, store, *answers).calls()
    for step in range(1, whole.session.steps + 1):
        caller = Caller(site, store, *answers, hang_up_at=step)
        await caller.calls()
        assert caller.session.gone
        assert caller.session.steps == step
