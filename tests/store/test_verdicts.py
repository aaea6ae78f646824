"""What the screen said of an answer is kept once, beside what it said before the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from store import Store, UnknownAttempt
from store.verdicts import Screened
from tests.store.conftest import people

ID = f"{1:016x}"
SAID = Screened(ID, False, "machine", 0.8, 94, "spoke on", "1a2b3c4d", True, 20.0)


async def test_of_one_answer_the_first_verdict_stays_and_all_are_told_as_they_fell(
    store: Store, epoch: int, new_id: Callable[[], str]
) -> None:
    await store.leads.add("a", people(1), 0.0)
    await store.attempts.claim(epoch, "spring", "city", [1], 10.0, new_id)
    early = replace(SAID, early=True, heard="busy", checked=False, at=15.0)
    for said in (SAID, early, replace(SAID, heard="person", at=21.0)):
        await store.verdicts.put(said)
    assert await store.verdicts.of(ID) == [early, SAID]


async def test_a_verdict_on_an_attempt_that_the_journal_has_not_is_refused(store: Store) -> None:
    with pytest.raises(UnknownAttempt, match=ID):
        await store.verdicts.put(SAID)
    assert await store.verdicts.of(ID) == []
