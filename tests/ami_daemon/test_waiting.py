"""Whom the daemon speaks to while they wait, whom it leads out of a queue, and whom it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ami_daemon import events as ami
from store import CampaignState
from tests.ami_daemon.hall import CALLBACKS, IVAN, VERA, Hall, a_hall

TOLD: dict[str, object] = {"announce_every": "30s"}
OFFERED: dict[str, object] = {"callback": CALLBACKS, "callback_key": "1"}


def whom(hall: Hall) -> list[str]:
    return [channel for channel, _ in hall.whispers()]


async def one_talks(hall: Hall) -> None:
    """Ivan talks, so that who comes next waits."""
    await hall.signs_in(IVAN)
    await hall.comes("first")
    await hall.talks(IVAN, "first")


async def test_each_caller_hears_their_own_place_once_they_have_settled_and_again_when_it_is_time(
    tmp_path: Path,
) -> None:
    async with a_hall(tmp_path, support=TOLD) as hall:
        await one_talks(hall)
        await hall.comes("a")
        await hall.comes("b")
        await hall.passes(0.5)
        assert hall.whispers() == []
        await hall.passes(0.5)
        (a, (place, wait)), (b, (next_place, next_wait)) = hall.whispers()
        assert (a, place, b, next_place) == ("a", "ru/place-1", "b", "ru/place-2")
        assert wait.startswith("ru/wait-")
        assert next_wait.startswith("ru/wait-")
        await hall.passes(29.0)
        assert whom(hall) == []
        await hall.passes(1.0)
        assert whom(hall) == ["a", "b"]


async def test_what_was_told_is_in_the_books(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=TOLD) as hall:
        await one_talks(hall)
        await hall.store.inbound.arrive("a", "support", None, hall.now)
        await hall.comes("a")
        await hall.passes(1.0)
        call = await hall.store.inbound.get("a")
        assert call is not None
        assert call.told_wait is not None
        assert call.told_wait > 0


async def test_the_place_counts_those_who_hung_up_and_keep_theirs(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=TOLD | OFFERED) as hall:
        await one_talks(hall)
        await hall.keeps_a_place("+79035551001", since=hall.now - 5)
        await hall.daemon.hold.look()
        await hall.comes("a")
        await hall.passes(1.0)
        assert [said[0] for _, said in hall.whispers()] == ["ru/place-2"]


async def test_when_nobody_is_at_work_no_place_and_no_wait_is_promised(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=TOLD) as hall:
        await hall.signs_in(IVAN)
        await hall.paused(IVAN, "lunch")
        await hall.store.inbound.arrive("a", "support", None, hall.now)
        await hall.comes("a")
        await hall.passes(1.0)
        assert hall.whispers() == [("a", ["ru/queue-busy"])]
        call = await hall.store.inbound.get("a")
        assert call is not None
        assert call.told_wait is None


async def test_nobody_is_spoken_to_where_nothing_is_to_be_said(tmp_path: Path) -> None:
    """No announcements in the group; a caller whose agent's phone rings; people whom we called; who left."""
    async with a_hall(tmp_path, support=TOLD) as hall:
        await one_talks(hall)
        await hall.comes("elsewhere", "sales")
        await hall.comes("rung")
        await hall.comes(f"{hall.daemon.board.prefix}0123456789abcd01")
        await hall.comes("gone")
        await hall.signs_in(VERA)
        await hall.rings(VERA, "rung")
        await hall.handle(ami.QueueCallerLeave(hall.now, "gone", "support", 0))
        await hall.passes(1.0)
        assert whom(hall) == []


async def test_nothing_is_said_over_a_message_nor_when_one_is_due(tmp_path: Path) -> None:
    messages = {**TOLD, "messages": ["queue-info"], "messages_every": "50s"}
    async with a_hall(tmp_path, support=messages) as hall:
        await one_talks(hall)
        await hall.comes("a")
        await hall.passes(2.0)
        assert whom(hall) == [], "no music yet"
        hall.waiting._music("a", hall.now)
        await hall.passes(36.0)
        assert whom(hall) == [], "a message is due"
        hall.waiting._music("a", None)
        await hall.passes(20.0)
        hall.waiting._music("a", hall.now)
        await hall.passes(1.0)
        assert whom(hall) == ["a"]


async def test_a_caller_is_told_in_the_language_of_their_call(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=TOLD) as hall:
        await one_talks(hall)
        hall.language = "en"
        await hall.comes("a")
        await hall.passes(1.0)
        assert [said[0] for _, said in hall.whispers()] == ["en/place-1"]


async def test_the_whisper_ends_when_an_agent_has_the_caller(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=TOLD) as hall:
        await one_talks(hall)
        await hall.comes("a")
        await hall.passes(1.0)
        [whisper] = [headers["ChannelId"] for name, headers in hall.asked if name == "Originate"]
        await hall.signs_in(VERA)
        await hall.talks(VERA, "a")
        assert ("Hangup", {"Channel": whisper}) in hall.asked


