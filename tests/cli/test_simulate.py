"""`perezvon simulate`: from the store's own history, or from stated rates; the daemon does not run."""

from __future__ import annotations

import asyncio
import json
import random
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert
from typer.testing import CliRunner, Result

from cli.demo_world import demo_site
from cli.main import app
from config.load import load_site
from config.secrets import create_missing
from leads.lead import NewLead
from predictive import create_pacer
from predictive.screening import MEASURED
from predictive.simulator import Scenario, simulate
from store import open_store
from store.tables import agent_states, attempts

SHORT = ("--agents", "4", "--days", "1", "--hours", "0.5")
STATED = ("--answer-rate", "0.5", "--talk", "60", "--wrap", "10")
TALK, WRAP, RING = 90.0, 12.0, 4.0


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The demo site with a database of its own, where campaign spring has 40 leads."""
    folder = demo_site(tmp_path / "site")
    system = folder / "system.yaml"
    lines = [line for line in system.read_text("utf-8").splitlines() if not line.startswith("database:")]
    system.write_text(
        "\n".join([*lines, f"database: sqlite+aiosqlite:///{tmp_path / 'p.db'}"]) + "\n", "utf-8"
    )
    create_missing(folder)

    async def import_leads() -> None:
        async with open_store(load_site(folder).system.database) as store:
            leads = [NewLead(phone=f"+7495000{n:04}") for n in range(40)]
            await store.leads.add(load_site(folder).campaigns["spring"].list, leads, 0.0)

    asyncio.run(import_leads())
    return folder


def write_past(folder: Path, count: int, agents: tuple[str, ...]) -> None:
    """So many attempts of campaign spring: a third talked, a sixth busy, the rest not answered; their agents
    wrap up after each talk, and are ready in between."""
    draw = random.Random(6)
    rows: list[dict[str, Any]] = []
    spells: list[dict[str, Any]] = []
    nothing: dict[str, Any] = dict.fromkeys(("ringing_at", "answered_at", "connected_at", "agent"))
    for n in range(count):
        at = 1e9 + 30 * n
        row = nothing | {
            "id": f"{n:026}", "lead_id": n % 40 + 1, "campaign": "spring", "trunk": "city",
            "number": n // 40 + 1, "phone": f"+7495000{n % 40:04}", "epoch": 1, "state": "ended",
            "claimed_at": at - 1, "sent_at": at, "note": "",
        }  # fmt: skip
        if n % 3 == 0:
            agent, talk = agents[n // 3 % len(agents)], draw.uniform(0.5, 1.5) * TALK
            over = at + RING + 1 + talk
            row |= {"answered_at": at + RING, "connected_at": at + RING + 1, "agent": agent}
            row |= {"outcome": "talked", "ended_at": over}
            spells += [
                {"agent": agent, "state": "wrap_up", "reason": "", "since": over, "until": over + WRAP},
                {"agent": agent, "state": "ready", "reason": "", "since": over + WRAP, "until": over + 400},
            ]
        else:
            row |= {"outcome": "busy" if n % 3 == 1 and n % 2 else "no_answer", "ended_at": at + 20}
        rows.append(row)
    engine = create_engine(f"sqlite:///{folder.parent / 'p.db'}")
    with engine.begin() as connection:
        connection.execute(insert(attempts), rows)
        connection.execute(insert(agent_states), spells)
    engine.dispose()


def told(*words: str, site: Path) -> Result:
    return CliRunner().invoke(app, ["simulate", "campaign", *words, "--site", str(site)])


def facts(*words: str, site: Path) -> dict[str, Any]:
    done = told(*words, "--json", site=site)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_campaigns_own_history_is_what_is_simulated(site: Path) -> None:
    agents = tuple(load_site(site).members("sales"))[:2]
    write_past(site, 300, agents)
    found = facts("spring", *SHORT, site=site)
    learnt = found["rests_on"]["learnt"]
    assert (found["rests_on"]["attempts"], found["rests_on"]["talks"]) == (300, 100)
    assert learnt["answer_rate"] == pytest.approx(1 / 3)
    assert learnt["fast_failed"] == pytest.approx(1 / 6)
    assert learnt["ring"] == pytest.approx(RING)
    assert learnt["wrap"] == pytest.approx(WRAP)
    assert learnt["talk"] == pytest.approx(TALK, rel=0.1)
    assert learnt["pause_every"] == 0.0
    assert found["rests_on"]["stated"] == {}
    assert "learnt from 300 attempts (100 answered, 100 talks), 100 wrap-ups" in " ".join(found["notes"])
    # The figures are the simulator's own, of a scenario of these very rates.
    campaign = load_site(site).campaigns["spring"]
    limits = (campaign, load_site(site).trunks["city"], load_site(site).system.limits)
    scenario = Scenario(
        4, hours=0.5, ring_timeout=campaign.ring_time, grace=campaign.grace,
        calls_per_second=min(limit.calls_per_second for limit in limits),
        screening=None, machine_share=0.0, **learnt,
    )  # fmt: skip
    expected = simulate(scenario, create_pacer("progressive"), 1)
    row = next(r for r in found["forecasts"] if (r["agents"], r["pacer"]) == (4, "progressive"))
    assert row["occupancy"] == pytest.approx(expected.occupancy)
    assert row["wait"] == pytest.approx(expected.wait)
    assert row["lines_max"] == expected.lines_max
    assert row["connects_per_hour"] == pytest.approx((expected.persons - expected.abandoned) / 0.5)


def test_what_is_stated_counts_over_the_history(site: Path) -> None:
    write_past(site, 300, ("anna",))
    found = facts("spring", *SHORT, "--talk", "30", "--machines", "0.4", "--screening", site=site)
    screen = {
        "screening": [list(MEASURED.persons.seconds), list(MEASURED.machines.seconds)],
        "machine_error": MEASURED.machines_passed,
        "person_error": MEASURED.persons_lost,
    }
    assert found["rests_on"]["stated"] == {"talk": 30.0, "machine_share": 0.4, **screen}
    low, high = MEASURED.persons.seconds[0], MEASURED.persons.seconds[-1]
    assert f"screening persons {low:g}-{high:g} s, machines" in " ".join(found["notes"])
    assert "talk" not in found["rests_on"]["learnt"]
    assert found["rests_on"]["learnt"]["answer_rate"] == pytest.approx(1 / 3)


def test_too_little_history_is_refused_with_what_would_help(site: Path) -> None:
    write_past(site, 60, ("anna",))
    done = told("spring", *SHORT, site=site)
    assert done.exit_code == 1
    assert "campaign spring has 60 attempts whose end is known and 20 talks" in done.stderr
    assert "state --answer-rate and --talk" in done.stderr
    assert "state --talk," in told("spring", *SHORT, "--answer-rate", "0.3", site=site).stderr
    assert told("spring", *SHORT, *STATED, site=site).exit_code == 0


def test_sizes_pacers_and_seeds_are_those_asked_for(site: Path) -> None:
    def rows(*words: str) -> list[tuple[int, str]]:
        found = facts("spring", "--days", "1", "--hours", "0.25", *STATED, *words, site=site)
        return [(row["agents"], row["pacer"]) for row in found["forecasts"]]

    both = ("predictive", "progressive")
    assert rows("--agents", "4") == [(size, pacer) for size in (2, 4, 6) for pacer in both]
    assert rows("--agents", "1") == [(size, pacer) for size in (1, 2) for pacer in both]
    assert rows("--agents", "3", "--beside", "2, 5") == [
        (size, pacer) for size in (2, 3, 5) for pacer in both
    ]
    one, other = (facts("spring", *SHORT, *STATED, "--seed", s, site=site)["forecasts"] for s in ("1", "2"))
    mean = facts("spring", *SHORT, *STATED, "--seeds", "2", site=site)
    assert mean["seeds"] == [1, 2]
    for first, second, both_seeds in zip(one, other, mean["forecasts"], strict=True):
        assert both_seeds["occupancy"] == pytest.approx((first["occupancy"] + second["occupancy"]) / 2)


def test_how_long_the_list_lasts(site: Path) -> None:
    """40 leads, half of whom answer; the others are called again as the demo's campaign says."""
    file = site / "campaigns/spring.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text[: text.index("attempts:")] + "attempts: {max: 2, retry: {no_answer: {after: 2h}}}\n", "utf-8"
    )
    found = facts("spring", *SHORT, *STATED, "--failed", "0.1", site=site)
    assert found["list"] == {"name": "spring", "ready": 40, "again": 0}
    for row in found["forecasts"]:
        assert row["list_attempts"] == pytest.approx(40 * 1.4)  # 0.4 are not answered, and called once more
        assert row["list_hours"] == pytest.approx(row["list_attempts"] / row["attempts_per_hour"])
        assert row["list_days"] == pytest.approx(row["list_hours"] / 0.5)


