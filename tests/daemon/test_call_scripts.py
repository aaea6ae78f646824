"""Call scripts on a real Asterisk: ours, an admin's own, and what a caller meets when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agi.live import LiveSession
from agi.server import AgiServer, Request
from agi.session import HungUp, Place, Session, Variable
from lab.party import KeyMode
from lab.phones import Answer
from sounds.catalogue import sounds_dir
from sounds.phrase import Prompt
from sounds.speech import Speech
from tests.daemon.centre import Centre, until
from tests.daemon.site import OWN

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

CALLER = "+79035550077"
RU = sounds_dir() / "ru"


def write(centre: Centre, *body: str) -> None:
    """The site's own script, of which the daemon hears by its file alone."""
    text = "def run(agi):\n" + "".join(f"    {line}\n" for line in body)
    (centre.pair.site_folder / "scripts/own.py").write_text(text)


async def test_an_own_script_speaks_listens_and_sends_the_caller_on(centre: Centre) -> None:
    centre.numbers.add(CALLER)
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    write(
        centre,
        f"key = agi.get_option({str(RU / 'closed')!r}, '12', 5000)",
        f"agi.stream_file({str(RU / 'goodbye')!r} if key == '2' else {str(RU / 'refused')!r})",
        "agi.go('group', 'support')",
    )
    async with centre.pair.city.caller(OWN, CALLER) as caller:
        await asyncio.sleep(1.0)
        await caller.press("2")
        await caller.hears("goodbye")
        await centre.rung("vera")
        assert "greeting" not in caller.heard()
    assert (await centre.rung("vera")).caller_id == CALLER


async def test_who_meets_a_broken_script_hears_the_greeting_and_gets_an_agent(centre: Centre) -> None:
    centre.numbers.add(CALLER)
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    write(centre, "agi.answer()", "raise RuntimeError('a fault')")
    async with centre.pair.city.caller(OWN, CALLER) as caller:
        await caller.hears("greeting", at_once=True)
        await centre.rung("vera")
    faults = [line for line in centre.log_lines() if line["event"] == "own_script_failed"]
    assert faults[-1]["why"] == "RuntimeError: a fault"
    assert faults[-1]["at"].endswith("scripts/own.py:3")
    assert faults[-1]["call"]


async def test_when_the_daemon_dies_in_mid_script_the_caller_still_gets_an_agent(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    write(centre, f"agi.stream_file({str(RU / 'goodbye')!r})", f"agi.stream_file({str(RU / 'closed')!r})")
    async with centre.pair.city.caller(OWN, CALLER) as caller:
        await caller.hears("goodbye")
        await centre.daemon.kill()
        await caller.hears("greeting", 20.0)
        await centre.rung("vera")
    await centre.daemon.start()


async def test_a_daemon_that_stops_lets_callers_in_scripts_finish(centre: Centre) -> None:
    write(
        centre, *(f"agi.stream_file({str(RU / name)!r})" for name in ("goodbye", "refused")), "agi.hangup()"
    )
    async with centre.pair.city.caller(OWN, CALLER) as caller:
        await caller.hears("goodbye")
        stopping = asyncio.create_task(centre.daemon.stop())
        await caller.hears("refused")
        await caller.until_over(5.0)
        assert await stopping == 0
    await centre.daemon.start()


@asynccontextmanager
async def instead(centre: Centre, script: Callable[[Session], Awaitable[None]]) -> AsyncIterator[AgiServer]:
    """The daemon away, and a script of the test's on its port."""
    site = centre.pair.site
    speech, recordings = Speech.of(site.system), Path(site.system.recordings_dir)
    assert await centre.daemon.stop() == 0

    async def serve(request: Request) -> None:
        await script(LiveSession(request, site, speech, recordings))

    server = AgiServer(site.agi_token)
    server.add_route("line", serve)
    server.start(site.system.agi_port)
    try:
        yield server
    finally:
        await server.stop()
        await centre.daemon.start()


@pytest.mark.parametrize("mode", KeyMode)
async def test_no_key_is_lost_and_what_is_said_is_recorded(centre: Centre, mode: KeyMode) -> None:
    got: list[object] = []
    spoke: list[float] = []
    number = next(iter(centre.pair.site.lines["main"].numbers))

    async def script(session: Session) -> None:
        got.append(session.call.number)
        began = asyncio.get_running_loop().time()
        got.append(await session.say(Prompt("greeting")))
        spoke.append(asyncio.get_running_loop().time() - began)
        got.append(await session.ask(Prompt("closed"), keys="12"))
        got.append(await session.ask(Prompt("goodbye"), length=2, keys="0123456789"))
        await session.put(Variable.CALLER_CLASS, "client")
        got.append(await session.get(Variable.CALLER_CLASS))
        got.append(await session.record("talks", longest=10, silence=2))
        got.append(await session.record("silent", longest=10, silence=2))
        await session.put(Variable.LANGUAGE, "en")
        await session.say(Prompt("refused"))
        await session.hang_up()

    async with instead(centre, script), centre.pair.city.caller(number, CALLER, key_mode=mode) as caller:
        await asyncio.sleep(1.0)
        await caller.press("2")  # the greeting goes on, and the next question has its answer
        await until(lambda: len(got) == 3, "the first question is answered")
        await caller.press("10")
        await until(lambda: len(got) == 5, "the questions are answered")
        await caller.says(RU / "closed.wav")
        await caller.hears("refused", 20.0, language="en")
        await caller.until_over(5.0)
        assert "closed" not in caller.heard()
    folder = Path(centre.pair.site.system.recordings_dir)
    assert spoke[0] > 5.0  # the greeting takes 5.25 s
    assert got == [CALLER, "", "2", "10", "client", folder / "talks.wav", None]


async def test_a_hangup_ends_the_script_with_the_recording_kept(centre: Centre) -> None:
    got: list[object] = []
    number = next(iter(centre.pair.site.lines["main"].numbers))

    async def script(session: Session) -> None:
        got.append(await session.record("comment", longest=30, silence=5))
        try:
            await session.say(Prompt("greeting"))
        except HungUp:
            got.append("hung up")
            raise

    async with instead(centre, script) as server:
        async with centre.pair.city.caller(number, CALLER) as caller:
            await caller.says(RU / "goodbye.wav")
        await until(lambda: len(got) == 2, "the script has heard of it")
        await until(lambda: not server.connections, "the session is over")
    assert got == [Path(centre.pair.site.system.recordings_dir) / "comment.wav", "hung up"]


async def test_a_script_that_goes_to_a_group_is_followed_by_its_queue(centre: Centre) -> None:
    await centre.pair.phones.set("vera", Answer(talk=1.0))
    await centre.ready("vera")
    number = next(iter(centre.pair.site.lines["main"].numbers))

    async def script(session: Session) -> None:
        await session.go(Place.GROUP, "support")  # not the line's own

    async with instead(centre, script), centre.pair.city.caller(number, CALLER) as caller:
        await centre.rung("vera")
        assert "greeting" not in caller.heard()
