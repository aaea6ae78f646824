"""Where a campaign stands is right at every moment, however late the journal writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ami_daemon.app import Daemon
from ami_daemon.call import CallState
from ami_daemon.changes import CallEnded
from ami_daemon.dialer import call_of
from leads.lead import NewLead, Outcome
from predictive.ledger import Counts
from store.ledger import LedgerRepository
from tests.ami_daemon.test_metrics import a_daemon, a_site

NAME = "spring"


async def abandoned(daemon: Daemon, calls: int) -> list[CallEnded]:
    """Calls that are abandoned; the ends are not told to anyone yet."""
    site, store = daemon.site, daemon.store
    await store.leads.add(site.campaigns[NAME].list, [NewLead(f"+7916123456{n}") for n in range(calls)], 1.0)
    ids = [lead.id for lead in await store.leads.page(site.campaigns[NAME].list, limit=calls)]
    names = iter(f"0123456789abcd{n:02x}" for n in range(calls))
    trunk = site.campaigns[NAME].trunk
    made = await store.attempts.claim(daemon.epoch, NAME, trunk, ids, 10.0, lambda: next(names))
    ends = []
    for attempt in made:
        await store.attempts.mark_sent(daemon.epoch, attempt.id, 10.0)
        call = call_of(attempt, site.campaigns[NAME])
        call.answered_at, call.ended_at, call.state = 15.0, 19.0, CallState.ENDED
        ends.append(CallEnded(call, CallState.MESSAGE, Outcome.ABANDONED, 19.0))
    return ends


async def test_a_call_that_the_journal_has_not_written_yet_stays_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        budgets, journal = daemon.dialer.budgets, daemon.journal

        def counted() -> float:
            return budgets.standing(NAME).abandoned

        first, second, third = await abandoned(daemon, 3)
        for end in (first, second):
            daemon.dialer.hear(end)
        await journal._write(first)
        await budgets.read()
        assert counted() == 2
        counts = LedgerRepository.counts

        async def slow(ledger: LedgerRepository, name: str, *law: Any) -> Counts:
            """Meanwhile the second is written, and a third ends."""
            if name == NAME:
                await journal._write(second)
                daemon.dialer.hear(third)
            return await counts(ledger, name, *law)

        with monkeypatch.context() as patch:
            patch.setattr(LedgerRepository, "counts", slow)
            await budgets.read()
        assert counted() == 3
        await journal._write(third)
        for _ in range(2):
            await budgets.read()
            assert counted() == 3
        assert not any(budgets._since.values())