def test_a_wrong_name_and_wrong_options_are_told(site: Path) -> None:
    done = told("sprng", site=site)
    assert (done.exit_code, "did you mean `spring`?" in done.stderr) == (1, True)
    for words in (
        ("--beside", "3,many"), ("--beside", "0"), ("--picture", "a.png"), ("--answer-rate", "25"),
        ("--agents", "0"),
    ):  # fmt: skip
        assert told("spring", *words, *STATED[2:], site=site).exit_code == 2, words
    done = told("spring", *SHORT, *STATED, "--failed", "0.6", site=site)
    assert done.exit_code == 1
    assert "answer_rate + fast_failed must be at most 1" in done.stderr
    done = told("spring", *SHORT, *STATED, "--picture", str(site / "no/such/folder.svg"), site=site)
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_lines_beyond_what_the_site_permits_are_told(site: Path) -> None:
    free = facts("spring", *SHORT, *STATED, site=site)
    file = site / "campaigns/spring.yaml"
    file.write_text(file.read_text("utf-8").replace("lines: 16", "lines: 2"), "utf-8")
    found = facts("spring", *SHORT, *STATED, site=site)
    assert found["forecasts"] == free["forecasts"]
    assert "the site permits 2: try --lines 2" in " ".join(found["notes"])
    kept = facts("spring", *SHORT, *STATED, "--lines", "2", site=site)
    assert max(row["lines_max"] for row in kept["forecasts"]) == 2


