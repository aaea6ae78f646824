"""Answered calls are screened on a real Asterisk: who speaks decides who has them."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from array import array
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from dialplan.render import LONGEST_SCREENING
from lab import sound
from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from leads.attempt import Attempt
from leads.lead import Lead, LeadState, Outcome
from tests.daemon.centre import Centre, until
from tests.daemon.site import GRACE, HELLO_PROMPT, SCREENED, SCREENED_ROBOT

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

HOUR = 3600.0
GREETING = (
    "Здравствуйте, вы позвонили в компанию. К сожалению, сейчас никто не может подойти к телефону. "
    "Оставьте сообщение после сигнала, и мы перезвоним."
)


def tones(*parts: tuple[float, float]) -> bytes:
    """Tones one after another, each of so many hertz for so many seconds."""
    samples = array("h")
    for hz, seconds in parts:
        samples.extend(
            round(8000 * math.sin(2 * math.pi * hz * n / sound.RATE))
            for n in range(round(seconds * sound.RATE))
        )
    return samples.tobytes()


@pytest.fixture(scope="session")
def voices(running: Centre, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """What the people of these tests say."""
    folder = tmp_path_factory.mktemp("voices")
    command = running.pair.site.system.speech.command
    for name, text in (("hello", "Алло"), ("machine", GREETING)):
        words = [part.format(voice="ru", rate=160) for part in command]
        spoken = subprocess.run(words, input=text.encode(), capture_output=True, check=True).stdout
        (folder / "spoken.wav").write_bytes(spoken)
        sound.write(folder / f"{name}.wav", bytes(3200) + sound.read(folder / "spoken.wav"))
    sound.write(folder / "fax.wav", tones((2100, 3.0)))
    sit = ((950, 0.33), (1400, 0.33), (1800, 0.33))
    sound.write(folder / "sit.wav", tones(*sit) + bytes(16000))
    return {file.stem: file for file in folder.glob("*.wav")}


def says(voices: Mapping[str, Path], who: str, ring: float = 0.3) -> Behaviour:
    return Behaviour(Kind.SPEAKS, ring, 20.0, sound=str(voices[who].with_suffix("")))


@dataclass(frozen=True)
class Came:
    """What came of a call."""

    attempt: Attempt
    lead: Lead
    why: str
    ended_after: float


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def came(running: Centre, voices: Mapping[str, Path]) -> dict[str, Came]:
    """Four calls at once: one agent is enough for them."""
    await running.begin()
    await running.pair.phones.set("anna", Answer(after=0.1, talk=1.0))
    agents = ("anna", "boris", "vera", "gleb")
    await running.ready(*agents)
    phones = {who: await running.person(says(voices, who)) for who in ("hello", "machine", "fax", "sit")}
    await running.dial(SCREENED, phones.values())
    found = {}
    for who, phone in phones.items():
        attempt = await running.ended(phone, 20.0)
        lead = await running.lead(phone)
        why = await running.why("lead", str(lead.id))
        (call,) = running.city(phone)
        found[who] = Came(attempt, lead, why, (attempt.ended_at or 0.0) - (call.answered_at or 0.0))
    await running.clean()
    return found


async def test_a_person_has_an_agent_within_the_laws_two_seconds(came: dict[str, Came]) -> None:
    one = came["hello"].attempt
    assert (one.outcome, one.heard) == (Outcome.TALKED, "person")
    assert one.answered_at and one.greeted_at and one.connected_at
    assert one.answered_at < one.greeted_at < one.connected_at
    assert one.connected_at - one.greeted_at < GRACE


@pytest.mark.parametrize(
    "who, outcome, heard, again, why",
    [
        ("machine", Outcome.MACHINE, "machine", 4 * HOUR, "an answering machine, it seems: called again in"),
        ("fax", Outcome.FAX, "fax", None, "a fax: final"),
        ("sit", Outcome.FAILED, "sit", HOUR, "the call failed (sit): called again in 1 h"),
    ],
)  # fmt: skip
async def test_what_is_no_person_is_hung_up_on_and_never_reaches_an_agent(
    came: dict[str, Came], who: str, outcome: Outcome, heard: str, again: float | None, why: str
) -> None:
    found = came[who]
    one = found.attempt
    assert (one.outcome, one.heard, one.agent, one.connected_at) == (outcome, heard, None, None)
    assert found.ended_after < 7.5
    assert why in found.why
    if again is None:
        assert found.lead.state is LeadState.FINAL
    else:
        assert found.lead.due_at == pytest.approx((one.ended_at or 0.0) + again, abs=0.01)


async def test_the_log_says_who_was_heard_and_how_soon(came: dict[str, Came], centre: Centre) -> None:
    verdicts = [line for line in centre.log_lines() if line.get("event") == "verdict"]
    told = {line["attempt"]: line for line in verdicts}
    for who in came.values():
        assert told[who.attempt.id]["heard"] == who.attempt.heard
        assert 0 < told[who.attempt.id]["seconds"] <= 6.5


async def test_the_person_is_screening_until_they_speak(centre: Centre, voices: Mapping[str, Path]) -> None:
    await centre.pair.phones.set("anna", Answer(after=0.1, talk=1.0))
    await centre.ready("anna")
    phone = await centre.person()
    async with centre.pair.city.person(phone) as person:
        await centre.dial(SCREENED, [phone])
        await person.until_answered()
        await until(lambda: _state(centre, "answered"), "the call is being screened")
        assert (await centre.agent("anna"))["state"] == "ready"
        await person.says(voices["hello"])
        await until(lambda: _state(centre, "talking"), "an agent has them")


async def test_the_daemon_is_killed_and_persons_have_their_agents_all_the_same(
    centre: Centre, voices: Mapping[str, Path]
) -> None:
    """One is being listened to, the other answers when there is no ear: Asterisk alone serves both, and the
    next daemon finds what became of them."""
    await centre.pair.phones.set_all(Answer(after=0.1, talk=1.0))
    await centre.ready("anna", "boris")
    heard, ringing = await centre.person(), await centre.person(Behaviour(Kind.TALKS_ON, 3.0))
    async with centre.pair.city.person(heard, ring=1.0) as person:
        await centre.dial(SCREENED, [heard, ringing])
        await centre.arrived(ringing)
        await person.until_answered()
        await until(lambda: _state(centre, "answered"), "the call is being screened")
        await centre.daemon.kill()
        await until(lambda: centre.rings("anna") + centre.rings("boris"), "an agent rings", 3.0)
        answered = await centre.answered(ringing)
        await until(lambda: len(centre.rings("anna") + centre.rings("boris")) == 2, "the other rings", 3.0)
        last = max(ring.arrived_at for ring in centre.rings("anna") + centre.rings("boris"))
        assert last - answered < 0.5
        await person.until_over(10.0)
    await until(lambda: centre.city(ringing)[0].ended_at, "the talk ends")
    await centre.daemon.start()
    for phone in (heard, ringing):
        attempt = await centre.ended(phone, 20.0)
        assert (attempt.outcome, attempt.heard) == (Outcome.TALKED, "person")
        assert attempt.agent in ("anna", "boris")


async def test_the_daemon_hangs_and_a_person_has_an_agent_all_the_same(centre: Centre) -> None:
    """Its connections stay open and nothing comes: only Asterisk's own clock can end that."""
    await centre.pair.phones.set_all(Answer(after=0.1, talk=1.0))
    await centre.ready("anna")
    phone = await centre.person()
    async with centre.pair.city.person(phone) as person:
        await centre.dial(SCREENED, [phone])
        await person.until_answered()
        answered = await centre.answered(phone)
        await until(lambda: _state(centre, "answered"), "the call is being screened")
        os.kill(centre.daemon.pid, signal.SIGSTOP)
        await until(lambda: centre.rings("anna"), "an agent rings", LONGEST_SCREENING + 2.0)
        assert centre.rings("anna")[0].arrived_at - answered < LONGEST_SCREENING + 1.0
        await centre.daemon.kill()
        await person.until_over(10.0)
    await centre.daemon.start()
    attempt = await centre.ended(phone, 20.0)
    assert (attempt.outcome, attempt.heard) == (Outcome.TALKED, "person")


