"""What the peers measure with."""

from __future__ import annotations

import pytest

from predictive import Event
from predictive.peers.measures import Answers, Every, Handling, Recent, Share


@pytest.mark.parametrize(
    ("at_once", "asked", "due"),
    [
        (True, [7.0, 9.4, 9.5, 11.9, 12.0], [7.0, 9.5, 12.0]),
        (False, [7.0, 9.4, 9.5, 12.0], [9.5, 12.0]),
        (True, [7.0, 11.0, 12.0, 14.0], [7.0, 11.0, 12.0]),  # late: the next is where it would have been
        (True, [7.0, 20.0, 22.0, 22.5], [7.0, 20.0, 22.5]),  # too late for that: a period from now
        (True, [7.0, 12.0, 14.0, 14.5], [7.0, 12.0, 14.5]),
        (True, [7.0, 2.0, 4.4, 4.5], [7.0, 2.0, 4.5]),  # the clock stepped back
        (False, [7.0, 2.0, 4.5], [4.5]),
    ],
)
def test_a_period_is_due_once(at_once: bool, asked: list[float], due: list[float]) -> None:
    every = Every(2.5, at_once=at_once)
    assert [now for now in asked if every.due(now)] == due


def test_recent_counts_forget_by_slots() -> None:
    recent = Recent(30.0, slots=3)
    for now in (0.0, 9.9, 10.0, 25.0):
        recent.add(now)
    assert [recent.total(now) for now in (25.0, 29.9, 30.0, 39.9, 40.0, 60.0)] == [4, 4, 2, 2, 1, 0]
    for now in range(30, 200, 5):
        recent.add(float(now))
    assert recent.total(195.0) == 6  # of 170 to 195
    recent.add(5.0)  # the clock stepped back: what was counted is of no time any more
    assert recent.total(5.0) == 1


def test_a_share_starts_at_one_and_forgets() -> None:
    share = Share(first=2, memory=4)
    values = []
    for yes in (False, False, False, True):
        share.add(yes)
        values.append(share.value)
    assert values == pytest.approx([2 / 3, 2 / 4, 2 / 4 * 3 / 4, 2 / 4 * (3 / 4) ** 2 + 1 / 4])


def test_answers_are_counted_by_the_day() -> None:
    answers = Answers(100.0)
    assert answers.rate == 0.0
    for now, kind in ((50.0, "connect"), (60.0, "live"), (70.0, "abandon"), (149.0, "connect")):
        answers.on_event(now, Event(kind))  # type: ignore[arg-type]
    assert (answers.live, answers.abandoned, answers.rate) == (3, 1, 1 / 3)
    assert answers.since(149.5) == 99.5
    assert answers.since(150.0) == 0.0
    assert answers.live == 0
    answers.on_event(160.0, Event("abandon"))
    assert answers.rate == 1.0
    assert answers.since(20.0) == 0.0  # the clock stepped back
    assert answers.live == 0


def test_handling_is_talk_and_wrap_up_of_an_agent() -> None:
    handling = Handling(keep=3)
    events = [
        Event("talk_end", None, "a", 40.0),
        Event("talk_end", None, "b", 20.0),
        Event("wrap_end", None, "a", 10.0),  # 50
        Event("ready", None, "a"),
        Event("not_ready", None, "b"),  # 20: no wrap-up
        Event("talk_end", None, "c", 60.0),
        Event("logout", None, "c", 5.0),  # 60
        Event("wrap_end", None, "d", 30.0),  # whose talk nobody saw
    ]
    for event in events:
        handling.on_event(event)
    # of 20, 50 and 60: those over 10 that end by 25, 50 and 60; those over 20; those over 60
    asked = ((10.0, 15.0), (10.0, 40.0), (10.0, 50.0), (20.0, 29.9), (20.0, 30.0), (60.0, 99.0))
    assert [handling.ends_within(*each) for each in asked] == [1 / 3, 2 / 3, 1.0, 0.0, 0.5, 0.0]
    handling.on_event(Event("talk_end", None, "a", 70.0))
    handling.on_event(Event("ready", None, "a"))  # the oldest, 50, is forgotten
    assert handling.ends_within(20.0, 35.0) == 0.0
    assert handling.ends_within(20.0, 40.0) == 0.5
