"""A forecast is what the simulator says of each team, over all seeds."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest

from predictive import create_pacer
from predictive.simulator import Scenario, simulate
from predictive.simulator.forecast import forecast

CAMPAIGN = Scenario(1, hours=0.5, answer_rate=0.4, talk=60.0)


def test_each_team_and_pacer_is_the_simulators_own_figures() -> None:
    found = forecast(CAMPAIGN, (2, 5), ("ratio", "progressive"), target=0.03, seeds=(3, 4), days=2)
    assert [(one.agents, one.pacer) for one in found] == [
        (2, "ratio"), (2, "progressive"), (5, "ratio"), (5, "progressive"),
    ]  # fmt: skip
    for one in found:
        team = replace(CAMPAIGN, agents=one.agents)
        days = [simulate(team, create_pacer(one.pacer), seed, days=2) for seed in (3, 4)]
        persons, abandoned = sum(d.persons for d in days), sum(d.abandoned for d in days)
        assert one.occupancy == pytest.approx(fmean(d.occupancy for d in days))
        assert one.wait == pytest.approx(fmean(d.wait for d in days))
        assert one.abandonment == abandoned / persons
        assert one.abandonment_worst == max(d.abandonment for d in days)
        assert one.connects_per_hour == pytest.approx((persons - abandoned) / 2)  # 2 seeds, 2 days, 0.5 h
        assert one.attempts_per_hour == pytest.approx(sum(d.attempts for d in days) / 2)
        assert one.lines_p95 == max(d.lines_p95 for d in days)
        assert one.lines_max == max(d.lines_max for d in days)
    assert any(one.abandonment > 0 for one in found)


def test_progress_never_goes_back_and_ends_at_one() -> None:
    told: list[float] = []
    forecast(CAMPAIGN, (1, 3), ("progressive",), target=0.03, seeds=(1,), days=2, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    assert len(set(told)) > 4


def test_a_pacer_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no pacer is called 'psychic'"):
        forecast(CAMPAIGN, (1,), ("psychic",), target=0.03, seeds=(1,), days=1)
