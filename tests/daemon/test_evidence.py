"""Screened calls on a real Asterisk: what is kept of them, and machines that reach an agent are marked."""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path

import pytest

from config.models import MISSED_MACHINE
from lab.behaviour import Behaviour, Kind
from lab.phones import Answer
from leads.lead import LeadState, Outcome
from predictive.screening import Marks
from sounds.screening import FRAME_BYTES, Screen
from tests.daemon.centre import Centre, until
from tests.daemon.site import CHECKED, SCREENED
from tests.lab.hearing import said

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

CODE = "*24"
MACHINE = Behaviour(Kind.MACHINE, seconds=20.0)


async def dial(centre: Centre, agent: str) -> Path:
    """Dial the code; what the phone heard."""
    dialed = await centre.pair.phones.dial(agent, CODE, 12.0)
    assert dialed.recording is not None
    return dialed.recording


async def test_a_screened_call_leaves_its_sound_and_says_why(centre: Centre) -> None:
    phone = await centre.person(MACHINE)
    await centre.ready("anna")
    await centre.dial(SCREENED, [phone])
    attempt = await centre.ended(phone, 20.0)
    assert attempt.outcome is Outcome.MACHINE
    assert centre.rings("anna") == []
    [verdict] = await centre.store.verdicts.of(attempt.id)
    assert (verdict.heard, verdict.checked, verdict.early) == ("machine", False, False)
    sound = Path(centre.pair.site.system.screening.folder) / f"{attempt.id}.wav"
    await until(sound.with_suffix(".json").exists, "the sound is kept")
    with wave.open(str(sound)) as wav:
        heard = wav.readframes(wav.getnframes())
    screen = Screen()
    for at in range(0, len(heard), FRAME_BYTES):
        screen.push(heard[at : at + FRAME_BYTES])
    assert (screen.end().heard, screen.end().frame) == ("machine", verdict.frame), "played again, the same"

    code, told = await centre.cli("why", "attempt", attempt.id)
    assert code == 0, told
    assert f"because: {verdict.why}" in told
    assert "decided |" in told
    assert "it came to machine" in told
    code, told = await centre.cli("why", "attempt", attempt.id, "--json")
    assert len(json.loads(told)["verdicts"][0]["trace"]) == verdict.frame + 1


async def test_a_machine_of_the_check_sample_reaches_an_agent_who_marks_it(centre: Centre) -> None:
    phone = await centre.person(MACHINE)
    await centre.pair.phones.set("anna", Answer())
    await centre.ready("anna")
    await centre.dial(CHECKED, [phone])
    await centre.comes_to("anna", "talking", within=20.0)
    assert said(await dial(centre, "anna"), "agent-machine")
    assert said(await dial(centre, "anna"), "agent-marked-already")
    await centre.pair.phones.hang_up("anna")
    attempt = await centre.ended(phone)
    assert (attempt.outcome, attempt.disposition) == (Outcome.TALKED, MISSED_MACHINE)
    [verdict] = await centre.store.verdicts.of(attempt.id)
    assert (verdict.heard, verdict.checked) == ("machine", True)
    lead = await centre.lead(phone)
    assert lead.state is LeadState.SCHEDULED
    assert "an agent had a machine on the line: called again in 4 h" in await centre.why("lead", str(lead.id))
    assert await centre.store.ledger.marks(CHECKED, 0.0) == Marks(1, 1, 1, 1, passed_on=1)


async def test_a_mark_without_a_talk_or_without_signing_in_is_refused_in_words(centre: Centre) -> None:
    await centre.ready("boris")
    boris, vera = await asyncio.gather(dial(centre, "boris"), dial(centre, "vera"))
    assert said(boris, "agent-no-talk")
    assert said(vera, "agent-not-signed-in")


async def test_with_the_daemon_down_the_code_says_that_something_is_wrong(centre: Centre) -> None:
    await centre.ready("gleb")
    await centre.daemon.stop()
    assert said(await dial(centre, "gleb"), "sorry")