@asynccontextmanager
async def without(centre: Centre, module: str) -> AsyncIterator[None]:
    """Asterisk without a module of its own."""
    await centre.pair.ours.console(f"module unload {module}.so")
    try:
        yield
    finally:
        await centre.pair.ours.console(f"module load {module}.so")


async def test_without_audiosocket_amd_screens_and_without_both_everybody_is_a_person(
    centre: Centre, voices: Mapping[str, Path]
) -> None:
    await centre.pair.phones.set_all(Answer(after=0.1, talk=1.0))
    await centre.ready("anna", "boris")
    async with without(centre, "app_audiosocket"):
        machine = await centre.person(says(voices, "machine"))
        person = await centre.person(says(voices, "hello"))
        await centre.dial(SCREENED, [machine, person])
        assert (await centre.ended(machine, 15.0)).outcome is Outcome.MACHINE
        assert (await centre.ended(person, 15.0)).outcome is Outcome.TALKED
        async with without(centre, "app_amd"):
            machine = await centre.person(says(voices, "machine"))
            await centre.dial(SCREENED, [machine])
            assert (await centre.ended(machine, 15.0)).outcome is Outcome.TALKED
            code, said = await centre.cli("doctor", "--json")
            assert code == 1
            assert "everybody is taken for a person" in said
        _, said = await centre.cli("doctor", "--json")
        (found,) = (one for one in json.loads(said) if one["what"] == "screening")
        assert (found["level"], "AMD() screens" in found["told"]) == ("warn", True)


async def test_a_robot_speaks_with_persons_alone_and_greets_them_meanwhile(
    centre: Centre, voices: Mapping[str, Path]
) -> None:
    machine, phone = await centre.person(says(voices, "machine")), await centre.person()
    async with centre.pair.city.person(phone) as person:
        await centre.dial(SCREENED_ROBOT, [machine, phone])
        await person.until_answered()
        await person.hears(HELLO_PROMPT, 3.0)
        assert await _state(centre, "answered")
        await person.says(voices["hello"])
        await person.hears("survey-call", 10.0)
    attempt = await centre.ended(machine, 15.0)
    assert (attempt.outcome, attempt.heard, attempt.disposition) == (Outcome.MACHINE, "machine", None)
    assert (await centre.ended(phone, 15.0)).heard == "person"


async def _state(centre: Centre, state: str) -> bool:
    return state in [call["state"] for call in await centre.ask("calls")]
