"""`perezvon survey`: what callers answered. Works on the store; needs no daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.report import Csv, From, Output, To, one_form, period
from cli.session import Json, SiteFolder, ask_store, fail, show, site_of, write_csv
from config.models import Site
from config.problems import did_you_mean
from leads.surveys import Figures, SurveyAnswer, report, response

survey = typer.Typer(help="Surveys: marks that callers gave.", no_args_is_help=True)


class By(StrEnum):
    """What the figures are split by."""

    ALL = "all"
    AGENT = "agent"
    GROUP = "group"
    LINE = "line"
    CAMPAIGN = "campaign"
    DAY = "day"


Name = Annotated[str, typer.Argument(help="The survey's name.")]


@survey.command("report")
def survey_report(
    name: Name,
    by: Annotated[By, typer.Option(help="Split the figures.")] = By.ALL,
    start: From = None,
    end: To = None,
    site: SiteFolder = None,
    as_json: Json = False,
    as_csv: Csv = False,
    output: Output = None,
) -> None:
    """How many answered, the mean, and the share of 9 and 10, by question and by agent, group, line or day.

    Times are those of the system's zone; a date means its first moment.
    """
    one_form(as_json, as_csv, output)
    checked, zone, answers, between = _answers(site, name, start, end)
    rows = report(checked.surveys[name], answers, _by(by, zone))
    if as_csv:
        write_csv(output, [field.name for field in fields(Figures)], map(asdict, rows))
        return
    calls, answered = response(answers)
    result: dict[str, Any] = {
        "survey": name,
        "title": checked.surveys[name].title,
        "from": between[0].isoformat(" ", "minutes"),
        "to": between[1].isoformat(" ", "minutes"),
        "calls": calls,
        "answered": answered,
        "rate": answered / calls if calls else None,
    }
    if as_json:
        show({**result, "by": by.value, "figures": [asdict(row) for row in rows]}, True)
        return
    show({**result, "rate": _percent(result["rate"])}, False)
    show([_told(row, by) for row in rows], False)


@survey.command("answers")
def survey_answers(
    name: Name, start: From = None, end: To = None, site: SiteFolder = None, output: Output = None
) -> None:
    """Every answer as CSV, with call, agent, group and line, and where its spoken comment is."""
    _, zone, answers, _ = _answers(site, name, start, end)
    columns = [field.name for field in fields(SurveyAnswer)]
    write_csv(output, columns, ({**asdict(one), "at": _time(one.at, zone)} for one in answers))


def _answers(
    folder: Path | None, name: str, start: str | None, end: str | None
) -> tuple[Site, ZoneInfo, list[SurveyAnswer], tuple[datetime, datetime]]:
    checked = site_of(folder)
    if name not in checked.surveys:
        fail(
            f"no survey is called {name!r}",
            did_you_mean(name, checked.surveys) or f"write surveys/{name}.yaml",
        )
    zone = ZoneInfo(checked.system.timezone)
    since, until = period(start, end, zone)
    answers = ask_store(checked.system, lambda store: store.surveys.between(name, since, until))
    return checked, zone, answers, (datetime.fromtimestamp(since, zone), datetime.fromtimestamp(until, zone))


def _by(by: By, zone: ZoneInfo) -> Callable[[SurveyAnswer], str]:
    if by is By.ALL:
        return lambda _: ""
    if by is By.DAY:
        return lambda answer: _time(answer.at, zone)[:10]
    return lambda answer: str(getattr(answer, by.value))


def _told(row: Figures, by: By) -> dict[str, Any]:
    split = {} if by is By.ALL else {by.value: row.by or "-"}
    return {
        **split,
        "question": row.question,
        "asked": row.asked,
        "marked": row.marked,
        "rate": _percent(row.rate),
        "mean": row.mean,
        "9-10": _percent(row.top),
    }


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


def _time(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")
