"""Surveys whose questions cannot be asked, or not as meant."""

from __future__ import annotations

from collections.abc import Iterator

from config.lints.facts import Facts, Finding
from config.models import Survey
from config.problems import did_you_mean
from config.tree import Path


def questions(facts: Facts) -> Iterator[Finding]:
    """E471."""
    for name, survey in facts.surveys.items():
        at: Path = ("surveys", name, "questions")
        for key, question in survey.questions.items():
            follow = question.follow_up
            if follow is None:
                continue
            place: Path = (*at, key, "follow_up")
            if follow.question not in survey.questions:
                mend = did_you_mean(follow.question, survey.questions) or "write that question"
                yield Finding(
                    "E471", (*place, "question"), f"there is no question `{follow.question}` to follow", mend
                )
            if follow.up_to > question.scale:
                yield Finding(
                    "E471",
                    (*place, "up_to"),
                    f"the mark {follow.up_to} is not on the scale of `{key}`, which ends at {question.scale}",
                    "write a mark of the scale",
                )
        for key in survey.questions.keys() - _asked(survey):
            yield Finding(
                "E471",
                (*at, key),
                f"`{key}` is never asked: it only follows questions that are not asked either",
                "have it follow another question, or none",
                of_key=True,
            )


def _asked(survey: Survey) -> set[str]:
    """Questions that some caller is asked."""
    follows = {key: one.follow_up.question for key, one in survey.questions.items() if one.follow_up}
    asked = set(survey.questions) - set(follows.values())
    while more := {follows[key] for key in asked if key in follows} & survey.questions.keys() - asked:
        asked |= more
    return asked


LINTS = (questions,)
