"""Who was cut off from an agent by a fault: that agent is kept for them, before all others, until anybody may
have them; and no call that is on its way misses the agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ami_daemon.agent import PREVIEW, AgentState
from ami_daemon.call import Call, CallState
from ami_daemon.caller import Caller
from ami_daemon.dialer import call_of
from ami_daemon.hold import ASKED_AGAIN, SETTLED
from ami_daemon.preview import GONE
from config.outbound import Mode, Switch
from config.system import Frequency
from leads.attempt import Attempt, AttemptState
from leads.inbound import CallbackState
from leads.lead import Lead, LeadState, NewLead, Outcome
from leads.orders import plans
from leads.rules import LeadMove, saying
from store import CampaignState
from store.marks import Mark
from tests.ami_daemon.hall import CALLBACKS, IVAN, VERA, WRAP_UP, Hall, a_hall
from tests.ami_daemon.test_hold import OFFERED, OTHER, PHONE, kept, wraps_up

SPRING, RETRY = "spring", 300.0
"""A predictive campaign of the group `sales`, and its retry after a cut talk."""


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """Both agents serve `sales` too, and `spring` runs."""
    async with a_hall(tmp_path, support=OFFERED) as hall:
        for agent in (IVAN, VERA):
            hall.daemon.orders.queues[agent]["sales"] = 0
            await hall.signs_in(agent, "sales")
        await hall.daemon.dialer.set_state(SPRING, CampaignState.RUNNING, "test")
        yield hall


async def cut_off(hall: Hall, agent: str, phone: str = PHONE, campaign: str = SPRING) -> None:
    """The agent's talk with the number is cut now."""
    await hall.store.leads.add(hall.daemon.site.campaigns[campaign].list, [NewLead(phone)], hall.now)
    attempts, epoch, lead = hall.store.attempts, hall.daemon.epoch, await lead_of(hall, phone)
    [made] = await attempts.claim(epoch, campaign, "city", [lead.id], hall.now, hall.daemon.dialer.new_id)
    await attempts.note_progress(epoch, made.id, connected_at=hall.now, taken_at=hall.now, agent=agent)
    again = LeadMove(LeadState.SCHEDULED, hall.now + RETRY, "called again")
    await attempts.finish(epoch, made.id, Outcome.INTERRUPTED, hall.now, "102", agent, again)


async def lead_of(hall: Hall, phone: str = PHONE) -> Lead:
    [lead] = await hall.store.leads.find_by_phone(phone)
    return lead


async def still_waits(hall: Hall) -> None:
    """The lead is as it was after the cut."""
    lead = await lead_of(hall)
    assert (lead.state, lead.attempts) == (LeadState.SCHEDULED, 1)
    assert [cut.agent for cut in await hall.store.attempts.cut([SPRING], hall.now)] == [IVAN]


