"""Spoken comments are kept for as long as their survey says, and no longer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import structlog

from agi.desk import Desk
from config.models import Comment

log = structlog.get_logger("survey")

EVERY = 3600.0
"""Seconds between two looks at what is too old."""


async def keep_in_time(desk: Desk) -> None:
    """Look now and then, until cancelled."""
    while True:
        await forget_old(desk)
        await asyncio.sleep(EVERY)


async def forget_old(desk: Desk) -> int:
    """Delete the recordings whose time is over, and forget their names; gives how many.

    Those of a survey that the site has no more are kept as long as is usual. A file that cannot be deleted
    is named in the log, and tried again the next time.
    """
    forgotten = 0
    for name in await desk.store.surveys.recorded():
        survey = desk.site.surveys.get(name)
        keep = ((survey and survey.comment) or Comment()).keep
        for answer in await desk.store.surveys.recorded_before(name, desk.clock() - keep):
            try:
                await asyncio.to_thread(Path(answer.recording or "").unlink, missing_ok=True)
            except OSError as error:
                log.warning("comment_not_deleted", call=answer.call, survey=name, why=error.strerror)
                continue
            await desk.store.surveys.put(replace(answer, recording=None))
            forgotten += 1
    if forgotten:
        log.info("comments_deleted", count=forgotten)
    return forgotten
