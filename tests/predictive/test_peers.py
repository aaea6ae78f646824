"""The peers' rules, with numbers worked out by hand from their descriptions."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import pytest

from predictive import Event, EventKind, Pacer, create_pacer
from predictive.peers import PEERS
from predictive.peers.uccx import Uccx
from predictive.peers.us4881261 import longest_queue
from predictive.peers.us5640445 import Us5640445
from tests.predictive.floors import SmallFloor, small_floor


def tell(
    pacer: Pacer, now: float, kind: EventKind, seconds: Iterable[float], agent: str | None = None
) -> None:
    for number, length in enumerate(seconds):
        pacer.on_event(now, Event(kind, f"{kind}{number}", agent, length))


@pytest.mark.parametrize(
    ("boost", "floor", "calls"),
    [
        (1.3, small_floor(ready=7), 9),
        (2.0, small_floor(ready=3, ringing=4), 2),
        (2.0, small_floor(ready=3, ringing=4, screening=1, waiting=1), 0),
        (4.0, small_floor(talking=9, wrapping=3, not_ready=2), 0),
        (2.0, small_floor(ready=5, waiting=2), 8),
        (2.0, small_floor(ready=5, waiting=3), 0),  # more than 2 wait
        (2.0, small_floor(ready=5, waiting=1, inbound_waiting=2), 0),
    ],
)
def test_wombat(boost: float, floor: SmallFloor, calls: int) -> None:
    assert create_pacer("wombat", boost=boost).calls_to_place(0.0, floor) == calls


@pytest.mark.parametrize(
    ("own", "floor", "calls"),
    [
        ({}, small_floor(ready=3), 3),
        ({}, small_floor(ready=3, waiting=1, ringing=1), 1),
        ({}, small_floor(ready=1, inbound_waiting=2), 0),
        ({}, small_floor(talking=[0.0] * 5), 0),  # ten talks are needed to judge
        ({"forced_extra": 2}, small_floor(ready=3, ringing=1), 4),
        ({"forced_extra": 2}, small_floor(talking=3), 0),
        ({"overcommit": True}, small_floor(ready=3), 3),  # ten calls are needed to judge
    ],
)
def test_issabel_when_nothing_is_known(own: dict[str, Any], floor: SmallFloor, calls: int) -> None:
    assert create_pacer("issabel", **own).calls_to_place(100.0, floor) == calls


@pytest.mark.parametrize(
    ("own", "ages", "calls"),
    [
        # mean 100 s, the next answer 8 s away: soon free after 3.51 x 100 - 8 = 342.7 s
        ({}, [342.6, 10.0], 0),
        ({}, [342.7, 10.0], 1),
        ({"qos": 0.5}, [61.2, 61.4, 10.0], 1),  # ln 2 x 100 - 8 = 61.3
        ({"predictive": False}, [1000.0], 0),
    ],
)
def test_issabel_counts_who_is_soon_free(own: dict[str, Any], ages: list[float], calls: int) -> None:
    pacer = create_pacer("issabel", **own)
    tell(pacer, 0.0, "talk_end", [50.0, 150.0] * 5)
    assert pacer.calls_to_place(5000.0, small_floor(talking=[5000.0 - age for age in ages])) == calls


def test_issabel_takes_the_last_twenty_ring_times() -> None:
    pacer = create_pacer("issabel", qos=0.5)
    tell(pacer, 0.0, "talk_end", [100.0] * 10)
    tell(pacer, 0.0, "answer", [28.0] * 10)  # with ten times 8 s: 18 s; ln 2 x 100 - 18 = 51.3
    assert pacer.calls_to_place(100.0, small_floor(talking=[48.8, 48.5])) == 1


@pytest.mark.parametrize(
    ("answered", "unanswered", "calls"),
    [(5, 5, 8), (1, 9, 20), (4, 5, 4)],  # 4 / 0.5; 4 / 0.20 at most; nine calls are too few
)
def test_issabel_overcommits_by_the_answer_ratio(answered: int, unanswered: int, calls: int) -> None:
    pacer = create_pacer("issabel", overcommit=True)
    tell(pacer, 0.0, "answer", [8.0] * answered)
    tell(pacer, 0.0, "no_answer", [27.0] * unanswered)
    assert pacer.calls_to_place(10.0, small_floor(ready=5, ringing=1)) == calls
    assert pacer.calls_to_place(2000.0, small_floor(ready=5, ringing=1)) == 4  # half an hour is over


def test_issabel_steps_every_five_seconds() -> None:
    pacer = create_pacer("issabel")
    placed = [now for now in range(100, 112) if pacer.calls_to_place(float(now), small_floor(ready=1))]
    assert placed == [100, 105, 110]
    assert pacer.wake_at == 115.0


def test_silver_dials_when_an_agent_becomes_ready() -> None:
    pacer = create_pacer("silver", aggressiveness=3)
    assert pacer.calls_to_place(0.0, small_floor(ready=2)) == 6  # the first time: for each who waits
    assert pacer.calls_to_place(1.0, small_floor(ready=2)) == 0
    tell(pacer, 2.0, "ready", [0.0])
    assert pacer.calls_to_place(2.0, small_floor(ready=1)) == 3
    tell(pacer, 3.0, "ready", [0.0])
    assert pacer.calls_to_place(3.0, small_floor(ready=1, waiting=1)) == 0  # no more agents than callers
    tell(pacer, 4.0, "no_answer", [27.0, 27.0])
    tell(pacer, 4.0, "busy", [2.0])
    assert pacer.calls_to_place(4.0, small_floor(talking=2)) == 3  # each replaced, whatever the agents do
    assert pacer.calls_to_place(13.9, small_floor(ready=1)) == 0
    assert pacer.wake_at == 14.0
    assert pacer.calls_to_place(14.0, small_floor(ready=1)) == 3  # ten silent seconds


@pytest.mark.parametrize(
    ("own", "live", "abandoned", "lines"),
    [
        ({}, 99, 0, 1.0),  # not corrected before 100 live answers
        ({}, 100, 0, 2.0),
        ({"gain": 0.5}, 98, 2, 1 + 0.5 / 3),  # 1 - 2 / 3
        ({"lines": 2.0}, 97, 3, 2.0),
        ({"lines": 2.5, "gain": 0.3}, 96, 4, 2.4),  # 1 - 4 / 3
        ({"lines": 3.0}, 50, 50, 2.0),  # one line at most
        ({"lines": 1.2}, 50, 50, 1.0),
        ({"max_lines": 1.5}, 100, 0, 1.5),
        ({"correction": 50, "gain": 0.1}, 100, 0, 1.2),  # twice
    ],
)
def test_uccx_corrects_its_lines(own: dict[str, Any], live: int, abandoned: int, lines: float) -> None:
    pacer = create_pacer("uccx", **own)
    assert isinstance(pacer, Uccx)
    tell(pacer, 0.0, "abandon", [2.0] * abandoned)
    tell(pacer, 0.0, "connect", [0.5] * (live if not abandoned else 100 - abandoned))
    assert pacer.lines == pytest.approx(lines)


def test_uccx_dials_its_lines_for_each_ready_agent() -> None:
    pacer = create_pacer("uccx", lines=2.5)
    assert pacer.calls_to_place(0.0, small_floor(ready=3, talking=5)) == 7
    assert pacer.calls_to_place(0.0, small_floor(ready=3, ringing=5, waiting=1)) == 1
    assert pacer.calls_to_place(0.0, small_floor(ready=3, inbound_waiting=2)) == 2


@pytest.mark.parametrize(
    ("rate", "set_up", "dmax", "longest"),
    [
        (0.0, 10.0, 2.0, 0),
        (0.1, 10.0, 0.0, 0),
        # mean 1 in set-up; the mean queue over QMAX 1, 2, 3 is e^-1 = 0.368, 3 e^-1 = 1.104, 5.5 e^-1 = 2.023
        (0.1, 10.0, 3.6, 0),
        (0.1, 10.0, 3.7, 1),
        (0.1, 10.0, 11.1, 2),
        (0.1, 10.0, 20.2, 2),
        (0.1, 10.0, 20.3, 3),
        (0.1, 0.0, 30.0, 3),  # nothing in set-up: all of QMAX waits
        (1.0, 1e9, 2.0, 597),
    ],
)
def test_us4881261_lowers_qmax_to_the_delay(rate: float, set_up: float, dmax: float, longest: int) -> None:
    if set_up > 1e6:  # cut to a mean of 700; only the end of the search matters
        assert 500 < longest_queue(rate, set_up, dmax) < 800
    else:
        assert longest_queue(rate, set_up, dmax) == longest


def test_us4881261_keeps_fewer_than_k_calls_in_progress() -> None:
    pacer = create_pacer("us4881261", dmax=11.1)
    floor = small_floor(ready=2, talking=3, wrapping=1, not_ready=4, ringing=1, waiting=1)
    assert pacer.calls_to_place(0.0, floor) == 1  # nothing is known: K = 6 agents, 5 calls
    tell(pacer, 299.0, "connect", [0.5] * 30)  # 0.1 a second over 5 minutes; set-up is 10 s at first
    assert pacer.calls_to_place(300.0, floor) == 3  # K = 6 + 2


def test_us4881261_learns_how_long_the_set_up_takes() -> None:
    pacer = create_pacer("us4881261", dmax=29.0)
    tell(pacer, 0.0, "answer", [0.0] * 1000)  # nothing in set-up: QMAX is at most 29 s x 0.1
    tell(pacer, 299.0, "connect", [0.5] * 30)
    assert pacer.calls_to_place(300.0, small_floor(talking=2)) == 2
    tell(pacer, 300.0, "answer", [10.0] * 1000)  # mean 1: QMAX 4 has 3.004, QMAX 3 2.02
    assert pacer.calls_to_place(301.0, small_floor(talking=2)) == 3
    tell(pacer, 301.0, "answer", [20.0] * 1000)  # mean 2: QMAX 5 has 3.02, QMAX 4 2.08
    assert pacer.calls_to_place(302.0, small_floor(talking=2)) == 4


def handled(pacer: Pacer, talks: Iterable[float], wrap: float = 10.0) -> None:
    for talk in talks:
        pacer.on_event(0.0, Event("talk_end", None, "somebody", talk))
        pacer.on_event(0.0, Event("wrap_end", None, "somebody", wrap))


def answer_share_is_a_quarter(pacer: Pacer) -> None:
    """Enough for the learnt share of persons to forget its start, within 1 %."""
    for _ in range(1000):
        for kind in ("busy", "no_answer", "live", "no_answer"):
            pacer.on_event(0.0, Event(kind, "call"))


def test_us5640445_dials_for_the_weights_of_busy_agents() -> None:
    pacer = create_pacer("us5640445", window=30.0, share=0.99)
    handled(pacer, [50.0, 70.0, 90.0, 110.0])  # talk and wrap-up: 60, 80, 100, 120 s
    answer_share_is_a_quarter(pacer)
    # at 70 s one of three ends within 30 s (the 100 s one too: two of three); in wrap-up, 95 s in all: both
    floor = small_floor(ready=1, talking=[1000.0 - 70.0], wrapping=[1000.0 - 5.0], ringing=2)
    pacer.on_event(900.0, Event("talk_end", None, "wrapping0", 90.0))
    # (1 + 2/3 + 1) x 0.99 / 0.25 = 10.56, less 2
    assert pacer.calls_to_place(1000.0, floor) == 8
    floor.waiting = {"a": 0.0}
    assert pacer.calls_to_place(1000.0, floor) == 4  # 1.667 x 0.99 / 0.25 = 6.6


def test_us5640445_with_a_small_share_begins_as_progressive() -> None:
    pacer = create_pacer("us5640445", share=0.1)
    assert pacer.calls_to_place(0.0, small_floor(ready=3, waiting=1, ringing=1)) == 1


@pytest.mark.parametrize(("abandoned", "window"), [(0, 11.0), (2, 10.0 + 1.0), (3, 10.0), (4, 9.0)])
def test_us5640445_moves_its_window_towards_the_target(abandoned: int, window: float) -> None:
    pacer = create_pacer("us5640445")
    assert isinstance(pacer, Us5640445)
    pacer.calls_to_place(0.0, small_floor())
    tell(pacer, 1.0, "connect", [0.5] * (100 - abandoned))
    tell(pacer, 1.0, "abandon", [2.0] * abandoned)
    pacer.calls_to_place(29.9, small_floor())
    assert pacer.window == 10.0
    pacer.calls_to_place(30.0, small_floor())
    assert pacer.window == window


def test_lookahead_is_progressive_until_it_knows() -> None:
    pacer = create_pacer("lookahead", beta=0.5, c=1.0)
    assert pacer.calls_to_place(0.0, small_floor(ready=3, talking=5)) == 3
    assert pacer.calls_to_place(0.0, small_floor(ready=3, screening=1, waiting=1)) == 1


@pytest.mark.parametrize(
    ("own", "floor", "calls"),
    [
        ({"beta": 0.49, "c": 0.0}, small_floor(ready=3, talking=4), 5),  # 0.49 x 4 x 3 = 5.88
        ({"beta": 0.49, "c": 0.0}, small_floor(ready=3, waiting=1, ringing=2), 1),  # 0.49 x 4 x 2 = 3.92
        ({"beta": 0.49, "c": 0.0}, small_floor(ready=3, inbound_waiting=4), 0),
        # of four lengths two lie within 12 s of 70: 2/3 are soon free
        ({"beta": 0.99, "c": 0.5}, small_floor(ready=1, talking=[930.0, 930.0, 930.0]), 7),  # 0.99 x 4 x 2
        ({"beta": 0.3, "c": 0.0}, small_floor(ready=1), 1),
        ({"beta": 0.1, "c": 0.0}, small_floor(ready=2), 2),  # never fewer than progressive
    ],
)
def test_lookahead_keeps_its_calls_ringing(own: dict[str, Any], floor: SmallFloor, calls: int) -> None:
    pacer = create_pacer("lookahead", **own)
    handled(pacer, [50.0, 65.0, 70.0, 110.0])
    answer_share_is_a_quarter(pacer)
    assert pacer.calls_to_place(1000.0, floor) == calls


def test_lookahead_weighs_calls_being_screened_as_persons() -> None:
    pacer = create_pacer("lookahead", beta=0.99, c=0.0)
    answer_share_is_a_quarter(pacer)  # all who answered were persons
    assert pacer.calls_to_place(0.0, small_floor(ready=3, screening=1)) == 7  # 0.99 x 4 x 2
    tell(pacer, 0.0, "machine", [2.0] * 3000)
    tell(pacer, 0.0, "live", [2.0] * 1)
    assert pacer.calls_to_place(0.0, small_floor(ready=3, screening=1)) > 7


KINDS: tuple[EventKind, ...] = (
    *("dial", "busy", "no_answer", "failed", "answer", "machine", "live", "connect", "abandon"),
    *("talk_end", "wrap_end", "ready", "not_ready", "login", "logout"),
    *("inbound", "inbound_connect", "inbound_quit"),
)


@pytest.mark.parametrize("name", PEERS)
def test_peers_survive_storms_with_answers_that_are_whole_and_bounded(name: str) -> None:
    dice = random.Random(name)
    pacer = create_pacer(name)
    now = dice.uniform(-1e6, 1e6)
    for _ in range(3000):
        now += dice.choice((0.0, 0.1, 1.0, 40.0, 10000.0, -20.0, -50000.0))
        agent = dice.choice((None, "talking0", "ready1", "nobody"))
        pacer.on_event(now, Event(dice.choice(KINDS), str(dice.random()), agent, dice.uniform(-5.0, 500.0)))
        places = ("ready", "talking", "wrapping", "not_ready", "ringing", "screening", "waiting")
        counts: dict[str, int | list[float]] = {place: dice.randrange(5) for place in places}
        calls = pacer.calls_to_place(now, small_floor(dice.randrange(3), **counts))
        assert isinstance(calls, int)
        assert 0 <= calls <= 2000
        assert pacer.wake_at is None or math.isfinite(pacer.wake_at)


@pytest.mark.parametrize("name", PEERS)
def test_peers_do_not_grow_with_the_day(name: str) -> None:
    pacer = create_pacer(name)

    def hear(days: int) -> int:
        for hour in range(days * 24):
            for number in range(40):
                now = hour * 3600.0 + number * 90
                for kind in KINDS:
                    pacer.on_event(now, Event(kind, f"{hour}-{number}", f"agent{number % 7}", 10.0 + number))
                pacer.calls_to_place(now, small_floor(ready=2, talking=3))
        return sum(_held(value) for value in vars(pacer).values())

    assert hear(1) == hear(4) > 0


def _held(value: object) -> int:
    """How many things a value holds, counted through containers and objects of ours."""
    if hasattr(value, "__dict__"):
        return 1 + sum(_held(inner) for inner in vars(value).values())
    if isinstance(value, str):
        return 1
    if hasattr(value, "__iter__"):
        return 1 + sum(_held(inner) for inner in value)
    return 1
