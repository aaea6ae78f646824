"""The benchmark of waits, on one small load."""

from __future__ import annotations

import pytest

from bench import wait
from bench._waiting import Load


def test_ours_is_nearer_to_the_wait_than_app_queues_hold_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "LOADS", (Load("rush", 4, ((0, 60), (1800, 110)), talk=150, hours=1.5),))
    figures = wait.run(runs=2, seed=3)
    ours, theirs = figures["wait_error_s"], figures["app_queue_error_s"]
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert figures["callers"] > 30  # type: ignore[operator]
    assert ours["median"] < theirs["median"]
    assert ours["p90"] < theirs["p90"]
    assert "rush" in "\n".join(wait.lines(figures))
