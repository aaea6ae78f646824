"""VICIdial's rules, with numbers worked out by hand from their description."""

from __future__ import annotations

from typing import Any

import pytest

from predictive import Event, Pacer, create_pacer
from predictive.peers.vicidial import VicidialAdapt
from tests.predictive.floors import SmallFloor, small_floor


@pytest.mark.parametrize(
    ("level", "floor", "calls"),
    [
        (1.5, small_floor(ready=4), 6),
        (1.5, small_floor(ready=4, ringing=5), 1),
        (1.5, small_floor(ready=4, ringing=7), 0),
        # everybody talks: (L - 1) x N ring ahead, and the conversations are calls too
        (1.5, small_floor(talking=10), 5),
        (1.5, small_floor(talking=10, ringing=3, screening=1, waiting=1), 0),
        # wrap-up and pause do not count
        (2.0, small_floor(ready=1, talking=2, wrapping=5, not_ready=5), 4),
        # callers of the in-groups count while nobody is ready, and only then
        (1.5, small_floor(talking=10, inbound_waiting=2), 3),
        (1.5, small_floor(ready=2, talking=8, inbound_waiting=2), 7),
        (1.0, small_floor(), 0),
    ],
)
def test_ratio_places_level_times_agents_less_calls(level: float, floor: SmallFloor, calls: int) -> None:
    assert create_pacer("vicidial_ratio", level=level).calls_to_place(0.0, floor) == calls


@pytest.mark.parametrize(
    ("level", "floor", "calls"),
    [
        (3.0, small_floor(ready=2, talking=8), 6),  # 3 x 2 + 8 less 8
        (3.0, small_floor(ready=2, talking=8, ringing=4, waiting=1), 1),
        (3.0, small_floor(talking=8), 0),
    ],
)
def test_available_only_counts_ready_agents_alone(level: float, floor: SmallFloor, calls: int) -> None:
    pacer = create_pacer("vicidial_ratio", level=level, available_only=True)
    assert pacer.calls_to_place(0.0, floor) == calls


def test_an_inbound_conversation_has_an_agent_but_no_call_of_the_campaign() -> None:
    pacer = create_pacer("vicidial_ratio", level=1.0)
    pacer.on_event(0.0, Event("connect", "out", "talking0", 0.5))
    pacer.on_event(0.0, Event("inbound_connect", "in", None, 3.0))
    assert pacer.calls_to_place(0.0, small_floor(ready=1, talking=2)) == 2  # 1.0 x 3 less 1
    assert pacer.calls_to_place(2.5, small_floor(talking=2)) == 0  # nobody ready: both count
    pacer.on_event(3.0, Event("connect", "out", "talking1", 0.5))
    assert pacer.calls_to_place(5.0, small_floor(ready=1, talking=2)) == 1
    pacer.on_event(6.0, Event("talk_end", None, "talking0", 6.0))
    assert pacer.calls_to_place(7.5, small_floor(ready=1, talking=2)) == 2


def test_the_dialer_steps_every_two_and_a_half_seconds_only() -> None:
    pacer = create_pacer("vicidial_ratio", level=1.0)
    floor = small_floor(ready=1)
    asked = [1000.0 + tenth / 10 for tenth in range(80)]
    placed = [now for now in asked if pacer.calls_to_place(now, floor)]
    assert placed == [1000.0, 1002.5, 1005.0, 1007.5]
    assert pacer.wake_at == 1010.0


def adapt(**own: Any) -> VicidialAdapt:
    pacer = create_pacer("vicidial_adapt", **own)
    assert isinstance(pacer, VicidialAdapt)
    return pacer


def run(pacer: Pacer, start: float, end: float, floor: SmallFloor) -> None:
    """Asks every half second, as long as `start <= now <= end`."""
    for half in range(int((end - start) * 2) + 1):
        pacer.calls_to_place(start + half / 2, floor)


def report(pacer: Pacer, now: float, dials: int, connects: int = 0, abandons: int = 0) -> None:
    kinds = ["dial"] * dials + ["connect"] * connects + ["abandon"] * abandons
    for number, kind in enumerate(kinds):
        pacer.on_event(now, Event(kind, str(number)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "floor", "level"),
    [
        # D = ready - waiting = 2 of 10 signed in (paused ones too): L = 1 x (1 + 0.2)
        ({}, small_floor(ready=2, talking=6, wrapping=1, not_ready=1), 1.2),
        ({}, small_floor(ready=3, waiting=1, talking=7), 1.2),
        ({}, small_floor(ready=3, talking=7, ringing=5), 1.3),
        # one waiting customer more than ready agents: down, but never below 1
        ({}, small_floor(talking=9, not_ready=1, waiting=1), 1.0),
        # the difference target, absolute and by size, and both
        ({"diff_target": -1}, small_floor(ready=3, talking=7), 1.2),
        ({"diff_share": -0.2}, small_floor(ready=3, talking=7), 1.1),
        ({"diff_target": 1, "diff_share": 0.1}, small_floor(ready=3, talking=7), 1.5),
        # intensity 50 speeds rises by half
        ({"intensity": 50}, small_floor(ready=2, talking=8), 1.3),
        ({"intensity": -50}, small_floor(ready=2, talking=8), 1.1),
        ({"max_level": 1.1}, small_floor(ready=5, talking=5), 1.1),
        ({}, small_floor(ready=3, talking=6), 1.333),  # three decimals
        ({}, small_floor(), 1.0),
    ],
)
def test_the_adapter_moves_the_level_after_fifteen_seconds(
    own: dict[str, Any], floor: SmallFloor, level: float
) -> None:
    pacer = adapt(**own)
    run(pacer, 0.0, 14.5, floor)
    assert pacer.level == 1.0
    run(pacer, 15.0, 29.5, floor)
    assert pacer.level == pytest.approx(level)


