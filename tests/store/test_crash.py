"""What is in the journal survives `kill -9`, and two processes never claim one lead."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import pytest

from leads.attempt import AttemptState
from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from store import LeaseHeld, open_store
from tests.store.conftest import people

LEADS = 120
TOLD = {"claimed": AttemptState.INTENT, "sent": AttemptState.SENT, "ended": AttemptState.ENDED}
ORDER = list(TOLD.values())


async def start(url: str, epoch: int, *names: str) -> list[asyncio.subprocess.Process]:
    """Dialers that begin at the same moment."""
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.dialer", url, str(epoch), name, stdin=pipe, stdout=pipe
        )
        for name in names
    ]
    for process in started:
        assert await lines(process, 1) == [["opened"]]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"\n")
    return started


async def lines(process: asyncio.subprocess.Process, most: int | None = None) -> list[list[str]]:
    """What the process printed, till it ended or till it printed so many lines."""
    assert process.stdout is not None
    found: list[list[str]] = []
    async with asyncio.timeout(60):
        while (most is None or len(found) < most) and (line := await process.stdout.readline()):
            found.append(line.decode().split())
    return found


@pytest.mark.parametrize("steps", [1, 7, 26, 100])
async def test_nothing_is_lost_or_doubled_by_a_kill(url: str, steps: int) -> None:
    async with open_store(url) as store:
        await store.leads.add("a", people(LEADS), 0.0)
        epoch = await store.lease.acquire("first", 0.0, 20.0)
    [process] = await start(url, epoch, "aaaaaaaa")
    told = await lines(process, steps)
    process.kill()
    told += await lines(process)
    assert await process.wait() == -9

    async with open_store(url) as store:
        assert await store.audit(13.0) == []
        with pytest.raises(LeaseHeld, match="first"):
            await store.lease.acquire("second", 13.0, 20.0)
        later = await store.lease.acquire("second", 20.0, 20.0)

        # All that was told is in the journal; a step more may have been written and not yet told.
        last = {attempt: TOLD[step] for step, attempt in told}
        for attempt_id, state in last.items():
            attempt = await store.attempts.get(attempt_id)
            assert attempt is not None
            assert ORDER.index(attempt.state) - ORDER.index(state) in (0, 1)

        for attempt in await store.attempts.open_attempts():
            if attempt.state is AttemptState.INTENT:
                await store.attempts.release(later, attempt.id, 21.0)
            else:
                move = LeadMove(LeadState.FINAL, None, "nothing proves what became of the call")
                await store.attempts.finish(later, attempt.id, Outcome.IN_DOUBT, 21.0, None, None, move)
        assert await store.audit(22.0) == []

    [process] = await start(url, later, "bbbbbbbb")
    await lines(process)
    assert await process.wait() == 0
    async with open_store(url) as store:
        assert await store.audit(23.0) == []
        counts = await store.leads.counts("a")
        assert counts == dict.fromkeys(LeadState, 0) | {LeadState.FINAL: LEADS}
        journal = await store.attempts.recent("spring", 10 * LEADS)
        called = Counter(attempt.lead_id for attempt in journal if attempt.state is AttemptState.ENDED)
        assert set(called.values()) == {1}
        assert len(called) == LEADS


async def test_two_processes_never_claim_one_lead(url: str) -> None:
    async with open_store(url) as store:
        await store.leads.add("a", people(LEADS), 0.0)
        epoch = await store.lease.acquire("both", 0.0, 20.0)
    processes = await start(url, epoch, "aaaaaaaa", "bbbbbbbb")
    told = await asyncio.gather(*(lines(process) for process in processes))
    assert [await process.wait() for process in processes] == [0, 0]
    assert all(told), "one of the two did nothing: the test proves nothing"
    async with open_store(url) as store:
        assert await store.audit(13.0) == []
        journal = await store.attempts.recent("spring", 10 * LEADS)
    assert {attempt.number for attempt in journal} == {1}
    assert len(journal) == LEADS
    ended = [attempt for step, attempt in (*told[0], *told[1]) if step == "ended"]
    assert sorted(ended) == sorted(attempt.id for attempt in journal)
