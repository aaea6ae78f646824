"""Campaigns, agents' time, decisions and the lease."""

from __future__ import annotations

import pytest

from leads.lead import IllegalMove
from store import AgentSpell, CampaignState, Fenced, LeaseHeld, Store

STOPPED, RUNNING, PAUSED = CampaignState.STOPPED, CampaignState.RUNNING, CampaignState.PAUSED


async def test_a_campaigns_state_is_kept_and_moves_by_its_table(store: Store) -> None:
    assert await store.campaigns.get("spring") is STOPPED
    for state in (RUNNING, PAUSED, RUNNING, STOPPED, RUNNING, PAUSED, STOPPED):
        await store.campaigns.set("spring", state, 1.0)
        assert await store.campaigns.get("spring") is state
    for old, new in ((STOPPED, PAUSED), (STOPPED, STOPPED)):
        with pytest.raises(IllegalMove, match=f"campaign spring: no move from {old} to {new}"):
            await store.campaigns.set("spring", new, 2.0)
    await store.campaigns.set("autumn", RUNNING, 3.0)
    assert await store.campaigns.all() == {"spring": STOPPED, "autumn": RUNNING}


async def test_an_agents_time_has_no_gap_and_no_overlap(store: Store) -> None:
    ledger = store.agent_states
    for state, reason, at in (
        ("not_ready", "signed_in", 100.0),
        ("ready", "", 110.0),
        ("ready", "", 115.0),  # said again: it just goes on
        ("talking", "", 120.0),
        ("not_ready", "lunch", 150.0),
    ):
        await ledger.enter("ivanov", state, reason, at)
    await ledger.enter("petrova", "ready", "", 130.0)
    assert await ledger.open_states() == [
        AgentSpell("ivanov", "not_ready", "lunch", 150.0),
        AgentSpell("petrova", "ready", "", 130.0),
    ]
    assert await ledger.totals(None, 0.0, 160.0) == {
        "ivanov": {
            ("not_ready", "signed_in"): 10.0,
            ("ready", ""): 10.0,
            ("talking", ""): 30.0,
            ("not_ready", "lunch"): 10.0,
        },
        "petrova": {("ready", ""): 30.0},
    }
    part = await ledger.totals("ivanov", 115.0, 130.0)
    assert part == {"ivanov": {("ready", ""): 5.0, ("talking", ""): 10.0}}
    assert await ledger.totals("nobody", 0.0, 1000.0) == {}


async def test_a_clock_that_was_set_back_makes_no_negative_time(store: Store) -> None:
    await store.agent_states.enter("ivanov", "ready", "", 100.0)
    await store.agent_states.enter("ivanov", "talking", "", 90.0)
    await store.agent_states.close_all(80.0, "daemon stopped")
    assert await store.agent_states.totals("ivanov", 0.0, 200.0) == {
        "ivanov": {("ready", ""): 0.0, ("talking", ""): 0.0}
    }


async def test_closing_ends_all_open_states(store: Store) -> None:
    await store.agent_states.enter("ivanov", "ready", "", 100.0)
    await store.agent_states.close_all(130.0, "daemon stopped")
    assert await store.agent_states.open_states() == []
    await store.agent_states.enter("ivanov", "ready", "", 200.0)
    assert await store.agent_states.totals("ivanov", 0.0, 210.0) == {"ivanov": {("ready", ""): 40.0}}


async def test_a_repeated_decision_is_counted_and_not_added(store: Store) -> None:
    say = store.decisions.add
    await say("lead", "42", "not called because it is 07:40 in Asia/Chita", 1.0)
    await say("lead", "42", "busy: called again in 15 min", 2.0)
    await say("lead", "42", "not called because it is 07:40 in Asia/Chita", 3.0)
    await say("agent", "42", "no calls: the phone is not registered", 4.0)
    found = await store.decisions.of("lead", "42")
    assert [(d.text[:4], d.first_at, d.at, d.times) for d in found] == [
        ("busy", 2.0, 2.0, 1),
        ("not ", 1.0, 3.0, 2),
    ]
    assert [d.text[:4] for d in await store.decisions.of("lead", "42", 1)] == ["not "]
    assert await store.decisions.prune(3.0) == 1
    assert [d.at for d in await store.decisions.of("lead", "42")] == [3.0]


async def test_one_dialer_at_a_time(store: Store) -> None:
    first = await store.lease.acquire("one:17", 100.0, 15.0)
    with pytest.raises(LeaseHeld, match="another dialer works on this database: one:17") as held:
        await store.lease.acquire("two:18", 110.0, 15.0)
    assert held.value.expires_at == 115.0
    await store.lease.renew(first, 110.0, 15.0)
    with pytest.raises(LeaseHeld):
        await store.lease.acquire("two:18", 120.0, 15.0)


async def test_an_expired_lease_is_taken_over_with_a_higher_epoch(store: Store) -> None:
    first = await store.lease.acquire("one:17", 100.0, 15.0)
    second = await store.lease.acquire("two:18", 115.0, 15.0)
    assert second > first
    with pytest.raises(Fenced):
        await store.lease.renew(first, 116.0, 15.0)
    await store.lease.release(first)  # too late to matter
    await store.lease.renew(second, 117.0, 15.0)


async def test_a_released_lease_is_free_at_once_and_not_renewed(store: Store) -> None:
    first = await store.lease.acquire("one:17", 100.0, 15.0)
    await store.lease.release(first)
    with pytest.raises(Fenced):
        await store.lease.renew(first, 101.0, 15.0)
    assert await store.lease.acquire("two:18", 101.0, 15.0) == first + 1


async def test_spells_that_are_over_are_told_with_their_lengths(store: Store) -> None:
    enter = store.agent_states.enter
    for agent in ("ivanov", "petrov"):
        for state, at in (("ready", 100.0), ("talking", 130.0), ("wrap_up", 190.0), ("ready", 200.0)):
            await enter(agent, state, "", at)
    await enter("sidorova", "ready", "", 100.0)
    await enter("sidorova", "talking", "", 101.0)
    whole = [("ready", 30.0), ("talking", 60.0), ("wrap_up", 10.0)]
    assert await store.agent_states.ended(["ivanov"], 0.0) == whole
    assert await store.agent_states.ended(["ivanov", "petrov"], 130.0) == whole[1:] * 2
    assert await store.agent_states.ended([], 0.0) == []
