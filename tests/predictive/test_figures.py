"""How figures are counted, on days small enough to count by hand."""

from __future__ import annotations

import pytest

from predictive.simulator.figures import Tally, worst_window


def test_the_worst_half_hour_is_found_wherever_it_lies() -> None:
    persons = [1] * 100
    abandoned = [0] * 100
    for minute in (41, 55, 70):
        abandoned[minute] = 1
    assert worst_window(persons, abandoned) == 3 / 30
    assert worst_window(persons[:50], abandoned[:50]) == 1 / 30


def test_a_window_with_few_persons_is_not_judged() -> None:
    assert worst_window([1] * 10 + [0] * 50, [1] * 10 + [0] * 50) is None
    assert worst_window([2] * 10 + [0] * 50, [1] * 10 + [0] * 50) == 0.5
    assert worst_window([2] * 10, [1] * 10) == 0.5, "a short day is one window"


def test_only_counted_time_is_counted() -> None:
    tally = Tally()
    tally.begin_day(900.0, 4500.0)
    assert tally.overlap(0.0, 800.0) == 0.0
    assert tally.overlap(800.0, 1000.0) == 100.0
    assert tally.overlap(4400.0, 5000.0) == 100.0
    assert tally.overlap(5000.0, 6000.0) == 0.0
    tally.person(4510.0)
    tally.person_abandoned(4510.0)
    tally.end_day()
    figures = tally.figures(None, None)
    assert (figures.persons, figures.abandoned, figures.abandonment, figures.worst) == (1, 1, 1.0, None)


def test_the_worst_of_several_days() -> None:
    tally = Tally()
    for start, lost in ((0.0, 2), (86400.0, 5), (172800.0, 1)):
        tally.begin_day(start, start + 3600)
        for number in range(50):
            tally.person(start + number)
            if number < lost:
                tally.person_abandoned(start + number)
        tally.end_day()
    figures = tally.figures(None, None)
    assert figures.worst == 5 / 50
    assert figures.abandonment == 8 / 150


def test_machines_are_heard_but_not_judged() -> None:
    tally = Tally()
    tally.begin_day(0.0, 3600.0)
    for at in range(8):
        tally.person(float(at))
    tally.person_abandoned(1.0)
    tally.machines, tally.abandoned_machines = 2, 1
    tally.end_day()
    figures = tally.figures(None, None)
    assert figures.abandonment == 1 / 8
    assert figures.heard == 2 / 10


@pytest.mark.parametrize(
    ("share_at_most", "expected"), [([90.0, 9.0, 1.0], 1), ([96.0, 4.0], 0), ([0.0, 1.0], 1)]
)
def test_lines_by_time(share_at_most: list[float], expected: int) -> None:
    tally = Tally()
    tally.begin_day(0.0, 3600.0)
    tally.lines = share_at_most
    figures = tally.figures(None, None)
    assert figures.lines_p95 == expected
    assert figures.lines_max == len(share_at_most) - 1
