"""The daemon hangs, and telephones send nothing: on a real Asterisk nobody is lost to it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialplan.render import LONGEST_SCREENING
from lab import sound
from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from leads.lead import Outcome
from sounds.screening.screen import LONGEST
from tests.daemon.centre import Centre, until
from tests.daemon.site import LISTENED, SCREENED
from tests.daemon.test_screening import GREETING

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still, as on a machine that swaps, or in a debugger."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def in_state(centre: Centre, state: str) -> bool:
    return state in [call["state"] for call in await centre.ask("calls")]


async def test_a_daemon_that_hangs_loses_no_person_and_no_message(centre: Centre) -> None:
    """One is being listened to, of a machine the beep is awaited: Asterisk alone goes on with both."""
    await centre.pair.phones.set("anna", Answer(after=0.1, talk=1.0))
    await centre.ready("anna")
    machine, phone = await centre.person(Behaviour(Kind.MACHINE, seconds=90.0)), await centre.person()
    await centre.dial(LISTENED, [machine])
    await until(lambda: in_state(centre, "no_person"), "the beep is awaited")
    await centre.ask("campaign", name=LISTENED, action="stop")
    async with centre.pair.city.person(phone) as person:
        await centre.dial(SCREENED, [phone])
        await person.until_answered()
        await until(lambda: in_state(centre, "answered"), "the call is being screened")
        with stopped(centre.daemon.pid):
            rung = await centre.rung("anna", within=LONGEST_SCREENING + 2.0)
            assert rung.arrived_at - await centre.answered(phone) == pytest.approx(LONGEST_SCREENING, abs=1.0)
            (call,) = centre.city(machine)
            await until(lambda: call.ended_at, "the message is left", 45.0)
    attempt = await centre.ended(phone, 20.0)
    assert (attempt.outcome, attempt.heard, attempt.agent) == (Outcome.TALKED, "person", "anna")
    assert attempt.greeted_at is None, "the law's time counts from the answer"
    assert await centre.store.verdicts.of(attempt.id) == []
    left = await centre.ended(machine, 20.0)
    assert (left.outcome, left.note) == (Outcome.MACHINE, "a message was left")


async def test_a_telephone_that_sends_nothing_is_silence_and_has_an_agent(
    centre: Centre, tmp_path: Path
) -> None:
    sound.write(tmp_path / "blink.wav", bytes(800))
    phone = await centre.person(Behaviour(Kind.SPEAKS, 0.2, 20.0, sound=str(tmp_path / "blink")))
    await centre.pair.phones.set("anna", Answer(after=0.1, talk=1.0))
    await centre.ready("anna")
    await centre.dial(SCREENED, [phone])
    attempt = await centre.ended(phone, 20.0)
    assert (attempt.outcome, attempt.heard) == (Outcome.TALKED, "silence")
    (verdict,) = await centre.store.verdicts.of(attempt.id)
    assert (verdict.frame + 1) * 0.02 == pytest.approx(LONGEST, abs=0.2)
    assert attempt.answered_at and attempt.greeted_at
    assert attempt.greeted_at - attempt.answered_at == pytest.approx(LONGEST, abs=0.5)


async def test_a_machine_that_sends_nothing_after_its_words_has_its_message(
    centre: Centre, tmp_path: Path
) -> None:
    """There is no beep, and no sound of silence either."""
    command = centre.pair.site.system.speech.command
    words = [part.format(voice="ru", rate=160) for part in command]
    spoken = subprocess.run(words, input=GREETING.encode(), capture_output=True, check=True).stdout
    (tmp_path / "spoken.wav").write_bytes(spoken)
    samples = sound.read(tmp_path / "spoken.wav")[: 7 * 2 * sound.RATE]  # cut off in the midst of a word
    sound.write(tmp_path / "machine.wav", samples)
    phone = await centre.person(Behaviour(Kind.SPEAKS, 0.2, 60.0, sound=str(tmp_path / "machine")))
    await centre.ready("anna")
    await centre.dial(LISTENED, [phone])
    attempt = await centre.ended(phone, 40.0)
    assert (attempt.outcome, attempt.note) == (Outcome.MACHINE, "a message was left")
    quiet = await centre.waited(attempt.id) - len(samples) / 2 / sound.RATE
    assert 2.3 < quiet < 3.5