async def test_the_same_agent_is_kept_in_the_wrap_up_and_nobody_else(hall: Hall) -> None:
    await hall.signs_in(VERA)
    await wraps_up(hall, IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED - 0.1
    assert await kept(hall) == {}, "their phone may not be back yet"
    hall.now += 0.1
    assert await kept(hall) == {IVAN: PHONE}
    assert await kept(hall) == {}, "they are called once"
    said = await hall.store.decisions.of("lead", str((await lead_of(hall)).id))
    assert said[-1].text == "agent ivan is rung for it first: a fault cut their talk"


async def test_from_the_time_of_the_rule_on_nobody_is_kept(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    hall.now += RETRY
    assert await kept(hall) == {}


async def test_who_was_cut_off_comes_before_who_keeps_a_place(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    await hall.keeps_a_place(OTHER, hall.now - 60)
    hall.now += SETTLED
    assert await kept(hall) == {IVAN: PHONE}


async def test_of_two_who_were_cut_off_from_one_agent_the_first_is_first(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN, OTHER)
    hall.now += 1
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    assert await kept(hall) == {IVAN: OTHER}


async def test_an_agent_who_is_busy_away_or_in_another_group_now_is_not_kept(hall: Hall) -> None:
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    assert await kept(hall) == {}, "signed in to one queue of two"
    await hall.signs_in(IVAN)
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "pause", "lunch", queue))
    assert await kept(hall) == {}, "they have a break"
    await hall.signs_in(IVAN)
    del hall.daemon.orders.queues[IVAN]["sales"]
    await hall.handle(hall._member(IVAN, "removed", queue="sales"))
    assert await kept(hall) == {}, "they serve spring no more"
    hall.daemon.orders.queues[IVAN]["sales"] = 0
    await hall.signs_in(IVAN, "sales")
    await hall.comes("a")
    await hall.talks(IVAN, "a")
    assert await kept(hall) == {}, "they talk"
    await still_waits(hall)


@pytest.mark.parametrize("why", ["paused", "draining", "night", "no line", "listed", "too often"])
async def test_what_forbids_the_call_forbids_to_keep_the_agent(hall: Hall, why: str) -> None:
    dialer = hall.daemon.dialer
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    match why:
        case "paused":
            await dialer.set_state(SPRING, CampaignState.PAUSED, "test")
        case "draining":
            dialer.draining = True
        case "night":
            closed = replace(dialer.call_time(SPRING, None, hall.now), allowed=False)
            dialer.call_time = lambda *_: closed  # type: ignore[method-assign]  # no hour is lawful
        case "no line":
            campaign = dialer.site.campaigns[SPRING]
            [other] = await hall.store.leads.find_by_phone(PHONE)
            for number in range(campaign.lines):
                hall.daemon.board.place(
                    Call(f"{number:016x}", other.id, SPRING, "sales", campaign.trunk, OTHER, hall.now)
                )
        case "listed":
            await hall.store.do_not_call.add({PHONE: ""}, "test", hall.now, {})
        case "too often":
            cap = Frequency.model_validate({"calls": 1, "per": "1d"})
            system = dialer.site.system.model_copy(update={"frequency": [cap]})
            dialer.site = dialer.site.model_copy(update={"system": system})
    assert await kept(hall) == {}
    assert hall.daemon.board.agents[IVAN].preview is None
    if why != "listed":
        await still_waits(hall)


async def test_a_ready_agent_for_whom_a_call_is_on_its_way_is_left_to_it(hall: Hall) -> None:
    """Else the person who answers is abandoned."""
    pacing, board = hall.daemon.dialer.pacing, hall.daemon.board
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    await hall.signs_in(VERA)
    pacing.deal()
    mine = pacing.shares.owner[IVAN]
    ready = [agent for agent, name in pacing.shares.owner.items() if name == mine]
    calls = [Call(f"{n:016x}", 99, mine, "sales", "city", OTHER, hall.now) for n, _ in enumerate(ready)]
    for call in calls:
        board.place(call)
    assert await kept(hall) == {}
    await still_waits(hall)
    board.forget(calls[0].attempt)
    assert await kept(hall) == {IVAN: PHONE}
    pacing.deal()
    assert IVAN not in pacing.floor(mine).ready, "nobody is dialed for them though their pause is on its way"


async def test_the_wrap_up_after_a_preview_call_is_waited_out(hall: Hall) -> None:
    """The queue knows nothing of it: the agent is paused, and would be rung at once."""
    await hall.signs_in(IVAN)
    for queue in ("support", "sales"):
        member = hall._member(IVAN, "pause", PREVIEW, queue)
        await hall.handle(member)
    await cut_off(hall, IVAN)
    assert hall.daemon.board.agents[IVAN].state is AgentState.WRAP_UP
    hall.now += SETTLED
    assert await kept(hall) == {}
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "pause", "", queue))
    assert await kept(hall) == {IVAN: PHONE}


async def test_an_agent_who_takes_a_break_in_the_wrap_up_gives_the_lead_back(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    assert SETTLED < WRAP_UP
    await hall.daemon.preview._serve_kept()
    attempt = hall.daemon.board.agents[IVAN].preview
    assert attempt is not None
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "pause", "lunch", queue))
    await hall.daemon.preview._tidy()
    given_back = await hall.store.attempts.get(attempt)
    assert given_back is not None
    assert given_back.state is AttemptState.RELEASED
    assert hall.daemon.dialer.pacing.lines() == []
    await still_waits(hall)


@pytest.mark.parametrize(("said", "state"), [("order", LeadState.FINAL), ("call_back", LeadState.SCHEDULED)])
@pytest.mark.parametrize("then", ["the wrap-up is over", "they take a break"])
async def test_an_agent_who_says_in_the_wrap_up_what_came_of_the_talk_is_not_rung_for_it(
    hall: Hall, said: str, state: LeadState, then: str
) -> None:
    """The lead goes where that sends it, though it is kept for them already."""
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    await hall.daemon.preview._serve_kept()
    reason = PREVIEW if then == "the wrap-up is over" else "lunch"
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "pause", reason, queue))
    move = LeadMove(LeadState.FINAL, None, "moved by the mark itself")
    await hall.store.marks.put(IVAN, said, hall.now, lambda _: 60.0, lambda *_: move, {})
    assert (await lead_of(hall)).state is LeadState.CLAIMED
    hall.now += WRAP_UP
    hall.daemon.preview._start = hall.work.append  # run here and now
    for change in hall.daemon.board.tick(hall.now):
        hall.daemon.preview.on_change(change)
    await hall.settle()
    await hall.daemon.preview._tidy()
    assert "Originate" not in [name for name, _ in hall.asked]
    lead = await lead_of(hall)
    assert lead.state is state
    assert lead.due_at is None or lead.due_at > hall.now + RETRY, "by the rule of the disposition"
    assert hall.daemon.dialer.pacing.lines() == []
    assert hall.daemon.board.agents[IVAN].preview is None


async def kept_in_wrap_up(hall: Hall) -> None:
    """Ivan is kept for the person since his talk was cut, and wraps up."""
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    await hall.daemon.preview._serve_kept()
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "pause", PREVIEW, queue))


async def says(hall: Hall, said: str) -> None:
    site = hall.daemon.site
    put = hall.store.marks.put(IVAN, said, hall.now, lambda _: 60.0, saying(site, hall.now), plans(site))
    assert await put is Mark.MARKED


