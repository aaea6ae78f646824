"""Machines that the screen missed: agents mark their talk, and the lead goes on as after a machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leads.attempt import MISSED_MACHINE, Attempt
from leads.inbound import CallbackKind, CallbackState, NewCallback
from leads.lead import Lead, LeadState, Outcome
from leads.robot import RobotDisposition
from leads.rules import LeadMove
from store import Store
from store.marks import Mark
from tests.store.conftest import people

NewId = Callable[[], str]
TALKED = LeadMove(LeadState.FINAL, None, "talked: final")
AGAIN = LeadMove(LeadState.SCHEDULED, 9000.0, "an agent had a machine on the line: called again in 4 h")


async def talk(store: Store, epoch: int, new_id: NewId, agent: str = "anna", lead: int = 1) -> Attempt:
    """The agent's talk with a lead, from 20 on."""
    if await store.leads.get(lead) is None:
        await store.leads.add("a", people(lead), 0.0)
    [made] = await store.attempts.claim(epoch, "spring", "city", [lead], 10.0, new_id)
    await store.attempts.note_progress(epoch, made.id, answered_at=19.0, connected_at=20.0, agent=agent)
    return made


async def end(store: Store, epoch: int, attempt: Attempt, outcome: Outcome = Outcome.TALKED) -> None:
    await store.attempts.finish(
        epoch, attempt.id, outcome, 50.0, "16", attempt.agent, TALKED, if_machine=AGAIN
    )


async def mark(store: Store, now: float, agent: str = "anna", within: float = 60.0) -> Mark:
    return await store.marks.machine(agent, now, lambda _: within, lambda campaign, lead: AGAIN)


async def standing(store: Store, attempt: Attempt) -> tuple[LeadState, float | None, str | None]:
    lead, made = await store.leads.get(attempt.lead_id), await store.attempts.get(attempt.id)
    assert lead is not None
    assert made is not None
    return lead.state, lead.due_at, made.disposition


def test_nothing_else_that_is_written_as_a_disposition_is_taken_for_a_mark() -> None:
    """Agents' own dispositions are kept nowhere yet; the robot's are."""
    assert MISSED_MACHINE not in set(RobotDisposition)


async def test_a_talk_that_is_marked_while_it_goes_on_ends_as_after_a_machine(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await talk(store, epoch, new_id)
    assert await mark(store, 30.0) is Mark.MARKED
    assert await standing(store, made) == (LeadState.CLAIMED, None, MISSED_MACHINE)
    assert await mark(store, 31.0) is Mark.ALREADY
    await end(store, epoch, made)
    assert await standing(store, made) == (LeadState.SCHEDULED, 9000.0, MISSED_MACHINE)
    ended = await store.attempts.get(made.id)
    assert ended is not None
    assert ended.outcome is Outcome.TALKED, "the network's view stays: the ledger tells it from screened ones"
    assert await store.audit(60.0) == []


async def test_a_talk_that_is_marked_in_wrap_up_brings_its_lead_back(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await talk(store, epoch, new_id)
    await end(store, epoch, made)
    assert await standing(store, made) == (LeadState.FINAL, None, None)
    seen: list[Lead] = []

    def after(campaign: str, lead: Lead) -> LeadMove:
        assert campaign == "spring"
        seen.append(lead)
        return AGAIN

    assert await store.marks.machine("anna", 110.0, lambda _: 60.0, after) is Mark.MARKED
    assert [(lead.attempts, dict(lead.outcomes)) for lead in seen] == [(0, {})], "as it was before the talk"
    assert await standing(store, made) == (LeadState.SCHEDULED, 9000.0, MISSED_MACHINE)
    [*_, last] = await store.decisions.of("lead", "1")
    assert last.text == AGAIN.reason
    assert await mark(store, 110.0) is Mark.ALREADY
    assert await store.audit(60.0) == []


async def test_there_is_nothing_to_mark_without_a_talk_of_ones_own_just_now(
    store: Store, epoch: int, new_id: NewId
) -> None:
    assert await mark(store, 5.0) is Mark.NO_TALK
    made = await talk(store, epoch, new_id)
    assert await mark(store, 30.0, "boris") is Mark.NO_TALK
    await end(store, epoch, made)
    assert await mark(store, 110.5) is Mark.NO_TALK, "60 s after its end"
    assert await standing(store, made) == (LeadState.FINAL, None, None)


async def test_a_caller_who_came_in_since_is_no_machine_of_ours(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await talk(store, epoch, new_id)
    await end(store, epoch, made)
    await store.inbound.arrive("c1", "main", "+79031110001", 55.0)
    await store.inbound.connect("c1", "anna", 60.0)
    assert await mark(store, 70.0) is Mark.NO_TALK
    assert await standing(store, made) == (LeadState.FINAL, None, None)


async def test_nobody_on_the_do_not_call_list_is_called_again(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await talk(store, epoch, new_id)
    await end(store, epoch, made)
    await store.do_not_call.add({made.phone: ""}, "admin", 55.0, {})
    assert await mark(store, 60.0) is Mark.MARKED
    assert await standing(store, made) == (LeadState.FINAL, None, MISSED_MACHINE)


async def test_a_talk_that_a_fault_cut_keeps_its_own_rule(store: Store, epoch: int, new_id: NewId) -> None:
    made = await talk(store, epoch, new_id)
    soon = LeadMove(LeadState.SCHEDULED, 350.0, "the talk was cut by a fault: called again in 5 min")
    await store.attempts.finish(epoch, made.id, Outcome.INTERRUPTED, 50.0, "38", None, soon)
    assert await mark(store, 60.0) is Mark.MARKED
    assert await standing(store, made) == (LeadState.SCHEDULED, 350.0, MISSED_MACHINE)


@pytest.mark.parametrize("late", [False, True], ids=["while it goes on", "in wrap-up"])
async def test_a_machine_does_not_close_the_call_back_that_a_person_is_owed(
    store: Store, epoch: int, new_id: NewId, late: bool
) -> None:
    new = NewCallback(
        CallbackKind.ASKED, "back", "backs", "+79031110001", "main", "", "sales", "c0", due_at=0.0
    )
    task = await store.callbacks.open(new, 0.0)
    made = await talk(store, epoch, new_id, lead=task.lead_id)
    if late:
        await end(store, epoch, made)
        closed = await store.callbacks.get(task.id)
        assert closed is not None
        assert closed.state is CallbackState.DONE
    assert await mark(store, 60.0) is Mark.MARKED
    if not late:
        await end(store, epoch, made)
    assert await store.callbacks.open_of("+79031110001") == task
    assert (await standing(store, made))[:2] == (LeadState.SCHEDULED, 9000.0)
