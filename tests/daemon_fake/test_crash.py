"""What a new daemon makes of the attempts, and of the agents' time, that a dead one left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ami_daemon.app import LEASE_SECONDS
from ami_daemon.link import LinkState
from lab.fake import Answer, Ring
from leads.attempt import AttemptState
from leads.lead import LeadState, Outcome
from store import Fenced, open_store
from tests.daemon_fake.centre import SPRING, Centre, a_centre, in_virtual_time
from tests.daemon_fake.checks import verify
from tests.daemon_fake.people import EVERYBODY_TALKS, People


def call_in_and_leave(centre: Centre) -> None:
    """Somebody dials our number and hangs up before a queue has them."""
    caller = centre.fake.inbound("city", "+74951234567", "+79160000000", "sales")
    centre.clock.later(0.2, lambda: caller.leave(True, 0))


@pytest.mark.parametrize(("moment", "state"), [("before", AttemptState.INTENT), ("after", AttemptState.SENT)])
def test_an_attempt_whose_originate_was_never_written_is_released_and_its_lead_called(
    tmp_path: Path, moment: str, state: AttemptState
) -> None:
    """Killed before `sent` is in the journal, or after it and before the `Originate`: Asterisk saw nothing.

    After it CEL must show that: it wrote of something before and after, and nothing of this call.
    """

    async def main() -> None:
        async with a_centre(tmp_path, People(1, EVERYBODY_TALKS), agents=1) as centre:
            (number,) = await centre.leads(SPRING, 1)
            await centre.ready()
            await centre.daemon.journal.flushed()
            attempts = centre.store.attempts
            mark_sent, down = attempts.mark_sent, asyncio.Event()

            async def crash() -> None:
                await centre.crash()
                down.set()

            async def die(epoch: int, attempt: str, at: float) -> None:
                if moment == "after":
                    await mark_sent(epoch, attempt, at)
                crashing.append(asyncio.create_task(crash()))
                await asyncio.sleep(60)

            crashing: list[asyncio.Task[None]] = []
            attempts.mark_sent = die  # type: ignore[assignment,method-assign]  # dies here
            call_in_and_leave(centre)
            await asyncio.sleep(2.0)
            await centre.dial(SPRING)
            await down.wait()
            async with open_store(centre.site.system.database) as store:
                (left,) = await store.attempts.open_attempts()
                assert left.state is state
            assert centre.fake.ledger == []
            await asyncio.sleep(2.0)
            call_in_and_leave(centre)
            await asyncio.sleep(2.0)
            await centre.start()
            await centre.finished(SPRING)
            await verify(centre, SPRING)
            first, second = sorted(await centre.attempts(SPRING), key=lambda attempt: attempt.number)
            assert (first.id, first.state) == (left.id, AttemptState.RELEASED)
            assert (second.state, second.outcome) == (AttemptState.ENDED, Outcome.TALKED)
            assert [call.number for call in centre.fake.ledger] == [number]

    in_virtual_time(main())


def test_calls_go_on_without_the_daemon_and_end_as_they_did(tmp_path: Path) -> None:
    """One is ringing, one talks over the crash, one talks and hangs up while no daemon is there."""

    async def main() -> None:
        people = People(1)
        async with a_centre(tmp_path, people, agents=3) as centre:
            ringing, talking, short = await centre.leads(SPRING, 3)
            people.fixed.update(
                {ringing: Ring(), talking: Answer(1.0, talk=60.0), short: Answer(1.0, talk=8.0)}
            )
            await centre.ready()
            await centre.dial(SPRING)
            await centre.until(
                lambda: sum(c.bridged_at is not None for c in centre.fake.ledger) == 2, "talks"
            )
            await centre.crash()
            await asyncio.sleep(12.0)
            await centre.start()
            assert len(centre.daemon.board.calls) == 2
            await centre.until(lambda: not centre.daemon.board.calls, "calls end", 120.0)
            await centre.daemon.journal.flushed()
            outcomes = {a.phone: (a.outcome, a.number) for a in await centre.attempts(SPRING)}
            assert outcomes == {
                ringing: (Outcome.NO_ANSWER, 1), talking: (Outcome.TALKED, 1), short: (Outcome.TALKED, 1)
            }  # fmt: skip
            agents = {a.phone: a.agent for a in await centre.attempts(SPRING)}
            assert agents[talking] and agents[short] and agents[talking] != agents[short]

    in_virtual_time(main())


def test_the_laws_seconds_of_a_call_answered_while_no_daemon_was_there_run_from_its_answer(
    tmp_path: Path,
) -> None:
    """Else nobody who waited too long then would ever count as late."""

    async def main() -> None:
        people = People(1)
        async with a_centre(tmp_path, people, agents=1) as centre:
            (number,) = await centre.leads(SPRING, 1)
            people.fixed[number] = Answer(5.0, talk=60.0)
            await centre.ready()
            await centre.dial(SPRING)
            await centre.until(lambda: bool(centre.fake.ledger), "the call is placed")
            await centre.crash()
            await asyncio.sleep(20.0)
            (call,) = centre.fake.ledger
            assert call.bridged_at is not None and call.ended_at is None
            await centre.start()
            (seen,) = centre.daemon.board.calls.values()
            assert (seen.answered_at, seen.connected_at) == pytest.approx(
                (call.answered_at, call.bridged_at), abs=0.1
            )
            await centre.until(lambda: not centre.daemon.board.calls, "the talk ends", 120.0)
            await centre.daemon.journal.flushed()
            (attempt,) = await centre.attempts(SPRING)
            assert attempt.outcome is Outcome.TALKED
            assert (attempt.answered_at, attempt.connected_at) == (seen.answered_at, seen.connected_at)

    in_virtual_time(main())


def test_what_asterisk_took_with_it_is_in_doubt_by_name_and_called_again_by_the_rule(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(1, EVERYBODY_TALKS)
        async with a_centre(tmp_path, people, agents=2) as centre:
            numbers = await centre.leads(SPRING, 2)
            people.fixed.update(dict.fromkeys(numbers, Ring()))
            await centre.ready()
            await centre.dial(SPRING)
            await centre.until(lambda: len(centre.fake.ledger) == 2, "calls are placed")
            await asyncio.sleep(5.0)
            centre.fake.kill()
            people.fixed.clear()
            await asyncio.sleep(5.0)
            await centre.fake.start()
            await centre.until(lambda: centre.daemon.link.state is LinkState.LIVE, "the link is up", 90.0)
            doubtful = await centre.attempts(SPRING)
            assert {attempt.outcome for attempt in doubtful} == {Outcome.IN_DOUBT}
            assert all("Asterisk died" in attempt.note for attempt in doubtful)
            leads = await centre.all_leads(SPRING)
            assert {lead.state for lead in leads} == {LeadState.SCHEDULED}
            await centre.finished(SPRING)
            await verify(centre, SPRING)

    in_virtual_time(main())


@pytest.mark.parametrize("dials", [True, False])
def test_a_daemon_whose_lease_was_taken_stops_dialing_and_ends(tmp_path: Path, dials: bool) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1, EVERYBODY_TALKS), agents=4) as centre:
            await centre.leads(SPRING, 200)
            await centre.ready()
            if dials:
                await centre.dial(SPRING)
                await centre.until(lambda: len(centre.fake.ledger) > 10, "calls are placed", 120.0)
            running = centre.running
            assert running is not None
            async with open_store(centre.site.system.database) as other:
                await other.lease.acquire("other", centre.clock.now(), 600.0, dead="test")
                taken, placed = centre.clock.now(), len(centre.fake.ledger)
                ended, _ = await asyncio.wait({running.task}, timeout=LEASE_SECONDS)
                assert ended == {running.task}, "the daemon goes on without its lease"
                error = running.task.exception()
                assert error is not None and _holds(error, Fenced), repr(error)
                assert centre.clock.now() - taken <= LEASE_SECONDS / 3 + 0.1
                await asyncio.sleep(60.0)
                assert len(centre.fake.ledger) == placed, "dialed without the lease"
                assert not centre.fake.sessions, "the link is still there"

    in_virtual_time(main())


def _holds(error: BaseException, kind: type[BaseException]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_holds(one, kind) for one in error.exceptions)
    return isinstance(error, kind)


def test_nobodys_time_is_counted_while_no_daemon_lives(tmp_path: Path) -> None:
    async def main() -> None:
        async with a_centre(tmp_path, People(1), agents=3) as centre:
            began = centre.clock.now()
            await centre.ready()
            await asyncio.sleep(100.0)
            await centre.crash()
            died = centre.clock.now()
            await asyncio.sleep(300.0)
            await centre.start()
            restarted = centre.clock.now()
            await asyncio.sleep(50.0)
            now = centre.clock.now()
            totals = await centre.store.agent_states.totals(None, began, now)
            for spells in totals.values():
                counted = sum(spells.values())
                lease = died + LEASE_SECONDS - began + 0.01  # the last moment at which it may have lived
                assert died - began - 0.01 <= counted - (now - restarted) <= lease

    in_virtual_time(main())
