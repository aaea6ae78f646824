"""Campaigns that screen, with the whole daemon in virtual time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ami_daemon.floor import FloorNow
from ami_daemon.grace import AGAIN, LAST_CHANCE
from lab.fake import Answer, Phone
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
            law = centre.site.campaigns[SPRING].rules
            counted = centre.daemon.dialer.budgets._counts(SPRING)
            assert counted == await centre.store.ledger.counts(SPRING, law, 0.0)
            assert counted.machines == sum(attempt.outcome is Outcome.MACHINE for attempt in attempts) > 0
            assert not [call for call in centre.fake.ledger if call.how == "machine" and call.bridged_at]
            pacer = centre.daemon.dialer.pacing.pacers[SPRING]
            assert isinstance(pacer, PredictivePacer)
            if not crashes:
                assert not pacer.oddities, pacer.oddities
                assert any(floor.screening for floor in floors)

    in_virtual_time(main())


KEY = 0.12
"""Seconds that the key takes which leads out of the queue while a phone rings."""


@pytest.mark.parametrize(
    "law, heard, after",
    [
        ("us", "person", 0.6 - 0.3 + 2.0),  # the greeting ended 0.3 s before it was known
        ("uk", "person", 2.0),
        ("us", "silence", 3.0 + 2.0),  # there was no greeting: from when it was known
        ("uk", "silence", 3.0 + LAST_CHANCE),
    ],
)
def test_the_message_comes_when_the_laws_two_seconds_are_over(
    tmp_path: Path, law: str, heard: str, after: float
) -> None:
    """The phone of the only agent rings on."""

    async def main() -> None:
        people = People(1)
        changes = {f"campaigns/{SPRING}": {**SCREENED, "mode": "progressive", "law": law}}
        phones = {"agent00": Phone(answer_after=None)}
        async with a_centre(tmp_path, people, agents=1, changes=changes, phones=phones) as centre:
            (number,) = await centre.leads(SPRING, 1)
            people.fixed[number] = Answer(1.0, heard=heard, screen=0.6 if heard == "person" else 3.0)
            await centre.ready()
            await centre.dial(SPRING)
            await centre.finished(SPRING)
            (attempt,) = await centre.attempts(SPRING)
            assert (attempt.outcome, attempt.heard) == (Outcome.ABANDONED, heard)
            assert attempt.ended_at is not None and attempt.answered_at is not None
            message = centre.fake.switch.campaigns[SPRING].message_seconds
            assert attempt.ended_at - attempt.answered_at - message == pytest.approx(after + KEY, abs=0.05)

    in_virtual_time(main())


@pytest.mark.parametrize(
    "rings_after",
    [
        pytest.param(0.6, id="it rings"),
        pytest.param(1.5, id="it is called and does not ring yet"),
    ],
)
def test_the_message_comes_in_time_and_no_agent_is_paused_also_where_the_first_key_is_lost(
    tmp_path: Path, rings_after: float
) -> None:
    """The phone of the only agent is called when the person is heard, 1.4 s before the law's time is over."""

    async def main() -> None:
        people = People(1)
        changes = {f"campaigns/{SPRING}": {**SCREENED, "mode": "progressive", "law": "uk"}}
        phones = {"agent00": Phone(answer_after=None, ring_after=rings_after)}
        async with a_centre(tmp_path, people, agents=1, changes=changes, phones=phones) as centre:
            (number,) = await centre.leads(SPRING, 1)
            people.fixed[number] = Answer(1.0, heard="person", screen=0.6)
            await centre.ready()
            await centre.dial(SPRING)
            await centre.finished(SPRING)
            (attempt,) = await centre.attempts(SPRING)
            assert attempt.outcome is Outcome.ABANDONED
            assert attempt.ended_at is not None and attempt.answered_at is not None
            message = centre.fake.switch.campaigns[SPRING].message_seconds
            late = attempt.ended_at - attempt.answered_at - message - 2.0
            assert late <= (KEY if rings_after < 1.4 else AGAIN + KEY) + 0.05
            assert not any(queue.paused for queue in centre.daemon.board.agents["agent00"].queues.values())

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
