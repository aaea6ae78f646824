"""An empty SQLite database of this version's schema: migrated once in a test process, then copied."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from store import open_store


def new_database(path: Path) -> str:
    """Writes it to `path`, as private as `open_store` would; its URL."""
    path.touch(0o600, exist_ok=False)
    path.write_bytes(_content())
    return f"sqlite+aiosqlite:///{path}"


@cache
def _content() -> bytes:
    async def migrate(path: Path) -> None:
        async with open_store(f"sqlite+aiosqlite:///{path}"):
            pass

    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as outside_of_our_loop:
        path = Path(folder) / "empty.db"
        outside_of_our_loop.submit(asyncio.run, migrate(path)).result()
        return path.read_bytes()
