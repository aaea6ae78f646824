"""`bench screened`: its figures, computed anew on tiny cells."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.screened import lines, run
from predictive import create_pacer
from predictive.screening import MEASURED
from predictive.simulator import scenario_of, simulate
from predictive.simulator.families import screened_by


def test_each_cell_is_what_the_simulator_says_of_a_day_behind_that_screen() -> None:
    found = json.loads(json.dumps(run(agents=(10,), seeds=1, hours=0.5)))
    cells = {(cell["screen"], cell["counted"]): cell for cell in found["cells"]}
    assert len(cells) == 6
    lost = MEASURED.persons_lost
    for counted, target in ((False, 0.03), (True, (0.03 - lost) / (1 - lost))):
        day = replace(scenario_of("reference", 10), hours=0.5, **screened_by(MEASURED))
        pacer = create_pacer(
            "predictive", target=target, grace=2.0, ring_timeout=27.0, day_length=28800.0, seed=0
        )
        figures = simulate(day, pacer, 1)
        cell = cells["measured", counted]
        assert (cell["left"], cell["occupancy"]) == (pytest.approx(target), figures.occupancy)
        assert cell["abandonment"] == figures.abandonment
        all_lost = figures.abandoned + figures.lost_persons
        assert cell["with_lost"] == all_lost / (figures.persons + figures.lost_persons)
    assert cells["assumed", True]["left"] == cells["assumed", True]["abandonment"] == 0, "progressive"
    assert cells["assumed", True]["occupancy"] < cells["assumed", False]["occupancy"] - 0.1
    told = "\n".join(lines(found))
    assert f"{100 * cells['measured', True]['left']:.2f} %" in told
    assert "nothing: progressive" in told


def test_what_the_screens_benchmark_says_takes_the_place_of_what_is_known(tmp_path: Path) -> None:
    said = {
        "counts": {"persons": 50, "persons_lost": 1, "machines": 40, "machines_passed": 4},
        "quantiles_s": {"persons": [0.5, 1.0, 5.0], "machines": [1.0, 6.0]},
    }
    (tmp_path / "said.json").write_text(json.dumps(said))
    found = run(agents=(1,), seeds=1, hours=0.25, measured=tmp_path / "said.json")
    assert found["screens"]["measured"] == {
        "persons": {"clips": 50, "wrong": 1, "seconds": (0.5, 1.0, 5.0)},
        "machines": {"clips": 40, "wrong": 4, "seconds": (1.0, 6.0)},
    }
    assert found["screens"]["wanted"] != asdict(MEASURED)


NOBODY = json.dumps(
    {
        "counts": {"persons": 0, "persons_lost": 0, "machines": 0, "machines_passed": 0},
        "quantiles_s": {"persons": [], "machines": []},
    }
)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"counts": {}, "quantiles_s": {}}', NOBODY])
def test_a_file_of_something_else_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "said.json").write_text(text)
    with pytest.raises(SystemExit, match="bench screening --json"):
        run(measured=tmp_path / "said.json")
    with pytest.raises(SystemExit, match=r"missing\.json"):
        run(measured=tmp_path / "missing.json")