async def test_what_the_agent_says_while_kept_outlives_the_daemon(hall: Hall) -> None:
    await kept_in_wrap_up(hall)
    await says(hall, "order")
    assert (await lead_of(hall)).state is LeadState.CLAIMED
    await hall.daemon.reconcile.take_over_attempts()
    lead = await lead_of(hall)
    assert (lead.state, lead.due_at) == (LeadState.FINAL, None)


async def test_a_call_back_that_is_done_by_the_agents_word_is_done_and_not_given_up(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    task = await hall.keeps_a_place(PHONE, hall.now)
    lead = await lead_of(hall)
    epoch, attempts = hall.daemon.epoch, hall.store.attempts
    [made] = await attempts.claim(epoch, CALLBACKS, "city", [lead.id], hall.now, hall.daemon.dialer.new_id)
    await attempts.note_progress(epoch, made.id, connected_at=hall.now, taken_at=hall.now, agent=IVAN)
    again = LeadMove(LeadState.SCHEDULED, hall.now + RETRY, "called again")
    await attempts.finish(epoch, made.id, Outcome.INTERRUPTED, hall.now, "38", IVAN, again)
    hall.now += SETTLED
    await hall.daemon.preview._serve_kept()
    attempt = hall.daemon.board.agents[IVAN].preview
    assert attempt is not None
    await says(hall, "order")
    await hall.daemon.preview._give_back(attempt, "a test")
    closed = await hall.store.callbacks.get(task)
    assert closed is not None
    assert (closed.state, closed.closed_by) == (CallbackState.DONE, made.id)


async def test_no_pacer_counts_on_the_wrap_up_of_an_agent_who_is_kept(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    pacing = hall.daemon.dialer.pacing
    pacing.deal()
    assert IVAN in pacing.floor(SPRING).wrapping
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    await hall.daemon.preview._serve_kept()
    pacing.deal()
    assert all(IVAN not in pacing.floor(name).wrapping for name in pacing.pacers)


async def test_nobody_is_taken_from_their_wrap_up_while_a_called_person_waits(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await wraps_up(hall, IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    hall.daemon.dialer.pacing.deal()
    waits = Call("0" * 16, 99, SPRING, "sales", "city", OTHER, hall.now - 8)
    waits.move(CallState.ANSWERED, hall.now - 1)
    waits.move(CallState.WAITING, hall.now - 1)
    hall.daemon.board.place(waits)
    assert await kept(hall) == {}
    del hall.daemon.board.calls[waits.attempt]
    assert list(await kept(hall)) == [IVAN]


async def test_who_has_called_us_meanwhile_is_not_rung(hall: Hall) -> None:
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    hall.daemon.board.callers["c1"] = Caller("c1", "main", PHONE.removeprefix("+"), hall.now)
    assert await kept(hall) == {}
    del hall.daemon.board.callers["c1"]
    assert list(await kept(hall)) == [IVAN]


async def test_a_number_that_may_not_be_called_is_not_asked_about_every_second(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hall.signs_in(IVAN)
    await cut_off(hall, IVAN)
    hall.now += SETTLED
    dialer, asked = hall.daemon.dialer, 0
    cap = Frequency.model_validate({"calls": 1, "per": "1d"})
    system = dialer.site.system.model_copy(update={"frequency": [cap]})
    dialer.site = dialer.site.model_copy(update={"system": system})
    claim = dialer.claim

    async def counted(*args: Any, **named: Any) -> list[Attempt]:
        nonlocal asked
        asked += 1
        return await claim(*args, **named)

    monkeypatch.setattr(dialer, "claim", counted)
    for _ in range(3):
        assert await kept(hall) == {}
        hall.now += 1
    assert asked == 1
    hall.now += ASKED_AGAIN
    assert await kept(hall) == {}
    assert asked == 2


async def test_an_agent_who_ends_the_wrap_up_early_is_kept_all_the_same(hall: Hall) -> None:
    """For that they are out of all queues for a moment."""
    await kept_in_wrap_up(hall)
    attempt = hall.daemon.board.agents[IVAN].preview
    for queue in ("support", "sales"):
        await hall.handle(hall._member(IVAN, "removed", queue=queue))
    await hall.daemon.preview._tidy()
    assert hall.daemon.board.agents[IVAN].preview == attempt
    hall.now += GONE + 1
    await hall.daemon.preview._tidy()
    assert hall.daemon.board.agents[IVAN].preview is None
    await still_waits(hall)


async def test_the_call_to_the_person_is_neither_screened_nor_the_robots(hall: Hall) -> None:
    """The agent is there from the start."""
    await cut_off(hall, IVAN)
    [attempt] = await hall.store.attempts.recent(SPRING)
    campaign = hall.daemon.site.campaigns[SPRING].model_copy(
        update={"screening": Switch.ON, "mode": Mode.ROBOT}
    )
    paced, agent_first = call_of(attempt, campaign), call_of(attempt, campaign, preview=True)
    assert (paced.screened, paced.robot) == (True, True)
    assert (agent_first.screened, agent_first.robot) == (False, False)
