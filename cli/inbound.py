"""`perezvon inbound` and `perezvon callbacks`: calls that came in, and who is to be called back.

Works on the store; needs no daemon.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.report import Csv, From, Output, To, one_form, period
from cli.session import Json, SiteFolder, ask_store, fail, show, site_of, warn, write_csv
from config.models import Site
from config.problems import did_you_mean
from leads.importing import guarded
from leads.inbound import (
    COUNTED,
    Callback,
    CallbackState,
    CallerClass,
    CallOutcome,
    InboundCall,
    RingReason,
)
from leads.inbound_figures import Figures, figures, report
from leads.phones import mask
from store import CampaignState, MissedRing, NotOpen, Store

inbound = typer.Typer(help="Calls that came in.", no_args_is_help=True)
callbacks = typer.Typer(help="Who is to be called back.", no_args_is_help=True)


class By(StrEnum):
    """What the figures are split by."""

    ALL = "all"
    LINE = "line"
    GROUP = "group"
    CLASS = "class"
    HOUR = "hour"
    DAY = "day"


OfLine = Annotated[str | None, typer.Option("--line", help="Only calls to this line.")]
OfGroup = Annotated[
    str | None, typer.Option("--group", help="Only calls whose last group asked was this one.")
]
Classes = Annotated[
    list[CallerClass] | None,
    typer.Option("--class", help="Only callers of this class; may be repeated; default: client and vip."),
]
Full = Annotated[bool, typer.Option("--full", help="Show whole phone numbers.")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The calls of a period that are counted, and how many are not, by class."""

    site: Site
    zone: ZoneInfo
    since: float
    until: float
    calls: list[InboundCall]
    left_out: dict[str, int]


@inbound.command("report")
def inbound_report(
    start: From = None,
    end: To = None,
    line: OfLine = None,
    group: OfGroup = None,
    classes: Classes = None,
    by: Annotated[By, typer.Option(help="Split the figures; hour is the hour of the day.")] = By.ALL,
    within: Annotated[float, typer.Option(min=0, max=3600, help="Seconds of the service level.")] = 20.0,
    site: SiteFolder = None,
    as_json: Json = False,
    as_csv: Csv = False,
    output: Output = None,
) -> None:
    """Received, handled, missed, and how long people waited; colleagues and spam are not counted.

    Times are those of the system's zone; a date means its first moment. docs/inbound.md has each figure
    in words.
    """
    one_form(as_json, as_csv, output)
    asked = _ask(site, start, end, line, group, classes)
    total = figures(asked.calls, within=within)
    parts = report(asked.calls, _by(by, asked.zone), within)
    if as_csv:
        write_csv(output, [field.name for field in fields(Figures)], map(asdict, parts))
        return
    head = {"from": _time(asked.since, asked.zone), "to": _time(asked.until, asked.zone)}
    if as_json:
        split = [] if by is By.ALL else [asdict(part) for part in parts]
        told = {**head, "within": within, "left_out": asked.left_out, "total": asdict(total)}
        show({**told, "by": by.value, "figures": split}, True)
        return
    show({**head, **_in_words(total, within), "left out": asked.left_out}, False)
    if by is not By.ALL:
        show([_row(part, by) for part in parts], False)


