"""Lines, schedules, menus, look-ups: every lint by a change to the demo that it must find."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.load import load

from .conftest import Edit, found, loaded

SHOP, MAIN = "lines/shop.yaml", "lines/main.yaml"
MENU, DELIVERY, OFFICE, ORDER = (
    "menus/shop.yaml",
    "menus/delivery.yaml",
    "schedules/office.yaml",
    "lookups/order.yaml",
)
BACK = "callback: callbacks # who calls after hours is called back when we open\n"
SUPPORT, SALES = "groups/support.yaml", "groups/sales.yaml"
TIMED = "menus/shop.yaml:5:1"

CASES = [
    # edits; then all that must be found: place and code, what is said, how to mend it
    (
        [(SHOP, "schedule: office", "schedule: offic")],
        "lines/shop.yaml:9:11 E304",
        "no schedule `offic`",
        "`office`",
    ),
    ([(SHOP, "menu: shop", "menu: shap")], "lines/shop.yaml:10:7 E304", "no menu `shap`", "`shop`"),
    (
        [(SHOP, "menu: shop", "menu: shop\nshop: x")],
        "lines/shop.yaml:11:7 E304",
        "no shop `x`",
        "known: demo",
    ),
    (
        [(SHOP, "survey: satisfaction", "survey: x")],
        "lines/shop.yaml:12:9 E304",
        "no survey `x`",
        "known: satisfaction",
    ),
    (
        [(SHOP, BACK, "callback: x\n")],
        "lines/shop.yaml:11:11 E304",
        "no campaign `x`",
        "known",
    ),
    (
        [
            ("campaigns/renewal.yaml", "mode: progressive", "mode: robot\nscript: order"),
            ("campaigns/renewal.yaml", "grace: 2s\n", ""),
        ],
        "campaigns/renewal.yaml:7:9 E305",
        "no script `order`",
        "did you mean `orders`?",
    ),
    ([(SUPPORT, "callbacks", "vists")], "groups/support.yaml:9:11 E304", "no campaign", "`visits`"),
    ([(SUPPORT, "", "survey: x\n")], "groups/support.yaml:13:9 E304", "no survey", "known: satisfaction"),
    (
        [(SUPPORT, "", "surge: {group: sale, waiting: 5}\n")],
        "groups/support.yaml:13:16 E301",
        "no group",
        "`sales`",
    ),
    ([(MENU, "group support", "group suport")], "menus/shop.yaml:9:8 E301", "no group `suport`", "`support`"),
    ([(MENU, "lookup order", "lookup orders")], "menus/shop.yaml:7:8 E304", "no lookup `orders`", "`order`"),
    ([(MENU, "group support", "line mian")], "menus/shop.yaml:9:8 E304", "no line `mian`", "`main`"),
    (
        [(DELIVERY, '"9": back', '"9": back\notherwise: menu shp')],
        f"{DELIVERY}:10:12 E304",
        "no menu",
        "`shop`",
    ),
    (
        [(MENU, "prompt: menu-main", "prompt: menu-man")],
        "menus/shop.yaml:5:9 E303",
        "no prompt",
        "`menu-main`",
    ),
    (
        [(MENU, "prompt: menu-main", "prompt: menu-main\nwrong: wrong")],
        f"{MENU}:6:8 E303",
        "no prompt",
        "`wrong-key`",
    ),
    (
        [(DELIVERY, "info-payment", "info-pay")],
        f"{DELIVERY}:8:8 E303",
        "no prompt `info-pay`",
        "`info-payment`",
    ),
    ([(ORDER, "lookup-failed", "lookup-fail")], f"{ORDER}:12:11 E303", "no prompt", "`lookup-failed`"),
    (
        [(SHOP, "menu: shop", "menu: shop\nclosed: close")],
        f"{SHOP}:11:9 E303",
        "no prompt `close`",
        "`closed`",
    ),
    (
        [(SUPPORT, "[queue-info]", "[queue-inf]")],
        "groups/support.yaml:11:12 E303",
        "no prompt",
        "`queue-info`",
    ),
    (
        [(SHOP, "menu: shop", "menu: shop\nlanguage: en"), (DELIVERY, "menu-delivery", "russian-only")],
        f"{DELIVERY}:5:9 E303",
        "not exist in the language `en`",
        "another language",
    ),
    (
        [(OFFICE, '"09:00-20:00"', '"20:00-09:00"')],
        f"{OFFICE}:6:13 E413",
        "ends before it begins",
        "two windows",
    ),
    (
        [(OFFICE, '"09:00-15:00"', '"15:00-09:00"')],
        f"{OFFICE}:10:13 E413",
        "ends before it begins",
        "two windows",
    ),
    ([(OFFICE, "14:00-18:00", "12:00-18:00")], f"{OFFICE}:7:24 E414", "overlap", "make one"),
    ([(OFFICE, "  sat:", "  fri-sat:")], f"{OFFICE}:7:3 E415", "fri is in `mon-fri`", "once"),
    (
        [(OFFICE, "hours:", "timezone: Europe/Moskow\nhours:")],
        f"{OFFICE}:5:11 E416",
        "no time zone",
        "Europe/Moscow",
    ),
    ([(OFFICE, '"02-23"', '"02-30"')], f"{OFFICE}:8:39 E451", "no day 02-30", "calendar"),
    ([(OFFICE, '"02-23"', '"02-29"')], "", "", ""),
    ([(OFFICE, '"12-31"', '"2027-02-29"')], f"{OFFICE}:10:3 E451", "no day 2027-02-29", "calendar"),
    (
        [(OFFICE, '["09:00-20:00"]', "[]"), (OFFICE, '["10:00-13:00", "14:00-18:00"]', "[]")],
        "",
        "",
        "",
    ),  # open on New Year's Eve
    (
        [
            (OFFICE, '["09:00-20:00"]', "[]"),
            (OFFICE, '["10:00-13:00", "14:00-18:00"]', "[]"),
            (OFFICE, '["09:00-15:00"]', "[]"),
        ],
        f"{OFFICE}:5:1 E452",
        "never opens",
        "write windows",
    ),
    (
        [(DELIVERY, '"9": back', '"0": repeat\n  "9": menu delivery\notherwise: menu delivery')],
        f"{DELIVERY}:6:1 E453",
        "dead end",
        "group, callback or hang_up",
    ),
    (
        [(DELIVERY, '"9": back', '"0": repeat\n  "9": hang_up\notherwise: hang_up')],
        f"{DELIVERY}:6:1 E454",
        "to a person or a call-back",
        "leave 0 or `otherwise` free",
    ),
    (
        [(DELIVERY, '"9": back', '"0": repeat\n  "9": back\notherwise: hang_up')],
        "",
        "",
        "",
    ),  # a person in the menu before
    (
        [(DELIVERY, '"9": back', '"9": hang_up\notherwise: hang_up')],
        "",
        "",
        "",
    ),  # 0 leads to the line's group
    (
        [(MENU, "group support", "callback"), (SHOP, BACK, ""), (SUPPORT, "callback: callbacks", "")],
        f"{MENU}:9:8 E455",
        "nobody calls back for the line `shop`",
        "mode preview",
    ),
    (
        [(MENU, "group support", "callback"), (SHOP, BACK, ""), (SUPPORT, "callbacks", "visits")],
        "",
        "",
        "",
    ),
    ([(MENU, "group support", "callback")], "", "", ""),
    ([(SUPPORT, 'key: "1"', 'key: "D"')], "groups/support.yaml:10:15 E207", "not a key", "digit, * or #"),
    ([(MENU, "prompt:", "timeout: 500ms\nprompt:")], "menus/shop.yaml:5:10 E456", "500ms", "5s"),
    ([(MENU, "prompt:", "timeout: 1m\nprompt:")], "menus/shop.yaml:5:10 E456", "1m", "5s"),
    ([(ORDER, "{sum:money}", "{sum:mony}")], f"{ORDER}:10:7 E457", "`mony` is no kind", "`money`"),
    ([(ORDER, "{sum:money}", "{su m}")], f"{ORDER}:10:7 E457", "names no field", "{name:kind}"),
    ([(ORDER, "{sum:money}", "{sum:money")], f"{ORDER}:10:7 E457", "brace", "{name:kind}"),
    ([(ORDER, "timeout: 2s", "timeout: 11s")], f"{ORDER}:8:10 E458", "11s", "3s is usual"),
    ([(ORDER, "timeout: 2s", "timeout: 0s")], f"{ORDER}:8:10 E458", "0s", "3s is usual"),
    (
        [(SHOP, "menu: shop", "menu: shop\nlanguage: en"), (ORDER, "  en:", "  #")],
        f"{ORDER}:9:1 E459",
        "`en`",
        "write en:",
    ),
    (
        [(SUPPORT, "callbacks", "spring")],
        "groups/support.yaml:9:11 E461",
        "mode predictive",
        "mode: preview",
    ),
    (
        [(SHOP, BACK, "callback: spring\n")],
        f"{SHOP}:11:11 E461",
        "mode predictive",
        "mode: preview",
    ),
    (
        [(SUPPORT, "", "surge: {group: support, wait: 5m}\n")],
        "groups/support.yaml:13:16 E462",
        "`support` to `support`",
        "last",
    ),
    ([(SUPPORT, "", "surge: {group: sales, wait: 5m}\n")], "", "", ""),
    (
        [(SUPPORT, "", "surge: {group: sales}\n")],
        "groups/support.yaml:13:1 E463",
        "when callers go",
        "waiting: 10",
    ),
    (
        [(SHOP, "schedule: office\n", "")],
        f"{OFFICE}:5:1 W517",
        "no line leads to the schedule `office`",
        "needed",
    ),
    ([(MENU, '  "2": menu delivery\n', "")], f"{DELIVERY}:5:1 W517", "the menu `delivery`", "needed"),
    ([(MENU, '  "1": lookup order\n', "")], f"{ORDER}:7:1 W517", "the lookup `order`", "needed"),
    ([(ORDER, "127.0.0.1:8099", "shop.example")], f"{ORDER}:7:6 W552", "in plain text", "https://"),
    ([(ORDER, "127.0.0.1", "localhost")], "", "", ""),
]


@pytest.mark.parametrize(("edits", "place", "message", "mend"), CASES)
def test_a_lint_finds_its_fault_says_it_and_mends_it(
    site: Path, edit: Edit, edits: list[tuple[str, str, str]], place: str, message: str, mend: str
) -> None:
    for file, old, new in edits:
        edit(file, old, new)
    assert found() == ([place] if place else [])
    for problem in loaded().problems:
        assert message in problem.message
        assert mend in problem.hint


def test_both_groups_of_a_circle_are_named(site: Path, edit: Edit) -> None:
    edit(SUPPORT, "", "surge: {group: sales, waiting: 5}\n")
    edit(SALES, "", "surge: {group: support, waiting: 5}\n")
    assert found() == ["groups/sales.yaml:13:16 E462", "groups/support.yaml:13:16 E462"]


def test_days_that_are_over_are_named_when_the_day_is_known(site: Path, edit: Edit) -> None:
    edit(OFFICE, '"11-04"]', '"11-04", "2026-03-09"]')
    edit(OFFICE, '  "12-31"', '  "2026-03-09": ["10:00-12:00"]\n  "12-31"')
    assert load(site).problems == []
    assert load(site, None, date(2026, 3, 9)).problems == []
    assert load(site, None, date(2026, 3, 10)).problems == []  # somewhere it is still the ninth
    told = [(p.code, p.line, p.message) for p in load(site, None, date(2026, 3, 11)).problems]
    assert told == [("W551", 8, "2026-03-09 is over"), ("W551", 10, "2026-03-09 is over")]


def test_a_schedule_with_nothing_but_days_that_are_over_never_opens(site: Path, edit: Edit) -> None:
    for old in ('["09:00-20:00"]', '["10:00-13:00", "14:00-18:00"]', '["09:00-15:00"]'):
        edit(OFFICE, old, "[]")
    edit(OFFICE, '  "12-31"', '  "2026-03-07": ["10:00-12:00"]\n  "12-31"')
    assert load(site).problems == []
    codes = [problem.code for problem in load(site, None, date(2026, 3, 11)).problems]
    assert codes == ["E452", "W551"]
