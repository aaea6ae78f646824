from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from config import load as loading
from config.load import Loaded, load
from config.models import System
from config.secrets import create_missing

SITE = Path(loading.__file__).parent / "site"
SPOKEN = {
    *("abandoned", "greeting", "closed", "wrong-key", "lookup-failed", "queue-info"),
    *(
        "survey-intro",
        "survey-quality",
        "survey-solved",
        "survey-recommend",
        "survey-comment",
        "survey-thanks",
    ),
    *("menu-main", "menu-delivery", "info-delivery", "info-payment"),
}
PROMPTS = {"ru": SPOKEN | {"russian-only"}, "en": SPOKEN}

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def fresh_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo site as in a fresh clone, and its secrets made."""
    folder = tmp_path_factory.mktemp("fresh") / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    create_missing(folder)
    return folder


@pytest.fixture
def site(fresh_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo site with its secrets, as the relative folder `site`."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(fresh_site, "site"))


@pytest.fixture
def edit(site: Path) -> Edit:
    """Replace text in a file of the site; `old` empty: append (and make the file)."""

    def change(file: str, old: str, new: str) -> None:
        path = site / file
        text = path.read_text() if path.exists() else ""
        assert old in text, f"{old!r} is not in {file}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text + new)

    return change


def loaded(folder: Path = Path("site")) -> Loaded:
    def prompts(system: System) -> dict[str, set[str]]:
        return PROMPTS

    return load(folder, prompts)


def found(folder: Path = Path("site")) -> list[str]:
    """Every problem as `file:line:column CODE`, the file within the site."""
    return [
        f"{Path(p.file).relative_to(folder)}:{p.line}:{p.column} {p.code}" for p in loaded(folder).problems
    ]
