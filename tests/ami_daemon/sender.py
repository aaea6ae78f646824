"""The outbox alone in a process, to be killed: `python -m tests.ami_daemon.sender FOLDER URL`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from ami_daemon.outbox import Outbox
from store import open_store
from tests.ami_daemon.shops import a_site


async def main(folder: Path, url: str) -> None:
    async with open_store(f"sqlite+aiosqlite:///{folder / 'a.db'}") as store:
        await Outbox(a_site(folder / str(time.time_ns()), url=url), store, clock=time.time).run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
