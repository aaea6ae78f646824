"""The CEL file that Asterisk's `cel_custom` writes, in the columns of our template."""

from __future__ import annotations

import json
from pathlib import Path

from .channel import Channel

COLUMNS = (
    "eventtype", "eventtime", "CHANNEL(uniqueid)", "CHANNEL(linkedid)", "CHANNEL(channame)",
    "CHANNEL(context)", "CHANNEL(exten)", "CHANNEL(appname)", "CHANNEL(appdata)", "CHANNEL(accountcode)",
    "BRIDGEPEER", "eventextra", "CALLERID(num)",
)  # fmt: skip


class Cel:
    """Appends one line per event; without a path it writes nothing. A line is in the file at once."""

    def __init__(self, path: Path | None) -> None:
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, event: str, at: float, channel: Channel, peer: str = "", **extra: object) -> None:
        if self._file is None:
            return
        c = channel
        values = (
            event, f"{at:.3f}", c.uniqueid, c.linkedid, c.name, c.context, c.exten, c.application, c.data,
            c.account, peer, json.dumps(extra, separators=(",", ":")) if extra else "", c.cid,
        )  # fmt: skip
        self._file.write(",".join('"' + value.replace('"', '""') + '"' for value in values) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
