"""Each known defect of panoramisk 1.4's FastAGI, shown on the plain package, and our server without it.

The plain half asserts the defect: should a new panoramisk mend it, that half fails, and a guard can go.
"""

import asyncio
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from panoramisk.fast_agi import Application
from panoramisk.utils import parse_agi_result
from structlog.testing import capture_logs

from agi.server import AgiLimits, AgiServer
from agi.session import HungUp
from agi.wire import Dead, Refused, Replies, Reply
from tests.agi.asterisk import TOKEN, calling

both = pytest.mark.parametrize("side", ["panoramisk", "ours"])

Script = Callable[[Any], Awaitable[None]]


@asynccontextmanager
async def served(side: str, script: Script, limits: AgiLimits | None = None) -> AsyncIterator[int]:
    """The port of a server with one script, whose route is what `calling` asks for."""
    if side == "panoramisk":
        app = Application(loop=asyncio.get_running_loop())
        app.add_route(f"{TOKEN}/t", script)
        plain = await asyncio.start_server(app.handler, "127.0.0.1", 0)
        async with plain:
            yield plain.sockets[0].getsockname()[1]
        return
    server = AgiServer(TOKEN, limits)
    server.add_route("t", script)
    try:
        yield server.start(0)
    finally:
        await server.stop()


def asked(side: str, request: Any, verb: str, *arguments: str) -> Awaitable[Any]:
    """A command, in the way of each side."""
    if side == "panoramisk":
        sent: Awaitable[Any] = request.send_command(" ".join([verb, *arguments]))
        return sent
    command: Awaitable[Any] = request.command(verb, *arguments)
    return command


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


F1 = """
import asyncio, sys
from panoramisk.fast_agi import Application
from agi.server import AgiServer

async def main():
    if sys.argv[1] == "panoramisk":
        app = Application(loop=asyncio.get_running_loop())
        server = await asyncio.start_server(app.handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    else:
        port = AgiServer("0" * 32).start(0)
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"agi_network: yes")
        writer.close()
        await asyncio.sleep(0.05)
    print("alive")

asyncio.run(main())
"""


