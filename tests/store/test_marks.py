"""What agents say of their talks, at once or in wrap-up: the lead goes where that sends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from config.models import MISSED_MACHINE
from leads.attempt import Attempt
from leads.inbound import CallbackKind, CallbackState, NewCallback
from leads.lead import Lead, LeadState, Outcome
from leads.orders import Plan
from leads.rules import LeadMove
from store import Store
from store.marks import Mark
from tests.store.conftest import people

NewId = Callable[[], str]
TALKED = LeadMove(LeadState.FINAL, None, "talked: final")
SOLD = LeadMove(LeadState.FINAL, None, "talked, disposition success (order): final")
LATER = LeadMove(LeadState.SCHEDULED, 7200.0, "talked, disposition callback (later): called again in 2 h")
NEVER = LeadMove(LeadState.FINAL, None, "talked, disposition refusal (do_not_call): final")
AGAIN = LeadMove(LeadState.SCHEDULED, 9000.0, "an agent had a machine on the line: called again in 4 h")

OWED = NewCallback(CallbackKind.ASKED, "back", "backs", "+79031110001", "main", "", "sales", "c0", due_at=0.0)
MOVES = {MISSED_MACHINE: AGAIN, "order": SOLD, "later": LATER, "do_not_call": NEVER}


async def talk(store: Store, epoch: int, new_id: NewId, agent: str = "anna", lead: int = 1) -> Attempt:
    """The agent's talk with a lead, from 20 on."""
    if await store.leads.get(lead) is None:
        await store.leads.add("a", people(lead), 0.0)
    [made] = await store.attempts.claim(epoch, "spring", "city", [lead], 10.0, new_id)
    await store.attempts.note_progress(
        epoch, made.id, answered_at=19.0, connected_at=20.0, taken_at=20.0, agent=agent
    )
    return made


async def end(store: Store, epoch: int, attempt: Attempt, outcome: Outcome = Outcome.TALKED) -> None:
    await store.attempts.finish(
        epoch, attempt.id, outcome, 50.0, "16", attempt.agent, TALKED, after_said=lambda said: MOVES[said]
    )


async def mark(
    store: Store,
    now: float,
    agent: str = "anna",
    within: float = 60.0,
    said: str = MISSED_MACHINE,
    plans: Mapping[str, Plan] | None = None,
) -> Mark:
    return await store.marks.put(
        agent, said, now, lambda _: within, lambda *_: MOVES[said], plans or {}, barred=said == "do_not_call"
    )


async def standing(store: Store, attempt: Attempt) -> tuple[LeadState, float | None, str | None]:
    lead, made = await store.leads.get(attempt.lead_id), await store.attempts.get(attempt.id)
    assert lead is not None
    assert made is not None
    return lead.state, lead.due_at, made.disposition


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

    def after(campaign: str, said: str, lead: Lead) -> LeadMove:
        assert (campaign, said) == ("spring", MISSED_MACHINE)
        seen.append(lead)
        return AGAIN

    assert await store.marks.put("anna", MISSED_MACHINE, 110.0, lambda _: 60.0, after, {}) is Mark.MARKED
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


async def test_a_robots_call_is_the_agents_from_when_they_had_it(
    store: Store, epoch: int, new_id: NewId
) -> None:
    """The robot spoke from 10 on; meanwhile the agent had another talk, from 20 to 50."""
    other = await talk(store, epoch, new_id)
    await end(store, epoch, other)
    await store.leads.add("a", people(2), 0.0)
    [robots] = await store.attempts.claim(epoch, "spring", "city", [2], 5.0, new_id)
    await store.attempts.note_progress(epoch, robots.id, connected_at=10.0, taken_at=55.0, agent="anna")
    assert await mark(store, 60.0, said="order") is Mark.MARKED
    assert (await standing(store, robots))[2] == "order"
    assert (await standing(store, other))[2] is None


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


@pytest.mark.parametrize("late", [False, True], ids=["while it goes on", "in wrap-up"])
@pytest.mark.parametrize(
    "outcome", [Outcome.TALKED, Outcome.INTERRUPTED, Outcome.IN_DOUBT, Outcome.ABANDONED]
)
@pytest.mark.parametrize("said", MOVES)
async def test_the_lead_goes_where_the_agent_says_whatever_ended_the_talk(
    store: Store, epoch: int, new_id: NewId, said: str, outcome: Outcome, late: bool
) -> None:
    made = await talk(store, epoch, new_id)
    if not late:
        assert await mark(store, 30.0, said=said) is Mark.MARKED
    cut = LeadMove(LeadState.SCHEDULED, 350.0, "the talk was cut by a fault: called again in 5 min")
    move = TALKED if outcome is Outcome.TALKED else cut
    await store.attempts.finish(
        epoch, made.id, outcome, 50.0, "38", None, move, after_said=lambda said: MOVES[said]
    )
    if late:
        assert await standing(store, made) == (move.state, move.due_at, None)
        assert await mark(store, 60.0, said=said) is Mark.MARKED
    assert await mark(store, 61.0, said=said) is Mark.ALREADY
    assert await standing(store, made) == (MOVES[said].state, MOVES[said].due_at, said)
    assert (await store.decisions.of("lead", str(made.lead_id)))[-1].text == MOVES[said].reason
    ended = await store.attempts.get(made.id)
    assert ended is not None
    assert (ended.outcome, ended.disposition_by) == (outcome, "anna")
    assert await store.audit(70.0) == []


