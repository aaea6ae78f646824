"""A dialer without telephones, to be killed: claims, sends and finishes attempts, and prints each step
after the store has it. `python -m tests.store.dialer URL EPOCH NAME`; begins at a line on its standard
input, ends when no lead is left."""

from __future__ import annotations

import asyncio
import itertools
import sys

from leads.lead import LeadState, Outcome
from leads.rules import LeadMove
from store import open_store

FINAL = LeadMove(LeadState.FINAL, None, "talked: final")


async def dial(url: str, epoch: int, name: str) -> None:
    numbers = itertools.count()
    async with open_store(url) as store:
        print("opened", flush=True)
        sys.stdin.readline()
        while found := await store.leads.callable("a", 10.0, 5):
            ids = [lead.id for lead in found]
            claimed = await store.attempts.claim(
                epoch, "spring", "city", ids, 10.0, lambda: f"{name}{next(numbers):08x}"
            )
            for attempt in claimed:
                print("claimed", attempt.id, flush=True)
            for attempt in claimed:
                await store.attempts.mark_sent(epoch, attempt.id, 11.0)
                print("sent", attempt.id, flush=True)
                await store.attempts.finish(epoch, attempt.id, Outcome.TALKED, 12.0, "16", None, FINAL)
                print("ended", attempt.id, flush=True)
            await asyncio.sleep(0.005)  # a call takes a moment, in which another dialer gets its turn


if __name__ == "__main__":
    asyncio.run(dial(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