@both
def test_f1_who_connects_and_leaves_freezes_the_loop(side: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", F1, side], stdout=subprocess.PIPE, text=True)
    try:
        said, _ = process.communicate(timeout=3 if side == "panoramisk" else 60)
    except subprocess.TimeoutExpired:
        said = ""
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert said == ("" if side == "panoramisk" else "alive\n")


@both
async def test_f2_a_hangup_line_is_taken_as_an_answer_and_shifts_all_others(side: str) -> None:
    got: list[Any] = []

    async def script(request: Any) -> None:
        got.append(await asked(side, request, "STREAM FILE", "hello", '""' if side == "panoramisk" else ""))
        got.append(await asked(side, request, "GET VARIABLE", "A"))

    async with served(side, script) as port, calling(port) as caller:
        await caller.command()
        caller.send(b"HANGUP\n200 result=-1 endpos=5\n")
        if side == "panoramisk":
            await caller.answer("200 result=1 (value of A)")
            await until(lambda: len(got) == 2)
            assert got[0]["error"] == "AGIResultHangup"
            assert got[1]["error"] == "AGIAppError"  # the answer to STREAM FILE
        else:
            assert await caller.ended()  # what comes after a hang-up is not asked
            assert got == [Reply("-1", "", 5)]


@both
async def test_f3_an_end_in_a_command_is_a_fault_and_not_a_hangup(side: str) -> None:
    got: list[BaseException] = []

    async def script(request: Any) -> None:
        try:
            await asked(side, request, "STREAM FILE", "hello")
        except Exception as error:
            got.append(error)
            raise

    with capture_logs() as logs:
        async with served(side, script) as port, calling(port) as caller:
            await caller.command()
            caller.hang_up()
            await until(lambda: got)
    assert isinstance(got[0], ValueError if side == "panoramisk" else HungUp)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


@both
async def test_f4_a_route_to_a_plain_function_is_no_clear_error(side: str) -> None:
    def plain(request: Any) -> None: ...

    if side == "panoramisk":
        with pytest.raises(AttributeError):
            Application(loop=asyncio.get_running_loop()).add_route("t", plain)
    else:
        with pytest.raises(TypeError, match="is no async function"):
            AgiServer(TOKEN).add_route("t", plain)  # type: ignore[arg-type]


@both
async def test_f5_a_request_with_a_query_has_no_route(side: str) -> None:
    seen: list[Any] = []

    async def script(request: Any) -> None:
        seen.append(request)

    async with served(side, script) as port, calling(port, f"{TOKEN}/t/x%20y?line=main&n=1") as caller:
        assert await caller.ended()
    if side == "panoramisk":
        assert seen == []
    else:
        assert seen[0].opening.path[2:] == ["x y"]
        assert seen[0].opening.query == {"line": "main", "n": "1"}


@both
async def test_f6_a_usage_text_of_many_lines_puts_all_answers_off(side: str) -> None:
    got: list[Any] = []

    async def script(request: Any) -> None:
        for verb in ("SAY NUMBER", "GET VARIABLE"):
            try:
                got.append(await asked(side, request, verb))
            except Exception as error:
                got.append(error)

    usage = "520-Invalid syntax.  Proper usage follows:\nUsage: X <number>\n\tX it\n520 End of proper usage."
    async with served(side, script) as port, calling(port) as caller:
        await caller.answer(usage, "200 result=1 (value)")
        await until(lambda: len(got) == 2)
    if side == "panoramisk":
        assert not (isinstance(got[1], dict) and got[1].get("result") == ("1", "value"))
    else:
        assert isinstance(got[0], Refused)
        assert got[1] == Reply("1", "value")


@both
async def test_f7_a_line_break_in_an_argument_is_a_second_command(side: str) -> None:
    refused: list[BaseException] = []

    async def script(request: Any) -> None:
        try:
            await asked(side, request, "SET VARIABLE", "NAME", 'Bob"\nEXEC System reboot')
        except ValueError as error:
            refused.append(error)

    async with served(side, script) as port, calling(port) as caller:
        if side == "panoramisk":
            assert await caller.command() == 'SET VARIABLE NAME Bob"'
            assert await caller.command() == "EXEC System reboot"
        else:
            assert await caller.ended()
            assert "a line break" in str(refused[0])


@pytest.mark.parametrize(
    ("line", "plain", "ours"),
    [
        ("200 result=1 (hangup)", {"error": "AGIResultHangup"}, Reply("1", "hangup")),
        ("200 result=-1 endpos=1234", {"error": "AGIAppError"}, Reply("-1", "", 1234)),
        ("200 result= (timeout)", {"result": ("", "")}, Reply("", "timeout")),
        ("511 Command Not Permitted on a dead channel", {"error": "AGIUnknownError"}, Dead()),
        (
            "200 result=1 (a) endpos=7 (b))",
            {"result": ("1", "a) endpos=7 (b)")},
            Reply("1", "a) endpos=7 (b)"),
        ),
    ],
)
def test_f8_values_are_read_as_states_and_states_are_lost(
    line: str, plain: dict[str, Any], ours: object
) -> None:
    found = parse_agi_result(line)
    assert {key: found.get(key) for key in plain} == plain
    assert Replies(1000).feed(line.encode() + b"\n") == [ours]


@both
async def test_f9_an_opening_has_no_end(side: str) -> None:
    async def script(request: Any) -> None: ...

    with capture_logs() as logs:
        limits = AgiLimits(opening_bytes=4096)
        async with served(side, script, limits) as port, calling(port, opened=False) as caller:
            caller.send(b"agi_x: y\n" * 4000)
            if side == "panoramisk":
                await asyncio.sleep(0.3)
                assert not caller.reader.at_eof()
            else:
                assert await caller.ended()
    if side == "ours":
        assert [entry["why"] for entry in logs] == ["an opening of more than 4096 bytes"]


@both
async def test_f9_an_opening_may_take_for_ever(side: str) -> None:
    async def script(request: Any) -> None: ...

    limits = AgiLimits(opening=0.05, look=0.02)
    async with served(side, script, limits) as port, calling(port, opened=False) as caller:
        caller.send(b"agi_network: yes\n")
        if side == "panoramisk":
            await asyncio.sleep(0.3)
            assert not caller.reader.at_eof()
        else:
            assert await caller.ended()


@both
async def test_f10_a_script_cannot_be_cancelled(side: str) -> None:
    tasks: list[asyncio.Task[Any]] = []
    ended: list[str] = []

    async def script(request: Any) -> None:
        tasks.append(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("finally")

    async with served(side, script) as port, calling(port):
        await until(lambda: tasks)
        if side == "panoramisk":
            tasks[0].cancel()
            await until(lambda: tasks[0].done())
            assert not tasks[0].cancelled()
    if side == "ours":  # leaving `served` stops the server
        assert tasks[0].cancelled()
    assert ended == ["finally"]


@both
async def test_f11_there_is_no_limit_to_sessions(side: str) -> None:
    running: list[Any] = []

    async def script(request: Any) -> None:
        running.append(request)
        await asked(side, request, "NOOP")

    with capture_logs() as logs:
        limits = AgiLimits(sessions=2)
        async with served(side, script, limits) as port, calling(port) as one, calling(port) as two:
            await one.command()
            await two.command()
            async with calling(port) as three:
                if side == "panoramisk":
                    assert await three.command() == "NOOP"
                else:
                    assert await three.ended()
    assert len(running) == (3 if side == "panoramisk" else 2)
    if side == "ours":
        assert [entry["why"] for entry in logs if entry["log_level"] == "warning"] == ["more than 2 sessions"]


@both
async def test_f11_a_command_may_take_for_ever(side: str) -> None:
    ends: list[BaseException] = []

    async def script(request: Any) -> None:
        try:
            await asked(side, request, "NOOP")
        except BaseException as error:
            ends.append(error)
            raise

    limits = AgiLimits(command=0.05, look=0.02)
    with capture_logs() as logs:
        async with served(side, script, limits) as port, calling(port) as caller:
            await caller.command()
            if side == "panoramisk":
                await asyncio.sleep(0.3)
                assert not caller.reader.at_eof()
            else:
                assert await caller.ended()
                assert isinstance(ends[0], HungUp)
    if side == "ours":
        (entry,) = (entry for entry in logs if entry["log_level"] == "error")
        assert entry["event"] == "agi_out_of_time"
        assert entry["what"] == "command"
        assert entry["call"] == "pz1-17.1"


@both
async def test_f11_a_burst_of_callers_waits_in_no_queue(side: str) -> None:
    async def script(request: Any) -> None: ...

    callers = [socket.socket() for _ in range(400)]
    poll = select.poll()
    try:
        async with served(side, script) as port:
            for caller in callers:  # all in one turn of the loop: nobody is accepted meanwhile
                caller.setblocking(False)
                caller.connect_ex(("127.0.0.1", port))
                poll.register(caller, select.POLLOUT)
            connected = len(poll.poll(0))
    finally:
        for caller in callers:
            caller.close()
    assert connected < 200 if side == "panoramisk" else connected == 400