@pytest.mark.parametrize(
    ("intensity", "level"),
    [(0, 1.8), (50, 1.9), (-50, 1.7)],  # falls by 0.1, half as fast, half as fast again
)
def test_intensity_slows_falls(intensity: float, level: float) -> None:
    pacer = adapt(intensity=intensity)
    pacer.level = 2.0
    run(pacer, 0.0, 15.0, small_floor(talking=10, waiting=1))
    assert pacer.level == pytest.approx(level)


def test_the_samples_are_means_over_fifteen_seconds() -> None:
    pacer = adapt()
    run(pacer, 0.0, 7.5, small_floor(ready=10))  # 8 samples of 10 ready, then 7 of 0 from 8 to 14
    run(pacer, 8.0, 14.5, small_floor(talking=10))
    run(pacer, 15.0, 15.0, small_floor(talking=10))  # 15 samples: 7 of 10 ready, 8 of none
    assert pacer.level == pytest.approx(1 + 70 / 150, abs=0.001)


def test_a_blended_campaign_counts_the_callers_over_twenty_dialer_steps() -> None:
    pacer = adapt()
    # steps at 0, 2.5 .. 12.5: 3 ready less 1 caller, of 10
    run(pacer, 0.0, 15.0, small_floor(ready=3, talking=7, inbound_waiting=1))
    assert pacer.level == pytest.approx(1.2)
    # the last 20 steps: 14 of 5 ready from 25 on, 3 of nobody ready (17.5 to 22.5), 3 as above (10 to 15)
    run(pacer, 15.5, 24.5, small_floor(talking=10))
    run(pacer, 25.0, 59.5, small_floor(ready=5, talking=5))
    pacer.level = 1.0
    run(pacer, 60.0, 60.0, small_floor(ready=5, talking=5))
    assert pacer.level == pytest.approx(1 + (14 * 5 + 3 * 2) / 200, abs=0.001)


@pytest.mark.parametrize(
    ("own", "level"),
    [
        ({"method": "hard_limit"}, 1.0),
        ({"method": "average"}, 1.2),  # 2 x (1 + 0.2), then halved
        # 9:00 and a minute: 2100 - 901 is more than 1000, nothing happens
        ({"method": "tapered", "opens": 900}, 2.4),
        # 15:29 and a minute: 2100 - 1530 = 570
        ({"method": "tapered", "opens": 1529}, 2.4 * 0.57),
        ({"method": "tapered", "opens": 2059, "latest": 2059}, 1.0),  # 2100 is past the latest time
    ],
)
def test_the_methods_differ_over_the_drop_limit(own: dict[str, Any], level: float) -> None:
    pacer = adapt(**own)
    floor = small_floor(ready=2, talking=8)
    run(pacer, 0.0, 59.5, floor)
    report(pacer, 59.5, dials=51, connects=96, abandons=4)  # 4 % of live answers
    pacer.level = 2.0
    run(pacer, 60.0, 60.0, floor)
    assert pacer.level == pytest.approx(level)


@pytest.mark.parametrize(
    ("dials", "connects", "abandons", "level"),
    [
        (51, 97, 3, 2.4),  # 3 % is not over the limit
        (50, 96, 4, 2.4),  # 50 calls are too few to judge
        (51, 47, 4, 1.0),
        # more than half of the minute's calls dropped: 2.4 / 2, few calls or not; then the limit
        (40, 0, 21, 1.2),
        (40, 0, 20, 2.4),
        (20, 0, 20, 2.4),
        (60, 0, 31, 1.0),
    ],
)
def test_when_the_drop_limit_and_the_brake_of_the_minute_act(
    dials: int, connects: int, abandons: int, level: float
) -> None:
    pacer = adapt()
    floor = small_floor(ready=2, talking=8)
    run(pacer, 0.0, 59.5, floor)
    report(pacer, 59.5, dials, connects, abandons)
    pacer.level = 2.0
    run(pacer, 60.0, 60.0, floor)
    assert pacer.level == pytest.approx(level)


def test_the_brake_of_the_minute_looks_at_the_minute_alone() -> None:
    pacer = adapt(target=1.0)
    floor = small_floor(ready=2, talking=8)
    run(pacer, 0.0, 59.5, floor)
    report(pacer, 59.5, dials=200)
    run(pacer, 60.0, 119.5, floor)
    report(pacer, 119.5, dials=40, abandons=21)
    pacer.level = 2.0
    run(pacer, 120.0, 120.0, floor)
    assert pacer.level == pytest.approx(1.2)
    run(pacer, 120.5, 179.5, floor)
    report(pacer, 179.5, dials=40, abandons=5)
    pacer.level = 2.0
    run(pacer, 180.0, 180.0, floor)
    assert pacer.level == pytest.approx(2.4)


def test_drops_are_counted_up_once_a_minute_and_begin_again_with_the_day() -> None:
    pacer = adapt(method="hard_limit")
    floor = small_floor(talking=10)
    run(pacer, 0.0, 60.0, floor)
    report(pacer, 60.5, dials=60, connects=50, abandons=10)
    pacer.level = 2.0
    run(pacer, 60.5, 119.5, floor)
    assert pacer.level == 2.0  # not yet counted
    run(pacer, 120.0, 120.0, floor)
    assert pacer.level == 1.0
    pacer.level = 2.0
    run(pacer, 28800.0, 28860.0, floor)
    assert pacer.level == 2.0  # a new day