def test_the_picture_is_svg_with_the_numbers_of_the_table(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "forecast.svg"
    words = ("spring", *SHORT, *STATED, "--picture", str(file))
    rows = facts(*words, site=site)["forecasts"]
    table = told(*words, site=site).stdout
    svg = "{http://www.w3.org/2000/svg}"
    root = ET.parse(file).getroot()
    assert root.tag == f"{svg}svg"
    for panel, key, digits in (("occupancy", "occupancy", 1), ("abandonment", "abandonment", 2)):
        (group,) = [g for g in root.iter(f"{svg}g") if g.get("class") == panel]
        ticks = [line for line in group.iter(f"{svg}line") if line.get("stroke-dasharray") is None]
        zero, above = (float(line.get("y1", "")) for line in ticks[:2])
        labels = [text.text for text in group.iter(f"{svg}text") if text.get("text-anchor") == "end"]
        step = float((labels[1] or "").removesuffix(" %")) / 100
        for pacer in ("predictive", "progressive"):
            mine = [row for row in rows if row["pacer"] == pacer]
            numbers = [text.text for text in group.iter(f"{svg}text") if text.get("class") == pacer]
            assert numbers == [f"{100 * row[key]:.{digits}f} %" for row in mine]
            assert all(number is not None and number in table for number in numbers)
            (curve,) = [line for line in group.iter(f"{svg}polyline") if line.get("class") == pacer]
            heights = [float(point.split(",")[1]) for point in curve.get("points", "").split()]
            drawn = [(zero - y) / (zero - above) * step for y in heights]
            assert drawn == pytest.approx([row[key] for row in mine], abs=0.001)


def test_a_root_without_a_database_may_still_state_rates(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.db").unlink()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert told("spring", *SHORT, *STATED, site=site).exit_code == 0
    assert not (tmp_path / "p.db").exists()
