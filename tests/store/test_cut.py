"""Talks that a fault has cut: which leads wait for their own agent, and that they may be claimed for that
agent before others may have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leads.attempt import Attempt
from leads.inbound import CallbackKind, NewCallback
from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from store import Store
from store.attempts import CUT_WITHIN
from store.marks import Mark
from tests.migrated import new_database
from tests.store.conftest import people
from tests.store.test_ledger import plans

NewId = Callable[[], str]
CUT_AT, DUE_AT = 100.0, 400.0
AGAIN = LeadMove(LeadState.SCHEDULED, DUE_AT, "called again in 5 min")


async def ended(
    store: Store,
    epoch: int,
    new_id: NewId,
    lead: int = 1,
    outcome: Outcome = Outcome.INTERRUPTED,
    *,
    agent: str | None = "anna",
    at: float = CUT_AT,
    move: LeadMove = AGAIN,
) -> Attempt:
    """An attempt on the lead; where nothing else is said, anna's talk, which is cut."""
    await a_lead(store, lead)
    [made] = await store.attempts.claim(epoch, "spring", "city", [lead], at, new_id, ahead_of=DUE_AT)
    await store.attempts.finish(epoch, made.id, outcome, at, "38", agent, move)
    return made


async def a_lead(store: Store, lead: int = 1) -> int:
    if await store.leads.get(lead) is None:
        await store.leads.add("a", people(lead), 0.0)
    return lead


async def waiting(store: Store, now: float = CUT_AT + 1) -> list[tuple[int, str | None]]:
    return [(cut.lead_id, cut.agent) for cut in await store.attempts.cut(["spring", "calls"], now)]


async def test_who_was_cut_off_waits_for_the_same_agent_until_anybody_may_have_them(
    store: Store, epoch: int, new_id: NewId
) -> None:
    await ended(store, epoch, new_id, 2, agent="lev", at=CUT_AT + 0.5)
    await ended(store, epoch, new_id, 1)
    assert await waiting(store) == [(1, "anna"), (2, "lev")], "who has waited longest is first"
    assert await waiting(store, DUE_AT - 1) == [(1, "anna"), (2, "lev")]
    assert await waiting(store, DUE_AT) == []
    assert await store.attempts.cut(["autumn"], CUT_AT + 1) == []
    assert await store.attempts.cut([], CUT_AT + 1) == []


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.INTERRUPTED}))
async def test_no_other_end_of_a_call_keeps_an_agent(
    store: Store, epoch: int, new_id: NewId, outcome: Outcome
) -> None:
    await ended(store, epoch, new_id, outcome=outcome)
    assert await waiting(store) == []


async def test_who_was_cut_off_from_the_robot_or_is_done_with_waits_for_nobody(
    store: Store, epoch: int, new_id: NewId
) -> None:
    await ended(store, epoch, new_id, 1, agent=None)
    await ended(store, epoch, new_id, 2, move=LeadMove(LeadState.FINAL, None, "final"))
    assert await waiting(store) == []


async def test_a_talk_that_was_cut_long_ago_keeps_nobody_though_its_lead_was_put_off(
    store: Store, epoch: int, new_id: NewId
) -> None:
    late = CUT_AT + CUT_WITHIN
    await ended(store, epoch, new_id, move=LeadMove(LeadState.SCHEDULED, late + 900, "in a day"))
    assert await waiting(store, late - 1) == [(1, "anna")]
    assert await waiting(store, late + 1) == []


async def test_one_call_after_the_cut_is_enough_and_one_that_was_never_sent_is_none(
    store: Store, epoch: int, new_id: NewId
) -> None:
    await ended(store, epoch, new_id)
    [kept] = await store.attempts.claim(epoch, "spring", "city", [1], 120.0, new_id, ahead_of=DUE_AT)
    assert await waiting(store) == [], "it is being called"
    await store.attempts.release(epoch, kept.id, 125.0)
    lead = await store.leads.get(1)
    assert lead is not None
    assert (lead.state, lead.due_at) == (LeadState.SCHEDULED, DUE_AT)
    assert await waiting(store) == [(1, "anna")]
    await ended(store, epoch, new_id, outcome=Outcome.BUSY, at=130.0)
    assert await waiting(store, 131.0) == []


async def test_an_agent_who_says_what_came_of_the_talk_all_the_same_is_not_kept_for_it(
    store: Store, epoch: int, new_id: NewId
) -> None:
    """Also after they were, for a while: a call that was never sent is nothing newer than the talk."""
    [made] = await store.attempts.claim(
        epoch, "spring", "city", [await a_lead(store)], 80.0, new_id, ahead_of=DUE_AT
    )
    await store.attempts.note_progress(epoch, made.id, connected_at=90.0, taken_at=90.0, agent="anna")
    await store.attempts.finish(epoch, made.id, Outcome.INTERRUPTED, CUT_AT, "38", "anna", AGAIN)
    [kept] = await store.attempts.claim(epoch, "spring", "city", [1], 120.0, new_id, ahead_of=DUE_AT)
    await store.attempts.release(epoch, kept.id, 125.0)
    assert await waiting(store, 126.0) == [(1, "anna")]
    later = LeadMove(LeadState.SCHEDULED, 9000.0, "talked, disposition callback: called again")
    said = await store.marks.put("anna", "later", 130.0, lambda _: 60.0, lambda *_: later, {})
    assert said is Mark.MARKED
    lead = await store.leads.get(1)
    assert lead is not None
    assert (lead.state, lead.due_at) == (LeadState.SCHEDULED, 9000.0), "it goes where they send it"
    assert await waiting(store, 131.0) == []


async def test_a_lead_that_was_opened_anew_meanwhile_waits_for_nobody(
    store: Store, epoch: int, new_id: NewId
) -> None:
    """The person called in and asked to be called back tomorrow."""
    made = await ended(store, epoch, new_id)
    new = NewCallback(
        CallbackKind.ASKED, "spring", "a", made.phone, "Shop", "shop", "sales", "call-1", due_at=DUE_AT + 500
    )
    await store.callbacks.open(new, CUT_AT + 5)
    assert await waiting(store, CUT_AT + 6) == []


async def test_only_a_lead_that_still_waits_for_that_time_is_claimed_ahead_of_it(
    store: Store, epoch: int, new_id: NewId
) -> None:
    made = await ended(store, epoch, new_id)

    async def claimed(ahead_of: float | None) -> list[Attempt]:
        return await store.attempts.claim(epoch, "spring", "city", [1], 120.0, new_id, ahead_of=ahead_of)

    assert await claimed(None) == []
    assert await claimed(DUE_AT + 1) == [], "it has been put off since"
    await store.do_not_call.add({made.phone: ""}, "test", 110.0, {})
    assert await claimed(DUE_AT) == []


async def test_the_question_looks_at_no_attempt_but_the_cut_ones(tmp_path: Path) -> None:
    [plan] = await plans(
        new_database(tmp_path / "a.db"), lambda store: store.attempts.cut(["spring", "calls"], CUT_AT)
    )
    first, *others = [line for line in plan if line.startswith(("SEARCH", "SCAN"))]
    assert first.startswith("SEARCH attempts USING INDEX ix_attempts_answered (campaign=? AND outcome=? AND")
    assert [line for line in others if not line.startswith("SEARCH")] == []
