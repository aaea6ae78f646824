"""Dialogues of calls: unanswered, and answered into a queue."""

from __future__ import annotations

import asyncio

from lab.fake.behaviour import Answer, Phone, Reject, Ring, Subscriber

from .driver import Driver
from .scenario import (
    NUMBER,
    SCENARIOS,
    Scenario,
    World,
    attempt,
    ended,
    originate,
    preview_leg,
    scenario,
    settle,
)


async def _fails(d: Driver, w: World) -> None:
    await originate(d, 1, timeout=1000)
    await ended(d)


_REFUSALS: dict[str, Subscriber] = {
    "busy": Reject(486, 0.2),
    "no_answer": Ring(),
    "reject_403": Reject(403),
    "reject_404": Reject(404),
    "reject_480": Reject(480),
    "reject_500": Reject(500),
    "reject_503": Reject(503),
    "reject_603": Reject(603),
    "reject_408": Reject(408),
}
for _name, _number in _REFUSALS.items():
    SCENARIOS[_name] = Scenario(_name, _fails, _number)


@scenario(number=Ring())
async def hangup_while_ringing(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("Newstate", ChannelStateDesc="Ringing")
    await settle(0.1)
    await d.ask("Hangup", Channel=f"pz-ours-{attempt()}", Cause="16")
    await settle(0.8)


@scenario(number=Ring())
async def duplicate_channel_id(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("Newstate", ChannelStateDesc="Ringing")
    await originate(d)
    await d.event("OriginateResponse")
    await d.ask("Hangup", Channel=f"pz-ours-{attempt()}", Cause="16")
    await settle(0.8)


@scenario(phones={"ivanov": Phone(None)})
async def id_that_begins_another_is_refused(d: Driver, w: World) -> None:
    """Asterisk compares a new id with the beginnings of the live ones."""
    await d.ask(
        "Originate",
        Channel="PJSIP/agent-ivanov",
        ChannelId=f"pz-ours-{attempt()}-a",
        Context="perezvon-preview",
        Exten="spring",
        Priority="1",
        Timeout="10000",
        Async="true",
    )
    await d.event("Newstate", ChannelStateDesc="Ringing")
    await originate(d)
    await d.event("OriginateResponse")
    await d.ask("Hangup", Channel=f"pz-ours-{attempt()}-a", Cause="16")
    await settle(0.8)


@scenario(phones={"ivanov": Phone()})
async def unregistered_phone(d: Driver, w: World) -> None:
    w.register("agent-ivanov", 0)
    await settle()
    await preview_leg(d)
    await d.event("OriginateResponse")
    await settle()


@scenario(members={"ivanov": None})
async def talk_ended_by_caller(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("AgentConnect")
    await settle(0.6)
    w.hang_up(NUMBER)
    await ended(d)
    await settle(1.5)


@scenario(members={"ivanov": None})
async def talk_ended_by_agent(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("AgentConnect")
    await settle(0.6)
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(members={"ivanov": None})
async def talk_ended_by_hangup_action(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("AgentConnect")
    await settle(0.6)
    await d.ask("Hangup", Channel=f"pz-ours-{attempt()}", Cause="16")
    await ended(d)


@scenario()
async def nobody_within_grace(d: Driver, w: World) -> None:
    await originate(d)
    await ended(d)


@scenario(members={"ivanov": "lunch"})
async def only_a_paused_member(d: Driver, w: World) -> None:
    await originate(d)
    await ended(d)


@scenario()
async def caller_leaves_during_message(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("UserEvent")
    await settle(0.2)
    w.hang_up(NUMBER)
    await ended(d)


@scenario(number=Answer(0.3, hang_up_after=0.7))
async def caller_abandons_queue(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await ended(d)


@scenario(number=Answer(0.3, hang_up_after=0.1))
async def caller_hangs_up_soon(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await ended(d)


@scenario()
async def hangup_while_waiting(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("QueueCallerJoin")
    await settle()
    await d.ask("Hangup", Channel=f"pz-ours-{attempt()}", Cause="16")
    await settle(0.6)


@scenario(members={"ivanov": None}, phones={"ivanov": Phone(None)}, number=Answer(0.3, hang_up_after=1.0))
async def caller_leaves_while_agent_rings(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await ended(d)


@scenario(members={"ivanov": None}, phones={"ivanov": Phone(None)}, number=Answer(0.3, hang_up_after=4.5))
async def agent_rings_no_answer(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await ended(d)


@scenario(members={"ivanov": None}, phones={"ivanov": Phone(None)})
async def grace_runs_out_while_agent_rings(d: Driver, w: World) -> None:
    await originate(d, 1, "hasty")
    await ended(d)


@scenario(
    members={"ivanov": None}, phones={"ivanov": Phone(0.3, reject=486)}, number=Answer(0.3, hang_up_after=2)
)
async def agent_rejects(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await ended(d)


@scenario(members={"ivanov": None, "petrova": None}, phones={"ivanov": Phone(None), "petrova": Phone(0.02)})
async def second_agent_takes_it(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("AgentConnect")
    await settle()
    w.hang_up(NUMBER)
    await ended(d)


@scenario(members={"ivanov": None})
async def second_caller_waits_for_agent(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("AgentConnect")
    await originate(d, 2, "patient")
    await d.event("QueueCallerJoin", Uniqueid=f"pz-ours-{attempt(2)}")
    await settle(0.4)
    await d.ask("Hangup", Channel=f"pz-ours-{attempt(1)}", Cause="16")
    await d.event("AgentConnect", Uniqueid=f"pz-ours-{attempt(2)}")
    await settle()
    w.hang_up(NUMBER)
    await ended(d, 2)


@scenario()
async def withdrawn_from_queue(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    joined = await d.event("QueueCallerJoin")
    await settle(0.4)
    await d.ask(
        "QueueWithdrawCaller", Queue="sales", Caller=joined.get("Channel") or "", WithdrawInfo="grace"
    )
    await ended(d)


@scenario(members={"ivanov": None}, phones={"ivanov": Phone(None)})
async def withdrawn_while_agent_rings(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    called = await d.event("AgentCalled")
    await settle(0.4)
    await d.ask(
        "QueueWithdrawCaller", Queue="sales", Caller=called.get("Channel") or "", WithdrawInfo="grace"
    )
    await ended(d)


async def press(d: Driver, key: str) -> None:
    await d.ask("PlayDTMF", Channel=f"pz-ours-{attempt()}", Digit=key, Duration="100", Receive="true")


@scenario()
async def key_ends_the_wait(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("QueueCallerJoin")
    await settle(0.4)
    await press(d, "D")
    await ended(d)


@scenario(members={"ivanov": None}, phones={"ivanov": Phone(None)})
async def key_ends_the_wait_while_agent_rings(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("AgentCalled")
    await settle(0.4)
    await press(d, "D")
    await ended(d)


@scenario(members={"ivanov": None})
async def key_does_nothing_to_a_talk(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("AgentConnect")
    await settle(0.4)
    await press(d, "D")
    await settle(0.4)
    w.hang_up(NUMBER)
    await ended(d)


@scenario(members={"ivanov": "lunch"})
async def key_makes_the_queue_look_at_once(d: Driver, w: World) -> None:
    await originate(d, 1, "patient")
    await d.event("QueueCallerJoin")
    await settle(0.3)
    await d.ask("QueuePause", Queue="sales", Interface="PJSIP/agent-ivanov", Paused="false")
    await press(d, "A")
    async with asyncio.timeout(0.4):  # by itself the queue would look in 0.7 s
        await d.event("AgentConnect")
    await settle()
    w.hang_up(NUMBER)
    await ended(d)


@scenario(members={"ivanov": None})
async def talk_cut_by_the_limit(d: Driver, w: World) -> None:
    await originate(d, 1, "limited")
    await d.event("AgentConnect")
    await ended(d)


@scenario()
async def wait_cut_by_the_limit(d: Driver, w: World) -> None:
    await originate(d, 1, "limited")
    await d.event("QueueCallerJoin")
    await ended(d)
