"""Surveys: what is asked next, what keys mean, and the figures. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from config.models import Survey

COMMENT = ":comment"
"""Stands for a question's name where the answer is the spoken comment; no question can be called so."""
TOP = (9, 10)
"""Marks of the satisfied, on a scale of ten."""
NO_MARK = "0"


class NotOnTheScale(ValueError):
    """The keys are no mark of this question."""


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One question of one call: asked `at`, epoch seconds.

    `mark` is None while none was given, by 0 or by silence; `recording` is the file of a spoken comment.
    `call` is the channel's id, or the attempt's of a call that we placed. "" where there is none.
    """

    survey: str
    call: str
    question: str
    at: float
    mark: int | None = None
    recording: str | None = None
    line: str = ""
    group: str = ""
    campaign: str = ""
    agent: str = ""
    number: str | None = None


def next_question(survey: Survey, given: dict[str, int | None]) -> str | None:
    """What is asked after these answers, in the order given (None: no mark); None: nothing more."""
    if given:
        last = next(reversed(given))
        follow = survey.questions[last].follow_up
        mark = given[last]
        if follow and mark is not None and mark <= follow.up_to and follow.question not in given:
            return follow.question
    after = {question.follow_up.question for question in survey.questions.values() if question.follow_up}
    return next((name for name in survey.questions if name not in given and name not in after), None)


def wants_comment(survey: Survey, given: dict[str, int | None]) -> bool:
    """Whether a spoken comment is asked for after these answers."""
    if survey.comment is None or not given:
        return False
    first = next(iter(given.values()))
    up_to = survey.comment.up_to
    return up_to is None or (first is not None and first <= up_to)


def mark_of(keys: str, scale: int) -> int | None:
    """The mark of these keys; None for 0, which is no mark. Raises `NotOnTheScale`."""
    if keys == NO_MARK:
        return None
    if not keys.isdecimal() or keys.startswith(NO_MARK) or int(keys) > scale:
        raise NotOnTheScale(f"{keys!r} is no mark from 1 to {scale}")
    return int(keys)


def response(answers: Iterable[SurveyAnswer]) -> tuple[int, int]:
    """Calls that were asked something, and those of them that gave one mark or more."""
    calls: dict[str, bool] = {}
    for answer in answers:
        calls[answer.call] = calls.get(answer.call, False) or answer.mark is not None
    return len(calls), sum(calls.values())


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one question for one group of calls: how often it was asked and marked, and what the marks say.

    `rate` is marked ÷ asked; `mean` and `top` (the share of 9 and 10 in the marks) are None without marks,
    `top` also on other scales than ten.
    """

    by: str
    question: str
    asked: int
    marked: int
    rate: float
    mean: float | None
    top: float | None


def report(
    survey: Survey, answers: Iterable[SurveyAnswer], by: Callable[[SurveyAnswer], str]
) -> list[Figures]:
    """Figures by what `by` says of each answer, and by question; comments are no marks."""
    heard: dict[tuple[str, str], list[int | None]] = {}
    for answer in answers:
        if answer.question != COMMENT:
            heard.setdefault((by(answer), answer.question), []).append(answer.mark)
    order = list(survey.questions)

    def place(key: tuple[str, str]) -> tuple[str, int, str]:
        group, question = key
        return group, order.index(question) if question in order else len(order), question

    return [_figures(survey, *key, heard[key]) for key in sorted(heard, key=place)]


def _figures(survey: Survey, by: str, question: str, heard: list[int | None]) -> Figures:
    marks = [mark for mark in heard if mark is not None]
    asked = survey.questions.get(question)
    top = None
    if marks and asked is not None and asked.scale == max(TOP):
        top = sum(mark in TOP for mark in marks) / len(marks)
    mean = sum(marks) / len(marks) if marks else None
    return Figures(by, question, len(heard), len(marks), len(marks) / len(heard), mean, top)