# -- the key ---------------------------------------------------------------------------------------


async def test_the_key_leads_a_waiting_caller_to_the_script_with_the_place_that_they_have(
    tmp_path: Path,
) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.comes("a")
        await hall.comes("b")
        await hall.presses("b", "1")
        assert hall.led_out() == [("b", "C", "support")]
        assert ("Setvar", {"Channel": "b", "Variable": "PZ_PLACE", "Value": "2"}) in hall.asked


async def test_other_keys_other_channels_and_what_we_press_ourselves_lead_nowhere(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.comes("a")
        await hall.comes("elsewhere", "sales")
        await hall.presses("a", "2")
        await hall.presses("a", "1", "Sent")
        await hall.presses("elsewhere", "1")
        await hall.presses("nobody", "1")
        assert hall.asked == []


async def test_who_presses_the_key_while_nobody_may_call_back_is_told_so(tmp_path: Path) -> None:
    """And as often as they press it, one at a time; where a group never calls back the key means nothing."""
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.daemon.dialer.set_state(CALLBACKS, CampaignState.PAUSED, "test")
        await hall.comes("a")
        await hall.presses("a", "1")
        [first] = [headers["ChannelId"] for name, headers in hall.asked if name == "Originate"]
        assert hall.whispers() == [("a", ["ru/callback-not-now"])]
        await hall.presses("a", "1")
        assert ("Hangup", {"Channel": first}) in hall.asked
        assert hall.whispers() == [("a", ["ru/callback-not-now"])]
        await hall.daemon.dialer.set_state(CALLBACKS, CampaignState.RUNNING, "test")
        hall.now += 12 * 3600  # midnight in Moscow
        await hall.presses("a", "1")
        assert hall.whispers() == [("a", ["ru/callback-not-now"])]
        assert hall.led_out() == []


async def test_a_call_back_is_offered_while_its_campaign_may_call_and_not_else(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=OFFERED) as hall:
        await hall.comes("a")
        await hall.passes(1.0)
        assert hall.whispers() == [("a", ["ru/callback-offer", "ru/digit-1", "ru/callback-promise"])]
        await hall.daemon.dialer.set_state(CALLBACKS, CampaignState.STOPPED, "test")
        await hall.comes("b")
        await hall.passes(1.0)
        assert hall.whispers() == []


# -- surge -----------------------------------------------------------------------------------------


def surging(**rule: object) -> dict[str, object]:
    return {"surge": {"group": "sales", **rule}}


async def test_the_last_go_to_the_other_group_from_so_many_on(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=surging(waiting=2)) as hall:
        await one_talks(hall)
        await hall.signs_in(VERA, "sales")
        await hall.comes("a")
        await hall.passes(1.0)
        assert hall.led_out() == []
        await hall.comes("b")
        await hall.passes(1.0)
        assert hall.led_out() == [("b", "B", "sales")]
        await hall.passes(1.0)
        assert hall.led_out() == [("b", "B", "sales")], "nobody is moved twice"


@pytest.mark.parametrize(("wait", "moved"), [("30s", ["b", "a"]), ("1h", [])])
async def test_they_go_when_the_expected_wait_reaches_the_rule(
    tmp_path: Path, wait: str, moved: list[str]
) -> None:
    """One agent talks for three minutes, as far as anybody knows."""
    async with a_hall(tmp_path, support=surging(wait=wait)) as hall:
        await one_talks(hall)
        await hall.signs_in(VERA, "sales")
        await hall.comes("a")
        await hall.comes("b")
        await hall.passes(1.0)
        assert [channel for channel, _, _ in hall.led_out()] == moved


async def test_they_go_when_nobody_is_at_work_here_and_stay_when_nobody_is_there(tmp_path: Path) -> None:
    async with a_hall(tmp_path, support=surging(wait="5m")) as hall:
        await hall.comes("a")
        await hall.passes(3.0)
        assert hall.led_out() == []
        await hall.signs_in(VERA, "sales")
        await hall.passes(3.0)
        assert hall.led_out() == [("a", "B", "sales")]


@pytest.mark.parametrize("limit", [1, 20])
async def test_nobody_goes_where_they_would_wait_longer_or_where_it_is_full(
    tmp_path: Path, limit: int
) -> None:
    there: dict[str, object] = {"max_waiting": limit}
    async with a_hall(tmp_path, support=surging(waiting=1), sales=there) as hall:
        await one_talks(hall)
        await hall.signs_in(VERA, "sales")
        await hall.comes("x", "sales")
        if limit == 20:
            await hall.talks(VERA, "x", "sales")
            await hall.comes("y", "sales")
        await hall.comes("a")
        await hall.passes(1.0)
        assert hall.led_out() == []
