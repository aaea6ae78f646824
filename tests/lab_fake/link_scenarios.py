"""Dialogues about the link, snapshots, queue members and phones."""

from __future__ import annotations

import hashlib

from lab.fake.behaviour import Phone

from .driver import Driver
from .scenario import SECRET, USER, World, attempt, ended, originate, scenario, settle


@scenario(login=False)
async def login_plain(d: Driver, w: World) -> None:
    await d.ask("Login", Username=USER, Secret=SECRET)
    await d.event("FullyBooted")
    await d.ask("Ping")
    await d.ask("Logoff")
    await settle()


@scenario(login=False)
async def login_md5(d: Driver, w: World) -> None:
    challenge = (await d.ask("Challenge", AuthType="MD5")).get("Challenge") or ""
    key = hashlib.md5((challenge + SECRET).encode(), usedforsecurity=False).hexdigest()
    await d.ask("Login", AuthType="MD5", Username=USER, Key=key)
    await d.event("FullyBooted")


@scenario(login=False)
async def login_wrong_secret(d: Driver, w: World) -> None:
    await d.ask("Login", Username=USER, Secret="wrong")
    await settle()


@scenario(login=False)
async def action_before_login(d: Driver, w: World) -> None:
    await d.ask("CoreStatus")


@scenario(members={"ivanov": None})
async def snapshot_idle(d: Driver, w: World) -> None:
    await d.ask("CoreStatus")
    await d.ask("CoreShowChannels")
    await d.ask("QueueStatus")
    await d.ask("DeviceStateList")
    await d.ask("BridgeList")
    await d.ask("CoreSettings")


@scenario(members={"ivanov": None, "petrova": "lunch"}, phones={"ivanov": Phone(), "petrova": Phone()})
async def snapshot_with_calls(d: Driver, w: World) -> None:
    d.recording = False
    await originate(d, 1, "patient")
    await d.event("AgentConnect")
    await originate(d, 2, "patient")
    await d.event("QueueCallerJoin")
    await settle()
    d.recording = True
    await d.ask("CoreShowChannels")
    await d.ask("QueueStatus")
    await d.ask("BridgeList")
    await d.ask("DeviceStateList")
    d.recording = False
    await d.ask("Hangup", Channel=f"pz-ours-{attempt(1)}", Cause="16")
    await d.ask("Hangup", Channel=f"pz-ours-{attempt(2)}", Cause="16")
    await settle(1.5)


@scenario()
async def bad_actions(d: Driver, w: World) -> None:
    await d.ask("NoSuchAction")
    await d.ask("Originate", Channel="", Async="true")
    await d.ask(
        "Originate", Channel="PJSIP/1@trunk-city", Async="true", Context="perezvon-answered", Timeout="500"
    )
    await d.ask("Originate", Channel="nonsense", Context="perezvon-answered", Exten="spring", Priority="1")
    await d.ask("Hangup", Channel="pz-ours-ffffffffffffffff")
    await d.ask("QueuePause", Queue="sales", Interface="PJSIP/agent-ivanov", Paused="true")
    await d.ask("QueueRemove", Queue="sales", Interface="PJSIP/agent-ivanov")
    await d.ask("QueueAdd", Queue="nowhere", Interface="PJSIP/agent-ivanov")
    await d.ask("QueueStatus", Queue="nowhere")
    await d.ask("QueueWithdrawCaller", Queue="sales", Caller="PJSIP/none-1")
    await d.ask("PlayDTMF", Channel="PJSIP/none-1", Digit="D", Receive="true")
    await d.ask("Command", Command="core show version")
    await settle(0.8)


@scenario()
async def member_changes(d: Driver, w: World) -> None:
    at = {"Queue": "sales", "Interface": "PJSIP/agent-ivanov"}
    await d.ask("QueueAdd", **at, Penalty="2", Paused="true", MemberName="ivanov", Reason="signed_in")
    await settle(0.1)
    await d.ask("QueueAdd", **at)
    await d.ask("QueuePause", **at, Paused="true", Reason="lunch")
    await settle(0.1)
    await d.ask("QueuePause", Interface=at["Interface"], Paused="false")
    await settle(0.1)
    await d.ask("QueuePause", **at, Paused="false")
    await d.ask("QueuePenalty", **at, Penalty="5")
    await settle(0.1)
    await d.ask("QueueStatus", Queue="sales", Member=at["Interface"])
    await d.ask("QueueRemove", **at)
    await settle(0.1)


@scenario(members={"ivanov": None})
async def paused_while_talking(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("AgentConnect")
    await settle()
    await d.ask("QueuePause", Queue="sales", Interface="PJSIP/agent-ivanov", Paused="true", Reason="lunch")
    await settle()
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(members={"ivanov": None})
async def removed_while_talking(d: Driver, w: World) -> None:
    await originate(d)
    await d.event("AgentConnect")
    await settle()
    await d.ask("QueueRemove", Queue="sales", Interface="PJSIP/agent-ivanov")
    await settle()
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(members={"ivanov": None})
async def phone_vanishes_and_returns(d: Driver, w: World) -> None:
    w.register("agent-ivanov", 0)
    await settle()
    w.register("agent-ivanov", 600)
    await settle()


@scenario(members={"ivanov": None})
async def inbound_talk(d: Driver, w: World) -> None:
    w.call("caller", "+74950000001", "+79990000001")
    await d.event("AgentConnect")
    await settle()
    w.hang_up("caller")
    await settle(0.6)


@scenario()
async def inbound_abandons(d: Driver, w: World) -> None:
    w.call("caller", "+74950000001", "+79990000001")
    await d.event("QueueCallerJoin")
    await settle()
    w.hang_up("caller")
    await settle(0.6)
