"""Logging: one line per event, for people on a terminal and JSON elsewhere; no full phone numbers."""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from leads.phones import mask

_PHONE = re.compile(r"(?<![0-9a-f-])\+?[1-9][0-9]{9,14}(?![0-9a-f])")


def mask_phones(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Above debug a telephone number is shown only in part, whoever put it there."""
    if method != "debug":
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = _PHONE.sub(lambda found: mask(found.group()), value)
    return event


def silence() -> None:
    """For commands that tell what they find in words of their own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def configure(*, debug: bool = False, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Set up structlog, and the libraries' own logging from warnings up, on `stream` (standard error)."""
    stream = stream or sys.stderr
    as_json = not stream.isatty() if as_json is None else as_json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_phones,
    ]
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=stream, format="%(levelname)s %(name)s %(message)s")
