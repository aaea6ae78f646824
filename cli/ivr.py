"""`perezvon simulate ivr`: what a caller of a line hears, on paper. The real script; nothing is called."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from structlog.testing import capture_logs

from agi.desk import Desk
from agi.lookup import NoAnswer
from agi.paper import HANGS_UP, PaperSession, named
from agi.scripts import line as line_script
from agi.session import CallFacts, HungUp, Place, Utterance, places
from cli.orders import read_orders
from cli.session import Json, SiteFolder, fail, out, show, site_of, sounds_of
from config.models import Lookup, Site
from config.problems import did_you_mean
from leads.inbound import CallerClass, CallOutcome, InboundCall
from leads.orders import NewOrder, plans
from leads.phones import BadPhone, parse_phone
from sounds.manifest import Folder, ManifestError
from sounds.phrase import Prompt
from store import open_store
from store.callers import ListedCaller

CALL = "paper"
SILENCE, HANG_UP = "silence", "hang-up"
DAY_NAMES = (
    ("mon", "monday", "пн", "понедельник"),
    ("tue", "tuesday", "вт", "вторник"),
    ("wed", "wednesday", "ср", "среда"),
    ("thu", "thursday", "чт", "четверг"),
    ("fri", "friday", "пт", "пятница"),
    ("sat", "saturday", "сб", "суббота"),
    ("sun", "sunday", "вс", "воскресенье"),
)
_WHEN = re.compile(
    r"(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})|(?P<yearly>[0-9]{2}-[0-9]{2})|(?P<day>[^\W\d]+))?"
    r" *(?P<time>[0-9]{1,2}:[0-9]{2})"
)


def simulate_ivr(
    line: Annotated[str, typer.Argument(help="The line's name.")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"What is pressed at each question: 1, 129, 89161234567#; or {SILENCE}, or {HANG_UP}."
            " Then the caller is silent.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(help='When, on the line\'s clock: "Sat 23:10", "2026-12-31 16:00", "12-31 16:00".'),
    ] = "",
    number: Annotated[str, typer.Option("--from", help="The caller's number; none: withheld.")] = "",
    caller: Annotated[CallerClass, typer.Option("--as", help="The caller's class.")] = CallerClass.CLIENT,
    answer: Annotated[
        str,
        typer.Option(help="What look-ups are answered, JSON. None: nothing, so the fallback is heard."),
    ] = "",
    orders: Annotated[
        Path | None,
        typer.Option(help="A CSV file of orders that the line's shop has, as `orders import` takes it."),
    ] = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """What a caller hears and where they end: hours, menus, look-ups. Nobody is called or asked."""
    checked = site_of(site)
    if line not in checked.lines:
        fail(f"no line is called {line!r}", did_you_mean(line, checked.lines))
    if script := checked.lines[line].script:
        fail(f"its callers meet your own script {script}, which runs on a real call alone", "dial the line")
    phone = _phone(number, checked) if number else None
    if phone is None and caller is not CallerClass.CLIENT:
        fail("a caller without a number has no class", "name the number with --from")
    schedule = checked.lines[line].schedule
    zone = ZoneInfo((schedule and checked.schedules[schedule].timezone) or checked.system.timezone)
    now = datetime.now(UTC).astimezone(zone)
    try:
        when = moment(at, now) if at else now
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    visit = Visit(
        checked, line, when, phone, caller, [_pressed(key) for key in keys or []], _answer(answer),
        _orders(orders, line, checked) if orders else [],
    )  # fmt: skip
    told = asyncio.run(visit.told())
    if as_json:
        show(told, True)
        return
    out.print(f"{told['line']}, {told['at']}, {told['language']}", markup=False, highlight=False)
    for step in told["steps"]:
        text = f"{step['second']:5.0f}s  {step['did']:<8} {step['what']}  {step['text']}".rstrip()
        out.print(text, markup=False, highlight=False, soft_wrap=True)
    out.print(told["end"], markup=False, highlight=False, soft_wrap=True)


def moment(text: str, now: datetime) -> datetime:
    """`Sat 23:10`, `2026-12-31 16:00`, `12-31 16:00`, `16:00` on the clock of `now`; a weekday or a day of
    the year is the next one from today on. Raises `ValueError`."""
    found = _WHEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no moment: write "Sat 23:10" or "2026-12-31 16:00"')
    day = now.date()
    if found["date"]:
        day = datetime.fromisoformat(found["date"]).date()
    elif wanted := found["yearly"]:
        days = (day + timedelta(days=ahead) for ahead in range(4 * 366 + 1))
        yearly = next((one for one in days if f"{one:%m-%d}" == wanted), None)
        if yearly is None:
            raise ValueError(f"there is no day {wanted}")
        day = yearly
    elif found["day"]:
        ahead = (_weekday(found["day"]) - day.weekday()) % 7
        day += timedelta(days=ahead)
    hour, _, minute = found["time"].partition(":")
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"{found['time']} is no time of the day")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=now.tzinfo)


def _weekday(name: str) -> int:
    for day, names in enumerate(DAY_NAMES):
        if name.lower() in names:
            return day
    raise ValueError(f"{name!r} is no weekday: {' '.join(names[0] for names in DAY_NAMES)}")


def _phone(number: str, site: Site) -> str:
    try:
        return parse_phone(number, site.system.country)
    except BadPhone as error:
        fail(f"{number} is {error.reason}", "write it as +79161234567")


def _pressed(key: str) -> str:
    if key == SILENCE:
        return ""
    if key == HANG_UP:
        return HANGS_UP
    if not re.fullmatch(r"[0-9*#]{1,20}", key):
        raise typer.BadParameter(
            f"{key!r} cannot be pressed: digits, * and #, or {SILENCE}, or {HANG_UP}", param_hint="KEYS"
        )
    return key


def _answer(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise typer.BadParameter(f"no JSON: {error}", param_hint="--answer") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("the answer of a look-up is an object: {...}", param_hint="--answer")
    return found


def _orders(file: Path, line: str, site: Site) -> list[NewOrder]:
    shop = site.lines[line].shop
    if shop is None:
        fail(
            f"the line {line} has no shop, so nobody is offered the orders of {file}",
            f"write shop: NAME in lines/{line}.yaml",
        )
    return read_orders(file, shop, site, as_json=False).orders


@dataclass(frozen=True)
class Visit:
    """A caller on paper."""

    site: Site
    line: str
    when: datetime
    number: str | None
    caller: CallerClass
    answers: list[str]
    answer: dict[str, Any] | None
    orders: list[NewOrder]

    async def told(self) -> dict[str, Any]:
        """The visit as JSON. Its books are thrown away after it."""
        call = CallFacts(CALL, line=self.line, number=self.number, language=self.site.system.language)
        session = PaperSession(
            call, places(self.site), self.answers, start=self.when.timestamp(), length=self._length
        )
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(f"sqlite+aiosqlite:///{folder}/paper.db") as store:
                if self.number is not None and self.caller is not CallerClass.CLIENT:
                    await store.callers.add([ListedCaller(self.number, self.caller)], session.now)
                if self.orders:
                    await store.orders.add_all(
                        self.orders, plans(self.site)[self.orders[0].shop], session.now
                    )
                with contextlib.suppress(HungUp), capture_logs():  # what the script logs is no output
                    await line_script.run(session, Desk(self.site, store, session.clock, self._ask))
                ended = await store.inbound.end(CALL, session.now)
                tasks = await store.callbacks.page()
        due = datetime.fromtimestamp(tasks[0].due_at, self.when.tzinfo) if tasks else None
        return {
            "line": self.line,
            "at": f"{self.when:%a %Y-%m-%d %H:%M %Z}",
            "language": session.language,
            "caller_class": str(self.caller),
            "steps": self._steps(session),
            "went": {"to": session.went[0].name.lower(), "name": session.went[1]} if session.went else None,
            "outcome": str(ended.outcome) if ended and not session.went else None,
            "callback": None
            if due is None
            else {"campaign": tasks[0].campaign, "phone": tasks[0].phone, "due": f"{due:%a %Y-%m-%d %H:%M}"},
            "end": self._end(session, ended, due),
        }

    async def _ask(self, lookup: Lookup, number: str | None, line: str, call: str) -> dict[str, Any]:
        if self.answer is None:
            raise NoAnswer("on paper nobody is asked")
        return self.answer

    def _length(self, said: Utterance) -> float:
        """Seconds of a prompt, from its file; of texts and numbers a guess."""
        if isinstance(said, Prompt):
            file = sounds_of(self.site.system) / self.site.system.language / f"{said.name}.wav"
            return (file.stat().st_size - 44) / 16000 if file.exists() else 2.0
        return 0.08 * len(named(said))

    def _steps(self, session: PaperSession) -> list[dict[str, Any]]:
        """What happened, without the script's own notes."""
        texts = self._texts(session.language)
        return [
            {
                "second": round(row.at - self.when.timestamp(), 1),
                "did": row.did,
                "what": row.what,
                "text": texts.get(row.what, "") if row.did == "say" else "",
            }
            for row in session.table
            if row.did not in ("put", "get")
        ]

    def _texts(self, language: str) -> dict[str, str]:
        try:
            sources = Folder(sounds_of(self.site.system)).sources()
        except ManifestError:
            return {}
        return {
            one.name: one.made_from if isinstance(one.made_from, str) else "(recorded)"
            for one in sources
            if one.language == language
        }

    def _end(self, session: PaperSession, ended: InboundCall | None, due: datetime | None) -> str:
        if session.went is not None:
            place, name = session.went
            title = f" ({self.site.groups[name].title})" if place is Place.GROUP else ""
            return f"ends with the {place.name.lower()} {name}{title}"
        outcome = ended.outcome if ended else None
        text = {
            CallOutcome.AFTER_HOURS: "ends: we are closed",
            CallOutcome.REFUSED: "ends: refused",
            CallOutcome.CALLBACK_ASKED: "ends: asked to be called back",
            CallOutcome.SELF_SERVED: "ends: served without an agent",
        }.get(outcome or CallOutcome.LEFT_IN_MENU, "ends: the caller hung up")
        return text if due is None else f"{text}; will be called back {due:%a %Y-%m-%d %H:%M}"
