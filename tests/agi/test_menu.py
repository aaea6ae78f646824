"""Menus of any shape, and callers who press anything: everybody gets out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from agi.menu import Walk
from agi.paper import PaperSession
from agi.session import KEYS, CallFacts, Utterance
from config.models import ActionKind, Menu
from sounds.phrase import Prompt

ASKS = 12
NAMES = ("a", "b", "c")
INSIDE = {ActionKind.MENU, ActionKind.MESSAGE, ActionKind.LOOKUP, ActionKind.REPEAT, ActionKind.BACK}
actions = st.sampled_from(
    [
        *(f"menu {name}" for name in NAMES),
        *(
            "message info",
            "lookup order",
            "repeat",
            "back",
            "hang_up",
            "callback",
            "group sales",
            "line main",
        ),
        "script hello",
    ]
)
menus = st.fixed_dictionaries(
    {
        name: st.builds(
            lambda keys, repeats, otherwise: Menu(
                prompt="menu", keys=keys, repeats=repeats, otherwise=otherwise
            ),
            st.dictionaries(st.sampled_from(KEYS), actions, min_size=1),
            st.integers(0, 5),
            st.none() | actions,
        )
        for name in NAMES
    }
)
answers = st.lists(st.text(KEYS + "ABCD", max_size=3), max_size=30)


async def said(name: str) -> tuple[Sequence[Utterance], bool]:
    return [Prompt("answer")], True


@settings(max_examples=200, deadline=None)
@given(menus, answers)
async def test_whatever_the_menus_and_the_keys_the_caller_gets_out(
    menus: dict[str, Menu], answers: list[str]
) -> None:
    session = PaperSession(CallFacts("pz1-1"), {}, answers)
    walk = Walk(session, menus, "a", "sales", said, iter(range(ASKS)))
    chosen = await walk.choose()
    assert chosen.kind not in INSIDE
    assert session.heard.count("menu") <= ASKS
    assert session.clock() < ASKS * 20
    if not answers:  # who says nothing gets to the group, unless the admin wants otherwise
        first = menus["a"]
        assert session.heard.count("menu") >= min(ASKS, 1 + first.repeats)
        assert first.otherwise or (chosen.kind, chosen.name) == (ActionKind.GROUP, "sales")
