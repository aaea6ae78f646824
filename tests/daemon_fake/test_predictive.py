"""Mode predictive with the whole daemon, in virtual time: shared agents, budgets, lost links, stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from lab.fake import Ring
from leads.lead import Outcome
from predictive import Event
from predictive.ledger import Standing, is_gone
from predictive.pacer import PredictivePacer
from tests.daemon_fake.centre import AUTUMN, RATIO, SPRING, Centre, a_centre, every, in_virtual_time
from tests.daemon_fake.checks import verify
from tests.daemon_fake.people import Mix, People

FEW = Mix(talks=0.2, leaves=0.01, busy=0.15, refused=0.04, ring=(2.0, 14.0), talk=(20.0, 90.0))
LINES = {"lines": 40, "calls_per_second": 10}
ONCE: dict[str, Any] = {"attempts": {"max": 1}, "law": "us", **LINES}
PREDICTIVE: dict[str, Any] = {"mode": "predictive", **ONCE}
ROOM: dict[str, dict[str, Any]] = {
    "system": {"limits": {"lines": 80, "calls_per_second": 50}},
    "trunks/city": {"lines": 80, "calls_per_second": 50},
}


def rate(attempts: list[Any]) -> float:
    """Abandoned of those that a person answered."""
    found = Counter(attempt.outcome for attempt in attempts)
    live = found[Outcome.TALKED] + found[Outcome.ABANDONED] + found[Outcome.HUNG_UP_BEFORE_TALK]
    return found[Outcome.ABANDONED] / live


def test_two_campaigns_on_one_group_keep_each_its_limit_and_share_the_agents(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(11, FEW)
        changes = {**ROOM, f"campaigns/{SPRING}": PREDICTIVE, f"campaigns/{AUTUMN}": PREDICTIVE}
        async with a_centre(tmp_path, people, agents=12, changes=changes) as centre:
            for name in (SPRING, AUTUMN):
                await centre.leads(name, 1500)
            await centre.ready()
            for name in (SPRING, AUTUMN):
                await centre.dial(name)
            start = centre.clock.now()
            await centre.until(lambda: centre.clock.now() > start + 1800, "half an hour", 2000.0)
            made = {name: await centre.attempts(name) for name in (SPRING, AUTUMN)}
            talks = {name: sum(a.outcome is Outcome.TALKED for a in made[name]) for name in made}
            assert min(talks.values()) > 0.4 * sum(talks.values()), talks
            for name in made:
                assert rate(made[name]) <= 0.03, (name, Counter(a.outcome for a in made[name]))
            assert busy(centre, start) > 0.70
            assert any(placed.on_the_way > placed.free_agents + 2 for placed in people.placed)
            for name, pacer in centre.daemon.dialer.pacing.pacers.items():
                if name in made:
                    assert isinstance(pacer, PredictivePacer)
                    lengths = [
                        attempt.ended_at - attempt.connected_at
                        for attempt in made[name]
                        if attempt.connected_at is not None and attempt.ended_at is not None
                    ]
                    learnt, talk = pacer._releases.talks.mean, sum(lengths) / len(lengths)
                    assert 0.9 < learnt / talk < 1.1, (name, learnt, talk)
                    assert not pacer.oddities["twice"] + pacer.oddities["agent"], (name, pacer.oddities)

    in_virtual_time(main())


def busy(centre: Centre, start: float) -> float:
    """Share of the agents' time that was talk or wrap-up (10 s here), since a quarter of an hour after."""
    start += 900
    now, agents = centre.clock.now(), len(centre.site.agents)
    work = sum(
        min(now, (call.ended_at or now) + 10.0) - max(start, call.bridged_at)
        for call in centre.fake.ledger
        if call.bridged_at is not None and (call.ended_at or now) > start
    )
    return work / (agents * (now - start))


