"""The search for a pacer's best setting."""

from __future__ import annotations

from typing import Any

import pytest

from predictive.registry import create_pacer
from predictive.simulator import Scenario, simulate
from predictive.simulator.search import best_setting

SMALL = Scenario(agents=8, hours=1.0)
SEEDS = (1, 2)


def test_the_busiest_setting_that_keeps_the_target_is_found() -> None:
    boosts: list[dict[str, Any]] = [{"boost": boost} for boost in (1.0, 1.5, 2.0, 3.0, 6.0)]
    found = best_setting("wombat", SMALL, target=0.03, seeds=SEEDS, settings=boosts)
    by_hand = {}
    for own in boosts:
        runs = [simulate(SMALL, create_pacer("wombat", **own), seed) for seed in SEEDS]
        by_hand[own["boost"]] = ([run.abandonment for run in runs], sum(run.occupancy for run in runs) / 2)
    keep = {boost: busy for boost, (rates, busy) in by_hand.items() if max(rates) <= 0.03}
    assert 1.0 in keep and 6.0 not in keep  # so that there was something to choose
    assert found.best is not None
    assert found.best.own == {"boost": max(keep, key=lambda boost: keep[boost])}
    assert found.best.occupancy == pytest.approx(max(keep.values()))
    assert found.nearest is found.best
    assert found.tried == 5  # boost 1 is the default
    assert found.default.occupancy == pytest.approx(by_hand[1.0][1])
    assert len(found.best.figures) == len(SEEDS)


def test_it_says_that_none_keeps_the_target() -> None:
    levels = [{"boost": boost} for boost in (4.0, 6.0, 8.0)]
    found = best_setting("wombat", SMALL, target=0.0, seeds=SEEDS, settings=levels)
    assert found.best is not None and found.best.own == {}  # the default is progressive: it does keep it
    greedy = best_setting(
        "silver", SMALL, target=0.01, seeds=SEEDS, settings=[{"aggressiveness": 3}, {"aggressiveness": 2}]
    )
    assert greedy.best is None
    assert greedy.nearest.own == {}
    assert greedy.nearest.worst_seed > 0.01
    assert len(greedy.default.figures) == len(SEEDS)  # the default is told in full all the same


def test_what_a_pacer_declares_is_tried_and_progress_is_told() -> None:
    shares: list[float] = []
    found = best_setting("silver", Scenario(agents=2, hours=0.2), seeds=(1,), progress=shares.append)
    assert found.tried == 5  # aggressiveness 1 (the default), 2, 3, 4, 6
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert best_setting("progressive", Scenario(agents=2, hours=0.2), seeds=(1,)).tried == 1


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(ValueError, match="no pacer is called 'vombat'"):
        best_setting("vombat", SMALL)
    with pytest.raises(ValueError, match="pacer 'wombat' has no setting bost"):
        best_setting("wombat", SMALL, settings=[{"bost": 2}])
    with pytest.raises(ValueError, match="at least one seed"):
        best_setting("wombat", SMALL, seeds=())