@inbound.command("calls")
def inbound_calls(
    start: From = None,
    end: To = None,
    line: OfLine = None,
    group: OfGroup = None,
    classes: Classes = None,
    outcome: Annotated[CallOutcome | None, typer.Option(help="Only calls that came to this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="The latest so many.")] = 50,
    full: Full = False,
    site: SiteFolder = None,
    as_json: Json = False,
    as_csv: Csv = False,
    output: Output = None,
) -> None:
    """Each call: when, who, how long they waited, what came of it, and who did not answer it and why."""
    one_form(as_json, as_csv, output)
    asked = _ask(site, start, end, line, group, classes)
    calls = [call for call in asked.calls if outcome in (None, call.outcome)][-limit:]
    ids = [call.id for call in calls]
    missed: dict[str, list[MissedRing]] = defaultdict(list)
    for ring in ask_store(asked.site.system, lambda store: store.inbound.missed_rings(ids)):
        missed[ring.call].append(ring)
    rows = [_call(call, missed[call.id], full, asked.zone) for call in calls]
    if as_csv:
        columns = list(_call(_NO_CALL, [], full, asked.zone))
        write_csv(output, columns, (_cells(row) for row in rows))
    elif as_json:
        show(rows, True)
    else:
        show([{k: v for k, v in _cells(row).items() if k not in _ONLY_FOR_PROGRAMS} for row in rows], False)


@inbound.command("missed")
def inbound_missed(
    start: From = None,
    end: To = None,
    line: OfLine = None,
    group: OfGroup = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """By agent: how often the phone rang for a caller in vain, and why."""
    asked = _ask(site, start, end, line, group, list(COUNTED))
    ids = [call.id for call in asked.calls]
    counts: dict[str, Counter[RingReason]] = defaultdict(Counter)
    for ring in ask_store(asked.site.system, lambda store: store.inbound.missed_rings(ids)):
        counts[ring.agent][ring.reason] += 1
    show(
        [
            {"agent": agent, "missed": found.total(), **{str(reason): found[reason] for reason in RingReason}}
            for agent, found in sorted(counts.items())
        ],
        as_json,
    )


@callbacks.command("list")
def callbacks_list(
    state: Annotated[CallbackState, typer.Option(help="Only tasks in this state.")] = CallbackState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Tasks at most.")] = 100,
    after: Annotated[int, typer.Option(help="Only tasks with a higher id: the next page.")] = 0,
    full: Full = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Who is to be called back, why, and when; a warning where nobody does it."""
    checked = site_of(site)
    now = time.time()  # noqa: TID251 - the edge

    async def look(store: Store) -> tuple[list[Callback], dict[str, int], dict[str, CampaignState]]:
        tasks = await store.callbacks.page([state], limit, after)
        return tasks, await store.callbacks.due(now), await store.campaigns.all()

    tasks, due, states = ask_store(checked.system, look)
    zone = ZoneInfo(checked.system.timezone)
    show([_task(task, full, zone) for task in tasks], as_json)
    for name, count in sorted(due.items()):
        if states.get(name) is not CampaignState.RUNNING:
            warn(
                f"{count} call-backs are due and campaign {name} is not running;"
                f" perezvon campaign start {name}"
            )


@callbacks.command("cancel")
def callbacks_cancel(
    id: Annotated[int, typer.Argument(help="The task's number, as `perezvon callbacks list` shows it.")],
    why: Annotated[str, typer.Option(help="The reason, for `perezvon why lead`.")] = "ordered",
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Give up on a task: the number is not called back."""
    checked = site_of(site)
    now = time.time()  # noqa: TID251 - the edge

    async def cancel(store: Store) -> Callback | None:
        try:
            return await store.callbacks.cancel(id, "cancelled", why, now)
        except NotOpen:
            return None

    task = ask_store(checked.system, cancel)
    if task is None:
        fail(f"there is no open call-back {id}", "perezvon callbacks list shows them")
    show(_task(task, False, ZoneInfo(checked.system.timezone)), as_json)


def _ask(
    folder: Path | None,
    start: str | None,
    end: str | None,
    line: str | None,
    group: str | None,
    classes: list[CallerClass] | None,
) -> _Asked:
    site = site_of(folder)
    for kind, name, known in (("line", line, site.lines), ("group", group, site.groups)):
        if name is not None and name not in known:
            fail(f"no {kind} is called {name!r}", did_you_mean(name, known))
    zone = ZoneInfo(site.system.timezone)
    since, until = period(start, end, zone)
    found = ask_store(site.system, lambda store: store.inbound.between(since, until, line, group))
    counted = set(classes) if classes else COUNTED
    left_out = Counter(str(call.caller_class) for call in found if call.caller_class not in counted)
    calls = [call for call in found if call.caller_class in counted]
    return _Asked(site, zone, since, until, calls, dict(left_out))


def _by(by: By, zone: ZoneInfo) -> Callable[[InboundCall], str]:
    match by:
        case By.ALL:
            return lambda _: ""
        case By.LINE:
            return lambda call: call.line
        case By.GROUP:
            return lambda call: call.group or ""
        case By.CLASS:
            return lambda call: str(call.caller_class)
        case By.HOUR:
            return lambda call: f"{datetime.fromtimestamp(call.arrived_at, zone):%H}"
        case By.DAY:
            return lambda call: f"{datetime.fromtimestamp(call.arrived_at, zone):%Y-%m-%d}"


def _in_words(total: Figures, within: float) -> dict[str, Any]:
    return {
        **{key: value for key, value in asdict(total).items() if key != "by"},
        "handled_per_missed": _round(total.handled_per_missed),
        "lost_share": _percent(total.lost_share),
        "service_level": f"{_percent(total.service_level) or '-'} within {within:g} s",
        "answer_wait": _seconds(total.answer_wait),
        "lost_wait": _seconds(total.lost_wait),
        "longest_wait": _seconds(total.longest_wait),
    }


def _row(part: Figures, by: By) -> dict[str, Any]:
    return {
        by.value: part.by or "-",
        "received": part.received,
        "handled": part.handled,
        "missed": part.missed,
        "per_missed": _round(part.handled_per_missed),
        "lost": part.lost_in_queue,
        "lost_share": _percent(part.lost_share),
        "answer_wait": _seconds(part.answer_wait),
        "lost_wait": _seconds(part.lost_wait),
        "longest": _seconds(part.longest_wait),
    }


_NO_CALL = InboundCall("", "", None, CallerClass.CLIENT, None, 0.0)
_ONLY_FOR_PROGRAMS = frozenset({"call", "ended", "talk", "told_wait", "note"})


def _call(call: InboundCall, missed: list[MissedRing], full: bool, zone: ZoneInfo) -> dict[str, Any]:
    talk = None
    if call.connected_at is not None and call.talk_ended_at is not None:
        talk = call.talk_ended_at - call.connected_at
    return {
        "call": call.id,
        "arrived": _time(call.arrived_at, zone),
        "line": call.line,
        "number": call.number and (call.number if full else mask(call.number)),
        "class": str(call.caller_class),
        "group": call.group,
        "waited": call.waited,
        "told_wait": call.told_wait,
        "outcome": call.outcome and str(call.outcome),
        "agent": call.agent,
        "talk": talk,
        "ended": call.ended_at and _time(call.ended_at, zone),
        "missed_by": [
            {"agent": ring.agent, "reason": str(ring.reason), "seconds": round(ring.seconds, 1)}
            for ring in missed
        ],
        "note": call.note,
    }


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """The same for a table: who missed the call in words, times rounded, no cell that a spreadsheet runs."""
    missed = ", ".join(f"{one['agent']} {one['reason']} {one['seconds']:g} s" for one in row["missed_by"])
    flat = {**row, "missed_by": missed, "waited": _round(row["waited"]), "talk": _round(row["talk"])}
    texts = guarded([str(flat["number"] or ""), flat["note"]])
    return {**flat, "number": texts[0], "note": texts[1]}


def _task(task: Callback, full: bool, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": task.id,
        "kind": str(task.kind),
        "state": str(task.state),
        "number": task.phone if full else mask(task.phone),
        "line": task.line,
        "group": task.group,
        "campaign": task.campaign,
        "lead": task.lead_id,
        "created": _time(task.created_at, zone),
        "due": _time(task.due_at, zone),
        "closed": task.closed_at and _time(task.closed_at, zone),
        "closed_by": task.closed_by,
    }


def _time(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(" ", "seconds")


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


def _seconds(length: float | None) -> str | None:
    return None if length is None else f"{length:.1f} s"


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
