"""What callers answered in surveys."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import insert, select, update

from leads.surveys import SurveyAnswer
from store.engine import Database
from store.tables import survey_answers

_T = survey_answers.c
_COLUMNS = tuple(_T[field.name] for field in fields(SurveyAnswer))


class SurveyRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, answer: SurveyAnswer) -> None:
        """Keep an answer; of one question of a call the last one counts, and when it was first asked."""
        mine = (
            _T.call == answer.call, _T.survey == answer.survey, _T.question == answer.question,
        )  # fmt: skip
        async with self._database.write() as connection:
            said = {"mark": answer.mark, "recording": answer.recording}
            done = await connection.execute(update(survey_answers).where(*mine).values(said))
            if not done.rowcount:
                await connection.execute(insert(survey_answers).values(asdict(answer)))

    async def between(self, survey: str, since: float, until: float) -> list[SurveyAnswer]:
        """Answers to questions asked from `since` on and before `until`, in that order."""
        query = (
            select(*_COLUMNS).where(_T.survey == survey, _T.at >= since, _T.at < until).order_by(_T.at, _T.id)
        )
        async with self._database.read() as connection:
            return [SurveyAnswer(**row._asdict()) for row in await connection.execute(query)]

    async def recorded_before(self, survey: str, at: float) -> list[SurveyAnswer]:
        """Spoken comments from before `at` of which there is still a recording, oldest first."""
        query = (
            select(*_COLUMNS)
            .where(_T.survey == survey, _T.recording.is_not(None), _T.at < at)
            .order_by(_T.at, _T.id)
        )
        async with self._database.read() as connection:
            return [SurveyAnswer(**row._asdict()) for row in await connection.execute(query)]

    async def recorded(self) -> list[str]:
        """Surveys of which there are recordings, whether the site still has them or not."""
        query = select(_T.survey).where(_T.recording.is_not(None)).distinct().order_by(_T.survey)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))
