"""Surveys on real lines: the agent hangs up, and the other one is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.phones import Answer
from lab.sound import read, seconds_above_silence
from leads.lead import Outcome
from leads.surveys import COMMENT, SurveyAnswer
from sounds.catalogue import sounds_dir
from tests.daemon.centre import Centre
from tests.daemon.site import ASKED, ASKED_NUMBER, SHOP, SURVEY

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


async def talks(centre: Centre, talk: float) -> None:
    """Vera is ready, and talks so long."""
    await centre.pair.phones.set("vera", Answer(talk=talk))
    await centre.ready("vera")


async def answers(centre: Centre, number: str) -> dict[str, SurveyAnswer]:
    found = await centre.store.surveys.between(SURVEY, centre.began, centre.began + 3600)
    return {answer.question: answer for answer in found if answer.number == number}


async def test_the_agent_hangs_up_and_the_caller_types_one_and_zero_and_hears_the_thanks(
    centre: Centre,
) -> None:
    number = "+79035551001"
    await talks(centre, 1.0)
    async with centre.pair.city.caller(ASKED_NUMBER, number) as caller:
        await caller.hears("survey-intro", 20.0)
        await caller.hears("survey-quality", at_once=True)
        await caller.press("10")
        await caller.hears("survey-solved", at_once=True)
        await caller.press("1")
        await caller.hears("survey-thanks", at_once=True)
        await caller.until_over()
    given = await answers(centre, number)
    assert {name: answer.mark for name, answer in given.items()} == {"quality": 10, "solved": 1}
    call = given["quality"].call
    for answer in given.values():
        assert (answer.agent, answer.call, answer.group, answer.line) == ("vera", call, "support", ASKED)
    await centre.comes_to("vera", "ready")


async def test_on_another_line_the_agent_sees_its_label_and_the_caller_has_its_survey(centre: Centre) -> None:
    number = "+79035551006"
    await talks(centre, 0.5)
    async with centre.pair.city.caller(SHOP, number) as caller:
        await caller.hears("menu-main", 20.0)
        await caller.press("6")
        assert (await centre.rung("vera")).caller_name == "Asked"
        await caller.hears("survey-quality", 20.0)
        await caller.press("9")
        await caller.hears("survey-solved")
    given = await answers(centre, number)
    assert (given["quality"].mark, given["quality"].line) == (9, ASKED)


async def test_a_low_mark_asks_for_a_comment_which_is_recorded(centre: Centre) -> None:
    number = "+79035551002"
    await talks(centre, 0.5)
    async with centre.pair.city.caller(ASKED_NUMBER, number) as caller:
        await caller.hears("survey-quality", 20.0)
        await caller.press("1#")
        await caller.hears("survey-solved")
        await caller.press("2")
        await caller.hears("survey-comment", at_once=True)
        await asyncio.sleep(0.5)
        await caller.says(sounds_dir() / "ru/greeting.wav")
        await caller.press("#")
        await caller.hears("survey-thanks")
    given = await answers(centre, number)
    assert given["quality"].mark == 1
    recording = given[COMMENT].recording
    assert recording is not None
    assert seconds_above_silence(read(Path(recording))) > 2.0


async def test_who_hangs_up_after_the_first_mark_has_it_kept(centre: Centre) -> None:
    number = "+79035551003"
    await talks(centre, 0.5)
    async with centre.pair.city.caller(ASKED_NUMBER, number) as caller:
        await caller.hears("survey-quality", 20.0)
        await caller.press("7")
        await caller.hears("survey-solved")
    given = await answers(centre, number)
    assert {name: answer.mark for name, answer in given.items()} == {"quality": 7, "solved": None}


async def test_a_caller_who_hangs_up_on_the_agent_is_not_asked(centre: Centre) -> None:
    number = "+79035551004"
    await centre.pair.phones.set("vera", Answer())
    await centre.ready("vera")
    dialed = await centre.pair.city.call_in(ASKED_NUMBER, number, 4.0, keys=[])
    assert dialed.answered
    assert await answers(centre, number) == {}


async def test_a_called_person_is_asked_after_the_talk_which_stays_a_talk(centre: Centre) -> None:
    number = await centre.person()
    await talks(centre, 0.8)
    async with centre.pair.city.person(number) as person:
        await centre.dial(ASKED, [number])
        await person.until_answered()
        await person.hears("survey-quality", 20.0)
        await person.press("9")
        await person.hears("survey-solved")
        await centre.comes_to("vera", "ready", within=15.0)  # free while the other one is asked
        await person.press("0")
        await person.hears("survey-thanks")
        await person.until_over()
    attempt = await centre.ended(number)
    assert attempt.outcome is Outcome.TALKED
    given = await answers(centre, number)
    assert {name: answer.mark for name, answer in given.items()} == {"quality": 9, "solved": None}
    told = given["quality"]
    assert (told.agent, told.call, told.group, told.campaign) == ("vera", attempt.id, "support", ASKED)


async def test_without_the_daemon_the_call_just_ends_after_the_talk(centre: Centre) -> None:
    await talks(centre, 0.5)
    await centre.daemon.stop()
    dialed = await centre.pair.city.call_in(ASKED_NUMBER, "+79035551005", 20.0, keys=[])
    assert dialed.answered
    assert dialed.seconds < 12.0
