"""Asterisk's record of calls (CEL), which survives the daemon: the file, and its lines as records."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CelRecord:
    """One line of our CEL file. `caller` is the caller's number; None in files from before it was written."""

    at: float
    kind: str
    uniqueid: str
    linkedid: str
    channel: str
    context: str
    exten: str
    application: str
    data: str
    peer: str
    extra: str
    caller: str | None = None

    @property
    def cause(self) -> int | None:
        """The Q.850 cause of a `HANGUP`."""
        try:
            return int(json.loads(self.extra)["hangupcause"])
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class Cel:
    """Records of our own channels by unique id, and the time that the file covers, whoever's the calls."""

    records: dict[str, list[CelRecord]]
    first: float
    last: float

    def covers(self, at: float) -> bool:
        """Whether something was written before and after that time: only then silence about it counts."""
        return self.first <= at <= self.last


def read_cel(log_dir: Path, prefix: str) -> Cel | None:
    """What the CEL file, and the one rotated before it, have of channels whose id begins with `prefix`.

    `None` where there is nothing to read: then nothing is proven, neither a call nor its absence. A line
    that a crash cut short is left out. Reads the whole file: call it in a thread.
    """
    records: dict[str, list[CelRecord]] = {}
    first, last = math.inf, 0.0
    for lines in _files(log_dir):
        line = ""
        for number, line in enumerate(lines):
            if number == 0 or prefix in line:
                for record in parse_cel([line]):
                    first, last = min(first, record.at), max(last, record.at)
                    if record.uniqueid.startswith(prefix):
                        records.setdefault(record.uniqueid, []).append(record)
        for record in parse_cel([line]):
            last = max(last, record.at)
    return Cel(records, first, last) if last else None


def read_calls(log_dir: Path, since: float, ours: Sequence[str]) -> dict[str, list[CelRecord]]:
    """Records from `since` on, by the id of the channel that began the call, but for calls whose id begins
    with one of `ours`. Reads the whole file: call it in a thread."""
    calls: dict[str, list[CelRecord]] = {}
    for lines in _files(log_dir):
        for record in parse_cel(line for line in lines if _written_at(line) >= since):
            if not record.linkedid.startswith(tuple(ours)):
                calls.setdefault(record.linkedid, []).append(record)
    return calls


def _files(log_dir: Path) -> Iterator[Iterable[str]]:
    for name in ("perezvon.csv.1", "perezvon.csv"):
        try:
            with (log_dir / "cel-custom" / name).open(encoding="utf-8", errors="replace") as lines:
                yield lines
        except OSError:
            continue


def _written_at(line: str) -> float:
    """The time of a line, without reading the rest of it; 0 where it has none."""
    try:
        return float(line.split('"', 4)[3])
    except (IndexError, ValueError):
        return 0.0


def parse_cel(lines: Iterable[str]) -> Iterable[CelRecord]:
    """Lines of our CEL file (its columns stand in `dialplan/templates/cel_custom.conf.j2`) to records."""
    for row in csv.reader(line.replace("\0", "") for line in lines):
        try:
            kind, at, uniqueid, linkedid, channel, context, exten, application, data, _, peer, extra = row[
                :12
            ]
            caller = row[12] if len(row) > 12 else None
            yield CelRecord(
                float(at), kind, uniqueid, linkedid, channel, context, exten, application.lower(), data, peer,
                extra, caller,
            )  # fmt: skip
        except ValueError:
            continue
