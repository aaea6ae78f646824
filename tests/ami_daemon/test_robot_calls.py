"""A robot's call from its answer to the journal: what the script kept decides, and nobody was abandoned."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ami_daemon.app import Daemon
from ami_daemon.call import Call, CallState
from ami_daemon.changes import CallEnded, CallMoved
from ami_daemon.dialer import call_of
from ami_daemon.events import Hangup, Newstate, QueueCallerJoin, UserEvent
from config.models import MISSED_MACHINE, Attempts, Mode, Site
from leads.attempt import Attempt
from leads.lead import LeadState, NewLead, Outcome
from leads.robot import RobotDisposition
from leads.rules import LeadMove
from predictive.ledger import Counts
from tests.ami_daemon.test_metrics import a_daemon, a_site

NAME = "spring"
R = RobotDisposition


def robots(folder: Path) -> Site:
    site = a_site(folder, 1)
    robot = site.campaigns[NAME].model_copy(
        update={"mode": Mode.ROBOT, "script": "orders", "attempts": Attempts()}
    )
    return site.model_copy(update={"campaigns": {**site.campaigns, NAME: robot}})


async def a_call(daemon: Daemon) -> Call:
    """One that is placed and on the board."""
    site, store = daemon.site, daemon.store
    await store.leads.add(site.campaigns[NAME].list, [NewLead("+79161234567")], 1.0)
    [lead] = await store.leads.page(site.campaigns[NAME].list, limit=1)
    [attempt] = await store.attempts.claim(
        daemon.epoch, NAME, "city", [lead.id], 10.0, lambda: "0123456789abcd01"
    )
    await store.attempts.mark_sent(daemon.epoch, attempt.id, 10.0)
    daemon.board.place(call_of(attempt, site.campaigns[NAME]))
    return daemon.board.calls[attempt.id]


async def written(daemon: Daemon, change: CallMoved) -> None:
    writing = asyncio.create_task(daemon.journal.run())
    daemon.journal.put(change)
    await daemon.journal.flushed()
    writing.cancel()


async def ended(daemon: Daemon, call: Call, outcome: Outcome) -> Attempt:
    call.ended_at = 40.0
    await daemon.journal.finish(call, outcome, 40.0)
    found = await daemon.store.attempts.get(call.attempt)
    assert found is not None
    return found


NOWHERE = LeadMove(LeadState.FINAL, None, "never: the talk goes on")
CASES = {
    # what the script kept, the last state, whether it failed, an agent: outcome, lead
    "left at once": (None, CallState.SCRIPT, False, None, Outcome.HUNG_UP_BEFORE_TALK, "scheduled"),
    "heard it, decided nothing": (R.LISTENED, CallState.SCRIPT, False, None, Outcome.TALKED, "scheduled"),
    "confirmed": (R.CONFIRMED, CallState.SCRIPT, False, None, Outcome.TALKED, "final"),
    "confirmed, then the server died": (R.CONFIRMED, CallState.SCRIPT, True, None, Outcome.TALKED, "final"),
    "the server died": (None, CallState.SCRIPT, True, None, Outcome.INTERRUPTED, "scheduled"),
    "nothing pressed": (R.NO_REPLY, CallState.SCRIPT, False, None, Outcome.MACHINE, "scheduled"),
    "refused": (R.OPTED_OUT, CallState.SCRIPT, False, None, Outcome.TALKED, "final"),
    "waited for an agent in vain": (R.OPERATOR, CallState.WAITING, False, None, Outcome.TALKED, "scheduled"),
    "had an agent": (R.OPERATOR, CallState.TALKING, False, "anna", Outcome.TALKED, "final"),
    "had an agent, who marked a machine": (
        MISSED_MACHINE,
        CallState.TALKING,
        False,
        "anna",
        Outcome.TALKED,
        "scheduled",
    ),
    "heard it, then an agent took it": (R.LISTENED, CallState.TALKING, True, "anna", Outcome.TALKED, "final"),
    "the server died, an agent took it": (None, CallState.TALKING, True, "anna", Outcome.TALKED, "final"),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_the_script_kept_decides_outcome_and_lead_and_nobody_counts_as_abandoned(
    tmp_path: Path, name: str
) -> None:
    said, last, failed, agent, expected, lead_state = CASES[name]
    async with a_daemon(robots(tmp_path)) as daemon:
        call = await a_call(daemon)
        call.answered_at, call.script_at, call.state, call.script_failed = 20.0, 20.1, last, failed
        if agent:
            call.connected_at, call.agent = 35.0, agent
            await written(daemon, CallMoved(call, CallState.WAITING, CallState.TALKING, 35.0))
        if said == MISSED_MACHINE:
            await daemon.store.marks.put("anna", said, 36.0, lambda _: 0.0, lambda *_: NOWHERE, {})
        elif said:
            await daemon.store.attempts.note_disposition(call.attempt, said)
        network = Outcome.TALKED if agent else Outcome.HUNG_UP_BEFORE_TALK
        attempt = await ended(daemon, call, network)
        assert (attempt.outcome, attempt.disposition) == (expected, said)
        assert attempt.connected_at == 20.1, "the robot spoke at once"
        assert attempt.taken_at == call.connected_at
        lead = await daemon.store.leads.get(call.lead)
        assert lead is not None
        assert lead.state == lead_state
        law = daemon.site.campaigns[NAME].rules
        counts = await daemon.store.ledger.counts(NAME, law, 0.0)
        assert replace(counts, connected=0, left=0) == Counts(), "neither abandoned nor late"


async def test_a_call_in_doubt_stays_so_unless_its_script_had_decided(tmp_path: Path) -> None:
    async with a_daemon(robots(tmp_path)) as daemon:
        call = await a_call(daemon)
        call.answered_at, call.script_at, call.state = 20.0, 20.1, CallState.SCRIPT
        assert (await ended(daemon, call, Outcome.IN_DOUBT)).outcome is Outcome.IN_DOUBT


async def test_the_board_follows_the_script_and_the_queue_behind_it(tmp_path: Path) -> None:
    async with a_daemon(robots(tmp_path)) as daemon:
        call = await a_call(daemon)
        assert call.robot
        channel = daemon.board.prefix + call.attempt
        heard = {"Attempt": call.attempt}
        moves = [
            *daemon.board.handle(Newstate(12.0, "PJSIP/x", 6, channel, channel)),
            *daemon.board.handle(UserEvent(12.1, "PerezvonScript", heard)),
        ]
        assert (call.state, call.script_at, call.script_failed) == (CallState.SCRIPT, 12.1, False)
        moves += daemon.board.handle(UserEvent(14.0, "PerezvonScriptFailed", heard))
        assert (call.state, call.script_failed) == (CallState.SCRIPT, True)
        moves += daemon.board.handle(QueueCallerJoin(15.0, "PJSIP/x", channel, "sales", 1, 1))
        assert call.state is CallState.WAITING
        moves += daemon.board.handle(Hangup(16.0, "PJSIP/x", "", "", channel, channel, 16, ""))
        assert isinstance(moves[-1], CallEnded)
        assert not daemon.board.calls


async def test_the_dispositions_are_counted_and_a_lead_that_cannot_be_said_is_put_off_with_the_reason(
    tmp_path: Path,
) -> None:
    async with a_daemon(robots(tmp_path)) as daemon:
        call = await a_call(daemon)
        call.answered_at, call.script_at, call.state = 20.0, 20.1, CallState.SCRIPT
        await daemon.store.attempts.note_disposition(call.attempt, R.CONFIRMED)
        await ended(daemon, call, Outcome.HUNG_UP_BEFORE_TALK)
        assert await daemon.store.attempts.dispositions(NAME, by_agents=False) == {"confirmed": 1}
        await daemon.store.attempts.note_disposition(call.attempt, R.CANCELLED)
        assert await daemon.store.attempts.dispositions(NAME, by_agents=False) == {
            "confirmed": 1
        }  # what ended stays
        lead = await daemon.store.leads.get(call.lead)
        assert lead is not None
        assert lead.state is LeadState.FINAL
