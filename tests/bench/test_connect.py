"""`bench connect`: what it makes of the times. The run itself needs a real pair and is no test."""

import pytest

from bench.connect import CALLS, TURNS, _bare_id, _figures, _numbers


def test_percentiles_are_of_the_times_and_named_by_side() -> None:
    assert _figures("bare_", [float(n) for n in range(101)]) == {"bare_p50_ms": 50.0, "bare_p99_ms": 99.0}


@pytest.mark.parametrize("side", ["0", "1"])
def test_every_call_has_a_number_of_its_own(side: str) -> None:
    other = "1" if side == "0" else "0"
    numbers = [number for turn in range(TURNS) for number in _numbers(side, turn)]
    assert len(set(numbers)) == TURNS * CALLS >= 150
    assert not set(numbers) & {number for turn in range(TURNS) for number in _numbers(other, turn)}


def test_no_channel_id_begins_another() -> None:
    ids = [_bare_id(number) for turn in range(TURNS) for number in _numbers("0", turn)]
    assert not any(a != b and b.startswith(a) for a in ids for b in ids)