def test_a_campaign_without_leads_leaves_its_agents_to_the_other(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(12)
        async with a_centre(tmp_path, people, agents=6, changes=ROOM) as centre:
            await centre.leads(SPRING, 60)
            await centre.leads(AUTUMN, 2)
            await centre.ready()
            for name in (AUTUMN, SPRING):
                await centre.dial(name)
            pacing = centre.daemon.dialer.pacing
            await centre.until(lambda: AUTUMN in pacing.starved, "autumn has nobody more to call")
            await centre.until(
                lambda: Counter(pacing.shares.owner.values())[SPRING] == 6, "spring has all agents", 60.0
            )
            await centre.leads(AUTUMN, 40)
            await centre.until(
                lambda: Counter(pacing.shares.owner.values())[AUTUMN] == 3, "autumn has its share again", 90.0
            )
            await centre.finished(SPRING, AUTUMN)
            await verify(centre, SPRING, AUTUMN)

    in_virtual_time(main())


def test_a_budget_that_is_gone_stops_a_ratio_campaign_and_is_there_after_a_crash(tmp_path: Path) -> None:
    """Ratio 3 abandons people until the law's limit is reached; from then on one call for each free agent."""

    async def main() -> None:
        people = People(13, Mix(talks=0.9, leaves=0.0, ring=(1.0, 6.0), talk=(30.0, 60.0)))
        changes: dict[str, Any] = {**ROOM, f"campaigns/{RATIO}": {"ratio": 3.0, **ONCE}}
        async with a_centre(tmp_path, people, agents=4, changes=changes) as centre:
            await centre.leads(RATIO, 300)
            await centre.ready()
            await centre.dial(RATIO)
            budgets = centre.daemon.dialer.budgets
            await centre.until(lambda: gone(budgets.standing(RATIO)), "the budget is gone", 120.0)
            await centre.crash()
            await centre.start()
            await asyncio.sleep(40.0)  # until what rang at the crash has rung out
            before, standing = len(people.placed), centre.daemon.dialer.budgets.standing(RATIO)
            assert gone(standing)
            await centre.until(lambda: len(people.placed) > before + 40, "dialing goes on", 1800.0)
            after = people.placed[before:]
            assert max(placed.on_the_way - placed.free_agents for placed in after) <= 0
            said = "\n".join(d.text for d in await centre.store.decisions.of("campaign", RATIO))
            assert "the budget of abandoned calls is gone: one call for each free agent" in said
            assert centre.daemon.dialer.budgets.standing(RATIO).abandoned == standing.abandoned

    in_virtual_time(main())


def gone(standing: Standing) -> bool:
    return is_gone(standing.live, standing.abandoned, standing.limit)


def test_no_ringing_call_is_cancelled_when_agents_leave_or_dialing_stops(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(14)
        changes = {**ROOM, f"campaigns/{SPRING}": PREDICTIVE}
        async with a_centre(tmp_path, people, agents=8, changes=changes) as centre:
            numbers = await centre.leads(SPRING, 24)
            people.fixed.update(dict.fromkeys(numbers, Ring()))
            for stop in ("agents leave", "the campaign stops", "stop-all", "the daemon stops"):
                placed = len(centre.fake.ledger)
                await centre.ready()
                await centre.dial(SPRING)
                await centre.until(lambda n=placed: len(centre.fake.ledger) >= n + 4, "calls ring")  # type: ignore[misc]
                if stop == "agents leave":
                    for agent in centre.site.agents:
                        await centre.daemon.orders.give(agent, "offline")
                elif stop == "the daemon stops":
                    await centre.stop(5.0)
                else:
                    await centre.daemon.dialer.halt(stop)
                await asyncio.sleep(40.0)
                if stop == "agents leave":
                    await centre.daemon.dialer.halt("for the next")
            rung = [call.ended_at - call.placed_at for call in centre.fake.ledger if call.ended_at]
            assert len(rung) == len(centre.fake.ledger) >= 16
            assert min(rung) >= 26.9, "the ring time of the campaign is 27 s"

    in_virtual_time(main())


def test_a_pacer_goes_on_after_the_link_was_lost(tmp_path: Path) -> None:
    """Calls end and agents move while nobody hears it: each dial has its end, and dialing goes on."""

    async def main() -> None:
        people = People(15, FEW)
        changes = {**ROOM, f"campaigns/{SPRING}": PREDICTIVE}
        async with a_centre(tmp_path, people, agents=8, changes=changes) as centre:
            await centre.leads(SPRING, 700)
            await centre.ready()
            heard = listen(centre, SPRING)
            await centre.dial(SPRING)

            def lose() -> None:
                centre.daemon.link.protocol.close()

            with every(37.0, lose):
                await asyncio.sleep(600.0)
            await centre.daemon.dialer.halt("that will do")
            await centre.until(lambda: not centre.daemon.board.calls, "calls end", 200.0)
            await centre.daemon.journal.flushed()
            dials = [event.call for event in heard if event.kind == "dial"]
            assert len(dials) > 150
            first = Counter(
                event.call for event in heard if event.kind in ("busy", "no_answer", "failed", "answer")
            )
            assert first == Counter(dials)
            lives = Counter(event.call for event in heard if event.kind == "live")
            assert lives == Counter(event.call for event in heard if event.kind == "answer")
            assert lives == Counter(e.call for e in heard if e.kind in ("connect", "abandon"))

    in_virtual_time(main())


def listen(centre: Centre, name: str) -> list[Event]:
    """What the campaign's pacer hears from now on."""
    heard: list[Event] = []
    pacer = centre.daemon.dialer.pacing.pacers[name]
    hear = pacer.on_event

    def on_event(now: float, event: Event) -> None:
        heard.append(event)
        hear(now, event)

    pacer.on_event = on_event  # type: ignore[method-assign]  # a witness beside it
    return heard


def test_inbound_callers_take_agents_and_both_pacers_are_told_once(tmp_path: Path) -> None:
    async def main() -> None:
        people = People(16, FEW)
        changes = {**ROOM, f"campaigns/{SPRING}": PREDICTIVE, f"campaigns/{AUTUMN}": PREDICTIVE}
        async with a_centre(tmp_path, people, agents=8, changes=changes) as centre:
            for name in (SPRING, AUTUMN):
                await centre.leads(name, 900)
            await centre.ready()
            heard = [listen(centre, name) for name in (SPRING, AUTUMN)]
            for name in (SPRING, AUTUMN):
                await centre.dial(name)
            callers: list[Any] = []

            def ring_in() -> None:
                caller = centre.fake.inbound("city", "+74951234567", f"+791600000{len(callers):02d}", "sales")
                callers.append(caller)
                centre.clock.later(70.0, lambda: caller.leave(True, 0))

            with every(30.0, ring_in):
                await asyncio.sleep(900.0)
            await asyncio.sleep(80.0)
            told = Counter(event.kind for events in heard for event in events)
            assert told["inbound"] == len(callers) >= 29
            assert told["inbound_connect"] + told["inbound_quit"] == len(callers)
            assert told["inbound_connect"] >= 25
            for events in heard:
                assert sum(event.kind == "inbound" for event in events) >= 8
            waited = [e.seconds for events in heard for e in events if e.kind == "inbound_connect"]
            assert sum(waited) / len(waited) < 15.0, "they are served before called people"

    in_virtual_time(main())
