"""Lists of leads from CSV files, as spreadsheets write them; what is refused goes back with its reason."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number

from leads.lead import NewLead
from leads.phones import BadPhone, parse_number, zone_of

MAX_BYTES = 64 * 1024 * 1024
MAX_COLUMNS = 64
MAX_TEXT = 200
MAX_EXTRA = 1000
PRIORITIES = range(101)

NAMES: Mapping[str, tuple[str, ...]] = {
    # `номер` and `number` often name an order, so they are the phone only where nothing better is.
    "phone": ("phone", "телефон", "phone number", "номер телефона", "номер", "number"),
    "name": ("name", "имя", "фио", "full name"),
    "company": ("company", "компания", "организация"),
    "timezone": ("timezone", "time zone", "часовой пояс"),
    "priority": ("priority", "приоритет"),
}
ROW, REASON = "reject_row", "reject_reason"
"""Columns of a reject file; an import skips them, so a mended reject file can be imported as it is."""


class BadList(ValueError):
    """The file as a whole cannot be read. `hint` says how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Reject:
    """A refused row: its number as the spreadsheet shows it (the header is row 1), its fields, why."""

    row: int
    fields: tuple[str, ...]
    reason: str
    duplicate: bool = False
    """Nothing is wrong with it: the file has the number in an earlier row."""


@dataclass(frozen=True, slots=True)
class ParsedList:
    """`columns` are the file's own header names; a file of bare numbers has `phone`."""

    good: list[NewLead]
    rejects: list[Reject]
    encoding: str
    delimiter: str
    columns: tuple[str, ...]


def parse_csv(data: bytes, country: str, barred: Container[str] = ()) -> ParsedList:
    """Every row becomes a lead or a reject, which the numbers in `barred` are; empty rows are skipped.

    UTF-8, UTF-16 with its mark, or CP1251; `,` `;` or tabs. The first row names the columns (English or
    Russian, in any order; unknown ones go to `extra`), or the file is one column of phones. A lead's zone
    is its column's, else its number's where that has exactly one. Raises `BadList`.
    """
    text, encoding = decode(data)
    delimiter = delimiter_of(text)
    rows = rows_of(text, delimiter)
    first = next(((number, row) for number, row, _ in rows if any(map(str.strip, row))), None)
    if first is None:
        raise BadList("the file is empty", "export the list again")
    number, header = first
    if len(header) > MAX_COLUMNS:
        raise BadList(f"the file has more than {MAX_COLUMNS} columns", "keep the columns that are needed")
    columns = tuple(name.strip() for name in header)
    places = places_of(columns, NAMES)
    if "phone" not in places:
        if not _bare(header):
            raise BadList(
                f"no column is the phone: {', '.join(columns)[:200]}",
                "name the columns in the first row, one of them phone (or телефон)",
            )
        columns, places, rows = ("phone",), {"phone": 0}, rows_of(text, delimiter)
    parser = _Parser(country, columns, places, barred)
    for number, row, problem in rows:
        parser.take(number, row, problem)
    return ParsedList(parser.good, parser.rejects, encoding, delimiter, columns)


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding."""
    if len(data) > MAX_BYTES:
        raise BadList(f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadList("the file is a workbook, not CSV", "save it as CSV UTF-8")
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            encodings: tuple[str, ...] = (encoding,)
            break
    else:
        encodings = ("utf-8", "cp1251")
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise BadList(f"the file is not text in {' or '.join(encodings)}", "save it as CSV UTF-8")


def delimiter_of(text: str) -> str:
    """The one that parts the header best; a file of one column gets `;`, which is in no number."""
    header = re.search(r"[^\r\n]*\S[^\r\n]*", text)
    unquoted = re.sub(r'"[^"]*"', "", header[0] if header else "")
    best = max(";\t,", key=unquoted.count)
    # A bare number such as 7,9E+10 is no header of two columns.
    return best if header and unquoted.count(best) and re.search(r"[^\W\d_]{2}", header[0]) else ";"


def rows_of(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """(row number, fields, what is wrong with the row as a whole)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [], f"cannot be read: {error}; is a quote never closed?"
        else:
            yield number, row, None


def _bare(row: Sequence[str]) -> bool:
    filled = [field for field in row if field.strip()]
    return len(filled) == 1 and bool(re.search(r"[0-9]{2}", filled[0]))


