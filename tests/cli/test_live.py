"""Commands about agents that need no daemon."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from typer.testing import CliRunner

from cli.demo_world import demo_site
from cli.main import app
from config.load import load_site
from config.secrets import create_missing
from store import open_store
from tests.migrated import new_database


def test_agents_times_tells_how_long_in_each_state_and_whether_it_is_paid(tmp_path: Path) -> None:
    folder = demo_site(tmp_path / "site")
    system = folder / "system.yaml"
    url = new_database(tmp_path / "p.db")
    lines = [line for line in system.read_text("utf-8").splitlines() if not line.startswith("database:")]
    system.write_text("\n".join([*lines, f"database: {url}"]) + "\n", "utf-8")
    create_missing(folder)
    reasons = load_site(folder).pause_reasons
    unpaid = next(name for name, reason in reasons.items() if not reason.paid)
    now = time.time()

    async def a_day() -> None:
        async with open_store(url) as store:
            for state, reason, ago in (("ready", "", 300), ("not_ready", unpaid, 200), ("offline", "", 50)):
                await store.agent_states.enter("anna", state, reason, now - ago)

    asyncio.run(a_day())
    done = CliRunner().invoke(app, ["agents", "times", "--site", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    rows = {row["state"]: row for row in json.loads(done.output)}
    assert (round(rows["ready"]["seconds"]), rows["ready"]["paid"]) == (100, True)
    assert (round(rows["not_ready"]["seconds"]), rows["not_ready"]["paid"]) == (150, False)
    assert rows["not_ready"]["reason"] == unpaid
    assert rows["offline"]["paid"] is False
