"""Dialogues of preview calls: the agent's leg, then the subscriber's."""

from __future__ import annotations

from lab.fake.behaviour import Answer, Phone, Reject

from .driver import Block, Driver
from .scenario import NUMBER, World, attempt, ended, preview_leg, scenario, settle


async def _preview_subscriber(d: Driver) -> Block:
    return await d.ask(
        "Originate",
        Channel=f"PJSIP/{NUMBER}@trunk-city",
        ChannelId=f"pz-ours-{attempt()}",
        Context="perezvon-preview-answered",
        Exten="spring",
        Priority="1",
        Timeout="10000",
        CallerID='"" <+74951234567>',
        Async="true",
        Account=attempt(),
        Variable=f"__PZ_ATTEMPT={attempt()}",
    )


@scenario(phones={"ivanov": Phone(0.3)}, members={"ivanov": "preview"})
async def preview_talk_ended_by_subscriber(d: Driver, w: World) -> None:
    await preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await d.event("OriginateResponse")
    await settle(0.6)
    w.hang_up(NUMBER)
    await ended(d)


@scenario(phones={"ivanov": Phone(0.3)}, members={"ivanov": "preview"})
async def preview_talk_ended_by_agent(d: Driver, w: World) -> None:
    await preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await d.event("OriginateResponse")
    await settle(0.6)
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(phones={"ivanov": Phone(0.3)}, number=Reject(486, 0.3), members={"ivanov": "preview"})
async def preview_subscriber_busy(d: Driver, w: World) -> None:
    await preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await ended(d)
    await d.ask("Hangup", Channel=f"pza-ours-{attempt()}", Cause="16")
    await settle()


@scenario(phones={"ivanov": Phone(0.3)}, members={"ivanov": "preview"}, number=Answer(1.0))
async def preview_agent_gives_up(d: Driver, w: World) -> None:
    await preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await settle(0.5)
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(phones={"ivanov": Phone(None)})
async def preview_agent_does_not_answer(d: Driver, w: World) -> None:
    await preview_leg(d, 1000)
    await d.event("OriginateResponse")
    await settle(0.5)
