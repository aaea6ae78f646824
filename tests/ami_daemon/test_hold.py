"""Whose turn it is while some hold the line and some hung up and keep a place; and who is kept for those."""

from __future__ import annotations

from pathlib import Path

from ami_daemon.agent import PREVIEW, AgentState
from leads.attempt import AttemptState
from store import CampaignState
from tests.ami_daemon.hall import CALLBACKS, IVAN, NOON, VERA, WRAP_UP, Hall, a_hall

OFFERED: dict[str, object] = {"callback": CALLBACKS}
PHONE, OTHER = "+79035551001", "+79035551002"


async def wraps_up(hall: Hall, *agents: str) -> None:
    """One after the other, a second between them."""
    for agent in agents:
        await hall.signs_in(agent)
        await hall.comes(f"with-{agent}")
        await hall.talks(agent, f"with-{agent}")
    for agent in agents:
        hall.now += 1
        await hall.talk_ends(agent, f"with-{agent}")


async def phone_of(hall: Hall, attempt: str) -> str:
    found = await hall.store.attempts.get(attempt)
    assert found is not None
    return found.phone


async def still_has_the_place(hall: Hall) -> None:
    [lead] = await hall.store.leads.find_by_phone(PHONE)
    assert lead.attempts == 0
    await hall.daemon.hold.look()
    assert len(hall.daemon.hold.kept("support")) == 1


async def kept(hall: Hall) -> dict[str, str]:
    """Agents who are kept from now on, and the number that they are kept for."""
    return {
        agent: await phone_of(hall, attempt) for agent, attempt in (await hall.daemon.hold.serve()).items()
    }


async def test_the_agent_whose_turn_serves_who_hung_up_is_kept_and_the_others_are_the_queues(
    tmp_path: Path,
) -> None:
    """Caller, call-back, caller; two agents wrap up: the first to be free is the caller's."""
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await wraps_up(hall, IVAN, VERA)
        await hall.comes("a")
        await hall.keeps_a_place(PHONE, hall.now + 1)
        hall.now += 2
        await hall.comes("b")
        assert await kept(hall) == {VERA: PHONE}
        assert hall.daemon.board.agents[IVAN].preview is None
        assert await kept(hall) == {}, "nobody else is due, and nobody is kept twice"


