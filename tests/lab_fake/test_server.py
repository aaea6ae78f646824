"""The wire: what the fake does when the link or Asterisk itself fails, on request."""

from __future__ import annotations

import asyncio
import csv
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path

import pytest

from lab.fake import (
    Answer,
    Behaviours,
    Campaign,
    FakeAsterisk,
    Phone,
    QueueOptions,
    Reject,
    Subscriber,
    run_virtual,
)

from .driver import Driver
from .scenario import SECRET, USER, attempt, originate

Test = Callable[[Path], Coroutine[None, None, None]]


def virtual(test: Test) -> Callable[[Path], None]:
    @wraps(test)
    def run(tmp_path: Path) -> None:
        run_virtual(test(tmp_path))

    return run


def fake_asterisk(
    number: Subscriber | None = None, phone: Phone | None = None, cel: Path | None = None
) -> FakeAsterisk:
    who = number or Answer(0.3)
    return FakeAsterisk(
        Behaviours(lambda _: who, phone or Phone()),
        {"ivanov": {"sales": 0}},
        {"sales": QueueOptions()},
        {"spring": Campaign("sales", 20), "patient": Campaign("sales", 60)},
        secret=SECRET,
        cel=cel,
    )


async def linked(fake: FakeAsterisk) -> Driver:
    d = await Driver.connect(fake.port)
    await d.ask("Login", Username=USER, Secret=SECRET)
    await d.event("FullyBooted")
    return d


async def names_of_one_call(split: random.Random | None) -> list[str]:
    fake = fake_asterisk()
    fake.faults.split = split
    await fake.start()
    d = await linked(fake)
    fake.sign_in("ivanov", ready=True)
    await originate(d)
    await d.event("AgentConnect")
    await asyncio.sleep(1)
    fake.hang_up("agent-ivanov")
    await d.event("DeviceStateChange", Device="PJSIP/trunk-city", State="NOT_INUSE")
    await d.close()
    await fake.stop()
    return [block.name for block in d.log]


def test_writes_split_anywhere_carry_the_same_dialogue() -> None:
    whole = run_virtual(names_of_one_call(None))
    assert "Event: AgentComplete" in whole
    for seed in range(5):
        assert run_virtual(names_of_one_call(random.Random(seed))) == whole


@virtual
async def test_a_swallowed_reply_never_comes(tmp_path: Path) -> None:
    fake = fake_asterisk()
    await fake.start()
    d = await linked(fake)
    fake.faults.swallow_replies = 1
    with pytest.raises(TimeoutError):
        await d.ask("Ping")
    assert (await d.ask("Ping")).get("Ping") == "Pong"


@virtual
async def test_a_lost_originate_response_leaves_the_call_alive(tmp_path: Path) -> None:
    fake = fake_asterisk(Reject(486))
    await fake.start()
    d = await linked(fake)
    fake.faults.swallow_originate_responses = 1
    await originate(d)
    await d.event("Hangup", Cause="17")
    assert "Event: OriginateResponse" not in [block.name for block in d.log]


@virtual
async def test_delay_keeps_order(tmp_path: Path) -> None:
    fake = fake_asterisk()
    await fake.start()
    d = await linked(fake)
    fake.faults.delay = 0.5
    loop = asyncio.get_running_loop()
    before = loop.time()
    await d.ask("Ping")
    assert loop.time() - before == pytest.approx(0.5)
    fake.flood(100)
    numbers = [(await d.event("UserEvent")).get("Number") for _ in range(100)]
    assert numbers == [str(n) for n in range(100)]


@virtual
async def test_logins_are_refused_while_told_so(tmp_path: Path) -> None:
    fake = fake_asterisk()
    fake.faults.refuse_logins = True
    await fake.start()
    d = await Driver.connect(fake.port)
    assert (await d.ask("Login", Username=USER, Secret=SECRET)).get("Message") == "Authentication failed"
    with pytest.raises(ConnectionResetError):
        await d.event("FullyBooted")


