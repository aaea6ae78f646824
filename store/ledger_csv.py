"""The ledger for an auditor: every answered call and what it counts as, and the sums made of them."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, BinaryIO
from zoneinfo import ZoneInfo

from config.laws import LAWS, NOT_ADVICE, Law, LawName
from leads.attempt import Attempt
from leads.importing import guarded
from predictive.ledger import NO_ERRORS, Counts, Denominator, Screening, Standing, standing
from predictive.screening import Marks, errors, is_screened
from store.ledger import LedgerRepository, verdict, waited

COLUMNS = (
    "attempt", "lead", "phone", "trunk", "sent", "ringing", "answered", "greeted", "connected", "ended",
    "agent", "outcome", "cause", "note", "waited_seconds", "counts_as",
)  # fmt: skip
FORMULAS: dict[Denominator, str] = {
    "answered": "a / (a + (1 - q) * (connected + left)); a = abandoned + late + p * machines",
    "passed": "a / (a + (1 - q) * connected); a = (1 - q) * (abandoned + late) + p * machines",
    "connected": "a / ((1 - q) * connected); a = abandoned + late + p * machines",
}
IN_MEMORY = 8 << 20
"""Bytes of rows that are kept in memory before they go to a temporary file."""


@dataclass(frozen=True, slots=True)
class Period:
    """Calls of one campaign that ended from `start` on and before `until` (epoch seconds), under one law;
    `zone` is what times are written in; `screened`: answers are, and the screen errs now and then."""

    campaign: str
    law: LawName
    zone: ZoneInfo
    start: float
    until: float
    screened: bool = False


async def write_ledger(ledger: LedgerRepository, period: Period, out: BinaryIO) -> Standing:
    """Writes a CSV in two parts with an empty line between: keys with values, then a table with one row per
    call. The sums are made of the very rows that are written. A spreadsheet opens it as it is and shows every
    cell as text: UTF-8 with its mark, `;`, and a `'` before what could be a formula, as before each number.
    """
    law = LAWS[period.law]
    told: Counter[str] = Counter()
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as rows:
        with _csv(rows) as write:
            write(COLUMNS)
            async for call in ledger.calls(period.campaign, period.start, period.until):
                counts_as = verdict(call, law)
                told[counts_as] += 1
                write([*_cells(call, law, period.zone), counts_as])
        counts = Counts(told["abandoned"], told["late"], told["connected"], told["left"], told["machine"])
        marks = await ledger.marks(period.campaign, period.start, period.until)
        screening = errors(counts, marks) if is_screened(counts, period.screened) else NO_ERRORS
        found = standing(counts, law.of, law.limit, screening)
        out.write("\ufeff".encode())
        with _csv(out) as write:
            for key, value in _summary(period, counts, marks, screening, found):
                write([key, str(value)])
            write([])
        rows.seek(0)
        shutil.copyfileobj(rows, out)
    return found


@contextmanager
def _csv(stream: IO[bytes]) -> Iterator[Any]:
    """Writes guarded rows into a stream of bytes, which stays open."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")

    def write(row: Iterable[str]) -> None:
        writer.writerow(guarded(list(row)))

    try:
        yield write
    finally:
        text.detach()


def _cells(call: Attempt, law: Law, zone: ZoneInfo) -> list[str]:
    times = (
        call.sent_at, call.ringing_at, call.answered_at, call.greeted_at, call.connected_at, call.ended_at,
    )  # fmt: skip
    wait = waited(call, law)
    return [
        call.id,
        str(call.lead_id),
        call.phone,
        call.trunk,
        *("" if at is None else told_time(at, zone) for at in times),
        call.agent or "",
        call.outcome or "",
        call.cause or "",
        call.note,
        # As exact as the journal: whether a call was late is decided on it.
        "" if wait is None else f"{wait:.7f}",
    ]


def told_time(at: float, zone: ZoneInfo) -> str:
    """A moment to the millisecond, with the zone's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).isoformat(timespec="milliseconds")


def _summary(
    period: Period, counts: Counts, marks: Marks, screening: Screening, found: Standing
) -> Iterator[tuple[str, object]]:
    law = LAWS[period.law]
    yield "campaign", period.campaign
    yield "from", told_time(period.start, period.zone)
    yield "before", told_time(period.until, period.zone)
    yield "time_zone", period.zone.key
    yield "law", period.law.value
    yield "law_figures", law.numbers()
    yield "law_notes", law.en
    yield "law_source", law.source
    yield "advice", NOT_ADVICE[0]
    yield "limit", law.limit
    yield "connect_seconds", "" if law.connect is None else law.connect
    yield "abandoned", counts.abandoned
    yield "late", counts.late
    yield "connected", counts.connected
    yield "left", counts.left
    yield "machines", counts.machines
    yield "talks", marks.talks
    yield "marked_as_machines", marks.machines
    yield "checked", marks.checked
    yield "checked_and_marked", marks.checked_machines
    yield "check_sample", marks.passed_on
    yield "p_persons_among_machines", f"{screening.persons_among_machines:.12g}"
    yield "q_machines_among_persons", f"{screening.machines_among_persons:.12g}"
    yield "formula", FORMULAS[law.of]
    yield "counted_abandoned", f"{found.abandoned:.12g}"
    yield "counted_live", f"{found.live:.12g}"
    yield "rate", f"{found.rate:.6f}"
