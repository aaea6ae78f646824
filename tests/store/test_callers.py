"""Who is no ordinary client."""

from __future__ import annotations

from leads.inbound import CallerClass
from store import Listed, ListedCaller, Store

ANNA, BORIS = "+79031110001", "+79031110002"


async def test_who_is_in_no_list_or_withholds_the_number_is_a_client(store: Store) -> None:
    assert await store.callers.class_of(ANNA) is CallerClass.CLIENT
    assert await store.callers.class_of(None) is CallerClass.CLIENT


async def test_adding_tells_what_is_new_and_what_changed_and_the_last_row_of_a_number_counts(
    store: Store,
) -> None:
    await store.callers.add([ListedCaller(ANNA, CallerClass.VIP), ListedCaller(BORIS, CallerClass.SPAM)], 1.0)
    rows = [
        ListedCaller(ANNA, CallerClass.SPAM),
        ListedCaller(ANNA, CallerClass.COLLEAGUE, "the office"),
        ListedCaller(BORIS, CallerClass.SPAM),
        ListedCaller("+79031110003", CallerClass.VIP),
    ]
    told = await store.callers.add(rows, 2.0, dry_run=True)
    assert told == Listed(added=1, changed=1, unchanged=1)
    assert await store.callers.class_of(ANNA) is CallerClass.VIP, "a dry run writes nothing"
    assert await store.callers.add(rows, 2.0) == told
    assert await store.callers.class_of(ANNA) is CallerClass.COLLEAGUE
    assert await store.callers.add(rows, 3.0) == Listed(0, 0, 3)


async def test_pages_go_through_the_list_and_what_is_removed_is_gone(store: Store) -> None:
    phones = [f"+7903{i:07}" for i in range(1201)]
    await store.callers.add([ListedCaller(p, CallerClass.SPAM) for p in phones], 1.0)
    await store.callers.add([ListedCaller(ANNA, CallerClass.VIP)], 1.0)
    seen: list[str] = []
    while page := await store.callers.page(CallerClass.SPAM, 500, seen[-1] if seen else ""):
        seen += [row.phone for row in page]
    assert seen == phones
    assert await store.callers.remove([*phones, "+79039999999"]) == 1201
    assert await store.callers.page() == [ListedCaller(ANNA, CallerClass.VIP)]
