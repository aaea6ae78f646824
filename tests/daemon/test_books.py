"""Calls that come in are in the books, whatever becomes of them; who was missed is called back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lab.behaviour import Behaviour, Kind
from lab.ledger import Dialed
from lab.phones import Answer, Reject, RingOn
from leads.inbound import CallbackState, CallerClass, CallOutcome, InboundCall, RingReason
from leads.lead import LeadState
from store import ListedCaller
from tests.daemon.centre import Centre, until
from tests.daemon.site import BACK, CLOSED, PREVIEW, RING, in_three_days

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

SALES, SUPPORT = "+74951234567", "+74951234569"
_SERIAL = itertools.count(1)


async def somebody(centre: Centre) -> str:
    """A number of somebody new, who talks on when called back."""
    number = f"+7903556{next(_SERIAL):04d}"
    centre.numbers.add(number)
    await centre.pair.city.behave(number, Behaviour(Kind.ANSWERS, 0.0, 1.0))
    return number


async def booked(centre: Centre, number: str) -> list[InboundCall]:
    return [call for call in await centre.store.inbound.between(0.0, 1e12) if call.number == number]


async def ended(centre: Centre, number: str) -> InboundCall:
    """The only call of the number, when it has ended."""
    found: list[InboundCall] = []

    async def over() -> bool:
        found[:] = await booked(centre, number)
        return bool(found) and all(call.ended_at for call in found)

    await until(over, f"the call of {number} has ended in the books", 15.0)
    (call,) = found
    return call


async def waits(centre: Centre, number: str) -> InboundCall:
    async def waiting() -> bool:
        calls = await booked(centre, number)
        return bool(calls) and calls[-1].waiting_at is not None and calls[-1].ended_at is None

    await until(waiting, f"{number} waits", 15.0)
    return (await booked(centre, number))[-1]


@asynccontextmanager
async def caller(
    centre: Centre, number: str, did: str = SUPPORT, seconds: float = 30.0
) -> AsyncIterator[asyncio.Task[Dialed]]:
    """Somebody calls; who still is on the phone at the end of the block hangs up."""
    calling = asyncio.create_task(centre.pair.city.call_in(did, number, seconds))
    try:
        yield calling
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)


async def test_a_caller_who_waits_and_is_served_is_in_the_books_with_every_time(centre: Centre) -> None:
    number = await somebody(centre)
    async with caller(centre, number) as calling:
        waiting = await waits(centre, number)
        (row,) = [row for row in await centre.ask("callers") if row["state"] == "waiting"]
        assert (row["line"], row["group"], row["caller_class"]) == ("support", "support", "client")
        assert row["number"] == f"{number[:5]}***{number[-4:]}"
        await centre.pair.phones.set("vera", Answer(talk=1.0))
        await centre.ready("vera")
        await calling
    call = await ended(centre, number)
    assert (call.line, call.group, call.agent) == ("support", "support", "vera")
    assert call.outcome is CallOutcome.TALKED
    assert call.waiting_at is not None
    assert call.waiting_at == waiting.waiting_at
    assert call.connected_at is not None
    assert call.talk_ended_at is not None
    assert call.ended_at is not None
    ring = centre.rings("vera")[0]
    assert ring.answered_at is not None
    assert call.arrived_at < call.waiting_at < call.connected_at < call.talk_ended_at <= call.ended_at
    assert abs(call.connected_at - ring.answered_at) < 0.3
    assert 0.7 < call.talk_ended_at - call.connected_at < 1.6


async def test_a_caller_who_leaves_is_lost_and_becomes_one_task_that_an_agent_calls(centre: Centre) -> None:
    number = await somebody(centre)
    for times in (1, 2):

        async def lost(times: int = times) -> bool:
            return [c.outcome for c in await booked(centre, number)] == [CallOutcome.LOST_IN_QUEUE] * times

        async with caller(centre, number, SALES):
            await waits(centre, number)
        await until(lost, f"{times} calls are lost")
    (task,) = await centre.store.callbacks.page()
    assert (task.phone, task.campaign, task.line, task.group) == (number, BACK, "main", "sales")
    lead = await centre.lead(number)
    assert (lead.state, lead.name) == (LeadState.SCHEDULED, centre.pair.site.lines["main"].label)
    status = await centre.ask("status")
    assert status["callbacks_due"] == {BACK: 1}
    assert [f"campaign {BACK} is stopped" in warning for warning in status["warnings"]] == [True]
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    await centre.ask("campaign", name=BACK, action="start")
    attempt = await centre.ended(number, 20.0)
    closed = await centre.store.callbacks.get(task.id)
    assert closed is not None
    assert (closed.state, closed.closed_by) == (CallbackState.DONE, attempt.id)
    assert (await centre.lead(number)).state is LeadState.FINAL
    assert (await centre.ask("status"))["campaigns"][BACK] == "running", "more callers may be missed"


async def test_a_caller_who_calls_again_and_is_served_needs_no_call_back(centre: Centre) -> None:
    number = await somebody(centre)
    async with caller(centre, number, SALES):
        await waits(centre, number)
    await ended(centre, number)
    task = await centre.store.callbacks.open_of(number)
    assert task is not None
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    async with caller(centre, number, SUPPORT) as calling:
        await calling
    closed = await centre.store.callbacks.get(task.id)
    assert closed is not None
    talk = (await booked(centre, number))[-1]
    assert (closed.state, closed.closed_by) == (CallbackState.DONE, talk.id)
    assert (await centre.lead(number)).state is LeadState.FINAL


async def test_who_hides_the_number_is_counted_and_makes_no_task(centre: Centre) -> None:
    async with caller(centre, "anonymous", SALES):

        async def waiting() -> bool:
            return bool((await centre.ask("status"))["inbound_waiting"])

        await until(waiting, "the caller waits", 15.0)
    since = centre.began

    async def lost() -> bool:
        calls = await centre.store.inbound.between(since, 1e12)
        return [(call.number, call.outcome) for call in calls] == [(None, CallOutcome.LOST_IN_QUEUE)]

    await until(lost, "the call is lost, without a number")
    assert await centre.store.callbacks.page() == []


async def test_a_colleague_is_known_and_never_called_back(centre: Centre) -> None:
    number = await somebody(centre)
    await centre.store.callers.add([ListedCaller(number, CallerClass.COLLEAGUE)], 1.0)
    async with caller(centre, number, SALES):
        await waits(centre, number)
        (row,) = await centre.ask("callers")
        assert row["caller_class"] == "colleague"
    call = await ended(centre, number)
    assert (call.caller_class, call.outcome) == (CallerClass.COLLEAGUE, CallOutcome.LOST_IN_QUEUE)
    assert await centre.store.callbacks.page() == []


async def test_who_did_not_take_the_call_and_why(centre: Centre) -> None:
    number = await somebody(centre)
    await centre.pair.phones.set("anna", Reject(486))
    await centre.pair.phones.set("lev", Reject(603))
    await centre.pair.phones.set("boris", RingOn())
    await centre.ready("anna", "lev", "boris")
    async with caller(centre, number, SALES):
        await waits(centre, number)
        for agent, reason in (("anna", "rejected"), ("lev", "rejected"), ("boris", "no_answer")):
            await centre.comes_to(agent, "not_ready", reason)
        await centre.set("boris", "ready")
        await centre.rung("boris", 2)
        await centre.comes_to("boris", "ringing")
    call = await ended(centre, number)
    rings = await centre.store.inbound.missed_rings([call.id])
    told = {(ring.agent, ring.reason) for ring in rings}
    assert told == {
        ("anna", RingReason.BUSY),
        ("lev", RingReason.REJECTED),
        ("boris", RingReason.NO_ANSWER),
        ("boris", RingReason.CALLER_LEFT),
    }
    (rang,) = [ring.seconds for ring in rings if ring.reason is RingReason.NO_ANSWER]
    assert rang == pytest.approx(RING, abs=0.5)


@pytest.mark.parametrize("served", [True, False])
async def test_a_call_that_came_and_went_while_the_daemon_was_down_is_in_the_books(
    centre: Centre, served: bool
) -> None:
    number = await somebody(centre)
    await centre.pair.phones.set("anna", Answer(talk=1.0) if served else RingOn())
    await centre.ready("anna")
    await centre.daemon.kill()
    async with caller(centre, number, SALES, 12.0) as calling:
        await calling
    assert await booked(centre, number) == []
    await centre.daemon.start()
    call = await ended(centre, number)
    assert (call.line, call.group) == ("main", "sales")
    assert call.waiting_at is not None
    assert call.arrived_at < call.waiting_at
    task = await centre.store.callbacks.open_of(number)
    if served:
        assert (call.outcome, call.agent, task) == (CallOutcome.TALKED, "anna", None)
        assert call.connected_at is not None
        assert call.talk_ended_at is not None
        assert 0.7 < call.talk_ended_at - call.connected_at < 1.6
    else:
        assert (call.outcome, call.agent) == (CallOutcome.LOST_IN_QUEUE, None)
        assert task is not None
        assert task.call == call.id
        rings = await centre.store.inbound.missed_rings([call.id])
        assert [(ring.agent, ring.reason) for ring in rings] == [("anna", RingReason.NO_ANSWER)]
    assert "found in CEL" in call.note


async def test_a_caller_who_waits_while_the_daemon_is_killed_is_followed_by_the_next(centre: Centre) -> None:
    number = await somebody(centre)
    async with caller(centre, number, SUPPORT) as calling:
        before = await waits(centre, number)
        await centre.daemon.kill()
        await centre.daemon.start()
        (row,) = await centre.ask("callers")
        assert (row["state"], row["line"]) == ("waiting", "support")
        assert row["since"] == pytest.approx(before.waiting_at, abs=0.01)
        await centre.pair.phones.set("vera", Answer(talk=1.0))
        await centre.ready("vera")
        await calling
    call = await ended(centre, number)
    assert (call.waiting_at, call.outcome, call.agent) == (before.waiting_at, CallOutcome.TALKED, "vera")


async def test_a_caller_who_leaves_while_the_daemon_is_dead_is_no_open_call_for_ever(centre: Centre) -> None:
    number = await somebody(centre)
    async with caller(centre, number, SALES):
        before = await waits(centre, number)
        await centre.daemon.kill()
    await centre.daemon.start()
    call = await ended(centre, number)
    assert (call.id, call.outcome) == (before.id, CallOutcome.LOST_IN_QUEUE)
    assert await centre.store.callbacks.open_of(number) is not None
    assert await centre.store.inbound.open_calls() == []


async def test_who_calls_after_hours_is_called_back_when_the_line_opens(centre: Centre) -> None:
    number = await somebody(centre)
    async with caller(centre, number, CLOSED, 40.0) as calling:
        await calling  # the line says when it opens, and hangs up
    call = await ended(centre, number)
    assert (call.line, call.outcome, call.waiting_at) == ("closed", CallOutcome.AFTER_HOURS, None)
    task = await centre.store.callbacks.open_of(number)
    assert task is not None
    assert (task.campaign, task.call) == (PREVIEW, call.id)
    opens = datetime.fromtimestamp(task.due_at, ZoneInfo("Europe/Moscow"))
    assert f"{opens:%a %H:%M}".lower() == f"{in_three_days()} 10:00"
    assert (await centre.lead(number)).due_at == task.due_at
    assert (await centre.ask("status"))["callbacks_due"] == {}


async def test_spam_is_refused_by_the_script_and_stays_in_the_books(centre: Centre) -> None:
    number = await somebody(centre)
    await centre.store.callers.add([ListedCaller(number, CallerClass.SPAM)], 1.0)
    async with caller(centre, number, SALES) as calling:
        await calling
    call = await ended(centre, number)
    assert (call.caller_class, call.outcome) == (CallerClass.SPAM, CallOutcome.REFUSED)
    assert await centre.store.callbacks.page() == []


async def test_the_agent_sees_who_is_a_vip(centre: Centre) -> None:
    number = await somebody(centre)
    await centre.store.callers.add([ListedCaller(number, CallerClass.VIP)], 1.0)
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    async with caller(centre, number, SUPPORT) as calling:
        ring = await centre.rung("vera")
        await calling
    assert ring.caller_name == f"VIP {centre.pair.site.lines['support'].label}"
    assert (await ended(centre, number)).caller_class is CallerClass.VIP


async def test_the_agents_phone_shows_the_callers_number_and_the_line(centre: Centre) -> None:
    number = await somebody(centre)
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    async with caller(centre, number, SUPPORT) as calling:
        ring = await centre.rung("vera")
        await calling
    assert (ring.caller_id, ring.caller_name) == (number, centre.pair.site.lines["support"].label)