@virtual
async def test_calls_go_on_while_the_link_is_cut(tmp_path: Path) -> None:
    fake = fake_asterisk()
    await fake.start()
    d = await linked(fake)
    await originate(d)
    fake.drop_link()
    with pytest.raises(ConnectionResetError):
        await d.event("Hangup")
    await asyncio.sleep(1)
    d = await linked(fake)
    await d.ask("CoreShowChannels")
    shown = [block for block in d.log if block.get("Event") == "CoreShowChannel"]
    assert [block.get("Uniqueid") for block in shown] == [f"pz-ours-{attempt()}"]
    assert shown[0].get("Application") == "Queue"


@virtual
async def test_a_killed_asterisk_comes_back_with_its_members_and_nothing_else(tmp_path: Path) -> None:
    fake = fake_asterisk(cel=tmp_path / "cel" / "perezvon.csv")
    await fake.start()
    port = fake.port
    d = await linked(fake)
    started = await d.ask("CoreStatus")
    fake.sign_in("ivanov", ready=True)
    await originate(d)
    await d.event("AgentConnect")
    fake.kill()
    with pytest.raises(ConnectionResetError):
        await d.event("Hangup")
    with pytest.raises(ConnectionRefusedError):
        await Driver.connect(port)
    await asyncio.sleep(60)
    await fake.start()
    assert fake.port == port
    d = await linked(fake)
    again = await d.ask("CoreStatus")
    assert again.get("CoreStartupTime") != started.get("CoreStartupTime")
    assert again.get("CoreCurrentCalls") == "0"
    await d.ask("QueueStatus")
    assert [block.get("Name") for block in d.log if block.get("Event") == "QueueMember"] == ["ivanov"]
    assert [call.how for call in fake.ledger] == ["killed"]
    events = [row[0] for row in csv.reader((tmp_path / "cel" / "perezvon.csv").open())]
    assert "BRIDGE_ENTER" in events
    assert "HANGUP" not in events
    assert (await originate(d)).get("Response") == "Success"
    await d.event("OriginateResponse", Response="Success")


@virtual
async def test_ids_are_counted(tmp_path: Path) -> None:
    fake = fake_asterisk(Answer(5))
    await fake.start()
    d = await linked(fake)
    for _ in range(3):
        await originate(d)
    await asyncio.sleep(1)
    assert fake.switch.id_uses == Counter({f"pz-ours-{attempt()}": 3})
    assert fake.switch.refused_ids == Counter({f"pz-ours-{attempt()}": 2})
    assert len(fake.ledger) == 1


@virtual
async def test_the_ledger_tells_how_each_call_ended(tmp_path: Path) -> None:
    ways: dict[str, Subscriber] = {
        "busy": Reject(486),
        "rejected": Reject(404),
        "no_answer": Answer(60),
        "hung_up_waiting": Answer(0.3, hang_up_after=0.0),
        "talked": Answer(0.3, talk=2.0),
    }
    for how, who in ways.items():
        fake = fake_asterisk(who)
        await fake.start()
        d = await linked(fake)
        fake.sign_in("ivanov", ready=True)
        await originate(d, timeout=5000)
        await d.event("Hangup", Uniqueid=f"pz-ours-{attempt()}")
        assert [call.how for call in fake.ledger] == [how]
        await d.close()
        await fake.stop()


@virtual
async def test_garbage_reaches_the_client_as_it_is(tmp_path: Path) -> None:
    fake = fake_asterisk()
    await fake.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", fake.port)
    await reader.readline()
    fake.garbage(b"\xff\x00garbage\r\n")
    assert await reader.readline() == b"\xff\x00garbage\r\n"
    writer.close()


async def test_the_same_over_real_tcp_in_real_time() -> None:
    fake = fake_asterisk(Answer(0.05, ring_after=0.01))
    await fake.start()
    d = await linked(fake)
    fake.sign_in("ivanov", ready=True)
    await originate(d)
    await d.event("AgentConnect")
    fake.hang_up("agent-ivanov")
    await d.event("Hangup", Uniqueid=f"pz-ours-{attempt()}")
    await d.close()
    await fake.stop()
    assert [call.how for call in fake.ledger] == ["talked"]