async def test_the_agents_last_word_counts(store: Store, epoch: int, new_id: NewId) -> None:
    made = await talk(store, epoch, new_id)
    await mark(store, 30.0, said="later")
    await mark(store, 31.0)
    await end(store, epoch, made)
    assert await standing(store, made) == (LeadState.SCHEDULED, 9000.0, MISSED_MACHINE)
    await mark(store, 60.0, said="order")
    assert await standing(store, made) == (LeadState.FINAL, None, "order")
    await mark(store, 61.0, said="later")
    assert await standing(store, made) == (LeadState.SCHEDULED, 7200.0, "later")
    assert await store.attempts.dispositions("spring", by_agents=True) == {"later": 1}


async def test_what_is_newer_than_the_talk_stays(store: Store, epoch: int, new_id: NewId) -> None:
    """A call-back that the person asked for meanwhile; then the next call itself."""
    made = await talk(store, epoch, new_id)
    await end(store, epoch, made)
    again = NewCallback(CallbackKind.ASKED, "spring", "a", made.phone, "main", "", "sales", "c1", due_at=55.0)
    await store.callbacks.open(again, 55.0)
    assert await mark(store, 60.0, said="order") is Mark.MARKED
    assert await standing(store, made) == (LeadState.SCHEDULED, 55.0, "order")
    await store.attempts.claim(epoch, "spring", "city", [made.lead_id], 60.0, new_id)
    assert await mark(store, 61.0, said="later") is Mark.MARKED
    assert await standing(store, made) == (LeadState.CLAIMED, 55.0, "later")


async def test_a_word_of_an_older_talk_moves_no_lead_that_was_called_since(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await talk(store, epoch, new_id)
    soon = LeadMove(LeadState.SCHEDULED, 51.0, "the talk was cut by a fault: called again in 1 s")
    await store.attempts.finish(epoch, made.id, Outcome.INTERRUPTED, 50.0, "38", None, soon)
    [next_call] = await store.attempts.claim(epoch, "spring", "city", [made.lead_id], 52.0, new_id)
    busy = LeadMove(LeadState.SCHEDULED, 950.0, "busy: called again in 15 min")
    await store.attempts.finish(epoch, next_call.id, Outcome.BUSY, 55.0, "17", None, busy)
    assert await mark(store, 60.0, said="order") is Mark.MARKED
    assert await standing(store, made) == (LeadState.SCHEDULED, 950.0, "order")


@pytest.mark.parametrize("late", [False, True], ids=["while it goes on", "in wrap-up"])
async def test_who_tells_an_agent_not_to_call_is_on_the_list_at_once(
    store: Store, epoch: int, new_id: NewId, late: bool
) -> None:
    made = await talk(store, epoch, new_id)
    other = LeadMove(LeadState.SCHEDULED, 350.0, "later")
    if late:
        await store.attempts.finish(epoch, made.id, Outcome.INTERRUPTED, 50.0, "38", None, other)
    assert await mark(store, 60.0, said="do_not_call") is Mark.MARKED
    entry = await store.do_not_call.get(made.phone)
    assert entry is not None
    assert (entry.source, entry.note, entry.added_at) == ("agent", "anna: do_not_call", 60.0)
    if not late:
        await end(store, epoch, made)
    assert await standing(store, made) == (LeadState.FINAL, None, "do_not_call")


@pytest.mark.parametrize("late", [False, True], ids=["while it goes on", "in wrap-up"])
async def test_who_asks_for_another_call_keeps_the_call_back(
    store: Store, epoch: int, new_id: NewId, late: bool
) -> None:
    task = await store.callbacks.open(OWED, 0.0)
    made = await talk(store, epoch, new_id, lead=task.lead_id)
    if late:
        await end(store, epoch, made)
    await mark(store, 60.0, said="later")
    if not late:
        await end(store, epoch, made)
    assert await store.callbacks.open_of("+79031110001") == task
    if late:
        await mark(store, 61.0, said="order")
        assert await store.callbacks.open_of("+79031110001") is None, "the last word counts here too"
        closed = await store.callbacks.get(task.id)
        assert closed is not None
        assert (closed.state, closed.closed_by) == (CallbackState.DONE, made.id)


@pytest.mark.parametrize("late", [False, True], ids=["while it goes on", "in wrap-up"])
async def test_a_machine_does_not_close_the_call_back_that_a_person_is_owed(
    store: Store, epoch: int, new_id: NewId, late: bool
) -> None:
    task = await store.callbacks.open(OWED, 0.0)
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