async def test_nobody_is_kept_while_callers_who_came_before_take_every_agent(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await wraps_up(hall, IVAN)
        await hall.comes("a")
        hall.now += 1
        await hall.keeps_a_place(PHONE)
        assert await kept(hall) == {}


async def test_a_caller_whose_agent_rings_already_is_before_nobody(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await wraps_up(hall, VERA)
        await hall.signs_in(IVAN)
        await hall.comes("a")
        await hall.rings(IVAN, "a")
        hall.now += 1
        await hall.keeps_a_place(PHONE)
        assert await kept(hall) == {VERA: PHONE}


async def test_an_agent_who_is_ready_with_nobody_before_is_kept_at_once_and_one_on_a_break_is_not(
    tmp_path: Path,
) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.signs_in(IVAN)
        await hall.paused(IVAN, "lunch")
        await hall.keeps_a_place(PHONE)
        assert await kept(hall) == {}
        await hall.signs_in(VERA)
        assert await kept(hall) == {VERA: PHONE}


async def test_an_agent_who_is_signing_in_is_kept_once_they_are_in_all_their_queues(tmp_path: Path) -> None:
    """A pause before would leave out the queues that follow: those would ring an agent who is kept."""
    async with a_hall(tmp_path, support=OFFERED) as hall:
        hall.daemon.orders.queues[IVAN]["sales"] = 0
        await hall.keeps_a_place(PHONE)
        await hall.signs_in(IVAN)
        assert await kept(hall) == {}
        await hall.signs_in(IVAN, "sales")
        assert await kept(hall) == {IVAN: PHONE}


async def test_who_was_called_once_in_vain_keeps_the_place_and_twice_does_not(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        since = hall.now
        task = await hall.keeps_a_place(PHONE)
        hall.now += 60
        await hall.calls_in_vain(PHONE)
        await hall.daemon.hold.look()
        assert [(one.task, one.since) for one in hall.daemon.hold.kept("support")] == [(task, since)]
        await hall.calls_in_vain(PHONE)
        await hall.daemon.hold.look()
        assert hall.daemon.hold.kept("support") == []


async def test_a_retry_that_is_not_due_yet_holds_nobody_up(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.keeps_a_place(PHONE)
        hall.now += 60
        await hall.calls_in_vain(PHONE)
        hall.now -= 1
        await hall.daemon.hold.look()
        assert hall.daemon.hold.kept("support") == []


async def test_while_the_campaign_may_not_call_nothing_is_promised_and_nobody_is_kept(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        hold = hall.daemon.hold
        await hall.signs_in(IVAN)
        await hall.keeps_a_place(PHONE)
        assert hold.calls_back("support")
        assert not hold.calls_back("sales"), "it has no campaign"
        hall.now = NOON + 12 * 3600  # midnight in Moscow
        assert not hold.calls_back("support")
        assert await kept(hall) == {}
        hall.now = NOON
        await hall.daemon.dialer.set_state(CALLBACKS, CampaignState.PAUSED, "test")
        assert not hold.calls_back("support")
        assert await kept(hall) == {}
        await hall.daemon.dialer.set_state(CALLBACKS, CampaignState.RUNNING, "test")
        hall.daemon.dialer.draining = True
        assert not hold.calls_back("support")
        assert await kept(hall) == {}
        hall.daemon.dialer.draining = False
        assert await kept(hall) == {IVAN: PHONE}


async def test_other_leads_wait_while_anybody_stands_in_the_line_of_the_group(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        hold = hall.daemon.hold
        await hall.comes("elsewhere", "sales")
        assert not hold.comes_first(CALLBACKS)
        await hall.comes("a")
        assert hold.comes_first(CALLBACKS)
        assert not hold.comes_first("visits")
        await hall.signs_in(IVAN)
        await hall.talks(IVAN, "a")
        assert not hold.comes_first(CALLBACKS)
        await hall.keeps_a_place(PHONE)
        await hold.look()
        assert hold.comes_first(CALLBACKS)


# -- from the wrap-up to the ring ------------------------------------------------------------------


async def kept_in_wrap_up(hall: Hall) -> str:
    """Ivan wraps up, and is paused for who kept a place; gives the attempt."""
    await wraps_up(hall, IVAN)
    await hall.keeps_a_place(PHONE)
    await hall.daemon.preview._serve_kept()
    assert (
        "QueuePause",
        {"Interface": "PJSIP/agent-ivan", "Paused": "true", "Reason": PREVIEW},
    ) in hall.asked
    await hall.paused(IVAN, PREVIEW)
    assert hall.daemon.board.agents[IVAN].state is AgentState.WRAP_UP
    attempt = hall.daemon.board.agents[IVAN].preview
    assert attempt is not None
    return attempt


async def test_a_kept_agent_wraps_up_to_the_end_and_is_rung_then_once(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        attempt = await kept_in_wrap_up(hall)
        hall.now += WRAP_UP
        [moved] = hall.daemon.board.tick(hall.now)
        assert hall.daemon.board.agents[IVAN].reason == PREVIEW
        hall.daemon.preview._start = hall.work.append  # run here and now
        hall.daemon.preview.on_change(moved)
        hall.daemon.preview.on_change(moved)
        await hall.settle()
        rung = [headers for name, headers in hall.asked if name == "Originate"]
        assert [one["ChannelId"] for one in rung] == [hall.daemon.board.preview_prefix + attempt]
        assert PHONE in rung[0]["CallerID"]


async def test_an_agent_who_ends_the_wrap_up_themselves_stays_kept(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await kept_in_wrap_up(hall)
        hall.asked.clear()
        await hall.daemon.orders.give(IVAN, "end_wrap_up")
        assert next(name for name, _ in hall.asked) == "QueueRemove"
        back = [headers for name, headers in hall.asked if name == "QueueAdd"]
        assert {(one["Paused"], one.get("Reason")) for one in back} == {("true", PREVIEW)}


async def test_an_agent_who_takes_a_break_meanwhile_is_not_rung_and_the_place_is_kept(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        attempt = await kept_in_wrap_up(hall)
        await hall.paused(IVAN, "lunch")
        assert hall.daemon.hold.over(IVAN) is None
        await hall.daemon.preview._tidy()
        given_back = await hall.store.attempts.get(attempt)
        assert given_back is not None
        assert given_back.state is AttemptState.RELEASED
        await still_has_the_place(hall)
        await hall.signs_in(VERA)
        assert await kept(hall) == {VERA: PHONE}


async def test_a_call_that_came_in_between_is_served_and_the_place_is_kept(tmp_path: Path) -> None:
    """The queue was quicker than our pause."""
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.signs_in(IVAN)
        await hall.keeps_a_place(PHONE)
        asked = hall.daemon.link.action

        async def the_queue_rings_first(name: str, headers: dict[str, str], **more: object) -> object:
            if name == "QueuePause" and headers["Paused"] == "true":
                await hall.comes("quick")
                await hall.rings(IVAN, "quick")
            return await asked(name, headers, **more)  # type: ignore[arg-type]

        hall.daemon.link.action = the_queue_rings_first  # type: ignore[assignment,method-assign]
        await hall.daemon.preview._serve_kept()
        assert ("QueuePause", {"Interface": "PJSIP/agent-ivan", "Paused": "false"}) in hall.asked
        await still_has_the_place(hall)
        assert hall.daemon.board.agents[IVAN].preview is None, "later they may be kept again"
        assert "Originate" not in [name for name, _ in hall.asked]


async def test_one_agent_is_kept_for_each_who_kept_a_place_in_their_order(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.keeps_a_place(OTHER, hall.now - 10)
        await hall.keeps_a_place(PHONE, hall.now - 20)
        await wraps_up(hall, VERA, IVAN)
        assert await kept(hall) == {VERA: PHONE, IVAN: OTHER}
