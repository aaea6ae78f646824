"""Campaigns that screen, with the whole daemon in virtual time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ami_daemon.floor import FloorNow
from leads.attempt import Attempt
from leads.lead import Outcome
from predictive.pacer import PredictivePacer
from tests.daemon_fake.centre import SPRING, Centre, a_centre, every, in_virtual_time
from tests.daemon_fake.checks import verify
from tests.daemon_fake.people import Mix, People

WITH_MACHINES = Mix(
    talks=0.3,
    leaves=0.06,
    busy=0.15,
    refused=0.09,
    machines=0.2,
    faxes=0.04,
    ring=(2.0, 8.0),
    talk=(5.0, 40.0),
)
SCREENED: dict[str, Any] = {
    "mode": "predictive", "screening": "on", "law": "us", "lines": 16, "attempts": {"max": 1},
}  # fmt: skip


@pytest.mark.parametrize("crashes", [0, 2])
def test_machines_reach_no_agent_and_the_books_say_who_was_heard(tmp_path: Path, crashes: int) -> None:
    async def main() -> None:
        people = People(21, WITH_MACHINES)
        async with a_centre(tmp_path, people, agents=5, changes={f"campaigns/{SPRING}": SCREENED}) as centre:
            await centre.leads(SPRING, 120)
            await centre.ready()
            await centre.dial(SPRING)
            floors: list[FloorNow] = []
            with every(0.5, lambda: floors.append(centre.daemon.dialer.pacing.floor(SPRING))):
                for _ in range(crashes):
                    await centre.until(lambda: bool(floors and floors[-1].screening), "somebody is screened")
                    await _crash_and_start(centre)
                    floors.clear()
                await centre.finished(SPRING)
            await verify(centre, SPRING)
            attempts = await centre.attempts(SPRING)
            check_heard(attempts)
            assert not [call for call in centre.fake.ledger if call.how == "machine" and call.bridged_at]
            pacer = centre.daemon.dialer.pacing.pacers[SPRING]
            assert isinstance(pacer, PredictivePacer)
            if not crashes:
                assert not pacer.oddities, pacer.oddities
                assert any(floor.screening for floor in floors)

    in_virtual_time(main())


async def _crash_and_start(centre: Centre) -> None:
    """Those who are being screened go on, and the next daemon finds what became of them."""
    await centre.crash()
    await centre.start()
    await centre.ready()
    await centre.dial(SPRING)


def check_heard(attempts: list[Attempt]) -> None:
    heard = Counter((str(attempt.outcome), attempt.heard) for attempt in attempts)
    known = {pair for pair in heard if pair[1] not in (None, "person")}
    assert known == {("machine", "machine"), ("fax", "fax"), ("failed", "sit")}, heard
    assert heard[("talked", "person")] > 20
    assert not any(count for (outcome, said), count in heard.items() if outcome == "talked" and said is None)
    for attempt in attempts:
        if attempt.outcome is Outcome.FAILED and attempt.heard is not None:
            assert attempt.note == "sit: a tone after the answer" or "CEL" in attempt.note
