from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from config import load as loading
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from store import Store, open_store
from tests.migrated import new_database


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(Path(loading.__file__).parent / "site", folder, ignore=shutil.ignore_patterns("secrets"))
    create_missing(folder)
    return load_site(folder)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(new_database(tmp_path / "calls.db")) as opened:
        yield opened


Change = Callable[..., Site]


@pytest.fixture
def changed(demo: Site) -> Change:
    """The demo with other keys in its objects, or more of them: `changed(lines={"shop": {"menu": None}})`."""

    def change(**kinds: dict[str, dict[str, object]]) -> Site:
        parts: dict[str, object] = {}
        for kind, objects in kinds.items():
            known = dict(getattr(demo, kind))
            model = type(next(iter(known.values())))
            for name, values in objects.items():
                old = known[name].model_dump(mode="json") if name in known else {}
                known[name] = model.model_validate(old | values)
            parts[kind] = known
        return demo.model_copy(update=parts)

    return change
