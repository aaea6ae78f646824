"""What a forecast knows of a group: who is at work, since when, for whom; and what was learnt."""

from __future__ import annotations

from pathlib import Path

from ami_daemon import events as ami
from ami_daemon.forecast import FRESH, Forecasts
from predictive.wait import AtWork
from tests.ami_daemon.hall import CALLBACKS, IVAN, VERA, WRAP_UP, Hall, a_hall


def forecasts(hall: Hall) -> Forecasts:
    return hall.waiting._forecasts


def at_work(hall: Hall) -> list[AtWork]:
    return forecasts(hall)._at_work("support")


async def test_agents_count_by_what_they_do_and_since_when(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        assert at_work(hall) == [], "who is not signed in is nobody"
        await hall.signs_in(IVAN)
        assert at_work(hall) == [AtWork(free_in=0.0, wrap_up=WRAP_UP)]
        await hall.comes("a")
        await hall.talks(IVAN, "a")
        hall.now += 30
        assert at_work(hall) == [AtWork(talking=30.0, wrap_up=WRAP_UP)]
        await hall.talk_ends(IVAN, "a")
        hall.now += 5
        assert at_work(hall) == [AtWork(free_in=WRAP_UP - 5.0, wrap_up=WRAP_UP)]
        hall.now += 20
        hall.daemon.board.tick(hall.now)
        await hall.paused(IVAN, "lunch")
        hall.now += 100
        assert at_work(hall) == [AtWork(away=100.0, wrap_up=WRAP_UP)]


async def test_a_ring_for_another_groups_caller_is_as_good_as_a_talk(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        await hall.signs_in(IVAN)
        await hall.signs_in(VERA)
        await hall.comes("ours")
        await hall.comes("theirs", "sales")
        await hall.rings(IVAN, "ours")
        await hall.rings(VERA, "theirs", "sales")
        ivan, vera = at_work(hall)
        assert (ivan.free_in, ivan.talking) == (0.0, None)
        assert (vera.free_in, vera.talking) == (None, 0.0)


async def test_an_agent_of_two_groups_is_shared_as_callers_wait_in_both(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        await hall.signs_in(IVAN)
        await hall.signs_in(IVAN, "sales")
        await hall.comes("ours")
        for channel in "xyz":
            await hall.comes(channel, "sales")
        assert [agent.share for agent in at_work(hall)] == [0.25]


async def test_nothing_is_promised_when_nobody_is_signed_in_or_all_are_on_a_break(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        assert await forecasts(hall).forecast("support", 1) is None
        await hall.signs_in(IVAN)
        await hall.paused(IVAN, "lunch")
        hall.now += FRESH + 1
        assert await forecasts(hall).forecast("support", 1) is None
        await hall.signs_in(VERA)
        hall.now += FRESH + 1
        assert await forecasts(hall).forecast("support", 1) is not None


async def test_who_signs_out_during_their_last_talk_is_waited_for_by_nobody(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        await hall.signs_in(IVAN)
        await hall.comes("with")
        await hall.talks(IVAN, "with")
        assert await forecasts(hall).forecast("support", 1) is not None
        await hall.signs_out(IVAN)
        hall.now += FRESH + 1
        assert await forecasts(hall).forecast("support", 1) is None


async def test_a_forecast_is_made_anew_when_it_is_old_or_too_short(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        await hall.signs_in(IVAN)
        first = await forecasts(hall).forecast("support", 1)
        hall.now += FRESH
        assert await forecasts(hall).forecast("support", 1) is first
        longer = await forecasts(hall).forecast("support", 5)
        assert longer is not None
        assert len(longer.waits) >= 5
        hall.now += FRESH + 1
        assert await forecasts(hall).forecast("support", 1) is not longer


async def test_lengths_of_talks_are_learnt_as_they_happen_and_from_the_last_days(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        await hall.signs_in(IVAN)
        for n in range(30):
            await hall.comes(f"c{n}")
            await hall.talks(IVAN, f"c{n}")
            await hall.passes(10.0)
            await hall.talk_ends(IVAN, f"c{n}")
            await hall.passes(WRAP_UP + 1.0)
        await hall.comes("with")
        await hall.talks(IVAN, "with")
        learnt = await forecasts(hall).forecast("support", 1)
        assert learnt is not None
        # As new, a talk of three minutes is reckoned with.
        assert learnt.median(1) < 60.0

    async with a_hall(tmp_path / "later") as hall:
        at = hall.now - 86400
        for _ in range(60):
            await hall.store.agent_states.enter(IVAN, "talking", "", at)
            await hall.store.agent_states.enter(IVAN, "ready", "", at + 10)
            at += 60
        await hall.signs_in(IVAN)
        await hall.comes("with")
        await hall.talks(IVAN, "with")
        unread = await forecasts(hall).forecast("support", 1)
        assert unread is not None
        assert unread.median(1) > 60.0
        await forecasts(hall).read()
        hall.now += FRESH + 1
        read = await forecasts(hall).forecast("support", 1)
        assert read is not None
        assert read.median(1) < 60.0


async def test_who_hangs_up_gave_up_and_who_is_served_or_only_led_out_did_not(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support={"callback": CALLBACKS}) as hall:
        laws = forecasts(hall)._laws["support"]
        await hall.signs_in(IVAN)
        for channel in ("served", "out", "gone"):
            await hall.comes(channel)
        await hall.talks(IVAN, "served")
        await hall.handle(ami.QueueCallerLeave(hall.now, "out", "support", 1))
        assert laws.gives_up == 0.0
        await hall.handle(ami.QueueCallerLeave(hall.now, "gone", "support", 0))
        await hall.handle(ami.Hangup(hall.now, "PJSIP/gone", "", "", "gone", "gone", 16, ""))
        assert laws.gives_up > 0.0


async def test_a_break_counts_and_a_pause_for_a_preview_call_does_not(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        laws = forecasts(hall)._laws["support"]
        await hall.signs_in(IVAN)
        hall.daemon.board.reserve(IVAN, "0123456789abcd01")
        await hall.paused(IVAN, "preview")
        assert laws.break_share == 0.0
        await hall.paused(IVAN, "")
        await hall.paused(IVAN, "lunch")
        assert laws.break_share > 0.0


async def test_who_comes_in_before_others_is_of_a_higher_priority(tmp_path: Path) -> None:
    async with a_hall(tmp_path) as hall:
        laws = forecasts(hall)._laws["support"]
        await hall.comes("a")
        hall.now += 1
        await hall.comes("b")
        await hall.passes(60.0)
        assert laws.higher.per_second == 0.0
        await hall.handle(ami.QueueCallerJoin(hall.now, "PJSIP/vip", "vip", "support", 1, 3))
        await hall.passes(1.0)
        assert laws.higher.per_second > 0.0


async def test_the_line_has_those_who_hung_up_and_keep_a_place(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support={"callback": CALLBACKS}) as hall:
        await hall.comes("a")
        task = await hall.keeps_a_place("+79035551001", hall.now + 1)
        hall.now += 2
        await hall.comes("b")
        await hall.daemon.hold.look()
        assert [one.channel or one.task for one in forecasts(hall).line("support")] == ["a", task, "b"]
