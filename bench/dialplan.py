"""Check, render, our own rules and plan for a site of 300 agents, 50 campaigns and 100 lines."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from config.load import load_site
from config.models import Site
from dialplan.apply import Author, apply
from dialplan.base import DIRECTORIES, render_base
from dialplan.plan import make_plan
from dialplan.render import render
from dialplan.verify import verify

T = TypeVar("T")

AGENTS, CAMPAIGNS, LINES = 300, 50, 100
SITE = Path(__file__).parent.parent / "config/site"
SOUNDS = "/usr/share/perezvon/sounds"


def run() -> dict[str, object]:
    """Milliseconds of each step (the best of three), and how much is rendered."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _grow(folder / "site")
        check_ms, site = _timed(lambda: load_site(folder / "site"))
        paths = site.system.asterisk.model_copy(
            update={"config_dir": str(folder / "etc"), "log_dir": str(folder / "log")}
        )
        site = site.model_copy(update={"system": site.system.model_copy(update={"asterisk": paths})})
        render_ms, files = _timed(lambda: render(site, sounds_dir=SOUNDS))
        verify_ms, findings = _timed(lambda: verify(files, sounds_dir=SOUNDS))
        _apply(folder, site, files)
        changed = site.model_copy(
            update={"groups": {k: v.model_copy(update={"wrap_up": 33.0}) for k, v in site.groups.items()}}
        )
        after = render(changed, sounds_dir=SOUNDS)
        plan_ms, plan = _timed(lambda: make_plan(changed, after, None))
    return {
        "agents": len(site.agents),
        "campaigns": len(site.campaigns),
        "lines": len(site.lines),
        "check_ms": check_ms,
        "render_ms": render_ms,
        "rules_ms": verify_ms,
        "plan_ms": plan_ms,
        "rendered_bytes": sum(len(text.encode()) for text in files.values()),
        "findings": len(findings),
        "planned_changes": len(plan.objects),
    }


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - begin)
    return round(min(times) * 1000, 1), found


def _apply(folder: Path, site: Site, files: dict[str, str]) -> None:
    (folder / "etc").mkdir()
    for name, text in render_base({key: f"/srv/{key}" for key in DIRECTORIES}, system_name="bench").items():
        (folder / "etc" / name).write_text(text)
    author = Author("bench", "bench", "2026-01-01T00:00:00+00:00")
    apply(site, files, sounds_dir=SOUNDS, prompts=None, console=None, author=author)


def _grow(folder: Path) -> None:
    """The demo site, with as many agents, campaigns and lines as wanted."""
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    for kind in ("agents", "campaigns", "lines"):
        shutil.rmtree(folder / kind)
        (folder / kind).mkdir()
    (folder / "secrets").mkdir(mode=0o700)
    for name in ("ami", "phone"):
        (folder / "secrets" / name).write_text("a-secret-of-the-benchmark-1234\n")
        (folder / "secrets" / name).chmod(0o600)
    for n in range(AGENTS):
        (folder / f"agents/a{n}.yaml").write_text(
            f'name: Агент {n}\nextension: "{1000 + n}"\npassword: ${{file:secrets/phone}}\n'
            "groups: [sales, support]\nskills: {sales: 5}\n"
        )
    for n in range(CAMPAIGNS):
        (folder / f"campaigns/c{n}.yaml").write_text(
            f"title: Кампания {n}\nmode: progressive\nlist: l{n}\ngroup: sales\ntrunk: city\n"
            'caller_id: "+74951000000"\nhours:\n  mon-fri: ["09:00-20:00"]\nmessage: abandoned\nlines: 10\n'
        )
    for n in range(LINES):
        (folder / f"lines/l{n}.yaml").write_text(
            f'label: Линия {n}\nnumbers: ["+7495100{n:04}"]\ntrunks: [city]\ngroup: sales\n'
        )
