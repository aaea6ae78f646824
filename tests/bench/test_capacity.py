"""What the capacity of the ear is reckoned from."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection

import pytest

from bench import _capacity
from bench._capacity import lags


def test_a_frame_that_was_never_taken_lags_until_the_end_unless_its_call_was_decided() -> None:
    due, taken = [0.0, 1.0, 2.0, 3.0, 9.0], [0.5, 1.001, 2.25]
    assert [*lags(due, taken, known=True, begin=1.0, end=5.0)] == pytest.approx([1, 250])
    assert [*lags(due, taken, known=False, begin=1.0, end=5.0)] == pytest.approx([1, 250, 2000])
    assert [*lags(due, [], known=False, begin=1.0, end=5.0)] == pytest.approx([4000, 3000, 2000])


def dies(loop: str, pipe: Connection) -> None:
    os._exit(3)


def test_an_ear_that_dies_ends_the_benchmark_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_capacity, "_serve", dies)
    with pytest.raises(SystemExit, match="ended under asyncio"):
        _capacity._one("asyncio", [b""], 1, 0.1)


def test_calls_that_nobody_decides_are_in_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is decided after three seconds: nothing is until then."""
    monkeypatch.setattr(_capacity, "WARM", 0.2)
    found = _capacity._one("asyncio", [b""], 3, 1.0)
    assert found["screened"] == 0
    assert found["frames"] == pytest.approx(150, abs=6)
    assert isinstance(found["lag_p50_ms"], float) and found["lag_p50_ms"] > 0
