"""Callers who wait: what they hear, whose turn it is, and that nobody loses their place."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from ami_daemon.cel import CelRecord, parse_cel
from lab.behaviour import Behaviour, Kind
from lab.party import Party
from lab.phones import Answer
from lab.sound import seconds_above_silence
from leads.inbound import CallbackKind, NewCallback
from tests.daemon.centre import Centre, until
from tests.daemon.site import BRIEF_LINE, CALLBACKS, CROWDED, HELPDESK, HELPLINE

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

FIRST = "+79035551000"
CALLERS = [f"+7903555100{n}" for n in range(1, 6)]


class Callers:
    """Who calls in, one after the other; each is in the queue before the next comes."""

    def __init__(self, centre: Centre, stack: AsyncExitStack) -> None:
        self.centre, self._stack = centre, stack

    async def come(self, did: str, number: str) -> Party:
        before = await self.waiting()
        caller = await self.dial(did, number)
        await until(partial(self._more_than, before), f"{number} waits", 30.0)
        return caller

    async def dial(self, did: str, number: str) -> Party:
        self.centre.numbers.add(number)
        return await self._stack.enter_async_context(self.centre.pair.city.caller(did, number))

    async def waiting(self) -> int:
        return int((await self.centre.ask("status"))["inbound_waiting"])

    async def _more_than(self, count: int) -> bool:
        return await self.waiting() > count

    async def keep_busy(self, agent: str, did: str) -> None:
        """The agent talks with somebody until they hang up, and has 1 s for all that come after."""
        await self.centre.pair.phones.set(agent, Answer())
        await self.centre.ready(agent)
        await self.dial(did, FIRST)
        await self.centre.comes_to(agent, "talking")
        await self.centre.pair.phones.set(agent, Answer(talk=1.0))


@pytest_asyncio.fixture(loop_scope="session")
async def callers(centre: Centre) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as stack:
        yield Callers(centre, stack)


async def served(centre: Centre, agent: str, count: int) -> list[str]:
    """Who got the agent after the first, in order."""
    await centre.rung(agent, count + 1, 40.0)
    return [ring.caller_id for ring in centre.rings(agent)][1 : count + 1]


async def test_callers_hear_their_place_and_wait_and_are_served_in_the_order_of_arrival(
    centre: Centre, callers: Callers
) -> None:
    await callers.keep_busy("gleb", HELPLINE)
    waiting = [await callers.come(HELPLINE, number) for number in CALLERS[:3]]
    for place, caller in enumerate(waiting, 1):
        await caller.hears(f"place-{place}", 45.0)  # it is told again every 8 s
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 3) == CALLERS[:3]


async def test_an_announcement_ends_when_an_agent_has_the_caller(centre: Centre, callers: Callers) -> None:
    await callers.keep_busy("gleb", HELPLINE)
    caller = await callers.come(HELPLINE, CALLERS[0])
    await caller.hears("place-1", 20.0)
    await centre.pair.phones.set("gleb", Answer())
    await centre.set("gleb", "end_wrap_up")
    await centre.pair.phones.hang_up("gleb")
    await centre.comes_to("gleb", "talking")

    async def nobody_whispers() -> bool:
        return "ChanSpy" not in await centre.pair.ours.console("core show channels concise")

    await until(nobody_whispers, "nobody whispers", 2.0)


async def test_messages_are_heard_between_the_music(centre: Centre, callers: Callers) -> None:
    caller = await callers.come(HELPLINE, CALLERS[0])
    await caller.hears("queue-info", 40.0)


async def test_who_hung_up_and_kept_their_place_is_called_in_their_turn(
    centre: Centre, callers: Callers
) -> None:
    """Two callers, and between them one who asked for a call back: one, two, three."""
    person = await centre.person(Behaviour(Kind.TALKS_ON, 0.5))
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.keep_busy("gleb", HELPLINE)
    await callers.come(HELPLINE, CALLERS[0])
    await centre.store.callbacks.open(asked(person, time.time()), time.time())
    await callers.come(HELPLINE, CALLERS[2])
    await centre.pair.phones.hang_up("gleb")
    await centre.rung("gleb", 4, 60.0)
    order = [ring.caller_id for ring in centre.rings("gleb")][1:4]
    assert order == [CALLERS[0], person, CALLERS[2]]
    assert len(centre.city(person)) == 1


async def test_nobody_is_called_back_before_who_came_earlier_though_an_agent_is_ready(
    centre: Centre, callers: Callers
) -> None:
    person = await centre.person(Behaviour(Kind.TALKS_ON, 0.5))
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.come(HELPLINE, CALLERS[0])
    await centre.store.callbacks.open(asked(person, time.time()), time.time())
    await centre.pair.phones.set("gleb", Answer(talk=1.0))
    await centre.ready("gleb")
    await centre.rung("gleb", 2, 30.0)
    assert [ring.caller_id for ring in centre.rings("gleb")][:2] == [CALLERS[0], person]


def asked(phone: str, since: float) -> NewCallback:
    return NewCallback(
        CallbackKind.ASKED, CALLBACKS, CALLBACKS, phone, HELPDESK, HELPDESK, HELPDESK, f"call-{phone}",
        due_at=since, place_since=since,
    )  # fmt: skip


async def test_a_crowd_goes_to_the_other_group_and_nobody_rings_twice(
    centre: Centre, callers: Callers
) -> None:
    await callers.keep_busy("lev", CROWDED)
    await centre.pair.phones.set("gleb", Answer(talk=1.0))
    await centre.ready("gleb")
    await callers.come(CROWDED, CALLERS[0])
    await callers.dial(CROWDED, CALLERS[1])  # who may be with gleb before anybody sees them wait
    await centre.rung("gleb", 1, 25.0)
    assert [ring.caller_id for ring in centre.rings("gleb")] == [CALLERS[1]]
    await centre.pair.phones.hang_up("lev")
    assert await served(centre, "lev", 1) == [CALLERS[0]]
    assert len(centre.rings("gleb")) == 1


async def test_a_caller_asks_by_key_to_be_called_back_and_keeps_their_place(
    centre: Centre, callers: Callers
) -> None:
    """Three callers; the second presses 1, confirms their number, and is called between the others."""
    await centre.pair.city.behave(CALLERS[1], Behaviour(Kind.TALKS_ON, 0.5))
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.keep_busy("gleb", HELPLINE)
    await callers.come(HELPLINE, CALLERS[0])
    second = await callers.come(HELPLINE, CALLERS[1])
    await callers.come(HELPLINE, CALLERS[2])
    await second.hears("callback-offer", 20.0)
    await second.press("1")
    await second.hears("callback-confirm", 25.0)
    await second.press("1")
    await second.hears("callback-done", 10.0)
    await second.until_over(10.0)
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 3) == CALLERS[:3]
    assert await centre.answered(CALLERS[1])


async def test_who_presses_the_key_while_nobody_may_call_back_is_told_so_and_keeps_the_place(
    centre: Centre, callers: Callers
) -> None:
    """The campaign is stopped."""
    await callers.keep_busy("gleb", HELPLINE)
    first = await callers.come(HELPLINE, CALLERS[0])
    await callers.come(HELPLINE, CALLERS[1])
    await first.hears("place-1", 20.0)
    await first.press("1")
    await first.hears("callback-not-now", 8.0, over_music=True)
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 2) == CALLERS[:2]


async def test_who_asks_and_then_stays_has_lost_no_place(centre: Centre, callers: Callers) -> None:
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.keep_busy("gleb", HELPLINE)
    first = await callers.come(HELPLINE, CALLERS[0])
    await callers.come(HELPLINE, CALLERS[1])
    await first.press("1")
    await first.hears("callback-confirm", 25.0)
    await callers.come(HELPLINE, CALLERS[2])
    await first.press("0")
    await first.hears("callback-stay", 10.0)

    async def three_wait() -> bool:
        return "has 3 calls" in await centre.pair.ours.console("queue show helpdesk")

    await until(three_wait, "the first is back in the queue", 5.0)
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 3) == CALLERS[:3]


async def test_who_is_on_the_do_not_call_list_is_promised_no_call_back(
    centre: Centre, callers: Callers
) -> None:
    await centre.store.do_not_call.add({CALLERS[0]: ""}, "admin", time.time(), {})
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.keep_busy("gleb", HELPLINE)
    listed = await callers.come(HELPLINE, CALLERS[0])
    other = await callers.come(HELPLINE, CALLERS[1])
    await other.hears("callback-offer", 20.0)
    assert "callback-offer" not in listed.heard()
    await listed.press("1")
    await listed.hears("callback-bad-number", 25.0)
    await listed.hears("callback-enter", 10.0)
    assert await centre.store.callbacks.page() == []


async def test_who_waits_when_the_daemon_is_killed_stays_in_line_with_music_and_gets_an_agent(
    centre: Centre, callers: Callers
) -> None:
    await callers.keep_busy("gleb", HELPLINE)
    waiting = [await callers.come(HELPLINE, number) for number in CALLERS[:2]]
    await centre.daemon.kill()
    for caller in waiting:
        await hears_music(caller)
    await waiting[0].hears("queue-info", 40.0)
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 2) == CALLERS[:2]


async def test_a_caller_who_is_being_asked_for_their_number_when_the_daemon_dies_comes_back_to_the_queue(
    centre: Centre, callers: Callers
) -> None:
    """And to the place that they had: the first of two."""
    await centre.ask("campaign", name=CALLBACKS, action="start")
    await callers.keep_busy("gleb", HELPLINE)
    first = await callers.come(HELPLINE, CALLERS[0])
    await callers.come(HELPLINE, CALLERS[1])
    await first.press("1")
    await first.hears("callback-number", 25.0)
    await until(partial(queued, centre, 1), "the first is with the script", 5.0)
    await centre.daemon.kill()
    await until(partial(queued, centre, 2), "the first is back in the queue", 5.0)
    assert not first.over
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 2) == CALLERS[:2]
    assert await centre.store.callbacks.open_of(CALLERS[0]) is None


async def hears_music(caller: Party) -> None:
    begin = len(caller.all_heard)
    await until(lambda: seconds_above_silence(caller.all_heard[begin:]) > 1.5, "music is heard", 6.0)


async def queued(centre: Centre, count: int) -> bool:
    return f"has {count} calls" in await centre.pair.ours.console(f"queue show {HELPDESK}")


async def test_who_comes_to_a_full_queue_is_told_so_and_may_be_called_back(
    centre: Centre, callers: Callers
) -> None:
    await callers.come(BRIEF_LINE, CALLERS[0])
    centre.numbers.add(CALLERS[1])
    async with centre.pair.city.caller(BRIEF_LINE, CALLERS[1]) as second:
        await second.hears("queue-over", 15.0)
        await second.hears("callback-offer", 10.0)
        await second.press("1")
        await second.hears("callback-confirm", 25.0)
        await second.press("1")
        await second.hears("callback-done", 10.0)
        await second.until_over(10.0)
    assert await centre.store.callbacks.open_of(CALLERS[1]) is not None


async def test_the_record_of_calls_names_scripts_without_their_token(
    centre: Centre, callers: Callers
) -> None:
    await callers.come(HELPLINE, CALLERS[0])
    site = centre.pair.site
    record = Path(site.system.asterisk.log_dir) / "cel-custom/perezvon.csv"

    def written() -> list[CelRecord]:
        found = parse_cel(record.read_text(encoding="utf-8").splitlines())
        return [one for one in found if one.kind == "APP_START" and one.application in ("agi", "queue")]

    await until(lambda: {"agi", "queue"} <= {one.application for one in written()}, "both are written")
    assert all(one.data.partition(",")[0] in site.groups for one in written() if one.application == "queue")
    assert site.agi_token not in record.read_text(encoding="utf-8")


async def test_whose_longest_wait_is_over_hears_it_and_a_goodbye(centre: Centre, callers: Callers) -> None:
    caller = await callers.come(BRIEF_LINE, CALLERS[0])
    await caller.hears("queue-over", 25.0)
    await caller.hears("callback-offer", 10.0)
    await caller.hears("goodbye", 30.0)
    await caller.until_over(10.0)


async def test_without_the_daemon_the_longest_wait_ends_with_an_apology(
    centre: Centre, callers: Callers
) -> None:
    assert await centre.daemon.stop() == 0
    try:
        centre.numbers.add(CALLERS[0])
        async with centre.pair.city.caller(BRIEF_LINE, CALLERS[0]) as caller:
            await caller.hears("queue-over", 30.0)
            await caller.hears("goodbye", 10.0)
            await caller.until_over(10.0)
    finally:
        await centre.daemon.start()


@pytest.mark.parametrize("key", ["B", "C", "D"])
async def test_a_caller_who_presses_a_key_of_the_daemons_loses_no_place(
    centre: Centre, callers: Callers, key: str
) -> None:
    await callers.keep_busy("gleb", HELPLINE)
    first = await callers.come(HELPLINE, CALLERS[0])
    await callers.come(HELPLINE, CALLERS[1])
    await first.press(key)
    await callers.come(HELPLINE, CALLERS[2])
    await centre.pair.phones.hang_up("gleb")
    assert await served(centre, "gleb", 3) == CALLERS[:3]
