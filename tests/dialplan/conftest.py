"""The demo site with fixed secrets, for tests that must give the same bytes everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.load import load_site
from config.models import Site

DEMO = Path(__file__).parent.parent.parent / "config/site"


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The demo site; each secret is `secret-<name of its file>`."""
    folder = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("secrets"))
    (folder / "secrets").mkdir(mode=0o700)
    for name in ["ami", "shop", *(path.stem for path in (folder / "agents").iterdir())]:
        path = folder / "secrets" / name
        path.write_text(f"secret-of-{name}-0123456789\n")
        path.chmod(0o600)
    return load_site(folder)
