"""Figures of surveys, and what keys mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.models import Survey
from leads.surveys import COMMENT, Figures, NotOnTheScale, SurveyAnswer, mark_of, next_question, report

SURVEY = Survey.model_validate(
    {
        "title": "Quality",
        "questions": {
            "quality": {"prompt": "a", "follow_up": {"up_to": 6, "question": "why"}},
            "why": {"prompt": "b", "scale": 5, "follow_up": {"up_to": 5, "question": "quality"}},
            "solved": {"prompt": "c", "scale": 2},
        },
    }
)


def answer(question: str, mark: int | None, agent: str = "ivan") -> SurveyAnswer:
    return SurveyAnswer("quality", "1.1", question, 0.0, mark, agent=agent)


def test_the_figures_are_rate_mean_and_share_of_nine_and_ten() -> None:
    marks = [10, 9, 8, 3, None, None]
    answers = [answer("quality", mark) for mark in marks] + [
        answer("solved", 2),
        answer("quality", None, "vera"),
    ]
    answers.append(answer(COMMENT, None))
    assert report(SURVEY, answers, lambda one: one.agent) == [
        Figures("ivan", "quality", 6, 4, 4 / 6, 7.5, 0.5),
        Figures("ivan", "solved", 1, 1, 1.0, 2.0, None),
        Figures("vera", "quality", 1, 0, 0.0, None, None),
    ]


@given(st.text("0123456789*#ABCD", min_size=1, max_size=3), st.sampled_from([2, 3, 5, 10]))
def test_a_mark_is_on_its_scale_or_it_is_none(keys: str, scale: int) -> None:
    try:
        mark = mark_of(keys, scale)
    except NotOnTheScale:
        assert keys not in {str(n) for n in range(scale + 1)}
    else:
        assert keys == str(mark or 0)
        assert mark is None or 1 <= mark <= scale


@given(st.dictionaries(st.sampled_from(["quality", "why", "solved"]), st.integers(1, 10) | st.none()))
def test_a_survey_has_an_end_even_where_its_follow_ups_go_in_a_circle(first: dict[str, int | None]) -> None:
    asked = dict(first)
    while (name := next_question(SURVEY, asked)) is not None:
        assert name not in asked
        asked[name] = 1
    assert len(asked) <= 3
