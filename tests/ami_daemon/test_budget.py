"""Where a campaign stands is right at every moment, however late the journal writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ami_daemon.app import Daemon
from ami_daemon.call import CallState
from ami_daemon.changes import CallEnded
from ami_daemon.dialer import call_of
from ami_daemon.verbs import Verbs
from config.models import Site
from config.outbound import Switch
from leads.lead import NewLead, Outcome
from predictive.ledger import Counts
from predictive.screening import Marks
from sounds.screening import Heard
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


@pytest.fixture
def screened(tmp_path: Path) -> Site:
    site = a_site(tmp_path, 1)
    spring = site.campaigns[NAME].model_copy(update={"screening": Switch.ON})
    return site.model_copy(update={"campaigns": {**site.campaigns, NAME: spring}})


async def machines(daemon: Daemon, calls: int) -> list[CallEnded]:
    """Calls that the screen takes for machines; the ends are not told to anyone yet."""
    ends = await abandoned(daemon, calls)
    for end in ends:
        end.call.heard = Heard.MACHINE
    return [CallEnded(end.call, CallState.NO_PERSON, Outcome.MACHINE, end.at) for end in ends]


async def test_persons_whom_the_screen_may_have_hung_up_on_count_at_once_and_once_written(
    screened: Site,
) -> None:
    async with a_daemon(screened) as daemon:
        budgets, journal = daemon.dialer.budgets, daemon.journal
        assert budgets.standing(NAME).abandoned == 0.0
        ends = await machines(daemon, 5)
        for end in ends:
            daemon.dialer.hear(end)
        screening = budgets.screening(NAME)
        assert screening is not None
        counted = budgets.standing(NAME).abandoned
        assert counted == pytest.approx(5 * screening.persons_among_machines)
        assert counted > 0
        for end in ends:
            await journal._write(end)
        for _ in range(2):
            await budgets.read()
            assert budgets.standing(NAME).abandoned == pytest.approx(counted)
        assert not any(budgets._since.values())
        assert budgets.standing(NAME).spent.abandoned == pytest.approx(counted), "so the pacer hears of it"


async def test_where_nothing_is_screened_nothing_is_estimated(tmp_path: Path) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        assert daemon.dialer.budgets.screening("renewal") is None


async def test_turning_screening_off_does_not_forgive_whom_it_hung_up_on(tmp_path: Path) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:  # it is off, and these calls were screened before
        for end in await machines(daemon, 5):
            daemon.dialer.hear(end)
        screening = daemon.dialer.budgets.screening(NAME)
        assert screening is not None
        assert daemon.dialer.budgets.standing(NAME).abandoned == pytest.approx(
            5 * screening.persons_among_machines
        )


async def test_the_estimates_are_shown_to_people_and_programs(screened: Site) -> None:
    async with a_daemon(screened) as daemon:
        await daemon.dialer.load()
        for end in await machines(daemon, 2):
            daemon.dialer.hear(end)
        daemon.dialer.budgets.marks[NAME] = Marks(50, 3, 2, 1, passed_on=4)
        verbs = Verbs(
            daemon.board, daemon.dialer, daemon.orders, daemon.recording, daemon.link, daemon.store,
            daemon.clock, 0.0, lambda: "", daemon.stop,
        )  # fmt: skip
        screening = daemon.dialer.budgets.screening(NAME)
        assert screening is not None
        shares = [round(screening.persons_among_machines, 4), round(screening.machines_among_persons, 4)]
        marks = {"talks": 50, "machines": 3, "checked": 2, "checked_machines": 1, "passed_on": 4}
        told = (await verbs.campaign_status(NAME))["screening"]
        assert list(told.values()) == [*shares, marks]
        assert (await verbs.status())["screening"] == {NAME: told}
        text = "\n".join(line["text"] for line in await verbs.why("campaign", NAME))
        assert (
            f"{100 * screening.persons_among_machines:.1f} % of those hung up as machines were persons"
            in text
        )
        assert "by the benchmark and 3 marks in 50 talks; of 2 in the check sample 1" in text
        errors = next(m for m in daemon.metrics._of_pacers() if m.name == "perezvon_campaign_screening_error")
        assert {sample.labels["kind"]: round(sample.value, 4) for sample in errors.samples} == dict(
            zip(("persons_among_machines", "machines_among_persons"), shares, strict=True)
        )
