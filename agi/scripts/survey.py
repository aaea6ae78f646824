"""A survey: marks by key, an optional spoken comment. After a talk with an agent, or in a robot's call.

Each answer is in the store before the next question is asked: who hangs up loses nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NoReturn

import structlog

from agi.desk import Desk
from agi.robot_call import Over, RobotCall
from agi.session import Session, Variable
from config.models import Question, Survey
from leads.inbound import CallerClass
from leads.robot import RobotDisposition
from leads.surveys import COMMENT, NotOnTheScale, SurveyAnswer, mark_of, next_question, wants_comment
from sounds.phrase import Prompt

log = structlog.get_logger("survey")

TRIES = 3
"""How often a question is said while what is pressed is no mark."""
SILENCES = 2
"""After so many a question is left alone, and the survey with it: nobody listens."""
SECOND_KEY = 2.0
"""Seconds in which 1 becomes 10."""
COMMENT_SILENCE = 4.0
"""Seconds of silence that end a comment."""

DIGITS = "0123456789"
REPEAT, END = "*", "#"


async def run(session: Session, desk: Desk) -> None:
    """The survey that the request names (`survey/NAME`), after a talk."""
    name = next(iter(session.call.args), "")
    survey = desk.site.surveys.get(name)
    if survey is None:
        log.error(
            "no_such_survey", survey=name, hint="run perezvon apply: the dialplan is older than the site"
        )
        return
    if await session.get(Variable.CALLER_CLASS) == CallerClass.COLLEAGUE:
        return
    asking = Asking(session, desk, survey, await _about(session, desk, name))
    if session.call.attempt:
        with suppress(Over):
            await _call(await RobotCall.of(session, desk), asking)
    else:
        await asking.ask_all()
        await session.say(Prompt(survey.thanks))


async def _call(robot: RobotCall, asking: Asking) -> NoReturn:
    """The survey as a robot's call: who calls and why first, and the key against further calls."""
    await robot.open(Prompt(robot.campaign.intro or "survey-call"))
    try:
        await asking.ask_all()
    finally:  # who hung up after a mark has answered, and is not asked again
        if asking.given:
            await robot.note(RobotDisposition.TOLD)
    said = RobotDisposition.TOLD if asking.given else RobotDisposition.NO_REPLY
    await robot.end(said, Prompt(asking.survey.thanks))


async def _about(session: Session, desk: Desk, survey: str) -> SurveyAnswer:
    """What stands on every answer of the call: who talked, for which group, on which line."""
    call = session.call
    attempt_id = call.attempt or await session.get(Variable.ATTEMPT)
    attempt = await desk.store.attempts.get(attempt_id) if attempt_id else None
    campaign = attempt.campaign if attempt else call.campaign
    group = call.group or await session.get(Variable.GROUP)
    if not group and campaign in desk.site.campaigns:
        group = desk.site.campaigns[campaign].group
    return SurveyAnswer(
        survey,
        call=attempt.id if attempt else call.channel,
        question="",
        at=desk.clock(),
        line=call.line or await session.get(Variable.LINE),
        group=group,
        campaign=campaign,
        agent=await session.get(Variable.AGENT) or (attempt.agent if attempt else None) or "",
        number=attempt.phone if attempt else call.number,
    )


class NoReply(Exception):
    """A question was left without an answer: nobody listens, or nobody understands."""


@dataclass
class Asking:
    """The questions of one survey to one caller. `about` is an answer with all but question and mark."""

    session: Session
    desk: Desk
    survey: Survey
    about: SurveyAnswer
    given: dict[str, int | None] = field(default_factory=dict)

    async def ask_all(self) -> dict[str, int | None]:
        """Ask and record; gives the marks (None: 0 was pressed), by question in the order asked."""
        given = self.given
        await self.session.say(Prompt(self.survey.intro))
        while (name := next_question(self.survey, given)) is not None:
            await self._put(name)  # asked: who hangs up now counts as one who did not answer
            try:
                given[name] = await self._mark(self.survey.questions[name])
            except NoReply:
                break
            await self._put(name, mark=given[name])
        else:
            if wants_comment(self.survey, given):
                await self._comment()
        return given

    async def _mark(self, question: Question) -> int | None:
        """Ask until there is a mark, or 0 for none. Raises `NoReply`."""
        said = [Prompt(question.prompt)]
        silences = 0
        for _ in range(TRIES):
            keys = await self._keys(said, question.scale)
            said = [Prompt(question.prompt)]
            if not keys:
                silences += 1
                if silences == SILENCES:
                    break
            elif keys != REPEAT:
                try:
                    return mark_of(keys, question.scale)
                except NotOnTheScale:
                    said = [Prompt("wrong-key"), *said]
        raise NoReply

    async def _keys(self, said: list[Prompt], scale: int) -> str:
        """What was pressed: a digit, two after 1 where the scale goes to ten, `*`, or "" for nothing."""
        keys = await self.session.ask(*said, keys=DIGITS + REPEAT, fresh=True)
        if keys == "1" and scale >= 10:
            keys += await self.session.ask(keys=DIGITS + END, first=SECOND_KEY)
        return keys.removesuffix(END)

    async def _comment(self) -> None:
        """What was said until the caller hung up is kept too."""
        comment = self.survey.comment
        assert comment is not None  # noqa: S101 - wants_comment()
        await self._put(COMMENT)
        await self.session.say(Prompt(comment.prompt))
        name = "comment-" + re.sub(r"[^a-z0-9]+", "-", self.about.call.lower())[:50]
        path = await self.session.record(name, comment.longest, COMMENT_SILENCE)
        if path is not None:
            await self._put(COMMENT, recording=str(path))

    async def _put(self, question: str, mark: int | None = None, recording: str | None = None) -> None:
        answer = replace(self.about, question=question, at=self.desk.clock(), mark=mark, recording=recording)
        await self.desk.store.surveys.put(answer)
