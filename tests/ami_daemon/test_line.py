"""Who is next: callers in queues, and those who hung up and kept their place."""

from __future__ import annotations

import pytest

from ami_daemon import events as ami
from ami_daemon.line import Free, Lines, Waiter, turns


def joins(lines: Lines, channel: str, at: float, position: int, queue: str = "sales") -> None:
    lines.joined(ami.QueueCallerJoin(at, f"PJSIP/{channel}", channel, queue, position, position))


def three() -> Lines:
    lines = Lines(["sales", "support"], "pz-x-")
    for n, channel in enumerate("abc"):
        joins(lines, channel, 10.0 + n, n + 1)
    return lines


def names(line: list[Waiter]) -> list[str | int | None]:
    return [one.channel or one.task for one in line]


def test_callers_stand_as_the_queue_has_them_and_called_people_do_not() -> None:
    lines = three()
    joins(lines, "vip", 20.0, 1)
    joins(lines, "pz-x-0011223344556677", 21.0, 5)
    assert names(lines.line("sales")) == ["vip", "a", "b", "c"]


def test_who_comes_back_keeps_the_time_of_the_first_join() -> None:
    lines = three()
    lines.left("a")
    assert names(lines.line("sales")) == ["b", "c"]
    joins(lines, "a", 30.0, 1, "support")
    assert lines.line("support") == [Waiter(10.0, "a")]
    lines.gone("a")
    assert "a" not in lines.first


def test_who_hung_up_stands_between_those_who_came_before_and_after() -> None:
    lines = three()
    assert names(lines.line("sales", [Waiter(11.5, task=7), Waiter(9.0, task=3)])) == [3, "a", "b", 7, "c"]


def test_a_caller_of_higher_priority_goes_before_who_hung_up_as_before_everybody() -> None:
    lines = three()
    joins(lines, "vip", 20.0, 1)
    assert names(lines.line("sales", [Waiter(11.5, task=7)])) == ["vip", "a", "b", 7, "c"]


def test_a_snapshot_gives_the_order_and_first_joins_that_are_known_stay() -> None:
    lines = three()
    lines.restore({"b": ("sales", 50.0), "d": ("sales", 51.0), "pz-x-1": ("sales", 52.0)}, "bd")
    assert lines.line("sales") == [Waiter(11.0, "b"), Waiter(51.0, "d")]


def test_the_agent_who_is_free_when_their_turn_comes_is_kept_for_who_hung_up() -> None:
    line = three().line("sales", [Waiter(11.5, task=7)])
    agents = [Free(name, at, {"sales": 0}) for name, at in (("x", 3.0), ("y", 1.0), ("z", 2.0))]
    assert turns({"sales": line}, agents) == {"x": Waiter(11.5, task=7)}
    assert turns({"sales": line[2:]}, agents) == {"y": Waiter(11.5, task=7)}
    assert turns({"sales": line[:2]}, agents) == {}


def test_an_agent_of_two_groups_takes_who_waits_longest() -> None:
    lines = {"sales": [Waiter(5.0, task=1)], "support": [Waiter(4.0, "s")]}
    both = {"sales": 0, "support": 0}
    assert turns(lines, [Free("x", 0.0, both)]) == {}
    assert turns(lines, [Free("x", 0.0, both), Free("y", 1.0, both)]) == {"y": Waiter(5.0, task=1)}
    assert turns(lines, [Free("x", 0.0, {"sales": 0})]) == {"x": Waiter(5.0, task=1)}


@pytest.mark.parametrize(("position", "place"), [(0, 0), (-(2**63), 0), (2**63, 3)])
def test_a_position_that_no_queue_has_is_an_end_of_the_line(position: int, place: int) -> None:
    lines = three()
    joins(lines, "odd", 20.0, position)
    assert lines.queues["sales"].index("odd") == place
