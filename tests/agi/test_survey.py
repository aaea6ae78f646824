"""A survey on paper: keys in, prompts and stored answers out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agi.comments import forget_old
from agi.desk import Desk
from agi.paper import HANGS_UP, PaperSession
from agi.scripts import survey
from agi.session import CallFacts, HungUp, Variable, places
from cli.demo_world import demo_site
from config.load import load_site
from config.secrets import create_missing
from leads.surveys import COMMENT, SurveyAnswer
from store import open_store
from tests.migrated import new_database

DAY = 86400.0
ASKED = {Variable.LINE: "main", Variable.GROUP: "sales", Variable.AGENT: "ivan"}
SURVEY = """
title: Quality
questions:
  quality: { prompt: survey-quality, follow_up: { up_to: 6, question: solved } }
  solved: { prompt: survey-solved, scale: 2 }
  recommend: { prompt: survey-recommend }
comment: { up_to: 8 }
"""
LONGEST = ["5", "2", "10", ""]
"""Answers by which everything is asked, a comment too."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = demo_site(tmp_path / "site")
    create_missing(folder)
    (folder / "surveys").mkdir(exist_ok=True)
    (folder / "surveys/quality.yaml").write_text(SURVEY)
    async with open_store(new_database(tmp_path / "p.db")) as store:
        yield Desk(load_site(folder), store, lambda: 1000.0)


def caller(desk: Desk, *answers: str, **how: object) -> PaperSession:
    call = CallFacts("1795723836.18", number="+79031112233", args=("quality",))
    how.setdefault("variables", ASKED)
    return PaperSession(call, places(desk.site), answers, **how)  # type: ignore[arg-type]


async def stored(desk: Desk) -> list[SurveyAnswer]:
    return await desk.store.surveys.between("quality", 0.0, 2000.0)


async def marks(desk: Desk) -> dict[str, int | None]:
    return {answer.question: answer.mark for answer in await stored(desk)}


INTRO, THANKS, WRONG = "survey-intro", "survey-thanks", "wrong-key"
Q, S, R, C = "survey-quality", "survey-solved", "survey-recommend", "survey-comment"


@pytest.mark.parametrize(
    ("answers", "heard", "kept"),
    [
        pytest.param(["10", "9"], [Q, R], [10, 9], id="ten-is-one-and-zero"),
        pytest.param(["1", "", "1", "9"], [Q, S, R, C], [1, 1, 9], id="one"),
        pytest.param(["1#", "1", "9"], [Q, S, R, C], [1, 1, 9], id="one-hash"),
        pytest.param(["6", "2", "8"], [Q, S, R, C], [6, 2, 8], id="follow-up"),
        pytest.param(["7", "8"], [Q, R, C], [7, 8], id="no-follow-up-but-a-comment"),
        pytest.param(["9", "10"], [Q, R], [9, 10], id="satisfied-no-comment"),
        pytest.param(["0", "10"], [Q, R], [None, 10], id="zero-is-no-mark"),
        pytest.param(["*", "9", "9"], [Q, Q, R], [9, 9], id="star-repeats"),
        pytest.param(["15", "9", "9"], [Q, WRONG, R], [9, 9], id="fifteen-is-no-mark"),
        pytest.param(["5", "3", "1", "9"], [Q, S, WRONG, R, C], [5, 1, 9], id="three-of-two"),
        pytest.param(["", "9", "9"], [Q, Q, R], [9, 9], id="silence-then-a-mark"),
        pytest.param([], [Q, Q], [None], id="silence"),
        pytest.param(["#", "#"], [Q, Q], [None], id="hash-is-no-answer"),
        pytest.param(["A", "D"], [Q, Q], [None], id="letters-are-no-answer"),
        pytest.param(["9", ""], [Q, R, R], [9, None], id="silence-at-the-second"),
        pytest.param(["15", "15", "15"], [Q, WRONG, WRONG], [None], id="never-a-mark"),
        pytest.param(["***"], [Q, Q, Q], [None], id="repeats-have-an-end"),
    ],
)  # fmt: skip
async def test_what_is_pressed_what_is_heard_and_what_is_kept(
    desk: Desk, answers: list[str], heard: list[str], kept: list[int | None]
) -> None:
    on_paper = caller(desk, *answers)
    await survey.run(on_paper, desk)
    assert on_paper.heard == [INTRO, *heard, THANKS]
    assert [answer.mark for answer in await stored(desk) if answer.question != COMMENT] == kept


