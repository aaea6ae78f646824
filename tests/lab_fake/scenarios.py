"""The AMI dialogues that a real Asterisk was recorded with, and that the fake must repeat.

A scenario drives a manager link and the world outside; the recorder plays it on a real Asterisk, the test
on the fake.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from lab.fake.behaviour import Answer, Phone, Reject, Ring, Subscriber
from lab.fake.switch import Campaign

from .driver import Block, Driver

USER, SECRET = "perezvon_dialer", "Transcript-Secret-1"
NUMBER = "+79161234567"
CAMPAIGNS = {
    "spring": Campaign("sales", 2, 1.0),
    "patient": Campaign("sales", 20, 1.0),
    "hasty": Campaign("sales", 1, 1.0),
    "limited": Campaign("sales", 20, 1.0, max_talk=2),
}
"""The recorder writes them into its dialplan; the fake is given them."""


class World(Protocol):
    """What happens beyond Asterisk."""

    def hang_up(self, user: str) -> None: ...

    def register(self, user: str, expires: int) -> None: ...

    def call(self, user: str, number: str, caller: str) -> None: ...


Play = Callable[[Driver, World], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """`members` are agents in queue `sales`, by name, with the reason of their pause."""

    name: str
    play: Play
    number: Subscriber = field(default_factory=Answer)
    phones: dict[str, Phone] = field(default_factory=lambda: {"ivanov": Phone()})
    members: dict[str, str | None] = field(default_factory=dict)
    login: bool = True


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    number: Subscriber | None = None,
    phones: dict[str, Phone] | None = None,
    members: dict[str, str | None] | None = None,
    login: bool = True,
) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        name = play.__name__
        given = {"ivanov": Phone()} if phones is None else phones
        SCENARIOS[name] = Scenario(name, play, number or Answer(0.3), given, members or {}, login)
        return play

    return add


def attempt(n: int = 1) -> str:
    return f"0123456789abcd{n:02x}"


async def originate(d: Driver, n: int = 1, campaign: str = "spring", timeout: int = 10000) -> Block:
    return await d.ask(
        "Originate",
        Channel=f"PJSIP/{NUMBER}@trunk-city",
        ChannelId=f"pz-ours-{attempt(n)}",
        Context="perezvon-answered",
        Exten=campaign,
        Priority="1",
        Timeout=str(timeout),
        CallerID='"" <+74951234567>',
        Async="true",
        Account=attempt(n),
        Variable=f"__PZ_ATTEMPT={attempt(n)}",
    )


async def ended(d: Driver, n: int = 1) -> None:
    await d.event("Hangup", Uniqueid=f"pz-ours-{attempt(n)}")
    await asyncio.sleep(0.3)


async def settle(seconds: float = 0.3) -> None:
    await asyncio.sleep(seconds)


# -- link ------------------------------------------------------------------------------------------


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


# -- calls that nobody answers ---------------------------------------------------------------------


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
    await _preview_leg(d)
    await d.event("OriginateResponse")
    await settle()


# -- answered calls --------------------------------------------------------------------------------


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


# -- members ---------------------------------------------------------------------------------------


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


# -- preview ---------------------------------------------------------------------------------------


async def _preview_leg(d: Driver, timeout: int = 5000) -> Block:
    return await d.ask(
        "Originate",
        Channel="PJSIP/agent-ivanov",
        ChannelId=f"pza-ours-{attempt()}",
        Context="perezvon-preview",
        Exten="spring",
        Priority="1",
        Timeout=str(timeout),
        CallerID='"" <+79161234567>',
        Async="true",
        Account=attempt(),
        Variable=f"__PZ_ATTEMPT={attempt()}",
    )


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
    await _preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await d.event("OriginateResponse")
    await settle(0.6)
    w.hang_up(NUMBER)
    await ended(d)


@scenario(phones={"ivanov": Phone(0.3)}, members={"ivanov": "preview"})
async def preview_talk_ended_by_agent(d: Driver, w: World) -> None:
    await _preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await d.event("OriginateResponse")
    await settle(0.6)
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(phones={"ivanov": Phone(0.3)}, number=Reject(486, 0.3), members={"ivanov": "preview"})
async def preview_subscriber_busy(d: Driver, w: World) -> None:
    await _preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await ended(d)
    await d.ask("Hangup", Channel=f"pza-ours-{attempt()}", Cause="16")
    await settle()


@scenario(phones={"ivanov": Phone(0.3)}, members={"ivanov": "preview"}, number=Answer(1.0))
async def preview_agent_gives_up(d: Driver, w: World) -> None:
    await _preview_leg(d)
    await d.event("OriginateResponse")
    await _preview_subscriber(d)
    await settle(0.5)
    w.hang_up("agent-ivanov")
    await ended(d)


@scenario(phones={"ivanov": Phone(None)})
async def preview_agent_does_not_answer(d: Driver, w: World) -> None:
    await _preview_leg(d, 1000)
    await d.event("OriginateResponse")
    await settle(0.5)