def places_of(columns: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Our field to the column's index, by the names that it may have (in `known`, small letters). Raises
    `BadList` where two columns have one name."""
    found = [" ".join(name.lower().replace("_", " ").split()) for name in columns]
    for name in found:
        if name and found.count(name) > 1:
            raise BadList(f"two columns are called {name}", "rename one of them")
    places: dict[str, int] = {}
    for field, names in known.items():
        for name in names:
            if name in found and field not in places:
                places[field] = found.index(name)
    return places


class _Parser:
    """Takes rows one by one; remembers the phones it has seen."""

    def __init__(
        self, country: str, columns: tuple[str, ...], places: Mapping[str, int], barred: Container[str]
    ) -> None:
        self._barred = barred
        self.good: list[NewLead] = []
        self.rejects: list[Reject] = []
        self._country = country
        self._columns = columns
        self._places = places
        used = {*places.values(), *(i for i, name in enumerate(columns) if name in ("", ROW, REASON))}
        self._extra = [(i, clean(name)) for i, name in enumerate(columns) if i not in used]
        self._seen: dict[str, int] = {}

    def take(self, number: int, row: list[str], problem: str | None) -> None:
        if problem is None and not any(map(str.strip, row)):
            return
        try:
            if problem is not None:
                raise ValueError(problem)
            lead = self._lead(row)
            if earlier := self._seen.get(lead.phone):
                told = f"duplicate of row {earlier}"
                self.rejects.append(Reject(number, tuple(row), told, duplicate=True))
                return
            if lead.phone in self._barred:
                raise ValueError("phone: on the do-not-call list")
        except ValueError as error:
            self.rejects.append(Reject(number, tuple(row), str(error)))
        else:
            self._seen[lead.phone] = number
            self.good.append(lead)

    def _lead(self, row: list[str]) -> NewLead:
        if any(field.strip() for field in row[len(self._columns) :]):
            raise ValueError(f"has {len(row)} fields, the header has {len(self._columns)}: quote the text")
        if any("\0" in field for field in row):
            raise ValueError("holds a NUL byte")
        number = self._phone(row)
        return NewLead(
            phone=format_number(number, PhoneNumberFormat.E164),
            name=self._text(row, "name"),
            company=self._text(row, "company"),
            timezone=_zone(self._field(row, "timezone"), number),
            priority=_priority(self._field(row, "priority")),
            extra=self._extras(row),
        )

    def _phone(self, row: list[str]) -> PhoneNumber:
        try:
            return parse_number(self._field(row, "phone"), self._country)
        except BadPhone as error:
            raise ValueError(f"phone: {error.reason}") from None

    def _field(self, row: list[str], field: str) -> str:
        place = self._places.get(field)
        return row[place] if place is not None and place < len(row) else ""

    def _text(self, row: list[str], field: str) -> str:
        found = clean(self._field(row, field))
        if len(found) > MAX_TEXT:
            raise ValueError(f"{field}: longer than {MAX_TEXT} characters; is a quote never closed?")
        return found

    def _extras(self, row: list[str]) -> dict[str, str]:
        extras = {name: clean(row[i]) for i, name in self._extra if i < len(row) and row[i].strip()}
        for name, value in extras.items():
            if len(value) > MAX_EXTRA:
                raise ValueError(f"{name}: longer than {MAX_EXTRA} characters; is a quote never closed?")
        return extras


def clean(text: str) -> str:
    """One line of plain text: control characters and line ends become blanks, blanks become one. An
    apostrophe that only keeps a spreadsheet from calculating goes."""
    line = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return re.sub(r"^'(?=[=+\-@])", "", " ".join(line.split()))


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _zone(text: str, number: PhoneNumber) -> str | None:
    if text.strip():
        found = _zones().get(text.strip().lower())
        if found is None:
            raise ValueError(f"unknown time zone {clean(text)[:50]!r}: write a name such as Europe/Moscow")
        return found
    return zone_of(number)


def _priority(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,3})(?:[.,]0+)?", text.strip() or "0")
    if found is None or int(found[1]) not in PRIORITIES:
        raise ValueError(f"priority: a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]} is wanted")
    return int(found[1])


def write_rejects(rejects: Sequence[Reject], columns: Sequence[str]) -> bytes:
    """A CSV that Excel opens as it is, Russian editions too: UTF-8 with its mark, `;`. The first columns
    are the file's own, so that a mended reject file can be imported again."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    width = max([len(columns), *(len(reject.fields) for reject in rejects)])
    writer.writerow(guarded([*_padded(columns, width), ROW, REASON]))
    for reject in rejects:
        writer.writerow(guarded([*_padded(reject.fields, width), str(reject.row), reject.reason]))
    return ("\ufeff" + out.getvalue()).encode("utf-8", "replace")


def _padded(fields: Sequence[str], width: int) -> list[str]:
    return [*fields, *([""] * (width - len(fields)))]


def guarded(fields: Sequence[str]) -> list[str]:
    """A spreadsheet must show a cell, never calculate it."""
    return [f"'{field}" if field.startswith(("=", "+", "-", "@", "\t", "\r")) else field for field in fields]
