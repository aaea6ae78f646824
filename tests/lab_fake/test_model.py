"""Whatever happens: every channel ends once, no id twice, no agent on two calls, the ledger explains all."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.fake import (
    Answer,
    Behaviours,
    Campaign,
    FakeAsterisk,
    Phone,
    QueueOptions,
    Reject,
    Ring,
    Subscriber,
    run_virtual,
)
from lab.fake.switch import Order

AGENTS = ("ivanov", "petrova", "sidorov")

short = st.floats(0, 3, allow_nan=False).map(lambda value: round(value, 2))
subscribers: st.SearchStrategy[Subscriber] = st.one_of(
    st.builds(Reject, st.sampled_from([403, 404, 480, 486, 500, 503, 603]), short),
    st.just(Ring()),
    st.builds(Answer, short, st.just(0.05), st.none() | short, st.none() | short),
)
phones = st.one_of(
    st.builds(Phone, short, talk=st.none() | short),
    st.just(Phone(None)),
    st.builds(Phone, short, reject=st.just(486)),
)
orders = ("hang_up", "withdraw", "pause", "unpause", "remove", "add", "vanish", "return")


@dataclass(frozen=True)
class Story:
    """What happens in one run: calls at times, phones, and orders at times."""

    calls: list[tuple[float, Subscriber]]
    phones: list[Phone]
    orders: list[tuple[float, str, int]]
    strategy: str


stories = st.builds(
    Story,
    st.lists(st.tuples(st.floats(0, 8), subscribers), min_size=1, max_size=12),
    st.lists(phones, min_size=3, max_size=3),
    st.lists(st.tuples(st.floats(0, 15), st.sampled_from(orders), st.integers(0, 11)), max_size=12),
    st.sampled_from(["leastrecent", "fewestcalls", "rrmemory", "random", "ringall"]),
)


class Witness:
    """Sees every event, and checks what must hold at each moment."""

    def __init__(self, fake: FakeAsterisk) -> None:
        self.fake = fake
        self.events: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.over: Counter[str] = Counter()
        emit = fake.switch.emit

        def see(privilege: str, name: str, body: str) -> None:
            self.events[name] += 1
            found = re.search(r"^Uniqueid: (.+)\r$", body, re.MULTILINE)
            if name == "Newchannel" and found:
                self.begun[found.group(1)] += 1
            if name == "Hangup" and found:
                self.over[found.group(1)] += 1
            if name in ("AgentConnect", "AgentCalled"):
                self.nobody_twice()
            emit(privilege, name, body)

        fake.switch.emit = see

    def nobody_twice(self) -> None:
        legs = Counter(c.device for c in self.fake.switch.channels.values() if "agent-" in c.device)
        assert not [device for device, count in legs.items() if count > 1]


async def live(story: Story) -> tuple[FakeAsterisk, Witness]:
    by_number = {f"+7900000{n:04d}": who for n, (_, who) in enumerate(story.calls)}
    fake = FakeAsterisk(
        Behaviours(by_number.__getitem__, phones=dict(zip(AGENTS, story.phones, strict=True))),
        {agent: {"sales": 0, "support": 0} for agent in AGENTS},
        {name: QueueOptions(story.strategy, ring_time=2, wrap_up=1) for name in ("sales", "support")},
        {"spring": Campaign("sales", 3), "summer": Campaign("support", 5)},
    )
    witness = Witness(fake)
    for agent in AGENTS:
        fake.sign_in(agent, ready=True)
    for n, (at, _) in enumerate(story.calls):
        order = Order(
            f"PJSIP/+7900000{n:04d}@trunk-city", f"pz-ours-{n:016x}", "perezvon-answered",
            ("spring", "summer")[n % 2], timeout=4, cid="+74950000000", attempt=f"{n:016x}",
        )  # fmt: skip
        fake.clock.later(at, lambda order=order: fake.switch.originate(order))  # type: ignore[misc]  # bound early
    for at, what, which in story.orders:
        fake.clock.later(at, lambda what=what, which=which: do(fake, what, which))  # type: ignore[misc]  # same
    await asyncio.sleep(40)
    for channel in list(fake.switch.channels.values()):
        channel.leave(False, 16)
    await asyncio.sleep(1)
    return fake, witness


def do(fake: FakeAsterisk, what: str, which: int) -> None:
    agent = AGENTS[which % 3]
    interface = f"PJSIP/agent-{agent}"
    channels = list(fake.switch.channels.values())
    match what:
        case "hang_up" if channels:
            channels[which % len(channels)].leave(False, 16)
        case "withdraw":
            for queue in fake.switch.queues.values():
                for waiting in queue.waiting[:1]:
                    queue.withdraw(waiting.channel.name)
        case "pause" | "unpause":
            for queue in fake.switch.queues.values():
                queue.pause(interface, what == "pause", "lunch")
        case "remove":
            fake.switch.queues["sales"].remove(interface)
        case "add":
            fake.sign_in(agent, ready=True)
        case "vanish" | "return":
            fake.register(agent, what == "return")


@given(stories)
@settings(max_examples=150, deadline=None)
def test_every_channel_ends_exactly_once_and_nothing_is_left(story: Story) -> None:
    fake, witness = run_virtual(live(story))
    assert witness.begun == witness.over
    assert set(witness.begun.values()) <= {1}
    assert not fake.switch.channels
    assert not fake.switch.bridges
    assert not [queue.waiting for queue in fake.switch.queues.values() if queue.waiting]
    assert witness.events["QueueCallerJoin"] == witness.events["QueueCallerLeave"]
    assert witness.events["AgentConnect"] == witness.events["AgentComplete"]
    assert witness.events["BridgeCreate"] == witness.events["BridgeDestroy"]
    assert witness.events["OriginateResponse"] == len(story.calls) == len(fake.ledger)
    assert all(call.how and call.ended_at is not None for call in fake.ledger)
    assert all(fake.switch.device_state(d) in ("NOT_INUSE", "UNAVAILABLE") for d in fake.switch.devices())


@given(stories)
@settings(max_examples=30, deadline=None)
def test_the_same_story_gives_the_same_ledger(story: Story) -> None:
    assert run_virtual(live(story))[0].ledger == run_virtual(live(story))[0].ledger
