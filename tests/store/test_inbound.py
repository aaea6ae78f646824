"""The books of calls that came in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leads.inbound import (
    CallbackKind,
    CallbackState,
    CallerClass,
    CallOutcome,
    InboundCall,
    NewCallback,
    RingReason,
)
from store import ListedCaller, MissedRing, Store, UnknownCall

ANNA, CALL = "+79031110001", "1700000000.7"


def back(call: InboundCall) -> NewCallback:
    assert call.number is not None
    return NewCallback(
        CallbackKind.MISSED, "back", "backs", call.number, call.line, "Main", "sales", call.id, 99.0
    )


async def test_a_call_is_written_step_by_step_and_the_first_time_told_stays(store: Store) -> None:
    books = store.inbound
    came = await books.arrive(CALL, "main", ANNA, 10.0)
    assert came == InboundCall(CALL, "main", ANNA, CallerClass.CLIENT, None, 10.0)
    assert await books.arrive(CALL, "other", None, 11.0) == came, "told twice"
    assert await books.open_calls() == [came]
    await books.wait(CALL, "sales", 12.0)
    await books.wait(CALL, "support", 15.0)
    await books.tell_wait(CALL, 60.0)
    await books.tell_wait(CALL, 90.0)
    await books.connect(CALL, "vera", 20.0)
    await books.connect(CALL, "lev", 21.0)
    await books.talk_over(CALL, 50.0)
    ended = await books.end(CALL, 55.0)
    assert ended == InboundCall(
        CALL, "main", ANNA, CallerClass.CLIENT, "support", 10.0, 12.0, 60.0, 20.0, 50.0, 55.0, "vera",
        CallOutcome.TALKED,
    )  # fmt: skip
    assert ended.waited == 8.0
    assert await books.get(CALL) == ended
    assert await books.end(CALL, 70.0) is None, "a call ends once"
    assert await books.open_calls() == []
    assert await books.ended([CALL, "9.9"]) == {CALL}
    assert await books.last_arrival() == 10.0


@pytest.mark.parametrize(
    ("waits", "tells", "outcome"),
    [
        (False, None, CallOutcome.LEFT_IN_MENU),
        (True, None, CallOutcome.LOST_IN_QUEUE),
        (False, CallOutcome.AFTER_HOURS, CallOutcome.AFTER_HOURS),
        (True, CallOutcome.CALLBACK_ASKED, CallOutcome.CALLBACK_ASKED),
    ],
)
async def test_how_a_call_ended_follows_from_what_was_told_of_it(
    store: Store, waits: bool, tells: CallOutcome | None, outcome: CallOutcome
) -> None:
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)
    if waits:
        await store.inbound.wait(CALL, "sales", 11.0)
    if tells:
        await store.inbound.tell(CALL, tells)
    ended = await store.inbound.end(CALL, 20.0)
    assert ended is not None
    assert (ended.outcome, ended.talk_ended_at) == (outcome, None)


async def test_who_served_themselves_and_then_asked_for_an_agent_in_vain_is_lost(store: Store) -> None:
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)
    await store.inbound.tell(CALL, CallOutcome.SELF_SERVED)
    await store.inbound.wait(CALL, "sales", 11.0)
    ended = await store.inbound.end(CALL, 20.0)
    assert ended is not None
    assert ended.outcome is CallOutcome.LOST_IN_QUEUE


async def test_a_script_may_tell_after_the_end_but_never_against_a_talk(store: Store) -> None:
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)
    await store.inbound.wait(CALL, "sales", 11.0)
    await store.inbound.end(CALL, 20.0)
    await store.inbound.tell(CALL, CallOutcome.CALLBACK_ASKED)
    call = await store.inbound.get(CALL)
    assert call is not None
    assert (call.outcome, call.ended_at) == (CallOutcome.CALLBACK_ASKED, 20.0)
    await store.inbound.arrive("8.8", "main", ANNA, 30.0)
    await store.inbound.connect("8.8", "vera", 31.0)
    await store.inbound.tell("8.8", CallOutcome.SELF_SERVED)
    talked = await store.inbound.end("8.8", 40.0)
    assert talked is not None
    assert (talked.outcome, talked.talk_ended_at) == (CallOutcome.TALKED, 40.0)


async def test_what_nobody_saw_end_is_in_doubt_unless_something_was_known(store: Store) -> None:
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)
    ended = await store.inbound.end(CALL, 20.0, in_doubt=True, note="nothing proves it")
    assert ended is not None
    assert (ended.outcome, ended.note) == (CallOutcome.IN_DOUBT, "nothing proves it")
    await store.inbound.arrive("8.8", "main", ANNA, 10.0)
    await store.inbound.connect("8.8", "vera", 11.0)
    ended = await store.inbound.end("8.8", 20.0, in_doubt=True)
    assert ended is not None
    assert ended.outcome is CallOutcome.TALKED


async def test_the_class_is_that_of_the_moment_when_the_call_came(store: Store) -> None:
    await store.callers.add([ListedCaller(ANNA, CallerClass.VIP)], 1.0)
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)
    await store.callers.remove([ANNA])
    await store.inbound.arrive("8.8", "main", ANNA, 20.0)
    await store.inbound.arrive("9.9", "main", None, 30.0)
    classes = [call.caller_class for call in await store.inbound.between(0.0, 99.0)]
    assert classes == [CallerClass.VIP, CallerClass.CLIENT, CallerClass.CLIENT]


async def test_the_end_of_a_missed_call_and_its_task_are_one_write(store: Store) -> None:
    await store.inbound.arrive(CALL, "main", ANNA, 10.0)

    def broken(_call: InboundCall) -> NewCallback:
        raise RuntimeError("no rule")

    with pytest.raises(RuntimeError):
        await store.inbound.end(CALL, 20.0, broken)
    assert [call.id for call in await store.inbound.open_calls()] == [CALL], "neither end nor task"
    await store.inbound.end(CALL, 20.0, back)
    task = await store.callbacks.open_of(ANNA)
    assert task is not None
    assert (task.call, task.created_at, task.due_at) == (CALL, 20.0, 99.0)


async def test_a_caller_who_reaches_an_agent_needs_no_call_back(store: Store) -> None:
    await store.inbound.arrive("1.1", "main", ANNA, 1.0)
    await store.inbound.end("1.1", 2.0, back)
    await store.inbound.arrive(CALL, "support", ANNA, 10.0)
    await store.inbound.connect(CALL, "vera", 12.0)
    [task] = await store.callbacks.page([CallbackState.DONE])
    assert (task.closed_by, task.closed_at) == (CALL, 12.0)


async def test_phones_that_rang_in_vain_are_kept_with_the_reason(store: Store) -> None:
    rings = [
        MissedRing(CALL, "vera", "sales", 15.0, 3.0, RingReason.NO_ANSWER),
        MissedRing(CALL, "lev", "sales", 12.0, 0.1, RingReason.BUSY),
    ]
    for ring in rings:
        await store.inbound.miss(ring)
    await store.inbound.miss(replace(rings[0], call="8.8"))
    assert await store.inbound.missed_rings([CALL]) == [rings[1], rings[0]]


async def test_calls_of_a_period_by_line_and_group(store: Store) -> None:
    for n, line in enumerate(["main", "main", "shop"]):
        await store.inbound.arrive(f"{n}", line, None, 10.0 * n)
        await store.inbound.wait(f"{n}", f"{line}s", 10.0 * n)
    assert [c.id for c in await store.inbound.between(10.0, 20.0)] == ["1"]
    assert [c.id for c in await store.inbound.between(0.0, 30.0, line="shop")] == ["2"]
    assert [c.id for c in await store.inbound.between(0.0, 30.0, group="mains")] == ["0", "1"]


async def test_what_is_told_of_an_unknown_call_is_an_error(store: Store) -> None:
    with pytest.raises(UnknownCall, match=r"no call 1\.2"):
        await store.inbound.wait("1.2", "sales", 1.0)
    with pytest.raises(ValueError, match="talked is not for a script to tell"):
        await store.inbound.tell(CALL, CallOutcome.TALKED)
    assert await store.inbound.connect("1.2", "vera", 1.0) is None
