"""What agents dial on their phones: done, said, shown by the daemon, and kept in the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.ledger import Dialed
from lab.phones import Answer
from leads.lead import LeadState, Outcome
from tests.daemon.centre import Centre, until
from tests.daemon.site import SPRING, WRAP_UP
from tests.lab.hearing import said, seconds_of_speech

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

CODES = {"sign_in": "*11", "sign_out": "*12", "ready": "*21", "not_ready": "*22", "end_wrap_up": "*23"}
DISPOSITION = "*25"


async def dial(centre: Centre, agent: str, code: str) -> Path:
    """Dial it; what the phone heard."""
    dialed: Dialed = await centre.pair.phones.dial(agent, code, 12.0)
    assert dialed.recording is not None, f"{code} was not answered"
    assert seconds_of_speech(dialed.recording) > 0.3
    return dialed.recording


async def test_an_agent_signs_in_goes_ready_and_signs_out(centre: Centre) -> None:
    heard = await dial(centre, "anna", CODES["sign_in"])
    assert said(heard, "agent-signed-in")
    await centre.comes_to("anna", "not_ready", "signed_in")
    heard = await dial(centre, "anna", CODES["ready"])
    assert said(heard, "agent-ready")
    await centre.comes_to("anna", "ready")
    heard = await dial(centre, "anna", CODES["sign_out"])
    assert said(heard, "agent-signed-out")
    await centre.comes_to("anna", "offline")
    await centre.ledger_says("anna", ("not_ready", "signed_in"), ("ready", ""), ("offline", ""))


async def test_an_agent_goes_not_ready_with_each_reason(centre: Centre) -> None:
    async def go(agent: str, reason: str, code: str) -> None:
        heard = await dial(centre, agent, CODES["not_ready"] + code)
        assert said(heard, "agent-not-ready")
        await centre.comes_to(agent, "not_ready", reason)
        spell = centre.spells(agent)[-1]
        assert (spell.state, spell.reason, spell.until) == ("not_ready", reason, None)

    reasons = {name: reason.code for name, reason in centre.pair.site.pause_reasons.items()}
    agents = ("anna", "boris", "vera", "gleb")
    await centre.ready(*agents)
    await asyncio.gather(*(go(agent, *reason) for agent, reason in zip(agents, reasons.items(), strict=True)))


async def test_an_agent_says_what_came_of_a_talk_and_once_more_in_wrap_up(centre: Centre) -> None:
    phone = await centre.person()
    await centre.pair.phones.set("gleb", Answer())
    await centre.ready("gleb")
    await centre.dial(SPRING, [phone])
    await centre.comes_to("gleb", "talking", within=20.0)
    assert said(await dial(centre, "gleb", DISPOSITION + "3"), "agent-marked")
    await centre.pair.phones.hang_up("gleb")
    attempt = await centre.ended(phone)
    assert (attempt.outcome, attempt.disposition, attempt.disposition_by) == (
        Outcome.TALKED,
        "call_back",
        "gleb",
    )
    lead = await centre.lead(phone)
    assert lead.state is LeadState.SCHEDULED
    why = await centre.why("lead", str(lead.id))
    assert "talked (call_back), disposition callback: called again in" in why

    heard = await dial(centre, "gleb", DISPOSITION + "5")
    assert said(heard, "agent-marked")
    assert (await centre.lead(phone)).state is LeadState.FINAL
    code, told = await centre.cli("dnc", "list")
    assert code == 0
    assert "gleb: do_not_call" in told


async def test_an_agent_ends_wrap_up_early(centre: Centre) -> None:
    await centre.pair.phones.set("lev", Answer(talk=0.5))
    await centre.ready("lev")
    await centre.dial(SPRING, [await centre.person()])
    await centre.comes_to("lev", "wrap_up")
    await centre.set("lev", "not_ready", "lunch")  # so that only the code can make lev ready at once
    await centre.set("lev", "ready")
    heard = await dial(centre, "lev", CODES["end_wrap_up"])
    assert said(heard, "agent-wrap-up-ended")
    await centre.comes_to("lev", "ready")
    wrap_up = [spell for spell in centre.spells("lev") if spell.state == "wrap_up"]
    assert sum((spell.until or 0) - spell.since for spell in wrap_up) < WRAP_UP


async def test_an_unknown_code_says_so_and_changes_nothing(centre: Centre) -> None:
    await centre.ready("kira")
    heard = await dial(centre, "kira", "*99")
    assert said(heard, "agent-bad-code")
    await centre.comes_to("kira", "ready")


async def test_codes_of_one_who_is_not_signed_in_say_so(centre: Centre) -> None:
    codes = {"gleb": CODES["ready"], "darya": CODES["not_ready"] + "1", "ivan": CODES["end_wrap_up"]}
    for heard in await asyncio.gather(*(dial(centre, agent, code) for agent, code in codes.items())):
        assert said(heard, "agent-not-signed-in")
    assert {row["state"] for row in await centre.ask("agents")} == {"offline"}


async def test_the_confirmation_is_told_from_other_prompts(centre: Centre) -> None:
    """The ear of these tests: it knows one prompt from another."""
    heard = await dial(centre, "vera", CODES["sign_in"])
    prompts = ("agent-signed-in", "agent-signed-out", "agent-ready", "agent-not-ready", "agent-bad-code")
    assert [prompt for prompt in prompts if said(heard, prompt)] == ["agent-signed-in"]
    await until(lambda: centre.spells("vera"), "vera is in the ledger")