async def test_agent_call_group_and_line_stand_on_every_answer(desk: Desk) -> None:
    await survey.run(caller(desk, *LONGEST, folder=None), desk)
    answers = await stored(desk)
    assert [answer.question for answer in answers] == ["quality", "solved", "recommend", COMMENT]
    for answer in answers:
        assert (answer.call, answer.agent, answer.group, answer.line, answer.number, answer.at) == (
            "1795723836.18", "ivan", "sales", "main", "+79031112233", 1000.0,
        )  # fmt: skip


async def test_a_spoken_comment_is_kept_under_its_calls_name(desk: Desk, tmp_path: Path) -> None:
    await survey.run(caller(desk, *LONGEST, folder=tmp_path), desk)
    [comment] = [answer for answer in await stored(desk) if answer.question == COMMENT]
    assert comment.recording == str(tmp_path / "comment-1795723836-18.wav")
    assert Path(comment.recording).is_file()


async def test_who_says_nothing_leaves_no_recording(desk: Desk, tmp_path: Path) -> None:
    await survey.run(caller(desk, *LONGEST, folder=tmp_path, speaks=0.0), desk)
    assert [answer.recording for answer in await stored(desk)] == [None] * 4


async def test_who_hangs_up_while_they_speak_has_their_comment_kept(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(HungUp):
        await survey.run(caller(desk, "5", "2", "9", HANGS_UP, folder=tmp_path), desk)
    assert [answer.recording is not None for answer in await stored(desk)] == [False, False, False, True]


async def test_a_hang_up_at_any_step_keeps_what_was_answered_before(desk: Desk, tmp_path: Path) -> None:
    whole = caller(desk, *LONGEST, folder=tmp_path)
    await survey.run(whole, desk)
    everything = await marks(desk)
    kept: list[int] = []
    for step in range(1, whole.steps + 1):
        async with open_store(new_database(tmp_path / f"{step}.db")) as store:
            here = Desk(desk.site, store, desk.clock)
            with pytest.raises(HungUp):
                await survey.run(caller(here, *LONGEST, folder=tmp_path, hang_up_at=step), here)
            found = await marks(here)
            given = {name: mark for name, mark in found.items() if mark is not None}
            assert given.items() <= everything.items(), step
            assert list(found) == list(everything)[: len(found)], step
            kept.append(len(given))
    assert kept == sorted(kept)
    assert kept[0] == 0
    assert kept[-1] == 3


async def test_colleagues_are_not_asked_and_do_not_enter_the_figures(desk: Desk) -> None:
    colleague = caller(desk, *LONGEST, variables={**ASKED, Variable.CALLER_CLASS: "colleague"})
    await survey.run(colleague, desk)
    assert colleague.heard == []
    assert await stored(desk) == []


async def test_a_survey_that_the_site_does_not_have_ends_the_call_cleanly(desk: Desk) -> None:
    lost = PaperSession(CallFacts("1.1", args=("gone",)), places(desk.site))
    await survey.run(lost, desk)
    assert lost.table == []


async def test_a_comment_is_deleted_when_its_time_is_over_and_the_answer_stays(
    desk: Desk, tmp_path: Path
) -> None:
    await survey.run(caller(desk, *LONGEST, folder=tmp_path), desk)
    [file] = tmp_path.glob("comment-*.wav")
    before, after = 1000.0 + 90 * DAY, 1000.0 + 90 * DAY + 1
    assert await forget_old(replace(desk, clock=lambda: before)) == 0
    assert file.exists()
    assert await forget_old(replace(desk, clock=lambda: after)) == 1
    assert not file.exists()
    assert [answer.recording for answer in await stored(desk)] == [None] * 4
    assert await forget_old(replace(desk, clock=lambda: after)) == 0


async def test_a_comment_that_cannot_be_deleted_is_tried_again(desk: Desk, tmp_path: Path) -> None:
    await survey.run(caller(desk, *LONGEST, folder=tmp_path), desk)
    [file] = tmp_path.glob("comment-*.wav")
    file.unlink()
    file.mkdir()  # unlink() fails on a folder
    later = replace(desk, clock=lambda: 1000.0 + 91 * DAY)
    assert await forget_old(later) == 0
    file.rmdir()
    assert await forget_old(later) == 1
