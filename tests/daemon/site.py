"""The site of these tests: the demo's, with short times, and campaigns for limits, modes and hours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cli.demo_world import demo_site

SPRING, RATIO, PREVIEW, AUTUMN = "spring", "calls", "visits", "autumn"
PATIENT, NARROW, THIN, NIGHT, LOCAL = "patient", "narrow", "thin", "night", "local"
PREDICTIVE, GUEST, BACK = "renewal", "guest", "back"

WHOLE_LINES, WHOLE_RATE = 6, 8
TRUNK_LINES, TRUNK_RATE = 3, 3
CAMPAIGN_LINES, CAMPAIGN_RATE = 2, 2
RING = 3.0
"""Seconds that an agent's phone rings."""
WRAP_UP = 2.0
GRACE = 2.0


def write_site(target: Path) -> Path:
    """Write the site into `target` (missing)."""
    demo_site(target)
    edit(target / "system.yaml", limits={"lines": WHOLE_LINES, "calls_per_second": WHOLE_RATE})
    for group in ("sales", "support"):
        edit(target / f"groups/{group}.yaml", ring_time=f"{RING:g}s")
    edit(target / "groups/sales.yaml", callback=BACK)
    edit(target / "lines/support.yaml", greeting=None)
    thin = _read(target / "trunks/city.yaml")
    _write(target / "trunks/thin.yaml", {**thin, "lines": TRUNK_LINES, "calls_per_second": TRUNK_RATE})
    edit(target / f"campaigns/{RATIO}.yaml", ratio=2.0, ring_time="15s", calls_per_second=10)
    edit(target / f"campaigns/{PREVIEW}.yaml", ring_time="15s", calls_per_second=10)
    spring = _read(target / f"campaigns/{SPRING}.yaml")
    spring.update(mode="progressive", calls_per_second=10)
    edit(
        target / f"campaigns/{PREDICTIVE}.yaml",
        mode="predictive", hours=spring["hours"], ring_time="15s", calls_per_second=10,
        attempts=spring["attempts"],
    )  # fmt: skip
    others: dict[str, dict[str, Any]] = {
        SPRING: {},
        AUTUMN: {"group": "support"},
        PATIENT: {"grace": "8s", "law": "none"},
        GUEST: {"grace": "8s", "law": "none", "group": "support"},
        NARROW: {"lines": CAMPAIGN_LINES, "calls_per_second": CAMPAIGN_RATE},
        THIN: {"trunk": "thin"},
        NIGHT: {},
        LOCAL: {},
        BACK: {"mode": "preview", "ring_time": "15s"},
    }
    for name, other in others.items():
        _write(target / f"campaigns/{name}.yaml", {**spring, "list": name, **other})
    return target


def edit(path: Path, **values: Any) -> None:
    """Set keys of a YAML file; `None` takes a key away."""
    content = _read(path)
    for key, value in values.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    _write(path, content)


def _read(path: Path) -> Any:
    return YAML().load(path.read_text(encoding="utf-8"))


def _write(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
