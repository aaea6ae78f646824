"""The verbs as AGI commands, against a scripted Asterisk: the same promises as on paper."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from agi.live import LiveSession, facts
from agi.server import AgiServer, Request
from agi.session import HungUp, Place, Session, Utterance, Variable
from agi.wire import opening
from config.models import Site
from sounds.phrase import Prompt
from tests.agi.asterisk import TOKEN, Caller, calling
from tests.agi.asterisk import opening as opened

HELLO, MENU = Prompt("hello"), Prompt("menu")
KEYS = '"0123456789*#"'


class Said:
    """A speech whose files are named after the prompts, by language."""

    async def files(self, utterances: Sequence[Utterance], language: str) -> list[str]:
        return [f"/s/{language}/{one.name}" for one in utterances if isinstance(one, Prompt)]


async def talk(
    site: Site,
    script: Callable[[Session], Awaitable[object]],
    asterisk: Callable[[Caller], Awaitable[None]],
    recordings: Path = Path("/r"),
) -> None:
    """Run a script against what Asterisk does."""
    ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def serve(request: Request) -> None:
        session = LiveSession(request, site, Said(), recordings)  # type: ignore[arg-type]
        try:
            ended.set_result(await script(session))
        except BaseException as error:
            ended.set_exception(error)
            raise

    server = AgiServer(TOKEN)
    server.add_route("t", serve)
    try:
        async with calling(server.start(0), f"{TOKEN}/t?line=main") as caller:
            await asterisk(caller)
            async with asyncio.timeout(10):
                await ended
    finally:
        await server.stop()


async def test_a_prompt_goes_on_after_a_key_that_is_kept_for_the_next_question(demo: Site) -> None:
    got: list[str] = []

    async def script(session: Session) -> None:
        got.append(await session.say(HELLO, MENU))
        got.append(await session.ask(MENU, keys="12"))
        got.append(await session.ask(MENU, keys="12"))

    async def asterisk(caller: Caller) -> None:
        assert await caller.answer(f"200 result={ord('2')} endpos=800", "200 result=0 endpos=9000") == [
            f'STREAM FILE "/s/en/hello" {KEYS} "0"',
            f'STREAM FILE "/s/en/hello" {KEYS} "800"',
        ]
        assert await caller.answer("200 result=0 endpos=700") == [f'STREAM FILE "/s/en/menu" {KEYS} "0"']
        # The first question has its answer; in the second a key that is none does not end the prompt.
        assert await caller.answer(
            f"200 result={ord('7')} endpos=80", f"200 result={ord('1')} endpos=90"
        ) == [
            f'STREAM FILE "/s/en/menu" {KEYS} "0"',
            f'STREAM FILE "/s/en/menu" {KEYS} "80"',
        ]

    await talk(demo, script, asterisk)
    assert got == ["", "2", "1"]


async def test_keys_after_the_prompt_are_gathered_with_their_times(demo: Site) -> None:
    got: list[str] = []

    async def script(session: Session) -> None:
        got.append(await session.ask(MENU, length=2, keys="0123456789", first=5.0, between=2.0))

    async def asterisk(caller: Caller) -> None:
        await caller.answer("200 result=0 endpos=700")
        first, second = await caller.answer(f"200 result={ord('1')}", f"200 result={ord('0')}")
        assert 4900 <= int(first.removeprefix('WAIT FOR DIGIT "').rstrip('"')) <= 5000
        assert 1900 <= int(second.removeprefix('WAIT FOR DIGIT "').rstrip('"')) <= 2000

    await talk(demo, script, asterisk)
    assert got == ["10"]


async def test_letters_are_no_keys(demo: Site) -> None:
    got: list[str] = []

    async def script(session: Session) -> None:
        got.append(await session.ask(MENU))

    async def asterisk(caller: Caller) -> None:
        await caller.answer("200 result=0 endpos=700", f"200 result={ord('A')}", f"200 result={ord('3')}")

    await talk(demo, script, asterisk)
    assert got == ["3"]


@pytest.mark.parametrize("reply", ["200 result=-1 endpos=10", "511 Command Not Permitted on a dead channel"])
async def test_a_hangup_ends_the_script_and_no_verb_is_sent_after_it(demo: Site, reply: str) -> None:
    async def script(session: Session) -> None:
        with pytest.raises(HungUp):
            await session.say(HELLO)
        for verb in (session.ask(MENU), session.put(Variable.PRIORITY, "5"), session.hang_up()):
            with pytest.raises(HungUp):
                await verb

    async def asterisk(caller: Caller) -> None:
        await caller.answer(reply)
        assert await caller.ended()

    await talk(demo, script, asterisk)


async def test_go_put_get_and_hang_up_are_one_command_each(demo: Site) -> None:
    got: list[str] = []

    async def script(session: Session) -> None:
        await session.put(Variable.LANGUAGE, "ru")
        await session.say(HELLO)
        got.append(await session.get(Variable.CALLER_CLASS))
        got.append(await session.get(Variable.CALLER_CLASS))
        await session.go(Place.GROUP, "sales")
        await session.hang_up()

    async def asterisk(caller: Caller) -> None:
        replies = "200 result=1", "200 result=0 endpos=9", "200 result=1 (client)", "200 result=0"
        assert await caller.answer(*replies, "200 result=0", "200 result=1") == [
            'SET VARIABLE "CHANNEL(language)" "ru"',
            f'STREAM FILE "/s/ru/hello" {KEYS} "0"',
            'GET VARIABLE "PZ_CLASS"',
            'GET VARIABLE "PZ_CLASS"',
            'EXEC Goto "perezvon-group,sales,1"',
            "HANGUP",
        ]

    await talk(demo, script, asterisk)
    assert got == ["client", ""]


@pytest.mark.parametrize(
    ("reply", "size", "kept", "goes_on"),
    [
        ("200 result=35 (dtmf) endpos=16000", 32044, True, True),
        ("200 result=0 (timeout) endpos=80000", 160044, True, True),
        ("200 result=0 (timeout) endpos=8000", 16044, False, True),  # the silence that ended it
        ("200 result=-1 (hangup) endpos=24000", 48044, True, False),
        ("200 result=-1 (writefile)", 0, False, True),
    ],
)
async def test_a_recording_is_kept_when_something_was_said(
    demo: Site, tmp_path: Path, reply: str, size: int, kept: bool, goes_on: bool
) -> None:
    got: list[Path | None] = []
    file = tmp_path / "comment-7.wav"

    async def script(session: Session) -> None:
        got.append(await session.record("comment-7", longest=20, silence=3))
        if goes_on:
            assert await session.get(Variable.CALLER_CLASS) == ""
        else:
            with pytest.raises(HungUp):
                await session.say(HELLO)

    async def asterisk(caller: Caller) -> None:
        assert await caller.command() == f'RECORD FILE "{tmp_path}/comment-7" "wav" {KEYS} "20000" "s=3"'
        if size:
            file.write_bytes(bytes(size))
        caller.send(reply.encode() + b"\n")
        if goes_on:
            await caller.answer("200 result=0")

    await talk(demo, script, asterisk, tmp_path)
    assert got == [file if kept else None]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("+74951234567", "+74951234567"), ("84951234567", "+74951234567"), ("74951234567", "+74951234567"),
        ("unknown", None), ("", None), ("anonymous", None), ("112", None), ("100", None),
    ],
)  # fmt: skip
def test_the_callers_number_is_e164_or_nothing(demo: Site, said: str, number: str | None) -> None:
    asked = opening(opened(f"{TOKEN}/line/x/y?line=main&group=sales", {"agi_callerid": said})[:-2], 64)
    call = facts(asked, demo)
    assert call.number == number
    assert (call.channel, call.line, call.group, call.args) == ("pz1-17.1", "main", "sales", ("x", "y"))


def test_of_a_call_that_we_placed_the_caller_id_is_ours_and_so_no_callers_number(demo: Site) -> None:
    asked = opening(opened(f"{TOKEN}/robot?campaign=spring&attempt=0123456789abcdef")[:-2], 64)
    call = facts(asked, demo)
    assert (call.number, call.campaign, call.attempt) == (None, "spring", "0123456789abcdef")
